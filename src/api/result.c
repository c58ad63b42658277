/* oc_result. SPDX-License-Identifier: MIT */
#include "result.h"

#include <stdlib.h>

#include "arguments.h"
#include "memory.h"

struct oc_result {
    oc_model *model;
    size_t n;
    oc_box boxes[];
};

static int most_probable_first(const void *a, const void *b) {
    const oc_box *x = a, *y = b;
    if (x->probability != y->probability) return x->probability < y->probability ? 1 : -1;
    return x->tag < y->tag ? -1 : x->tag > y->tag;
}

static oc_result *create(const oc_model *model, size_t n, oc_error *err) {
    size_t size = sizeof(oc_result) + n * sizeof(oc_box);
    oc_result *result = oc__alloc(model->context, size);
    if (!result) {
        oc__fail_nomem(err, model->context, size, "result");
        return NULL;
    }
    result->model = oc__model_retain(model);
    result->n = n;
    return result;
}

oc_status oc__result_create_boxes(oc_result **out, const oc_model *model, const oc__detections *detections, oc_error *err) {
    oc_result *result = create(model, detections->n, err);
    if (!result) return OC_E_NOMEM;
    for (size_t i = 0; i < result->n; i++) { /* in their order already */
        const oc__detection *d = &detections->items[i];
        const oc__rect *r = &d->box;
        result->boxes[i] = (oc_box){sizeof(oc_box), (int32_t)d->tag, d->probability, r->left, r->top, r->right - r->left,
                                    r->bottom - r->top};
    }
    *out = result;
    return OC_OK;
}

oc_status oc__result_create(oc_result **out, const oc_model *model, const float *probabilities, oc_error *err) {
    oc_result *result = create(model, model->n_tags, err);
    if (!result) return OC_E_NOMEM;
    for (size_t i = 0; i < result->n; i++)
        result->boxes[i] = (oc_box){sizeof(oc_box), (int32_t)i, probabilities[i], 0, 0, 1, 1};
    qsort(result->boxes, result->n, sizeof *result->boxes, most_probable_first);
    *out = result;
    return OC_OK;
}

void oc_result_free(oc_result *result) {
    if (!result) return;
    oc_model *model = result->model;
    oc__free(model->context, result);
    oc__model_release(model);
}

size_t oc_result_count(const oc_result *result) { return result ? result->n : 0; }

oc_status oc_result_get(const oc_result *result, size_t index, oc_box *box, oc_error *err) {
    oc_status status = oc__check_pointer(result, "result", err);
    if (status) return status;
    if (index >= result->n) return oc__fail(err, OC_E_NOT_FOUND, "answer %zu is out of range, there are %zu", index, result->n);
    return oc__struct_write(box, &result->boxes[index], sizeof(oc_box), offsetof(oc_box, left), "oc_box", err);
}

const char *oc_result_tag_name(const oc_result *result, size_t index) {
    return index < oc_result_count(result) ? oc_model_tag(result->model, (size_t)result->boxes[index].tag) : NULL;
}
