# SPDX-License-Identifier: MIT
"""Reports: how good a model is on pictures that it was not trained on."""

from __future__ import annotations

import enum
import operator
import os
from ctypes import byref
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple, Union

from . import _native
from ._handle import Handle, call, create, path_bytes, text
from ._library import lib
from .dataset import LabelledBox
from .errors import NotFoundError
from .predicting import Box, Prediction


def _name(name: Optional[bytes]) -> Optional[str]:
    """The name of a picture, which is a path and need not be UTF-8."""
    return None if name is None else name.decode("utf-8", "surrogateescape")


class Method(enum.IntEnum):
    """How a report was made."""

    TEST_SET = _native.OC_REPORT_TEST_SET
    """On pictures kept apart."""
    CROSS_VALIDATION = _native.OC_REPORT_CROSS_VALIDATION
    """Each picture was predicted by a model that was not trained on it."""


class Average(enum.IntEnum):
    """What Report.metrics takes in the place of a tag."""

    TOGETHER = _native.OC_TAGS_TOGETHER
    """Every picture counts the same (micro average)."""
    MEAN = _native.OC_TAGS_MEAN
    """Every tag that has pictures counts the same (macro average)."""


class Metrics(NamedTuple):
    """Figures at a probability threshold. A picture counts as predicted to bear a tag if that is its most probable tag and
    its probability is at least the threshold; where it may bear several tags, if the tag's is. A share whose denominator is 0 is given as 0."""

    n_pictures: int
    """Pictures that bear the tag."""
    n_predicted: int
    """Pictures predicted to bear it."""
    n_correct: int
    """Pictures predicted to bear it that do."""
    precision: float
    """n_correct / n_predicted."""
    recall: float
    """n_correct / n_pictures."""
    f1: float
    """Harmonic mean of the two."""
    average_precision: float
    """Area under the precision-recall curve, at no threshold. Averages: the mean over tags that have pictures."""
    precision_deviation: float
    """Standard deviation over the folds; 0 for a test set. So are the next two."""
    recall_deviation: float
    average_precision_deviation: float


class BoxMetrics(NamedTuple):
    """Figures of a detector. A box finds an object of its tag that it overlaps by at least the overlap (intersection over
    union); each object is found once, by the most probable boxes first. The last three figures are those of COCO."""

    n_pictures: int
    """Pictures with objects of the tag."""
    n_objects: int
    n_predicted: int
    """Boxes of at least the probability."""
    n_correct: int
    """Boxes that found an object."""
    precision: float
    """n_correct / n_predicted."""
    recall: float
    """n_correct / n_objects."""
    f1: float
    """Harmonic mean of the two."""
    ap50: float
    """Average precision at an overlap of 0.5."""
    ap: float
    """Its mean over overlaps of 0.5, 0.55, ..., 0.95."""
    average_recall: float
    """Recall of all boxes, over the same overlaps."""
    best_probability: float
    """From which on boxes are to count for the greatest F1 at this overlap; of an Average, the mean."""
    best_f1: float
    """That F1."""
    ap_small: float
    """`ap` of objects of up to 32 x 32 pixels of the network's input; -1 where there are none."""
    ap_medium: float
    """Of up to 96 x 96."""
    ap_large: float
    """Of larger ones."""
    precision_deviation: float
    """Standard deviation over the folds; 0 for a test set. So are the next three."""
    recall_deviation: float
    ap50_deviation: float
    ap_deviation: float


class Wrong(enum.IntEnum):
    """What a detector got wrong."""

    MISSED = _native.OC_MISTAKE_MISSED
    """No box found the object."""
    FALSE = _native.OC_MISTAKE_FALSE
    """A box where no object is."""
    WRONG_TAG = _native.OC_MISTAKE_WRONG_TAG
    """A box on an object of another tag."""
    BADLY_PLACED = _native.OC_MISTAKE_BADLY_PLACED
    """A box that overlaps an object of its tag by 0.1 or more, but not enough."""
    DOUBLE = _native.OC_MISTAKE_DOUBLE
    """A box on an object that another box has found already."""


class BoxMistake(NamedTuple):
    """A box that found no object, an object that no box found, or both."""

    kind: Union[Wrong, int]
    """A Wrong, or the number of one that these bindings do not know."""
    picture: int
    """Its number in the report."""
    name: Optional[str]
    """Of the picture, as in Entry."""
    overlap: float
    """Of the box with the object; 0 where there is but one of the two."""
    found: Optional[Prediction]
    """The box; None if the object was missed."""
    truth: Optional[LabelledBox]
    """The object; None if there is none."""


