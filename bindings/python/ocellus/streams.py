# SPDX-License-Identifier: MIT
"""Streams: what a model says of one frame after the other."""

from __future__ import annotations

import enum
from ctypes import byref, c_uint32
from typing import TYPE_CHECKING, Dict, List, NamedTuple

from . import _native
from ._handle import ExclusiveHandle, call, create, text, utf8
from ._library import lib
from .images import ImageSource, as_image
from .predicting import Box, Predictor

if TYPE_CHECKING:
    from .model import Model


class Track(NamedTuple):
    """An object that is followed."""

    id: int
    """Counted from 1, in the order in which objects became certain."""
    tag: str
    probability: float
    """Of the box that it was last seen in."""
    box: Box
    """Where it is, smoothed, or expected while it is unseen."""
    n_frames: int
    """That it has been seen in."""
    n_missed: int
    """That it has been unseen for; 0: it is seen."""
    is_new: bool
    """In the frame in which it became certain: count it now."""


class AlarmState(enum.IntEnum):
    OFF = _native.OC_ALARM_OFF
    RAISED = _native.OC_ALARM_RAISED
    """It begins with this frame."""
    ON = _native.OC_ALARM_ON
    CLEARED = _native.OC_ALARM_CLEARED
    """It ends with this frame."""


class Tracker(ExclusiveHandle):
    """Follows the objects that a detector finds from frame to frame, so that each is counted once (SORT, Bewley et al. 2016).

    Args:
        model: a detector.
        min_frames: an object counts once it has been seen in so many frames on end.
        max_missed: an object that has been unseen for more frames is given up.
        probability: boxes from this probability on are looked at.
        overlap: a box belongs to an object if it overlaps by this where the object is expected.

    Raises: ArgumentError (out of range; no detector), MemoryLimitError.
    """

    _what = "tracker"

    def __init__(
        self, model: "Model", *, min_frames: int = 3, max_missed: int = 10, probability: float = 0.5, overlap: float = 0.3
    ) -> None:
        options = _native.oc_tracker_options(
            min_frames=min_frames, max_missed=max_missed, probability=probability, overlap=overlap
        )
        with model._borrow() as owner:
            pointer = create(lib.oc_tracker_create, owner, byref(options))
        self._tags = list(model.tags)
        self._predictor = Predictor(model)
        super().__init__(pointer, lib.oc_tracker_free)

    def update(self, frame: ImageSource) -> List[Track]:
        """Predicts the next frame and returns the objects that are certain and not given up, in the order of their ids.

        Raises: those of Picture.
        """
        picture, native = as_image(frame), _native.oc_track()
        with self._borrow() as tracker, self._predictor._borrow() as predictor:
            result = create(lib.oc_predictor_run, predictor, byref(picture._native))
            try:
                call(lib.oc_tracker_update, tracker, result)
            finally:
                lib.oc_result_free(result)
            tracks = []
            for index in range(lib.oc_tracker_count(tracker)):
                call(lib.oc_tracker_get, tracker, index, byref(native))
                tracks.append(Track(
                    native.id, text(native.tag_name), native.probability, Box(native.left, native.top, native.width, native.height),
                    native.n_frames, native.n_missed, bool(native.is_new),
                ))
            return tracks

    @property
    def totals(self) -> Dict[str, int]:
        """How many objects of each tag have become certain so far."""
        with self._borrow() as tracker:
            return {tag: lib.oc_tracker_total(tracker, index) for index, tag in enumerate(self._tags)}


class Alarm(ExclusiveHandle):
    """Tells once that a tag is there, and once that it is gone, however single frames flicker: of a classifier or a detector.

    Args:
        model: what looks at the frames.
        tag: what is looked out for.
        frames: looked back at, up to 64.
        on: with the tag in so many of them the alarm is raised; 0: seven of ten.
        off: with the tag in so many of them or fewer it is cleared, below `on`; 0: three of ten.
        probability: a frame has the tag from this probability on.

    Raises: NotFoundError (no such tag), ArgumentError (out of range), MemoryLimitError.
    """

    _what = "alarm"

    def __init__(
        self, model: "Model", tag: str, *, frames: int = 10, on: int = 0, off: int = 0, probability: float = 0.5
    ) -> None:
        options = _native.oc_alarm_options(frames=frames, on=on, off=off, probability=probability, tag=utf8(tag, "the tag"))
        with model._borrow() as owner:
            pointer = create(lib.oc_alarm_create, owner, byref(options))
        self._predictor = Predictor(model)
        super().__init__(pointer, lib.oc_alarm_free)

    def update(self, frame: ImageSource) -> AlarmState:
        """Predicts the next frame. Raises: those of Picture."""
        picture, state = as_image(frame), c_uint32()
        with self._borrow() as alarm, self._predictor._borrow() as predictor:
            result = create(lib.oc_predictor_run, predictor, byref(picture._native))
            try:
                call(lib.oc_alarm_update, alarm, result, byref(state))
            finally:
                lib.oc_result_free(result)
        return AlarmState(state.value)
