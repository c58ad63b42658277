/* Searching an oc_project, checking it, and suggesting tags. SPDX-License-Identifier: MIT */
#include "arguments.h"
#include "project_similar.h"

/* Reads the caller's filter (NULL: none) into `known`. */
static oc_status read_filter(const oc_picture_filter **out, oc_picture_filter *known, const oc_picture_filter *filter,
                             oc_error *err) {
    *known = (oc_picture_filter)OC_PICTURE_FILTER_INIT;
    *out = filter ? known : NULL;
    return filter ? oc__struct_read(known, sizeof *known, sizeof *known, filter, "oc_picture_filter", err) : OC_OK;
}

oc_status oc_project_similar(oc_match_list **out, oc_project *project, const oc_search *search, oc_progress_fn progress,
                             void *user, oc_error *err) {
    oc_search known = OC_SEARCH_INIT;
    oc_picture_filter filter;
    oc_status status = oc__check_call(out, project, "project", search, "search", err);
    if (!status) status = oc__struct_read(&known, sizeof known, sizeof known, search, "oc_search", err);
    if (!status) status = read_filter(&known.filter, &filter, known.filter, err);
    return status ? status : oc__project_similar(out, project, &known, progress, user, err);
}

void oc_match_list_free(oc_match_list *list) { oc__match_list_free(list); }

size_t oc_match_list_count(const oc_match_list *list) { return list ? list->n : 0; }

oc_status oc_match_list_get(const oc_match_list *list, size_t index, oc_match *match, oc_error *err) {
    oc_status status = oc__check_pointer(list, "list", err);
    if (status) return status;
    if (index >= list->n) return oc__fail(err, OC_E_NOT_FOUND, "match %zu is out of range, there are %zu", index, list->n);
    return oc__struct_write(match, &list->items[index], sizeof *list->items, sizeof *list->items, "oc_match", err);
}
