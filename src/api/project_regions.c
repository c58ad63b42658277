/* The regions of an oc_project. SPDX-License-Identifier: MIT */
#include "arguments.h"
#include "memory.h"
#include "store.h"

/* The caller's structs, which may be of any size, as an array of ours. The caller frees it. */
static oc_status read_regions(oc_region **out, oc_context *context, const oc_region *const *regions, size_t n, oc_error *err) {
    oc_status status = n ? oc__check_pointer(regions, "regions", err) : OC_OK;
    oc_region *known = status ? NULL : oc__alloc_array(context, n, sizeof *known);
    if (!status && !known) status = oc__fail_nomem(err, context, n * sizeof *known, "regions");
    for (size_t i = 0; i < n && !status; i++)
        status = oc__struct_read(&known[i], sizeof *known, sizeof *known, regions[i], "oc_region", err);
    if (status)
        oc__free(context, known);
    else
        *out = known;
    return status;
}

oc_status oc_project_add_regions(oc_region_list **out, oc_project *project, const oc_region *const *regions, size_t n,
                                 uint32_t flags, oc_error *err) {
    oc_region *known = NULL;
    if (out) *out = NULL;
    oc_status status = oc__check_pointer(project, "project", err);
    if (!status) status = read_regions(&known, project->context, regions, n, err);
    if (status) return status;
    status = oc__project_add_regions(out, project, known, n, flags, err);
    oc__free(project->context, known);
    return status;
}

oc_status oc_project_update_regions(oc_project *project, const oc_region *const *changes, size_t n, uint32_t flags,
                                    oc_error *err) {
    oc_region *known = NULL;
    oc_status status = oc__check_pointer(project, "project", err);
    if (!status) status = read_regions(&known, project->context, changes, n, err);
    if (status) return status;
    status = oc__project_update_regions(project, known, n, flags, err);
    oc__free(project->context, known);
    return status;
}

oc_status oc_project_delete_regions(oc_project *project, const char *const *ids, size_t n, oc_error *err) {
    oc_status status = oc__check_pointer(project, "project", err);
    if (!status && n) status = oc__check_pointer(ids, "ids", err);
    return status ? status : oc__project_delete_regions(project, ids, n, err);
}

oc_status oc_project_regions(oc_region_list **out, oc_project *project, const char *const *pictures, size_t n, uint32_t flags,
                             oc_error *err) {
    oc_status status = oc__check_call(out, project, "project", project, "project", err);
    if (!status && n) status = oc__check_pointer(pictures, "pictures", err);
    return status ? status : oc__project_regions(out, project, pictures, n, flags, err);
}

void oc_region_list_free(oc_region_list *list) { oc__region_list_free(list); }

size_t oc_region_list_count(const oc_region_list *list) { return list ? list->n : 0; }

oc_status oc_region_list_get(const oc_region_list *list, size_t index, oc_region *region, oc_error *err) {
    oc_status status = oc__check_pointer(list, "list", err);
    if (status) return status;
    if (index >= list->n) return oc__fail(err, OC_E_NOT_FOUND, "region %zu is out of range, there are %zu", index, list->n);
    return oc__struct_write(region, &list->items[index], sizeof *list->items, sizeof *list->items, "oc_region", err);
}
