/* ocellus watch: what is there in a stream of frames.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "console.h"
#include "frames.h"
#include "json.h"
#include "platform.h"
#include "session.h"

#define MAX_ALARMS 64

typedef struct watch_options {
    const char *model;
    text_list alarms; /* tags */
    long long n_frames, on, off, min_frames, max_missed;
    double probability;
    const char *precision;
    general_options general;
} watch_options;

typedef struct watch {
    const watch_options *options;
    oc_model *model;
    oc_predictor *predictor;
    oc_tracker *tracker; /* of a detector */
    oc_alarm *alarms[MAX_ALARMS];
    size_t n_alarms, n_frames, n_failed;
} watch;

static void begin_event(json *j, const watch *w, const char *frame, const char *event) {
    j->compact = true;
    json_object(j, NULL);
    json_integer(j, "frame", (int64_t)w->n_frames);
    if (frame != NULL) json_text(j, "name", frame);
    json_text(j, "event", event);
}

static void tell_object(const watch *w, const char *frame, const oc_track *t) {
    json j = {0};
    if (!w->options->general.json) {
        char *tag = text_printable(t->tag_name), *name = text_printable(frame);
        printf("%zu  %s  %s %llu  at %.3f, %.3f, %.3f x %.3f\n", w->n_frames, name != NULL ? name : "", tag != NULL ? tag : "",
               (unsigned long long)t->id, (double)t->left, (double)t->top, (double)t->width, (double)t->height);
        free(tag);
        free(name);
        return;
    }
    begin_event(&j, w, frame, "object");
    json_integer(&j, "id", (int64_t)t->id);
    json_text(&j, "tag", t->tag_name);
    json_probability(&j, "probability", t->probability);
    json_number(&j, "left", (double)t->left);
    json_number(&j, "top", (double)t->top);
    json_number(&j, "width", (double)t->width);
    json_number(&j, "height", (double)t->height);
    json_end_object(&j);
}

static void tell_alarm(const watch *w, const char *frame, const char *tag, bool raised) {
    json j = {0};
    if (!w->options->general.json) {
        char *shown = text_printable(tag), *name = text_printable(frame);
        printf("%zu  %s  %s %s\n", w->n_frames, name != NULL ? name : "", shown != NULL ? shown : "",
               raised ? "begins" : "ends");
        free(shown);
        free(name);
        return;
    }
    begin_event(&j, w, frame, raised ? "raised" : "cleared");
    json_text(&j, "tag", tag);
    json_end_object(&j);
}

static oc_status look_at(watch *w, const oc_image *image, oc_error *error) {
    oc_result *result = NULL;
    oc_track track = OC_TRACK_INIT;
    const char *frame = image->format == OC_IMAGE_PATH ? image->data : image->name;
    uint32_t state = OC_ALARM_OFF;
    oc_status done = oc_predictor_run(&result, w->predictor, image, error);
    if (done == OC_OK && w->tracker != NULL) done = oc_tracker_update(w->tracker, result, error);
    for (size_t i = 0; done == OC_OK && oc_tracker_get(w->tracker, i, &track, NULL) == OC_OK; i++)
        if (track.is_new) tell_object(w, frame, &track);
    for (size_t i = 0; i < w->n_alarms && done == OC_OK; i++) {
        done = oc_alarm_update(w->alarms[i], result, &state, error);
        if (done == OC_OK && (state == OC_ALARM_RAISED || state == OC_ALARM_CLEARED))
            tell_alarm(w, frame, w->options->alarms.items[i], state == OC_ALARM_RAISED);
    }
    oc_result_free(result);
    fflush(stdout); /* whoever reads the events wants them now */
    return done;
}

static void conclude(const watch *w) {
    json j = {0};
    if (w->options->general.json) {
        begin_event(&j, w, NULL, "end");
        json_integer(&j, "n_failed", (int64_t)w->n_failed);
        if (w->tracker != NULL) {
            json_object(&j, "counted");
            for (size_t t = 0; t < oc_model_n_tags(w->model); t++)
                json_integer(&j, oc_model_tag(w->model, t), (int64_t)oc_tracker_total(w->tracker, t));
            json_end_object(&j);
        }
        json_end_object(&j);
        return;
    }
    if (w->options->general.quiet) return;
    printf("%zu frames", w->n_frames);
    for (size_t t = 0; w->tracker != NULL && t < oc_model_n_tags(w->model); t++) {
        char *tag = text_printable(oc_model_tag(w->model, t));
        printf("%s %s %llu", t == 0 ? ":" : ",", tag != NULL ? tag : "", (unsigned long long)oc_tracker_total(w->tracker, t));
        free(tag);
    }
    printf("\n");
}

