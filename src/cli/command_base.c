/* ocellus base: the networks that training starts from.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "json.h"
#include "model_facts.h"
#include "session.h"
#include "table.h"
#include "text.h"

static const char *place_name(uint32_t place) {
    return place == OC_BASE_BUILTIN ? "built in" : place == OC_BASE_USER ? "user" : "installed";
}

static int open_list(oc_base_list **list, session *s) {
    oc_error error = OC_ERROR_INIT;
    return oc_base_list_create(list, s->context, &error) == OC_OK ? STATUS_DONE : console_failure(&error);
}

static int open_base(oc_model **base, session *s, const char *name) {
    oc_error error = OC_ERROR_INIT;
    if (oc_base_open(base, s->context, name, &error) == OC_OK) return STATUS_DONE;
    console_failure(&error);
    if (error.code == OC_E_NOT_FOUND) console_hint("'ocellus base import FILE.onnx' makes one of a public network");
    return STATUS_FAILED;
}

/* --- list --- */

static void list_json(const oc_base_list *list) {
    json j = {0};
    oc_base base = OC_BASE_INIT;
    json_object(&j, NULL);
    json_array(&j, "bases");
    for (size_t i = 0; oc_base_list_get(list, i, &base, NULL) == OC_OK; i++) {
        json_object(&j, NULL);
        json_text(&j, "name", base.name);
        json_text(&j, "place", place_name(base.place));
        json_text(&j, "path", base.path);
        json_integer(&j, "bytes", (int64_t)base.n_bytes);
        json_text(&j, "sha256", base.sha256[0] != '\0' ? base.sha256 : NULL);
        json_end_object(&j);
    }
    json_end_array(&j);
    json_end_object(&j);
}

static void list_table(const oc_base_list *list) {
    table t = {0};
    oc_base base = OC_BASE_INIT;
    char bytes[48];
    table_begin(&t, "lrll");
    for (size_t i = 0; oc_base_list_get(list, i, &base, NULL) == OC_OK; i++) {
        text_bytes(bytes, sizeof(bytes), (int64_t)base.n_bytes);
        table_cell(&t, "%s", base.name);
        table_cell(&t, "%s", bytes);
        table_cell(&t, "%s", place_name(base.place));
        table_cell(&t, "%s", base.path != NULL ? base.path : "");
    }
    table_end(&t, 0);
}

static int list(session *s) {
    oc_base_list *all = NULL;
    int status = open_list(&all, s);
    if (status == STATUS_DONE && s->general->json) list_json(all);
    else if (status == STATUS_DONE) list_table(all);
    oc_base_list_free(all);
    return status;
}

/* --- domains --- */

static void domains(const session *s) {
    json j = {0};
    table t = {0};
    oc_domain domain = OC_DOMAIN_INIT;
    bool as_json = s->general->json;
    if (as_json) json_object(&j, NULL), json_array(&j, "domains");
    else table_begin(&t, "lllll");
    for (uint32_t i = 0; oc_trainer_domain(i, &domain, NULL) == OC_OK; i++) {
        const char *task = domain.detection ? "detection" : "classification";
        if (as_json) {
            json_object(&j, NULL);
            json_text(&j, "name", domain.name);
            json_text(&j, "id", domain.id);
            json_text(&j, "task", task);
            json_text(&j, "settings", domain.settings);
            json_text(&j, "help", domain.help);
            json_end_object(&j);
        } else {
            table_cell(&t, "%s", task);
            table_cell(&t, "%s", domain.name);
            table_cell(&t, "%s", domain.settings);
            table_cell(&t, "%s", domain.id);
            table_cell(&t, "%s", domain.help);
        }
    }
    if (as_json) json_end_array(&j), json_end_object(&j);
    else table_end(&t, 0);
}

/* --- info --- */

