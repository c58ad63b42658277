/* What is known of a model, as people and programs read it.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_MODEL_FACTS_H
#define CLI_MODEL_FACTS_H

#include <ocellus/ocellus.h>

#include "json.h"

/* The properties; those and the tags. */
void model_properties_print(const oc_model *model);
void model_facts_print(const oc_model *model);

/* What more pictures would bring, if it is known. */
void model_learning_print(const oc_model *model);

/* The member "properties", an object of texts; that, "tags", an array of texts, and
 * "learning", an array of points (empty if it is not known). */
void model_properties_json(json *j, const oc_model *model);
void model_facts_json(json *j, const oc_model *model);

#endif
