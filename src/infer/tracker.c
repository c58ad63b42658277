/* Following objects from frame to frame. SPDX-License-Identifier: MIT
 *
 * After SORT (Bewley et al. 2016, Simple online and realtime tracking): where each object will be is foretold by Kalman filters
 * of its centre, area and aspect, which are independent of each other as the paper sets their noise; boxes are given to objects
 * by the best overlap in sum. A certain object is followed on by less probable boxes, too, where no better one is (ByteTrack, Zhang
 * et al. 2022), so that it is not counted again after it was hard to see for a while. */
#include "tracker.h"

#include <math.h>
#include <string.h>

#include "memory.h"

/* Noise, in shares of the object's side (of its area, for the area) a frame, and squared. */
#define SEEN 0.003         /* of where a box is seen */
#define MOVES 0.001        /* of where an object goes by itself */
#define SPEEDS_UP 0.0004   /* of its speed */
#define UNKNOWN_SPEED 0.05 /* of a new object's speed */
#define ASPECT_TRUST 0.3   /* a new aspect counts by so much */
#define FAINT 0.5          /* of the probability from which on boxes are looked at: certain objects are followed by these */
#define FAINT_COST 1.0     /* for which any better box is taken first */
#define APART 2.0          /* the cost of a box that does not belong to an object: more than that of any that does */

struct oc__tracker {
    oc_context *context;
    oc__follow how;
    uint64_t n_certain; /* objects so far */
    uint64_t *totals;   /* a tag each */
    uint32_t n_tags;
    oc__track *tracks;
    size_t n;
    const oc__track **certain;
    size_t n_shown, shown_capacity;
};

/* --- one quantity --- */

static void begin(oc__filtered *f, double value, double scale) {
    *f = (oc__filtered){value, 0, {SEEN * scale, 0, UNKNOWN_SPEED * scale}};
}

static void foretell(oc__filtered *f, double scale) {
    double *p = f->variance;
    f->value += f->speed;
    p[0] += 2 * p[1] + p[2] + MOVES * scale;
    p[1] += p[2];
    p[2] += SPEEDS_UP * scale;
}

static void correct(oc__filtered *f, double seen, double scale) {
    double *p = f->variance, all = p[0] + SEEN * scale, gain = p[0] / all, speed_gain = p[1] / all, off = seen - f->value;
    f->value += gain * off;
    f->speed += speed_gain * off;
    p[2] -= speed_gain * p[1];
    p[1] *= 1 - gain;
    p[0] *= 1 - gain;
}

/* --- one object --- */

static double side_of(const oc__rect *r, int axis) {
    return axis ? (double)r->bottom - (double)r->top : (double)r->right - (double)r->left;
}

static double middle_of(const oc__rect *r, int axis) {
    return axis ? ((double)r->bottom + (double)r->top) / 2 : ((double)r->right + (double)r->left) / 2;
}

oc__rect oc__track_box(const oc__track *t) {
    double area = t->area.value > 0 ? t->area.value : 0, width = sqrt(area * t->aspect),
           height = t->aspect > 0 ? area / width : 0;
    double x = t->centre[0].value, y = t->centre[1].value;
    if (!(width > 0)) height = 0;
    return (oc__rect){(float)(x - width / 2), (float)(y - height / 2), (float)(x + width / 2), (float)(y + height / 2)};
}

/* The square of a box's side: what distances are measured in. */
static double scale_of(const oc__rect *r) { return side_of(r, 0) * side_of(r, 1); }

static void see(oc__track *t, const oc__detection *d, bool first) {
    const oc__rect *r = &d->box;
    double scale = scale_of(r), aspect = side_of(r, 0) / side_of(r, 1);
    t->tag = d->tag;
    t->probability = d->probability;
    t->n_frames++;
    t->n_missed = 0;
    for (int axis = 0; axis < 2; axis++) {
        if (first)
            begin(&t->centre[axis], middle_of(r, axis), scale);
        else
            correct(&t->centre[axis], middle_of(r, axis), scale);
    }
    if (first)
        begin(&t->area, scale, scale * scale);
    else
        correct(&t->area, scale, scale * scale);
    t->aspect = first ? aspect : t->aspect + ASPECT_TRUST * (aspect - t->aspect);
}

static void advance(oc__track *t) {
    oc__rect box = oc__track_box(t);
    double scale = scale_of(&box);
    for (int axis = 0; axis < 2; axis++) foretell(&t->centre[axis], scale);
    foretell(&t->area, scale * scale);
    if (t->area.value <= 0) { /* it does not shrink away between two frames */
        t->area.value = scale;
        t->area.speed = 0;
    }
    t->is_new = false;
    t->n_missed++;
}

