/* oc_tracker and oc_alarm. SPDX-License-Identifier: MIT */
#include "alarm.h"
#include "arguments.h"
#include "memory.h"
#include "model.h"
#include "tracker.h"

#define MIN_FRAMES 3
#define MAX_MISSED 10
#define PROBABILITY 0.5
#define OVERLAP 0.3
#define MAX_FRAMES 100000

struct oc_tracker {
    oc_model *model;
    oc__tracker *tracker;
};

static oc_status check_share(double value, const char *name, oc_error *err) {
    return value >= 0 && value <= 1 ? OC_OK : oc__fail(err, OC_E_ARGUMENT, "%s is not a number from 0 to 1", name);
}

oc_status oc_tracker_create(oc_tracker **out, const oc_model *model, const oc_tracker_options *options, oc_error *err) {
    oc_tracker_options known = OC_TRACKER_OPTIONS_INIT;
    oc_status status = oc__check_call(out, model, "model", model, "model", err);
    if (!status && options) status = oc__struct_read(&known, sizeof known, sizeof known, options, "oc_tracker_options", err);
    if (!status) status = check_share(known.probability, "probability", err);
    if (!status) status = check_share(known.overlap, "overlap", err);
    if (status) return status;
    if (model->kind != OC__KIND_DETECTION)
        return oc__fail(err, OC_E_ARGUMENT, "only what a detector finds can be followed; for a classifier there is oc_alarm");
    if (known.min_frames > MAX_FRAMES || known.max_missed > MAX_FRAMES)
        return oc__fail(err, OC_E_ARGUMENT, "min_frames and max_missed are at most %d", MAX_FRAMES);
    const oc__follow how = {known.min_frames ? known.min_frames : MIN_FRAMES, known.max_missed ? known.max_missed : MAX_MISSED,
                            (float)(known.probability > 0 ? known.probability : PROBABILITY),
                            (float)(known.overlap > 0 ? known.overlap : OVERLAP)};
    oc_tracker *tracker = oc__alloc_zero(model->context, sizeof *tracker);
    if (!tracker) return oc__fail_nomem(err, model->context, sizeof *tracker, "following objects");
    tracker->model = oc__model_retain(model);
    status = oc__tracker_create(&tracker->tracker, model->context, (uint32_t)model->n_tags, &how, err);
    if (status)
        oc_tracker_free(tracker);
    else
        *out = tracker;
    return status;
}

void oc_tracker_free(oc_tracker *tracker) {
    if (!tracker) return;
    oc_model *model = tracker->model;
    oc__tracker_free(tracker->tracker);
    oc__free(model->context, tracker);
    oc__model_release(model);
}

oc_status oc_tracker_update(oc_tracker *tracker, const oc_result *result, oc_error *err) {
    oc_status status = oc__check_pointer(tracker, "tracker", err);
    if (!status) status = oc__check_pointer(result, "result", err);
    if (status) return status;
    oc_context *context = tracker->model->context;
    size_t n = oc_result_count(result);
    oc__detection *found = oc__alloc_array(context, n, sizeof *found);
    if (!found) return oc__fail_nomem(err, context, n * sizeof *found, "following objects");
    for (size_t i = 0; i < n && !status; i++) {
        oc_box box = OC_BOX_INIT;
        oc_result_get(result, i, &box, NULL);
        if (box.tag < 0 || (size_t)box.tag >= tracker->model->n_tags)
            status = oc__fail(err, OC_E_ARGUMENT, "the result is of another model");
        else
            found[i] = (oc__detection){
                {box.left, box.top, box.left + box.width, box.top + box.height}, (uint32_t)box.tag, box.probability};
    }
    if (!status) status = oc__tracker_update(tracker->tracker, found, n, err);
    oc__free(context, found);
    return status;
}

size_t oc_tracker_count(const oc_tracker *tracker) {
    const oc__track *const *tracks;
    return tracker ? oc__tracker_tracks(&tracks, tracker->tracker) : 0;
}

