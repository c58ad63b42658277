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

void model_learning_print(const oc_model *model) {
    oc_learning_point now = OC_LEARNING_POINT_INIT, point = OC_LEARNING_POINT_INIT;
    for (size_t i = 0; oc_model_learning(model, i, &point, NULL) == OC_OK && point.is_measured; i++) now = point;
    if (now.n_pictures == 0 || point.is_measured) return;
    printf("\nLearned from %llu pictures, %.1f %% are right; from twice as many, about %.1f %% would be.\n",
           (unsigned long long)now.n_pictures, 100 * now.accuracy, 100 * point.accuracy);
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
    oc_learning_point point = OC_LEARNING_POINT_INIT;
    json_array(j, "learning");
    for (size_t i = 0; oc_model_learning(model, i, &point, NULL) == OC_OK; i++) {
        json_object(j, NULL);
        json_integer(j, "n_pictures", (long long)point.n_pictures);
        json_number(j, "accuracy", point.accuracy);
        json_boolean(j, "measured", point.is_measured != 0);
        json_end_object(j);
    }
    json_end_array(j);
}