static int prepare(watch *w, session *s) {
    const watch_options *o = w->options;
    oc_error error = OC_ERROR_INIT;
    oc_predictor_options how = OC_PREDICTOR_OPTIONS_INIT;
    oc_tracker_options follow = OC_TRACKER_OPTIONS_INIT;
    int status = session_load_model(&w->model, s, o->model);
    if (status == STATUS_DONE) status = session_precision(&how, o->precision);
    if (status != STATUS_DONE) return status;
    bool detects = oc_model_kind(w->model) == OC_MODEL_DETECTION;
    if (!detects && o->alarms.n == 0) {
        console_error("%s is a classifier; say what to look out for: --alarm TAG", o->model);
        return STATUS_FAILED;
    }
    follow.min_frames = (uint32_t)o->min_frames;
    follow.max_missed = (uint32_t)o->max_missed;
    follow.probability = o->probability;
    oc_status done = oc_predictor_create(&w->predictor, w->model, &how, &error);
    if (done == OC_OK && detects) done = oc_tracker_create(&w->tracker, w->model, &follow, &error);
    for (size_t i = 0; i < o->alarms.n && done == OC_OK; i++) {
        oc_alarm_options alarm = OC_ALARM_OPTIONS_INIT;
        alarm.tag = o->alarms.items[i];
        alarm.frames = (uint32_t)o->n_frames;
        alarm.on = (uint32_t)o->on;
        alarm.off = (uint32_t)o->off;
        alarm.probability = o->probability;
        done = oc_alarm_create(&w->alarms[w->n_alarms], w->model, &alarm, &error);
        if (done == OC_OK) w->n_alarms++;
    }
    return done == OC_OK ? STATUS_DONE : console_failure(&error);
}

static int watch_frames(const watch_options *o, char *const *operands, size_t n) {
    session s = {0};
    watch w = {.options = o};
    frames f = {0};
    oc_image image;
    int status = session_open(&s, &o->general);
    if (status == STATUS_DONE) status = prepare(&w, &s);
    if (status == STATUS_DONE) status = frames_open(&f, operands, n);
    if (status == STATUS_DONE) {
        platform_defer_interrupts();
        while (platform_interrupt() == 0 && frames_next(&f, &image)) {
            oc_error error = OC_ERROR_INIT;
            w.n_frames++;
            if (look_at(&w, &image, &error) == OC_OK) continue;
            console_failure(&error);
            w.n_failed++;
        }
        conclude(&w);
        status = w.n_failed > 0 ? STATUS_PARTLY : STATUS_DONE;
    }
    frames_close(&f);
    for (size_t i = 0; i < w.n_alarms; i++) oc_alarm_free(w.alarms[i]);
    oc_tracker_free(w.tracker);
    oc_predictor_free(w.predictor);
    oc_model_free(w.model);
    session_close(&s);
    return status;
}

static int run(const command *self, int argc, char **argv) {
    watch_options o = {0};
    int n = 0;
    const cli_option own[] = {
        {"alarm", 'a', OPTION_LIST, "TAG", "tell when TAG begins and ends; given several times: each", 0, 0, &o.alarms},
        {"frames", 0, OPTION_INTEGER, "N", "of an alarm: frames looked back at (default 10)", 1, 64, &o.n_frames},
        {"on", 0, OPTION_INTEGER, "N", "with the tag in so many of them it begins (default 7 of 10)", 1, 64, &o.on},
        {"off", 0, OPTION_INTEGER, "N", "with the tag in so many of them or fewer it ends (default 3 of 10)", 1, 63, &o.off},
        {"probability", 0, OPTION_NUMBER, "P", "boxes and tags count from this probability on, 0 to 1 (default 0.5)", 0, 1,
         &o.probability},
        {"min-frames", 0, OPTION_INTEGER, "N", "an object counts once it has been seen in N frames on end (default 3)", 1,
         100000, &o.min_frames},
        {"max-missed", 0, OPTION_INTEGER, "N", "an object that is unseen for more than N frames is gone (default 10)", 1,
         100000, &o.max_missed},
        PRECISION_OPTION(o.precision),
    };
    const option_group groups[] = {{"Options", own, sizeof(own) / sizeof(own[0])}, general_group(&o.general)};
    int status = options_parse(self, groups, 2, argc, argv, &n);
    if (status == OPTIONS_PARSED && n < 2) status = options_misused(self, "watch takes a model and the frames");
    if (status == OPTIONS_PARSED && o.alarms.n > MAX_ALARMS) status = options_misused(self, "at most %d alarms", MAX_ALARMS);
    if (status == OPTIONS_PARSED) {
        o.model = argv[0];
        status = watch_frames(&o, argv + 1, (size_t)n - 1);
    }
    text_list_free(&o.alarms);
    return status;
}

const command command_watch = {
    "watch",
    "follow what is there in a stream of frames",
    "watch MODEL FRAME... [options]\n"
    "watch MODEL - [options]",
    "Looks at one frame after the other: pictures, all those in folders, or, with -, JPEGs one after the other on standard "
    "input, "
    "as cameras and ffmpeg send them. A detector's objects are followed, so that each is told of, and counted, once (SORT, "
    "Bewley "
    "et al. 2016). --alarm tells once when a tag begins to be there, and once when it ends, however single frames flicker.",
    "    ocellus watch belt.ocm frames/\n"
    "    ffmpeg -i rtsp://camera -f image2pipe -c:v mjpeg - | ocellus watch belt.ocm - --json\n"
    "    ocellus watch steam.ocm - --alarm steam --frames 20\n",
    run,
};
