# SPDX-License-Identifier: MIT
"""Data sets: pictures with tags, in the order in which they were added."""

from __future__ import annotations

import operator
import os
from ctypes import byref, c_char_p, c_float
from pathlib import Path
from typing import Iterable, Iterator, List, NamedTuple, Optional, Tuple, Union

from . import _native
from ._handle import ExclusiveHandle, call, create, path_bytes, text, utf8
from ._library import lib
from .context import Context, default_context
from .images import ImageSource, as_image
from .predicting import Box


class Sample(NamedTuple):
    """One picture of a data set."""

    name: str
    """What it is called: its path, or the name it was given."""
    tag: str
    """Of several the first; empty if it has none."""
    split: str
    """"train", "test", ...; empty if none."""
    tags: Tuple[str, ...]
    """All its tags."""


class LabelledBox(NamedTuple):
    """An object of a picture."""

    tag: str
    box: Box


class Dataset(ExclusiveHandle):
    """Pictures with tags. A new one is empty, to be filled with add(); from_folder() and from_csv() read one.

    It is a collection of Samples: len(dataset), dataset[0], and iteration. Several threads may use it; they wait for each
    other.

    Args:
        context: default: the default context.
    """

    _what = "data set"

    def __init__(self, *, context: Optional[Context] = None) -> None:
        context = context or default_context()
        with context._borrow() as owner:
            self._adopt(context, create(lib.oc_dataset_create, owner))

    def _adopt(self, context: Context, pointer: int) -> None:
        self.context = context
        self._tags: List[str] = []
        super().__init__(pointer, lib.oc_dataset_free)

    @classmethod
    def _made(cls, context: Context, pointer: int) -> "Dataset":
        dataset = cls.__new__(cls)
        dataset._adopt(context, pointer)
        return dataset

    @classmethod
    def from_folder(cls, path: "Union[str, os.PathLike[str]]", *, context: Optional[Context] = None) -> "Dataset":
        """A folder with one sub-folder per tag, whose name is the tag. Pictures are only opened, not decoded. What was passed
        over is listed in `notes`.

        Raises: NotFoundError, IoError, DataError (a tag is not UTF-8; no picture at all), MemoryLimitError.
        """
        context = context or default_context()
        with context._borrow() as owner:
            return cls._made(context, create(lib.oc_dataset_load_folder, owner, path_bytes(path)))

    @classmethod
    def from_csv(cls, path: "Union[str, os.PathLike[str]]", *, context: Optional[Context] = None) -> "Dataset":
        """A CSV file (RFC 4180, UTF-8) whose first line names its columns: `path` (relative to the file's folder, or
        absolute), `tag` or `tags`, and optionally `split`. `tags` holds any number of tags with '|' between them, or
        nothing. With the columns `left`, `top`, `width` and `height` each row is an object in its box (see add_boxes), and one
        without tag and box a picture that has none. Other columns are passed over. A picture that does not exist is found out
        when it is read, not here.

        Raises: NotFoundError, IoError, FormatError (a column is missing), CorruptError (with the line), LimitError,
            MemoryLimitError.
        """
        context = context or default_context()
        with context._borrow() as owner:
            return cls._made(context, create(lib.oc_dataset_load_csv, owner, path_bytes(path)))

    def select_split(self, split: str) -> "Dataset":
        """The samples whose split is `split`, as a new data set with all the tags of this one. Raises: NotFoundError."""
        with self._borrow() as pointer:
            return self._made(self.context, create(lib.oc_dataset_select_split, pointer, utf8(split, "the split")))

    def add(self, image: ImageSource, tag: Union[str, Iterable[str]], split: Optional[str] = None) -> None:
        """Adds a picture, which is copied (of a file, its path), with its tag or tags.

        Args:
            image: whatever Image takes.
            tag: 1 to 256 bytes of UTF-8 without control characters, or any number of such tags. A tag is made if it is new.
            split: "train", "test", ...; None: none.

        Raises: ArgumentError, LimitError, MemoryLimitError.
        """
        picture = as_image(image)
        native_split = None if split is None else utf8(split, "the split")
        with self._borrow() as pointer:
            if isinstance(tag, str):
                call(lib.oc_dataset_add, pointer, byref(picture._native), utf8(tag, "the tag"), native_split)
                return
            tags = [utf8(each, "the tag") for each in tag]
            natives = (c_char_p * len(tags))(*tags)
            call(lib.oc_dataset_add_tags, pointer, byref(picture._native), natives, len(tags), native_split)

    def add_boxes(
        self, image: ImageSource, objects: "Iterable[Tuple[str, Tuple[float, float, float, float]]]", split: Optional[str] = None
    ) -> None:
        """Adds a picture, which is copied (of a file, its path), with the objects in it: for detection.

        Args:
            image: whatever Image takes.
            objects: pairs of a tag and a box (left, top, width, height), as fractions of the upright picture's width and
                height. None of them: a picture without objects.
            split: "train", "test", ...; None: none.

        Raises: ArgumentError (a box is empty or reaches out of the picture), StateError (the data set has pictures without
            boxes), LimitError, MemoryLimitError.
        """
        picture = as_image(image)
        pairs = [(utf8(tag, "the tag"), tuple(box)) for tag, box in objects]
        if any(len(box) != 4 for _, box in pairs):
            raise ValueError("a box is four numbers: left, top, width, height")
        tags = (c_char_p * len(pairs))(*(tag for tag, _ in pairs))
        numbers = (c_float * (4 * len(pairs)))(*(number for _, box in pairs for number in box))
        native_split = None if split is None else utf8(split, "the split")
        with self._borrow() as pointer:
            call(lib.oc_dataset_add_boxes, pointer, byref(picture._native), tags, numbers, len(pairs), native_split)

    @property
    def has_boxes(self) -> bool:
        """Whether its pictures have objects in boxes."""
        with self._borrow() as pointer:
            return lib.oc_dataset_has_boxes(pointer) != 0

    def boxes(self, index: int) -> List[LabelledBox]:
        """The objects of sample `index`. Raises: IndexError."""
        index = operator.index(index)
        native = _native.oc_box()
        found: List[LabelledBox] = []
        with self._borrow() as pointer:
            count = lib.oc_dataset_count(pointer)
            if not -count <= index < count:
                raise IndexError(f"sample {index} of a data set of {count}")
            for k in range(lib.oc_dataset_sample_n_boxes(pointer, index % count)):
                call(lib.oc_dataset_sample_box, pointer, index % count, k, byref(native))
                box = Box(native.left, native.top, native.width, native.height)
                found.append(LabelledBox(self._tag(pointer, native.tag), box))
        return found

    def _tag(self, pointer: int, tag: int) -> str:
        """The name of a tag. Tags are only ever added, so that those that are known stay as they are."""
        while len(self._tags) <= tag:
            self._tags.append(text(lib.oc_dataset_tag(pointer, len(self._tags))))
        return self._tags[tag]

    @property
    def tags(self) -> Tuple[str, ...]:
        """The tags, in the order of their first use."""
        with self._borrow() as pointer:
            return tuple(self._tag(pointer, tag) for tag in range(lib.oc_dataset_n_tags(pointer)))

    @property
    def notes(self) -> Tuple[str, ...]:
        """What was passed over while loading, one line each: "pictures/readme.txt: not a picture"."""
        with self._borrow() as pointer:
            return tuple(text(lib.oc_dataset_note(pointer, index)) for index in range(lib.oc_dataset_n_notes(pointer)))

    def __len__(self) -> int:
        with self._borrow() as pointer:
            return lib.oc_dataset_count(pointer)

    def __getitem__(self, index: int) -> Sample:
        index = operator.index(index)
        with self._borrow() as pointer:
            count = lib.oc_dataset_count(pointer)
            if not -count <= index < count:
                raise IndexError(f"sample {index} of a data set of {count}")
            index %= count
            count = lib.oc_dataset_sample_n_tags(pointer, index)
            tags = tuple(self._tag(pointer, lib.oc_dataset_sample_tag_at(pointer, index, k)) for k in range(count))
            return Sample(
                # A path may hold bytes that are not UTF-8. This is how Python writes such paths.
                lib.oc_dataset_sample_name(pointer, index).decode("utf-8", "surrogateescape"),
                tags[0] if tags else "",
                text(lib.oc_dataset_sample_split(pointer, index)),
                tags,
            )

    def __iter__(self) -> Iterator[Sample]:
        index = 0
        while True:
            try:
                sample = self[index]
            except IndexError:
                return
            yield sample
            index += 1

    def __repr__(self) -> str:
        if self.closed:
            return "<ocellus.Dataset closed>"
        return f"<ocellus.Dataset of {len(self)} pictures, {len(self.tags)} tags>"


DatasetSource = Union[Dataset, str, "os.PathLike[str]"]
"""A Dataset, or the path of a folder, of a project or of a .csv file."""


def as_dataset(source: DatasetSource, context: Optional[Context]) -> Dataset:
    """The Dataset for a source, which may be one already."""
    if isinstance(source, Dataset):
        return source
    if Path(source).suffix.lower() == ".csv":
        return Dataset.from_csv(source, context=context)
    if (Path(source) / "project.db").is_file():
        from .projects import Project  # which itself makes data sets

        with Project(source, context=context) as project:
            return project.dataset()
    return Dataset.from_folder(source, context=context)
