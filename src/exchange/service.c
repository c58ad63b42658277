/* The cloud service's projects, through its REST interface (training, version 3.3). SPDX-License-Identifier: MIT */
#include "service_http.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "text.h"
#include "uuid.h"

#define MAX_ANSWER_BYTES OC__MAX_OBJECT_BYTES
#define MAX_TRIES 9       /* if the service asks for patience or has a fault */
#define MAX_CONNECTIONS 3 /* if there is no answer at all */
#define MAX_WAIT 120.0    /* seconds, whatever the service asks for */
#define TAKE 100          /* pictures a page */

const bool oc__service_present = true;

/* What comes in of one answer. */
typedef struct answer {
    oc__buffer bytes;
    uint64_t max_size;
    bool too_large;
} answer;

static size_t take_bytes(char *data, size_t size, size_t n, void *user) {
    answer *a = user;
    a->too_large = a->too_large || size * n > a->max_size - a->bytes.size;
    if (a->too_large) return 0;
    oc__buffer_append(&a->bytes, data, size * n);
    return a->bytes.failed ? 0 : size * n;
}

static int go_on(void *user, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    (void)a, (void)b, (void)c, (void)d;
    return !oc__progress_step(user, 0, 0);
}

static bool is_web(const char *url) { return strncmp(url, "https://", 8) == 0 || strncmp(url, "http://", 7) == 0; }

oc_status oc__service_open(oc__service **out, oc_context *context, const oc_service *service, oc__progress *progress,
                           oc_error *err) {
    oc__service *made = NULL;
    oc__buffer text = {.context = context};
    oc_status status = OC_OK;
    size_t size = strlen(service->endpoint);
    *out = NULL;
    while (size && service->endpoint[size - 1] == '/') size--;
    if (!is_web(service->endpoint))
        return oc__fail(err, OC_E_ARGUMENT, "'%.100s' is no address of the service's", service->endpoint);
    if (!oc__uuid_valid(service->project))
        return oc__fail(err, OC_E_ARGUMENT, "'%.100s' is no identifier of a project", service->project);
    if (!oc__tag_valid(service->key)) return oc__fail(err, OC_E_ARGUMENT, "the key has characters that no key has");
    if (!(made = oc__alloc_zero(context, sizeof *made))) return oc__fail_nomem(err, context, sizeof *made, "the service");
    made->context = context;
    made->progress = progress;
    snprintf(made->id, sizeof made->id, "%s", service->project);
    made->project = made->id;
    oc__buffer_append(&text, service->endpoint, size);
    oc__append(&text, "/customvision/v3.3/training");
    oc__buffer_append(&text, "", 1);
    if (!text.failed) made->root = oc__strdup(context, (const char *)text.data);
    text.size = 0;
    oc__append(&text, "Training-Key: ");
    oc__append(&text, service->key);
    oc__buffer_append(&text, "", 1);
    if (made->root && (made->endpoint = oc__strdup(context, made->root))) made->endpoint[size] = 0;
    if (!text.failed) made->headers = curl_slist_append(NULL, (const char *)text.data);
    made->curl = curl_easy_init();
    if (!made->endpoint || !made->headers || !made->curl) status = oc__fail_nomem(err, context, 4096, "the service");
    oc__buffer_free(&text);
    if (status)
        oc__service_close(made);
    else
        *out = made;
    return status;
}

void oc__service_close(oc__service *service) {
    if (!service) return;
    if (service->curl) curl_easy_cleanup(service->curl);
    curl_slist_free_all(service->headers);
    oc__free(service->context, service->endpoint);
    oc__free(service->context, service->root);
    oc__free(service->context, service);
}

/* An address without what follows '?', which may be a signature. */
static const char *shown(char out[200], const char *url) {
    snprintf(out, 200, "%.*s", (int)strcspn(url, "?"), url);
    return out;
}

/* "message" of an answer that is a failure; "" if there is none. */
static void take_message(char out[120], const answer *a) {
    json_t *said = json_loadb((const char *)a->bytes.data, a->bytes.size, JSON_REJECT_DUPLICATES, NULL);
    const char *message = said ? oc__json_text(said, "message") : NULL;
    snprintf(out, 120, "%s", message ? message : "");
    json_decref(said);
}

/* One try. *code is the answer's, 0 if there was none; *wait what it asks for, in seconds. */
static oc_status try_once(long *code, double *wait, answer *a, oc__service *service, const char *url, bool own, const char *body,
                          oc_error *err) {
    char place[200], why[CURL_ERROR_SIZE] = "";
    CURL *curl = service->curl;
    curl_off_t after = 0;
    *code = 0;
    *wait = 0;
    a->bytes.size = 0;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, own ? 0L : 1L); /* the key is sent nowhere else */
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 5L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 30L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 100L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 60L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, a);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, go_on);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, service->progress);
    if (own) curl_easy_setopt(curl, CURLOPT_HTTPHEADER, service->headers);
    if (body) curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    CURLcode done = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, code);
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &after);
    *wait = (double)after;
    if (done == CURLE_OK) return OC_OK;
    *code = 0;
    if (a->too_large)
        return oc__fail(err, OC_E_LIMIT, "%s: has more than %llu bytes", shown(place, url), (unsigned long long)a->max_size);
    if (a->bytes.failed || done == CURLE_OUT_OF_MEMORY)
        return oc__fail_nomem(err, service->context, a->bytes.size, shown(place, url));
    if (done == CURLE_ABORTED_BY_CALLBACK) return oc__progress_status(service->progress, err);
    return oc__fail(err, OC_E_IO, "%s: %s", shown(place, url), why[0] ? why : curl_easy_strerror(done));
}

