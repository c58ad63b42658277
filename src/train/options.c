/* The table of hyper-parameters: it yields the C setter, the command's flags and the Python keywords.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "domain.h"
#include "text.h"
#include "train.h"

typedef struct row {
    const char *key, *standard, *help;
    uint32_t type;
    double minimum, maximum;
    size_t offset;
    const char *const *choices; /* the texts it takes, ended by NULL; or NULL: any */
} row;

static const char *const labels[] = {"auto", "one", "several", NULL};
static const char *const heads[] = {"auto", "regression", "discriminant", NULL};

static const row table[] = {
    {"seed", "0", "where random choices begin; the same seed gives the same model", OC_OPTION_INTEGER, 0, 9007199254740991.0,
     offsetof(oc__train_options, seed), NULL},
    {"views", "4", "views of each picture to learn from: the whole and random crops", OC_OPTION_INTEGER, 1, 64,
     offsetof(oc__train_options, views), NULL},
    {"folds", "0", "parts of the cross-validation, at least 2; 0: 5, and for detection 3, or 2 from 100 pictures on", OC_OPTION_INTEGER, 0, 20, offsetof(oc__train_options, folds), NULL},
    {"l2", "0", "strength of the regularisation of head=regression; 0 chooses it by cross-validation", OC_OPTION_NUMBER, 0, 1000,
     offsetof(oc__train_options, l2), NULL},
    {"head", "auto", "the classifier on the features: regression, discriminant (linear discriminant analysis, for pictures of "
     "one tag), auto: what cross-validates best", OC_OPTION_TEXT, 1, OC__MAX_OPTION_TEXT - 1,
     offsetof(oc__train_options, head), heads},
    {"mirror", "true", "let views be mirrored; false where left and right differ", OC_OPTION_BOOLEAN, 0, 1,
     offsetof(oc__train_options, mirror), NULL},
    {"skip_broken", "true", "leave out pictures that cannot be read, with a warning; false stops at the first",
     OC_OPTION_BOOLEAN, 0, 1, offsetof(oc__train_options, skip_broken), NULL},
    {"labels", "auto", "how many tags a picture bears: one, several (any number), auto: as it is in the data", OC_OPTION_TEXT,
     1, OC__MAX_OPTION_TEXT - 1, offsetof(oc__train_options, labels), labels},
    {"negative", "", "the tag that says that a picture bears none of the others; it makes auto mean several", OC_OPTION_TEXT, 0,
     OC__MAX_OPTION_TEXT - 1, offsetof(oc__train_options, negative), NULL},
    {"balance", "false", "let every tag count the same, however many pictures bear it; detection sees to that by itself", OC_OPTION_BOOLEAN, 0, 1,
     offsetof(oc__train_options, balance), NULL},
    {"size", "0",
     "side of the network's input in pixels, a multiple of 32 from 64 on: larger sees smaller things and takes longer; 0: a "
     "classifier's is chosen by cross-validation, from its base's up to 288 (or is its base's, where pictures bear several tags; or 320, for anomalies), a "
     "detector's by its objects",
     OC_OPTION_INTEGER, 0, 1024, offsetof(oc__train_options, size), NULL},
    {"steps", "0",
     "steps to train a detector for, of eight pictures (0: by the number of pictures), or to fine-tune a classifier for, of sixteen "
     "(0: as minutes says)",
     OC_OPTION_INTEGER, 0, 1000000, offsetof(oc__train_options, steps), NULL},
    {"minutes", "0",
     "minutes to train a detector in at most (0: no bound), or to fine-tune a classifier's base in, if that makes it better (0: it "
     "stays as it is); how far training comes then depends on the machine",
     OC_OPTION_NUMBER, 0, 100000, offsetof(oc__train_options, minutes), NULL},
    {"mosaic", "true", "detection: let views show parts of four pictures", OC_OPTION_BOOLEAN, 0, 1,
     offsetof(oc__train_options, mosaic), NULL},
    {"crop", "true", "detection, fine-tuning: let views show parts of pictures", OC_OPTION_BOOLEAN, 0, 1, offsetof(oc__train_options, crop),
     NULL},
    {"light", "true", "detection, fine-tuning: let views differ in contrast and in colour; false where colours tell tags apart",
     OC_OPTION_BOOLEAN, 0, 1, offsetof(oc__train_options, light), NULL},
    {"anomaly", "false",
     "all pictures are good ones, whatever their tags: learn to tell what is not like them, as the tag 'anomaly'", OC_OPTION_BOOLEAN, 0,
     1, offsetof(oc__train_options, anomaly), NULL},
    {"fine", "false",
     "classification: look for what is small, as hairline cracks: at a larger size (448, unless size says so), where what stands out in a part "
     "of the picture counts beside what it is like on the whole", OC_OPTION_BOOLEAN, 0, 1, offsetof(oc__train_options, fine), NULL},
    {"blur", "false", "detection, fine-tuning: let views be out of focus", OC_OPTION_BOOLEAN, 0, 1, offsetof(oc__train_options, blur),
     NULL},
    {"noise", "false", "detection, fine-tuning: let views be noisy", OC_OPTION_BOOLEAN, 0, 1, offsetof(oc__train_options, noise), NULL},
    {"erase", "false", "detection, fine-tuning: let a part of a view be covered", OC_OPTION_BOOLEAN, 0, 1,
     offsetof(oc__train_options, erase), NULL},
    {"mix", "false", "fine-tuning: let views be laid over each other, with both tags in their shares", OC_OPTION_BOOLEAN, 0, 1,
     offsetof(oc__train_options, mix), NULL},
    {"freeze", "false", "detection: leave the base network's weights as they are and train what stands on them", OC_OPTION_BOOLEAN, 0, 1,
     offsetof(oc__train_options, freeze), NULL},
    {"start", "", "the file of a model of the same kind, or in a project an iteration, whose weights to begin with", OC_OPTION_TEXT, 0,
     OC__MAX_OPTION_TEXT - 1, offsetof(oc__train_options, start), NULL},
    {"only_tags", "", "the tags to train, with | between them; the others' pictures are left out, or bear none where pictures may bear "
     "several or boxes; empty: all", OC_OPTION_TEXT, 0, OC__MAX_OPTION_TEXT - 1, offsetof(oc__train_options, only_tags), NULL},
    {"checkpoint", "",
     "a folder where the state of fine-tuning and of a detector's training is kept every minute and when it is cancelled: the same "
     "training goes on from there; it is removed once training is done",
     OC_OPTION_TEXT, 0, OC__MAX_OPTION_TEXT - 1, offsetof(oc__train_options, checkpoint), NULL},
    {"base", "auto", "the base network to start from: its name or its file; auto: the best of the library's own",
     OC_OPTION_TEXT, 1, OC__MAX_OPTION_TEXT - 1, offsetof(oc__train_options, base), NULL},
    {"domain", "auto",
     "what kind of pictures, by the name or identifier of a domain, which sets options that are at their defaults; auto: a "
     "project's own, or else General",
     OC_OPTION_TEXT, 1, OC__MAX_OPTION_TEXT - 1, offsetof(oc__train_options, domain), NULL},
};
#define N_ROWS (sizeof table / sizeof *table)

