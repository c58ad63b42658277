# SPDX-License-Identifier: MIT
"""Ocellus: train, measure and run image classifiers and object detectors on your own CPU.

    import ocellus

    model = ocellus.train("pictures", "parts.ocm")    # one sub-folder per tag
    print(model.report())
    print(model.predict("new.jpg").best)

The package wraps the C library: what ocellus.h says of a function holds for the method of that name.

Threads: Context, Model, Result, Report and Picture may be shared by any number of threads. A Dataset, a Project or a Predictor serves
one call at a time, and other threads wait for their turn; a Trainer that runs refuses other calls. The interpreter's lock is not
held inside the library. After os.fork() the child cannot use objects of the parent's: it gets StateError.
"""

from ._callbacks import Progress, ProgressCallback
from ._handle import text as _text
from ._library import lib as _lib
from .assisting import Finding, FindingKind, FindingPlace, Match, Severity, SuggestedTag, Suggestion, Suggestions, SuggestOrder
from .bases import BaseEntry, Place, base_features, bases, check_base, import_base, open_base, open_base_detector, remove_base, store_base
from .context import Context, default_context
from .dataset import Dataset, DatasetSource, LabelledBox, Sample
from .errors import (
    ArgumentError,
    CancelledError,
    CorruptError,
    DataError,
    Error,
    FormatError,
    InternalError,
    IoError,
    LibraryError,
    LimitError,
    MemoryLimitError,
    NotFoundError,
    StateError,
    UnsupportedError,
)
from .exchange import Archive, Exchange, Format, Note, annotation_formats, archive_service, convert
from .images import Image, ImageSource, Picture
from .model import Model, load
from .predicting import Box, Explanation, Prediction, Predictor, Result
from .projects import (
    KEEP_FOREVER,
    Addition,
    FolderSummary,
    Iteration,
    Kind,
    Outcome,
    Problem,
    Project,
    ProjectInfo,
    Region,
    RegionKind,
    StoredPicture,
    StoredPrediction,
    Tag,
    TagType,
    Trouble,
    Version,
)
from .report import Average, BoxMetrics, BoxMistake, Curve, Entry, LearningPoint, Method, Metrics, OperatingPoint, Reliability, Report, Said, Wrong
from .streams import Alarm, AlarmState, Track, Tracker
from .training import Domain, Option, Trainer, domains, train, training_options

__version__ = "0.1.0"


def library_version() -> str:
    """The version of the library that is loaded, for instance "0.1.0". `__version__` is that of this package."""
    return _text(_lib.oc_version_string())


__all__ = [
    "Addition", "Alarm", "AlarmState", "Archive", "ArgumentError", "Average", "BaseEntry", "Box", "BoxMetrics", "BoxMistake", "CancelledError", "Context", "CorruptError", "Curve",
    "DataError", "Dataset", "DatasetSource", "Domain", "Entry", "Error", "Exchange", "Explanation", "Finding", "FindingKind", "FindingPlace", "FolderSummary", "Format", "FormatError",
    "Image", "ImageSource", "InternalError", "IoError", "Iteration", "KEEP_FOREVER", "Kind", "LabelledBox", "LearningPoint", "LibraryError", "LimitError", "MemoryLimitError",
    "Match", "Method", "Metrics", "Model", "NotFoundError", "Note", "OperatingPoint", "Option", "Outcome", "Picture", "Place", "Prediction", "Predictor",
    "Problem", "Progress", "ProgressCallback", "Project", "ProjectInfo", "Region", "RegionKind", "Reliability", "Report", "Result", "Said",
    "Sample", "Severity", "StateError", "StoredPicture", "StoredPrediction", "SuggestOrder", "SuggestedTag", "Suggestion", "Suggestions", "Tag", "TagType", "Track", "Tracker", "Trainer", "Trouble",
    "UnsupportedError", "Version", "Wrong", "annotation_formats", "archive_service", "base_features", "bases", "check_base", "convert", "default_context", "domains",
    "import_base", "library_version", "load", "open_base", "open_base_detector", "remove_base", "store_base", "train", "training_options",
]
