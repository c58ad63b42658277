/* Shows how far work has come.
 * SPDX-License-Identifier: MIT */
#include "progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "console.h"
#include "platform.h"
#include "text.h"

#define STAGE_COLUMNS 18
#define MAX_BAR 40

void progress_begin(progress *p, bool quiet) {
    *p = (progress){.shown = !quiet, .tenths = -1};
    p->redraws = console_can_redraw();
    p->coloured = console_has_colour();
    p->utf8 = console_is_utf8();
}

static void append(char *out, size_t size, const char *text) {
    size_t used = strlen(out);
    snprintf(out + used, size - used, "%s", text);
}

static void draw_bar(const progress *p, const oc_progress *now, const char *left) {
    /* The last column stays free: some terminals wrap when it is written. */
    size_t columns = platform_columns() - 1;
    char stage[64], figures[96], line[1024] = "";
    snprintf(stage, sizeof(stage), "%-*.40s", STAGE_COLUMNS, now->stage);
    snprintf(figures, sizeof(figures), "%3d %%%s%s", (int)(100 * now->fraction), left[0] != '\0' ? "  " : "", left);
    size_t taken = strlen(stage) + 2 + 2 + sizeof("100 %  59 min 59 s left") - 1;
    size_t width = columns > taken ? columns - taken : 0;
    width = width > MAX_BAR ? MAX_BAR : width;
    if (width < 5) {
        snprintf(line, sizeof(line), "%.*s", (int)columns, figures);
        console_status(line);
        return;
    }
    size_t filled = (size_t)(now->fraction * (double)width + 0.5);
    append(line, sizeof(line), stage);
    append(line, sizeof(line), p->utf8 ? "  " : " [");
    append(line, sizeof(line), p->coloured ? "\x1b[36m" : "");
    for (size_t i = 0; i < width; i++) {
        if (i == filled && p->coloured) append(line, sizeof(line), "\x1b[0;2m");
        append(line, sizeof(line), i < filled ? (p->utf8 ? "\u2501" : "#") : (p->utf8 ? "\u2500" : "."));
    }
    append(line, sizeof(line), p->coloured ? "\x1b[0m" : "");
    append(line, sizeof(line), p->utf8 ? "  " : "] ");
    append(line, sizeof(line), figures);
    console_status(line);
}

int progress_update(void *user, const oc_progress *now) {
    progress *p = user;
    oc_progress safe = *now;
    safe.stage = now->stage != NULL ? now->stage : "";
    safe.fraction = now->fraction >= 0 ? fmin(now->fraction, 1) : 0;
    char left[64] = "", duration[48];
    if (now->seconds_left >= 0) {
        text_duration(duration, sizeof(duration), now->seconds_left);
        snprintf(left, sizeof(left), "%s left", duration);
    }
    if (p->shown && p->redraws) {
        draw_bar(p, &safe, left);
    } else if (p->shown) {
        int tenths = (int)(10 * safe.fraction);
        bool new_stage = p->stage == NULL || strcmp(p->stage, safe.stage) != 0;
        if (new_stage || tenths > p->tenths)
            console_note("%s: %d %%%s%s", safe.stage, (int)(100 * safe.fraction), left[0] != '\0' ? ", " : "", left);
        p->stage = safe.stage;
        p->tenths = tenths;
    }
    return platform_interrupt() != 0;
}

void progress_end(progress *p) {
    if (p->shown && p->redraws) console_clear();
}
