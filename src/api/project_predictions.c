/* The stored predictions of an oc_project. SPDX-License-Identifier: MIT */
#include <string.h>

#include "arguments.h"
#include "memory.h"
#include "store.h"

/* The caller's structs, which may be of any size, as an array of ours. The caller frees it. */
static oc_status read_answers(oc_answer **out, oc_context *context, const oc_answer *const *answers, size_t n, oc_error *err) {
    oc_status status = n ? oc__check_pointer(answers, "answers", err) : OC_OK;
    oc_answer *known = status ? NULL : oc__alloc_array(context, n, sizeof *known);
    if (!status && !known) status = oc__fail_nomem(err, context, n * sizeof *known, "answers");
    for (size_t i = 0; i < n && !status; i++)
        status = oc__struct_read(&known[i], sizeof *known, sizeof *known, answers[i], "oc_answer", err);
    if (status)
        oc__free(context, known);
    else
        *out = known;
    return status;
}

oc_status oc_project_store_prediction(char *id, oc_project *project, const char *iteration, const oc_image *image,
                                      const oc_answer *const *answers, size_t n, const char *application, oc_error *err) {
    char made[OC_ID_SIZE] = "";
    oc_answer *known = NULL;
    if (id) id[0] = 0;
    oc_status status = oc__check_pointer(project, "project", err);
    if (!status) status = oc__check_pointer(image, "image", err);
    if (!status) status = read_answers(&known, project->context, answers, n, err);
    if (status) return status;
    status = oc__project_store_prediction(made, project, iteration, image, known, n, application ? application : "", err);
    oc__free(project->context, known);
    if (id && !status) memcpy(id, made, sizeof made);
    return status;
}

static oc_status read_filter(oc_prediction_filter *known, const oc_prediction_filter *filter, oc_error *err) {
    *known = (oc_prediction_filter)OC_PREDICTION_FILTER_INIT;
    return filter ? oc__struct_read(known, sizeof *known, sizeof *known, filter, "oc_prediction_filter", err) : OC_OK;
}

oc_status oc_project_predictions(oc_prediction_list **out, oc_project *project, const oc_prediction_filter *filter,
                                 oc_error *err) {
    oc_prediction_filter known;
    oc_status status = oc__check_call(out, project, "project", project, "project", err);
    if (!status) status = read_filter(&known, filter, err);
    return status ? status : oc__project_predictions(out, project, &known, err);
}

oc_status oc_project_count_predictions(uint64_t *n, oc_project *project, const oc_prediction_filter *filter, oc_error *err) {
    oc_prediction_filter known;
    oc_status status = oc__check_pointer(n, "n", err);
    if (status) return status;
    *n = 0;
    status = oc__check_pointer(project, "project", err);
    if (!status) status = read_filter(&known, filter, err);
    return status ? status : oc__project_count_predictions(n, project, &known, err);
}

void oc_prediction_list_free(oc_prediction_list *list) { oc__prediction_list_free(list); }

size_t oc_prediction_list_count(const oc_prediction_list *list) { return list ? list->n : 0; }

oc_status oc_prediction_list_get(const oc_prediction_list *list, size_t index, oc_stored_prediction *prediction,
                                 oc_error *err) {
    oc_status status = oc__check_pointer(list, "list", err);
    if (status) return status;
    if (index >= list->n) return oc__fail(err, OC_E_NOT_FOUND, "prediction %zu is out of range, there are %zu", index, list->n);
    const oc_stored_prediction *known = &list->items[index].info;
    return oc__struct_write(prediction, known, sizeof *known, sizeof *known, "oc_stored_prediction", err);
}

oc_status oc_prediction_list_answer(const oc_prediction_list *list, size_t index, size_t k, oc_answer *answer, oc_error *err) {
    oc_status status = oc__check_pointer(list, "list", err);
    if (status) return status;
    if (index >= list->n) return oc__fail(err, OC_E_NOT_FOUND, "prediction %zu is out of range, there are %zu", index, list->n);
    const oc__predicted *item = &list->items[index];
    if (k >= item->info.n_answers)
        return oc__fail(err, OC_E_NOT_FOUND, "answer %zu is out of range, there are %u", k, item->info.n_answers);
    const oc_answer *known = &list->answers[item->first_answer + k];
    return oc__struct_write(answer, known, sizeof *known, sizeof *known, "oc_answer", err);
}

oc_status oc_project_promote_predictions(oc_project *project, const char *const *ids, size_t n, const oc_labels *labels,
                                         oc_error *err) {
    oc_labels known = OC_LABELS_INIT;
    oc_status status = oc__check_pointer(project, "project", err);
    if (!status && n) status = oc__check_pointer(ids, "ids", err);
    if (!status && labels) status = oc__struct_read(&known, sizeof known, sizeof known, labels, "oc_labels", err);
    return status ? status : oc__project_promote_predictions(project, ids, n, &known, err);
}

oc_status oc_project_delete_predictions(oc_project *project, const char *const *ids, size_t n, oc_error *err) {
    oc_status status = oc__check_pointer(project, "project", err);
    if (!status && n) status = oc__check_pointer(ids, "ids", err);
    return status ? status : oc__project_delete_predictions(project, ids, n, err);
}
