/* The data versions of an oc_project. SPDX-License-Identifier: MIT */
#include "arguments.h"
#include "project_dataset.h"

oc_status oc_project_add_version(oc_project *project, const char *name, oc_error *err) {
    oc_status status = oc__check_pointer(project, "project", err);
    if (!status) status = oc__check_pointer(name, "name", err);
    return status ? status : oc__project_add_version(project, name, err);
}

oc_status oc_project_versions(oc_version_list **out, oc_project *project, oc_error *err) {
    oc_status status = oc__check_call(out, project, "project", project, "project", err);
    return status ? status : oc__project_versions(out, project, err);
}

void oc_version_list_free(oc_version_list *list) { oc__version_list_free(list); }

size_t oc_version_list_count(const oc_version_list *list) { return list ? list->n : 0; }

oc_status oc_version_list_get(const oc_version_list *list, size_t index, oc_version_entry *version, oc_error *err) {
    oc_status status = oc__check_pointer(list, "list", err);
    if (status) return status;
    if (index >= list->n) return oc__fail(err, OC_E_NOT_FOUND, "version %zu is out of range, there are %zu", index, list->n);
    return oc__struct_write(version, &list->items[index], sizeof *list->items, sizeof *list->items, "oc_version_entry", err);
}

oc_status oc_project_version_dataset(oc_dataset **out, oc_project *project, const char *version, oc_error *err) {
    oc_status status = oc__check_call(out, project, "project", version, "version", err);
    return status ? status : oc__project_version_dataset(out, project, version, err);
}

oc_status oc_project_delete_version(oc_project *project, const char *version, oc_error *err) {
    oc_status status = oc__check_pointer(project, "project", err);
    if (!status) status = oc__check_pointer(version, "version", err);
    return status ? status : oc__project_delete_version(project, version, err);
}
