# SPDX-License-Identifier: MIT
"""What helps with a project's pictures: searching by example, checking the data, suggesting tags."""

from __future__ import annotations

import contextlib
import enum
import os
from ctypes import byref, c_size_t, c_uint64, pointer
from typing import Any, ContextManager, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

from . import _native
from ._callbacks import ProgressCallback, create_with_progress
from ._handle import Handle, call, text, utf8
from ._library import lib
from .images import ImageSource, as_image


class Match(NamedTuple):
    """A picture that is like the example."""

    picture: str
    """Its identifier."""
    name: str
    score: float
    """The cosine of the two pictures' features: 1 the same, around 0 nothing in common."""
    path: str
    """Of its file in the project."""


class Severity(enum.IntEnum):
    HINT = _native.OC_SEVERITY_HINT
    """Could be better."""
    WARNING = _native.OC_SEVERITY_WARNING
    """Costs accuracy, or makes figures look better than they are."""
    SERIOUS = _native.OC_SEVERITY_SERIOUS
    """Cannot be trained on, or contradicts itself."""


class FindingKind(enum.IntEnum):
    UNREADABLE = _native.OC_FINDING_UNREADABLE
    NO_TAGS = _native.OC_FINDING_NO_TAGS
    TOO_FEW = _native.OC_FINDING_TOO_FEW
    IMBALANCE = _native.OC_FINDING_IMBALANCE
    CONTRADICTION = _native.OC_FINDING_CONTRADICTION
    LEAK = _native.OC_FINDING_LEAK
    DUPLICATE = _native.OC_FINDING_DUPLICATE
    LITTLE_VARIETY = _native.OC_FINDING_LITTLE_VARIETY
    WRONG_TAG = _native.OC_FINDING_WRONG_TAG
    MISSING_TAG = _native.OC_FINDING_MISSING_TAG
    CONFUSED = _native.OC_FINDING_CONFUSED
    BLURRED = _native.OC_FINDING_BLURRED
    DARK = _native.OC_FINDING_DARK
    BRIGHT = _native.OC_FINDING_BRIGHT
    FLAT = _native.OC_FINDING_FLAT
    TINY = _native.OC_FINDING_TINY
    ODD_SHAPE = _native.OC_FINDING_ODD_SHAPE
    SMALL_BOX = _native.OC_FINDING_SMALL_BOX
    LARGE_BOX = _native.OC_FINDING_LARGE_BOX
    DOUBLE_BOX = _native.OC_FINDING_DOUBLE_BOX
    MISSING_BOX = _native.OC_FINDING_MISSING_BOX
    WRONG_BOX = _native.OC_FINDING_WRONG_BOX


class FindingPlace(NamedTuple):
    """A picture that a finding is about, or a place in it."""

    picture: str
    name: str
    score: float
    """The larger the worse, within one finding; 0 where that makes no sense."""
    tag: Optional[str]
    """The tag in question."""
    other: Optional[str]
    """What it more likely is."""
    twin: Optional[str]
    """The picture that is nearly the same."""
    region: Optional[str]
    """The region in question."""
    box: Optional[Tuple[float, float, float, float]]
    """Where: left, top, width and height, as fractions of the picture."""


class Finding(NamedTuple):
    """Something that is likely to spoil a training or its measurement."""

    kind: FindingKind
    severity: Severity
    tag: Optional[str]
    """That it is about, if it is one."""
    other: Optional[str]
    message: str
    advice: str
    """What to do about it."""
    places: List[FindingPlace]
    """The worst first."""


def _read_finding(entries: int, index: int) -> Finding:
    finding, place = _native.oc_finding(), _native.oc_finding_place()
    call(lib.oc_finding_list_get, entries, index, byref(finding))
    places: List[FindingPlace] = []
    for k in range(finding.n_places):
        call(lib.oc_finding_list_place, entries, index, k, byref(place))
        box = (place.left, place.top, place.width, place.height) if place.width > 0 else None
        optional = [None if value is None else text(value) for value in (place.tag, place.other, place.twin, place.region)]
        places.append(FindingPlace(text(place.picture), text(place.name), place.score, *optional, box))
    tag, other = (None if value is None else text(value) for value in (finding.tag, finding.other))
    return Finding(
        FindingKind(finding.kind), Severity(finding.severity), tag, other, text(finding.message), text(finding.advice), places
    )


