/* oc_model. SPDX-License-Identifier: MIT */
#include "model.h"

#include "arguments.h"
#include "evaluate.h"
#include "file.h"
#include "memory.h"
#include "ocm.h"
#include "precision.h"
#include "result.h"

oc_status oc_model_load_memory(oc_model **out, oc_context *context, const void *data, size_t size, const char *name,
                               oc_error *err) {
    oc_status status = oc__check_call(out, context, "context", data, "data", err);
    if (status) return status;
    if (!name) name = "model";
    if (size > context->limits.model_bytes)
        return oc__fail(err, OC_E_LIMIT, "%s: has %zu bytes, max_model_bytes is %llu", name, size,
                        (unsigned long long)context->limits.model_bytes);
    return oc__ocm_read(out, context, data, size, name, err);
}

oc_status oc_model_load(oc_model **out, oc_context *context, const char *path, oc_error *err) {
    oc__mapping file;
    oc_status status = oc__check_call(out, context, "context", path, "path", err);
    if (!status) status = oc__file_map(&file, context, path, context->limits.model_bytes, "max_model_bytes", err);
    if (status) return status;
    status = oc__ocm_read(out, context, file.data, file.size, path, err);
    oc__file_unmap(&file);
    return status;
}

/* The model's file in memory; the caller frees the buffer. */
static oc_status write_buffer(oc__buffer *buffer, const oc_model *model, oc_error *err) {
    *buffer = (oc__buffer){.context = model->context};
    oc_status status = oc__ocm_write(buffer, model, err);
    if (status) oc__buffer_free(buffer);
    return status;
}

oc_status oc_model_save(const oc_model *model, const char *path, oc_error *err) {
    oc__buffer buffer;
    oc_status status = oc__check_pointer(model, "model", err);
    if (!status) status = oc__check_pointer(path, "path", err);
    if (!status) status = write_buffer(&buffer, model, err);
    if (status) return status;
    status = oc__file_replace(model->context, path, buffer.data, buffer.size, err);
    oc__buffer_free(&buffer);
    return status;
}

oc_status oc_model_write(const oc_model *model, oc_write_fn write, void *user, oc_error *err) {
    oc__buffer buffer;
    oc_status status = oc__check_pointer(model, "model", err);
    if (!status && !write) status = oc__fail(err, OC_E_ARGUMENT, "write is NULL");
    if (!status) status = write_buffer(&buffer, model, err);
    if (status) return status;
    if (write(user, buffer.data, buffer.size)) status = oc__fail(err, OC_E_CANCELLED, "the writer stopped");
    oc__buffer_free(&buffer);
    return status;
}

void oc_model_free(oc_model *model) { oc__model_release(model); }

size_t oc_model_n_tags(const oc_model *model) { return model ? model->n_tags : 0; }

const char *oc_model_tag(const oc_model *model, size_t tag) { return tag < oc_model_n_tags(model) ? model->tags[tag] : NULL; }

uint32_t oc_model_kind(const oc_model *model) { return model ? model->kind : 0; }

double oc_model_threshold(const oc_model *model, size_t tag) {
    return tag < oc_model_n_tags(model) ? oc__model_threshold(model, tag) : 0;
}

const char *oc_model_property(const oc_model *model, const char *key) {
    return model && key ? oc__model_property(model, key) : NULL;
}

oc_status oc_model_property_at(const oc_model *model, size_t index, const char **key, const char **value, oc_error *err) {
    oc_status status = oc__check_pointer(model, "model", err);
    if (!status) status = oc__check_pointer(key, "key", err);
    if (!status) status = oc__check_pointer(value, "value", err);
    if (status) return status;
    *key = *value = NULL;
    if (index >= model->n_properties)
        return oc__fail(err, OC_E_NOT_FOUND, "the model has %zu properties", model->n_properties);
    *key = model->properties[index].key;
    *value = model->properties[index].value;
    return OC_OK;
}

oc_status oc_model_evaluate(oc_report **out, const oc_model *model, const oc_dataset *dataset,
                            const oc_predictor_options *options, oc_progress_fn callback, void *user, oc_error *err) {
    oc__measurement *measurement = NULL;
    oc__progress progress;
    oc__how how;
    oc_status status = oc__check_call(out, model, "model", dataset, "dataset", err);
    if (!status) status = oc__how_of(&how, options, model, err);
    if (status) return status;
    oc__progress_begin(&progress, callback, user, NULL);
    oc__progress_stage(&progress, "measuring", 0, 1, oc_dataset_count(dataset));
    status = oc__evaluate(&measurement, model, dataset, &how, &progress, err);
    if (status) return status;
    oc__progress_end(&progress);
    return oc__report_create(out, model, measurement, err);
}

oc_status oc_model_report(oc_report **out, const oc_model *model, oc_error *err) {
    oc__measurement *copy = NULL;
    oc_status status = oc__check_call(out, model, "model", model, "model", err);
    if (status) return status;
    if (!model->measurement) return oc__fail(err, OC_E_NOT_FOUND, "the model does not say how it was measured");
    status = oc__measurement_copy(&copy, model->measurement, err);
    return status ? status : oc__report_create(out, model, copy, err);
}
