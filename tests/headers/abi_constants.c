/* Constants and offsets of the interface: what has been released never changes, so this file is only added to.
 * SPDX-License-Identifier: MIT */
#include <assert.h>

#include <ocellus/ocellus.h>

#define SAME(expression) static_assert(expression, #expression)

SAME(OC_OK == 0);
SAME(OC_E_ARGUMENT == (-1));
SAME(OC_E_NOMEM == (-2));
SAME(OC_E_IO == (-3));
SAME(OC_E_LIMIT == (-4));
SAME(OC_E_FORMAT == (-5));
SAME(OC_E_CORRUPT == (-6));
SAME(OC_E_UNSUPPORTED == (-7));
SAME(OC_E_CANCELLED == (-8));
SAME(OC_E_NOT_FOUND == (-9));
SAME(OC_E_DATA == (-10));
SAME(OC_E_STATE == (-11));
SAME(OC_E_INTERNAL == (-12));
SAME(OC_LOG_WARNING == 1);
SAME(OC_LOG_INFO == 2);
SAME(OC_LOG_DEBUG == 3);
SAME(OC_IMAGE_PATH == 1);
SAME(OC_IMAGE_ENCODED == 2);
SAME(OC_IMAGE_GRAY8 == 16);
SAME(OC_IMAGE_RGB8 == 17);
SAME(OC_IMAGE_BGR8 == 18);
SAME(OC_IMAGE_RGBA8 == 19);
SAME(OC_IMAGE_BGRA8 == 20);
SAME(OC_PRECISION_FP32 == 0);
SAME(OC_PRECISION_BF16 == 1);
SAME(OC_PRECISION_INT8 == 2);
SAME(OC_OPTION_INTEGER == 1);
SAME(OC_OPTION_NUMBER == 2);
SAME(OC_OPTION_BOOLEAN == 3);
SAME(OC_REPORT_TEST_SET == 1);
SAME(OC_REPORT_CROSS_VALIDATION == 2);
SAME(OC_TAGS_TOGETHER == (-1));
SAME(OC_TAGS_MEAN == (-2));
SAME(OC_MODEL_DETECTION == 4);
SAME(offsetof(oc_box_metrics, n_objects) == 8);
SAME(offsetof(oc_box_metrics, precision) == 32);
SAME(offsetof(oc_box_metrics, average_recall) == 72);
SAME(offsetof(oc_box_metrics, best_f1) == 88);
SAME(offsetof(oc_box_mistake, picture) == 8);
SAME(offsetof(oc_box_mistake, found) == 32);
SAME(OC_MISTAKE_MISSED == 1);
SAME(OC_MISTAKE_FALSE == 2);
SAME(OC_MISTAKE_WRONG_TAG == 3);
SAME(OC_MISTAKE_BADLY_PLACED == 4);
SAME(OC_MISTAKE_DOUBLE == 5);
SAME(OC_OPTION_TEXT == 4);
SAME(OC_BASE_BUILTIN == 1);
SAME(OC_BASE_USER == 2);
SAME(OC_BASE_INSTALLED == 3);
SAME(OC_LAYOUT_NCHW == 1);
SAME(OC_LAYOUT_NHWC == 2);
SAME(OC_RESIZE_SQUASH == 1);
SAME(OC_RESIZE_CROP == 2);
SAME(OC_RESIZE_LETTERBOX == 3);
SAME(OC_ID_SIZE == 37);
SAME(OC_PROJECT_MULTICLASS == 1);
SAME(OC_PROJECT_MULTILABEL == 2);
SAME(OC_PROJECT_DETECTION == 3);
SAME(OC_PROJECT_ANOMALY == 4);
SAME(OC_PROBLEM_DATABASE == 1);
SAME(OC_PROBLEM_MISSING == 2);
SAME(OC_PROBLEM_CHANGED == 3);
SAME(OC_PROBLEM_LEFT_OVER == 4);
SAME(OC_PROBLEM_UNFINISHED == 5);
SAME(OC_VERIFY_REPAIR == 1);
SAME(OC_VERIFY_FORGET == 2);
SAME(OC_TAG_REGULAR == 1);
SAME(OC_TAG_NEGATIVE == 2);
SAME(OC_TAG_GENERAL_PRODUCT == 3);
SAME(OC_LABEL_ADD == 1);
SAME(OC_LABEL_SET == 2);
SAME(OC_LABEL_REMOVE == 3);
SAME(OC_PICTURES_ALL == 0);
SAME(OC_PICTURES_TAGGED == 1);
SAME(OC_PICTURES_UNTAGGED == 2);
SAME(OC_ORDER_OLDEST == 1);
SAME(OC_ORDER_NEWEST == 2);
SAME(OC_ORDER_NAME == 3);
SAME(OC_REGION_BOX == 1);
SAME(OC_REGION_OTHER == 2);
SAME(OC_REGION_STORED == 1);
SAME(OC_REGION_CLIPPED == 2);
SAME(OC_REGION_DUPLICATE == 3);
SAME(OC_REGION_REFUSED == 4);
SAME(OC_REGIONS_PIXELS == 1);
SAME(OC_REGIONS_CLIP == 2);
SAME(OC_REGIONS_SKIP == 4);
SAME(OC_KEEP_FOREVER == 1000000);
SAME(OC_PREDICTIONS_NEWEST == 1);
SAME(OC_PREDICTIONS_OLDEST == 2);
SAME(OC_PREDICTIONS_SUGGESTED == 3);
#if UINTPTR_MAX == UINT64_MAX
SAME(offsetof(oc_error, struct_size) == 0);
SAME(offsetof(oc_error, code) == 4);
SAME(offsetof(oc_error, message) == 8);
SAME(sizeof(oc_error) >= 256);