class SuggestOrder(enum.IntEnum):
    SURE = _native.OC_SUGGEST_SURE
    """The surest first: many can be confirmed at once."""
    USEFUL = _native.OC_SUGGEST_USEFUL
    """The most useful to label first: those that the model is unsure of, and unlike those before."""
    ALIKE = _native.OC_SUGGEST_ALIKE
    """Groups of pictures that look alike, the largest first. Takes no iteration."""


class SuggestedTag(NamedTuple):
    tag: str
    probability: float
    box: Tuple[float, float, float, float]
    """Where: left, top, width and height, as fractions of the picture; of a classifier all of it."""


class Suggestion(NamedTuple):
    """What is suggested for one picture."""

    picture: str
    name: str
    path: str
    group: int
    """Of pictures that look alike, counted from 1; 0: they were not grouped."""
    uncertainty: float
    """0 sure to 1 unsure."""
    tags: List[SuggestedTag]
    """The most probable first."""


class Suggestions(Handle):
    """Suggestions, in their order: a sequence. What Project.accept takes."""

    def __init__(self, made: int) -> None:
        super().__init__(made, lib.oc_suggestion_list_free)

    def __len__(self) -> int:
        with self._borrow() as entries:
            return lib.oc_suggestion_list_count(entries)

    def __getitem__(self, index: int) -> Suggestion:
        one, box = _native.oc_suggestion(), _native.oc_box()
        n = len(self)
        if not -n <= index < n:
            raise IndexError(f"suggestion {index} is out of range, there are {n}")
        index %= n
        tags: List[SuggestedTag] = []
        with self._borrow() as entries:
            call(lib.oc_suggestion_list_get, entries, index, byref(one))
            for k in range(one.n_boxes):
                call(lib.oc_suggestion_list_box, entries, index, k, byref(box))
                place = (box.left, box.top, box.width, box.height)
                tags.append(SuggestedTag(text(lib.oc_suggestion_list_tag(entries, box.tag)), box.probability, place))
        return Suggestion(text(one.picture), text(one.name), os.fsdecode(one.path), one.group, one.uncertainty, tags)

    def __iter__(self) -> Iterator[Suggestion]:
        return (self[index] for index in range(len(self)))


def _optional(value: Optional[str], what: str) -> Optional[bytes]:
    return None if value is None else utf8(value, what)


