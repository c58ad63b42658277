/* Making a base network of a file. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base.h"
#include "clock.h"
#include "file.h"
#include "hash.h"
#include "memory.h"
#include "ocm.h"
#include "onnx.h"
#include "text.h"

/* ImageNet's mean and deviation, of pixels of 0 to 255: what most public networks were trained with. */
static const float imagenet_mean[3] = {123.675f, 116.28f, 103.53f}, imagenet_deviation[3] = {58.395f, 57.12f, 57.375f};

/* One number for all channels, or three after commas. */
static oc_status parse_three(float out[3], const char *text, const char *what, oc_error *err) {
    char part[3][32] = {"", "", ""};
    int n = 0;
    size_t at = 0;
    double value = 0;
    bool good = true;
    for (const char *c = text; *c && good; c++)
        if (*c == ',') good = ++n < 3, at = 0;
        else if (at + 1 < sizeof part[0]) part[n][at++] = *c;
        else good = false;
    good = good && n != 1;
    for (int i = 0; i < 3 && good; i++) {
        good = oc__parse_double(part[n ? i : 0], &value) && fabs(value) <= 1e6;
        out[i] = (float)value;
    }
    return good ? OC_OK : oc__fail(err, OC_E_ARGUMENT, "%s is '%.40s', expected a number or three after commas", what, text);
}

static oc_status make_rule(oc_model *base, const oc__onnx_network *network, const oc_import_options *o, const char *path,
                           oc_error *err) {
    oc__prepare_rule *rule = &base->rule;
    float deviation[3] = {1, 1, 1};
    oc_status status = OC_OK;
    *rule = (oc__prepare_rule){.width = network->width,
                               .height = network->height,
                               .resize = o->resize ? o->resize : OC__RESIZE_CROP,
                               .filter = OC__FILTER_TRIANGLE,
                               .reduced_jpeg = 1,
                               .channels = network->preparation.channels};
    if (o->channels) rule->channels = o->channels == OC_IMAGE_BGR8 ? OC__CHANNELS_BGR : OC__CHANNELS_RGB;
    bool bgr = rule->channels == OC__CHANNELS_BGR, guess = !o->mean && !o->deviation && !network->preparation.known;
    if (o->mean) status = parse_three(rule->mean, o->mean, "mean", err);
    if (!status && o->deviation) status = parse_three(deviation, o->deviation, "deviation", err);
    for (int i = 0; i < 3 && !status; i++) {
        if (!(fabsf(deviation[i]) > 0)) status = oc__fail(err, OC_E_ARGUMENT, "deviation is 0");
        rule->scale[i] = 1 / deviation[i];
        if (guess) {
            rule->mean[i] = imagenet_mean[bgr ? 2 - i : i];
            rule->scale[i] = 1 / imagenet_deviation[bgr ? 2 - i : i];
        } else if (!o->mean && !o->deviation) {
            rule->mean[i] = network->preparation.mean;
            rule->scale[i] = network->preparation.scale;
        }
    }
    if (!status && guess)
        oc__log(base->context, OC_LOG_WARNING,
                "%s: does not say how its pictures are prepared; taken are ImageNet's mean and deviation", path);
    return status;
}

/* The file's name without folder and ending. */
static char *stem_of(oc_context *context, const char *path) {
    const char *slash = strrchr(path, '/');
    char *stem = oc__strdup(context, slash ? slash + 1 : path), *dot = stem ? strrchr(stem, '.') : NULL;
    if (dot && dot != stem) *dot = 0;
    return stem;
}

static oc_status set_maps(oc_model *base, const oc__onnx_network *network, oc_error *err) {
    char text[64] = "";
    for (uint32_t i = 0; i < network->n_maps; i++) {
        size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, "%s%u", i ? " " : "", network->strides[i]);
    }
    return network->n_maps ? oc__model_set_property(base, "map_strides", text, err) : OC_OK;
}

