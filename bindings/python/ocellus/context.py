# SPDX-License-Identifier: MIT
"""The context: limits, log and worker threads. One is enough for a program, and there is one by default."""

from __future__ import annotations

import logging
import os
import threading
from ctypes import byref
from typing import Optional

from . import _native
from ._handle import Handle, create, text
from ._library import lib
from .errors import ArgumentError

logger = logging.getLogger("ocellus")

_PYTHON_LEVELS = {
    _native.OC_LOG_WARNING: logging.WARNING,
    _native.OC_LOG_INFO: logging.INFO,
    _native.OC_LOG_DEBUG: logging.DEBUG,
}


# From Python 3.11 on, a signal that comes due just as this function is entered is printed by ctypes and lost. See _pump in
# _callbacks.py for the remedy, which three parameters rule out; only a flood of lines makes it likely.
def _log(_user: Optional[int], level: int, line: bytes) -> None:
    logger.log(_PYTHON_LEVELS.get(level, logging.DEBUG), "%s", text(line))


# One for the whole process: it must outlive every context, and a context outlives its Python object.
_log_thunk = _native.oc_log_fn(_log)


def _native_level(level: int) -> int:
    if level <= logging.DEBUG:
        return _native.OC_LOG_DEBUG
    return _native.OC_LOG_INFO if level <= logging.INFO else _native.OC_LOG_WARNING


class Context(Handle):
    """Worker threads, limits on what is read, and the log.

    What the library has to say goes to the logger "ocellus" of the logging module. A context may be used by any number of
    threads. Objects made with it keep it alive.

    Args:
        n_threads: threads that work on one call, the caller's included, 1 to 256. Default: the processors available.
        log_level: the most talkative level wanted, as in the logging module. Default: what the logger "ocellus" takes now.
        max_image_side: pixels a side of a picture, at most 65535. Default: 16384.
        max_image_pixels: width x height of a picture. Default: 100,000,000.
        max_image_bytes: bytes of an encoded picture. Default: 64 MiB.
        max_image_ratio: longer side over shorter side. Default: 100.
        max_image_scans: scans of a progressive JPEG. Default: 100.
        max_image_chunks: ancillary chunks of a PNG or GIF, marker segments of a JPEG. Default: 1000.
        max_model_bytes: bytes of a model file. Default: 1 GiB.
        max_memory: bytes the library allocates at one time. Default: no limit.

    A value of 0 means the default.

    Raises: ArgumentError, MemoryLimitError, StateError (no thread could be started), LibraryError.
    """

    _what = "context"

    def __init__(
        self,
        n_threads: int = 0,
        *,
        log_level: Optional[int] = None,
        max_image_side: int = 0,
        max_image_pixels: int = 0,
        max_image_bytes: int = 0,
        max_image_ratio: int = 0,
        max_image_scans: int = 0,
        max_image_chunks: int = 0,
        max_model_bytes: int = 0,
        max_memory: int = 0,
    ) -> None:
        options = _native.oc_context_options()
        numbers = dict(
            n_threads=n_threads, max_image_side=max_image_side, max_image_pixels=max_image_pixels,
            max_image_bytes=max_image_bytes, max_image_ratio=max_image_ratio, max_image_scans=max_image_scans,
            max_image_chunks=max_image_chunks, max_model_bytes=max_model_bytes, max_memory=max_memory,
        )
        for name, value in numbers.items():
            setattr(options, name, value)
            # ctypes cuts off what does not fit.
            if getattr(options, name) != value:
                raise ArgumentError(f"{name} is {value}, which is out of range")
        options.log = _log_thunk
        options.log_level = _native_level(logger.getEffectiveLevel() if log_level is None else log_level)
        super().__init__(create(lib.oc_context_create, byref(options)), lib.oc_context_free)

    @property
    def n_threads(self) -> int:
        """The number of threads that work on one call, the caller's included."""
        with self._borrow() as pointer:
            return lib.oc_context_n_threads(pointer)

    @property
    def cpu(self) -> str:
        """The instruction set the kernels use: "c", "avx2", "avx512", "avx512vnni", "avx512bf16" or "neon". The
        environment variable OCELLUS_CPU holds it down to one of those."""
        with self._borrow() as pointer:
            return text(lib.oc_context_cpu(pointer))

    def __repr__(self) -> str:
        return "<ocellus.Context closed>" if self.closed else f"<ocellus.Context n_threads={self.n_threads} cpu={self.cpu!r}>"


_default: Optional[Context] = None
_default_lock = threading.Lock()


def default_context() -> Context:
    """The context that is used where none is given. It is made on first use, with all defaults."""
    global _default
    with _default_lock:
        if _default is None or _default.closed:
            _default = Context()
        return _default


def _after_fork() -> None:
    # The parent's context has no threads here, and its lock may be held by a thread that does not exist any more.
    global _default, _default_lock
    _default = None
    _default_lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
