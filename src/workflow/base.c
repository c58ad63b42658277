/* Finding, storing and removing base networks. SPDX-License-Identifier: MIT */
#include "base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cut.h"
#include "file.h"
#include "hash.h"
#include "memory.h"
#include "ocm.h"

#define ENDING ".ocm"
#define SUM_ENDING ".sha256"
#define ONNX_ENDING ".onnx"
#define MAX_NAME 64
#define N_BASE_OUTPUTS (1 + OC__N_LEVELS) /* features and maps */

/* The bytes of base/compact.ocm, by builtin_base.S. */
extern const uint8_t oc__builtin_base_begin[], oc__builtin_base_end[];

static size_t builtin_size(void) { return (size_t)(oc__builtin_base_end - oc__builtin_base_begin); }

static bool ends_in(const char *text, const char *ending) {
    size_t n = strlen(text), m = strlen(ending);
    return n >= m && strcmp(text + n - m, ending) == 0;
}

/* Letters, digits, '.', '_' and '-', the first a letter or digit: safe as a file's name everywhere. */
static bool name_valid(const char *name) {
    size_t n = strlen(name);
    if (n < 1 || n > MAX_NAME || strchr("._-", name[0]) || ends_in(name, ENDING)) return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n;
}

static bool is_path(const char *name) { return strchr(name, '/') || ends_in(name, ENDING); }

static oc_status user_folder(char **out, oc_context *context, oc_error *err) {
    return oc__user_folder(out, context, "ocellus/base", "OCELLUS_BASE_PATH", err);
}

/* Where the library's own files lie; OCELLUS_INSTALLED_BASE_PATH stands for it where the library is used without having been
 * installed, and is empty where what is installed shall not matter. */
static const char *installed_folder(void) {
    const char *wanted = getenv("OCELLUS_INSTALLED_BASE_PATH");
    return wanted ? wanted : OC_BASE_FOLDER;
}

/* "folder/name.ocm" with `more` behind it; NULL if there is no memory. */
static char *file_path(oc_context *context, const char *folder, const char *name, const char *more) {
    char file[MAX_NAME + 32];
    snprintf(file, sizeof file, "%.64s%s%s", name, ENDING, more);
    return oc__path_join(context, folder, file);
}

/* --- listing --- */

void oc__base_list_free(oc__base_list *list) {
    for (size_t i = 0; i < list->n; i++) {
        oc__free(list->context, list->entries[i].name);
        oc__free(list->context, list->entries[i].path);
    }
    if (list->context) oc__free(list->context, list->entries);
    *list = (oc__base_list){0};
}

static const oc__base_entry *find_entry(const oc__base_list *list, const char *name) {
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->entries[i].name, name) == 0) return &list->entries[i];
    return NULL;
}

/* The checksum written down beside a file: 64 digits, then a blank and the name. "" if there is none. */
static oc_status read_checksum(char out[65], oc_context *context, const char *path, oc_error *err) {
    size_t size = strlen(path) + sizeof SUM_ENDING, n = 0;
    char *beside = oc__alloc(context, size), text[66] = "";
    out[0] = 0;
    if (!beside) return oc__fail_nomem(err, context, size, path);
    snprintf(beside, size, "%s%s", path, SUM_ENDING);
    oc_error error = OC_ERROR_INIT;
    oc_status status = oc__file_head(text, 65, &n, context, beside, &error);
    if (status == OC_E_NOT_FOUND) status = OC_OK;
    else if (status) oc__fail(err, status, "%s", error.message);
    else if (n < 64 || strspn(text, "0123456789abcdef") != 64)
        status = oc__fail(err, OC_E_CORRUPT, "%s: holds no checksum", beside);
    else snprintf(out, 65, "%.64s", text);
    oc__free(context, beside);
    return status;
}

