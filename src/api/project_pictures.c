/* The pictures of an oc_project. SPDX-License-Identifier: MIT */
#include "arguments.h"
#include "picture_handle.h"
#include "store.h"

static oc_status read_labels(oc_labels *known, const oc_labels *labels, oc_error *err) {
    *known = (oc_labels)OC_LABELS_INIT;
    return labels ? oc__struct_read(known, sizeof *known, sizeof *known, labels, "oc_labels", err) : OC_OK;
}

static oc_status read_filter(oc_picture_filter *known, const oc_picture_filter *filter, oc_error *err) {
    *known = (oc_picture_filter)OC_PICTURE_FILTER_INIT;
    return filter ? oc__struct_read(known, sizeof *known, sizeof *known, filter, "oc_picture_filter", err) : OC_OK;
}

oc_status oc_project_add_picture(oc_addition *addition, oc_project *project, const oc_image *image, const oc_labels *labels,
                                 oc_error *err) {
    oc_addition done = OC_ADDITION_INIT;
    oc_labels known;
    oc_status status = addition ? oc__struct_write(addition, &done, sizeof done, sizeof done, "oc_addition", err) : OC_OK;
    if (!status) status = oc__check_pointer(project, "project", err);
    if (!status) status = oc__check_pointer(image, "image", err);
    if (!status) status = read_labels(&known, labels, err);
    if (!status) status = oc__project_add_picture(&done, project, image, &known, err);
    if (status || !addition) return status;
    return oc__struct_write(addition, &done, sizeof done, sizeof done, "oc_addition", err);
}

oc_status oc_project_add_folder(oc_folder_summary *summary, oc_project *project, const char *path, const oc_labels *labels,
                                oc_progress_fn callback, void *user, oc_error *err) {
    oc_folder_summary done = OC_FOLDER_SUMMARY_INIT;
    oc_labels known;
    oc__progress progress;
    oc_status status = summary ? oc__struct_write(summary, &done, sizeof done, sizeof done, "oc_folder_summary", err) : OC_OK;
    if (!status) status = oc__check_pointer(project, "project", err);
    if (!status) status = oc__check_pointer(path, "path", err);
    if (!status) status = read_labels(&known, labels, err);
    if (status) return status;
    oc__progress_begin(&progress, callback, user, NULL);
    status = oc__project_add_folder(&done, project, path, &known, &progress, err);
    if (!status) oc__progress_end(&progress);
    if (summary) oc__struct_write(summary, &done, sizeof done, sizeof done, "oc_folder_summary", NULL);
    return status;
}

oc_status oc_project_replace_picture(oc_project *project, const char *picture, const oc_image *image, oc_error *err) {
    oc_status status = oc__check_pointer(project, "project", err);
    if (!status) status = oc__check_pointer(picture, "picture", err);
    if (!status) status = oc__check_pointer(image, "image", err);
    return status ? status : oc__project_replace_picture(project, picture, image, err);
}

static oc_status check_several(const oc_project *project, const char *const *pictures, size_t n, oc_error *err) {
    oc_status status = oc__check_pointer(project, "project", err);
    return status || n == 0 ? status : oc__check_pointer(pictures, "pictures", err);
}

oc_status oc_project_delete_pictures(oc_project *project, const char *const *pictures, size_t n, oc_error *err) {
    oc_status status = check_several(project, pictures, n, err);
    return status ? status : oc__project_delete_pictures(project, pictures, n, err);
}

oc_status oc_project_label_pictures(oc_project *project, const char *const *pictures, size_t n, const char *tag, uint32_t how,
                                    oc_error *err) {
    oc_status status = check_several(project, pictures, n, err);
    if (!status) status = oc__check_pointer(tag, "tag", err);
    return status ? status : oc__project_label_pictures(project, pictures, n, tag, how, err);
}