SAME(offsetof(oc_context_options, struct_size) == 0);
SAME(offsetof(oc_context_options, n_threads) == 4);
SAME(offsetof(oc_context_options, allocate) == 8);
SAME(offsetof(oc_context_options, release) == 16);
SAME(offsetof(oc_context_options, allocator_user) == 24);
SAME(offsetof(oc_context_options, log) == 32);
SAME(offsetof(oc_context_options, log_user) == 40);
SAME(offsetof(oc_context_options, log_level) == 48);
SAME(offsetof(oc_context_options, max_image_side) == 52);
SAME(offsetof(oc_context_options, max_image_pixels) == 56);
SAME(offsetof(oc_context_options, max_image_bytes) == 64);
SAME(offsetof(oc_context_options, max_image_ratio) == 72);
SAME(offsetof(oc_context_options, max_image_scans) == 76);
SAME(offsetof(oc_context_options, max_image_chunks) == 80);
SAME(offsetof(oc_context_options, max_model_bytes) == 88);
SAME(offsetof(oc_context_options, max_memory) == 96);
SAME(sizeof(oc_context_options) >= 104);

SAME(offsetof(oc_image, struct_size) == 0);
SAME(offsetof(oc_image, format) == 4);
SAME(offsetof(oc_image, width) == 8);
SAME(offsetof(oc_image, height) == 12);
SAME(offsetof(oc_image, stride) == 16);
SAME(offsetof(oc_image, data) == 24);
SAME(offsetof(oc_image, size) == 32);
SAME(offsetof(oc_image, name) == 40);
SAME(sizeof(oc_image) >= 48);

SAME(offsetof(oc_option, struct_size) == 0);
SAME(offsetof(oc_option, type) == 4);
SAME(offsetof(oc_option, key) == 8);
SAME(offsetof(oc_option, default_value) == 16);
SAME(offsetof(oc_option, help) == 24);
SAME(offsetof(oc_option, minimum) == 32);
SAME(offsetof(oc_option, maximum) == 40);
SAME(sizeof(oc_option) >= 48);