/* Waits, but not past the moment at which the work is to stop. */
static oc_status wait_for(oc__service *service, double seconds, oc_error *err) {
    for (double until = oc__now() + seconds; oc__now() < until; oc__sleep(0.05))
        if (!oc__progress_step(service->progress, 0, 0)) return oc__progress_status(service->progress, err);
    return OC_OK;
}

/* Gets what lies at an address, or what it answers to `body` (or NULL), which is JSON. `own`: it is the service's itself, which is
 * to be told the key. A failure that may pass is tried again, each time after a longer wait. */
static oc_status get(answer *a, oc__service *service, const char *url, bool own, const char *body, oc_error *err) {
    char place[200], message[120];
    double pause = 1;
    for (int tries = 1;; tries++, pause *= 2) {
        long code;
        double wanted;
        oc_error reason = OC_ERROR_INIT;
        oc_status status = try_once(&code, &wanted, a, service, url, own, body, &reason);
        service->code = code;
        if (!status && code >= 200 && code < 300) return OC_OK;
        bool may_pass = code == 429 || code >= 500 || (status == OC_E_IO && code == 0);
        if (status && !may_pass) return oc__fail(err, status, "%s", reason.message);
        if (!status) {
            take_message(message, a);
            status = oc__fail(&reason, code == 404 ? OC_E_NOT_FOUND : OC_E_IO, "%s: answered %ld%s%s", shown(place, url), code,
                              message[0] ? ": " : "", message);
        }
        if (!may_pass || tries == (code == 0 ? MAX_CONNECTIONS : MAX_TRIES)) return oc__fail(err, status, "%s", reason.message);
        oc__log(service->context, OC_LOG_INFO, "%s; trying again", reason.message);
        if (wanted > MAX_WAIT) wanted = MAX_WAIT;
        if ((status = wait_for(service, wanted > 0 ? wanted : pause, err))) return status;
    }
}

oc_status oc__service_json(json_t **out, oc__service *service, const char *path, const char *body, oc_error *err) {
    char url[2048], place[200];
    answer a = {.bytes = {.context = service->context}, .max_size = MAX_ANSWER_BYTES};
    json_error_t fault;
    *out = NULL;
    if (snprintf(url, sizeof url, "%s/%s", service->root, path) >= (int)sizeof url)
        return oc__fail(err, OC_E_ARGUMENT, "the service's address is longer than 2000 bytes");
    oc_status status = get(&a, service, url, true, body, err);
    if (!status &&
        !(*out = json_loadb((const char *)a.bytes.data, a.bytes.size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &fault)))
        status = oc__fail(err, OC_E_CORRUPT, "%s: %s", shown(place, url), fault.text);
    oc__buffer_free(&a.bytes);
    return status;
}

static oc_status read_kind(uint32_t *kind, char domain_id[OC_ID_SIZE], oc__service *service, oc_error *err) {
    char path[160];
    json_t *project = NULL, *domain = NULL;
    snprintf(path, sizeof path, "projects/%s", service->project);
    oc_status status = oc__service_json(&project, service, path, NULL, err);
    const json_t *settings = json_object_get(project, "settings");
    const char *id = oc__json_text(settings, "domainId"), *type = oc__json_text(settings, "classificationType");
    if (!status && (!id || !oc__uuid_valid(id)))
        status = oc__fail(err, OC_E_CORRUPT, "the service does not say of which domain the project is");
    if (!status) {
        snprintf(domain_id, OC_ID_SIZE, "%s", id);
        snprintf(path, sizeof path, "domains/%s", id);
        status = oc__service_json(&domain, service, path, NULL, err);
    }
    const char *what = oc__json_text(domain, "type");
    bool detects = what && strcmp(what, "ObjectDetection") == 0, one = type && strcmp(type, "Multiclass") == 0;
    *kind = detects ? OC_PROJECT_DETECTION : one ? OC_PROJECT_MULTICLASS : OC_PROJECT_MULTILABEL;
    json_decref(project);
    json_decref(domain);
    return status;
}

static oc_status read_tags(oc__service *service, oc__annotations *set, oc_error *err) {
    static const char *const types[] = {"Negative", "GeneralProduct"};
    char path[160];
    json_t *tags = NULL;
    snprintf(path, sizeof path, "projects/%s/tags", service->project);
    oc_status status = oc__service_json(&tags, service, path, NULL, err);
    for (size_t i = 0; i < json_array_size(tags) && !status; i++) {
        const json_t *tag = json_array_get(tags, i);
        const char *name = oc__json_text(tag, "name"), *type = oc__json_text(tag, "type");
        uint32_t number;
        if (!name) continue;
        status = oc__annotations_tag(&number, set, name, "the service", err);
        if (status || number == OC__NO_TAG) continue;
        for (uint32_t k = 0; type && k < 2; k++)
            if (strcmp(type, types[k]) == 0) set->tags[number].type = OC_TAG_NEGATIVE + k;
        status = oc__annotations_keep(&set->tags[number].description, set, oc__json_text(tag, "description"), err);
    }
    json_decref(tags);
    return status;
}

