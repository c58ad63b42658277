/* oc_trainer. SPDX-License-Identifier: MIT */
#include "arguments.h"
#include "domain.h"
#include "memory.h"
#include "train_model.h"

struct oc_trainer {
    oc_context *context;
    oc_dataset *dataset, *test; /* snapshots of its own */
    oc__train_options options;
    atomic_int cancel;
    atomic_flag running;
};

oc_status oc_trainer_option(uint32_t index, oc_option *option, oc_error *err) {
    oc_option known;
    oc_status status = oc__train_option(index, &known, err);
    return status ? status : oc__struct_write(option, &known, sizeof known, sizeof(uint32_t), "oc_option", err);
}

oc_status oc_trainer_domain(uint32_t index, oc_domain *domain, oc_error *err) {
    oc_domain known;
    oc_status status = oc__domain(&known, index, err);
    return status ? status : oc__struct_write(domain, &known, sizeof known, sizeof known, "oc_domain", err);
}

oc_status oc_trainer_create(oc_trainer **out, oc_context *context, const oc_dataset *dataset, oc_error *err) {
    oc_status status = oc__check_call(out, context, "context", dataset, "dataset", err);
    if (status) return status;
    if (dataset->context != context)
        return oc__fail(err, OC_E_ARGUMENT, "the data set was made with another context");
    oc_trainer *trainer = oc__alloc_zero(context, sizeof *trainer);
    if (!trainer) return oc__fail_nomem(err, context, sizeof *trainer, "trainer");
    trainer->context = oc__context_retain(context);
    oc__train_options_default(&trainer->options);
    status = oc__dataset_snapshot(&trainer->dataset, dataset, err);
    if (!status) status = oc__trainable(trainer->dataset, true, err); /* what is to be made of it is not known yet */
    if (status) oc_trainer_free(trainer);
    else *out = trainer;
    return status;
}

void oc_trainer_free(oc_trainer *trainer) {
    if (!trainer) return;
    oc_context *context = trainer->context;
    oc__dataset_free(trainer->dataset);
    oc__dataset_free(trainer->test);
    oc__free(context, trainer);
    oc__context_release(context);
}

oc_status oc_trainer_set(oc_trainer *trainer, const char *key, const char *value, oc_error *err) {
    oc_status status = oc__check_pointer(trainer, "trainer", err);
    if (!status) status = oc__check_pointer(key, "key", err);
    if (!status) status = oc__check_pointer(value, "value", err);
    return status ? status : oc__train_options_set(&trainer->options, key, value, err);
}

oc_status oc_trainer_set_test(oc_trainer *trainer, const oc_dataset *dataset, oc_error *err) {
    oc_dataset *test = NULL;
    oc_status status = oc__check_pointer(trainer, "trainer", err);
    if (status) return status;
    if (dataset && dataset->context != trainer->context)
        return oc__fail(err, OC_E_ARGUMENT, "the test set was made with another context");
    if (dataset) status = oc__dataset_snapshot(&test, dataset, err);
    if (dataset && !status && !trainer->options.anomaly) status = oc__testable(trainer->dataset, test, err);
    if (status) {
        oc__dataset_free(test);
        return status;
    }
    oc__dataset_free(trainer->test);
    trainer->test = test;
    return OC_OK;
}

oc_status oc_trainer_run(oc_model **out, oc_trainer *trainer, oc_progress_fn progress, void *user, oc_error *err) {
    oc_status status = oc__check_call(out, trainer, "trainer", trainer, "trainer", err);
    if (status) return status;
    if (atomic_flag_test_and_set(&trainer->running)) return oc__fail(err, OC_E_STATE, "the trainer is running already");
    status = oc__train_model(out, trainer->dataset, trainer->test, &trainer->options, NULL, progress, user, &trainer->cancel, err);
    atomic_store(&trainer->cancel, 0);
    atomic_flag_clear(&trainer->running);
    return status;
}

void oc_trainer_cancel(oc_trainer *trainer) {
    if (trainer) atomic_store(&trainer->cancel, 1);
}
