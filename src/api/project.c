/* oc_project: what it is, changes, verifying, training. SPDX-License-Identifier: MIT */
#include "store.h"

#include "arguments.h"
#include "project_dataset.h"

oc_status oc_project_create(oc_project **out, oc_context *context, const char *path, const oc_project_info *info,
                            oc_error *err) {
    oc_project_info known = OC_PROJECT_INFO_INIT;
    oc_status status = oc__check_call(out, context, "context", path, "path", err);
    if (!status && info) status = oc__struct_read(&known, sizeof known, sizeof known, info, "oc_project_info", err);
    return status ? status : oc__project_create(out, context, path, &known, err);
}

oc_status oc_project_open(oc_project **out, oc_context *context, const char *path, oc_error *err) {
    oc_status status = oc__check_call(out, context, "context", path, "path", err);
    return status ? status : oc__project_open(out, context, path, err);
}

void oc_project_free(oc_project *project) { oc__project_free(project); }

oc_status oc_project_get_info(oc_project *project, oc_project_info *info, oc_error *err) {
    oc_project_info known;
    oc_status status = oc__check_pointer(project, "project", err);
    if (!status) status = oc__project_info(&known, project, err);
    return status ? status : oc__struct_write(info, &known, sizeof known, sizeof known, "oc_project_info", err);
}

oc_status oc_project_update(oc_project *project, const oc_project_info *info, oc_error *err) {
    oc_project_info known;
    oc_status status = oc__check_pointer(project, "project", err);
    if (!status) status = oc__struct_read(&known, sizeof known, sizeof known, info, "oc_project_info", err);
    return status ? status : oc__project_update(project, &known, err);
}

oc_status oc_project_begin(oc_project *project, oc_error *err) {
    oc_status status = oc__check_pointer(project, "project", err);
    return status ? status : oc__project_begin(project, err);
}

oc_status oc_project_end(oc_project *project, int keep, oc_error *err) {
    oc_status status = oc__check_pointer(project, "project", err);
    return status ? status : oc__project_end(project, keep != 0, err);
}

oc_status oc_project_verify(oc_problem_list **out, oc_project *project, uint32_t flags, oc_progress_fn callback, void *user,
                            oc_error *err) {
    oc__progress progress;
    oc_status status = oc__check_call(out, project, "project", project, "project", err);
    if (status) return status;
    oc__progress_begin(&progress, callback, user, NULL);
    status = oc__project_verify(out, project, flags, &progress, err);
    if (!status) oc__progress_end(&progress);
    return status;
}

oc_status oc_project_backup(oc_project *project, const char *path, oc_progress_fn callback, void *user, oc_error *err) {
    oc__progress progress;
    oc_status status = oc__check_pointer(project, "project", err);
    if (!status) status = oc__check_pointer(path, "path", err);
    if (status) return status;
    oc__progress_begin(&progress, callback, user, NULL);
    status = oc__project_backup(project, path, &progress, err);
    if (!status) oc__progress_end(&progress);
    return status;
}

oc_status oc_project_restore(oc_project **out, oc_context *context, const char *backup, const char *path,
                             oc_progress_fn callback, void *user, oc_error *err) {
    oc__progress progress;
    oc_status status = oc__check_call(out, context, "context", backup, "backup", err);
    if (!status) status = oc__check_pointer(path, "path", err);
    if (status) return status;
    oc__progress_begin(&progress, callback, user, NULL);
    status = oc__project_restore(out, context, backup, path, &progress, err);
    if (!status) oc__progress_end(&progress);
    return status;
}

void oc_problem_list_free(oc_problem_list *list) { oc__problem_list_free(list); }

size_t oc_problem_list_count(const oc_problem_list *list) { return list ? list->n : 0; }

oc_status oc_problem_list_get(const oc_problem_list *list, size_t index, oc_problem *problem, oc_error *err) {
    oc_status status = oc__check_pointer(list, "list", err);
    if (status) return status;
    if (index >= list->n) return oc__fail(err, OC_E_NOT_FOUND, "problem %zu is out of range, there are %zu", index, list->n);
    return oc__struct_write(problem, &list->items[index], sizeof *list->items, sizeof *list->items, "oc_problem", err);
}

oc_status oc_project_dataset(oc_dataset **out, oc_project *project, oc_error *err) {
    oc_status status = oc__check_call(out, project, "project", project, "project", err);
    return status ? status : oc__project_dataset(out, project, err);
}
