/* Counting what a detector found.
 * SPDX-License-Identifier: MIT */
#include "counting.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "console.h"
#include "text.h"

/* "LEFT,TOP,WIDTH,HEIGHT". */
static int read_region(oc_tally_options *o, const char *region) {
    double *to[] = {&o->left, &o->top, &o->width, &o->height};
    char *copy = text_format("%s", region), *at = copy;
    bool good = true;
    for (int i = 0; i < 4 && good; i++) {
        size_t size = strcspn(at, ",");
        good = (at[size] == ',') == (i < 3);
        at[size] = 0;
        good = good && text_number(at, to[i]);
        at += size + 1;
    }
    free(copy);
    good = good && o->left >= 0 && o->top >= 0 && o->width > 0 && o->height > 0 && o->left + o->width <= 1 &&
           o->top + o->height <= 1;
    if (good) return STATUS_DONE;
    console_error(
        "--region is '%s', expected LEFT,TOP,WIDTH,HEIGHT in fractions of the picture's sides, for instance 0,0.5,1,0.5",
        region);
    return STATUS_USAGE;
}

/* "TAG=N,TAG=N". A tag may hold '=' and ','. */
static int read_expected(counting *c, const char *expect) {
    const char *at = expect;
    while (*at) {
        size_t tag = 0, best = c->n_tags, length = 0;
        for (; tag < c->n_tags; tag++) {
            const char *name = oc_model_tag(c->model, tag);
            size_t n = strlen(name);
            if (strncmp(at, name, n) == 0 && at[n] == '=' && n >= length) {
                best = tag;
                length = n;
            }
        }
        char *end = NULL;
        long long n = best < c->n_tags ? strtoll(at + length + 1, &end, 10) : -1;
        if (n < 0 || end == at + length + 1 || (*end && *end != ',')) {
            console_error("--expect '%s': at '%s' expected TAG=N with a tag of the model and a number", expect, at);
            console_hint("'ocellus info MODEL' lists the tags that the model knows");
            return STATUS_USAGE;
        }
        c->expected[best] = n;
        at = *end ? end + 1 : end;
    }
    return STATUS_DONE;
}

int counting_begin(counting *c, const oc_model *model, bool count, const char *region, const char *expect, double threshold) {
    const oc_tally_options blank = OC_TALLY_OPTIONS_INIT;
    *c = (counting){.wanted = count || region != NULL || expect != NULL, .model = model, .options = blank};
    if (!c->wanted) return STATUS_DONE;
    if (oc_model_kind(model) != OC_MODEL_DETECTION) {
        console_error("only what a detector finds can be counted, and this model is none");
        return STATUS_FAILED;
    }
    c->n_tags = oc_model_n_tags(model);
    c->counts = text_allocate(c->n_tags * sizeof(*c->counts));
    c->expected = text_allocate(c->n_tags * sizeof(*c->expected));
    for (size_t i = 0; i < c->n_tags; i++) c->expected[i] = -1;
    if (threshold > 0) c->options.probability = threshold;
    int status = region != NULL ? read_region(&c->options, region) : STATUS_DONE;
    if (status == STATUS_DONE && expect != NULL) status = read_expected(c, expect);
    return status;
}

void counting_end(counting *c) {
    free(c->counts);
    free(c->expected);
}

static bool count(counting *c, const oc_result *result) {
    oc_error error = OC_ERROR_INIT;
    if (!c->wanted) return false;
    if (oc_result_tally(result, &c->options, c->counts, c->n_tags, &error) == OC_OK) return true;
    console_failure(&error);
    return false;
}

/* How many more there are than expected; 0 where nothing is. */
static long long surplus(const counting *c, size_t tag) {
    return c->expected[tag] < 0 ? 0 : (long long)c->counts[tag] - c->expected[tag];
}

static void print_surplus(const counting *c, const char *title, int sign) {
    bool first = true;
    for (size_t i = 0; i < c->n_tags; i++) {
        long long n = sign * surplus(c, i);
        if (n <= 0) continue;
        printf("%s%s %lld", first ? title : ", ", oc_model_tag(c->model, i), n);
        first = false;
    }
    if (!first) printf("\n");
}

void counting_print(counting *c, const oc_result *result) {
    bool first = true;
    if (!count(c, result)) return;
    printf("  counted: ");
    for (size_t i = 0; i < c->n_tags; i++) {
        if (c->counts[i] == 0 && c->expected[i] < 0) continue;
        printf("%s%s %" PRIu64, first ? "" : ", ", oc_model_tag(c->model, i), c->counts[i]);
        first = false;
    }
    printf("%s\n", first ? "nothing" : "");
    print_surplus(c, "  missing: ", -1);
    print_surplus(c, "  extra: ", 1);
}

void counting_json(counting *c, json *j, const oc_result *result) {
    if (!count(c, result)) return;
    json_array(j, "counts");
    for (size_t i = 0; i < c->n_tags; i++) {
        json_object(j, NULL);
        json_text(j, "tag", oc_model_tag(c->model, i));
        json_integer(j, "n", (int64_t)c->counts[i]);
        if (c->expected[i] >= 0) {
            long long more = surplus(c, i);
            json_integer(j, "expected", c->expected[i]);
            json_integer(j, "missing", more < 0 ? -more : 0);
            json_integer(j, "extra", more > 0 ? more : 0);
        }
        json_end_object(j);
    }
    json_end_array(j);
}
