# SPDX-License-Identifier: MIT
"""Calls of the library that call back into Python: progress, and writing a model."""

from __future__ import annotations

import ctypes
import types
from concurrent.futures import ThreadPoolExecutor
from ctypes import byref, c_void_p
from typing import Any, Callable, Generator, List, NamedTuple, Optional

from . import _native
from ._handle import Handle, check, text
from ._library import lib


class Progress(NamedTuple):
    """Where a long call stands."""

    stage: str
    """What is being done, for people: "features", ..."""
    fraction: float
    """Of the whole, 0 to 1, never falling."""
    seconds_elapsed: float
    """Since the call began."""
    seconds_left: Optional[float]
    """An estimate, or None while there is none."""


ProgressCallback = Callable[[Progress], Any]
"""Called some ten times a second, on the thread that made the call. Returning a true value cancels the call, which then
raises CancelledError. Raising an exception cancels it too, and the exception goes on to the caller."""


def _pump(callback: Optional[ProgressCallback], failures: List[BaseException]) -> Generator[int, Any, None]:
    """Is sent each oc_progress and yields what the library is to be told: 1 to cancel.

    A generator rather than a function, because Ctrl-C strikes most often while C code runs, and Python then raises
    KeyboardInterrupt on the first instruction of the callback. In a function that comes before any `try`, and ctypes would
    print the exception and forget it. A generator wakes up inside its `try`.
    """
    stop = 0
    native = None
    while True:
        try:
            while True:
                native = None
                native = (yield stop).contents
                if callback is not None and not stop:
                    left = native.seconds_left
                    stop = int(bool(callback(Progress(
                        text(native.stage), native.fraction, native.seconds_elapsed, left if left >= 0 else None
                    ))))
        except BaseException as failure:
            if native is None and isinstance(failure, GeneratorExit):
                return  # The generator's own end, not something that the callback raised.
            failures.append(failure)
            stop = 1


# Two parameters, the generator and what it is sent: just those of a progress callback.
_progress_thunk = _native.oc_progress_fn(types.GeneratorType.send)


def call_with_progress(function: Callable[..., int], callback: Optional[ProgressCallback], *arguments: Any) -> None:
    """Calls a function that reports progress.

    The library calls back even if `callback` is None, so that signals are handled during the call.
    """
    failures: List[BaseException] = []
    pump = _pump(callback, failures)
    next(pump)
    error = _native.oc_error()
    status = function(*arguments, _progress_thunk, pump, byref(error))
    if failures:
        failure = failures[0]
        failures.clear()
        try:
            raise failure
        finally:
            del failure
    check(status, error)


def create_with_progress(
    function: Callable[..., int], free: Callable[[int], None], callback: Optional[ProgressCallback], *arguments: Any
) -> int:
    """Calls a function that makes a handle and reports progress. Returns the handle."""
    out = c_void_p()
    try:
        call_with_progress(function, callback, byref(out), *arguments)
    except BaseException:
        if out.value:
            free(out.value)
        raise
    return out.value  # type: ignore[return-value]


def _write(pieces: List[Any], data: int, size: int) -> int:
    try:
        pieces.append(ctypes.string_at(data, size))
        return 0
    except BaseException as failure:
        pieces.append(failure)
        return 1


_write_thunk = _native.oc_write_fn(_write)


def model_bytes(model: Handle) -> bytes:
    """The bytes of a model file."""

    def run() -> bytes:
        pieces: List[Any] = []
        error = _native.oc_error()
        with model._borrow() as pointer:
            status = lib.oc_model_write(pointer, _write_thunk, pieces, byref(error))
        if pieces and isinstance(pieces[-1], BaseException):
            raise pieces[-1]
        check(status, error)
        return b"".join(pieces)

    # On a thread of its own, where KeyboardInterrupt is never raised: one that struck as _write is entered would lose a piece.
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="ocellus-write") as executor:
        return executor.submit(run).result()