oc_status oc__train_option(uint32_t index, oc_option *option, oc_error *err) {
    if (index >= N_ROWS) return oc__fail(err, OC_E_NOT_FOUND, "there are %zu training options", N_ROWS);
    const row *r = &table[index];
    *option = (oc_option){sizeof *option, r->type, r->key, r->standard, r->help, r->minimum, r->maximum};
    return OC_OK;
}

static oc_status bad_value(const row *r, const char *value, oc_error *err) {
    if (r->choices)
        return oc__fail(err, OC_E_ARGUMENT, "%s is '%.40s', expected %s, %s or %s", r->key, value, r->choices[0], r->choices[1],
                        r->choices[2]);
    if (r->type == OC_OPTION_TEXT)
        return oc__fail(err, OC_E_ARGUMENT, "%s is a text of %zu bytes, expected %d to %d", r->key, strlen(value),
                        (int)r->minimum, (int)r->maximum);
    if (r->type == OC_OPTION_BOOLEAN)
        return oc__fail(err, OC_E_ARGUMENT, "%s is '%.40s', expected true or false", r->key, value);
    return oc__fail(err, OC_E_ARGUMENT, "%s is '%.40s', expected a%s number from %lld to %lld", r->key, value,
                    r->type == OC_OPTION_INTEGER ? " whole" : "", (long long)r->minimum, (long long)r->maximum);
}

static bool is_choice(const row *r, const char *value) {
    const char *const *choice = r->choices;
    while (choice && *choice && strcmp(*choice, value) != 0) choice++;
    return !choice || *choice;
}

