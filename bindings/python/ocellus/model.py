# SPDX-License-Identifier: MIT
"""Models."""

from __future__ import annotations

import ctypes
import os
from ctypes import byref, c_char_p
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple, Union

from . import _native
from ._callbacks import ProgressCallback, create_with_progress, model_bytes
from ._handle import Handle, call, create, path_bytes, text, utf8
from ._library import lib
from .context import Context, default_context
from .dataset import DatasetSource, as_dataset
from .errors import Error, NotFoundError
from .images import ImageSource
from .predicting import Predictor, Result, predictor_options
from .report import LearningPoint, Report


class Model(Handle):
    """A trained model, from load(), load_bytes() or training. It never changes: share it between threads. It can be pickled."""

    _what = "model"

    def __init__(self) -> None:
        raise TypeError("use Model.load, Model.load_bytes or ocellus.train to get a Model")

    @classmethod
    def _made(cls, context: Context, pointer: int) -> "Model":
        model = cls.__new__(cls)
        Handle.__init__(model, pointer, lib.oc_model_free)
        model.context = context
        model._tags = tuple(text(lib.oc_model_tag(pointer, tag)) for tag in range(lib.oc_model_n_tags(pointer)))
        model._idle = []
        return model

    context: Context
    _tags: Tuple[str, ...]
    _idle: List[Predictor]

    @classmethod
    def load(cls, path: "Union[str, os.PathLike[str]]", *, context: Optional[Context] = None) -> "Model":
        """Reads a model file (.ocm). Nothing in it is executed.

        Raises: NotFoundError, IoError, FormatError, CorruptError, UnsupportedError, LimitError, MemoryLimitError.
        """
        context = context or default_context()
        with context._borrow() as owner:
            return cls._made(context, create(lib.oc_model_load, owner, path_bytes(path)))

    @classmethod
    def load_bytes(cls, data: bytes, *, name: Optional[str] = None, context: Optional[Context] = None) -> "Model":
        """The same from the bytes of a model file. `name` is what messages call it; default: "model"."""
        context = context or default_context()
        data = bytes(data)
        address = ctypes.cast(c_char_p(data), ctypes.c_void_p)
        native_name = None if name is None else utf8(name, "the model's name")
        with context._borrow() as owner:
            return cls._made(context, create(lib.oc_model_load_memory, owner, address, len(data), native_name))

    def save(self, path: "Union[str, os.PathLike[str]]") -> None:
        """Writes a model file: complete or not at all.

        Raises: IoError (the message names the step), NotFoundError (no such folder), MemoryLimitError.
        """
        with self._borrow() as pointer:
            call(lib.oc_model_save, pointer, path_bytes(path))

    def to_bytes(self) -> bytes:
        """The bytes of a model file. Raises: MemoryLimitError."""
        return model_bytes(self)

    def __reduce__(self) -> Any:
        return type(self).load_bytes, (self.to_bytes(),)

    @property
    def tags(self) -> Tuple[str, ...]:
        """The tags that the model tells apart."""
        return self._tags

    @property
    def multilabel(self) -> bool:
        """Whether it tells of each tag by itself whether a picture bears it."""
        with self._borrow() as pointer:
            return lib.oc_model_kind(pointer) == _native.OC_MODEL_MULTILABEL

    @property
    def detection(self) -> bool:
        """Whether it finds objects and tells their boxes."""
        with self._borrow() as pointer:
            return lib.oc_model_kind(pointer) == _native.OC_MODEL_DETECTION

    @property
    def thresholds(self) -> Dict[str, float]:
        """From which probability on each tag counts as given; 0 where a picture has one tag."""
        with self._borrow() as pointer:
            return {tag: lib.oc_model_threshold(pointer, index) for index, tag in enumerate(self._tags)}

    def given(self, result: Result) -> Result:
        """The answers that count: those of at least their tag's threshold, the best one where a picture has one tag, and of a
        detector the boxes of at least 50 %."""
        if self.detection:
            return Result(answer for answer in result if answer.probability >= 0.5)
        if not self.multilabel:
            return Result(result[:1])
        thresholds = self.thresholds
        return Result(answer for answer in result if answer.probability >= thresholds[answer.tag])

    @property
    def properties(self) -> Dict[str, str]:
        """What is known of the model: "kind", "library", "created" (UTC, ISO 8601), "base", "input", "n_parameters",
        "n_training_pictures", "option.seed", ... The order is fixed for a model."""
        found: Dict[str, str] = {}
        key, value = c_char_p(), c_char_p()
        with self._borrow() as pointer:
            while True:
                try:
                    call(lib.oc_model_property_at, pointer, len(found), byref(key), byref(value))
                except NotFoundError:
                    return found
                found[text(key.value)] = text(value.value)

    def predictor(self, *, precision: str = "fp32", tiles: int = 1) -> Predictor:
        """A Predictor of this model, for one thread; the way to predict in another precision or in tiles: see Predictor."""
        return Predictor(self, precision=precision, tiles=tiles)

    def evaluate(
        self, dataset: DatasetSource, progress: Optional[ProgressCallback] = None, *, precision: str = "fp32", tiles: int = 1
    ) -> Report:
        """Measures the model on pictures that it was not trained on, matching tags by name. A picture that cannot be read is
        logged, counted (Report.n_skipped) and left out.

        Args:
            dataset: a Dataset, or the path of a folder or of a .csv file.
            progress: see Trainer.run.
            precision: see Predictor.
            tiles: see Predictor.

        Raises: DataError (a tag that the model lacks; no readable picture), CancelledError, MemoryLimitError, what `progress`
            raised, and those of Dataset.from_folder.
        """
        data = as_dataset(dataset, self.context)
        options = byref(predictor_options(precision, tiles))
        with self._borrow() as pointer, data._borrow() as data_pointer:
            return Report(
                create_with_progress(lib.oc_model_evaluate, lib.oc_report_free, progress, pointer, data_pointer, options)
            )

    def learning(self) -> Tuple[LearningPoint, ...]:
        """How the model grew with its pictures when it was trained, and last what is expected with twice as many; empty if it does
        not say (no classifier for pictures of one tag, fewer than eight pictures a tag)."""
        native = _native.oc_learning_point()
        points: List[LearningPoint] = []
        with self._borrow() as pointer:
            while True:
                try:
                    call(lib.oc_model_learning, pointer, len(points), byref(native))
                except NotFoundError:
                    return tuple(points)
                points.append(LearningPoint(native.n_pictures, native.accuracy, native.is_measured != 0))

    def report(self) -> Report:
        """How the model was measured when it was trained. Raises: NotFoundError if the model file holds no report."""
        with self._borrow() as pointer:
            return Report(create(lib.oc_model_report, pointer))

    def predict(self, image: ImageSource) -> Result:
        """Predicts one picture. Any number of threads may do so at a time. Raises: those of Picture."""
        predictor = self._take_predictor()
        try:
            return predictor.predict(image)
        finally:
            self._idle.append(predictor)

    def predict_batch(
        self, images: Iterable[ImageSource], *, batch_size: Optional[int] = None, skip_broken: bool = False
    ) -> "Iterator[Union[Result, Error]]":
        """Predicts any number of pictures, sharing the work among the context's threads: see Predictor.predict_batch."""
        predictor = self._take_predictor()
        try:
            yield from predictor.predict_batch(images, batch_size=batch_size, skip_broken=skip_broken)
        finally:
            self._idle.append(predictor)

    def _take_predictor(self) -> Predictor:
        """One that no other thread uses. Predictors know the library's model and not this object, so that no cycle forms."""
        with self._borrow():
            try:
                return self._idle.pop()
            except IndexError:
                return Predictor(self)

    def close(self) -> None:
        """Frees the memory. May be called more than once. Any other use afterwards raises StateError."""
        super().close()
        self._idle.clear()

    def __repr__(self) -> str:
        return f"<ocellus.Model of {len(self._tags)} tags{' closed' if self.closed else ''}>"


def load(path: "Union[str, os.PathLike[str]]", *, context: Optional[Context] = None) -> Model:
    """Reads a model file: see Model.load."""
    return Model.load(path, context=context)
