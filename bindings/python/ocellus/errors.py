# SPDX-License-Identifier: MIT
"""The exceptions: one class for each OC_E_ code, each also the built-in exception that fits it."""

from __future__ import annotations

from typing import Dict, Type

from . import _native


class Error(Exception):
    """Something failed. Every error that the library reports is one of these.

    Attributes:
        code: the OC_E_... code, negative.
        message: one line that names the thing, the place and the bound.
    """

    code: int = _native.OC_E_INTERNAL

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ArgumentError(Error, ValueError):
    """A parameter is out of range or not of the form the function takes (OC_E_ARGUMENT)."""

    code = _native.OC_E_ARGUMENT


class MemoryLimitError(Error, MemoryError):
    """No memory, or the context's max_memory was reached (OC_E_NOMEM)."""

    code = _native.OC_E_NOMEM


class IoError(Error, OSError):
    """The operating system refused to open, read, write, sync or rename (OC_E_IO)."""

    code = _native.OC_E_IO


class LimitError(Error, ValueError):
    """The input is larger than a limit of the context allows; the message names the limit (OC_E_LIMIT)."""

    code = _native.OC_E_LIMIT


class FormatError(Error, ValueError):
    """Not a kind of file that is known (OC_E_FORMAT)."""

    code = _native.OC_E_FORMAT


class CorruptError(Error, ValueError):
    """The right kind of file, but damaged, truncated or inconsistent (OC_E_CORRUPT)."""

    code = _native.OC_E_CORRUPT


class UnsupportedError(Error, NotImplementedError):
    """Well-formed, but made by a newer version or with a feature that the library lacks (OC_E_UNSUPPORTED)."""

    code = _native.OC_E_UNSUPPORTED


class CancelledError(Error):
    """Cancelled by the progress callback's return value or by Trainer.cancel (OC_E_CANCELLED)."""

    code = _native.OC_E_CANCELLED


class NotFoundError(Error, LookupError):
    """The named thing does not exist: a file, a folder, an option, a split, a tag (OC_E_NOT_FOUND)."""

    code = _native.OC_E_NOT_FOUND


class DataError(Error, ValueError):
    """The data set cannot be used for this: one tag only, too few pictures, ... (OC_E_DATA)."""

    code = _native.OC_E_DATA


class StateError(Error, RuntimeError):
    """The object is closed or busy, or the calls came in the wrong order (OC_E_STATE)."""

    code = _native.OC_E_STATE


class InternalError(Error, RuntimeError):
    """A fault of the library's own: please report it (OC_E_INTERNAL)."""

    code = _native.OC_E_INTERNAL


class LibraryError(ImportError):
    """The shared library could not be loaded, or is of a version that these bindings do not fit."""


_BY_CODE: Dict[int, Type[Error]] = {
    cls.code: cls
    for cls in (
        ArgumentError, MemoryLimitError, IoError, LimitError, FormatError, CorruptError, UnsupportedError, CancelledError,
        NotFoundError, DataError, StateError, InternalError,
    )
}


def from_status(code: int, message: str) -> Error:
    """The exception for a status. A code that these bindings do not know makes a plain Error that carries it."""
    error = _BY_CODE.get(code, Error)(message)
    error.code = code
    return error