class Entry(NamedTuple):
    """One picture of a report."""

    name: Optional[str]
    """None in a report that comes from a model file: names of pictures are not stored there."""
    truth: Optional[str]
    """The tag it bears, of several the first; None if it bears none."""
    predicted: Optional[str]
    """Its most probable tag; None if all are improbable."""
    probability: float
    """Of that, 0 to 1."""
    fold: int
    """Which fold held it out; 0 for a test set."""


class Said(NamedTuple):
    """One of the tags of a picture, and what was said of it."""

    tag: str
    probability: Optional[float]
    """None if it is not remembered: of the true tag, where a picture has one and another was predicted."""
    bears: bool
    """Whether the picture bears the tag."""
    given: bool
    """Whether it was predicted."""


class Reliability(NamedTuple):
    """The pictures whose most probable tag has a probability in a range."""

    low: float
    """Probabilities from this one"""
    high: float
    """to below this one; 1 belongs to the last range."""
    n_pictures: int
    probability: float
    """Mean of the most probable tags'; 0 without pictures."""
    accuracy: float
    """Share of them that is right: the same as `probability`, if probabilities mean what they say."""


class OperatingPoint(NamedTuple):
    """What a threshold brings: answers of at least that probability are left to the model, the others to a human."""

    threshold: float
    n_predicted: int
    n_correct: int
    precision: float
    recall: float
    f1: float
    share: float
    """Of all pictures, what is left to the model; of a multilabel model, of all remembered answers."""


class LearningPoint(NamedTuple):
    """How good a classifier was with how many pictures: see Model.learning."""

    n_pictures: int
    accuracy: float
    measured: bool
    """False for what is expected."""


def _point(native: _native.oc_operating_point) -> OperatingPoint:
    return OperatingPoint(*(getattr(native, name) for name in OperatingPoint._fields))


class Curve(Tuple[OperatingPoint, ...]):
    """All thresholds that make a difference, from the highest down. It is a plain tuple and needs no closing."""

    __slots__ = ()

    def __new__(cls, made: int) -> "Curve":
        native = _native.oc_operating_point()
        points = []
        try:
            for index in range(lib.oc_curve_count(made)):
                call(lib.oc_curve_get, made, index, byref(native))
                points.append(_point(native))
        finally:
            lib.oc_curve_free(made)
        return super().__new__(cls, points)

    def reach(self, *, precision: Optional[float] = None, recall: Optional[float] = None) -> Optional[OperatingPoint]:
        """The lowest threshold with at least this precision, or the highest with at least this recall; None if there is none."""
        if (precision is None) == (recall is None):
            raise ValueError("give either a precision or a recall")
        if precision is not None:
            return next((point for point in reversed(self) if point.precision >= precision), None)
        return next((point for point in self if point.recall >= recall), None)

    @property
    def best(self) -> Optional[OperatingPoint]:
        """The point of the greatest F1; None if there is none."""
        return max(self, key=lambda point: point.f1, default=None)


