# SPDX-License-Identifier: MIT
"""The declarations of ocellus.h for ctypes: constants, structs and functions, under the names of the header.

Nothing here loads the library. tests/test_header.py compares this file with the header, so the two cannot drift apart.
"""

from __future__ import annotations

import ctypes
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char,
    c_char_p,
    c_double,
    c_float,
    c_int,
    c_int32,
    c_size_t,
    c_ssize_t,
    c_uint32,
    c_uint64,
    c_void_p,
    py_object,
)
from typing import Any, Dict, Sequence, Tuple

OC_VERSION_MAJOR = 0
OC_VERSION_MINOR = 1
OC_VERSION_PATCH = 0

OC_OK = 0
OC_E_ARGUMENT = -1
OC_E_NOMEM = -2
OC_E_IO = -3
OC_E_LIMIT = -4
OC_E_FORMAT = -5
OC_E_CORRUPT = -6
OC_E_UNSUPPORTED = -7
OC_E_CANCELLED = -8
OC_E_NOT_FOUND = -9
OC_E_DATA = -10
OC_E_STATE = -11
OC_E_INTERNAL = -12

OC_LOG_WARNING = 1
OC_LOG_INFO = 2
OC_LOG_DEBUG = 3

OC_IMAGE_PATH = 1
OC_IMAGE_ENCODED = 2
OC_IMAGE_GRAY8 = 16
OC_IMAGE_RGB8 = 17
OC_IMAGE_BGR8 = 18
OC_IMAGE_RGBA8 = 19
OC_IMAGE_BGRA8 = 20

OC_PRECISION_FP32 = 0
OC_PRECISION_BF16 = 1
OC_PRECISION_INT8 = 2

OC_OPTION_INTEGER = 1
OC_OPTION_NUMBER = 2
OC_OPTION_BOOLEAN = 3
OC_OPTION_TEXT = 4

OC_REPORT_TEST_SET = 1
OC_REPORT_CROSS_VALIDATION = 2

OC_TAGS_TOGETHER = -1
OC_TAGS_MEAN = -2
OC_MISTAKE_MISSED, OC_MISTAKE_FALSE, OC_MISTAKE_WRONG_TAG, OC_MISTAKE_BADLY_PLACED, OC_MISTAKE_DOUBLE = 1, 2, 3, 4, 5
OC_THRESHOLD_OWN = -1.0

OC_MODEL_BASE = 1
OC_MODEL_CLASSIFICATION = 2
OC_MODEL_MULTILABEL = 3
OC_MODEL_DETECTION = 4
OC_OVERLAP_STANDARD = 0.3

OC_BASE_BUILTIN = 1
OC_BASE_USER = 2
OC_BASE_INSTALLED = 3

OC_LAYOUT_NCHW = 1
OC_LAYOUT_NHWC = 2

OC_RESIZE_SQUASH = 1
OC_RESIZE_CROP = 2
OC_RESIZE_LETTERBOX = 3

OC_ID_SIZE = 37

OC_PROJECT_MULTICLASS = 1
OC_PROJECT_MULTILABEL = 2
OC_PROJECT_DETECTION = 3
OC_PROJECT_ANOMALY = 4

OC_PROBLEM_DATABASE = 1
OC_PROBLEM_MISSING = 2
OC_PROBLEM_CHANGED = 3
OC_PROBLEM_LEFT_OVER = 4
OC_PROBLEM_UNFINISHED = 5

OC_VERIFY_REPAIR = 1
OC_VERIFY_FORGET = 2

OC_TAG_REGULAR = 1
OC_TAG_NEGATIVE = 2
OC_TAG_GENERAL_PRODUCT = 3

OC_LABEL_ADD = 1
OC_LABEL_SET = 2
OC_LABEL_REMOVE = 3

OC_PICTURES_ALL = 0
OC_PICTURES_TAGGED = 1
OC_PICTURES_UNTAGGED = 2

OC_SEVERITY_HINT = 1
OC_SEVERITY_WARNING = 2
OC_SEVERITY_SERIOUS = 3
OC_FINDING_UNREADABLE = 1
OC_FINDING_NO_TAGS = 2
OC_FINDING_TOO_FEW = 3
OC_FINDING_IMBALANCE = 4
OC_FINDING_CONTRADICTION = 5
OC_FINDING_LEAK = 6
OC_FINDING_DUPLICATE = 7
OC_FINDING_LITTLE_VARIETY = 8
OC_FINDING_WRONG_TAG = 9
OC_FINDING_MISSING_TAG = 10
OC_FINDING_CONFUSED = 11
OC_FINDING_BLURRED = 12
OC_FINDING_DARK = 13
OC_FINDING_BRIGHT = 14
OC_FINDING_FLAT = 15
OC_FINDING_TINY = 16
OC_FINDING_ODD_SHAPE = 17
OC_FINDING_SMALL_BOX = 18
OC_FINDING_LARGE_BOX = 19
OC_FINDING_DOUBLE_BOX = 20
OC_FINDING_MISSING_BOX = 21
OC_FINDING_WRONG_BOX = 22
OC_CHECK_QUICK = 1

