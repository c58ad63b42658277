/* Searching an oc_project, checking it, and suggesting tags. SPDX-License-Identifier: MIT */
#include "arguments.h"
#include "project_check.h"
#include "project_similar.h"
#include "project_suggest.h"

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

oc_status oc_project_check(oc_finding_list **out, oc_project *project, const oc_check *check, oc_progress_fn progress, void *user,
                           oc_error *err) {
    oc_check known = OC_CHECK_INIT;
    oc_status status = oc__check_call(out, project, "project", project, "project", err);
    if (!status && check) status = oc__struct_read(&known, sizeof known, sizeof known, check, "oc_check", err);
    return status ? status : oc__project_check(out, project, &known, progress, user, err);
}

void oc_finding_list_free(oc_finding_list *list) { oc__finding_list_free(list); }

size_t oc_finding_list_count(const oc_finding_list *list) { return list ? list->n : 0; }

static oc_status find_finding(const oc__finding **out, const oc_finding_list *list, size_t index, oc_error *err) {
    oc_status status = oc__check_pointer(list, "list", err);
    if (!status && index >= list->n)
        status = oc__fail(err, OC_E_NOT_FOUND, "finding %zu is out of range, there are %zu", index, list->n);
    if (!status) *out = &list->items[index];
    return status;
}

oc_status oc_finding_list_get(const oc_finding_list *list, size_t index, oc_finding *finding, oc_error *err) {
    const oc__finding *found;
    oc_status status = find_finding(&found, list, index, err);
    return status ? status : oc__struct_write(finding, &found->info, sizeof found->info, sizeof found->info, "oc_finding", err);
}

oc_status oc_finding_list_place(const oc_finding_list *list, size_t index, size_t place, oc_finding_place *out, oc_error *err) {
    const oc__finding *found;
    oc_status status = find_finding(&found, list, index, err);
    if (!status && place >= found->info.n_places)
        status = oc__fail(err, OC_E_NOT_FOUND, "place %zu is out of range, finding %zu has %zu", place, index,
                          found->info.n_places);
    return status ? status
                  : oc__struct_write(out, &list->places[found->first_place + place], sizeof *list->places, sizeof *list->places,
                                     "oc_finding_place", err);
}

oc_status oc_project_suggest(oc_suggestion_list **out, oc_project *project, const oc_suggest *suggest, oc_progress_fn progress,
                             void *user, oc_error *err) {
    oc_suggest known = OC_SUGGEST_INIT;
    oc_picture_filter filter;
    oc_status status = oc__check_call(out, project, "project", project, "project", err);
    if (!status && suggest) status = oc__struct_read(&known, sizeof known, sizeof known, suggest, "oc_suggest", err);
    if (!status) status = read_filter(&known.filter, &filter, known.filter, err);
    return status ? status : oc__project_suggest(out, project, &known, progress, user, err);
}

void oc_suggestion_list_free(oc_suggestion_list *list) { oc__suggestion_list_free(list); }

size_t oc_suggestion_list_count(const oc_suggestion_list *list) { return list ? list->n : 0; }

static oc_status find_suggestion(const oc__suggestion **out, const oc_suggestion_list *list, size_t index, oc_error *err) {
    oc_status status = oc__check_pointer(list, "list", err);
    if (!status && index >= list->n)
        status = oc__fail(err, OC_E_NOT_FOUND, "suggestion %zu is out of range, there are %zu", index, list->n);
    if (!status) *out = &list->items[index];
    return status;
}

oc_status oc_suggestion_list_get(const oc_suggestion_list *list, size_t index, oc_suggestion *suggestion, oc_error *err) {
    const oc__suggestion *found;
    oc_status status = find_suggestion(&found, list, index, err);
    return status ? status : oc__struct_write(suggestion, &found->info, sizeof found->info, sizeof found->info, "oc_suggestion", err);
}

oc_status oc_suggestion_list_box(const oc_suggestion_list *list, size_t index, size_t box, oc_box *out, oc_error *err) {
    const oc__suggestion *found;
    oc_status status = find_suggestion(&found, list, index, err);
    if (!status && box >= found->info.n_boxes)
        status = oc__fail(err, OC_E_NOT_FOUND, "box %zu is out of range, suggestion %zu has %u", box, index, found->info.n_boxes);
    return status ? status
                  : oc__struct_write(out, &list->boxes[found->first_box + box], sizeof *list->boxes, sizeof *list->boxes, "oc_box", err);
}

const char *oc_suggestion_list_tag(const oc_suggestion_list *list, size_t tag) {
    return list && tag < list->n_tags ? list->tags[tag] : NULL;
}

oc_status oc_project_accept(uint64_t *n_accepted, oc_project *project, const oc_suggestion_list *list, const size_t *indices, size_t n,
                            double min_probability, oc_error *err) {
    if (n_accepted) *n_accepted = 0;
    oc_status status = oc__check_pointer(project, "project", err);
    if (!status) status = oc__check_pointer(list, "list", err);
    if (!status && n) status = oc__check_pointer(indices, "indices", err);
    if (!status && !(min_probability >= 0 && min_probability <= 1))
        status = oc__fail(err, OC_E_ARGUMENT, "min_probability is not a number from 0 to 1");
    return status ? status : oc__project_accept(n_accepted, project, list, indices, n, min_probability, err);
}
