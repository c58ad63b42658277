# SPDX-License-Identifier: MIT
"""What all handles share: calling the library, life and death, and taking turns."""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from ctypes import byref, c_void_p
from typing import Any, Callable, Iterator, Optional, TypeVar

from . import _native
from ._library import lib
from .errors import ArgumentError, StateError, from_status

_Self = TypeVar("_Self", bound="Handle")


def text(value: Optional[bytes]) -> str:
    """A string of the library's, for people."""
    return (value or b"").decode("utf-8", "backslashreplace")


def utf8(value: str, what: str) -> bytes:
    """A string for the library. `what` names it in the error. Errors: ArgumentError."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str, not {type(value).__name__}")
    try:
        encoded = value.encode("utf-8")
    except UnicodeEncodeError:
        raise ArgumentError(f"{what} {value!r} cannot be written in UTF-8") from None
    return _without_nul(encoded, what)


def path_bytes(path: "str | bytes | os.PathLike[Any]") -> bytes:
    """A path for the library. Errors: ArgumentError, TypeError."""
    return _without_nul(os.fsencode(path), "the path")


def _without_nul(encoded: bytes, what: str) -> bytes:
    if b"\0" in encoded:
        raise ArgumentError(f"{what} {encoded!r} has a NUL character in it")
    return encoded


def check(status: int, error: _native.oc_error) -> None:
    """Raises the exception for a status that is not OC_OK."""
    if status != _native.OC_OK:
        raise from_status(status, text(error.message) or text(lib.oc_status_name(status)))


def call(function: Callable[..., int], *arguments: Any) -> None:
    """Calls a function whose last parameter is an oc_error."""
    error = _native.oc_error()
    check(function(*arguments, byref(error)), error)


def create(function: Callable[..., int], *arguments: Any) -> int:
    """Calls a function whose first parameter receives a new handle, and whose last one is an oc_error. Returns the handle."""
    out = c_void_p()
    call(function, byref(out), *arguments)
    return out.value  # type: ignore[return-value]


def _release(free: Callable[[int], None], pointer: int, process: int) -> None:
    # A child made by fork() has none of the parent's threads, so that freeing what the parent made could wait for ever.
    if os.getpid() == process:
        free(pointer)


class Handle:
    """Owns one handle of the library and frees it when it is closed or no longer used.

    It may be used in a `with` statement. Closing while another thread is in a call with this object is safe: the memory is
    freed when that call returns.
    """

    _what = "handle"

    def __init__(self, pointer: int, free: Callable[[int], None]) -> None:
        self._pointer = pointer
        self._process = os.getpid()
        self._mutex = threading.Lock()
        self._n_users = 0
        self._closed = False
        self._finalizer = weakref.finalize(self, _release, free, pointer, self._process)
        # At exit another thread may still be inside a call, and the operating system takes the memory back anyway.
        self._finalizer.atexit = False

    @contextlib.contextmanager
    def _borrow(self) -> Iterator[int]:
        """Lends the pointer and keeps it valid meanwhile. Errors: StateError."""
        if self._process != os.getpid():
            raise StateError(f"the {self._what} was made before fork() and cannot be used in the child process")
        with self._mutex:
            if self._closed:
                raise StateError(f"the {self._what} is closed")
            self._n_users += 1
        try:
            yield self._pointer
        finally:
            with self._mutex:
                self._n_users -= 1
                last = self._closed and self._n_users == 0
            if last:
                self._finalizer()

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
        return self._closed

    def close(self) -> None:
        """Frees the memory. May be called more than once. Any other use afterwards raises StateError."""
        with self._mutex:
            self._closed = True
            idle = self._n_users == 0
        if idle:
            self._finalizer()

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class ExclusiveHandle(Handle):
    """A handle that serves one call at a time. Where `_waits`, other threads wait for their turn; else they get StateError."""

    _waits = True

    def __init__(self, pointer: int, free: Callable[[int], None]) -> None:
        super().__init__(pointer, free)
        self._turn = threading.Lock()
        self._owner: Optional[int] = None

    @contextlib.contextmanager
    def _borrow(self) -> Iterator[int]:
        me = threading.get_ident()
        # Only this thread can have set the owner to itself, so reading it without the lock is safe.
        if self._owner == me or not self._turn.acquire(blocking=self._waits):
            raise StateError(f"the {self._what} is busy with another call")
        try:
            self._owner = me
            with super()._borrow() as pointer:
                yield pointer
        finally:
            self._owner = None
            self._turn.release()