/* --- assignment --- */

/* What it takes to find the columns one row after the other. */
typedef struct search {
    size_t m;
    const double *costs;
    double *row_price, *column_price, *least;
    int32_t *row_of, *from; /* a column each; `from`: the column before it on the way */
    bool *seen;
} search;

/* Gives row `row` a column, moving others where that is cheaper. Columns are counted from 1; column 0 stands for the row. */
static void give(search *s, size_t row) {
    size_t column = 0;
    s->row_of[0] = (int32_t)row;
    for (size_t c = 0; c <= s->m; c++) {
        s->least[c] = INFINITY;
        s->seen[c] = false;
    }
    do {
        size_t next = 0, r = (size_t)s->row_of[column];
        double step = INFINITY;
        s->seen[column] = true;
        for (size_t c = 1; c <= s->m; c++) {
            if (s->seen[c]) continue;
            double cost = s->costs[r * s->m + c - 1] - s->row_price[r] - s->column_price[c];
            if (cost < s->least[c]) {
                s->least[c] = cost;
                s->from[c] = (int32_t)column;
            }
            if (s->least[c] < step) {
                step = s->least[c];
                next = c;
            }
        }
        for (size_t c = 0; c <= s->m; c++) {
            if (s->seen[c]) {
                s->row_price[s->row_of[c]] += step;
                s->column_price[c] -= step;
            } else {
                s->least[c] -= step;
            }
        }
        column = next;
    } while (s->row_of[column] >= 0);
    for (size_t before; column; column = before) {
        before = (size_t)s->from[column];
        s->row_of[column] = s->row_of[before];
    }
}

oc_status oc__assign(int32_t *row_of, const double *costs, size_t n, size_t m, oc_context *context, oc_error *err) {
    search s = {.m = m, .costs = costs};
    s.row_price = oc__alloc_zero(context, (n + 1) * sizeof *s.row_price);
    s.column_price = oc__alloc_zero(context, (m + 1) * sizeof *s.column_price);
    s.least = oc__alloc_array(context, m + 1, sizeof *s.least);
    s.row_of = oc__alloc_array(context, m + 1, sizeof *s.row_of);
    s.from = oc__alloc_zero(context, (m + 1) * sizeof *s.from);
    s.seen = oc__alloc_array(context, m + 1, sizeof *s.seen);
    oc_status status = OC_OK;
    if (!s.row_price || !s.column_price || !s.least || !s.row_of || !s.from || !s.seen)
        status = oc__fail_nomem(err, context, (m + 1) * sizeof *s.least, "following objects");
    for (size_t c = 0; c <= m && !status; c++) s.row_of[c] = -1;
    for (size_t row = 0; row < n && !status; row++) give(&s, row);
    for (size_t c = 0; c < m && !status; c++) row_of[c] = s.row_of[c + 1];
    oc__free(context, s.row_price);
    oc__free(context, s.column_price);
    oc__free(context, s.least);
    oc__free(context, s.row_of);
    oc__free(context, s.from);
    oc__free(context, s.seen);
    return status;
}

/* --- all objects --- */

oc_status oc__tracker_create(oc__tracker **out, oc_context *context, uint32_t n_tags, const oc__follow *how, oc_error *err) {
    oc__tracker *t = oc__alloc_zero(context, sizeof *t);
    if (!t) return oc__fail_nomem(err, context, sizeof *t, "following objects");
    t->context = context;
    t->how = *how;
    t->n_tags = n_tags;
    if (!(t->totals = oc__alloc_zero(context, n_tags * sizeof *t->totals))) {
        oc__tracker_free(t);
        return oc__fail_nomem(err, context, n_tags * sizeof *t->totals, "following objects");
    }
    *out = t;
    return OC_OK;
}

void oc__tracker_free(oc__tracker *t) {
    if (!t) return;
    oc__free(t->context, t->totals);
    oc__free(t->context, t->tracks);
    oc__free(t->context, t->certain);
    oc__free(t->context, t);
}

static bool is_faint(const oc__tracker *t, const oc__detection *d) { return d->probability < t->how.probability; }

static bool counts(const oc__tracker *t, const oc__detection *d) {
    return (double)d->probability >= FAINT * (double)t->how.probability && side_of(&d->box, 0) > 0 && side_of(&d->box, 1) > 0;
}

/* What it costs to give a box to an object that is expected at `box`; APART if it does not belong to it. */
static double cost_of(const oc__tracker *t, const oc__track *track, const oc__rect *box, const oc__detection *d) {
    bool faint = is_faint(t, d);
    if (d->tag != track->tag || !counts(t, d) || (faint && !track->id)) return APART;
    double overlap = oc__rect_overlap(box, &d->box);
    return overlap >= (double)t->how.overlap && overlap > 0 ? 1 - overlap + (faint ? FAINT_COST : 0) : APART;
}