SAME(offsetof(oc_domain, struct_size) == 0);
SAME(offsetof(oc_domain, detection) == 4);
SAME(offsetof(oc_domain, id) == 8);
SAME(offsetof(oc_domain, name) == 16);
SAME(offsetof(oc_domain, settings) == 24);
SAME(offsetof(oc_domain, help) == 32);
SAME(sizeof(oc_domain) >= 40);

SAME(offsetof(oc_progress, struct_size) == 0);
SAME(offsetof(oc_progress, stage) == 8);
SAME(offsetof(oc_progress, fraction) == 16);
SAME(offsetof(oc_progress, seconds_elapsed) == 24);
SAME(offsetof(oc_progress, seconds_left) == 32);
SAME(sizeof(oc_progress) >= 40);

SAME(offsetof(oc_predictor_options, struct_size) == 0);
SAME(offsetof(oc_predictor_options, precision) == 4);
SAME(offsetof(oc_predictor_options, tiles) == 8);

SAME(offsetof(oc_box, struct_size) == 0);
SAME(offsetof(oc_box, tag) == 4);
SAME(offsetof(oc_box, probability) == 8);
SAME(offsetof(oc_box, left) == 12);
SAME(offsetof(oc_box, top) == 16);
SAME(offsetof(oc_box, width) == 20);
SAME(offsetof(oc_box, height) == 24);
SAME(sizeof(oc_box) >= 28);

SAME(offsetof(oc_metrics, struct_size) == 0);
SAME(offsetof(oc_metrics, n_pictures) == 4);
SAME(offsetof(oc_metrics, n_predicted) == 8);
SAME(offsetof(oc_metrics, n_correct) == 12);
SAME(offsetof(oc_metrics, precision) == 16);
SAME(offsetof(oc_metrics, recall) == 24);
SAME(offsetof(oc_metrics, f1) == 32);
SAME(offsetof(oc_metrics, average_precision) == 40);
SAME(offsetof(oc_metrics, precision_deviation) == 48);
SAME(offsetof(oc_metrics, recall_deviation) == 56);
SAME(offsetof(oc_metrics, average_precision_deviation) == 64);
SAME(sizeof(oc_metrics) >= 72);

SAME(offsetof(oc_report_entry, struct_size) == 0);
SAME(offsetof(oc_report_entry, truth) == 4);
SAME(offsetof(oc_report_entry, predicted) == 8);
SAME(offsetof(oc_report_entry, probability) == 12);
SAME(offsetof(oc_report_entry, fold) == 16);
SAME(offsetof(oc_report_entry, name) == 24);
SAME(sizeof(oc_report_entry) >= 32);

SAME(offsetof(oc_reliability, struct_size) == 0);
SAME(offsetof(oc_reliability, n_pictures) == 4);
SAME(offsetof(oc_reliability, low) == 8);
SAME(offsetof(oc_reliability, high) == 16);
SAME(offsetof(oc_reliability, probability) == 24);
SAME(offsetof(oc_reliability, accuracy) == 32);
SAME(sizeof(oc_reliability) >= 40);

SAME(offsetof(oc_base, place) == 4);
SAME(offsetof(oc_base, name) == 8);
SAME(offsetof(oc_base, path) == 16);
SAME(offsetof(oc_base, sha256) == 24);
SAME(offsetof(oc_base, n_bytes) == 32);
SAME(sizeof(oc_base) >= 40);

SAME(offsetof(oc_import_options, layout) == 4);
SAME(offsetof(oc_import_options, width) == 8);
SAME(offsetof(oc_import_options, height) == 12);
SAME(offsetof(oc_import_options, channels) == 16);
SAME(offsetof(oc_import_options, resize) == 20);
SAME(offsetof(oc_import_options, mean) == 24);
SAME(offsetof(oc_import_options, deviation) == 32);
SAME(offsetof(oc_import_options, features) == 40);
SAME(offsetof(oc_import_options, name) == 48);
SAME(offsetof(oc_import_options, licence) == 56);
SAME(sizeof(oc_import_options) >= 64);

