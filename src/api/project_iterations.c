/* The iterations of an oc_project. SPDX-License-Identifier: MIT */
#include "arguments.h"
#include "project_dataset.h"
#include "project_train.h"

oc_status oc_project_train(oc_iteration_list **out, oc_project *project, const oc_training *training, oc_progress_fn progress,
                           void *user, oc_error *err) {
    oc_training known = OC_TRAINING_INIT;
    oc_status status = oc__check_call(out, project, "project", project, "project", err);
    if (!status && training) status = oc__struct_read(&known, sizeof known, sizeof known, training, "oc_training", err);
    return status ? status : oc__project_train(out, project, &known, progress, user, err);
}

oc_status oc_project_iterations(oc_iteration_list **out, oc_project *project, oc_error *err) {
    oc_status status = oc__check_call(out, project, "project", project, "project", err);
    return status ? status : oc__project_iterations(out, project, -1, err);
}

oc_status oc_project_iteration(oc_iteration_list **out, oc_project *project, const char *iteration, oc_error *err) {
    int64_t seq;
    oc_status status = oc__check_call(out, project, "project", project, "project", err);
    if (!status) status = oc__project_find_iteration(&seq, project, iteration, err);
    return status ? status : oc__project_iterations(out, project, seq, err);
}

void oc_iteration_list_free(oc_iteration_list *list) { oc__iteration_list_free(list); }

size_t oc_iteration_list_count(const oc_iteration_list *list) { return list ? list->n : 0; }

oc_status oc_iteration_list_get(const oc_iteration_list *list, size_t index, oc_iteration *iteration, oc_error *err) {
    oc_status status = oc__check_pointer(list, "list", err);
    if (status) return status;
    if (index >= list->n) return oc__fail(err, OC_E_NOT_FOUND, "iteration %zu is out of range, there are %zu", index, list->n);
    return oc__struct_write(iteration, &list->items[index], sizeof *list->items, sizeof *list->items, "oc_iteration", err);
}

oc_status oc_project_model(oc_model **out, oc_project *project, const char *iteration, oc_error *err) {
    oc_status status = oc__check_call(out, project, "project", project, "project", err);
    return status ? status : oc__project_model(out, project, iteration, err);
}

oc_status oc_project_iteration_dataset(oc_dataset **out, oc_project *project, const char *iteration, oc_error *err) {
    oc_status status = oc__check_call(out, project, "project", project, "project", err);
    return status ? status : oc__project_iteration_dataset(out, project, iteration, err);
}

oc_status oc_project_set_default(oc_project *project, const char *iteration, oc_error *err) {
    oc_status status = oc__check_pointer(project, "project", err);
    return status ? status : oc__project_choose_iteration(project, iteration, err);
}

oc_status oc_project_publish(oc_project *project, const char *iteration, const char *name, oc_error *err) {
    oc_status status = oc__check_pointer(project, "project", err);
    return status ? status : oc__project_publish_iteration(project, iteration, name, err);
}

oc_status oc_project_delete_iteration(oc_project *project, const char *iteration, oc_error *err) {
    oc_status status = oc__check_pointer(project, "project", err);
    if (!status) status = oc__check_pointer(iteration, "iteration", err);
    return status ? status : oc__project_delete_iteration(project, iteration, err);
}
