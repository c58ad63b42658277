# SPDX-License-Identifier: MIT
"""Finds the shared library, checks its version and gives its functions their types."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys
import threading
from pathlib import Path
from typing import Any, Iterator

from . import _native
from .errors import LibraryError

if sys.platform == "win32":
    _FILE_NAMES = ("ocellus.dll", "ocellus-0.dll", "libocellus-0.dll")
elif sys.platform == "darwin":
    _FILE_NAMES = ("libocellus.0.dylib", "libocellus.dylib")
else:
    _FILE_NAMES = ("libocellus.so.0", "libocellus.so")


def _candidates() -> Iterator[str]:
    """Where the library may be, best first. OCELLUS_LIBRARY, when set, is the only candidate: it is what the user asked for."""
    chosen = os.environ.get("OCELLUS_LIBRARY")
    if chosen:
        yield chosen
        return
    for name in _FILE_NAMES:
        beside = Path(__file__).parent / name
        if beside.exists():
            yield str(beside)
    found = ctypes.util.find_library("ocellus")
    if found:
        yield found
    yield _FILE_NAMES[0]


def _version_text(version: int) -> str:
    return f"{version >> 16}.{version >> 8 & 255}.{version & 255}"


def _check_version(version: int, path: str) -> None:
    """The same major version and at least the minor version of the header that the declarations were written from."""
    if version >> 16 != _native.OC_VERSION_MAJOR or version >> 8 & 255 < _native.OC_VERSION_MINOR:
        raise LibraryError(
            f"{path}: the library is version {_version_text(version)}, but this package needs version "
            f"{_native.OC_VERSION_MAJOR}.{_native.OC_VERSION_MINOR} or a later {_native.OC_VERSION_MAJOR}.x"
        )


def load() -> ctypes.CDLL:
    """Loads the library. Errors: LibraryError, which says what was tried."""
    failures = []
    for path in _candidates():
        try:
            library = ctypes.CDLL(path)
        except OSError as error:
            failures.append(f"{path}: {error}")
            continue
        try:
            library.oc_version.restype = ctypes.c_uint32
        except AttributeError:
            raise LibraryError(f"{path}: not the Ocellus library, since it has no oc_version") from None
        _check_version(library.oc_version(), path)
        for name, (result, arguments) in _native.FUNCTIONS.items():
            try:
                function = getattr(library, name)
            except AttributeError:
                raise LibraryError(f"{path}: has no function {name}") from None
            function.restype = result
            function.argtypes = arguments
        return library
    raise LibraryError(
        "the Ocellus library was not found; install it, or set OCELLUS_LIBRARY to its path. Tried: " + "; ".join(failures)
    )


class _Library:
    """The library's functions as attributes. It is loaded on first use, so that importing the package needs no library."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._library: Any = None

    def __getattr__(self, name: str) -> Any:
        with self._lock:
            if self._library is None:
                self._library = load()
        function = getattr(self._library, name)
        setattr(self, name, function)
        return function


lib = _Library()
