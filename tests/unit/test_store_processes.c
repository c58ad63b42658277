/* Several processes with one project: some read while others write. SPDX-License-Identifier: MIT
 *
 * Each change adds two pictures with the same tag, or takes two away. So whatever a reader sees, at whatever moment, is an even
 * number of pictures, twice as many as there are pairs, each with its tag and its file. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "database.h"
#include "store_script.h"
#include "support.h"

#define N_WRITERS 2
#define N_READERS 3
#define N_CHANGES 40

static oc_project *open_alone(oc_context **own, const char *path) {
    oc_project *project = NULL;
    *own = new_threads_context(1, NULL);
    return oc__project_open(&project, *own, path, NULL) ? NULL : project;
}

static oc_status add_pair(oc_project *project, unsigned seed, char ids[2][OC_ID_SIZE]) {
    static const char *const tags[] = {"pair"};
    oc_status status = oc__project_begin(project, NULL);
    if (status) return status;
    for (unsigned i = 0; i < 2 && !status; i++) {
        uint8_t bytes[78];
        oc_image image = script_picture(seed + i, bytes);
        oc_labels labels = OC_LABELS_INIT;
        oc_addition addition = OC_ADDITION_INIT;
        labels.tags = tags;
        labels.n_tags = 1;
        status = oc__project_add_picture(&addition, project, &image, &labels, NULL);
        strcpy(ids[i], addition.id);
    }
    oc_status ended = oc__project_end(project, !status, NULL);
    return status ? status : ended;
}

/* Adds pairs, and takes every third away again. */
static void write_changes(const char *path, unsigned writer) {
    oc_context *own;
    oc_project *project = open_alone(&own, path);
    if (!project) _exit(2);
    for (unsigned i = 0; i < N_CHANGES; i++) {
        char ids[2][OC_ID_SIZE];
        const char *const both[] = {ids[0], ids[1]};
        if (add_pair(project, 1000 * (writer + 1) + 2 * i, ids)) _exit(3);
        if (i % 3 == 2 && oc__project_delete_pictures(project, both, 2, NULL)) _exit(4);
    }
    oc__project_free(project);
    _exit(0);
}

static bool is_good(const oc_picture_list *list) {
    if (list->n % 2 != 0 || list->n_tags != list->n) return false;
    for (size_t i = 0; i < list->n; i++)
        if (list->items[i].info.n_tags != 1 || list->items[i].info.width != 4) return false;
    return true;
}

static void read_pages(const char *path, int until) {
    oc_context *own;
    oc_project *project = open_alone(&own, path);
    oc_picture_filter filter = OC_PICTURE_FILTER_INIT;
    char byte;
    size_t n_reads = 0;
    if (!project) _exit(2);
    filter.limit = 10000;
    do {
        oc_picture_list *list = NULL;
        if (oc__project_pictures(&list, project, &filter, NULL)) _exit(3);
        if (!is_good(list)) _exit(4);
        oc__picture_list_free(list);
        n_reads++;
    } while (read(until, &byte, 1) < 0); /* not at its end yet */
    oc__project_free(project);
    _exit(n_reads < 2 ? 5 : 0);
}

/* Not on the stack, where valgrind would not find them any more in a child that ends. */
static oc_context *context;
static char *folder;

START_TEST(readers_and_writers) {
    context = new_threads_context(1, NULL);
    folder = new_folder();
    const char *path = in(folder, "p");
    oc_project *project = NULL;
    oc_project_info info = OC_PROJECT_INFO_INIT;
    pid_t writers[N_WRITERS], readers[N_READERS];
    int ends[2], status;
    ck_assert_int_eq(oc__project_create(&project, context, path, &info, NULL), OC_OK);
    oc__project_free(project);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    for (unsigned i = 0; i < N_READERS; i++)
        if ((readers[i] = fork()) == 0) {
            close(ends[1]);
            read_pages(path, ends[0]);
        }
    for (unsigned i = 0; i < N_WRITERS; i++)
        if ((writers[i] = fork()) == 0) {
            close(ends[1]);
            write_changes(path, i);
        }
    for (unsigned i = 0; i < N_WRITERS; i++) {
        ck_assert_int_eq(waitpid(writers[i], &status, 0), writers[i]);
        ck_assert_msg(status == 0, "writer %u ended with %x", i, (unsigned)status);
    }
    close(ends[1]); /* which tells the readers */
    for (unsigned i = 0; i < N_READERS; i++) {
        ck_assert_int_eq(waitpid(readers[i], &status, 0), readers[i]);
        ck_assert_msg(status == 0, "reader %u ended with %x", i, (unsigned)status);
    }
    close(ends[0]);
    ck_assert_int_eq(oc__project_open(&project, context, path, NULL), OC_OK);
    ck_assert_int_eq(oc__project_info(&info, project, NULL), OC_OK);
    ck_assert_uint_eq(info.n_pictures, 2 * N_WRITERS * (N_CHANGES - N_CHANGES / 3));
    oc_problem_list *list = NULL;
    oc__progress progress;
    oc__progress_begin(&progress, NULL, NULL, NULL);
    ck_assert_int_eq(oc__project_verify(&list, project, 0, &progress, NULL), OC_OK);
    ck_assert_uint_eq(list->n, 0);
    oc__problem_list_free(list);
    oc__project_free(project);
    remove_folder(folder);
    end_context(context);
}
END_TEST

int main(void) {
    const unit_test tests[] = {{readers_and_writers, 0}};
    return RUN_UNIT_TESTS("store_processes", tests);
}
