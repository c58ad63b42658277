/* What is known of a model.
 * SPDX-License-Identifier: MIT */
#include "model_facts.h"

#include <stdio.h>

#include "table.h"

void model_properties_print(const oc_model *model) {
    const char *key = NULL, *value = NULL;
    table properties = {0};
    table_begin(&properties, "ll");
    for (size_t i = 0; oc_model_property_at(model, i, &key, &value, NULL) == OC_OK; i++) {
        table_cell(&properties, "%s", key);
        table_cell(&properties, "%s", value);
    }
    table_end(&properties, 2);
}

void model_facts_print(const oc_model *model) {
    table tags = {0};
    model_properties_print(model);
    printf("\nTags (%zu)\n", oc_model_n_tags(model));
    table_begin(&tags, "l");
    for (size_t i = 0; i < oc_model_n_tags(model); i++) table_cell(&tags, "%s", oc_model_tag(model, i));
    table_end(&tags, 2);
}

void model_properties_json(json *j, const oc_model *model) {
    const char *key = NULL, *value = NULL;
    json_object(j, "properties");
    for (size_t i = 0; oc_model_property_at(model, i, &key, &value, NULL) == OC_OK; i++) json_text(j, key, value);
    json_end_object(j);
}

void model_facts_json(json *j, const oc_model *model) {
    model_properties_json(j, model);
    json_array(j, "tags");
    for (size_t i = 0; i < oc_model_n_tags(model); i++) json_text(j, NULL, oc_model_tag(model, i));
    json_end_array(j);
}
