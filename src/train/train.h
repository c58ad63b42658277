/* Training a classifier. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_TRAIN_H
#define OC_TRAIN_TRAIN_H

#include "course.h"
#include "extract.h"

#define OC__MAX_OPTION_TEXT 1024

/* Hyper-parameters. The one table that describes them is in options.c. */
typedef struct oc__train_options {
    uint64_t seed;
    uint64_t views;
    uint64_t folds; /* 0: OC__FOLDS, and of a detector by the number of pictures */
    double l2; /* 0: chosen by cross-validation */
    bool mirror;
    bool skip_broken;
    bool balance;
    uint64_t size, steps; /* of a detector; steps 0: by the number of pictures */
    double minutes;       /* of a detector: after so many it is done, however many steps; 0: no bound */
    bool mosaic, crop, light, blur, noise, erase; /* of the views of detectors and fine-tuning */
    bool mix;                                     /* of fine-tuning */
    bool anomaly;             /* all pictures are good ones; learn to tell what is not */
    bool fine;                /* a classifier looks for what is small */
    bool freeze;              /* a detector leaves its base's weights as they are */
    char head[OC__MAX_OPTION_TEXT];     /* "auto", "regression", "discriminant" */
    char labels[OC__MAX_OPTION_TEXT];   /* "auto", "one", "several" */
    char negative[OC__MAX_OPTION_TEXT]; /* a tag's name, or "" */
    char base[OC__MAX_OPTION_TEXT];     /* the base network's name, or its file */
    char checkpoint[OC__MAX_OPTION_TEXT]; /* the folder where the state of a long training is kept, or "" */
    char only_tags[OC__MAX_OPTION_TEXT];  /* those to train, with | between; or "": all */
    char start[OC__MAX_OPTION_TEXT];    /* the file of a model whose weights training begins with, or "" */
    char domain[OC__MAX_OPTION_TEXT];   /* "auto", or a domain's name or identifier */
} oc__train_options;

#define OC__FOLDS 5
static inline uint32_t oc__train_folds(const oc__train_options *options) {
    return options->folds ? (uint32_t)options->folds : OC__FOLDS;
}

void oc__train_options_default(oc__train_options *options);

/* Describes option `index`; OC_E_NOT_FOUND past the last. */
oc_status oc__train_option(uint32_t index, oc_option *option, oc_error *err);

/* Sets one from text. */
oc_status oc__train_options_set(oc__train_options *options, const char *key, const char *value, oc_error *err);

/* Sets what the domain sets, where an option is at its default; "auto" is the general domain. OC_E_NOT_FOUND. */
oc_status oc__train_options_complete(oc__train_options *options, bool detection, oc_error *err);

/* The value of option `index`, which exists, as text that oc__train_options_set takes. */
void oc__train_options_print(char out[OC__MAX_OPTION_TEXT], const oc__train_options *options, uint32_t index);

/* Whether an option names a place on this machine, which is nobody else's business. */
bool oc__train_option_is_place(const char *key);

/* Writes every option as "option.KEY" into the model's properties, but for those that are places: a model says which base it has
 * by its name and checksum. */
oc_status oc__train_options_store(oc_model *model, const oc__train_options *options, oc_error *err);

/* What there is to train on. */
typedef struct oc__training_set {
    const oc__labelled *samples;
    size_t n;
    const char *const *tags; /* every tag bears samples */
    size_t n_tags;
    const oc__feature_cache *cache; /* where their features are kept, or NULL */
    const oc__object *objects;      /* for detection: the samples' */
    const uint32_t *labels;         /* the samples' tags: see oc__labelled */
    bool several;                   /* a sample may bear any number of tags */
    uint32_t negative;              /* with several: the tag that says that there is none, which the model does not get; or OC__NONE */
    bool quiet;                     /* pictures that cannot be read are left out without a word */
    oc__states *states;             /* where the state of a long training is kept, or NULL */
} oc__training_set;

/* Whether a sample may bear any number of tags, by the options, where `any` tells whether one does or not. */
bool oc__train_several(const oc__train_options *options, bool any);

/* Trains on top of `base` and returns a finished model. With `cross_validate` its measurement is that of the cross-validation
 * (which is run in any case where something is to be chosen); else it has none. Progress runs to 0.95. */
oc_status oc__train_classifier(oc_model **out, const oc_model *base, const oc__training_set *set,
                               const oc__train_options *options, bool cross_validate, oc__progress *progress, oc_error *err);

/* The same for a detector, from objects in boxes; the model has no measurement. Progress runs to 0.9. */
oc_status oc__train_detector(oc_model **out, const oc_model *base, const oc_model *start, const oc__training_set *set,
                             const oc__train_options *options, oc__progress *progress, oc_error *err);

#endif
