/* The steps of a training. SPDX-License-Identifier: MIT
 *
 * A state's file: a header, then what oc__checkpoint_write writes. What was drawn before is drawn again. */
#include "course.h"

#include <stdio.h>
#include <string.h>

#include "checkpoint.h"
#include "clock.h"
#include "file.h"
#include "memory.h"
#include "schedule.h"

#define MAGIC UINT64_C(0x3165737275636f6f) /* "oocurse1" where the lowest byte comes first */
#define SECONDS 60                         /* between two states */
#define NAME "course-%u.state"
#define MAX_COURSES 10000
#define MAX_DRAWN 1024 /* in a step */

typedef struct header {
    uint64_t magic, identity, n, n_steps, step, at, n_drawn;
    double elapsed;
} header;

/* --- the folder --- */

static char *state_path(const oc__states *states, uint32_t number) {
    char name[32];
    snprintf(name, sizeof name, NAME, (unsigned)number);
    return oc__path_join(states->context, states->folder, name);
}

void oc__states_close(oc__states *states, bool done) {
    if (!states->context) return;
    for (uint32_t i = 0; i < states->n_courses && done; i++) {
        char *path = state_path(states, i);
        if (path) oc__file_remove(states->context, path, NULL);
        oc__free(states->context, path);
    }
    if (done) oc__folder_remove_empty(states->folder);
    oc__free(states->context, states->folder);
    *states = (oc__states){0};
}

oc_status oc__states_open(oc__states *out, oc_context *context, const char *folder, uint64_t identity, oc_error *err) {
    oc__states states = {context, oc__strdup(context, folder), identity, 0, 0};
    header head = {0};
    size_t n = 0;
    char *path = states.folder ? state_path(&states, 0) : NULL;
    oc_status status = path ? oc__folder_make(context, folder, err) : oc__fail_nomem(err, context, strlen(folder), "training");
    if (!status && oc__path_exists(path)) {
        status = oc__file_head(&head, sizeof head, &n, context, path, err);
        if (!status && (n < sizeof head || head.magic != MAGIC))
            status = oc__fail(err, OC_E_CORRUPT, "%s: is no state of a training", path);
        if (!status && head.identity != identity)
            status =
                oc__fail(err, OC_E_STATE,
                         "%s: is the state of another training (other pictures, options or base network); finish that one, or "
                         "remove the folder",
                         path);
    }
    oc__free(context, path);
    if (status)
        oc__states_close(&states, false);
    else
        *out = states;
    return status;
}

/* --- the course --- */

oc_status oc__course_begin(oc__course *out, oc_context *context, const uint32_t *picks, size_t n, uint64_t seed,
                           uint64_t stream, oc_error *err) {
    *out = (oc__course){.context = context, .n = n, .next = n, .begun = oc__now()};
    if (!(out->order = oc__alloc_array(context, n, sizeof *out->order)))
        return oc__fail_nomem(err, context, n * sizeof *out->order, "training");
    for (size_t i = 0; i < n; i++) out->order[i] = picks ? picks[i] : (uint32_t)i;
    oc__random_seed(&out->random, seed, stream);
    return OC_OK;
}

void oc__course_free(oc__course *course) {
    if (course->context) oc__free(course->context, course->order);
}

size_t oc__course_next(oc__course *c) {
    if (c->next == c->n) {
        oc__random_shuffle(&c->random, c->order, c->n);
        c->next = 0;
    }
    c->n_drawn++;
    return c->order[c->next++];
}

/* --- its state --- */

static oc_status write_state(const oc__course *c, const oc__graph *graph, const oc__optimiser *optimiser, oc_error *err) {
    const header head = {MAGIC, c->states->identity, c->n, c->n_steps, c->step, c->at, c->n_drawn, oc__now() - c->begun};
    oc__buffer state = {.context = c->context};
    char *path = state_path(c->states, c->number);
    if (!path) return oc__fail_nomem(err, c->context, strlen(c->states->folder), "state of training");
    oc__buffer_append(&state, &head, sizeof head);
    oc__checkpoint_write(&state, graph, optimiser);
    oc_status status = state.failed ? oc__fail_nomem(err, c->context, state.size, "state of training")
                                    : oc__file_replace(c->context, path, state.data, state.size, err);
    oc__buffer_free(&state);
    oc__free(c->context, path);
    return status;
}