SAME(offsetof(oc_problem, kind) == 4);
SAME(offsetof(oc_problem, repaired) == 8);
SAME(offsetof(oc_problem, picture) == 16);
SAME(offsetof(oc_problem, message) == 24);
SAME(sizeof(oc_problem) >= 32);

SAME(offsetof(oc_tag, type) == 4);
SAME(offsetof(oc_tag, name) == 8);
SAME(offsetof(oc_tag, description) == 16);
SAME(offsetof(oc_tag, colour) == 24);
SAME(offsetof(oc_tag, id) == 32);
SAME(offsetof(oc_tag, n_pictures) == 40);
SAME(offsetof(oc_tag, n_regions) == 48);
SAME(sizeof(oc_tag) >= 56);

SAME(offsetof(oc_labels, n_tags) == 4);
SAME(offsetof(oc_labels, tags) == 8);
SAME(offsetof(oc_labels, n_metadata) == 16);
SAME(offsetof(oc_labels, keys) == 24);
SAME(offsetof(oc_labels, values) == 32);
SAME(offsetof(oc_labels, split) == 40);
SAME(sizeof(oc_labels) >= 48);

SAME(offsetof(oc_addition, duplicate) == 4);
SAME(offsetof(oc_addition, id) == 8);
SAME(sizeof(oc_addition) >= 48);

SAME(offsetof(oc_folder_summary, reserved) == 4);
SAME(offsetof(oc_folder_summary, n_added) == 8);
SAME(offsetof(oc_folder_summary, n_duplicates) == 16);
SAME(offsetof(oc_folder_summary, n_skipped) == 24);
SAME(sizeof(oc_folder_summary) >= 32);

SAME(offsetof(oc_picture_filter, state) == 4);
SAME(offsetof(oc_picture_filter, tags) == 8);
SAME(offsetof(oc_picture_filter, n_tags) == 16);
SAME(offsetof(oc_picture_filter, order) == 20);
SAME(offsetof(oc_picture_filter, metadata) == 24);
SAME(offsetof(oc_picture_filter, name) == 32);
SAME(offsetof(oc_picture_filter, added_after) == 40);
SAME(offsetof(oc_picture_filter, added_before) == 48);
SAME(offsetof(oc_picture_filter, offset) == 56);
SAME(offsetof(oc_picture_filter, limit) == 64);
SAME(sizeof(oc_picture_filter) >= 72);

SAME(offsetof(oc_picture_info, width) == 4);
SAME(offsetof(oc_picture_info, height) == 8);
SAME(offsetof(oc_picture_info, n_tags) == 12);
SAME(offsetof(oc_picture_info, n_regions) == 16);
SAME(offsetof(oc_picture_info, n_metadata) == 20);
SAME(offsetof(oc_picture_info, id) == 24);
SAME(offsetof(oc_picture_info, name) == 32);
SAME(offsetof(oc_picture_info, sha256) == 40);
SAME(offsetof(oc_picture_info, path) == 48);
SAME(offsetof(oc_picture_info, added) == 56);
SAME(offsetof(oc_picture_info, n_bytes) == 64);
SAME(offsetof(oc_picture_info, split) == 72);
SAME(sizeof(oc_picture_info) >= 80);

SAME(offsetof(oc_region, kind) == 4);
SAME(offsetof(oc_region, picture) == 8);
SAME(offsetof(oc_region, tag) == 16);
SAME(offsetof(oc_region, left) == 24);
SAME(offsetof(oc_region, top) == 32);
SAME(offsetof(oc_region, width) == 40);
SAME(offsetof(oc_region, height) == 48);
SAME(offsetof(oc_region, extra) == 56);
SAME(offsetof(oc_region, id) == 64);
SAME(offsetof(oc_region, created) == 72);
SAME(offsetof(oc_region, reason) == 80);
SAME(offsetof(oc_region, outcome) == 88);
SAME(offsetof(oc_region, reserved) == 92);
SAME(sizeof(oc_region) >= 96);