class Assisting:
    """The part of Project that this file is about."""

    def _borrow(self) -> ContextManager[int]:
        raise NotImplementedError

    @staticmethod
    def _filter(*arguments: Any) -> _native.oc_picture_filter:
        raise NotImplementedError

    @contextlib.contextmanager
    def _found(self, function: Any, free: Any, progress: Optional[ProgressCallback], *arguments: Any) -> Iterator[int]:
        """Lends a list that it takes long to make."""
        with self._borrow() as owner:
            made = create_with_progress(function, free, progress, owner, *arguments)
        entries = Handle(made, free)
        with entries, entries._borrow() as owner:
            yield owner

    def similar(
        self,
        picture: Optional[str] = None,
        *,
        image: Optional[ImageSource] = None,
        limit: int = 10,
        min_score: float = 0.0,
        tagged: Optional[bool] = None,
        tags: Union[str, Sequence[str]] = (),
        where: Optional[str] = None,
        name: Optional[str] = None,
        base: Optional[str] = None,
        progress: Optional[ProgressCallback] = None,
    ) -> List[Match]:
        """The pictures that are most like one, the most alike first: exact, over all of them. The first search reads all
        pictures; what it computes of them is kept in the project.

        Args:
            picture: one of the project, itself left out; or
            image: another one.
            limit: at most so many, up to 10,000.
            min_score: only those with this score or more.
            tagged, tags, where, name: only among these: see pictures().
            base: the base network whose features are compared; default: the best of the library's own.
            progress: see Trainer.run.

        Raises: ArgumentError (neither picture nor image, or both), NotFoundError, CancelledError, those of open_base and, for
        the example, of Picture.
        """
        native_image = None if image is None else as_image(image)
        native_filter = self._filter(tagged, tags, where, name, None, None)
        native = _native.oc_search(
            limit=limit,
            picture=_optional(picture, "the picture"),
            image=None if native_image is None else pointer(native_image._native),
            base=_optional(base, "the base"),
            filter=pointer(native_filter),
            min_score=min_score,
        )
        found: List[Match] = []
        match = _native.oc_match()
        with self._found(lib.oc_project_similar, lib.oc_match_list_free, progress, byref(native)) as entries:
            for index in range(lib.oc_match_list_count(entries)):
                call(lib.oc_match_list_get, entries, index, byref(match))
                found.append(Match(text(match.picture), text(match.name), match.score, os.fsdecode(match.path)))
        return found

    def check(
        self,
        *,
        quick: bool = False,
        base: Optional[str] = None,
        iteration: Optional[str] = None,
        progress: Optional[ProgressCallback] = None,
    ) -> List[Finding]:
        """Checks the pictures, tags and regions: the most serious findings first. Nothing is changed. How, and what each kind of
        finding means, is told at oc_project_check in ocellus.h.

        Args:
            quick: only what can be told without looking at the pictures.
            base: the base network whose features are compared; default: the best of the library's own.
            iteration: of a project for detection, the one whose boxes are compared with those there are; default: the newest.
            progress: see Trainer.run.

        Raises: CancelledError (what was computed of pictures is kept), NotFoundError, those of open_base.
        """
        native = _native.oc_check(
            flags=_native.OC_CHECK_QUICK if quick else 0,
            base=_optional(base, "the base"),
            iteration=_optional(iteration, "the iteration"),
        )
        with self._found(lib.oc_project_check, lib.oc_finding_list_free, progress, byref(native)) as entries:
            return [_read_finding(entries, index) for index in range(lib.oc_finding_list_count(entries))]

    def suggest(
        self,
        order: Optional[SuggestOrder] = None,
        *,
        limit: int = 0,
        min_probability: float = 0.0,
        iteration: Optional[str] = None,
        tagged: Optional[bool] = False,
        tags: Union[str, Sequence[str]] = (),
        where: Optional[str] = None,
        name: Optional[str] = None,
        base: Optional[str] = None,
        progress: Optional[ProgressCallback] = None,
    ) -> Suggestions:
        """Suggests tags, or boxes, for pictures that have none; or groups of pictures that look alike. How, is told at
        oc_project_suggest in ocellus.h.

        Args:
            order: default: the surest first, or, where nothing has been trained, groups.
            limit: at most so many pictures; 0: all.
            min_probability: of tags and boxes. 0: the best tag; where pictures bear several, those at their thresholds; boxes
                from 0.5 on.
            iteration: what suggests; default: the chosen one, or else the newest. "base:NAME": what the detector of a base network
                proposes, boxes of the tag "object" from 0.2 on; nothing needs to have been trained.
            tagged, tags, where, name: among these pictures: see pictures().
            base: by whose features pictures are alike; default: the best of the library's own.
            progress: see Trainer.run.

        Raises: StateError (an order that takes an iteration, and there is none), NotFoundError, CancelledError, those of
        open_base.
        """
        native_filter = self._filter(tagged, tags, where, name, None, None)
        native = _native.oc_suggest(
            order=0 if order is None else SuggestOrder(order),
            limit=limit,
            min_probability=min_probability,
            iteration=_optional(iteration, "the iteration"),
            base=_optional(base, "the base"),
            filter=pointer(native_filter),
        )
        with self._borrow() as owner:
            made = create_with_progress(lib.oc_project_suggest, lib.oc_suggestion_list_free, progress, owner, byref(native))
        return Suggestions(made)

    def accept(
        self, suggestions: Suggestions, indices: Optional[Sequence[int]] = None, *, min_probability: float = 0.0
    ) -> int:
        """Gives pictures the tags or boxes that are suggested with at least that probability, in one change: those of `indices`,
        or of all suggestions. Pictures that have got a tag meanwhile are left as they are. Returns how many got something.

        Raises: NotFoundError (an index), ArgumentError.
        """
        if indices is not None and len(indices) == 0:
            return 0
        chosen = (c_size_t * len(indices))(*indices) if indices is not None else None
        n_accepted = c_uint64()
        with self._borrow() as owner, suggestions._borrow() as entries:
            count = 0 if chosen is None else len(chosen)
            call(lib.oc_project_accept, byref(n_accepted), owner, entries, chosen, count, min_probability)
        return n_accepted.value
