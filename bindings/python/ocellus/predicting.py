# SPDX-License-Identifier: MIT
"""Predicting."""

from __future__ import annotations

import itertools
from ctypes import POINTER, byref, c_void_p, pointer as pointer_to
from typing import TYPE_CHECKING, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple, Union

from . import _native
from ._handle import ExclusiveHandle, call, create, text, utf8
from ._library import lib
from .errors import ArgumentError, Error
from .images import Image, ImageSource, Picture, as_image

if TYPE_CHECKING:
    from .model import Model


class Box(NamedTuple):
    """Where, as fractions of the upright picture's width and height. For a classifier: all of it."""

    left: float
    top: float
    width: float
    height: float


class Prediction(NamedTuple):
    """One answer."""

    tag: str
    probability: float
    """0 to 1."""
    box: Box


class Result(Tuple[Prediction, ...]):
    """The answers for one picture, most probable first. A classifier gives every tag once, and their probabilities add up
    to 1. It is a plain tuple of Predictions and needs no closing."""

    novelty: Optional[float] = None
    """How unlike the pictures that a classifier was trained on the picture is, 0 to 1: from 0.5 on it is likely none of what the
    model knows, whatever its probabilities say. None if the model does not tell."""

    @property
    def best(self) -> Prediction:
        """The most probable answer. Raises: IndexError if there is none."""
        return self[0]

    def probabilities(self) -> Dict[str, float]:
        """The probability of each tag; of several answers with one tag, the highest."""
        return {prediction.tag: prediction.probability for prediction in reversed(self)}

    def tally(self, *, probability: float = 0.5, region: Optional[Box] = None) -> Dict[str, int]:
        """Counts a detector's objects by tag: those of at least a probability whose boxes' centres lie in a region (fractions of
        the picture's sides); tags without any are left out."""
        area = region or Box(0, 0, 1, 1)
        counts: Dict[str, int] = {}
        for tag, certainty, box in self:
            x, y = box.left + box.width / 2 - area.left, box.top + box.height / 2 - area.top
            if certainty >= probability and 0 <= x <= area.width and 0 <= y <= area.height:
                counts[tag] = counts.get(tag, 0) + 1
        return counts

    def __str__(self) -> str:
        return ", ".join(f"{prediction.tag} {prediction.probability:.1%}" for prediction in self)


def _take_result(result: int) -> Result:
    """Copies a result of the library's, and frees it."""
    try:
        predictions = []
        box = _native.oc_box()
        for index in range(lib.oc_result_count(result)):
            call(lib.oc_result_get, result, index, byref(box))
            predictions.append(Prediction(
                text(lib.oc_result_tag_name(result, index)), box.probability, Box(box.left, box.top, box.width, box.height)
            ))
        made = Result(predictions)
        novelty = lib.oc_result_novelty(result)
        made.novelty = novelty if novelty >= 0 else None
        return made
    finally:
        lib.oc_result_free(result)


PRECISIONS = {
    "fp32": _native.OC_PRECISION_FP32,
    "bf16": _native.OC_PRECISION_BF16,
    "int8": _native.OC_PRECISION_INT8,
}


def predictor_options(precision: str, tiles: int = 1) -> _native.oc_predictor_options:
    """The library's options. Raises: ValueError for a precision that is none."""
    if precision not in PRECISIONS:
        raise ValueError(f"precision is {precision!r}, but must be one of {', '.join(PRECISIONS)}")
    options = _native.oc_predictor_options()
    options.precision = PRECISIONS[precision]
    if not 0 <= tiles < 2**32:
        raise ArgumentError(f"tiles is {tiles}, expected at most 16")
    options.tiles = tiles
    return options


class Explanation(NamedTuple):
    """What in a picture spoke for a tag."""

    tag: str
    probability: float
    values: List[List[float]]
    """Row by row from the top: by how much the logarithm of the tag's odds falls if what is around a cell is hidden. Above 0: it
    spoke for the tag."""
    picture: Picture
    """The picture in grey, with what spoke for the tag in red and yellow, and what spoke against it in blue."""


