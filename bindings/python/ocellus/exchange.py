# SPDX-License-Identifier: MIT
"""Annotation files in and out, in the formats of other programs."""

from __future__ import annotations

import os
from ctypes import byref
from typing import Any, List, NamedTuple, Optional, Tuple, Union

from . import _native
from ._callbacks import ProgressCallback, call_with_progress, create_with_progress
from ._handle import Handle, call, path_bytes, text, utf8
from ._library import lib
from .context import Context, default_context

Path = Union[str, "os.PathLike[str]"]


class Note(NamedTuple):
    """One reason for which something was left out or changed, and how often."""

    reason: str
    n: int
    left_out: bool
    """Else it was taken over, but not as it was."""
    examples: Tuple[str, ...]
    """The first few places."""


class Exchange(NamedTuple):
    """What became of annotations that were read or written."""

    format: str
    """That was read (importing) or written."""
    n_pictures: int
    n_added: int
    """Importing: pictures that are new in the project."""
    n_duplicates: int
    """Importing: pictures that were there already; what the source says of them was added to them."""
    n_missing: int
    """Pictures whose files are not there."""
    n_tags: int
    n_labels: int
    """Tags on whole pictures that were taken over."""
    n_boxes: int
    n_others: int
    """Other shapes: polygons, masks, ..."""
    n_left_out: int
    notes: Tuple[Note, ...]


class Format(NamedTuple):
    """A format of annotation files."""

    name: str
    description: str
    can_read: bool
    """False if the library was built without what reading it takes."""


def options(
    source: Optional[str] = None, to: Optional[str] = None, pictures: Optional[Path] = None, copy: bool = True
) -> _native.oc_exchange_options:
    native = _native.oc_exchange_options(flags=0 if copy else _native.OC_EXCHANGE_NO_PICTURES)
    setattr(native, "from", None if source is None else utf8(source, "the format"))
    native.to = None if to is None else utf8(to, "the format")
    native.pictures = None if pictures is None else path_bytes(pictures)
    return native


def run(function: Any, progress: Optional[ProgressCallback], *arguments: Any) -> Exchange:
    """Calls a function that makes a report, and reads it."""
    report = Handle(create_with_progress(function, lib.oc_exchange_free, progress, *arguments), lib.oc_exchange_free)
    summary, note, notes = _native.oc_exchange_summary(), _native.oc_note(), []
    with report, report._borrow() as owner:
        call(lib.oc_exchange_get, owner, byref(summary))
        for index in range(summary.n_notes):
            call(lib.oc_exchange_note, owner, index, byref(note))
            notes.append(Note(
                text(note.reason), note.n, note.outcome == _native.OC_NOTE_LEFT_OUT,
                tuple(text(lib.oc_exchange_example(owner, index, k)) for k in range(note.n_examples)),
            ))
        return Exchange(
            text(summary.format), summary.n_pictures, summary.n_added, summary.n_duplicates, summary.n_missing, summary.n_tags,
            summary.n_labels, summary.n_boxes, summary.n_others, summary.n_left_out, tuple(notes),
        )


def annotation_formats() -> List[Format]:
    """The formats that can be read and written."""
    found: List[Format] = []
    native, error = _native.oc_format_info(), _native.oc_error()
    while lib.oc_annotation_format(len(found), byref(native), byref(error)) == _native.OC_OK:
        found.append(Format(text(native.name), text(native.description), bool(native.can_read)))
    return found


def convert(
    source: Path,
    path: Path,
    to: str,
    *,
    format: Optional[str] = None,
    pictures: Optional[Path] = None,
    copy: bool = True,
    progress: Optional[ProgressCallback] = None,
    context: Optional[Context] = None,
) -> Exchange:
    """Writes annotation files in another format: see Project.import_from and Project.export_to, whose arguments and exceptions
    these are. `format` is the source's, `to` the one to write."""
    context = context or default_context()
    native = options(format, to, pictures, copy)
    with context._borrow() as owner:
        return run(lib.oc_annotations_convert, progress, owner, path_bytes(source), path_bytes(path), byref(native))


class Archive(NamedTuple):
    """What was archived."""

    n_iterations: int
    n_models: int
    n_answers: int
    n_predictions: int
    n_missing: int
    """What the service did not give."""


def service(endpoint: str, key: str, project: str) -> _native.oc_service:
    return _native.oc_service(
        endpoint=utf8(endpoint, "the endpoint"), key=utf8(key, "the key"), project=utf8(project, "the project")
    )


def archive_service(
    endpoint: str,
    key: str,
    project: str,
    folder: Path,
    *,
    progress: Optional[ProgressCallback] = None,
    context: Optional[Context] = None,
) -> Archive:
    """Saves in a folder what else the cloud service knows of a project besides what Project.pull takes: its iterations with
    their figures, their answers on the project's pictures, the models that were exported, and stored predictions. Which files
    that makes, is told at oc_service_archive in ocellus.h. After an interruption the same call goes on.

    Raises: those of Project.pull.
    """
    context = context or default_context()
    summary = _native.oc_archive()
    with context._borrow() as owner:
        call_with_progress(
            lib.oc_service_archive, progress, byref(summary), owner, byref(service(endpoint, key, project)), path_bytes(folder)
        )
    return Archive(*(getattr(summary, name) for name in Archive._fields))
