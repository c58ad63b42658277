/* The steps of a training: which pictures come when, how far it has come, and its state on disk. SPDX-License-Identifier: MIT
 */
#ifndef OC_TRAIN_COURSE_H
#define OC_TRAIN_COURSE_H

#include "optimiser.h"
#include "progress.h"
#include "random.h"

/* A folder with the states of a training's courses, each in a file of its own: an interrupted training finds there what it had
 * done, and does the rest. They are for the machine that wrote them. */
typedef struct oc__states {
    oc_context *context;
    char *folder;
    uint64_t identity; /* of all that the training depends on, but for the time */
    uint32_t n_courses;
    double seconds_before; /* that what was taken up had taken */
} oc__states;

/* Makes the folder if need be. OC_E_STATE if it holds states of another training. */
oc_status oc__states_open(oc__states *out, oc_context *context, const char *folder, uint64_t identity, oc_error *err);

/* Frees; with `done` removes the files and, if nothing else is in it, the folder. */
void oc__states_close(oc__states *states, bool done);

typedef struct oc__course {
    oc_context *context;
    uint32_t *order; /* what is drawn, shuffled anew each time all has been */
    size_t n, next;
    uint64_t n_drawn;
    oc__random random;
    uint64_t step, n_steps;
    uint64_t at;           /* of the schedule: `step`, or later if time runs short */
    double begun, seconds; /* when it began, and how long it may take; 0: as long as it wants */
    double saved;          /* when its state was */
    oc__states *states;    /* NULL: none is kept */
    uint32_t number;       /* among the training's courses */
} oc__course;

/* `picks` are drawn, or 0 to n - 1 if that is NULL; n is above 0. */
oc_status oc__course_begin(oc__course *out, oc_context *context, const uint32_t *picks, size_t n, uint64_t seed,
                           uint64_t stream, oc_error *err);
void oc__course_free(oc__course *course);

/* Sets how long it is, and takes up the state that is kept of it, if one is: the weights and the optimiser's too. OC_E_CORRUPT.
 */
oc_status oc__course_resume(oc__course *course, uint64_t n_steps, double seconds, oc__states *states, oc__graph *graph,
                            oc__optimiser *optimiser, oc__progress *progress, oc_error *err);

static inline bool oc__course_done(const oc__course *course) { return course->at >= course->n_steps; }

/* The next pick. */
size_t oc__course_next(oc__course *course);

/* Counts a step that has been done, tells the progress, and keeps the state now and then, when training is to stop, and at the
 * end. OC_E_CANCELLED. That a state cannot be written is a warning. */
oc_status oc__course_step(oc__course *course, const oc__graph *graph, const oc__optimiser *optimiser, oc__progress *progress,
                          oc_error *err);

#endif