oc_status oc_project_set_metadata(oc_project *project, const char *const *pictures, size_t n, const char *key,
                                  const char *value, oc_error *err) {
    oc_status status = check_several(project, pictures, n, err);
    if (!status) status = oc__check_pointer(key, "key", err);
    return status ? status : oc__project_set_metadata(project, pictures, n, key, value, err);
}

oc_status oc_project_set_split(oc_project *project, const char *const *pictures, size_t n, const char *split, oc_error *err) {
    oc_status status = check_several(project, pictures, n, err);
    if (!status) status = oc__check_pointer(split, "split", err);
    return status ? status : oc__project_set_split(project, pictures, n, split, err);
}

oc_status oc_project_pictures(oc_picture_list **out, oc_project *project, const oc_picture_filter *filter, oc_error *err) {
    oc_picture_filter known;
    oc_status status = oc__check_call(out, project, "project", project, "project", err);
    if (!status) status = read_filter(&known, filter, err);
    return status ? status : oc__project_pictures(out, project, &known, err);
}

oc_status oc_project_picture(oc_picture_list **out, oc_project *project, const char *picture, oc_error *err) {
    oc_status status = oc__check_call(out, project, "project", picture, "picture", err);
    return status ? status : oc__project_picture(out, project, picture, err);
}

oc_status oc_project_count_pictures(uint64_t *n, oc_project *project, const oc_picture_filter *filter, oc_error *err) {
    oc_picture_filter known;
    oc_status status = oc__check_pointer(n, "n", err);
    if (status) return status;
    *n = 0;
    status = oc__check_pointer(project, "project", err);
    if (!status) status = read_filter(&known, filter, err);
    return status ? status : oc__project_count_pictures(n, project, &known, err);
}

void oc_picture_list_free(oc_picture_list *list) { oc__picture_list_free(list); }

size_t oc_picture_list_count(const oc_picture_list *list) { return list ? list->n : 0; }

oc_status oc_picture_list_get(const oc_picture_list *list, size_t index, oc_picture_info *info, oc_error *err) {
    oc_status status = oc__check_pointer(list, "list", err);
    if (status) return status;
    if (index >= list->n) return oc__fail(err, OC_E_NOT_FOUND, "picture %zu is out of range, there are %zu", index, list->n);
    const oc_picture_info *known = &list->items[index].info;
    return oc__struct_write(info, known, sizeof *known, sizeof *known, "oc_picture_info", err);
}

const char *oc_picture_list_tag(const oc_picture_list *list, size_t index, size_t k) {
    if (index >= oc_picture_list_count(list) || k >= list->items[index].info.n_tags) return NULL;
    return list->tags[list->items[index].first_tag + k];
}

oc_status oc_picture_list_metadata(const oc_picture_list *list, size_t index, size_t k, const char **key, const char **value,
                                   oc_error *err) {
    if (key) *key = NULL;
    if (value) *value = NULL;
    oc_status status = oc__check_pointer(list, "list", err);
    if (!status) status = oc__check_pointer(key, "key", err);
    if (!status) status = oc__check_pointer(value, "value", err);
    if (status) return status;
    if (index >= list->n) return oc__fail(err, OC_E_NOT_FOUND, "picture %zu is out of range, there are %zu", index, list->n);
    const oc__listed *item = &list->items[index];
    if (k >= item->info.n_metadata)
        return oc__fail(err, OC_E_NOT_FOUND, "pair %zu is out of range, there are %u", k, item->info.n_metadata);
    *key = list->pairs[item->first_pair + k].key;
    *value = list->pairs[item->first_pair + k].value;
    return OC_OK;
}

oc_status oc_project_thumbnail(oc_picture **out, oc_project *project, const char *picture, uint32_t side, oc_error *err) {
    oc_picture *made = NULL;
    oc_status status = oc__check_call(out, project, "project", picture, "picture", err);
    if (!status) status = oc__picture_create(&made, project->context, err);
    if (!status) status = oc__project_thumbnail(&made->bitmap, project, picture, side, err);
    if (status)
        oc_picture_free(made);
    else
        *out = made;
    return status;
}