class Report(Handle):
    """How good a model is, from Model.evaluate or Model.report. It never changes: share it between threads.

    It is a collection of Entries, one for each picture: len(report), report[0], and iteration. print(report) shows a table.
    """

    _what = "report"

    def __init__(self, pointer: int) -> None:
        super().__init__(pointer, lib.oc_report_free)
        self._tags = tuple(text(lib.oc_report_tag(pointer, tag)) for tag in range(lib.oc_report_n_tags(pointer)))
        self._count: int = lib.oc_report_count(pointer)

    @property
    def method(self) -> Union[Method, int]:
        """How it was made: a Method, or the number of one that these bindings do not know."""
        with self._borrow() as pointer:
            method = lib.oc_report_method(pointer)
        try:
            return Method(method)
        except ValueError:
            return method

    @property
    def n_folds(self) -> int:
        """Folds of the cross-validation; 1 for a test set."""
        with self._borrow() as pointer:
            return lib.oc_report_n_folds(pointer)

    @property
    def n_skipped(self) -> int:
        """Pictures left out because they could not be read."""
        with self._borrow() as pointer:
            return lib.oc_report_n_skipped(pointer)

    @property
    def tags(self) -> Tuple[str, ...]:
        """The tags."""
        return self._tags

    @property
    def accuracy(self) -> float:
        """Share of the pictures whose most probable tag is right, 0 to 1, at no threshold. Of a multilabel model: that were
        given just the tags that they bear (subset accuracy)."""
        with self._borrow() as pointer:
            return lib.oc_report_accuracy(pointer)

    @property
    def hamming_loss(self) -> float:
        """Share of all pairs of a picture and a tag that are wrong."""
        with self._borrow() as pointer:
            return lib.oc_report_hamming_loss(pointer)

    @property
    def multilabel(self) -> bool:
        """Whether a picture may bear any number of tags."""
        with self._borrow() as pointer:
            return lib.oc_report_kind(pointer) == _native.OC_MODEL_MULTILABEL

    @property
    def detection(self) -> bool:
        """Whether it is of a detector: then box_metrics has its figures, and those of metrics count objects."""
        with self._borrow() as pointer:
            return lib.oc_report_kind(pointer) == _native.OC_MODEL_DETECTION

    @property
    def thresholds(self) -> Dict[str, float]:
        """From which probability on each tag counts as given; 0 where a picture has one tag."""
        with self._borrow() as pointer:
            return {tag: lib.oc_report_threshold(pointer, index) for index, tag in enumerate(self._tags)}

    def answers(self, index: int) -> List[Said]:
        """The tags that picture `index` bears or may bear, in the order of the tags. Raises: IndexError."""
        index = operator.index(index)
        if not -self._count <= index < self._count:
            raise IndexError(f"picture {index} of a report of {self._count}")
        native = _native.oc_report_said()
        found: List[Said] = []
        with self._borrow() as pointer:
            for k in range(lib.oc_report_n_answers(pointer, index % self._count)):
                call(lib.oc_report_answer, pointer, index % self._count, k, byref(native))
                probability = None if native.probability < 0 else native.probability
                found.append(Said(self._tags[native.tag], probability, native.bears != 0, native.given != 0))
        return found

    @property
    def calibration_error(self) -> float:
        """How far probabilities are from what they say: the expected calibration error, over the ranges of `reliability`. 0 is
        perfect."""
        with self._borrow() as pointer:
            return lib.oc_report_calibration_error(pointer)

    def reliability(self) -> List[Reliability]:
        """What a reliability diagram shows: accuracy by probability, in ten ranges of equal width."""
        native = _native.oc_reliability()
        bins: List[Reliability] = []
        with self._borrow() as pointer:
            while True:
                try:
                    call(lib.oc_report_reliability, pointer, len(bins), byref(native))
                except NotFoundError:
                    return bins
                bins.append(
                    Reliability(native.low, native.high, native.n_pictures, native.probability, native.accuracy)
                )

    def _index(self, tag: Union[str, int]) -> int:
        if not isinstance(tag, str):
            return operator.index(tag)
        try:
            return self._tags.index(tag)
        except ValueError:
            raise NotFoundError(f"the report has no tag {tag!r}; it has {', '.join(self._tags)}") from None

    def metrics(self, tag: Union[str, int] = Average.TOGETHER, threshold: Optional[float] = None) -> Metrics:
        """The figures of one tag or of an Average.

        Args:
            tag: the tag's name or index, Average.TOGETHER or Average.MEAN.
            threshold: of the probability, 0 to 1. None: each tag's own (see `thresholds`); where a picture has one tag, the
                most probable one always counts.

        Raises: NotFoundError (no such tag), ArgumentError.
        """
        native = _native.oc_metrics()
        threshold = _native.OC_THRESHOLD_OWN if threshold is None else threshold
        with self._borrow() as pointer:
            call(lib.oc_report_metrics, pointer, self._index(tag), threshold, byref(native))
        return Metrics(*(getattr(native, name) for name in Metrics._fields))

    def curve(self, tag: Union[str, int] = Average.TOGETHER) -> "Curve":
        """What every threshold brings for one tag, or for all tags together: the curve of precision over recall.

        Raises: NotFoundError (no such tag), ArgumentError (Average.MEAN), UnsupportedError (a detector: see box_metrics).
        """
        with self._borrow() as pointer:
            return Curve(create(lib.oc_report_curve, pointer, self._index(tag)))

    def box_metrics(
        self, tag: Union[str, int] = Average.MEAN, *, probability: float = 0.5, overlap: float = _native.OC_OVERLAP_STANDARD
    ) -> BoxMetrics:
        """The figures of a detector for one tag or an Average.

        Args:
            tag: the tag's name or index, Average.TOGETHER or Average.MEAN.
            probability: from which on a box counts, 0 to 1.
            overlap: from which on a box finds an object, 0 to 1.

        Raises: NotFoundError (no such tag), ArgumentError (out of range; not the report of a detector).
        """
        native = _native.oc_box_metrics()
        with self._borrow() as pointer:
            call(lib.oc_report_box_metrics, pointer, self._index(tag), probability, overlap, byref(native))
        return BoxMetrics(*(getattr(native, name) for name in BoxMetrics._fields))

    def box_mistakes(
        self, *, probability: float = 0.5, overlap: float = _native.OC_OVERLAP_STANDARD
    ) -> List[BoxMistake]:
        """Every box of at least `probability` that finds no object by `overlap`, as box_metrics counts, with the reason, and every
        object that was missed and is in no other mistake: picture by picture, the most probable box first, then what was missed.

        Raises: ArgumentError (out of range; not the report of a detector).
        """
        native = _native.oc_box_mistake()
        mistakes: List[BoxMistake] = []
        with self._borrow() as pointer:
            made = create(lib.oc_report_box_mistakes, pointer, probability, overlap)
            entries = Handle(made, lib.oc_box_mistake_list_free)
            with entries._borrow() as owner:
                for index in range(lib.oc_box_mistake_list_count(owner)):
                    call(lib.oc_box_mistake_list_get, owner, index, byref(native))
                    mistakes.append(self._box_mistake(native))
            entries.close()
        return mistakes

    def _box_mistake(self, native: _native.oc_box_mistake) -> BoxMistake:
        found, truth = native.found, native.truth
        return BoxMistake(
            Wrong(native.kind) if native.kind in set(Wrong) else native.kind, native.picture, _name(native.name), native.overlap,
            Prediction(self._tags[found.tag], found.probability, Box(found.left, found.top, found.width, found.height))
            if found.tag >= 0 else None,
            LabelledBox(self._tags[truth.tag], Box(truth.left, truth.top, truth.width, truth.height)) if truth.tag >= 0 else None,
        )

    def table(self, threshold: Optional[float] = None) -> List[Tuple[str, Metrics]]:
        """Each tag with its figures, in the order of the tags. Raises: ArgumentError."""
        return [(tag, self.metrics(index, threshold)) for index, tag in enumerate(self._tags)]

    def confusion(self, truth: Union[str, int], predicted: Union[str, int]) -> int:
        """Pictures that bear the tag `truth` and whose most probable tag is `predicted`. Raises: NotFoundError."""
        with self._borrow() as pointer:
            row, column = self._index(truth), self._index(predicted)
            for index in (row, column):
                if not 0 <= index < len(self._tags):
                    raise NotFoundError(f"the report has no tag {index}; it has {len(self._tags)}")
            return lib.oc_report_confusion(pointer, row, column)

    def confusion_matrix(self) -> List[List[int]]:
        """matrix[truth][predicted]: how many pictures bear the one tag and are predicted to bear the other."""
        n_tags = len(self._tags)
        with self._borrow() as pointer:
            return [[lib.oc_report_confusion(pointer, row, column) for column in range(n_tags)] for row in range(n_tags)]

    def save_page(self, path: "Union[str, os.PathLike[str]]") -> None:
        """Writes the report as one HTML page that needs nothing else, complete or not at all: figures with intervals, what can
        be left to the model and what to a human, curves, the most certain mistakes and the pictures of each confusion. Pictures
        are read from the paths that they have as names.

        Raises: those of Model.save.
        """
        with self._borrow() as pointer:
            call(lib.oc_report_save_page, pointer, path_bytes(path))

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Entry:
        index = operator.index(index)
        if not -self._count <= index < self._count:
            raise IndexError(f"picture {index} of a report of {self._count}")
        native = _native.oc_report_entry()
        with self._borrow() as pointer:
            call(lib.oc_report_get, pointer, index % self._count, byref(native))
            name = _name(native.name)
        truth, predicted = (self._tags[tag] if tag >= 0 else None for tag in (native.truth, native.predicted))
        return Entry(name, truth, predicted, native.probability, native.fold)

    def __iter__(self) -> Iterator[Entry]:
        return (self[index] for index in range(self._count))

    def __str__(self) -> str:
        if self.closed:
            return repr(self)
        if self.detection:
            return self._boxes_text()
        rows = self.table() + [("mean", self.metrics(Average.MEAN)), ("together", self.metrics(Average.TOGETHER))]
        width = max(len(tag) for tag, _ in rows)
        lines = [f"{'':{width}}  pictures  precision   recall       AP"]
        lines += [
            f"{tag:{width}}  {figures.n_pictures:8}  {figures.precision:9.1%}  {figures.recall:7.1%}  "
            f"{figures.average_precision:7.1%}"
            for tag, figures in rows
        ]
        how = f"{self.n_folds}-fold cross-validation" if self.method == Method.CROSS_VALIDATION else "test set"
        return "\n".join([f"accuracy {self.accuracy:.1%} of {self._count} pictures ({how})", *lines])

    def _boxes_text(self) -> str:
        rows = [(tag, self.box_metrics(index)) for index, tag in enumerate(self._tags)]
        rows.append(("mean", self.box_metrics(Average.MEAN)))
        width = max(len(tag) for tag, _ in rows)
        lines = [f"{'':{width}}  objects  precision   recall     AP50  AP50:95"]
        lines += [
            f"{tag:{width}}  {figures.n_objects:7}  {figures.precision:9.1%}  {figures.recall:7.1%}  {figures.ap50:7.1%}  "
            f"{figures.ap:7.1%}"
            for tag, figures in rows
        ]
        return "\n".join([f"boxes on {self._count} pictures", *lines])

    def __repr__(self) -> str:
        return f"<ocellus.Report on {self._count} pictures{' closed' if self.closed else ''}>"
