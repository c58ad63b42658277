/* Annotation files in and out. SPDX-License-Identifier: MIT */
#include "arguments.h"
#include "project_exchange.h"
#include "service.h"

typedef struct call {
    oc_exchange_options options;
    oc__progress progress;
    oc_exchange *report;
} call;

static oc_status begin(call *c, oc_exchange **out, oc_context *context, const char *source, const char *path,
                       const oc_exchange_options *options, bool writes, oc_progress_fn callback, void *user, oc_error *err) {
    *c = (call){.options = OC_EXCHANGE_OPTIONS_INIT};
    if (out) *out = NULL;
    oc_status status = oc__check_pointer(source, "source", err);
    if (!status) status = oc__check_pointer(path, "path", err);
    if (!status && options)
        status = oc__struct_read(&c->options, sizeof c->options, sizeof c->options, options, "oc_exchange_options", err);
    if (!status && c->options.flags & ~(uint32_t)OC_EXCHANGE_NO_PICTURES)
        status = oc__fail(err, OC_E_ARGUMENT, "oc_exchange_options: flags is %u, expected a sum of OC_EXCHANGE_...",
                          c->options.flags);
    if (!status && writes && !c->options.to) status = oc__fail(err, OC_E_ARGUMENT, "oc_exchange_options: to is NULL");
    if (!status) status = oc__exchange_create(&c->report, context, err);
    if (!status) oc__progress_begin(&c->progress, callback, user, NULL);
    return status;
}

static oc_status end(call *c, oc_exchange **out, oc_status status) {
    if (!status) oc__progress_end(&c->progress);
    if (status || !out)
        oc__exchange_free(c->report);
    else
        *out = c->report;
    return status;
}

oc_status oc_project_import(oc_exchange **out, oc_project *project, const char *source, const oc_exchange_options *options,
                            oc_progress_fn callback, void *user, oc_error *err) {
    call c;
    if (out) *out = NULL;
    oc_status status = oc__check_pointer(project, "project", err);
    if (!status) status = begin(&c, out, project->context, source, "", options, false, callback, user, err);
    return status ? status : end(&c, out, oc__project_import(c.report, project, source, &c.options, &c.progress, err));
}

/* Reads the caller's description of the service. */
static oc_status read_service(oc_service *known, const oc_service *service, oc_error *err) {
    oc_status status = oc__struct_read(known, sizeof *known, sizeof *known, service, "oc_service", err);
    if (!status) status = oc__check_pointer(known->endpoint, "oc_service: endpoint", err);
    if (!status) status = oc__check_pointer(known->key, "oc_service: key", err);
    return status ? status : oc__check_pointer(known->project, "oc_service: project", err);
}

oc_status oc_project_pull(oc_exchange **out, oc_project *project, const oc_service *service, oc_progress_fn callback,
                          void *user, oc_error *err) {
    oc_service known;
    call c;
    if (out) *out = NULL;
    oc_status status = oc__check_pointer(project, "project", err);
    if (!status) status = read_service(&known, service, err);
    if (!status) status = begin(&c, out, project->context, "", "", NULL, false, callback, user, err);
    return status ? status : end(&c, out, oc__project_pull(c.report, project, &known, &c.progress, err));
}

oc_status oc_project_export(oc_exchange **out, oc_project *project, const char *path, const oc_exchange_options *options,
                            oc_progress_fn callback, void *user, oc_error *err) {
    call c;
    if (out) *out = NULL;
    oc_status status = oc__check_pointer(project, "project", err);
    if (!status) status = begin(&c, out, project->context, "", path, options, true, callback, user, err);
    return status ? status : end(&c, out, oc__project_export(c.report, project, path, &c.options, &c.progress, err));
}

oc_status oc_annotations_convert(oc_exchange **out, oc_context *context, const char *source, const char *path,
                                 const oc_exchange_options *options, oc_progress_fn callback, void *user, oc_error *err) {
    const oc__exchange_format *format;
    oc__annotations *set = NULL;
    call c;
    if (out) *out = NULL;
    oc_status status = oc__check_pointer(context, "context", err);
    if (!status) status = begin(&c, out, context, source, path, options, true, callback, user, err);
    if (status) return status;
    status = oc__exchange_find_format(&format, c.options.to, err);
    if (!status) status = oc__annotations_load(&set, context, c.report, source, c.options.from, c.options.pictures, err);
    if (!status) status = oc__annotations_save(set, path, format, c.options.flags, &c.progress, err);
    oc__annotations_free(set);
    return end(&c, out, status);
}

void oc_exchange_free(oc_exchange *exchange) { oc__exchange_free(exchange); }

oc_status oc_exchange_get(const oc_exchange *exchange, oc_exchange_summary *summary, oc_error *err) {
    oc_status status = oc__check_pointer(exchange, "exchange", err);
    if (status) return status;
    return oc__struct_write(summary, &exchange->summary, sizeof *summary, sizeof *summary, "oc_exchange_summary", err);
}

oc_status oc_exchange_note(const oc_exchange *exchange, size_t index, oc_note *note, oc_error *err) {
    oc_status status = oc__check_pointer(exchange, "exchange", err);
    if (status) return status;
    if (index >= exchange->n)
        return oc__fail(err, OC_E_NOT_FOUND, "note %zu is out of range, there are %zu", index, exchange->n);
    const oc__note_group *group = &exchange->notes[index];
    const oc_note known = {sizeof known, group->outcome, group->reason, group->n, group->n_examples, 0};
    return oc__struct_write(note, &known, sizeof known, sizeof known, "oc_note", err);
}

const char *oc_exchange_example(const oc_exchange *exchange, size_t index, size_t k) {
    if (!exchange || index >= exchange->n || k >= exchange->notes[index].n_examples) return NULL;
    return exchange->notes[index].examples[k];
}

oc_status oc_annotation_format(size_t index, oc_format_info *info, oc_error *err) {
    const oc__exchange_format *format = oc__exchange_format_at(index);
    if (!format) return oc__fail(err, OC_E_NOT_FOUND, "format %zu is out of range", index);
    const oc_format_info known = {sizeof known, format->read != NULL, format->name, format->help};
    return oc__struct_write(info, &known, sizeof known, sizeof known, "oc_format_info", err);
}

oc_status oc_service_archive(oc_archive *theirs, oc_context *context, const oc_service *service, const char *folder,
                             oc_progress_fn callback, void *user, oc_error *err) {
    oc_archive summary = OC_ARCHIVE_INIT;
    oc_service known;
    oc__service *opened = NULL;
    oc__progress progress;
    oc_status status = oc__check_pointer(context, "context", err);
    if (!status) status = oc__check_pointer(folder, "folder", err);
    if (!status) status = read_service(&known, service, err);
    if (status) return status;
    oc__progress_begin(&progress, callback, user, NULL);
    status = oc__service_open(&opened, context, &known, &progress, err);
    if (!status) status = oc__service_archive(&summary, opened, folder, err);
    oc__service_close(opened);
    if (!status) oc__progress_end(&progress);
    if (!status && theirs) status = oc__struct_write(theirs, &summary, sizeof summary, sizeof summary, "oc_archive", err);
    return status;
}