SAME(offsetof(oc_iteration, is_default) == 4);
SAME(offsetof(oc_iteration, id) == 8);
SAME(offsetof(oc_iteration, name) == 16);
SAME(offsetof(oc_iteration, published) == 24);
SAME(offsetof(oc_iteration, created) == 32);
SAME(offsetof(oc_iteration, version) == 40);
SAME(offsetof(oc_iteration, settings) == 48);
SAME(offsetof(oc_iteration, library) == 56);
SAME(offsetof(oc_iteration, log) == 64);
SAME(offsetof(oc_iteration, path) == 72);
SAME(offsetof(oc_iteration, sha256) == 80);
SAME(offsetof(oc_iteration, n_bytes) == 88);
SAME(offsetof(oc_iteration, n_pictures) == 96);
SAME(offsetof(oc_iteration, n_measured) == 104);
SAME(offsetof(oc_iteration, seconds) == 112);
SAME(offsetof(oc_iteration, accuracy) == 120);
SAME(offsetof(oc_iteration, precision) == 128);
SAME(offsetof(oc_iteration, recall) == 136);
SAME(offsetof(oc_iteration, average_precision) == 144);
SAME(offsetof(oc_iteration, method) == 152);
SAME(offsetof(oc_iteration, is_new) == 156);
SAME(sizeof(oc_iteration) >= 160);

SAME(offsetof(oc_project_info, kind) == 4);
SAME(offsetof(oc_project_info, name) == 8);
SAME(offsetof(oc_project_info, description) == 16);
SAME(offsetof(oc_project_info, domain) == 24);
SAME(offsetof(oc_project_info, id) == 32);
SAME(offsetof(oc_project_info, created) == 40);
SAME(offsetof(oc_project_info, modified) == 48);
SAME(offsetof(oc_project_info, n_tags) == 56);
SAME(offsetof(oc_project_info, n_pictures) == 64);
SAME(offsetof(oc_project_info, n_untagged) == 72);
SAME(offsetof(oc_project_info, n_regions) == 80);
SAME(offsetof(oc_project_info, n_bytes) == 88);
SAME(offsetof(oc_project_info, n_iterations) == 96);
SAME(offsetof(oc_project_info, keep_days) == 100);
SAME(sizeof(oc_project_info) >= 104);

SAME(offsetof(oc_prediction_filter, order) == 4);
SAME(offsetof(oc_prediction_filter, iteration) == 8);
SAME(offsetof(oc_prediction_filter, application) == 16);
SAME(offsetof(oc_prediction_filter, after) == 24);
SAME(offsetof(oc_prediction_filter, before) == 32);
SAME(offsetof(oc_prediction_filter, tag) == 40);
SAME(offsetof(oc_prediction_filter, min_probability) == 48);
SAME(offsetof(oc_prediction_filter, max_probability) == 56);
SAME(offsetof(oc_prediction_filter, offset) == 64);
SAME(offsetof(oc_prediction_filter, limit) == 72);
SAME(sizeof(oc_prediction_filter) >= 80);

SAME(offsetof(oc_stored_prediction, n_answers) == 4);
SAME(offsetof(oc_stored_prediction, id) == 8);
SAME(offsetof(oc_stored_prediction, iteration) == 16);
SAME(offsetof(oc_stored_prediction, application) == 24);
SAME(offsetof(oc_stored_prediction, created) == 32);
SAME(offsetof(oc_stored_prediction, name) == 40);
SAME(offsetof(oc_stored_prediction, sha256) == 48);
SAME(offsetof(oc_stored_prediction, path) == 56);
SAME(offsetof(oc_stored_prediction, uncertainty) == 64);
SAME(sizeof(oc_stored_prediction) >= 72);

SAME(offsetof(oc_answer, probability) == 4);
SAME(offsetof(oc_answer, tag) == 8);
SAME(offsetof(oc_answer, left) == 16);
SAME(offsetof(oc_answer, top) == 20);
SAME(offsetof(oc_answer, width) == 24);
SAME(offsetof(oc_answer, height) == 28);
SAME(sizeof(oc_answer) >= 32);

