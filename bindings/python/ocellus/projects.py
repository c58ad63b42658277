# SPDX-License-Identifier: MIT
"""Projects: pictures and tags on disk, for a working life."""

from __future__ import annotations

import contextlib
import enum
import json
import os
from ctypes import POINTER, Array, byref, c_char_p, c_uint64, create_string_buffer, pointer
from typing import Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from . import _native
from ._callbacks import ProgressCallback, call_with_progress, create_with_progress
from ._handle import ExclusiveHandle, Handle, call, create, path_bytes, text, utf8
from ._library import lib
from .assisting import Assisting
from .context import Context, default_context
from .dataset import Dataset
from .errors import ArgumentError
from .exchange import Exchange, options as exchange_options, run as run_exchange, service
from .images import ImageSource, Picture, as_image
from .model import Model
from .predicting import Box, Prediction, Result
from .report import Method
from .training import option_text


class Kind(enum.IntEnum):
    """What a project is for."""

    MULTICLASS = _native.OC_PROJECT_MULTICLASS
    MULTILABEL = _native.OC_PROJECT_MULTILABEL
    DETECTION = _native.OC_PROJECT_DETECTION
    ANOMALY = _native.OC_PROJECT_ANOMALY


class TagType(enum.IntEnum):
    """A negative tag is for pictures that show none of the others; a general product is one that no other tag names."""

    REGULAR = _native.OC_TAG_REGULAR
    NEGATIVE = _native.OC_TAG_NEGATIVE
    GENERAL_PRODUCT = _native.OC_TAG_GENERAL_PRODUCT


class Trouble(enum.IntEnum):
    """What verifying finds."""

    DATABASE = _native.OC_PROBLEM_DATABASE
    MISSING = _native.OC_PROBLEM_MISSING
    CHANGED = _native.OC_PROBLEM_CHANGED
    LEFT_OVER = _native.OC_PROBLEM_LEFT_OVER
    UNFINISHED = _native.OC_PROBLEM_UNFINISHED


class ProjectInfo(NamedTuple):
    """What a project is and holds."""

    id: str
    name: str
    kind: Kind
    domain: str
    description: str
    created: str
    modified: str
    n_tags: int
    n_pictures: int
    n_untagged: int
    n_regions: int
    n_bytes: int
    """Of the pictures' files."""
    n_iterations: int
    keep_days: int
    """Days that stored predictions are kept, or KEEP_FOREVER."""


KEEP_FOREVER = _native.OC_KEEP_FOREVER
"""As a project's keep_days."""


class Tag(NamedTuple):
    """A tag of a project."""

    id: str
    name: str
    type: TagType
    description: str
    colour: str
    """"#rrggbb", or empty."""
    n_pictures: int
    n_regions: int
    extra: str = ""
    """What only another program understands: JSON that is kept as it is, or empty."""


class StoredPicture(NamedTuple):
    """A picture of a project."""

    id: str
    name: str
    """Its path as it was added, or the name that it was given."""
    tags: Tuple[str, ...]
    metadata: Dict[str, str]
    split: str
    width: int
    height: int
    n_bytes: int
    n_regions: int
    added: str
    sha256: str
    path: str
    """Of its file in the project."""
    extra: str = ""
    """What only another program understands: JSON that is kept as it is, or empty."""


class RegionKind(enum.IntEnum):
    """A box, or another shape (a polygon, a mask, ...), which is kept in `extra` untouched but not trained on."""

    BOX = _native.OC_REGION_BOX
    OTHER = _native.OC_REGION_OTHER


class Outcome(enum.IntEnum):
    """What became of a region that was to be added."""

    STORED = _native.OC_REGION_STORED
    CLIPPED = _native.OC_REGION_CLIPPED
    DUPLICATE = _native.OC_REGION_DUPLICATE
    REFUSED = _native.OC_REGION_REFUSED


class Region(NamedTuple):
    """A region of a picture. To add one, the first six say all; `extra` is JSON that is kept as it is."""

    picture: str
    tag: Optional[str]
    left: float = 0.0
    """As a fraction of the upright picture's width, or in pixels where asked for; the others likewise."""
    top: float = 0.0
    width: float = 0.0
    height: float = 0.0
    extra: str = ""
    kind: RegionKind = RegionKind.BOX
    id: str = ""
    created: str = ""
    outcome: Outcome = Outcome.STORED
    reason: str = ""
    """Why it was refused."""


class Addition(NamedTuple):
    """What became of a picture that was added."""

    id: str
    duplicate: bool
    """It was there already; its new tags and metadata were added."""


class FolderSummary(NamedTuple):
    """What became of a folder's files."""

    n_added: int
    n_duplicates: int
    n_skipped: int


class Iteration(NamedTuple):
    """A training of a project, and what came of it."""

    id: str
    name: str
    published: Optional[str]
    """The name under which it is published."""
    is_default: bool
    is_new: bool
    """The call that gave this trained it; else nothing had changed since."""
    created: str
    seconds: float
    version: str
    """Identifier of the data that it was trained on: the same for the same data."""
    n_pictures: int
    settings: Dict[str, str]
    library: str
    log: str
    method: Optional[Method]
    n_measured: int
    accuracy: float
    """This and the rest are means over the tags, at no threshold."""
    precision: float
    recall: float
    average_precision: float
    path: str
    """Of its model file in the project."""
    sha256: str
    n_bytes: int


