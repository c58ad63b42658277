/* What the cloud service knows of a project besides its pictures and tags. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "file.h"
#include "service_http.h"
#include "uuid.h"

#define TAKE 100 /* pictures a page */
#define MAX_MODEL_BYTES (1ull << 30)

typedef struct archive {
    oc__service *service;
    oc_context *context;
    const char *folder;
    oc_archive *summary;
} archive;

/* The path of a file in the archive; the caller frees it. Its folder is made. */
static oc_status place(char **out, const archive *a, const char *name, oc_error *err) {
    char *path = oc__path_join(a->context, a->folder, name), *slash = path ? strrchr(path, '/') : NULL;
    oc_status status = path ? OC_OK : oc__fail_nomem(err, a->context, 4096, "the archive");
    if (slash) {
        *slash = 0;
        status = oc__folder_make(a->context, path, err);
        *slash = '/';
    }
    if (status)
        oc__free(a->context, path);
    else
        *out = path;
    return status;
}

static oc_status put(const archive *a, const char *name, const void *data, size_t size, oc_error *err) {
    char *path;
    oc_status status = place(&path, a, name, err);
    if (status) return status;
    status = oc__file_replace(a->context, path, data, size, err);
    oc__free(a->context, path);
    return status;
}

static oc_status put_json(const archive *a, const char *name, const json_t *value, oc_error *err) {
    char *text = json_dumps(value, JSON_INDENT(1));
    if (!text) return oc__fail_nomem(err, a->context, 4096, "the archive");
    oc_status status = put(a, name, text, strlen(text), err);
    free(text);
    return status;
}

static bool is_there(const archive *a, const char *name) {
    char *path = oc__path_join(a->context, a->folder, name);
    bool there = path && oc__path_exists(path);
    oc__free(a->context, path);
    return there;
}

/* What the service does not give (for instance the figures of an iteration that failed) is counted and told of. */
static oc_status pass_over(archive *a, oc_status status, const oc_error *why, oc_error *err) {
    bool refused = a->service->code >= 400 && a->service->code < 500 && a->service->code != 401 && a->service->code != 403;
    if (!refused) return oc__fail(err, status, "%s", why->message);
    oc__log(a->context, OC_LOG_WARNING, "left out: %s", why->message);
    a->summary->n_missing++;
    return OC_OK;
}

/* Keeps the answer at projects/PROJECT/path as `name`. *out (or NULL) receives it, NULL if there is none. */
static oc_status keep(json_t **out, archive *a, const char *path, const char *name, oc_error *err) {
    char whole[400];
    json_t *value = NULL;
    oc_error why = OC_ERROR_INIT;
    if (out) *out = NULL;
    snprintf(whole, sizeof whole, "projects/%s%s", a->service->project, path);
    oc_status status = oc__service_json(&value, a->service, whole, NULL, &why);
    if (status) return pass_over(a, status, &why, err);
    status = put_json(a, name, value, err);
    if (out && !status)
        *out = value;
    else
        json_decref(value);
    return status;
}

/* Keeps the file at an address, unless it is there already. */
static oc_status keep_file(uint64_t *n, archive *a, const char *uri, const char *name, uint64_t max_size, oc_error *err) {
    uint8_t *data = NULL;
    size_t size;
    if (is_there(a, name)) {
        ++*n;
        return OC_OK;
    }
    oc_status status = oc__service_file(&data, &size, a->service, uri, max_size, err);
    if (!status && data) {
        status = put(a, name, data, size, err);
        ++*n;
    } else if (!status) {
        a->summary->n_missing++;
    }
    oc__free(a->context, data);
    return status;
}

/* Letters and digits alone, so that it is safe as part of a file's name. */
static bool is_plain(const char *text) {
    return text && text[0] && strlen(text) < 40 &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") == strlen(text);
}

/* The models that were exported. */
static oc_status keep_models(archive *a, const char *iteration, oc_error *err) {
    char path[200], name[200];
    json_t *exports;
    snprintf(path, sizeof path, "/iterations/%s/export", iteration);
    snprintf(name, sizeof name, "iterations/%s/exports.json", iteration);
    oc_status status = keep(&exports, a, path, name, err);
    for (size_t i = 0; i < json_array_size(exports) && !status; i++) {
        const json_t *one = json_array_get(exports, i);
        const char *platform = oc__json_text(one, "platform"), *flavor = oc__json_text(one, "flavor");
        const char *state = oc__json_text(one, "status"), *uri = oc__json_text(one, "downloadUri");
        if (!uri || !is_plain(platform) || (flavor && flavor[0] && !is_plain(flavor)) || !state || strcmp(state, "Done") != 0)
            continue;
        bool named = flavor && flavor[0];
        snprintf(name, sizeof name, "iterations/%s/%s%s%s.zip", iteration, platform, named ? "-" : "", named ? flavor : "");
        status = keep_file(&a->summary->n_models, a, uri, name, MAX_MODEL_BYTES, err);
    }
    json_decref(exports);
    return status;
}