static oc_status add_entry(oc__base_list *list, uint32_t place, const char *folder, const char *name, oc_error *err) {
    oc_context *context = list->context;
    oc__base_entry entry = {.place = place, .n_bytes = builtin_size()};
    oc_error error = OC_ERROR_INIT;
    oc_status status = oc__reserve(&list->entries, &list->capacity, list->n, sizeof entry, context, err);
    if (status) return status;
    entry.name = oc__strdup(context, name);
    entry.path = folder ? file_path(context, folder, name, "") : NULL;
    if (!entry.name || (folder && !entry.path)) status = oc__fail_nomem(err, context, strlen(name), "base networks");
    if (!status && !folder) oc__sha256_of(entry.sha256, oc__builtin_base_begin, builtin_size());
    if (!status && folder) {
        uint64_t size = 0; /* a file that cannot be looked at is listed all the same, and opening it says why */
        if (oc__file_size(&size, context, entry.path, &error) == OC_E_NOMEM
            || read_checksum(entry.sha256, context, entry.path, &error) == OC_E_NOMEM)
            status = oc__fail(err, OC_E_NOMEM, "%s", error.message);
        entry.n_bytes = size;
    }
    list->entries[list->n++] = entry;
    return status;
}

/* Every NAME.ocm of a folder whose name is not listed yet. */
static oc_status list_folder(oc__base_list *list, uint32_t place, const char *folder, oc_error *err) {
    oc__entry *files = NULL;
    size_t n = 0;
    oc_error error = OC_ERROR_INIT;
    oc_status status = oc__folder_list(&files, &n, list->context, folder, &error);
    if (status == OC_E_NOT_FOUND) return OC_OK;
    if (status) return oc__fail(err, status, "%s", error.message);
    for (size_t i = 0; i < n && !status; i++) {
        char *name = files[i].name;
        if (!files[i].is_file || !ends_in(name, ENDING)) continue;
        name[strlen(name) - strlen(ENDING)] = 0;
        if (name_valid(name) && !find_entry(list, name)) status = add_entry(list, place, folder, name, err);
    }
    oc__entries_free(files, n, list->context);
    return status;
}

oc_status oc__base_list_all(oc__base_list *out, oc_context *context, oc_error *err) {
    oc__base_list list = {.context = context};
    char *folder = NULL;
    oc_error error = OC_ERROR_INIT;
    oc_status status = add_entry(&list, OC_BASE_BUILTIN, NULL, OC__BUILTIN_BASE, err);
    if (!status) {
        status = user_folder(&folder, context, &error);
        if (status == OC_E_NOT_FOUND) status = OC_OK; /* no home, no bases there */
        else if (status) oc__fail(err, status, "%s", error.message);
    }
    if (!status && folder) status = list_folder(&list, OC_BASE_USER, folder, err);
    if (!status && installed_folder()[0]) status = list_folder(&list, OC_BASE_INSTALLED, installed_folder(), err);
    oc__free(context, folder);
    if (status) oc__base_list_free(&list);
    else *out = list;
    return status;
}

/* --- opening --- */

/* How a base is opened. */
typedef struct opening {
    oc_context *context;
    oc_model **detector; /* where the detector that it brings goes; NULL: it is not wanted */
} opening;

/* A part of a base's network as a model. */
static oc_status part_of(oc_model **out, const oc_model *base, uint32_t first, uint32_t n, uint32_t kind, oc_error *err) {
    static const char *const object = OC__OBJECT_TAG;
    oc_model *part = NULL;
    oc_status status = oc__model_create(&part, base->context, err);
    if (status) return status;
    part->kind = kind;
    part->rule = base->rule;
    if (kind == OC__KIND_DETECTION) {
        part->rule.width = part->rule.height = OC__DETECTOR_SIDE;
        part->rule.resize = OC__RESIZE_SQUASH;
        status = oc__model_set_tags(part, &object, 1, err);
    }
    if (!status) status = oc__graph_cut(&part->graph, &base->graph, base->graph.outputs + first, n, err);
    if (!status) status = oc__model_copy_properties(part, base, err);
    if (!status) status = oc__model_finish(part, err);
    if (status) oc__model_release(part);
    else *out = part;
    return status;
}