class Version(NamedTuple):
    """What there was to train on at some moment."""

    id: str
    name: Optional[str]
    created: str
    n_pictures: int
    n_iterations: int


class StoredPrediction(NamedTuple):
    """A picture, and what an iteration said of it."""

    id: str
    name: str
    """Of the picture."""
    iteration: str
    application: str
    created: str
    uncertainty: float
    """Entropy of the probabilities: 0 (sure) to 1 (all tags alike)."""
    answers: Result
    """The most probable first."""
    path: str
    """Of the picture's file in the project."""
    sha256: str


class Problem(NamedTuple):
    """What verifying found."""

    trouble: Trouble
    picture: Optional[str]
    message: str
    repaired: bool


Names = Union[str, Iterable[str]]
"""One name or several."""

_STATES = {None: _native.OC_PICTURES_ALL, True: _native.OC_PICTURES_TAGGED, False: _native.OC_PICTURES_UNTAGGED}
_PREDICTION_ORDERS = {
    "newest": _native.OC_PREDICTIONS_NEWEST,
    "oldest": _native.OC_PREDICTIONS_OLDEST,
    "suggested": _native.OC_PREDICTIONS_SUGGESTED,
}
_ORDERS = {"oldest": _native.OC_ORDER_OLDEST, "newest": _native.OC_ORDER_NEWEST, "name": _native.OC_ORDER_NAME}


def _texts(values: Sequence[str], what: str) -> "Array[c_char_p]":
    return (c_char_p * max(1, len(values)))(*(utf8(value, what) for value in values))


def _listed(names: Names) -> List[str]:
    return [names] if isinstance(names, str) else list(names)


def _optional(value: Optional[str], what: str) -> Optional[bytes]:
    return None if value is None else utf8(value, what)


def _labels(tags: Names, metadata: Optional[Mapping[str, str]], split: Optional[str], extra: Optional[str] = None) -> _native.oc_labels:
    names, pairs = _listed(tags), dict(metadata or {})
    return _native.oc_labels(
        n_tags=len(names),
        tags=_texts(names, "a tag"),
        n_metadata=len(pairs),
        keys=_texts(list(pairs), "a metadata key"),
        values=_texts(list(pairs.values()), "a metadata value"),
        split=_optional(split, "the split"),
        extra=_optional(extra, "the extra"),
    )


def _project_info(
    kind: Optional[Kind], name: Optional[str], domain: Optional[str], description: Optional[str], keep_days: Optional[int]
) -> _native.oc_project_info:
    return _native.oc_project_info(
        kind=int(kind or 0),
        keep_days=keep_days or 0,
        name=_optional(name, "the name"),
        domain=_optional(domain, "the domain"),
        description=_optional(description, "the description"),
    )


