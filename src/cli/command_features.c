/* ocellus features: what a base network says of pictures, as numbers.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "json.h"
#include "platform.h"
#include "progress.h"
#include "session.h"
#include "text.h"

typedef struct features_options {
    const char *base, *data, *split, *output;
    general_options general;
} features_options;

static void advise(const char *folder) {
    console_hint("give one of them, or a CSV file of all: ocellus features BASE %s/train -o FILE", folder);
}

/* The numbers as little-endian float32, whatever this machine's order is. */
static bool write_values(FILE *file, const float *values, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        unsigned char bytes[4];
        memcpy(&bits, &values[i], sizeof(bits));
        for (int b = 0; b < 4; b++) bytes[b] = (unsigned char)(bits >> (8 * b));
        if (fwrite(bytes, 1, sizeof(bytes), file) != sizeof(bytes)) return false;
    }
    return true;
}

static int save(const char *path, const float *values, size_t n) {
    FILE *file = fopen(path, "wb");
    bool good = file != NULL && write_values(file, values, n);
    if (file != NULL && fclose(file) != 0) good = false;
    if (good) return STATUS_DONE;
    console_error("%s: cannot be written", path);
    return STATUS_FAILED;
}

static void show(const features_options *o, size_t n_pictures, size_t n_features, double seconds) {
    if (o->general.json) {
        json j = {0};
        json_object(&j, NULL);
        json_text(&j, "base", o->base);
        json_text(&j, "output", o->output);
        json_integer(&j, "pictures", (int64_t)n_pictures);
        json_integer(&j, "features", (int64_t)n_features);
        json_number(&j, "seconds", seconds);
        json_end_object(&j);
    } else if (!o->general.quiet) {
        char *output = text_printable(o->output);
        printf("%s: %zu rows of %zu numbers (float32, little-endian), in %.1f s\n", output, n_pictures, n_features, seconds);
        free(output);
    }
}

static int features(const features_options *o) {
    session s = {0};
    oc_model *base = NULL;
    oc_dataset *data = NULL;
    oc_error error = OC_ERROR_INIT;
    float *values = NULL;
    double began = platform_seconds();
    size_t n_pictures = 0, n_features = 0;
    int status = session_open(&s, &o->general);
    if (status == STATUS_DONE && oc_base_open(&base, s.context, o->base, &error) != OC_OK) status = console_failure(&error);
    if (status == STATUS_DONE) status = session_load_dataset(&data, &s, o->data, o->split, advise);
    if (status == STATUS_DONE) {
        progress bar;
        n_pictures = oc_dataset_count(data);
        n_features = oc_base_n_features(base);
        values = text_allocate(n_pictures * n_features * sizeof(*values));
        progress_begin(&bar, o->general.quiet);
        oc_status done =
            oc_base_features(values, n_pictures * n_features, base, data, progress_update, &bar, &error);
        progress_end(&bar);
        session_end_warnings(&s);
        if (done != OC_OK) status = console_failure(&error);
    }
    if (status == STATUS_DONE) status = save(o->output, values, n_pictures * n_features);
    if (status == STATUS_DONE) show(o, n_pictures, n_features, platform_seconds() - began);
    free(values);
    oc_dataset_free(data);
    oc_model_free(base);
    session_close(&s);
    return status;
}

static int run(const command *self, int argc, char **argv) {
    features_options o = {0};
    int n = 0;
    const cli_option own[] = {
        {"output", 'o', OPTION_TEXT, "FILE", "the file to write: a row of float32 numbers, little-endian, for each picture", 0,
         0, &o.output},
        {"split", 0, OPTION_TEXT, "NAME", "only this split of the CSV file", 0, 0, &o.split},
    };
    const option_group groups[] = {{"Options", own, sizeof(own) / sizeof(own[0])}, general_group(&o.general)};
    int status = options_parse(self, groups, 2, argc, argv, &n);
    if (status != OPTIONS_PARSED) return status;
    if (n != 2)
        return options_misused(self, "features takes a base network and a folder or CSV file, and %d arguments were given", n);
    if (o.output == NULL)
        return options_misused(self, "say where to write the features: -o FILE, for instance -o features.f32");
    o.base = argv[0];
    o.data = argv[1];
    return features(&o);
}

const command command_features = {
    "features",
    "write what a base network says of pictures",
    "features BASE DIR -o FILE [options]\n"
    "features BASE LABELS.csv -o FILE [--split NAME] [options]",
    "Writes the features of every picture, one row each in the order of the data set (a CSV file's lines; a folder's tags and "
    "files by their names' bytes), for programs that learn or compare by themselves. The whole picture is taken, prepared as "
    "the base says.",
    "    ocellus features compact labels.csv -o compact.f32\n",
    run,
};