static oc_status describe(oc_model *base, const oc__onnx_network *network, const oc_import_options *o, const char *sha256,
                          oc_error *err) {
    char created[21], input[32];
    oc__utc_now(created);
    snprintf(input, sizeof input, "%ux%u", base->rule.width, base->rule.height);
    const char *texts[][2] = {{"kind", "base"},
                              {"library", oc_version_string()},
                              {"created", created},
                              {"source_sha256", sha256},
                              {"producer", network->producer},
                              {"features", network->features},
                              {"licence", o->licence},
                              {"input", input}};
    oc_status status = OC_OK;
    for (size_t i = 0; i < sizeof texts / sizeof *texts && !status; i++)
        if (texts[i][1] && texts[i][1][0] && oc__utf8_valid(texts[i][1], strlen(texts[i][1])))
            status = oc__model_set_property(base, texts[i][0], texts[i][1], err);
    if (!status) status = oc__model_set_property_u64(base, "n_parameters", oc__graph_n_weights(&base->graph), err);
    if (!status)
        status = oc__model_set_property_u64(base, "n_multiply_adds",
                                            oc__graph_n_macs(&base->graph, base->rule.height, base->rule.width), err);
    return status ? status : set_maps(base, network, err);
}

static oc_status import_onnx(oc_model **out, oc_context *context, const oc__mapping *file, const char *path,
                             const oc_import_options *o, oc_error *err) {
    oc__onnx_options options = {.layout = o->layout, .width = o->width, .height = o->height, .features = o->features};
    oc__onnx_network network = {0};
    oc_model *base = NULL;
    char hex[65];
    oc_status status = oc__onnx_read(&network, context, file->data, file->size, path, &options, err);
    if (status) return status;
    oc__sha256_of(hex, file->data, file->size);
    status = oc__model_create(&base, context, err);
    if (!status) {
        base->kind = OC__KIND_BASE;
        base->graph = network.graph;
        network.graph = (oc__graph){.context = context};
        status = make_rule(base, &network, o, path, err);
    }
    if (!status) status = describe(base, &network, o, hex, err);
    if (!status && (status = oc__model_finish(base, err))) oc__fail_in(err, status, path);
    if (!status)
        oc__log(context, OC_LOG_INFO, "%s: the features are '%s'%s", path, network.features,
                network.cut ? "; the classifier behind them is left out" : "");
    if (!status && !network.cut && !o->features)
        oc__log(context, OC_LOG_WARNING,
                "%s: ends in no classifier that is recognised; its output '%s' is taken for the features", path,
                network.features);
    oc__onnx_network_free(&network);
    if (status) oc__model_release(base);
    else *out = base;
    return status;
}

static oc_status import_model(oc_model **out, oc_context *context, const oc__mapping *file, const char *path,
                              const oc_import_options *o, oc_error *err) {
    if (o->features || o->width || o->height || o->layout || o->mean || o->deviation || o->channels || o->resize)
        return oc__fail(err, OC_E_ARGUMENT, "%s: is a model file, which holds its features and preparation already", path);
    oc_status status = oc__ocm_read(out, context, file->data, file->size, path, err);
    if (!status && (*out)->kind != OC__KIND_BASE) {
        oc__model_release(*out);
        *out = NULL;
        status = oc__fail(err, OC_E_ARGUMENT, "%s: is a trained model, not a base network", path);
    }
    return status;
}

oc_status oc__base_import(oc_model **out, oc_context *context, const char *path, const oc_import_options *o, oc_error *err) {
    oc__mapping file;
    oc_model *base = NULL;
    char *stem = NULL;
    oc_status status = oc__file_map(&file, context, path, context->limits.model_bytes, "max_model_bytes", err);
    if (status) return status;
    bool model = file.size > 4 && memcmp(file.data, "\x89OCM", 4) == 0;
    status = (model ? import_model : import_onnx)(&base, context, &file, path, o, err);
    if (!status && (o->name || !oc__model_property(base, "name"))) {
        if (!o->name && !(stem = stem_of(context, path))) status = oc__fail_nomem(err, context, strlen(path), path);
        if (!status) status = oc__model_set_property(base, "name", o->name ? o->name : stem, err);
        oc__free(context, stem);
    }
    oc__file_unmap(&file);
    if (status) oc__model_release(base);
    else *out = base;
    return status;
}