static int info(session *s, const char *name) {
    oc_model *base = NULL;
    int status = open_base(&base, s, name);
    if (status == STATUS_DONE && s->general->json) {
        json j = {0};
        json_object(&j, NULL);
        json_text(&j, "base", name);
        json_integer(&j, "features", (int64_t)oc_base_n_features(base));
        model_properties_json(&j, base);
        json_end_object(&j);
    } else if (status == STATUS_DONE) {
        char *shown = text_printable(name);
        printf("%s: %zu features\n\n", shown, oc_base_n_features(base));
        free(shown);
        model_properties_print(base);
    }
    oc_model_free(base);
    return status;
}

/* --- verify --- */

typedef struct verdict {
    bool good, has_sum;
    oc_error error;
} verdict;

static void verify_one(verdict *v, session *s, const oc_base *base) {
    oc_model *opened = NULL;
    *v = (verdict){.error = OC_ERROR_INIT, .has_sum = base->sha256[0] != '\0'};
    v->good = oc_base_open(&opened, s->context, base->name, &v->error) == OC_OK;
    oc_model_free(opened);
}

static void show_verdict(json *j, const session *s, const oc_base *base, const verdict *v) {
    if (s->general->json) {
        json_object(j, NULL);
        json_text(j, "name", base->name);
        json_text(j, "state", !v->good ? "damaged" : v->has_sum ? "good" : "no checksum");
        json_text(j, "message", v->good ? NULL : v->error.message);
        json_end_object(j);
        return;
    }
    if (!v->good) console_failure(&v->error);
    printf("%s: %s\n", base->name,
           !v->good ? "damaged" : v->has_sum ? "good" : "readable, but no checksum is written down beside it");
}

static int verify(session *s, char *const *names, size_t n_names) {
    oc_base_list *all = NULL;
    oc_base base = OC_BASE_INIT;
    json j = {0};
    size_t n_bad = 0, n_found = 0;
    int status = open_list(&all, s);
    if (status != STATUS_DONE) return status;
    if (s->general->json) {
        json_object(&j, NULL);
        json_array(&j, "bases");
    }
    for (size_t i = 0; oc_base_list_get(all, i, &base, NULL) == OC_OK; i++) {
        bool wanted = n_names == 0;
        for (size_t k = 0; k < n_names; k++) wanted = wanted || strcmp(names[k], base.name) == 0;
        if (!wanted) continue;
        verdict v;
        verify_one(&v, s, &base);
        show_verdict(&j, s, &base, &v);
        n_found++;
        n_bad += !v.good;
    }
    if (s->general->json) {
        json_end_array(&j);
        json_end_object(&j);
    }
    oc_base_list_free(all);
    if (n_found < n_names) {
        console_error("%zu of the %zu base networks named do not exist", n_names - n_found, n_names);
        console_hint("'ocellus base list' lists them");
        return STATUS_FAILED;
    }
    return n_bad > 0 ? STATUS_FAILED : STATUS_DONE;
}

static int remove_base(session *s, const char *name) {
    oc_error error = OC_ERROR_INIT;
    if (oc_base_remove(s->context, name, &error) != OC_OK) return console_failure(&error);
    if (!s->general->quiet) console_note("%s: removed", name);
    return STATUS_DONE;
}

/* --- import --- */

typedef struct import_options {
    const char *name, *features, *size, *mean, *deviation, *scale, *layout, *resize, *licence, *output;
    bool bgr, force;
    cli_option table[12];
} import_options;