class Predictor(ExclusiveHandle):
    """A model plus the scratch memory of one thread. Make one for each thread that predicts; they share the model. Threads
    that share one all the same wait for each other.

    Args:
        model: what to predict with.
        precision: what the arithmetic is done in: "fp32"; "bf16", which is "fp32" where the CPU has no bfloat16; or "int8",
            two to four times as fast and a little less exact.
        tiles: of a detector, how many parts of each picture along its longer side are looked at too, up to 16: for pictures that
            show much more than those it was trained on.

    Raises: MemoryLimitError, ArgumentError, UnsupportedError for "int8" with a model file that does not tell the ranges of its values.
    """

    _what = "predictor"

    def __init__(self, model: "Model", *, precision: str = "fp32", tiles: int = 1) -> None:
        options = predictor_options(precision, tiles)
        with model._borrow() as owner:
            pointer = create(lib.oc_predictor_create, owner, byref(options))
        self.precision = precision
        # It keeps the context's Python object alive, and the library keeps the model.
        self.context = model.context
        super().__init__(pointer, lib.oc_predictor_free)

    def predict(self, image: ImageSource) -> Result:
        """Predicts one picture: whatever Image takes. Raises: those of Picture."""
        picture = as_image(image)
        with self._borrow() as pointer:
            return _take_result(create(lib.oc_predictor_run, pointer, byref(picture._native)))

    def predict_batch(
        self, images: Iterable[ImageSource], *, batch_size: Optional[int] = None, skip_broken: bool = False
    ) -> "Iterator[Union[Result, Error]]":
        """Predicts any number of pictures, sharing the work among the context's threads: faster than one predict() each.

        Args:
            images: whatever Image takes, as many as you like; `batch_size` of them are held at a time.
            batch_size: pictures that are predicted together. Default: as many as keep the threads busy.
            skip_broken: what to do where a picture fails. False: raise its error, after the results before it. True: yield
                its error in the place of its result, and go on.

        Yields: a Result for each picture, in their order.

        Raises: those of Picture.
        """
        if batch_size is None:
            batch_size = max(16, 4 * self.context.n_threads)
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}, but must be at least 1")
        remaining = iter(images)
        while True:
            chunk = list(itertools.islice(remaining, batch_size))
            if not chunk:
                return
            for answer in self._run_batch(chunk):
                if isinstance(answer, Error) and not skip_broken:
                    raise answer
                yield answer

    def explain(self, image: ImageSource, tag: Optional[str] = None, *, side: int = 8) -> "Explanation":
        """What in a picture spoke for a tag, by default the most probable one, on a map of side x side cells (2 to 64). How, is told
        at oc_predictor_explain in ocellus.h.

        Raises: NotFoundError (no such tag), UnsupportedError (a detector), ArgumentError, those of Picture.
        """
        picture = as_image(image)
        native = _native.oc_explain(side=side, tag=None if tag is None else utf8(tag, "the tag"))
        with self._borrow() as pointer:
            made = create(lib.oc_predictor_explain, pointer, byref(picture._native), byref(native))
        heat = _native.oc_heat_map()
        try:
            call(lib.oc_explanation_get, made, byref(heat))
            rows = [[heat.values[y * heat.side + x] for x in range(heat.side)] for y in range(heat.side)]
            drawn = Picture._made(self.context, create(lib.oc_explanation_picture, made))
            return Explanation(text(heat.tag), heat.probability, rows, drawn)
        finally:
            lib.oc_explanation_free(made)

    def predict_unknown(
        self, image: ImageSource, proposer: "Predictor", *, probability: float = 0.2, known: float = 0.5
    ) -> Result:
        """The things in a picture that this detector does not know: what `proposer`, of open_base_detector(), finds where it finds
        nothing. The tags are the proposer's.

        Args:
            probability: that a proposal has at least.
            known: what this detector tells with at least this probability is known.

        Raises: ArgumentError (not two detectors; out of range), those of Picture.
        """
        picture = as_image(image)
        # 0 is a default in the library, but just the lowest bound here.
        native = _native.oc_unknown_options(probability=probability or 1e-9, known=known or 1e-9)
        made = []
        try:
            for predictor in (self, proposer):
                with predictor._borrow() as pointer:
                    made.append(create(lib.oc_predictor_run, pointer, byref(picture._native)))
            return _take_result(create(lib.oc_result_unknown, *made, byref(native)))
        finally:
            for result in made:
                lib.oc_result_free(result)

    def _run_batch(self, sources: List[ImageSource]) -> "List[Union[Result, Error]]":
        answers: "List[Union[Result, Error, None]]" = [None] * len(sources)
        images: List[Tuple[int, Image]] = []
        for index, source in enumerate(sources):
            try:
                images.append((index, as_image(source)))
            except Error as error:
                answers[index] = error
        natives = (POINTER(_native.oc_image) * len(images))(*(pointer_to(image._native) for _, image in images))
        results = (c_void_p * len(images))()
        with self._borrow() as pointer:
            # The status tells of the first failure only; below, each gets its own message.
            lib.oc_predictor_run_batch(results, pointer, natives, len(images), None)
        for (index, image), result in zip(images, results):
            if result is not None:
                answers[index] = _take_result(result)
                continue
            try:
                answers[index] = self.predict(image)
            except Error as error:
                answers[index] = error
        return answers  # type: ignore[return-value]

    def __repr__(self) -> str:
        return "<ocellus.Predictor closed>" if self.closed else "<ocellus.Predictor>"