OC_ALARM_OFF = 0
OC_ALARM_RAISED = 1
OC_ALARM_ON = 2
OC_ALARM_CLEARED = 3

OC_GOAL_PRECISION = 1
OC_GOAL_RECALL = 2
OC_GOAL_F1 = 3

OC_SUGGEST_SURE = 1
OC_SUGGEST_USEFUL = 2
OC_SUGGEST_ALIKE = 3

OC_EXCHANGE_NO_PICTURES = 1

OC_NOTE_LEFT_OUT = 1
OC_NOTE_CHANGED = 2

OC_ORDER_OLDEST = 1
OC_ORDER_NEWEST = 2
OC_ORDER_NAME = 3

OC_REGION_BOX = 1
OC_REGION_OTHER = 2
OC_REGION_STORED = 1
OC_REGION_CLIPPED = 2
OC_REGION_DUPLICATE = 3
OC_REGION_REFUSED = 4

OC_REGIONS_PIXELS = 1
OC_REGIONS_CLIP = 2
OC_REGIONS_SKIP = 4

OC_KEEP_FOREVER = 1000000

OC_PREDICTIONS_NEWEST = 1
OC_PREDICTIONS_OLDEST = 2
OC_PREDICTIONS_SUGGESTED = 3

oc_status = c_int32