/* Takes the detector that a base's file brings out of it: outputs 4 to 6 behind the features and the maps. */
static oc_status take_detector(oc_model **base, const opening *how, oc_error *err) {
    oc_model *rest = NULL;
    if (how->detector) *how->detector = NULL;
    if ((*base)->graph.n_outputs != N_BASE_OUTPUTS + OC__N_LEVELS || !oc__model_property(*base, "detector")) return OC_OK;
    oc_status status = part_of(&rest, *base, 0, N_BASE_OUTPUTS, OC__KIND_BASE, err);
    if (!status && how->detector) status = part_of(how->detector, *base, N_BASE_OUTPUTS, OC__N_LEVELS, OC__KIND_DETECTION, err);
    if (status) {
        oc__model_release(rest);
        return status;
    }
    oc__model_release(*base);
    *base = rest;
    return OC_OK;
}

/* A base from its file's bytes, with the properties that say where it came from. */
static oc_status open_bytes(oc_model **out, const opening *how, const uint8_t *data, size_t size, const char *shown,
                            const char *name, const char *expected, oc_error *err) {
    oc_model *base = NULL;
    char hex[65];
    oc__sha256_of(hex, data, size);
    if (expected[0] && strcmp(expected, hex) != 0)
        return oc__fail(err, OC_E_CORRUPT,
                        "%s: its checksum is %.12s..., but %.12s... is written down beside it: the file was changed", shown,
                        hex, expected);
    oc_status status = oc__ocm_read(&base, how->context, data, size, shown, err);
    if (!status && base->kind != OC__KIND_BASE)
        status = oc__fail(err, OC_E_ARGUMENT, "%s: is a trained model, not a base network", shown);
    if (!status && name && !oc__model_property(base, "name")) status = oc__model_set_property(base, "name", name, err);
    if (!status) status = oc__model_set_property(base, "sha256", hex, err);
    if (!status) status = take_detector(&base, how, err);
    if (status) oc__model_release(base);
    else *out = base;
    return status;
}

static oc_status open_file(oc_model **out, const opening *how, const char *path, const char *name, oc_error *err) {
    oc_context *context = how->context;
    oc__mapping file;
    char expected[65];
    oc_status status = read_checksum(expected, context, path, err);
    if (!status) status = oc__file_map(&file, context, path, context->limits.model_bytes, "max_model_bytes", err);
    if (status) return status;
    status = open_bytes(out, how, file.data, file.size, path, name, expected, err);
    oc__file_unmap(&file);
    return status;
}

static oc_status needs_import(const char *name, oc_error *err) {
    return oc__fail(err, OC_E_ARGUMENT, "%s: is an ONNX network; import it ('ocellus base import'), then give the base's name",
                    name);
}

static oc_status no_such_base(const oc__base_list *list, const char *name, oc_error *err) {
    char names[160] = "";
    if (ends_in(name, ONNX_ENDING)) return needs_import(name, err);
    for (size_t i = 0; i < list->n; i++) {
        size_t n = strlen(names);
        snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "", list->entries[i].name);
    }
    return oc__fail(err, OC_E_NOT_FOUND, "there is no base network '%.64s'; there are: %s", name, names);
}

static oc_status open_builtin(oc_model **out, const opening *how, oc_error *err) {
    return open_bytes(out, how, oc__builtin_base_begin, builtin_size(), "built-in base", OC__BUILTIN_BASE, "", err);
}

/* The best of the library's own bases. A base of the user's does not come in by its name alone. */
static oc_status open_best(oc_model **out, const opening *how, oc_error *err) {
    oc_context *context = how->context;
    char *path = installed_folder()[0] ? file_path(context, installed_folder(), OC__INSTALLED_BASE, "") : NULL;
    oc_error error = OC_ERROR_INIT;
    uint64_t size;
    if (installed_folder()[0] && !path) return oc__fail_nomem(err, context, strlen(installed_folder()), OC__INSTALLED_BASE);
    oc_status status = path ? oc__file_size(&size, context, path, &error) : OC_E_NOT_FOUND;
    if (status == OC_E_NOT_FOUND) status = open_builtin(out, how, err);
    else if (status) oc__fail(err, status, "%s", error.message);
    else status = open_file(out, how, path, OC__INSTALLED_BASE, err);
    oc__free(context, path);
    return status;
}

oc_status oc__base_open(oc_model **out, oc_context *context, const char *name, oc_error *err) {
    return oc__base_open_both(out, NULL, context, name, err);
}

