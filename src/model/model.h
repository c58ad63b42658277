/* What a trained model is. SPDX-License-Identifier: MIT */
#ifndef OC_MODEL_MODEL_H
#define OC_MODEL_MODEL_H

#include "graph.h"
#include "measurement.h"
#include "prepare.h"
#include "program.h"

/* The numbers stand in model files. */
#define OC__KIND_BASE 1           /* output 0: features of a picture, a vector; trained further by users */
#define OC__KIND_CLASSIFICATION 2 /* output 0: logits, one per tag; probabilities are their softmax. Output 1, if there is one: the logit
                                     of how unlike the training pictures a picture is */
#define OC__KIND_MULTILABEL 3     /* the same, but probabilities are the logits' sigmoids */
#define OC__KIND_DETECTION 4      /* outputs: a detector's levels (boxes.h); the rule takes all of a picture: OC__RESIZE_SQUASH */

#define OC__MAX_TAGS 10000
#define OC__N_PRECISIONS (OC_PRECISION_INT8 + 1)
#define OC__MAX_PROPERTIES 1000

typedef struct oc__property {
    char *key, *value; /* UTF-8; the key of 1 to 64 bytes, unique, the value of 0 to 65535 bytes */
} oc__property;

/* Immutable once oc__model_finish has returned. */
struct oc_model {
    oc_context *context;
    atomic_size_t n_references;
    uint32_t kind; /* OC__KIND_... */
    char **tags;   /* valid by oc__tag_valid, distinct */
    size_t n_tags;
    float *thresholds; /* multilabel: from which probability on a tag counts as given; or NULL: 0.5 */
    oc__prepare_rule rule;
    oc__graph graph;
    oc__property *properties; /* in the order in which they were set */
    size_t n_properties, property_capacity;
    oc__measurement *measurement; /* how it was measured, or NULL */
    oc__range *ranges;            /* of the graph's nodes, by calibration, or NULL: no int8 */

    bool tells_novelty; /* a classifier's output 1 is one value: see OC__KIND_CLASSIFICATION; found by oc__model_finish */
    oc__program *program;                  /* made by oc__model_finish */
    pthread_mutex_t lock;                  /* guards `others` */
    oc__program *others[OC__N_PRECISIONS]; /* of other precisions, each made when it is first asked for */
};

/* An empty model with one reference. It retains the context. */
oc_status oc__model_create(oc_model **out, oc_context *context, oc_error *err);
oc_model *oc__model_retain(const oc_model *model);
void oc__model_release(oc_model *model);

/* Copies `n` tags. */
oc_status oc__model_set_tags(oc_model *model, const char *const *tags, size_t n, oc_error *err);

/* The number of the tag of that name; n_tags if there is none. */
size_t oc__model_find_tag(const oc_model *model, const char *name);

/* Sets a property, replacing the value of a key that is there. */
oc_status oc__model_set_property(oc_model *model, const char *key, const char *value, oc_error *err);
oc_status oc__model_set_property_u64(oc_model *model, const char *key, uint64_t value, oc_error *err);
oc_status oc__model_copy_properties(oc_model *to, const oc_model *from, oc_error *err); /* all of them */
const char *oc__model_property(const oc_model *model, const char *key); /* NULL if not there */

/* From which probability on tag `tag` counts as given: 0 if each picture has one tag. */
float oc__model_threshold(const oc_model *model, size_t tag);

/* Checks that all parts fit together (the graph runs at the rule's size with 3 channels in; as many logits as tags; tags and
 * properties as stated above; the measurement within the tags) and makes the program. A file's model is untrusted until this
 * has returned OC_OK. Errors: OC_E_CORRUPT, OC_E_UNSUPPORTED, OC_E_LIMIT, OC_E_NOMEM. */
oc_status oc__model_finish(oc_model *model, oc_error *err);

/* A finished model's program of a precision, which all who ask share. OC_E_ARGUMENT if it is none, OC_E_UNSUPPORTED for int8
 * without ranges. */
oc_status oc__model_program(const oc__program **out, const oc_model *model, uint32_t precision, oc_error *err);

#endif