/* For every box the object it belongs to, or -1. `tracks` have been advanced to this frame. */
static oc_status match(int32_t *owners, const oc__tracker *t, const oc__track *tracks, const oc__detection *found, size_t n,
                       oc_error *err) {
    size_t m = n + t->n; /* so that every object may stay without a box */
    double *costs = oc__alloc_array(t->context, t->n, m * sizeof *costs);
    int32_t *row_of = oc__alloc_array(t->context, m, sizeof *row_of);
    oc_status status = costs && row_of ? OC_OK : oc__fail_nomem(err, t->context, t->n * m * sizeof *costs, "following objects");
    for (size_t i = 0; i < t->n && !status; i++) {
        oc__rect box = oc__track_box(&tracks[i]);
        for (size_t k = 0; k < m; k++) costs[i * m + k] = k < n ? cost_of(t, &tracks[i], &box, &found[k]) : APART;
    }
    if (!status) status = oc__assign(row_of, costs, t->n, m, t->context, err);
    for (size_t k = 0; k < n && !status; k++)
        owners[k] = row_of[k] >= 0 && costs[(size_t)row_of[k] * m + k] < APART ? row_of[k] : -1;
    oc__free(t->context, costs);
    oc__free(t->context, row_of);
    return status;
}

/* Whether a box that belongs to none of the n objects is another view of one: a part of it, say. */
static bool is_again(const oc__tracker *t, const oc__track *tracks, size_t n, const oc__detection *d) {
    for (size_t i = 0; i < n; i++) {
        oc__rect box = oc__track_box(&tracks[i]);
        if (tracks[i].tag == d->tag && oc__rect_overlap(&box, &d->box) >= (double)t->how.overlap) return true;
    }
    return false;
}

static void settle(oc__tracker *t, oc__track *track) {
    if (track->id || track->n_frames < t->how.min_frames) return;
    track->id = ++t->n_certain;
    track->is_new = true;
    t->totals[track->tag]++;
}

/* Whether an object is followed on: a certain one until it has been unseen for too long, another only while it is seen. */
static bool goes_on(const oc__tracker *t, const oc__track *track) {
    return track->id ? track->n_missed <= t->how.max_missed : track->n_missed == 0;
}

oc_status oc__tracker_update(oc__tracker *t, const oc__detection *found, size_t n, oc_error *err) {
    oc_context *context = t->context;
    oc__track *tracks = oc__alloc_zero(context, (t->n + n) * sizeof *tracks);
    int32_t *owners = oc__alloc_array(context, n, sizeof *owners);
    oc_status status = OC_OK;
    if (!tracks || !owners) status = oc__fail_nomem(err, context, (t->n + n) * sizeof *tracks, "following objects");
    if (!status) status = oc__reserve(&t->certain, &t->shown_capacity, t->n + n, sizeof *t->certain, context, err);
    for (size_t i = 0; i < t->n && !status; i++) {
        tracks[i] = t->tracks[i];
        advance(&tracks[i]);
    }
    if (!status) status = match(owners, t, tracks, found, n, err);
    oc__free(context, status ? tracks : t->tracks);
    if (!status) {
        size_t n_tracks = t->n;
        for (size_t k = 0; k < n; k++) {
            if (!counts(t, &found[k]) || (owners[k] < 0 && (is_faint(t, &found[k]) || is_again(t, tracks, n_tracks, &found[k])))) continue;
            oc__track *track = owners[k] >= 0 ? &tracks[owners[k]] : &tracks[n_tracks++];
            see(track, &found[k], owners[k] < 0);
            settle(t, track);
        }
        t->tracks = tracks;
        t->n = 0;
        for (size_t i = 0; i < n_tracks; i++)
            if (goes_on(t, &tracks[i])) tracks[t->n++] = tracks[i];
        t->n_shown = 0;
        for (size_t i = 0; i < t->n; i++) {
            size_t at = t->n_shown;
            if (!tracks[i].id) continue;
            for (; at > 0 && t->certain[at - 1]->id > tracks[i].id; at--) t->certain[at] = t->certain[at - 1];
            t->certain[at] = &tracks[i];
            t->n_shown++;
        }
    }
    oc__free(context, owners);
    return status;
}

size_t oc__tracker_tracks(const oc__track *const **out, const oc__tracker *t) {
    *out = t->certain;
    return t->n_shown;
}

uint64_t oc__tracker_total(const oc__tracker *t, uint32_t tag) { return tag < t->n_tags ? t->totals[tag] : 0; }