static option_group import_group(import_options *o) {
    const cli_option all[] = {
        {"name", 0, OPTION_TEXT, "NAME", "what the base is to be called (default: the file's name without its ending)", 0, 0,
         &o->name},
        {"features", 0, OPTION_TEXT, "NODE",
         "the node or value that becomes the features (default: what goes into the classifier)", 0, 0, &o->features},
        {"size", 0, OPTION_TEXT, "N|WxH", "size of the input, if the file leaves it open", 0, 0, &o->size},
        {"mean", 0, OPTION_TEXT, "M", "what is taken from pixels of 0 to 255: a number, or three after commas", 0, 0, &o->mean},
        {"std", 0, OPTION_TEXT, "D", "what they are then divided by, likewise", 0, 0, &o->deviation},
        {"scale", 0, OPTION_TEXT, "X", "what they are then multiplied by: a number, instead of --std", 0, 0, &o->scale},
        {"bgr", 0, OPTION_FLAG, NULL, "blue comes first in the input", 0, 0, &o->bgr},
        {"layout", 0, OPTION_TEXT, "nchw|nhwc",
         "whether channels come first or last in the input (default: seen from its shape)", 0, 0, &o->layout},
        {"resize", 0, OPTION_TEXT, "HOW", "crop (default), squash or letterbox", 0, 0, &o->resize},
        {"licence", 0, OPTION_TEXT, "TEXT", "the terms of the weights, for the record", 0, 0, &o->licence},
        {"output", 'o', OPTION_TEXT, "FILE", "write the base to this file instead of your folder of bases", 0, 0, &o->output},
        {"force", 'f', OPTION_FLAG, NULL, "replace a base of that name", 0, 0, &o->force},
    };
    memcpy(o->table, all, sizeof(all));
    return (option_group){"Options", o->table, sizeof(all) / sizeof(all[0])};
}

/* One of the words of a list, as its number counted from 1. */
static bool pick(uint32_t *out, const char *text, const char *const *words, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(text, words[i]) == 0) {
            *out = i + 1;
            return true;
        }
    return false;
}

static bool parse_size(oc_import_options *to, const char *text) {
    long long width, height;
    char *copy = text_format("%s", text), *by = strchr(copy, 'x');
    if (by != NULL) *by = '\0';
    bool good = text_integer(copy, &width) && (by == NULL || text_integer(by + 1, &height));
    if (by == NULL) height = width;
    free(copy);
    if (!good || width < 1 || height < 1 || width > 4096 || height > 4096) return false;
    to->width = (uint32_t)width;
    to->height = (uint32_t)height;
    return true;
}

/* `*deviation` is to be freed. */
static int to_library(oc_import_options *to, char **deviation, const command *self, const import_options *o) {
    static const char *const layouts[] = {"nchw", "nhwc"}, *const ways[] = {"squash", "crop", "letterbox"};
    double scale = 0;
    *to = (oc_import_options)OC_IMPORT_OPTIONS_INIT;
    if (o->size != NULL && !parse_size(to, o->size))
        return options_misused(self, "--size is '%s', expected a number of pixels from 1 to 4096, or two with an x between",
                               o->size);
    if (o->layout != NULL && !pick(&to->layout, o->layout, layouts, 2))
        return options_misused(self, "--layout is '%s', expected nchw or nhwc", o->layout);
    if (o->resize != NULL && !pick(&to->resize, o->resize, ways, 3))
        return options_misused(self, "--resize is '%s', expected squash, crop or letterbox", o->resize);
    if (o->scale != NULL && o->deviation != NULL)
        return options_misused(self, "--scale and --std say the same; give one of them");
    if (o->scale != NULL) {
        if (!text_number(o->scale, &scale) || scale == 0)
            return options_misused(self, "--scale is '%s', expected a number", o->scale);
        *deviation = text_format("%.9g", 1 / scale);
    }
    if (o->bgr) to->channels = OC_IMAGE_BGR8;
    to->mean = o->mean;
    to->deviation = o->deviation != NULL ? o->deviation : *deviation;
    to->features = o->features;
    to->name = o->name;
    to->licence = o->licence;
    return STATUS_DONE;
}

