/* A project's pictures as something to train on. SPDX-License-Identifier: MIT */
#include "project_dataset.h"

#define PAGE 1000

oc_status oc__project_trainable(uint32_t *kind, oc_project *project, oc_error *err) {
    oc_status status = oc__project_kind(kind, project, err);
    if (!status && *kind > OC_PROJECT_DETECTION)
        return oc__fail(err, OC_E_UNSUPPORTED, "%s: only projects for classification and detection can be trained yet",
                        project->folder);
    return status;
}

oc_status oc__add_pictures(oc_dataset *rest, oc_dataset *chosen, const oc_picture_list *list, oc__choose_fn chooses,
                           const void *user, oc_error *err) {
    oc_status status = OC_OK;
    for (size_t i = 0; i < list->n && !status; i++) {
        const oc__listed *item = &list->items[i];
        const oc_picture_info *info = &item->info;
        oc_dataset *dataset = chooses && chooses(info, user) ? chosen : rest;
        oc_image image = OC_IMAGE_INIT;
        image.format = OC_IMAGE_PATH;
        image.data = info->path;
        image.name = info->name;
        if (item->n_boxes)
            status = oc__dataset_add_boxes(dataset, &image, list->box_tags + item->first_box, list->boxes[item->first_box],
                                           item->n_boxes, info->split, err);
        else
            status = oc__dataset_add_tags(dataset, &image, list->tags + item->first_tag, info->n_tags, info->split, err);
    }
    return status;
}

static oc_status add_boxed(oc_dataset *dataset, oc_project *project, oc_error *err) {
    oc_picture_list *list = NULL;
    oc_status status = oc__labelled_pictures(&list, project, err);
    if (!status) status = oc__add_pictures(dataset, NULL, list, NULL, NULL, err);
    oc__picture_list_free(list);
    return status;
}

/* All pages, of one moment. */
static oc_status add_all(oc_dataset *dataset, oc_project *project, oc_error *err) {
    oc_picture_filter filter = OC_PICTURE_FILTER_INIT;
    oc_status status = OC_OK;
    filter.state = OC_PICTURES_TAGGED;
    filter.limit = PAGE;
    for (size_t n = PAGE; n == PAGE && !status; filter.offset += PAGE) {
        oc_picture_list *list = NULL;
        status = oc__project_pictures(&list, project, &filter, err);
        if (!status) status = oc__add_pictures(dataset, NULL, list, NULL, NULL, err);
        n = list ? list->n : 0;
        oc__picture_list_free(list);
    }
    return status;
}

oc_status oc__project_dataset(oc_dataset **out, oc_project *project, oc_error *err) {
    oc_dataset *dataset = NULL;
    uint32_t kind;
    bool began;
    oc_status status = oc__project_trainable(&kind, project, err);
    if (!status) status = oc__dataset_create(&dataset, project->context, err);
    if (!status) status = oc__snapshot_begin(project, &began, err);
    if (!status) {
        status = kind == OC_PROJECT_DETECTION ? add_boxed(dataset, project, err) : add_all(dataset, project, err);
        oc__snapshot_end(project, began);
    }
    if (!status && dataset->n_samples == 0)
        status = oc__fail(err, OC_E_DATA, "%s: no picture has a tag yet, so there is nothing to learn", project->folder);
    if (status)
        oc__dataset_free(dataset);
    else
        *out = dataset;
    return status;
}

static oc_status load_version(oc_dataset **out, oc_project *project, int64_t version, oc_error *err) {
    oc_dataset *dataset = NULL;
    oc_picture_list *list = NULL;
    oc_status status = oc__version_pictures(&list, project, version, err);
    if (!status) status = oc__dataset_create(&dataset, project->context, err);
    if (!status) status = oc__add_pictures(dataset, NULL, list, NULL, NULL, err);
    oc__picture_list_free(list);
    if (status)
        oc__dataset_free(dataset);
    else
        *out = dataset;
    return status;
}

oc_status oc__project_version_dataset(oc_dataset **out, oc_project *project, const char *version, oc_error *err) {
    int64_t seq;
    oc_status status = oc__project_find_version(&seq, project, version, err);
    return status ? status : load_version(out, project, seq, err);
}

oc_status oc__project_iteration_dataset(oc_dataset **out, oc_project *project, const char *iteration, oc_error *err) {
    int64_t seq;
    oc_status status = oc__project_iteration_version(&seq, project, iteration, err);
    return status ? status : load_version(out, project, seq, err);
}
