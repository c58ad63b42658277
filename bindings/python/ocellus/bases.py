# SPDX-License-Identifier: MIT
"""Base networks: what training starts from."""

from __future__ import annotations

import enum
import os
from ctypes import byref, c_float
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple, Union

from . import _native
from ._callbacks import ProgressCallback, call_with_progress
from ._handle import Handle, call, create, path_bytes, text, utf8
from ._library import lib
from .context import Context, default_context
from .dataset import DatasetSource, as_dataset
from .errors import ArgumentError
from .model import Model


class Place(enum.IntEnum):
    """Where a base network lies."""

    BUILTIN = _native.OC_BASE_BUILTIN
    USER = _native.OC_BASE_USER
    INSTALLED = _native.OC_BASE_INSTALLED


class BaseEntry(NamedTuple):
    """A base network that can be opened by its name."""

    name: str
    place: Place
    path: Optional[str]
    """Its file; None if it is built in."""
    sha256: str
    """The checksum that is written down; "" if none is."""
    n_bytes: int


def bases(*, context: Optional[Context] = None) -> List[BaseEntry]:
    """The base networks there are: the built-in one, then the user's, then those installed. Raises: IoError."""
    context = context or default_context()
    with context._borrow() as owner:
        entries = Handle(create(lib.oc_base_list_create, owner), lib.oc_base_list_free)
    found: List[BaseEntry] = []
    native = _native.oc_base()
    with entries, entries._borrow() as pointer:
        for index in range(lib.oc_base_list_count(pointer)):
            call(lib.oc_base_list_get, pointer, index, byref(native))
            path = None if native.path is None else os.fsdecode(native.path)
            found.append(BaseEntry(text(native.name), Place(native.place), path, text(native.sha256), native.n_bytes))
    return found


def open_base(name: "Union[str, os.PathLike[str]]", *, context: Optional[Context] = None) -> Model:
    """Opens a base network by its name, or by the path of its file, and checks it: a Model without tags, whose properties say
    what it is. Raises: NotFoundError (the message lists what there is), CorruptError (damaged, or not the file that was
    stored), ArgumentError (a trained model), and those of Model.load."""
    context = context or default_context()
    with context._borrow() as owner:
        return Model._made(context, create(lib.oc_base_open, owner, path_bytes(name)))


def open_base_detector(name: "Union[str, os.PathLike[str]]" = "auto", *, context: Optional[Context] = None) -> Model:
    """The detector that a base network brings: of one tag, "object", for things of whatever kind. It proposes boxes before anything
    has been trained. Raises: those of open_base, UnsupportedError if it brings none."""
    context = context or default_context()
    with context._borrow() as owner:
        return Model._made(context, create(lib.oc_base_open_detector, owner, path_bytes(name)))


Numbers = Union[float, Sequence[float]]


def _numbers(value: Optional[Numbers]) -> Optional[bytes]:
    if value is None:
        return None
    values = [value] if isinstance(value, (int, float)) else list(value)
    return ",".join(repr(float(one)) for one in values).encode()


def _choice(value: Optional[str], words: Sequence[str], what: str) -> int:
    if value is None:
        return 0
    if value not in words:
        raise ArgumentError(f"{what} is {value!r}, expected one of {', '.join(words)}")
    return words.index(value) + 1


def import_base(
    path: "Union[str, os.PathLike[str]]",
    *,
    name: Optional[str] = None,
    features: Optional[str] = None,
    size: "Optional[Union[int, Tuple[int, int]]]" = None,
    mean: Optional[Numbers] = None,
    std: Optional[Numbers] = None,
    bgr: bool = False,
    layout: Optional[str] = None,
    resize: Optional[str] = None,
    licence: Optional[str] = None,
    context: Optional[Context] = None,
) -> Model:
    """Makes a base network of a public network in an ONNX file: the classifier at its end is left out.

    Args:
        path: the ONNX file, or a base's own model file.
        name: what it is to be called; default: the file's name without its ending.
        features: the node or value that becomes the features; default: what goes into the classifier.
        size: of the input, or (width, height); needed if the file leaves it open.
        mean, std: input = (pixel of 0 to 255 - mean) / std; a number, or three in the order of the input's channels. Default:
            what the file tells, or else those of ImageNet, with a warning.
        bgr: blue comes first in the input.
        layout: "nchw" or "nhwc"; default: seen from the input's shape.
        resize: "squash", "crop" (default) or "letterbox".
        licence: the terms of the weights, for the record.

    Raises: UnsupportedError (the message names the node, its operator and the reason), FormatError, CorruptError,
        ArgumentError, LimitError, NotFoundError, IoError.
    """
    context = context or default_context()
    width, height = (size, size) if isinstance(size, int) else size or (0, 0)
    options = _native.oc_import_options(
        layout=_choice(layout, ("nchw", "nhwc"), "layout"),
        width=width,
        height=height,
        channels=_native.OC_IMAGE_BGR8 if bgr else 0,
        resize=_choice(resize, ("squash", "crop", "letterbox"), "resize"),
        mean=_numbers(mean),
        deviation=_numbers(std),
        features=None if features is None else utf8(features, "features"),
        name=None if name is None else utf8(name, "the name"),
        licence=None if licence is None else utf8(licence, "the licence"),
    )
    with context._borrow() as owner:
        return Model._made(context, create(lib.oc_base_import, owner, path_bytes(path), byref(options)))


def store_base(base: Model, *, replace: bool = False) -> None:
    """Stores a base network under its name in the user's folder. Raises: StateError (there is one of that name), ArgumentError
    (not a base, or a name that cannot be used), IoError."""
    with base._borrow() as pointer:
        call(lib.oc_base_store, pointer, int(replace))


def remove_base(name: str, *, context: Optional[Context] = None) -> None:
    """Removes a base network from the user's folder. Raises: NotFoundError, ArgumentError (it is built in or installed)."""
    context = context or default_context()
    with context._borrow() as owner:
        call(lib.oc_base_remove, owner, utf8(name, "the name"))


def check_base(model: Model, base: Model) -> None:
    """Raises DataError, with a message that names both, unless `model` was trained on `base`."""
    with model._borrow() as model_pointer, base._borrow() as base_pointer:
        call(lib.oc_base_check, model_pointer, base_pointer)


def base_features(base: Model, dataset: DatasetSource, progress: Optional[ProgressCallback] = None) -> Any:
    """What a base network says of every picture of a data set: a memoryview of float32, a row for each picture, which
    numpy.asarray takes as it is.

    Raises: ArgumentError (a trained model), CancelledError, and those of Picture for the first picture that cannot be read.
    """
    data = as_dataset(dataset, base.context)
    with base._borrow() as pointer, data._borrow() as data_pointer:
        n, n_features = lib.oc_dataset_count(data_pointer), lib.oc_base_n_features(pointer)
        if n_features == 0:
            raise ArgumentError("a trained model is no base network, so it gives no features")
        values = (c_float * max(1, n * n_features))()
        call_with_progress(lib.oc_base_features, progress, values, n * n_features, pointer, data_pointer)
    return memoryview(values).cast("B").cast("f", [n, n_features]) if n else memoryview(values)[:0]