oc_status oc__service_project(uint32_t *kind, char domain[OC_ID_SIZE], size_t *n_pictures, oc__service *service,
                              oc__annotations *set, oc_error *err) {
    char path[160];
    json_t *count = NULL;
    snprintf(path, sizeof path, "projects/%s/images/count", service->project);
    oc_status status = read_kind(kind, domain, service, err);
    if (!status) status = oc__service_json(&count, service, path, NULL, err);
    *n_pictures = json_integer_value(count) > 0 ? (size_t)json_integer_value(count) : 0;
    json_decref(count);
    return status ? status : read_tags(service, set, err);
}

static oc_status take_mark(oc__annotations *set, uint32_t picture, const json_t *element, bool box, size_t place,
                           oc_error *err) {
    static const char *const sides[] = {"left", "top", "width", "height"};
    const char *name = oc__json_text(element, "tagName");
    oc__mark mark = {.picture = picture, .place = (uint32_t)place, .kind = box ? OC__MARK_BOX : OC__MARK_TAG};
    if (!name || (box && !oc__json_numbers(mark.box, element, sides, 4)))
        return oc__note(set->report, OC_NOTE_LEFT_OUT, "the service gives a tag without a name, or a box without four numbers",
                        err, "%s", set->pictures[picture].path);
    oc_status status = oc__annotations_tag(&mark.tag, set, name, set->pictures[picture].path, err);
    return status ? status : oc__annotations_add(set, &mark, err);
}

static oc_status take_picture(oc__annotations *set, const json_t *element, uint32_t kind, oc_error *err) {
    const char *id = oc__json_text(element, "id"), *uri = oc__json_text(element, "originalImageUri");
    const json_t *marks = json_object_get(element, kind == OC_PROJECT_DETECTION ? "regions" : "tags");
    uint32_t picture;
    bool is_new;
    if (!id || !oc__uuid_valid(id) || !uri)
        return oc__note(set->report, OC_NOTE_LEFT_OUT, "the service gives a picture without identifier or address", err, "%s",
                        id ? id : "?");
    oc_status status = oc__annotations_picture(&picture, &is_new, set, id, "the service", err);
    if (status || !is_new) return status;
    status = oc__annotations_keep(&set->pictures[picture].uri, set, uri, err);
    if (!status) status = oc__json_metadata(set, json_object_get(element, "metadata"), err);
    for (size_t i = 0; i < json_array_size(marks) && !status; i++)
        status = take_mark(set, picture, json_array_get(marks, i), kind == OC_PROJECT_DETECTION, i, err);
    return status;
}

oc_status oc__service_page(size_t *n, oc__service *service, oc__annotations *set, size_t skip, uint32_t kind, oc_error *err) {
    char path[200];
    json_t *page = NULL;
    snprintf(path, sizeof path, "projects/%s/images?orderBy=Oldest&take=%d&skip=%zu", service->project, TAKE, skip);
    oc_status status = oc__service_json(&page, service, path, NULL, err);
    *n = json_array_size(page);
    for (size_t i = 0; i < *n && !status; i++) status = take_picture(set, json_array_get(page, i), kind, err);
    json_decref(page);
    return status;
}

oc_status oc__service_file(uint8_t **data, size_t *size, oc__service *service, const char *uri, uint64_t max_size, oc_error *err) {
    answer a = {.bytes = {.context = service->context}, .max_size = max_size};
    oc__buffer url = {.context = service->context};
    bool own = !is_web(uri); /* in a private network addresses are relative */
    oc_error reason = OC_ERROR_INIT;
    *data = NULL;
    *size = 0;
    if (own) oc__append(&url, service->endpoint);
    if (own && uri[0] != '/') oc__append(&url, "/");
    oc__append(&url, uri);
    oc__buffer_append(&url, "", 1);
    oc_status status = url.failed ? oc__fail_nomem(&reason, service->context, url.size, "an address")
                                  : get(&a, service, (const char *)url.data, own, NULL, &reason);
    oc__buffer_free(&url);
    if (status == OC_E_NOT_FOUND || status == OC_E_LIMIT) {
        oc__log(service->context, OC_LOG_WARNING, "%s", reason.message);
        status = OC_OK;
    } else if (status) {
        oc__fail(err, status, "%s", reason.message);
    } else {
        *data = a.bytes.data;
        *size = a.bytes.size;
        return OC_OK;
    }
    oc__buffer_free(&a.bytes);
    return status;
}

oc_status oc__service_picture(uint8_t **data, size_t *size, oc__service *service, const char *uri, oc_error *err) {
    return oc__service_file(data, size, service, uri, service->context->limits.image_bytes, err);
}
