/* Trains a classifier on a folder of pictures, says how good it is, and saves it.
 *
 *     train PICTURES MODEL
 *
 * PICTURES has one sub-folder of pictures per tag: pictures/nut/1.jpg, pictures/washer/1.jpg, ...
 *
 * SPDX-License-Identifier: MIT */
#include <ocellus/ocellus.h>
#include <stdio.h>

/* Called some ten times a second. To return something else than 0 would cancel the training. */
static int show(void *user, const oc_progress *progress) {
    (void)user;
    fprintf(stderr, "\r%3.0f %%  %-24s", 100 * progress->fraction, progress->stage);
    return 0;
}

/* Warnings, for instance of pictures that cannot be read and are left out. */
static void log_line(void *user, int level, const char *line) {
    (void)user;
    (void)level;
    fprintf(stderr, "\r%s\n", line);
}

/* Every tag's figures at the threshold 0, where the most probable tag always counts. */
static oc_status print_report(const oc_model *model, oc_error *error) {
    oc_report *report = NULL;
    oc_status status = oc_model_report(&report, model, error);
    if (status != OC_OK) return status;
    printf("accuracy %.1f %% on %zu pictures\n", 100 * oc_report_accuracy(report), oc_report_count(report));
    for (size_t tag = 0; tag < oc_report_n_tags(report) && status == OC_OK; tag++) {
        oc_metrics metrics = OC_METRICS_INIT;
        status = oc_report_metrics(report, (int32_t)tag, 0, &metrics, error);
        if (status == OC_OK)
            printf("%-24s precision %.3f  recall %.3f  of %u\n", oc_report_tag(report, tag), metrics.precision, metrics.recall,
                   (unsigned)metrics.n_pictures);
    }
    oc_report_free(report);
    return status;
}

int main(int argc, char **argv) {
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    oc_context *context = NULL;
    oc_dataset *dataset = NULL;
    oc_trainer *trainer = NULL;
    oc_model *model = NULL;
    oc_error error = OC_ERROR_INIT;
    oc_status status;
    if (argc != 3) {
        fprintf(stderr, "usage: %s PICTURES MODEL\n", argv[0]);
        return 2;
    }
    options.log = log_line;

    /* Each call may fail, and the first that does says why in `error`. */
    status = oc_context_create(&context, &options, &error);
    if (status == OC_OK) status = oc_dataset_load_folder(&dataset, context, argv[1], &error);
    for (size_t i = 0; i < oc_dataset_n_notes(dataset); i++) fprintf(stderr, "%s\n", oc_dataset_note(dataset, i));
    if (status == OC_OK) status = oc_trainer_create(&trainer, context, dataset, &error);
    if (status == OC_OK) status = oc_trainer_set(trainer, "seed", "1", &error); /* this is how options are set */
    if (status == OC_OK) status = oc_trainer_run(&model, trainer, show, NULL, &error);
    fputc('\n', stderr);
    if (status == OC_OK) status = print_report(model, &error);
    if (status == OC_OK) status = oc_model_save(model, argv[2], &error);
    if (status != OC_OK) fprintf(stderr, "%s: %s\n", oc_status_name(status), error.message);

    /* Handles may be freed in any order, and NULL may be freed too. */
    oc_model_free(model);
    oc_trainer_free(trainer);
    oc_dataset_free(dataset);
    oc_context_free(context);
    return status == OC_OK ? 0 : 1;
}