oc_status oc__base_open_both(oc_model **out, oc_model **detector, oc_context *context, const char *name, oc_error *err) {
    const opening how = {context, detector};
    oc__base_list list;
    *out = NULL;
    if (detector) *detector = NULL;
    if (strcmp(name, OC__BEST_BASE) == 0) return open_best(out, &how, err);
    if (strcmp(name, OC__BUILTIN_BASE) == 0) return open_builtin(out, &how, err);
    if (is_path(name)) return ends_in(name, ONNX_ENDING) ? needs_import(name, err) : open_file(out, &how, name, NULL, err);
    oc_status status = oc__base_list_all(&list, context, err);
    if (status) return status;
    const oc__base_entry *entry = find_entry(&list, name);
    status = entry ? open_file(out, &how, entry->path, name, err) : no_such_base(&list, name, err);
    oc__base_list_free(&list);
    return status;
}

/* Gives the base's nodes, with which a classifier's network begins, the classifier's weights. */
static oc_status copy_weights(oc__graph *graph, const oc__graph *from, oc_error *err) {
    bool same = from->n_nodes > graph->n_nodes;
    for (size_t i = 0; i < graph->n_nodes && same; i++) same = oc__node_take_values(graph, from, i);
    return same ? OC_OK : oc__fail(err, OC_E_DATA, "the model to start from is no classifier on this base network");
}

/* Replaces the caller's reference to a base by one of another side, and with a classifier's weights unless that is NULL. */
static oc_status make_anew(oc_model **base, uint32_t size, const oc_model *classifier, oc_error *err) {
    const oc_model *from = *base;
    oc_model *to = NULL;
    oc_status status = oc__model_create(&to, from->context, err);
    if (status) return status;
    to->kind = from->kind;
    to->rule = from->rule;
    if (size) to->rule.width = to->rule.height = size;
    status = oc__graph_copy(&to->graph, &from->graph, err);
    if (!status && classifier) status = copy_weights(&to->graph, &classifier->graph, err);
    if (!status) status = oc__model_copy_properties(to, from, err);
    if (!status) status = oc__model_finish(to, err);
    if (status) {
        oc__model_release(to);
        return status;
    }
    oc__model_release(*base);
    *base = to;
    return OC_OK;
}

oc_status oc__base_resize(oc_model **base, uint64_t size, oc_error *err) {
    oc_error why = OC_ERROR_INIT;
    if (size % 32 || size < 64)
        return oc__fail(err, OC_E_ARGUMENT, "size is %u, expected 0 or a multiple of 32 from 64 on", (unsigned)size);
    oc_status status = make_anew(base, (uint32_t)size, NULL, &why);
    if (status == OC_E_NOMEM) oc__fail(err, status, "%s", why.message);
    else if (status) status = oc__fail(err, OC_E_ARGUMENT, "size is %u, which this base cannot take: %s", (unsigned)size, why.message);
    return status;
}

oc_status oc__base_take_weights(oc_model **base, const oc_model *classifier, oc_error *err) {
    return make_anew(base, 0, classifier, err);
}

/* --- storing and removing --- */

static oc_status write_checksum(oc_context *context, const char *folder, const char *name, const oc__buffer *file,
                                oc_error *err) {
    char hex[65], line[MAX_NAME + 96], *path = file_path(context, folder, name, SUM_ENDING);
    if (!path) return oc__fail_nomem(err, context, strlen(folder), name);
    oc__sha256_of(hex, file->data, file->size);
    int n = snprintf(line, sizeof line, "%s  %.64s%s\n", hex, name, ENDING);
    oc_status status = oc__file_replace(context, path, line, (size_t)n, err);
    oc__free(context, path);
    return status;
}