/* What the iteration answers on the project's own pictures. */
static oc_status keep_answers(archive *a, const char *iteration, oc_error *err) {
    char path[300], name[200];
    json_t *all = json_array(), *page = NULL;
    oc_error why = OC_ERROR_INIT;
    oc_status status = all ? OC_OK : oc__fail_nomem(err, a->context, 4096, "the archive");
    for (size_t skip = 0, n = 1; n && !status; skip += n) {
        snprintf(path, sizeof path, "projects/%s/iterations/%s/performance/images?orderBy=Oldest&take=%d&skip=%zu",
                 a->service->project, iteration, TAKE, skip);
        status = oc__service_json(&page, a->service, path, NULL, &why);
        if (status) {
            status = pass_over(a, status, &why, err);
            break;
        }
        n = json_array_size(page);
        if (json_array_extend(all, page) && n) status = oc__fail_nomem(err, a->context, 4096, "the archive");
        json_decref(page);
        a->summary->n_answers += n;
    }
    snprintf(name, sizeof name, "iterations/%s/answers.json", iteration);
    if (!status) status = put_json(a, name, all, err);
    json_decref(all);
    return status;
}

static oc_status keep_iteration(archive *a, const json_t *iteration, oc_error *err) {
    char path[200], name[200];
    const char *id = oc__json_text(iteration, "id"), *state = oc__json_text(iteration, "status");
    if (!id || !oc__uuid_valid(id) || !state || strcmp(state, "Completed") != 0) return OC_OK;
    snprintf(path, sizeof path, "/iterations/%s/performance?threshold=0.5&overlapThreshold=0.3", id);
    snprintf(name, sizeof name, "iterations/%s/performance.json", id);
    oc_status status = keep(NULL, a, path, name, err);
    if (!status) status = keep_answers(a, id, err);
    if (!status) status = keep_models(a, id, err);
    a->summary->n_iterations += !status;
    return status;
}

/* The predictions that the service has stored, with their pictures. */
static oc_status keep_predictions(archive *a, oc_error *err) {
    char path[200], name[200];
    json_t *all = json_array(), *token = json_pack("{s:s, s:i}", "orderBy", "Oldest", "maxCount", TAKE), *page = NULL;
    oc_error why = OC_ERROR_INIT;
    oc_status status = all && token ? OC_OK : oc__fail_nomem(err, a->context, 4096, "the archive");
    snprintf(path, sizeof path, "projects/%s/predictions/query", a->service->project);
    for (bool more = true; more && !status; json_decref(page), page = NULL) {
        char *body = json_dumps(token, JSON_COMPACT);
        if (!body) status = oc__fail_nomem(err, a->context, 4096, "the archive");
        if (!status && (status = oc__service_json(&page, a->service, path, body, &why))) {
            status = pass_over(a, status, &why, err);
            more = false;
        }
        free(body);
        const json_t *results = json_object_get(page, "results");
        for (size_t i = 0; i < json_array_size(results) && !status; i++) {
            json_t *one = json_array_get(results, i);
            const char *id = oc__json_text(one, "id"), *uri = oc__json_text(one, "originalImageUri");
            if (json_array_append(all, one)) status = oc__fail_nomem(err, a->context, 4096, "the archive");
            if (status || !id || !oc__uuid_valid(id) || !uri) continue;
            snprintf(name, sizeof name, "predictions/%s.jpg", id);
            status = keep_file(&a->summary->n_predictions, a, uri, name, a->context->limits.image_bytes, err);
        }
        json_t *next = json_object_get(page, "token");
        const char *continuation = oc__json_text(next, "continuation");
        more = more && json_array_size(results) && continuation && continuation[0];
        if (more) {
            json_decref(token);
            token = json_incref(next);
        }
    }
    if (!status) status = put_json(a, "predictions.json", all, err);
    json_decref(all);
    json_decref(token);
    return status;
}

oc_status oc__service_archive(oc_archive *summary, oc__service *service, const char *folder, oc_error *err) {
    archive a = {service, service->context, folder, summary};
    json_t *iterations = NULL;
    oc__progress_stage(service->progress, "archiving", 0, 1, 1);
    oc_status status = keep(NULL, &a, "", "project.json", err);
    if (!status) status = keep(NULL, &a, "/tags", "tags.json", err);
    if (!status) status = keep(&iterations, &a, "/iterations", "iterations.json", err);
    size_t n = json_array_size(iterations);
    oc__progress_stage(service->progress, "archiving", 0, 0.7, n);
    for (size_t i = 0; i < n && !status; i++) {
        status = keep_iteration(&a, json_array_get(iterations, i), err);
        if (!status && !oc__progress_step(service->progress, 1, 0)) status = oc__progress_status(service->progress, err);
    }
    json_decref(iterations);
    oc__progress_stage(service->progress, "archiving predictions", 0.7, 1, 1);
    return status ? status : keep_predictions(&a, err);
}