static void keep_state(oc__course *c, const oc__graph *graph, const oc__optimiser *optimiser) {
    oc_error error = OC_ERROR_INIT;
    if (!c->states) return;
    if (write_state(c, graph, optimiser, &error))
        oc__log(c->context, OC_LOG_WARNING, "the state of training could not be kept: %s", error.message);
    c->saved = oc__now();
}

static oc_status take_up(oc__course *c, const oc__mapping *file, const char *path, oc__graph *graph, oc__optimiser *optimiser,
                         oc_error *err) {
    oc_error why = OC_ERROR_INIT;
    header head;
    if (file->size < sizeof head) return oc__fail(err, OC_E_CORRUPT, "%s: is cut off; remove it", path);
    memcpy(&head, file->data, sizeof head);
    if (head.magic != MAGIC || head.identity != c->states->identity || head.n != c->n || head.n_steps != c->n_steps ||
        head.at > c->n_steps || head.step > head.at || head.n_drawn > MAX_DRAWN * head.step || !(head.elapsed >= 0))
        return oc__fail(err, OC_E_CORRUPT, "%s: is not the state of this training; remove it", path);
    oc_status status = oc__checkpoint_read(graph, optimiser, file->data + sizeof head, file->size - sizeof head, &why);
    if (status) return oc__fail(err, OC_E_CORRUPT, "%s: %s; remove it", path, why.message);
    for (uint64_t i = 0; i < head.n_drawn; i++) oc__course_next(c);
    c->step = head.step;
    c->at = head.at;
    c->begun = oc__now() - head.elapsed;
    c->states->seconds_before += head.elapsed;
    return OC_OK;
}

oc_status oc__course_resume(oc__course *c, uint64_t n_steps, double seconds, oc__states *states, oc__graph *graph,
                            oc__optimiser *optimiser, oc__progress *progress, oc_error *err) {
    c->n_steps = n_steps;
    c->seconds = seconds;
    c->saved = oc__now();
    if (!states) return OC_OK;
    if (states->n_courses == MAX_COURSES) return oc__fail(err, OC_E_LIMIT, "a training of more than %d courses", MAX_COURSES);
    c->states = states;
    c->number = states->n_courses++;
    oc__mapping file = {0};
    char *path = state_path(states, c->number);
    oc_status status = path ? OC_OK : oc__fail_nomem(err, c->context, strlen(states->folder), "training");
    if (!status && oc__path_exists(path)) {
        status = oc__file_map(&file, c->context, path, UINT64_MAX, "", err);
        if (!status) status = take_up(c, &file, path, graph, optimiser, err);
        oc__file_unmap(&file);
        if (!status)
            oc__log(c->context, OC_LOG_INFO, "%s: going on from step %llu of %llu", path, (unsigned long long)c->step,
                    (unsigned long long)n_steps);
        if (!status) oc__progress_step(progress, (size_t)c->at, 0);
    }
    oc__free(c->context, path);
    return status;
}

oc_status oc__course_step(oc__course *c, const oc__graph *graph, const oc__optimiser *optimiser, oc__progress *progress,
                          oc_error *err) {
    uint64_t before = c->at;
    c->step++;
    c->at = oc__schedule_place(c->step, c->n_steps, oc__now() - c->begun, c->seconds);
    oc__progress_step(progress, (size_t)(c->at - before), 0);
    oc_status status = oc__progress_status(progress, err);
    if (status || oc__course_done(c) || oc__now() - c->saved > SECONDS) keep_state(c, graph, optimiser);
    return status;
}
