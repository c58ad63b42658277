/* Base networks. SPDX-License-Identifier: MIT */
#include "base.h"

#include "arguments.h"
#include "base_features.h"
#include "memory.h"

struct oc_base_list {
    oc_context *context;
    oc__base_list list;
};

oc_status oc_base_list_create(oc_base_list **out, oc_context *context, oc_error *err) {
    oc_status status = oc__check_call(out, context, "context", context, "context", err);
    if (status) return status;
    oc_base_list *list = oc__alloc_zero(context, sizeof *list);
    if (!list) return oc__fail_nomem(err, context, sizeof *list, "base networks");
    list->context = oc__context_retain(context);
    status = oc__base_list_all(&list->list, context, err);
    if (status) oc_base_list_free(list);
    else *out = list;
    return status;
}

void oc_base_list_free(oc_base_list *list) {
    if (!list) return;
    oc_context *context = list->context;
    oc__base_list_free(&list->list);
    oc__free(context, list);
    oc__context_release(context);
}

size_t oc_base_list_count(const oc_base_list *list) { return list ? list->list.n : 0; }

oc_status oc_base_list_get(const oc_base_list *list, size_t index, oc_base *base, oc_error *err) {
    oc_status status = oc__check_pointer(list, "list", err);
    if (status) return status;
    if (index >= list->list.n)
        return oc__fail(err, OC_E_NOT_FOUND, "base network %zu is out of range, there are %zu", index, list->list.n);
    const oc__base_entry *e = &list->list.entries[index];
    oc_base known = {sizeof known, e->place, e->name, e->path, e->sha256, e->n_bytes};
    return oc__struct_write(base, &known, sizeof known, sizeof known, "oc_base", err);
}

oc_status oc_base_open(oc_model **out, oc_context *context, const char *name, oc_error *err) {
    oc_status status = oc__check_call(out, context, "context", name, "name", err);
    return status ? status : oc__base_open(out, context, name, err);
}

oc_status oc_base_open_detector(oc_model **out, oc_context *context, const char *name, oc_error *err) {
    oc_model *base = NULL;
    oc_status status = oc__check_call(out, context, "context", name, "name", err);
    if (!status) status = oc__base_open_both(&base, out, context, name, err);
    if (!status && !*out) status = oc__fail(err, OC_E_UNSUPPORTED, "the base network '%.64s' brings no detector", name);
    oc__model_release(base);
    return status;
}

static oc_status check_options(const oc_import_options *o, oc_error *err) {
    if (o->layout > OC_LAYOUT_NHWC) return oc__fail(err, OC_E_ARGUMENT, "layout is %u, expected an OC_LAYOUT_...", o->layout);
    if (o->resize > OC_RESIZE_LETTERBOX)
        return oc__fail(err, OC_E_ARGUMENT, "resize is %u, expected an OC_RESIZE_...", o->resize);
    if (o->channels && o->channels != OC_IMAGE_RGB8 && o->channels != OC_IMAGE_BGR8)
        return oc__fail(err, OC_E_ARGUMENT, "channels is %u, expected OC_IMAGE_RGB8 or OC_IMAGE_BGR8", o->channels);
    if (o->width > 4096 || o->height > 4096)
        return oc__fail(err, OC_E_ARGUMENT, "the size is %u x %u, at most 4096 x 4096", o->width, o->height);
    return OC_OK;
}

oc_status oc_base_import(oc_model **out, oc_context *context, const char *path, const oc_import_options *options,
                         oc_error *err) {
    oc_import_options known = {0};
    oc_status status = oc__check_call(out, context, "context", path, "path", err);
    if (!status && options)
        status = oc__struct_read(&known, sizeof known, offsetof(oc_import_options, licence), options, "oc_import_options", err);
    if (!status) status = check_options(&known, err);
    return status ? status : oc__base_import(out, context, path, &known, err);
}

oc_status oc_base_store(const oc_model *base, int replace, oc_error *err) {
    oc_status status = oc__check_pointer(base, "base", err);
    return status ? status : oc__base_store(base, replace != 0, err);
}

oc_status oc_base_remove(oc_context *context, const char *name, oc_error *err) {
    oc_status status = oc__check_pointer(context, "context", err);
    if (!status) status = oc__check_pointer(name, "name", err);
    return status ? status : oc__base_remove(context, name, err);
}

oc_status oc_base_check(const oc_model *model, const oc_model *base, oc_error *err) {
    oc_status status = oc__check_pointer(model, "model", err);
    if (!status) status = oc__check_pointer(base, "base", err);
    return status ? status : oc__base_check(model, base, err);
}

size_t oc_base_n_features(const oc_model *base) { return base ? oc__n_features(base) : 0; }

oc_status oc_base_features(float *values, size_t n_values, const oc_model *base, const oc_dataset *dataset,
                           oc_progress_fn callback, void *user, oc_error *err) {
    oc__progress progress;
    oc_status status = oc__check_pointer(values, "values", err);
    if (!status) status = oc__check_pointer(base, "base", err);
    if (!status) status = oc__check_pointer(dataset, "dataset", err);
    if (status) return status;
    size_t n = oc_base_n_features(base), wanted = n * dataset->n_samples;
    if (dataset->context != base->context) return oc__fail(err, OC_E_ARGUMENT, "the data set was made with another context");
    if (n == 0) return oc__fail(err, OC_E_ARGUMENT, "a trained model is no base network, so it gives no features");
    if (n_values != wanted)
        return oc__fail(err, OC_E_ARGUMENT, "n_values is %zu, but %zu pictures of %zu features are %zu", n_values,
                        dataset->n_samples, n, wanted);
    oc__progress_begin(&progress, callback, user, NULL);
    status = oc__base_features(values, base, dataset, &progress, err);
    if (!status) oc__progress_end(&progress);
    return status;
}