static oc_status set(oc__train_options *options, const row *r, const char *value, oc_error *err) {
    void *field = (char *)options + r->offset;
    uint64_t integer;
    double number;
    switch (r->type) {
    case OC_OPTION_INTEGER:
        if (!oc__parse_u64(value, &integer) || (double)integer < r->minimum || (double)integer > r->maximum)
            return bad_value(r, value, err);
        if (r->offset == offsetof(oc__train_options, folds) && integer == 1) /* nothing to train on */
            return oc__fail(err, OC_E_ARGUMENT, "folds is 1, expected 0 or 2 to 20");
        memcpy(field, &integer, sizeof integer);
        return OC_OK;
    case OC_OPTION_NUMBER:
        if (!oc__parse_double(value, &number) || number < r->minimum || number > r->maximum) return bad_value(r, value, err);
        memcpy(field, &number, sizeof number);
        return OC_OK;
    case OC_OPTION_TEXT:
        if (strlen(value) < (size_t)r->minimum || strlen(value) > (size_t)r->maximum || !is_choice(r, value))
            return bad_value(r, value, err);
        strcpy(field, value);
        return OC_OK;
    default:
        if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0) return bad_value(r, value, err);
        *(bool *)field = value[0] == 't';
        return OC_OK;
    }
}

/* The row of that key; NULL. */
static const row *find_row(const char *key, size_t length) {
    for (size_t i = 0; i < N_ROWS; i++)
        if (strlen(table[i].key) == length && memcmp(table[i].key, key, length) == 0) return &table[i];
    return NULL;
}

oc_status oc__train_options_set(oc__train_options *options, const char *key, const char *value, oc_error *err) {
    char keys[240] = "";
    const row *known = find_row(key, strlen(key));
    if (known) return set(options, known, value, err);
    for (size_t i = 0; i < N_ROWS; i++) {
        size_t n = strlen(keys);
        snprintf(keys + n, sizeof keys - n, "%s%s", i ? ", " : "", table[i].key);
    }
    return oc__fail(err, OC_E_NOT_FOUND, "there is no training option '%.40s'; there are: %s", key, keys);
}

void oc__train_options_default(oc__train_options *options) {
    memset(options, 0, sizeof *options);
    for (size_t i = 0; i < N_ROWS; i++) set(options, &table[i], table[i].standard, NULL);
}

static void print(char out[OC__MAX_OPTION_TEXT], const oc__train_options *options, const row *r) {
    const void *field = (const char *)options + r->offset;
    uint64_t integer;
    double number;
    switch (r->type) {
    case OC_OPTION_INTEGER:
        memcpy(&integer, field, sizeof integer);
        snprintf(out, OC__MAX_OPTION_TEXT, "%llu", (unsigned long long)integer);
        break;
    case OC_OPTION_NUMBER:
        memcpy(&number, field, sizeof number);
        oc__print_double(out, number);
        break;
    case OC_OPTION_TEXT:
        snprintf(out, OC__MAX_OPTION_TEXT, "%s", (const char *)field);
        break;
    default:
        strcpy(out, *(const bool *)field ? "true" : "false");
    }
}

void oc__train_options_print(char out[OC__MAX_OPTION_TEXT], const oc__train_options *options, uint32_t index) {
    print(out, options, &table[index]);
}

oc_status oc__train_options_complete(oc__train_options *options, bool detection, oc_error *err) {
    oc_domain domain;
    bool automatic = strcmp(options->domain, "auto") == 0;
    oc_status status = oc__domain_find(&domain, automatic ? "General" : options->domain, detection, err);
    if (status) return status;
    strcpy(options->domain, domain.name);
    for (const char *at = domain.settings; *at && !status;) { /* KEY=VALUE, with blanks between */
        char now[OC__MAX_OPTION_TEXT], value[64];
        size_t key = strcspn(at, "="), size = strcspn(at + key + 1, " ");
        const row *r = find_row(at, key);
        snprintf(value, sizeof value, "%.*s", (int)size, at + key + 1);
        at += key + 1 + size;
        at += *at == ' ';
        print(now, options, r);
        if (strcmp(now, r->standard) == 0) status = set(options, r, value, err);
    }
    return status;
}

bool oc__train_option_is_place(const char *key) {
    return strcmp(key, "base") == 0 || strcmp(key, "start") == 0 || strcmp(key, "checkpoint") == 0;
}

oc_status oc__train_options_store(oc_model *model, const oc__train_options *options, oc_error *err) {
    for (uint32_t i = 0; i < N_ROWS; i++) {
        char key[64], value[OC__MAX_OPTION_TEXT];
        if (oc__train_option_is_place(table[i].key)) continue;
        snprintf(key, sizeof key, "option.%s", table[i].key);
        oc__train_options_print(value, options, i);
        oc_status status = oc__model_set_property(model, key, value, err);
        if (status) return status;
    }
    return OC_OK;
}

bool oc__train_several(const oc__train_options *options, bool any) {
    return strcmp(options->labels, "several") == 0 || (strcmp(options->labels, "auto") == 0 && (any || options->negative[0]));
}