oc_status oc_tracker_get(const oc_tracker *tracker, size_t index, oc_track *track, oc_error *err) {
    const oc__track *const *tracks;
    oc_status status = oc__check_pointer(tracker, "tracker", err);
    if (status) return status;
    size_t n = oc__tracker_tracks(&tracks, tracker->tracker);
    if (index >= n) return oc__fail(err, OC_E_NOT_FOUND, "object %zu is out of range, there are %zu", index, n);
    const oc__track *t = tracks[index];
    const oc__rect box = oc__track_box(t);
    const oc_track known = {.struct_size = sizeof known,
                            .tag = (int32_t)t->tag,
                            .id = t->id,
                            .tag_name = tracker->model->tags[t->tag],
                            .probability = t->probability,
                            .left = box.left,
                            .top = box.top,
                            .width = box.right - box.left,
                            .height = box.bottom - box.top,
                            .n_frames = t->n_frames,
                            .n_missed = t->n_missed,
                            .is_new = t->is_new};
    return oc__struct_write(track, &known, sizeof known, sizeof known, "oc_track", err);
}

uint64_t oc_tracker_total(const oc_tracker *tracker, size_t tag) {
    return tracker && tag < tracker->model->n_tags ? oc__tracker_total(tracker->tracker, (uint32_t)tag) : 0;
}

struct oc_alarm {
    oc_model *model;
    oc__alarm alarm;
    int32_t tag;
    float probability;
};

#define ALARM_FRAMES 10
#define ALARM_ON 7
#define ALARM_OFF 3

oc_status oc_alarm_create(oc_alarm **out, const oc_model *model, const oc_alarm_options *options, oc_error *err) {
    oc_alarm_options known = OC_ALARM_OPTIONS_INIT;
    oc_status status = oc__check_call(out, model, "model", options, "options", err);
    if (!status) status = oc__struct_read(&known, sizeof known, sizeof known, options, "oc_alarm_options", err);
    if (!status) status = oc__check_pointer(known.tag, "tag", err);
    if (!status) status = check_share(known.probability, "probability", err);
    if (status) return status;
    size_t tag = oc__model_find_tag(model, known.tag);
    if (tag == model->n_tags) return oc__fail(err, OC_E_NOT_FOUND, "the model has no tag '%.200s'", known.tag);
    if (!known.frames) known.frames = ALARM_FRAMES;
    if (!known.on) known.on = known.frames * ALARM_ON / ALARM_FRAMES > 0 ? known.frames * ALARM_ON / ALARM_FRAMES : 1;
    if (!known.off) known.off = known.on > 1 ? known.on * ALARM_OFF / ALARM_ON : 0;
    if (known.frames > OC__MAX_ALARM_FRAMES || known.on > known.frames || known.off >= known.on)
        return oc__fail(err, OC_E_ARGUMENT, "frames is %u, on %u and off %u, expected off < on <= frames <= %d", known.frames,
                        known.on, known.off, OC__MAX_ALARM_FRAMES);
    oc_alarm *alarm = oc__alloc_zero(model->context, sizeof *alarm);
    if (!alarm) return oc__fail_nomem(err, model->context, sizeof *alarm, "an alarm");
    alarm->model = oc__model_retain(model);
    alarm->tag = (int32_t)tag;
    alarm->probability = (float)(known.probability > 0 ? known.probability : PROBABILITY);
    alarm->alarm = (oc__alarm){.n_frames = known.frames, .n_on = known.on, .n_off = known.off};
    *out = alarm;
    return OC_OK;
}

void oc_alarm_free(oc_alarm *alarm) {
    if (!alarm) return;
    oc_model *model = alarm->model;
    oc__free(model->context, alarm);
    oc__model_release(model);
}

oc_status oc_alarm_update(oc_alarm *alarm, const oc_result *result, uint32_t *state, oc_error *err) {
    oc_status status = oc__check_pointer(alarm, "alarm", err);
    if (!status) status = oc__check_pointer(result, "result", err);
    if (!status) status = oc__check_pointer(state, "state", err);
    if (status) return status;
    oc_box box = OC_BOX_INIT;
    bool positive = false;
    for (size_t i = 0; oc_result_get(result, i, &box, NULL) == OC_OK; i++)
        positive = positive || (box.tag == alarm->tag && box.probability >= alarm->probability);
    *state = oc__alarm_update(&alarm->alarm, positive);
    return OC_OK;
}
