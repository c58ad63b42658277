/* The tags of an oc_project. SPDX-License-Identifier: MIT */
#include "arguments.h"
#include "store.h"

oc_status oc_project_add_tag(char *id, oc_project *project, const oc_tag *tag, oc_error *err) {
    oc_tag known;
    oc_status status = oc__check_pointer(project, "project", err);
    if (id) id[0] = 0;
    if (!status) status = oc__struct_read(&known, sizeof known, sizeof known, tag, "oc_tag", err);
    return status ? status : oc__project_add_tag(id, project, &known, err);
}

oc_status oc_project_update_tag(oc_project *project, const char *tag, const oc_tag *change, oc_error *err) {
    oc_tag known;
    oc_status status = oc__check_pointer(project, "project", err);
    if (!status) status = oc__check_pointer(tag, "tag", err);
    if (!status) status = oc__struct_read(&known, sizeof known, sizeof known, change, "oc_tag", err);
    return status ? status : oc__project_update_tag(project, tag, &known, err);
}

oc_status oc_project_merge_tags(oc_project *project, const char *from, const char *into, oc_error *err) {
    oc_status status = oc__check_pointer(project, "project", err);
    if (!status) status = oc__check_pointer(from, "from", err);
    if (!status) status = oc__check_pointer(into, "into", err);
    return status ? status : oc__project_merge_tags(project, from, into, err);
}

oc_status oc_project_delete_tag(oc_project *project, const char *tag, oc_error *err) {
    oc_status status = oc__check_pointer(project, "project", err);
    if (!status) status = oc__check_pointer(tag, "tag", err);
    return status ? status : oc__project_delete_tag(project, tag, err);
}

oc_status oc_project_tags(oc_tag_list **out, oc_project *project, oc_error *err) {
    oc_status status = oc__check_call(out, project, "project", project, "project", err);
    return status ? status : oc__project_tags(out, project, err);
}

void oc_tag_list_free(oc_tag_list *list) { oc__tag_list_free(list); }

size_t oc_tag_list_count(const oc_tag_list *list) { return list ? list->n : 0; }

oc_status oc_tag_list_get(const oc_tag_list *list, size_t index, oc_tag *tag, oc_error *err) {
    oc_status status = oc__check_pointer(list, "list", err);
    if (status) return status;
    if (index >= list->n) return oc__fail(err, OC_E_NOT_FOUND, "tag %zu is out of range, there are %zu", index, list->n);
    return oc__struct_write(tag, &list->items[index], sizeof *list->items, sizeof *list->items, "oc_tag", err);
}