SAME(offsetof(oc_version_entry, n_iterations) == 4);
SAME(offsetof(oc_version_entry, id) == 8);
SAME(offsetof(oc_version_entry, name) == 16);
SAME(offsetof(oc_version_entry, created) == 24);
SAME(offsetof(oc_version_entry, n_pictures) == 32);
SAME(sizeof(oc_version_entry) >= 40);

SAME(offsetof(oc_training, n_options) == 4);
SAME(offsetof(oc_training, keys) == 8);
SAME(offsetof(oc_training, values) == 16);
SAME(offsetof(oc_training, name) == 24);
SAME(offsetof(oc_training, test_split) == 32);
SAME(offsetof(oc_training, test_share) == 40);
SAME(offsetof(oc_training, force) == 48);
SAME(offsetof(oc_training, reserved) == 52);
SAME(offsetof(oc_training, version) == 56);
SAME(sizeof(oc_training) >= 64);

SAME(offsetof(oc_tag, extra) == 56);
SAME(offsetof(oc_labels, extra) == 48);
SAME(offsetof(oc_picture_info, extra) == 80);

SAME(OC_EXCHANGE_NO_PICTURES == 1);
SAME(OC_NOTE_LEFT_OUT == 1);
SAME(OC_NOTE_CHANGED == 2);

SAME(offsetof(oc_exchange_options, flags) == 4);
SAME(offsetof(oc_exchange_options, from) == 8);
SAME(offsetof(oc_exchange_options, to) == 16);
SAME(offsetof(oc_exchange_options, pictures) == 24);
SAME(sizeof(oc_exchange_options) >= 32);

SAME(offsetof(oc_exchange_summary, n_notes) == 4);
SAME(offsetof(oc_exchange_summary, format) == 8);
SAME(offsetof(oc_exchange_summary, n_pictures) == 16);
SAME(offsetof(oc_exchange_summary, n_added) == 24);
SAME(offsetof(oc_exchange_summary, n_duplicates) == 32);
SAME(offsetof(oc_exchange_summary, n_missing) == 40);
SAME(offsetof(oc_exchange_summary, n_tags) == 48);
SAME(offsetof(oc_exchange_summary, n_labels) == 56);
SAME(offsetof(oc_exchange_summary, n_boxes) == 64);
SAME(offsetof(oc_exchange_summary, n_others) == 72);
SAME(offsetof(oc_exchange_summary, n_left_out) == 80);
SAME(sizeof(oc_exchange_summary) >= 88);

SAME(offsetof(oc_service, endpoint) == 8);
SAME(offsetof(oc_service, key) == 16);
SAME(offsetof(oc_service, project) == 24);
SAME(sizeof(oc_service) >= 32);

SAME(offsetof(oc_note, outcome) == 4);
SAME(offsetof(oc_note, reason) == 8);
SAME(offsetof(oc_note, n) == 16);
SAME(offsetof(oc_note, n_examples) == 24);
SAME(sizeof(oc_note) >= 32);

SAME(offsetof(oc_format_info, can_read) == 4);
SAME(offsetof(oc_format_info, name) == 8);
SAME(offsetof(oc_format_info, description) == 16);
SAME(sizeof(oc_format_info) >= 24);

SAME(offsetof(oc_search, limit) == 4);
SAME(offsetof(oc_search, picture) == 8);
SAME(offsetof(oc_search, image) == 16);
SAME(offsetof(oc_search, base) == 24);
SAME(offsetof(oc_search, filter) == 32);
SAME(offsetof(oc_search, min_score) == 40);
SAME(sizeof(oc_search) >= 48);

SAME(offsetof(oc_match, score) == 4);
SAME(offsetof(oc_match, picture) == 8);
SAME(offsetof(oc_match, name) == 16);
SAME(offsetof(oc_match, path) == 24);
SAME(sizeof(oc_match) >= 32);
#endif

int main(void) { return 0; }
