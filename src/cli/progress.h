/* Shows how far work has come: a bar where a line can be drawn over again, plain lines elsewhere, both on standard error.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <ocellus/ocellus.h>

#include <stdbool.h>

typedef struct progress {
    bool shown;
    bool redraws;
    bool coloured;
    bool utf8;
    const char *stage; /* of the last plain line */
    int tenths;        /* of the whole, at the last plain line */
} progress;

/* Nothing is shown if `quiet`. */
void progress_begin(progress *p, bool quiet);

/* An oc_progress_fn whose `user` is a progress: shows it, and cancels once the user has interrupted the program. */
int progress_update(void *user, const oc_progress *now);

/* Takes the bar away. */
void progress_end(progress *p);

#endif