class Project(ExclusiveHandle, Assisting):
    """Pictures, tags and metadata in a folder. `Project(path)` opens one, `Project.create(path)` makes one.

    Every method is one change, which lasts once the method has returned, and is made wholly or not at all; change() joins
    several. Any number of programs may read a project while one changes it. Tags are named by their names or identifiers,
    pictures by their identifiers, by the SHA-256 of their files, or by the beginning of one of these. Several threads may use
    one object; they wait for each other.

    Raises, all methods: IoError, CorruptError, StateError (another program has been writing for more than ten seconds).
    """

    _what = "project"

    def __init__(self, path: "Union[str, os.PathLike[str]]", *, context: Optional[Context] = None) -> None:
        """Raises: NotFoundError, FormatError (not a project), UnsupportedError (made by a newer version)."""
        context = context or default_context()
        with context._borrow() as owner:
            self._adopt(context, create(lib.oc_project_open, owner, path_bytes(path)))

    def _adopt(self, context: Context, owner: int) -> None:
        self.context = context
        super().__init__(owner, lib.oc_project_free)

    @classmethod
    def create(
        cls,
        path: "Union[str, os.PathLike[str]]",
        kind: Optional[Kind] = None,
        *,
        name: Optional[str] = None,
        domain: Optional[str] = None,
        description: Optional[str] = None,
        keep_days: Optional[int] = None,
        context: Optional[Context] = None,
    ) -> "Project":
        """Makes a project in a folder, which is made if need be; default: a multiclass one. Raises: StateError (there is one
        already), ArgumentError."""
        context = context or default_context()
        project = cls.__new__(cls)
        info = _project_info(kind, name, domain, description, keep_days)
        with context._borrow() as owner:
            project._adopt(context, create(lib.oc_project_create, owner, path_bytes(path), byref(info)))
        return project

    @property
    def info(self) -> ProjectInfo:
        """What the project is and holds now."""
        native = _native.oc_project_info()
        with self._borrow() as owner:
            call(lib.oc_project_get_info, owner, byref(native))
            return ProjectInfo(
                text(native.id), text(native.name), Kind(native.kind), text(native.domain), text(native.description),
                text(native.created), text(native.modified), native.n_tags, native.n_pictures, native.n_untagged,
                native.n_regions, native.n_bytes, native.n_iterations, native.keep_days,
            )

    def update(
        self,
        *,
        kind: Optional[Kind] = None,
        name: Optional[str] = None,
        domain: Optional[str] = None,
        description: Optional[str] = None,
        keep_days: Optional[int] = None,
    ) -> None:
        """Changes what is given. Raises: ArgumentError, DataError (it cannot become of that kind; the message says why)."""
        info = _project_info(kind, name, domain, description, keep_days)
        with self._borrow() as owner:
            call(lib.oc_project_update, owner, byref(info))

    @contextlib.contextmanager
    def change(self) -> Iterator[None]:
        """Makes all that is done in the `with` block one change: much faster for many small ones, and if an exception leaves
        the block, none of them happens. Other threads must not use this object meanwhile."""
        with self._borrow() as owner:
            call(lib.oc_project_begin, owner)
        keep = False
        try:
            yield
            keep = True
        finally:
            with self._borrow() as owner:
                call(lib.oc_project_end, owner, int(keep))

    # Tags

    @property
    def tags(self) -> List[Tag]:
        """The tags, in the order in which they were made."""
        found: List[Tag] = []
        native = _native.oc_tag()
        with self._list(lib.oc_project_tags, lib.oc_tag_list_free) as entries:
            for index in range(lib.oc_tag_list_count(entries)):
                call(lib.oc_tag_list_get, entries, index, byref(native))
                found.append(Tag(
                    text(native.id), text(native.name), TagType(native.type), text(native.description), text(native.colour),
                    native.n_pictures, native.n_regions, text(native.extra),
                ))
        return found

    def add_tag(self, name: str, type: TagType = TagType.REGULAR, *, description: str = "", colour: str = "", extra: str = "") -> str:
        """Makes a tag and returns its identifier. Raises: StateError (there is one of that name, or a negative one already),
        ArgumentError, DataError (a negative tag in detection), LimitError."""
        native = self._native_tag(name, type, description, colour, extra)
        identifier = create_string_buffer(_native.OC_ID_SIZE)
        with self._borrow() as owner:
            call(lib.oc_project_add_tag, identifier, owner, byref(native))
        return text(identifier.value)

    def update_tag(
        self,
        tag: str,
        *,
        name: Optional[str] = None,
        type: Optional[TagType] = None,
        description: Optional[str] = None,
        colour: Optional[str] = None,
        extra: Optional[str] = None,
    ) -> None:
        """Changes what is given. Raises: those of add_tag, NotFoundError."""
        native = self._native_tag(name, type, description, colour, extra)
        with self._borrow() as owner:
            call(lib.oc_project_update_tag, owner, utf8(tag, "the tag"), byref(native))

    @staticmethod
    def _native_tag(
        name: Optional[str], type: Optional[TagType], description: Optional[str], colour: Optional[str], extra: Optional[str]
    ) -> _native.oc_tag:
        return _native.oc_tag(
            type=int(type or 0),
            name=_optional(name, "the name"),
            description=_optional(description, "the description"),
            colour=_optional(colour, "the colour"),
            extra=_optional(extra, "the extra"),
        )

    def merge_tags(self, source: str, into: str) -> None:
        """Gives `into` to all that bears `source`, and removes `source`. Raises: NotFoundError, ArgumentError, DataError."""
        with self._borrow() as owner:
            call(lib.oc_project_merge_tags, owner, utf8(source, "the tag"), utf8(into, "the tag"))

    def delete_tag(self, tag: str) -> None:
        """Removes a tag from all pictures, its regions too. Raises: NotFoundError."""
        with self._borrow() as owner:
            call(lib.oc_project_delete_tag, owner, utf8(tag, "the tag"))

    # Pictures

    def add(
        self,
        image: ImageSource,
        tags: Names = (),
        *,
        metadata: Optional[Mapping[str, str]] = None,
        split: Optional[str] = None,
        extra: Optional[str] = None,
    ) -> Addition:
        """Adds a picture: a path, or the bytes of a picture file; `extra` is JSON that is kept as it is. Raises: those of Picture, UnsupportedError (raw pixels),
        ArgumentError, DataError (these tags cannot be on one picture, or are for regions)."""
        native, labels, addition = as_image(image), _labels(tags, metadata, split, extra), _native.oc_addition()
        with self._borrow() as owner:
            call(lib.oc_project_add_picture, byref(addition), owner, byref(native._native), byref(labels))
        return Addition(text(addition.id), bool(addition.duplicate))

    def add_folder(
        self,
        path: "Union[str, os.PathLike[str]]",
        tags: Names = (),
        *,
        metadata: Optional[Mapping[str, str]] = None,
        split: Optional[str] = None,
        progress: Optional[ProgressCallback] = None,
    ) -> FolderSummary:
        """Adds the pictures of a folder, and those of its sub-folders with the sub-folder's name as their tag (in a detection
        project without). What cannot be read is logged as a warning and passed over. Raises: CancelledError, NotFoundError,
        DataError; what was added until then stays."""
        labels, summary = _labels(tags, metadata, split), _native.oc_folder_summary()
        with self._borrow() as owner:
            call_with_progress(
                lib.oc_project_add_folder, progress, byref(summary), owner, path_bytes(path), byref(labels)
            )
        return FolderSummary(summary.n_added, summary.n_duplicates, summary.n_skipped)

    def replace(self, picture: str, image: ImageSource) -> None:
        """Puts another picture in a picture's place: it keeps its identifier, tags, regions and metadata. Raises: those of
        add, NotFoundError, StateError (the new one is in the project already)."""
        native = as_image(image)
        with self._borrow() as owner:
            call(lib.oc_project_replace_picture, owner, utf8(picture, "the picture"), byref(native._native))

    def _each(self, function: Any, pictures: Names, *arguments: Any) -> None:
        names = _listed(pictures)
        with self._borrow() as owner:
            call(function, owner, _texts(names, "a picture"), len(names), *arguments)

    def delete(self, pictures: Names) -> None:
        """Removes pictures and all that was known of them. Raises: NotFoundError."""
        self._each(lib.oc_project_delete_pictures, pictures)

    def tag(self, pictures: Names, tag: str, *, only: bool = False) -> None:
        """Gives pictures a tag besides those that they have, or instead of them. Raises: NotFoundError, DataError (it cannot be
        on a picture beside another; or the project is for detection, where tags come from regions)."""
        how = _native.OC_LABEL_SET if only else _native.OC_LABEL_ADD
        self._each(lib.oc_project_label_pictures, pictures, utf8(tag, "the tag"), how)

    def untag(self, pictures: Names, tag: str) -> None:
        """Takes a tag from pictures, if they have it. Raises: NotFoundError, DataError."""
        self._each(lib.oc_project_label_pictures, pictures, utf8(tag, "the tag"), _native.OC_LABEL_REMOVE)

    def set_metadata(self, pictures: Names, key: str, value: Optional[str]) -> None:
        """Sets a metadata pair, or takes it away (None). Raises: NotFoundError, ArgumentError."""
        self._each(lib.oc_project_set_metadata, pictures, utf8(key, "the key"), _optional(value, "the value"))

    def set_split(self, pictures: Names, split: str) -> None:
        """Says which split pictures belong to: "train", "test", ...; "": none. Raises: NotFoundError, ArgumentError."""
        self._each(lib.oc_project_set_split, pictures, utf8(split, "the split"))

    @staticmethod
    def _filter(
        tagged: Optional[bool],
        tags: Names,
        where: Optional[str],
        name: Optional[str],
        after: Optional[str],
        before: Optional[str],
    ) -> _native.oc_picture_filter:
        names = _listed(tags)
        return _native.oc_picture_filter(
            state=_STATES[tagged],
            tags=_texts(names, "a tag"),
            n_tags=len(names),
            metadata=_optional(where, "the expression"),
            name=_optional(name, "the name"),
            added_after=_optional(after, "the moment"),
            added_before=_optional(before, "the moment"),
        )

    def pictures(
        self,
        *,
        tagged: Optional[bool] = None,
        tags: Names = (),
        where: Optional[str] = None,
        name: Optional[str] = None,
        after: Optional[str] = None,
        before: Optional[str] = None,
        order: str = "oldest",
        offset: int = 0,
        limit: int = 50,
    ) -> List[StoredPicture]:
        """A page of pictures.

        Args:
            tagged: only those with, or without, a tag.
            tags: pictures that bear any of these.
            where: a metadata expression: "key eq 'value' and (other ne 'x' or 'a key' eq 'it''s')".
            name: pictures whose name holds this.
            after, before: when they were added: "2026-01-31", or to the second.
            order: "oldest", "newest" or "name".
            offset, limit: how many to pass over, and how many at most (up to 10,000).

        Raises: ArgumentError (the message says where an expression goes wrong), NotFoundError (no such tag).
        """
        if order not in _ORDERS:
            raise ArgumentError(f"order is {order!r}, expected one of {', '.join(_ORDERS)}")
        native = self._filter(tagged, tags, where, name, after, before)
        native.order, native.offset, native.limit = _ORDERS[order], offset, limit
        with self._list(lib.oc_project_pictures, lib.oc_picture_list_free, byref(native)) as entries:
            return self._read(entries)

    def count(
        self,
        *,
        tagged: Optional[bool] = None,
        tags: Names = (),
        where: Optional[str] = None,
        name: Optional[str] = None,
        after: Optional[str] = None,
        before: Optional[str] = None,
    ) -> int:
        """How many pictures there are of which all this is so: see pictures()."""
        native, n = self._filter(tagged, tags, where, name, after, before), c_uint64()
        with self._borrow() as owner:
            call(lib.oc_project_count_pictures, byref(n), owner, byref(native))
        return n.value

    def picture(self, picture: str) -> StoredPicture:
        """One picture. Raises: NotFoundError."""
        with self._list(lib.oc_project_picture, lib.oc_picture_list_free, utf8(picture, "the picture")) as entries:
            return self._read(entries)[0]

    @contextlib.contextmanager
    def _list(self, function: Any, free: Any, *arguments: Any) -> Iterator[int]:
        """Lends a list of the library's."""
        with self._borrow() as owner:
            entries = Handle(create(function, owner, *arguments), free)
        with entries, entries._borrow() as owner:
            yield owner

    @staticmethod
    def _read(entries: int) -> List[StoredPicture]:
        found: List[StoredPicture] = []
        native, key, value = _native.oc_picture_info(), c_char_p(), c_char_p()
        for index in range(lib.oc_picture_list_count(entries)):
            call(lib.oc_picture_list_get, entries, index, byref(native))
            metadata: Dict[str, str] = {}
            for k in range(native.n_metadata):
                call(lib.oc_picture_list_metadata, entries, index, k, byref(key), byref(value))
                metadata[text(key.value)] = text(value.value)
            found.append(StoredPicture(
                text(native.id), text(native.name),
                tuple(text(lib.oc_picture_list_tag(entries, index, k)) for k in range(native.n_tags)),
                metadata, text(native.split), native.width, native.height, native.n_bytes, native.n_regions,
                text(native.added), text(native.sha256), os.fsdecode(native.path), text(native.extra),
            ))
        return found

    def thumbnail(self, picture: str, side: int = 256) -> Picture:
        """A picture made small: upright, of its own aspect, the longer side of `side` pixels or its own size if that is less.
        Raises: NotFoundError, ArgumentError, and those of Picture."""
        with self._borrow() as owner:
            made = create(lib.oc_project_thumbnail, owner, utf8(picture, "the picture"), side)
        return Picture._made(self.context, made)

    # Regions

    @staticmethod
    def _native_regions(regions: Iterable[Region]) -> Tuple[Any, Any]:
        """An array of pointers, and what keeps them alive."""
        natives = [
            _native.oc_region(
                kind=int(region.kind),
                picture=_optional(region.picture or None, "the picture"),
                tag=_optional(region.tag, "the tag"),
                left=region.left,
                top=region.top,
                width=region.width,
                height=region.height,
                extra=_optional(region.extra or None, "the extra"),
                id=_optional(region.id or None, "the region"),
            )
            for region in regions
        ]
        pointers = (POINTER(_native.oc_region) * max(1, len(natives)))(*(pointer(native) for native in natives))
        return pointers, natives

    @staticmethod
    def _read_regions(entries: int) -> List[Region]:
        found: List[Region] = []
        native = _native.oc_region()
        for index in range(lib.oc_region_list_count(entries)):
            call(lib.oc_region_list_get, entries, index, byref(native))
            found.append(Region(
                text(native.picture), None if native.tag is None else text(native.tag), native.left, native.top, native.width,
                native.height, text(native.extra), RegionKind(native.kind or 1), text(native.id), text(native.created),
                Outcome(native.outcome), text(native.reason),
            ))
        return found

    def add_regions(
        self, regions: Iterable[Region], *, pixels: bool = False, clip: bool = False, skip: bool = False
    ) -> List[Region]:
        """Adds regions in one change, and returns them as they are now, in the same order, with their outcomes.

        Args:
            regions: a tag that is new is made.
            pixels: boxes are in pixels of the upright picture.
            clip: cut boxes at the picture's edge; without it one that stands over is refused.
            skip: leave out what is refused; without it all fail with the first.

        Raises: ArgumentError, NotFoundError, DataError (a box is refused, or the project is not for detection).
        """
        native, alive = self._native_regions(regions)
        flags = (
            (_native.OC_REGIONS_PIXELS if pixels else 0)
            | (_native.OC_REGIONS_CLIP if clip else 0)
            | (_native.OC_REGIONS_SKIP if skip else 0)
        )
        with self._list(lib.oc_project_add_regions, lib.oc_region_list_free, native, len(alive), flags) as entries:
            return self._read_regions(entries)

    def update_regions(self, changes: Iterable[Region], *, pixels: bool = False, clip: bool = False) -> None:
        """Changes the regions that have the `id`s of `changes`: moves them (all four numbers 0: it stays), gives another tag
        (None: it keeps its own) or another `extra` ("": likewise). All or none. Raises: those of add_regions."""
        native, alive = self._native_regions(changes)
        flags = (_native.OC_REGIONS_PIXELS if pixels else 0) | (_native.OC_REGIONS_CLIP if clip else 0)
        with self._borrow() as owner:
            call(lib.oc_project_update_regions, owner, native, len(alive), flags)

    def delete_regions(self, ids: Names) -> None:
        """Removes regions. All or none. Raises: NotFoundError."""
        names = _listed(ids)
        with self._borrow() as owner:
            call(lib.oc_project_delete_regions, owner, _texts(names, "a region"), len(names))

    def regions(self, pictures: Names = (), *, pixels: bool = False) -> List[Region]:
        """The regions of some pictures, or of all, picture by picture. Raises: NotFoundError."""
        names, flags = _listed(pictures), _native.OC_REGIONS_PIXELS if pixels else 0
        arguments = (_texts(names, "a picture"), len(names), flags)
        with self._list(lib.oc_project_regions, lib.oc_region_list_free, *arguments) as entries:
            return self._read_regions(entries)

    # Training

    @staticmethod
    def _read_iterations(entries: int) -> List[Iteration]:
        found: List[Iteration] = []
        native = _native.oc_iteration()
        for index in range(lib.oc_iteration_list_count(entries)):
            call(lib.oc_iteration_list_get, entries, index, byref(native))
            found.append(Iteration(
                text(native.id), text(native.name), text(native.published) or None, bool(native.is_default), bool(native.is_new),
                text(native.created), native.seconds, text(native.version), native.n_pictures, json.loads(text(native.settings)),
                text(native.library), text(native.log), Method(native.method) if native.method else None, native.n_measured,
                native.accuracy, native.precision, native.recall, native.average_precision, os.fsdecode(native.path),
                text(native.sha256), native.n_bytes,
            ))
        return found

    def train(
        self,
        *,
        name: Optional[str] = None,
        test_split: Optional[str] = None,
        test_share: float = 0.0,
        version: Optional[str] = None,
        force: bool = False,
        progress: Optional[ProgressCallback] = None,
        **options: Any,
    ) -> Iteration:
        """Trains on the pictures that have a tag, as they are now, and keeps the iteration. If one was trained on the same data
        with the same settings already, returns that one (its is_new is False), unless forced.

        Args:
            name: the iteration's; default: "Iteration N".
            test_split: pictures of this split are measured on and not learnt from.
            test_share: the same for this share (0 to 0.9) of the pictures that have no split; each stays where it is as
                pictures are added.
            version: train on this data version, not on the pictures as they are now.
            force: train even if nothing has changed.
            progress: see Trainer.run.
            **options: hyper-parameters by name: see training_options().

        Raises: those of dataset, Trainer and Trainer.run; StateError (within change(); another iteration has that name).
        """
        keys = list(options)
        values = [option_text(options[key]) for key in keys]
        native = _native.oc_training(
            n_options=len(keys),
            keys=_texts(keys, "an option"),
            values=_texts(values, "an option's value"),
            name=_optional(name, "the name"),
            test_split=_optional(test_split, "the split"),
            test_share=test_share,
            force=int(force),
            version=_optional(version, "the version"),
        )
        with self._borrow() as owner:
            made = create_with_progress(
                lib.oc_project_train, lib.oc_iteration_list_free, progress, owner, byref(native)
            )
        entries = Handle(made, lib.oc_iteration_list_free)
        with entries, entries._borrow() as owner:
            return self._read_iterations(owner)[0]

    @property
    def iterations(self) -> List[Iteration]:
        """All iterations, in the order in which they were trained."""
        with self._list(lib.oc_project_iterations, lib.oc_iteration_list_free) as entries:
            return self._read_iterations(entries)

    def iteration(self, iteration: Optional[str] = None) -> Iteration:
        """One by the name under which it is published, its own name or its identifier; None: the default one, or else the
        newest. Raises: NotFoundError."""
        named = _optional(iteration, "the iteration")
        with self._list(lib.oc_project_iteration, lib.oc_iteration_list_free, named) as entries:
            return self._read_iterations(entries)[0]

    def model(self, iteration: Optional[str] = None) -> Model:
        """The model of an iteration: see iteration(). Raises: NotFoundError, and those of Model.load."""
        with self._borrow() as owner:
            return Model._made(self.context, create(lib.oc_project_model, owner, _optional(iteration, "the iteration")))

    @property
    def versions(self) -> List[Version]:
        """The data versions, in the order in which they were made."""
        found: List[Version] = []
        native = _native.oc_version_entry()
        with self._list(lib.oc_project_versions, lib.oc_version_list_free) as entries:
            for index in range(lib.oc_version_list_count(entries)):
                call(lib.oc_version_list_get, entries, index, byref(native))
                found.append(Version(
                    text(native.id), text(native.name) or None, text(native.created), native.n_pictures, native.n_iterations
                ))
        return found

    def add_version(self, name: str) -> None:
        """Keeps the data as they are now under a name. Raises: ArgumentError, StateError (there is one of that name, or nothing
        has changed since another one was named)."""
        with self._borrow() as owner:
            call(lib.oc_project_add_version, owner, utf8(name, "the name"))

    def delete_version(self, version: str) -> None:
        """Takes its name away; without iterations the version goes. Raises: NotFoundError."""
        with self._borrow() as owner:
            call(lib.oc_project_delete_version, owner, utf8(version, "the version"))

    def version_dataset(self, version: str) -> Dataset:
        """A version's pictures with the tags that they had then. Raises: NotFoundError, UnsupportedError."""
        with self._borrow() as owner:
            return Dataset._made(self.context, create(lib.oc_project_version_dataset, owner, utf8(version, "the version")))

    def iteration_dataset(self, iteration: Optional[str] = None) -> Dataset:
        """The pictures that an iteration was trained and measured on, with the tags that they had then. Raises:
        NotFoundError, UnsupportedError."""
        named = _optional(iteration, "the iteration")
        with self._borrow() as owner:
            return Dataset._made(self.context, create(lib.oc_project_iteration_dataset, owner, named))

    def set_default(self, iteration: Optional[str]) -> None:
        """Makes an iteration the one that is taken where none is named; None: none is. Raises: NotFoundError."""
        with self._borrow() as owner:
            call(lib.oc_project_set_default, owner, _optional(iteration, "the iteration"))

    def publish(self, iteration: str, name: Optional[str]) -> None:
        """Publishes an iteration under a name, instead of the one that it had; None takes that away. Raises: NotFoundError,
        ArgumentError, StateError (another iteration goes by that name)."""
        with self._borrow() as owner:
            call(lib.oc_project_publish, owner, utf8(iteration, "the iteration"), _optional(name, "the name"))

    def delete_iteration(self, iteration: str) -> None:
        """Removes an iteration, its model and its stored predictions. Raises: NotFoundError, StateError (it is published)."""
        with self._borrow() as owner:
            call(lib.oc_project_delete_iteration, owner, utf8(iteration, "the iteration"))

    # Stored predictions

    def store_prediction(
        self, image: ImageSource, result: Result, *, iteration: Optional[str] = None, application: str = ""
    ) -> str:
        """Stores a picture (a path, or the bytes of a picture file) with what an iteration (None: the default one) said of it,
        and returns the identifier. It is kept for the project's keep_days. Raises: those of add, NotFoundError."""
        native, identifier = as_image(image), create_string_buffer(_native.OC_ID_SIZE)
        answers = [
            _native.oc_answer(probability=one.probability, tag=utf8(one.tag, "a tag"), **one.box._asdict()) for one in result
        ]
        pointers = (POINTER(_native.oc_answer) * max(1, len(answers)))(*(pointer(answer) for answer in answers))
        with self._borrow() as owner:
            call(
                lib.oc_project_store_prediction, identifier, owner, _optional(iteration, "the iteration"),
                byref(native._native), pointers, len(answers), utf8(application, "the application"),
            )
        return text(identifier.value)

    def predictions(
        self,
        *,
        order: str = "newest",
        iteration: Optional[str] = None,
        application: Optional[str] = None,
        after: Optional[str] = None,
        before: Optional[str] = None,
        tag: Optional[str] = None,
        min_probability: float = 0.0,
        max_probability: float = 1.0,
        offset: int = 0,
        limit: int = 50,
    ) -> List[StoredPrediction]:
        """A page of stored predictions.

        Args:
            order: "newest", "oldest", or "suggested": those first of which the model was least sure.
            iteration, application: those of these.
            after, before: when they were stored: "2026-01-31", or to the second.
            tag: those that gave this tag a probability from min_probability to max_probability.
            offset, limit: how many to pass over, and how many at most (up to 10,000).

        Raises: ArgumentError, NotFoundError (no such iteration).
        """
        if order not in _PREDICTION_ORDERS:
            raise ArgumentError(f"order is {order!r}, expected one of {', '.join(_PREDICTION_ORDERS)}")
        native = _native.oc_prediction_filter(
            order=_PREDICTION_ORDERS[order],
            iteration=_optional(iteration, "the iteration"),
            application=_optional(application, "the application"),
            after=_optional(after, "the moment"),
            before=_optional(before, "the moment"),
            tag=_optional(tag, "the tag"),
            min_probability=min_probability,
            max_probability=max_probability,
            offset=offset,
            limit=limit,
        )
        found: List[StoredPrediction] = []
        stored, answer = _native.oc_stored_prediction(), _native.oc_answer()
        with self._list(lib.oc_project_predictions, lib.oc_prediction_list_free, byref(native)) as entries:
            for index in range(lib.oc_prediction_list_count(entries)):
                call(lib.oc_prediction_list_get, entries, index, byref(stored))
                answers: List[Prediction] = []
                for k in range(stored.n_answers):
                    call(lib.oc_prediction_list_answer, entries, index, k, byref(answer))
                    box = Box(answer.left, answer.top, answer.width, answer.height)
                    answers.append(Prediction(text(answer.tag), answer.probability, box))
                found.append(StoredPrediction(
                    text(stored.id), text(stored.name), text(stored.iteration), text(stored.application), text(stored.created),
                    stored.uncertainty, Result(answers), os.fsdecode(stored.path), text(stored.sha256),
                ))
        return found

    def promote_predictions(
        self,
        ids: Names,
        tags: Names = (),
        *,
        metadata: Optional[Mapping[str, str]] = None,
        split: Optional[str] = None,
    ) -> None:
        """Makes pictures of the project of stored predictions. All or none. Raises: NotFoundError, and those of add."""
        names, labels = _listed(ids), _labels(tags, metadata, split)
        with self._borrow() as owner:
            call(lib.oc_project_promote_predictions, owner, _texts(names, "a prediction"), len(names), byref(labels))

    def delete_predictions(self, ids: Names) -> None:
        """Removes stored predictions. All or none. Raises: NotFoundError."""
        names = _listed(ids)
        with self._borrow() as owner:
            call(lib.oc_project_delete_predictions, owner, _texts(names, "a prediction"), len(names))

    # All of it

    def verify(self, *, repair: bool = False, forget: bool = False, progress: Optional[ProgressCallback] = None) -> List[Problem]:
        """Checks the database and every byte of every file. An empty list means that all is well.

        Args:
            repair: mend what can be mended: files that belong to nothing go to the folder "lost", those missing are looked
                for there, wrong counts are counted again.
            forget: and remove pictures whose file is gone.
            progress: see Trainer.run.
        """
        flags = (_native.OC_VERIFY_REPAIR if repair else 0) | (_native.OC_VERIFY_FORGET if forget else 0)
        found: List[Problem] = []
        native = _native.oc_problem()
        with self._borrow() as owner:
            made = create_with_progress(lib.oc_project_verify, lib.oc_problem_list_free, progress, owner, flags)
        entries = Handle(made, lib.oc_problem_list_free)
        with entries, entries._borrow() as owner:
            for index in range(lib.oc_problem_list_count(owner)):
                call(lib.oc_problem_list_get, owner, index, byref(native))
                found.append(Problem(
                    Trouble(native.kind), text(native.picture) or None, text(native.message), bool(native.repaired)
                ))
        return found

    def import_from(
        self,
        source: "Union[str, os.PathLike[str]]",
        format: Optional[str] = None,
        *,
        pictures: "Union[str, os.PathLike[str], None]" = None,
        progress: Optional[ProgressCallback] = None,
    ) -> Exchange:
        """Adds what a file or folder of annotations holds. A project that is still empty becomes of the kind that the source
        needs. Some hundred pictures are one change; after an interruption the same call goes on without adding anything twice.

        Args:
            format: see annotation_formats(); default: as the source looks.
            pictures: the folder in which the source's pictures are looked for; default: where its annotations lie.
            progress: see Trainer.run.

        Raises: NotFoundError, FormatError, CorruptError, LimitError, CancelledError, UnsupportedError (the library was built
        without reading that format).
        """
        native = exchange_options(source=format, pictures=pictures)
        with self._borrow() as owner:
            return run_exchange(lib.oc_project_import, progress, owner, path_bytes(source), byref(native))

    def pull(
        self, endpoint: str, key: str, project: str, *, progress: Optional[ProgressCallback] = None
    ) -> Exchange:
        """Adds what a project of the cloud service holds: tags, pictures (called by their identifiers there), tags or boxes of
        pictures, metadata. An empty project becomes of its kind. After an interruption the same call goes on.

        Args:
            endpoint: "https://NAME.cognitiveservices.azure.com".
            key: its training key.
            project: the identifier of the service's project.
            progress: see Trainer.run.

        Raises: UnsupportedError (the library was built without it), ArgumentError, IoError (no connection, or the service
        refuses), NotFoundError, CorruptError, CancelledError.
        """
        native = service(endpoint, key, project)
        with self._borrow() as owner:
            return run_exchange(lib.oc_project_pull, progress, owner, byref(native))

    def export_to(
        self,
        path: "Union[str, os.PathLike[str]]",
        format: str,
        *,
        copy: bool = True,
        progress: Optional[ProgressCallback] = None,
    ) -> Exchange:
        """Writes the project, as it is at one moment, as a folder of pictures and annotations, wholly or not at all. Where
        annotations are one file, a path that ends in ".json", ".xml" or ".csv" gets that file alone.

        Args:
            path: must not be there, or be an empty folder.
            format: see annotation_formats().
            copy: False writes no copies of the pictures.
            progress: see Trainer.run.

        Raises: ArgumentError, StateError (the folder is not empty), CancelledError.
        """
        native = exchange_options(to=format, copy=copy)
        with self._borrow() as owner:
            return run_exchange(lib.oc_project_export, progress, owner, path_bytes(path), byref(native))

    def backup(self, path: "Union[str, os.PathLike[str]]", progress: Optional[ProgressCallback] = None) -> None:
        """Writes all of the project, as it is at one moment, into one file, a tar archive: complete or not at all. Raises:
        StateError (within change()), CancelledError."""
        with self._borrow() as owner:
            call_with_progress(lib.oc_project_backup, progress, owner, path_bytes(path))

    @classmethod
    def restore(
        cls,
        backup: "Union[str, os.PathLike[str]]",
        path: "Union[str, os.PathLike[str]]",
        *,
        progress: Optional[ProgressCallback] = None,
        context: Optional[Context] = None,
    ) -> "Project":
        """Makes a project of a backup in the folder `path`, and checks all of it. Raises: StateError (there is a project
        already), FormatError (no backup), CorruptError, CancelledError."""
        context = context or default_context()
        project = cls.__new__(cls)
        with context._borrow() as owner:
            project._adopt(context, create_with_progress(
                lib.oc_project_restore, lib.oc_project_free, progress, owner, path_bytes(backup), path_bytes(path)
            ))
        return project

    def dataset(self) -> Dataset:
        """The pictures that have a tag, with their splits, to train or measure on. Raises: DataError (there are none),
        UnsupportedError (a picture has several tags, or the project is not for classification)."""
        with self._borrow() as owner:
            return Dataset._made(self.context, create(lib.oc_project_dataset, owner))

    def __repr__(self) -> str:
        if self.closed:
            return "<ocellus.Project closed>"
        info = self.info
        return f"<ocellus.Project {info.name!r} of {info.n_pictures} pictures, {info.n_tags} tags>"
