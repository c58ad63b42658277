/* Detectors on pictures that show much: in parts. SPDX-License-Identifier: MIT
 *
 * The picture is cut into tiles that overlap, each is looked at by itself, and so is the whole picture, for what is larger than
 * a tile (Akyon et al. 2022). A box that touches a tile's inner edge is of an object that goes on in the next tile: where that
 * tells all of it, the part is dropped, and parts that lie on each other are put together. */
#include <math.h>
#include <stdlib.h>

#include "apply.h"
#include "memory.h"

#define OVERLAP 0.25 /* of two neighbours, of a tile's side */
#define EDGE 0.01    /* a box that comes so near to a tile's inner edge, in tiles, touches it */
#define DOUBLE 0.5   /* two boxes of one tag that overlap by more are of one object; */
#define PART 0.5     /* so is a part of which more lies in a box, */
#define JOINED 0.3   /* and two parts of which more of the smaller one lies in the other */

typedef struct pieces {
    oc__piece *items;
    size_t n, capacity;
} pieces;

/* Position `i` of `n` tiles along a side. */
static void place(double *begin, double *length, uint32_t i, uint32_t n) {
    *length = 1 / (n - (n - 1) * OVERLAP);
    *begin = i * *length * (1 - OVERLAP);
}

/* Whether a side of a box in a tile, from `low` to `high` in fractions of the tile, is cut by an edge that is not the
 * picture's. */
static bool is_cut(float low, float high, uint32_t i, uint32_t n) {
    return (i > 0 && (double)low < EDGE) || (i + 1 < n && (double)high > 1 - EDGE);
}

typedef struct tile {
    uint32_t x, y, n_x, n_y;
} tile;

static oc_status add_tile(pieces *all, oc__applier *applier, const oc__bitmap *bitmap, tile t, oc_error *err) {
    oc__detections found;
    oc__view view = {.mirror = false};
    place(&view.left, &view.width, t.x, t.n_x);
    place(&view.top, &view.height, t.y, t.n_y);
    oc_status status = oc__apply_detector_bitmap(&found, applier, bitmap, &view, err);
    if (status) return status;
    for (size_t i = 0; i < found.n && !status; i++) {
        oc__piece p = {found.items[i], t.y * t.n_x + t.x, false};
        oc__rect *box = &p.found.box;
        p.cut = is_cut(box->left, box->right, t.x, t.n_x) || is_cut(box->top, box->bottom, t.y, t.n_y);
        box->left = (float)fmin(view.left + view.width * (double)box->left, 1);
        box->right = (float)fmin(view.left + view.width * (double)box->right, 1);
        box->top = (float)fmin(view.top + view.height * (double)box->top, 1);
        box->bottom = (float)fmin(view.top + view.height * (double)box->bottom, 1);
        status = oc__reserve(&all->items, &all->capacity, all->n, sizeof p, bitmap->context, err);
        if (!status) all->items[all->n++] = p;
    }
    oc__free(bitmap->context, found.items);
    return status;
}

static int most_probable_first(const void *a, const void *b) {
    const oc__detection *x = a, *y = b;
    if (x->probability != y->probability) return x->probability < y->probability ? 1 : -1;
    if (x->tag != y->tag) return x->tag < y->tag ? -1 : 1;
    if (x->box.left != y->box.left) return x->box.left < y->box.left ? -1 : 1;
    return (x->box.top > y->box.top) - (x->box.top < y->box.top);
}

static int whole_first(const void *a, const void *b) {
    const oc__piece *x = a, *y = b;
    if (x->cut != y->cut) return x->cut ? 1 : -1;
    return most_probable_first(&x->found, &y->found);
}

static void join(oc__rect *to, const oc__rect *from) {
    to->left = fminf(to->left, from->left);
    to->top = fminf(to->top, from->top);
    to->right = fmaxf(to->right, from->right);
    to->bottom = fmaxf(to->bottom, from->bottom);
}

/* Whether what is told by `p` is in `kept`, which comes before it; then that grows if both are parts. */
static bool is_told(oc__piece *kept, const oc__piece *p) {
    oc__rect *box = &kept->found.box;
    if (kept->found.tag != p->found.tag) return false;
    if (!p->cut) return oc__rect_overlap(box, &p->found.box) > DOUBLE;
    if (!kept->cut) return oc__rect_share(&p->found.box, box) > PART;
    if (kept->tile == p->tile || fmax(oc__rect_share(&p->found.box, box), oc__rect_share(box, &p->found.box)) <= JOINED) return false;
    join(box, &p->found.box);
    return true;
}

size_t oc__pieces_put_together(oc__piece *items, size_t n) {
    size_t n_kept = 0;
    if (n) qsort(items, n, sizeof *items, whole_first);
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < n_kept && !is_told(&items[k], &items[i])) k++;
        if (k == n_kept) items[n_kept++] = items[i];
    }
    return n_kept;
}

static oc_status to_detections(oc__detections *out, const pieces *all, oc_context *context, oc_error *err) {
    out->items = oc__alloc_array(context, all->n, sizeof *out->items);
    if (!out->items) return oc__fail_nomem(err, context, all->n * sizeof *out->items, "boxes");
    for (out->n = 0; out->n < all->n; out->n++) out->items[out->n] = all->items[out->n].found;
    if (out->n) qsort(out->items, out->n, sizeof *out->items, most_probable_first);
    return OC_OK;
}

oc_status oc__apply_detector_tiled(oc__detections *out, oc__applier *applier, const oc__bitmap *bitmap, uint32_t n,
                                   oc_error *err) {
    uint32_t longer = bitmap->width > bitmap->height ? bitmap->width : bitmap->height;
    uint32_t n_x = (uint32_t)fmax(1, floor((double)n * bitmap->width / longer + 0.5));
    uint32_t n_y = (uint32_t)fmax(1, floor((double)n * bitmap->height / longer + 0.5));
    pieces all = {0};
    oc__detections found = {0};
    oc_status status = add_tile(&all, applier, bitmap, (tile){0, 0, 1, 1}, err);
    for (uint32_t i = 0; i < n_x * n_y && n > 1 && !status; i++)
        status = add_tile(&all, applier, bitmap, (tile){i % n_x, i / n_x, n_x, n_y}, err);
    if (!status) {
        all.n = oc__pieces_put_together(all.items, all.n);
        status = to_detections(&found, &all, bitmap->context, err);
    }
    oc__free(bitmap->context, all.items);
    if (!status) *out = found;
    return status;
}