static int import(const command *self, session *s, const import_options *o, const char *path) {
    oc_error error = OC_ERROR_INIT;
    oc_import_options options;
    oc_model *base = NULL;
    char *deviation = NULL;
    int status = to_library(&options, &deviation, self, o);
    if (status == STATUS_DONE && oc_base_import(&base, s->context, path, &options, &error) != OC_OK)
        status = console_failure(&error);
    session_end_warnings(s);
    if (status == STATUS_DONE) {
        oc_status stored = o->output != NULL ? oc_model_save(base, o->output, &error) : oc_base_store(base, o->force, &error);
        if (stored != OC_OK) status = console_failure(&error);
        if (stored == OC_E_STATE) console_hint("--force replaces it; --name NAME gives this one another name");
    }
    if (status == STATUS_DONE) {
        const char *name = oc_model_property(base, "name");
        if (s->general->json) {
            json j = {0};
            json_object(&j, NULL);
            json_text(&j, "base", o->output != NULL ? o->output : name);
            json_integer(&j, "features", (int64_t)oc_base_n_features(base));
            model_properties_json(&j, base);
            json_end_object(&j);
        } else if (!s->general->quiet) {
            model_properties_print(base);
            printf("\n%zu features. Train on it: ocellus train DIR -o MODEL --base %s\n", oc_base_n_features(base),
                   o->output != NULL ? o->output : name);
        }
    }
    free(deviation);
    oc_model_free(base);
    return status;
}

static int run(const command *self, int argc, char **argv) {
    general_options general = {0};
    import_options o = {0};
    session s = {0};
    int n = 0;
    const option_group groups[] = {import_group(&o), general_group(&general)};
    const char *action = argc > 0 ? argv[0] : "";
    bool importing = strcmp(action, "import") == 0, named = action[0] != '-' && action[0] != '\0';
    if (named) argv++, argc--;
    int status = options_parse(self, importing || !named ? groups : groups + 1, importing || !named ? 2 : 1, argc, argv, &n);
    if (status != OPTIONS_PARSED) return status;
    if (!named) return options_misused(self, "base does what? list, info, import, remove, verify or domains");
    bool listing = strcmp(action, "list") == 0, verifying = strcmp(action, "verify") == 0;
    bool removing = strcmp(action, "remove") == 0, showing = strcmp(action, "info") == 0;
    bool telling = strcmp(action, "domains") == 0;
    if (!listing && !verifying && !removing && !showing && !importing && !telling)
        return options_misused(self, "'%s' is nothing that base does: list, info, import, remove, verify or domains", action);
    if ((listing || telling) && n > 0)
        return options_misused(self, "base %s takes no arguments, and '%s' was given", action, argv[0]);
    if (!listing && !verifying && !telling && n != 1)
        return options_misused(self, "base %s takes one %s, and %d arguments were given", action, importing ? "file" : "name",
                               n);
    status = session_open(&s, &general);
    if (status == STATUS_DONE && telling) domains(&s);
    else if (status == STATUS_DONE)
        status = listing     ? list(&s)
                 : verifying ? verify(&s, argv, (size_t)n)
                 : removing  ? remove_base(&s, argv[0])
                 : showing   ? info(&s, argv[0])
                             : import(self, &s, &o, argv[0]);
    session_close(&s);
    return status;
}

const command command_base = {
    "base",
    "list, import, check and remove the networks that training starts from",
    "base list [options]\n"
    "base info NAME [options]\n"
    "base import FILE.onnx [options]\n"
    "base verify [NAME...] [options]\n"
    "base remove NAME [options]\n"
    "base domains [options]",
    "A base network turns a picture into features, and training learns to tell the tags apart by them. One is built in; others "
    "are installed with the library or are your own, and lie in $OCELLUS_BASE_PATH, or else in ~/.local/share/ocellus/base.\n"
    "\n"
    "'import' makes a base of a public network in an ONNX file: the classifier at its end is left out, and what goes into it "
    "is the "
    "features. Say how the network's pictures are prepared if the file does not. 'verify' reads bases and compares their "
    "checksums. 'domains' lists what suits kinds of pictures, for 'ocellus train --domain' and for projects.",
    "    ocellus base list\n"
    "    ocellus base import mobilenetv2.onnx --mean 127.5 --std 127.5 --licence Apache-2.0\n"
    "    ocellus train parts -o parts.ocm --base mobilenetv2\n",
    run,
};
