/* A project whose program is killed after the n-th write, and one whose n-th write fails or finds the disk full, for every n.
 * SPDX-License-Identifier: MIT
 *
 * Killed: a child process edits a project and tells its parent, through a pipe, of each step that has returned. The n-th write,
 * sync, rename or removal, of SQLite's or of our own, ends it at once. What the parent then finds must be the steps it was told
 * of, and perhaps the one after. What the operating system held in memory survives, so this is a killed program, not a power
 * failure.
 *
 * Failing: a step either does all it should or says that it failed and has changed nothing; once there is room again, the same
 * step succeeds. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_script.h"
#include "support.h"

/* Nothing worse is found than files that were left over. With repair, nothing at all is found afterwards. */
static void check_sound(oc_project *project, int n) {
    for (uint32_t flags = 0; flags < 3; flags++) { /* look, repair, look again */
        oc_problem_list *list = NULL;
        oc__progress progress;
        oc_error error = OC_ERROR_INIT;
        oc__progress_begin(&progress, NULL, NULL, NULL);
        oc_status status = oc__project_verify(&list, project, flags % 2, &progress, &error);
        ck_assert_msg(status == OC_OK, "at %d: %s", n, error.message);
        for (size_t i = 0; i < list->n; i++)
            ck_assert_msg(flags < 2 && list->items[i].kind >= OC_PROBLEM_LEFT_OVER, "at %d: %s", n, list->items[i].message);
        oc__problem_list_free(list);
    }
}

static oc_context *context;
static char *folder, expected[N_STEPS + 1][DESCRIPTION];

/* What the script makes when nothing happens. */
static void set_up(void) {
    oc_project *project = NULL;
    oc_project_info info = OC_PROJECT_INFO_INIT;
    oc_addition first = OC_ADDITION_INIT;
    context = new_threads_context(1, NULL);
    folder = new_folder();
    ck_assert_int_eq(oc__project_create(&project, context, in(folder, "all"), &info, NULL), OC_OK);
    script_describe(expected[0], project);
    for (int i = 0; i < N_STEPS; i++) {
        ck_assert_int_eq(script_step(project, i, &first, NULL), OC_OK);
        script_describe(expected[i + 1], project);
    }
    oc__project_free(project);
}

static void tear_down(void) {
    remove_folder(folder);
    end_context(context);
}

/* A project of its own for attempt `n`. */
static const char *new_project(int n) {
    char name[32];
    oc_project *project = NULL;
    oc_project_info info = OC_PROJECT_INFO_INIT;
    snprintf(name, sizeof name, "%d", n);
    ck_assert_int_eq(oc__project_create(&project, context, in(folder, name), &info, NULL), OC_OK);
    oc__project_free(project);
    return in(folder, name);
}

static void child(const char *path, int n, int pipe_to) {
    static oc_context *own; /* not on the stack, where valgrind would not find it at the end */
    own = new_threads_context(1, NULL);
    oc_project *project = NULL;
    oc_addition first = OC_ADDITION_INIT;
    own->files = faulty_files();
    if (oc__project_open(&project, own, path, NULL)) _exit(2);
    fault = FAULT_KILL;
    fault_left = n;
    for (int i = 0; i < N_STEPS; i++) {
        if (script_step(project, i, &first, NULL)) _exit(3);
        if (write(pipe_to, "x", 1) != 1) _exit(4);
    }
    oc__project_free(project);
    _exit(0);
}

START_TEST(killed) {
    char found[DESCRIPTION];
    oc_project *project = NULL;
    int n = 1, status = -1;
    set_up();
    for (; status != 0; n += is_light() ? 11 : 1) {
        const char *path = new_project(n);
        char byte;
        int ends[2], told = 0;
        ck_assert_int_eq(pipe(ends), 0);
        pid_t pid = fork();
        if (pid == 0) child(path, n, ends[1]);
        close(ends[1]);
        while (read(ends[0], &byte, 1) == 1) told++;
        close(ends[0]);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_msg(status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL), "killed at %d: ended with %d", n, status);
        ck_assert_int_eq(oc__project_open(&project, context, path, NULL), OC_OK);
        script_describe(found, project);
        ck_assert_msg(strcmp(found, expected[told]) == 0 || (told < N_STEPS && strcmp(found, expected[told + 1]) == 0),
                      "killed at %d: told of %d steps, found\n%s", n, told, found);
        check_sound(project, n);
        oc__project_free(project);
    }
    printf("killed at up to %d operations\n", n - 2);
    ck_assert_int_gt(n, N_STEPS * 3);
    tear_down();
}
END_TEST

/* Runs the script with the n-th operation failing. Returns whether one did. */
static bool run_with_fault(int n) {
    char found[DESCRIPTION];
    oc_project *project = NULL;
    oc_addition first = OC_ADDITION_INIT;
    const char *path = new_project(n);
    bool any = false;
    ck_assert_int_eq(oc__project_open(&project, context, path, NULL), OC_OK);
    fault_left = n;
    fault_struck = false;
    for (int i = 0; i < N_STEPS; i++) {
        oc_error error = OC_ERROR_INIT;
        oc_status status = script_step(project, i, &first, &error);
        any = any || fault_struck;
        if (fault_struck) fault_left = -1;
        if (status) {
            ck_assert_msg(status == OC_E_IO && fault_struck && error.message[0], "at %d, step %d: %d: %s", n, i, status,
                          error.message);
            script_describe(found, project);
            ck_assert_msg(strcmp(found, expected[i]) == 0, "at %d, step %d: failed, but left\n%s", n, i, found);
            status = script_step(project, i, &first, &error);
            ck_assert_msg(status == OC_OK, "at %d, step %d again: %s", n, i, error.message);
        }
        fault_struck = false;
        script_describe(found, project);
        ck_assert_msg(strcmp(found, expected[i + 1]) == 0, "at %d, step %d: found\n%s", n, i, found);
    }
    fault_left = -1;
    check_sound(project, n);
    oc__project_free(project);
    return any;
}

START_TEST(failing) {
    static const fault_kind kinds[] = {FAULT_ONCE, FAULT_FULL};
    int n = 1;
    set_up();
    context->files = faulty_files();
    fault = kinds[_i];
    while (run_with_fault(n)) n += is_light() ? 11 : 1;
    printf("%s at %d operations\n", fault == FAULT_ONCE ? "failed" : "disk full", n - 1);
    ck_assert_int_gt(n, N_STEPS * 2);
    tear_down();
}
END_TEST

int main(void) {
    script_in_memory();
    const unit_test tests[] = {{killed, 0}, {failing, 2}};
    return RUN_UNIT_TESTS("store_crash", tests);
}