class SizedStruct(Structure):
    """A struct whose first field is its own size, which is filled in here."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(struct_size=ctypes.sizeof(type(self)), **fields)


class oc_error(SizedStruct):
    _fields_ = [("struct_size", c_uint32), ("code", oc_status), ("message", c_char * 248)]


oc_log_fn = CFUNCTYPE(None, c_void_p, c_int, c_char_p)


class oc_context_options(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("n_threads", c_uint32),
        ("allocate", CFUNCTYPE(c_void_p, c_void_p, c_size_t)),
        ("release", CFUNCTYPE(None, c_void_p, c_void_p)),
        ("allocator_user", c_void_p),
        ("log", oc_log_fn),
        ("log_user", c_void_p),
        ("log_level", c_int32),
        ("max_image_side", c_uint32),
        ("max_image_pixels", c_uint64),
        ("max_image_bytes", c_uint64),
        ("max_image_ratio", c_uint32),
        ("max_image_scans", c_uint32),
        ("max_image_chunks", c_uint32),
        ("max_model_bytes", c_uint64),
        ("max_memory", c_uint64),
    ]


class oc_image(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("format", c_uint32),
        ("width", c_uint32),
        ("height", c_uint32),
        ("stride", c_ssize_t),
        ("data", c_void_p),
        ("size", c_size_t),
        ("name", c_char_p),
    ]


class oc_option(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("type", c_uint32),
        ("key", c_char_p),
        ("default_value", c_char_p),
        ("help", c_char_p),
        ("minimum", c_double),
        ("maximum", c_double),
    ]


class oc_domain(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("detection", c_uint32),
        ("id", c_char_p),
        ("name", c_char_p),
        ("settings", c_char_p),
        ("help", c_char_p),
    ]


class oc_progress(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("stage", c_char_p),
        ("fraction", c_double),
        ("seconds_elapsed", c_double),
        ("seconds_left", c_double),
    ]


class oc_predictor_options(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("precision", c_uint32),
        ("tiles", c_uint32),
    ]


class oc_box(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("tag", c_int32),
        ("probability", c_float),
        ("left", c_float),
        ("top", c_float),
        ("width", c_float),
        ("height", c_float),
    ]


class oc_metrics(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("n_pictures", c_uint32),
        ("n_predicted", c_uint32),
        ("n_correct", c_uint32),
        ("precision", c_double),
        ("recall", c_double),
        ("f1", c_double),
        ("average_precision", c_double),
        ("precision_deviation", c_double),
        ("recall_deviation", c_double),
        ("average_precision_deviation", c_double),
    ]


class oc_reliability(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("n_pictures", c_uint32),
        ("low", c_double),
        ("high", c_double),
        ("probability", c_double),
        ("accuracy", c_double),
    ]


class oc_box_metrics(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("n_pictures", c_uint32),
        ("n_objects", c_uint64),
        ("n_predicted", c_uint64),
        ("n_correct", c_uint64),
        ("precision", c_double),
        ("recall", c_double),
        ("f1", c_double),
        ("ap50", c_double),
        ("ap", c_double),
        ("average_recall", c_double),
        ("best_probability", c_double),
        ("best_f1", c_double),
        ("ap_small", c_double),
        ("ap_medium", c_double),
        ("ap_large", c_double),
        ("precision_deviation", c_double),
        ("recall_deviation", c_double),
        ("ap50_deviation", c_double),
        ("ap_deviation", c_double),
    ]


class oc_box_mistake(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_uint32),
        ("picture", c_uint64),
        ("name", c_char_p),
        ("overlap", c_double),
        ("found", oc_box),
        ("truth", oc_box),
    ]


class oc_report_entry(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("truth", c_int32),
        ("predicted", c_int32),
        ("probability", c_float),
        ("fold", c_uint32),
        ("name", c_char_p),
    ]


class oc_report_said(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("tag", c_int32),
        ("probability", c_float),
        ("bears", c_uint32),
        ("given", c_uint32),
    ]


class oc_base(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("place", c_uint32),
        ("name", c_char_p),
        ("path", c_char_p),
        ("sha256", c_char_p),
        ("n_bytes", c_uint64),
    ]


class oc_import_options(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("layout", c_uint32),
        ("width", c_uint32),
        ("height", c_uint32),
        ("channels", c_uint32),
        ("resize", c_uint32),
        ("mean", c_char_p),
        ("deviation", c_char_p),
        ("features", c_char_p),
        ("name", c_char_p),
        ("licence", c_char_p),
    ]


class oc_problem(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_uint32),
        ("repaired", c_int32),
        ("picture", c_char_p),
        ("message", c_char_p),
    ]


class oc_tag(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("type", c_uint32),
        ("name", c_char_p),
        ("description", c_char_p),
        ("colour", c_char_p),
        ("id", c_char_p),
        ("n_pictures", c_uint64),
        ("n_regions", c_uint64),
        ("extra", c_char_p),
    ]


class oc_labels(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("n_tags", c_uint32),
        ("tags", POINTER(c_char_p)),
        ("n_metadata", c_uint32),
        ("keys", POINTER(c_char_p)),
        ("values", POINTER(c_char_p)),
        ("split", c_char_p),
        ("extra", c_char_p),
    ]


class oc_addition(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("duplicate", c_int32),
        ("id", c_char * 40),
    ]


class oc_folder_summary(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("n_added", c_uint64),
        ("n_duplicates", c_uint64),
        ("n_skipped", c_uint64),
    ]


class oc_picture_filter(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("state", c_uint32),
        ("tags", POINTER(c_char_p)),
        ("n_tags", c_uint32),
        ("order", c_uint32),
        ("metadata", c_char_p),
        ("name", c_char_p),
        ("added_after", c_char_p),
        ("added_before", c_char_p),
        ("offset", c_uint64),
        ("limit", c_uint64),
    ]


class oc_picture_info(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("width", c_uint32),
        ("height", c_uint32),
        ("n_tags", c_uint32),
        ("n_regions", c_uint32),
        ("n_metadata", c_uint32),
        ("id", c_char_p),
        ("name", c_char_p),
        ("sha256", c_char_p),
        ("path", c_char_p),
        ("added", c_char_p),
        ("n_bytes", c_uint64),
        ("split", c_char_p),
        ("extra", c_char_p),
    ]


class oc_region(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_uint32),
        ("picture", c_char_p),
        ("tag", c_char_p),
        ("left", c_double),
        ("top", c_double),
        ("width", c_double),
        ("height", c_double),
        ("extra", c_char_p),
        ("id", c_char_p),
        ("created", c_char_p),
        ("reason", c_char_p),
        ("outcome", c_uint32),
        ("reserved", c_uint32),
    ]


class oc_iteration(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("is_default", c_uint32),
        ("id", c_char_p),
        ("name", c_char_p),
        ("published", c_char_p),
        ("created", c_char_p),
        ("version", c_char_p),
        ("settings", c_char_p),
        ("library", c_char_p),
        ("log", c_char_p),
        ("path", c_char_p),
        ("sha256", c_char_p),
        ("n_bytes", c_uint64),
        ("n_pictures", c_uint64),
        ("n_measured", c_uint64),
        ("seconds", c_double),
        ("accuracy", c_double),
        ("precision", c_double),
        ("recall", c_double),
        ("average_precision", c_double),
        ("method", c_uint32),
        ("is_new", c_uint32),
    ]


class oc_search(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("limit", c_uint32),
        ("picture", c_char_p),
        ("image", POINTER(oc_image)),
        ("base", c_char_p),
        ("filter", POINTER(oc_picture_filter)),
        ("min_score", c_double),
    ]


class oc_check(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("base", c_char_p),
        ("iteration", c_char_p),
    ]


class oc_finding(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_uint32),
        ("severity", c_uint32),
        ("tag", c_char_p),
        ("other", c_char_p),
        ("message", c_char_p),
        ("advice", c_char_p),
        ("n_places", c_size_t),
    ]


class oc_finding_place(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("score", c_float),
        ("picture", c_char_p),
        ("name", c_char_p),
        ("tag", c_char_p),
        ("other", c_char_p),
        ("twin", c_char_p),
        ("region", c_char_p),
        ("left", c_float),
        ("top", c_float),
        ("width", c_float),
        ("height", c_float),
    ]


class oc_suggest(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("order", c_uint32),
        ("limit", c_uint64),
        ("min_probability", c_double),
        ("iteration", c_char_p),
        ("base", c_char_p),
        ("filter", POINTER(oc_picture_filter)),
    ]


class oc_suggestion(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("group", c_uint32),
        ("picture", c_char_p),
        ("name", c_char_p),
        ("path", c_char_p),
        ("uncertainty", c_float),
        ("n_boxes", c_uint32),
    ]


class oc_explain(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("side", c_uint32),
        ("tag", c_char_p),
    ]


class oc_heat_map(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("side", c_uint32),
        ("tag", c_char_p),
        ("probability", c_float),
        ("reserved", c_float),
        ("values", POINTER(c_float)),
    ]


class oc_tally_options(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("probability", c_double),
        ("left", c_double),
        ("top", c_double),
        ("width", c_double),
        ("height", c_double),
    ]


class oc_unknown_options(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("probability", c_double),
        ("known", c_double),
    ]


class oc_learning_point(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("is_measured", c_uint32),
        ("n_pictures", c_uint64),
        ("accuracy", c_double),
    ]


class oc_operating_point(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("threshold", c_double),
        ("n_predicted", c_uint64),
        ("n_correct", c_uint64),
        ("precision", c_double),
        ("recall", c_double),
        ("f1", c_double),
        ("share", c_double),
    ]


class oc_tracker_options(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("min_frames", c_uint32),
        ("max_missed", c_uint32),
        ("reserved", c_uint32),
        ("probability", c_double),
        ("overlap", c_double),
    ]


class oc_track(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("tag", c_int32),
        ("id", c_uint64),
        ("tag_name", c_char_p),
        ("probability", c_float),
        ("left", c_float),
        ("top", c_float),
        ("width", c_float),
        ("height", c_float),
        ("n_frames", c_uint32),
        ("n_missed", c_uint32),
        ("is_new", c_uint32),
    ]


class oc_alarm_options(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("frames", c_uint32),
        ("on", c_uint32),
        ("off", c_uint32),
        ("probability", c_double),
        ("tag", c_char_p),
    ]


class oc_match(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("score", c_float),
        ("picture", c_char_p),
        ("name", c_char_p),
        ("path", c_char_p),
    ]


class oc_prediction_filter(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("order", c_uint32),
        ("iteration", c_char_p),
        ("application", c_char_p),
        ("after", c_char_p),
        ("before", c_char_p),
        ("tag", c_char_p),
        ("min_probability", c_double),
        ("max_probability", c_double),
        ("offset", c_uint64),
        ("limit", c_uint64),
    ]


class oc_stored_prediction(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("n_answers", c_uint32),
        ("id", c_char_p),
        ("iteration", c_char_p),
        ("application", c_char_p),
        ("created", c_char_p),
        ("name", c_char_p),
        ("sha256", c_char_p),
        ("path", c_char_p),
        ("uncertainty", c_double),
    ]


class oc_project_info(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_uint32),
        ("name", c_char_p),
        ("description", c_char_p),
        ("domain", c_char_p),
        ("id", c_char_p),
        ("created", c_char_p),
        ("modified", c_char_p),
        ("n_tags", c_uint64),
        ("n_pictures", c_uint64),
        ("n_untagged", c_uint64),
        ("n_regions", c_uint64),
        ("n_bytes", c_uint64),
        ("n_iterations", c_uint32),
        ("keep_days", c_uint32),
    ]


class oc_answer(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("probability", c_float),
        ("tag", c_char_p),
        ("left", c_float),
        ("top", c_float),
        ("width", c_float),
        ("height", c_float),
    ]


class oc_version_entry(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("n_iterations", c_uint32),
        ("id", c_char_p),
        ("name", c_char_p),
        ("created", c_char_p),
        ("n_pictures", c_uint64),
    ]


class oc_exchange_options(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("from", c_char_p),
        ("to", c_char_p),
        ("pictures", c_char_p),
    ]


class oc_exchange_summary(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("n_notes", c_uint32),
        ("format", c_char_p),
        ("n_pictures", c_uint64),
        ("n_added", c_uint64),
        ("n_duplicates", c_uint64),
        ("n_missing", c_uint64),
        ("n_tags", c_uint64),
        ("n_labels", c_uint64),
        ("n_boxes", c_uint64),
        ("n_others", c_uint64),
        ("n_left_out", c_uint64),
    ]


class oc_archive(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("n_iterations", c_uint64),
        ("n_models", c_uint64),
        ("n_answers", c_uint64),
        ("n_predictions", c_uint64),
        ("n_missing", c_uint64),
    ]


class oc_service(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("endpoint", c_char_p),
        ("key", c_char_p),
        ("project", c_char_p),
    ]


class oc_note(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("outcome", c_uint32),
        ("reason", c_char_p),
        ("n", c_uint64),
        ("n_examples", c_uint32),
        ("reserved", c_uint32),
    ]


class oc_format_info(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("can_read", c_uint32),
        ("name", c_char_p),
        ("description", c_char_p),
    ]


class oc_training(SizedStruct):
    _fields_ = [
        ("struct_size", c_uint32),
        ("n_options", c_uint32),
        ("keys", POINTER(c_char_p)),
        ("values", POINTER(c_char_p)),
        ("name", c_char_p),
        ("test_split", c_char_p),
        ("test_share", c_double),
        ("force", c_uint32),
        ("reserved", c_uint32),
        ("version", c_char_p),
    ]


# The `user` of these two is a Python object: see _callbacks.py.
oc_progress_fn = CFUNCTYPE(c_int, py_object, POINTER(oc_progress))
oc_write_fn = CFUNCTYPE(c_int, py_object, c_void_p, c_size_t)

# A handle, and the place that receives a new one.
_handle = c_void_p
_out = POINTER(c_void_p)
_error = POINTER(oc_error)

# Every function of the header: what it returns and what it takes.
FUNCTIONS: Dict[str, Tuple[Any, Sequence[Any]]] = {
    "oc_version": (c_uint32, []),
    "oc_version_string": (c_char_p, []),
    "oc_status_name": (c_char_p, [oc_status]),
    "oc_context_create": (oc_status, [_out, POINTER(oc_context_options), _error]),
    "oc_context_free": (None, [_handle]),
    "oc_context_n_threads": (c_uint32, [_handle]),
    "oc_context_cpu": (c_char_p, [_handle]),
    "oc_picture_open": (oc_status, [_out, _handle, POINTER(oc_image), _error]),
    "oc_picture_free": (None, [_handle]),
    "oc_picture_image": (oc_status, [_handle, POINTER(oc_image), _error]),
    "oc_picture_save": (oc_status, [_handle, c_char_p, _error]),
    "oc_picture_draw": (oc_status, [_out, _handle, POINTER(POINTER(oc_box)), POINTER(c_char_p), c_size_t, _error]),
    "oc_dataset_create": (oc_status, [_out, _handle, _error]),
    "oc_dataset_load_folder": (oc_status, [_out, _handle, c_char_p, _error]),
    "oc_dataset_load_csv": (oc_status, [_out, _handle, c_char_p, _error]),
    "oc_dataset_select_split": (oc_status, [_out, _handle, c_char_p, _error]),
    "oc_dataset_free": (None, [_handle]),
    "oc_dataset_add": (oc_status, [_handle, POINTER(oc_image), c_char_p, c_char_p, _error]),
    "oc_dataset_add_tags": (oc_status, [_handle, POINTER(oc_image), POINTER(c_char_p), c_size_t, c_char_p, _error]),
    "oc_dataset_add_boxes": (
        oc_status, [_handle, POINTER(oc_image), POINTER(c_char_p), POINTER(c_float), c_size_t, c_char_p, _error]
    ),
    "oc_dataset_has_boxes": (c_int, [_handle]),
    "oc_dataset_sample_n_boxes": (c_size_t, [_handle, c_size_t]),
    "oc_dataset_sample_box": (oc_status, [_handle, c_size_t, c_size_t, POINTER(oc_box), _error]),
    "oc_dataset_sample_n_tags": (c_size_t, [_handle, c_size_t]),
    "oc_dataset_sample_tag_at": (c_int32, [_handle, c_size_t, c_size_t]),
    "oc_dataset_count": (c_size_t, [_handle]),
    "oc_dataset_n_tags": (c_size_t, [_handle]),
    "oc_dataset_tag": (c_char_p, [_handle, c_size_t]),
    "oc_dataset_sample_name": (c_char_p, [_handle, c_size_t]),
    "oc_dataset_sample_tag": (c_int32, [_handle, c_size_t]),
    "oc_dataset_sample_split": (c_char_p, [_handle, c_size_t]),
    "oc_dataset_n_notes": (c_size_t, [_handle]),
    "oc_dataset_note": (c_char_p, [_handle, c_size_t]),
    "oc_trainer_option": (oc_status, [c_uint32, POINTER(oc_option), _error]),
    "oc_trainer_domain": (oc_status, [c_uint32, POINTER(oc_domain), _error]),
    "oc_trainer_create": (oc_status, [_out, _handle, _handle, _error]),
    "oc_trainer_free": (None, [_handle]),
    "oc_trainer_set": (oc_status, [_handle, c_char_p, c_char_p, _error]),
    "oc_trainer_set_test": (oc_status, [_handle, _handle, _error]),
    "oc_trainer_run": (oc_status, [_out, _handle, oc_progress_fn, py_object, _error]),
    "oc_trainer_cancel": (None, [_handle]),
    "oc_model_load": (oc_status, [_out, _handle, c_char_p, _error]),
    "oc_model_load_memory": (oc_status, [_out, _handle, c_void_p, c_size_t, c_char_p, _error]),
    "oc_model_save": (oc_status, [_handle, c_char_p, _error]),
    "oc_model_write": (oc_status, [_handle, oc_write_fn, py_object, _error]),
    "oc_model_free": (None, [_handle]),
    "oc_model_n_tags": (c_size_t, [_handle]),
    "oc_model_tag": (c_char_p, [_handle, c_size_t]),
    "oc_model_property": (c_char_p, [_handle, c_char_p]),
    "oc_model_property_at": (oc_status, [_handle, c_size_t, POINTER(c_char_p), POINTER(c_char_p), _error]),
    "oc_predictor_create": (oc_status, [_out, _handle, POINTER(oc_predictor_options), _error]),
    "oc_predictor_free": (None, [_handle]),
    "oc_predictor_run": (oc_status, [_out, _handle, POINTER(oc_image), _error]),
    "oc_predictor_run_batch": (oc_status, [_out, _handle, POINTER(POINTER(oc_image)), c_size_t, _error]),
    "oc_result_free": (None, [_handle]),
    "oc_result_count": (c_size_t, [_handle]),
    "oc_result_get": (oc_status, [_handle, c_size_t, POINTER(oc_box), _error]),
    "oc_result_tally": (oc_status, [_handle, POINTER(oc_tally_options), POINTER(c_uint64), c_size_t, _error]),
    "oc_result_unknown": (oc_status, [_out, _handle, _handle, POINTER(oc_unknown_options), _error]),
    "oc_result_novelty": (c_double, [_handle]),
    "oc_result_tag_name": (c_char_p, [_handle, c_size_t]),
    "oc_model_evaluate": (
        oc_status,
        [_out, _handle, _handle, POINTER(oc_predictor_options), oc_progress_fn, py_object, _error],
    ),
    "oc_model_report": (oc_status, [_out, _handle, _error]),
    "oc_model_kind": (c_uint32, [_handle]),
    "oc_model_threshold": (c_double, [_handle, c_size_t]),
    "oc_report_kind": (c_uint32, [_handle]),
    "oc_report_hamming_loss": (c_double, [_handle]),
    "oc_report_threshold": (c_double, [_handle, c_size_t]),
    "oc_report_n_answers": (c_size_t, [_handle, c_size_t]),
    "oc_report_answer": (oc_status, [_handle, c_size_t, c_size_t, POINTER(oc_report_said), _error]),
    "oc_report_save_page": (oc_status, [_handle, c_char_p, _error]),
    "oc_report_free": (None, [_handle]),
    "oc_report_method": (c_uint32, [_handle]),
    "oc_report_n_folds": (c_uint32, [_handle]),
    "oc_report_count": (c_size_t, [_handle]),
    "oc_report_n_skipped": (c_size_t, [_handle]),
    "oc_report_n_tags": (c_size_t, [_handle]),
    "oc_report_tag": (c_char_p, [_handle, c_size_t]),
    "oc_report_accuracy": (c_double, [_handle]),
    "oc_report_calibration_error": (c_double, [_handle]),
    "oc_report_reliability": (oc_status, [_handle, c_size_t, POINTER(oc_reliability), _error]),
    "oc_report_metrics": (oc_status, [_handle, c_int32, c_double, POINTER(oc_metrics), _error]),
    "oc_report_box_metrics": (oc_status, [_handle, c_int32, c_double, c_double, POINTER(oc_box_metrics), _error]),
    "oc_report_box_mistakes": (oc_status, [_out, _handle, c_double, c_double, _error]),
    "oc_box_mistake_list_free": (None, [_handle]),
    "oc_box_mistake_list_count": (c_size_t, [_handle]),
    "oc_box_mistake_list_get": (oc_status, [_handle, c_size_t, POINTER(oc_box_mistake), _error]),
    "oc_report_confusion": (c_uint64, [_handle, c_size_t, c_size_t]),
    "oc_report_get": (oc_status, [_handle, c_size_t, POINTER(oc_report_entry), _error]),
    "oc_base_list_create": (oc_status, [_out, _handle, _error]),
    "oc_base_list_free": (None, [_handle]),
    "oc_base_list_count": (c_size_t, [_handle]),
    "oc_base_list_get": (oc_status, [_handle, c_size_t, POINTER(oc_base), _error]),
    "oc_base_open_detector": (oc_status, [_out, _handle, c_char_p, _error]),
    "oc_base_open": (oc_status, [_out, _handle, c_char_p, _error]),
    "oc_base_import": (oc_status, [_out, _handle, c_char_p, POINTER(oc_import_options), _error]),
    "oc_base_store": (oc_status, [_handle, c_int, _error]),
    "oc_base_remove": (oc_status, [_handle, c_char_p, _error]),
    "oc_base_check": (oc_status, [_handle, _handle, _error]),
    "oc_base_n_features": (c_size_t, [_handle]),
    "oc_base_features": (oc_status, [POINTER(c_float), c_size_t, _handle, _handle, oc_progress_fn, py_object, _error]),
    "oc_problem_list_free": (None, [_handle]),
    "oc_problem_list_count": (c_size_t, [_handle]),
    "oc_problem_list_get": (oc_status, [_handle, c_size_t, POINTER(oc_problem), _error]),
    "oc_tag_list_free": (None, [_handle]),
    "oc_tag_list_count": (c_size_t, [_handle]),
    "oc_tag_list_get": (oc_status, [_handle, c_size_t, POINTER(oc_tag), _error]),
    "oc_picture_list_free": (None, [_handle]),
    "oc_picture_list_count": (c_size_t, [_handle]),
    "oc_picture_list_get": (oc_status, [_handle, c_size_t, POINTER(oc_picture_info), _error]),
    "oc_picture_list_tag": (c_char_p, [_handle, c_size_t, c_size_t]),
    "oc_picture_list_metadata": (oc_status, [_handle, c_size_t, c_size_t, POINTER(c_char_p), POINTER(c_char_p), _error]),
    "oc_region_list_free": (None, [_handle]),
    "oc_region_list_count": (c_size_t, [_handle]),
    "oc_region_list_get": (oc_status, [_handle, c_size_t, POINTER(oc_region), _error]),
    "oc_iteration_list_free": (None, [_handle]),
    "oc_iteration_list_count": (c_size_t, [_handle]),
    "oc_iteration_list_get": (oc_status, [_handle, c_size_t, POINTER(oc_iteration), _error]),
    "oc_prediction_list_free": (None, [_handle]),
    "oc_prediction_list_count": (c_size_t, [_handle]),
    "oc_prediction_list_get": (oc_status, [_handle, c_size_t, POINTER(oc_stored_prediction), _error]),
    "oc_prediction_list_answer": (oc_status, [_handle, c_size_t, c_size_t, POINTER(oc_answer), _error]),
    "oc_version_list_free": (None, [_handle]),
    "oc_version_list_count": (c_size_t, [_handle]),
    "oc_version_list_get": (oc_status, [_handle, c_size_t, POINTER(oc_version_entry), _error]),
    "oc_project_create": (oc_status, [_out, _handle, c_char_p, POINTER(oc_project_info), _error]),
    "oc_project_open": (oc_status, [_out, _handle, c_char_p, _error]),
    "oc_project_free": (None, [_handle]),
    "oc_project_get_info": (oc_status, [_handle, POINTER(oc_project_info), _error]),
    "oc_project_update": (oc_status, [_handle, POINTER(oc_project_info), _error]),
    "oc_project_begin": (oc_status, [_handle, _error]),
    "oc_project_end": (oc_status, [_handle, c_int, _error]),
    "oc_project_verify": (oc_status, [_out, _handle, c_uint32, oc_progress_fn, py_object, _error]),
    "oc_project_backup": (oc_status, [_handle, c_char_p, oc_progress_fn, py_object, _error]),
    "oc_project_restore": (oc_status, [_out, _handle, c_char_p, c_char_p, oc_progress_fn, py_object, _error]),
    "oc_project_add_tag": (oc_status, [c_char_p, _handle, POINTER(oc_tag), _error]),
    "oc_project_update_tag": (oc_status, [_handle, c_char_p, POINTER(oc_tag), _error]),
    "oc_project_merge_tags": (oc_status, [_handle, c_char_p, c_char_p, _error]),
    "oc_project_delete_tag": (oc_status, [_handle, c_char_p, _error]),
    "oc_project_tags": (oc_status, [_out, _handle, _error]),
    "oc_project_add_picture": (oc_status, [POINTER(oc_addition), _handle, POINTER(oc_image), POINTER(oc_labels), _error]),
    "oc_project_add_folder": (
        oc_status,
        [POINTER(oc_folder_summary), _handle, c_char_p, POINTER(oc_labels), oc_progress_fn, py_object, _error],
    ),
    "oc_project_replace_picture": (oc_status, [_handle, c_char_p, POINTER(oc_image), _error]),
    "oc_project_delete_pictures": (oc_status, [_handle, POINTER(c_char_p), c_size_t, _error]),
    "oc_project_label_pictures": (oc_status, [_handle, POINTER(c_char_p), c_size_t, c_char_p, c_uint32, _error]),
    "oc_project_set_metadata": (oc_status, [_handle, POINTER(c_char_p), c_size_t, c_char_p, c_char_p, _error]),
    "oc_project_set_split": (oc_status, [_handle, POINTER(c_char_p), c_size_t, c_char_p, _error]),
    "oc_project_pictures": (oc_status, [_out, _handle, POINTER(oc_picture_filter), _error]),
    "oc_project_picture": (oc_status, [_out, _handle, c_char_p, _error]),
    "oc_project_count_pictures": (oc_status, [POINTER(c_uint64), _handle, POINTER(oc_picture_filter), _error]),
    "oc_project_thumbnail": (oc_status, [_out, _handle, c_char_p, c_uint32, _error]),
    "oc_project_add_regions": (oc_status, [_out, _handle, POINTER(POINTER(oc_region)), c_size_t, c_uint32, _error]),
    "oc_project_update_regions": (oc_status, [_handle, POINTER(POINTER(oc_region)), c_size_t, c_uint32, _error]),
    "oc_project_delete_regions": (oc_status, [_handle, POINTER(c_char_p), c_size_t, _error]),
    "oc_project_regions": (oc_status, [_out, _handle, POINTER(c_char_p), c_size_t, c_uint32, _error]),
    "oc_project_dataset": (oc_status, [_out, _handle, _error]),
    "oc_project_add_version": (oc_status, [_handle, c_char_p, _error]),
    "oc_project_versions": (oc_status, [_out, _handle, _error]),
    "oc_project_version_dataset": (oc_status, [_out, _handle, c_char_p, _error]),
    "oc_project_delete_version": (oc_status, [_handle, c_char_p, _error]),
    "oc_project_train": (oc_status, [_out, _handle, POINTER(oc_training), oc_progress_fn, py_object, _error]),
    "oc_project_iterations": (oc_status, [_out, _handle, _error]),
    "oc_project_iteration": (oc_status, [_out, _handle, c_char_p, _error]),
    "oc_project_model": (oc_status, [_out, _handle, c_char_p, _error]),
    "oc_project_iteration_dataset": (oc_status, [_out, _handle, c_char_p, _error]),
    "oc_project_set_default": (oc_status, [_handle, c_char_p, _error]),
    "oc_project_publish": (oc_status, [_handle, c_char_p, c_char_p, _error]),
    "oc_project_delete_iteration": (oc_status, [_handle, c_char_p, _error]),
    "oc_project_store_prediction": (
        oc_status,
        [c_char_p, _handle, c_char_p, POINTER(oc_image), POINTER(POINTER(oc_answer)), c_size_t, c_char_p, _error],
    ),
    "oc_project_predictions": (oc_status, [_out, _handle, POINTER(oc_prediction_filter), _error]),
    "oc_project_count_predictions": (oc_status, [POINTER(c_uint64), _handle, POINTER(oc_prediction_filter), _error]),
    "oc_project_promote_predictions": (oc_status, [_handle, POINTER(c_char_p), c_size_t, POINTER(oc_labels), _error]),
    "oc_project_similar": (oc_status, [_out, _handle, POINTER(oc_search), oc_progress_fn, py_object, _error]),
    "oc_match_list_free": (None, [_handle]),
    "oc_match_list_count": (c_size_t, [_handle]),
    "oc_match_list_get": (oc_status, [_handle, c_size_t, POINTER(oc_match), _error]),
    "oc_project_check": (oc_status, [_out, _handle, POINTER(oc_check), oc_progress_fn, py_object, _error]),
    "oc_finding_list_free": (None, [_handle]),
    "oc_finding_list_count": (c_size_t, [_handle]),
    "oc_finding_list_get": (oc_status, [_handle, c_size_t, POINTER(oc_finding), _error]),
    "oc_finding_list_place": (oc_status, [_handle, c_size_t, c_size_t, POINTER(oc_finding_place), _error]),
    "oc_project_suggest": (oc_status, [_out, _handle, POINTER(oc_suggest), oc_progress_fn, py_object, _error]),
    "oc_suggestion_list_free": (None, [_handle]),
    "oc_suggestion_list_count": (c_size_t, [_handle]),
    "oc_suggestion_list_get": (oc_status, [_handle, c_size_t, POINTER(oc_suggestion), _error]),
    "oc_suggestion_list_box": (oc_status, [_handle, c_size_t, c_size_t, POINTER(oc_box), _error]),
    "oc_suggestion_list_tag": (c_char_p, [_handle, c_size_t]),
    "oc_project_accept": (oc_status, [POINTER(c_uint64), _handle, _handle, POINTER(c_size_t), c_size_t, c_double, _error]),
    "oc_predictor_explain": (oc_status, [_out, _handle, POINTER(oc_image), POINTER(oc_explain), _error]),
    "oc_explanation_free": (None, [_handle]),
    "oc_explanation_get": (oc_status, [_handle, POINTER(oc_heat_map), _error]),
    "oc_explanation_picture": (oc_status, [_out, _handle, _error]),
    "oc_model_learning": (oc_status, [_handle, c_size_t, POINTER(oc_learning_point), _error]),
    "oc_report_curve": (oc_status, [_out, _handle, c_int32, _error]),
    "oc_curve_free": (None, [_handle]),
    "oc_curve_count": (c_size_t, [_handle]),
    "oc_curve_get": (oc_status, [_handle, c_size_t, POINTER(oc_operating_point), _error]),
    "oc_curve_find": (oc_status, [_handle, c_uint32, c_double, POINTER(oc_operating_point), _error]),
    "oc_service_archive": (
        oc_status,
        [POINTER(oc_archive), _handle, POINTER(oc_service), c_char_p, oc_progress_fn, py_object, _error],
    ),
    "oc_tracker_create": (oc_status, [_out, _handle, POINTER(oc_tracker_options), _error]),
    "oc_tracker_free": (None, [_handle]),
    "oc_tracker_update": (oc_status, [_handle, _handle, _error]),
    "oc_tracker_count": (c_size_t, [_handle]),
    "oc_tracker_get": (oc_status, [_handle, c_size_t, POINTER(oc_track), _error]),
    "oc_tracker_total": (c_uint64, [_handle, c_size_t]),
    "oc_alarm_create": (oc_status, [_out, _handle, POINTER(oc_alarm_options), _error]),
    "oc_alarm_free": (None, [_handle]),
    "oc_alarm_update": (oc_status, [_handle, _handle, POINTER(c_uint32), _error]),
    "oc_project_delete_predictions": (oc_status, [_handle, POINTER(c_char_p), c_size_t, _error]),
    "oc_exchange_free": (None, [_handle]),
    "oc_exchange_get": (oc_status, [_handle, POINTER(oc_exchange_summary), _error]),
    "oc_exchange_note": (oc_status, [_handle, c_size_t, POINTER(oc_note), _error]),
    "oc_exchange_example": (c_char_p, [_handle, c_size_t, c_size_t]),
    "oc_project_import": (
        oc_status,
        [_out, _handle, c_char_p, POINTER(oc_exchange_options), oc_progress_fn, py_object, _error],
    ),
    "oc_project_pull": (oc_status, [_out, _handle, POINTER(oc_service), oc_progress_fn, py_object, _error]),
    "oc_project_export": (
        oc_status,
        [_out, _handle, c_char_p, POINTER(oc_exchange_options), oc_progress_fn, py_object, _error],
    ),
    "oc_annotations_convert": (
        oc_status,
        [_out, _handle, c_char_p, c_char_p, POINTER(oc_exchange_options), oc_progress_fn, py_object, _error],
    ),
    "oc_annotation_format": (oc_status, [c_size_t, POINTER(oc_format_info), _error]),
}