/* Whether a base of that name may be written. */
static oc_status check_free(oc_context *context, const char *name, const char *path, bool replace, oc_error *err) {
    uint8_t byte;
    size_t n;
    if (!name_valid(name))
        return oc__fail(err, OC_E_ARGUMENT,
                        "a base cannot be named '%.80s': a name has 1 to %d letters, digits, '.', '_' and '-'", name, MAX_NAME);
    if (strcmp(name, OC__BUILTIN_BASE) == 0)
        return oc__fail(err, OC_E_ARGUMENT, "'%s' is the name of the built-in base; choose another", name);
    if (strcmp(name, OC__INSTALLED_BASE) == 0 || strcmp(name, OC__BEST_BASE) == 0)
        return oc__fail(err, OC_E_ARGUMENT, "'%s' stands for a base of the library's own; choose another name", name);
    if (replace || oc__file_head(&byte, 1, &n, context, path, NULL) == OC_E_NOT_FOUND) return OC_OK;
    return oc__fail(err, OC_E_STATE, "there is a base '%s' already: %s", name, path);
}

oc_status oc__base_store(const oc_model *base, bool replace, oc_error *err) {
    oc_context *context = base->context;
    const char *name = oc__model_property(base, "name");
    char *folder = NULL, *path = NULL;
    oc__buffer file = {.context = context};
    oc_status status;
    if (base->kind != OC__KIND_BASE)
        return oc__fail(err, OC_E_ARGUMENT, "only a base network can be stored, not a trained model");
    if (!name) return oc__fail(err, OC_E_ARGUMENT, "the base has no name");
    status = user_folder(&folder, context, err);
    if (!status && !(path = file_path(context, folder, name, ""))) status = oc__fail_nomem(err, context, strlen(folder), name);
    if (!status) status = check_free(context, name, path, replace, err);
    if (!status) status = oc__ocm_write(&file, base, err);
    if (!status) status = oc__folder_make(context, folder, err);
    if (!status) status = oc__file_replace(context, path, file.data, file.size, err);
    if (!status) status = write_checksum(context, folder, name, &file, err);
    oc__buffer_free(&file);
    oc__free(context, path);
    oc__free(context, folder);
    return status;
}

/* The checksum goes last, so that what is left by a failure in between is no base without one. */
static oc_status remove_files(oc_context *context, const oc__base_entry *entry, oc_error *err) {
    size_t size = strlen(entry->path) + sizeof SUM_ENDING;
    char *sum = oc__alloc(context, size);
    oc_error error = OC_ERROR_INIT;
    if (!sum) return oc__fail_nomem(err, context, size, entry->name);
    snprintf(sum, size, "%s%s", entry->path, SUM_ENDING);
    oc_status status = oc__file_remove(context, entry->path, err);
    if (!status && (status = oc__file_remove(context, sum, &error)) == OC_E_NOT_FOUND) status = OC_OK;
    else if (status && error.code) oc__fail(err, status, "%s", error.message);
    oc__free(context, sum);
    return status;
}

oc_status oc__base_remove(oc_context *context, const char *name, oc_error *err) {
    oc__base_list list;
    oc_status status = oc__base_list_all(&list, context, err);
    if (status) return status;
    const oc__base_entry *entry = find_entry(&list, name);
    if (!entry) status = no_such_base(&list, name, err);
    else if (entry->place == OC_BASE_BUILTIN)
        status = oc__fail(err, OC_E_ARGUMENT, "the base '%s' is built into the library and cannot be removed", name);
    else if (entry->place == OC_BASE_INSTALLED)
        status = oc__fail(err, OC_E_ARGUMENT, "the base '%s' was installed with the library (%s); only your own can be removed",
                          name, entry->path);
    else status = remove_files(context, entry, err);
    oc__base_list_free(&list);
    return status;
}

oc_status oc__base_check(const oc_model *model, const oc_model *base, oc_error *err) {
    const char *wanted = oc__model_property(model, "base_sha256"), *named = oc__model_property(model, "base");
    const char *has = oc__model_property(base, "sha256"), *name = oc__model_property(base, "name");
    if (!wanted || !wanted[0]) return oc__fail(err, OC_E_DATA, "the model does not say which base network it was trained on");
    if (has && strcmp(wanted, has) == 0) return OC_OK;
    bool same_name = named && name && strcmp(named, name) == 0;
    return oc__fail(err, OC_E_DATA, "the model was trained on the base '%.40s' (%.12s...), %s '%.40s' (%.12s...)",
                    named ? named : "", wanted, same_name ? "which is another than today's" : "not on", name ? name : "",
                    has ? has : "unknown");
}
