# SPDX-License-Identifier: MIT
"""What helps with a project's pictures: searching by example, checking the data, suggesting tags."""

from __future__ import annotations

import contextlib
import os
from ctypes import byref, pointer
from typing import Any, ContextManager, Iterator, List, NamedTuple, Optional, Sequence, Union

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
            base: the base network whose features are compared; default: the built-in one.
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
