# SPDX-License-Identifier: MIT
"""Training."""

from __future__ import annotations

import os
from ctypes import byref
from typing import Any, List, NamedTuple, Optional, Tuple, Union

from . import _native
from ._callbacks import ProgressCallback, create_with_progress
from ._handle import ExclusiveHandle, Handle, call, create, text, utf8
from ._library import lib
from .context import Context
from .dataset import Dataset, DatasetSource, as_dataset
from .errors import ArgumentError, NotFoundError
from .model import Model


class Option(NamedTuple):
    """One hyper-parameter of training."""

    key: str
    type: type
    """int, float, bool or str."""
    default: Union[int, float, bool, str]
    minimum: float
    """Of a str: of its length in bytes."""
    maximum: float
    help: str


_TYPES = {
    _native.OC_OPTION_INTEGER: int,
    _native.OC_OPTION_NUMBER: float,
    _native.OC_OPTION_BOOLEAN: bool,
    _native.OC_OPTION_TEXT: str,
}


def _value(option_type: type, value: str) -> Union[int, float, bool, str]:
    return value == "true" if option_type is bool else option_type(value)


def training_options() -> Tuple[Option, ...]:
    """The hyper-parameters that Trainer and train() take as keywords, as the library that is loaded lists them."""
    options: List[Option] = []
    native = _native.oc_option()
    while True:
        try:
            call(lib.oc_trainer_option, len(options), byref(native))
        except NotFoundError:
            return tuple(options)
        option_type = _TYPES.get(native.type, str)
        options.append(Option(
            text(native.key), option_type, _value(option_type, text(native.default_value)), native.minimum, native.maximum,
            text(native.help),
        ))


class Domain(NamedTuple):
    """What is known to suit a kind of pictures: names and identifiers are those of Azure Custom Vision's domains."""

    name: str
    """For instance "General (compact)"."""
    id: str
    detection: bool
    """For objects in boxes, or for classification."""
    settings: str
    """What it sets of the hyper-parameters, for instance "base=compact"; "" where it is General under another name."""
    help: str


def domains() -> Tuple[Domain, ...]:
    """The domains that the keyword `domain` of Trainer and train(), and projects, take: by name or identifier."""
    found: List[Domain] = []
    native = _native.oc_domain()
    while True:
        try:
            call(lib.oc_trainer_domain, len(found), byref(native))
        except NotFoundError:
            return tuple(found)
        found.append(Domain(text(native.name), text(native.id), bool(native.detection), text(native.settings), text(native.help)))


def option_text(value: Any) -> str:
    """A value as the library reads it, the same in every locale."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):
        return "true" if value else "false"
    if hasattr(value, "__index__"):
        return str(value.__index__())
    return repr(float(value))


class Trainer(ExclusiveHandle):
    """Trains a model on the pictures that a data set has now.

    It serves one call at a time: a call from another thread meanwhile raises StateError, except cancel().

    Args:
        dataset: a Dataset, or the path of a folder or of a .csv file.
        test: pictures to measure on that training never sees. Without them the model is measured by stratified
            cross-validation on the training pictures, each predicted by a model that did not see it.
        context: for what is given as a path; default: the default context. A Dataset brings its own.
        **options: hyper-parameters by name: see training_options().

    Raises: DataError (fewer than 4 pictures in all, more than 10,000 tags, and from run() fewer than 2 tags; a tag in `test`
        that the training pictures lack), NotFoundError (no such option; the message lists them), ArgumentError (not a value
        that the option takes), and those of Dataset.from_folder.
    """

    _what = "trainer"
    _waits = False

    def __init__(
        self, dataset: DatasetSource, *, test: Optional[DatasetSource] = None, context: Optional[Context] = None, **options: Any
    ) -> None:
        data = as_dataset(dataset, context)
        if context not in (None, data.context):
            raise ArgumentError("the data set was made with another context")
        self.context = data.context
        with self.context._borrow() as owner, data._borrow() as data_pointer:
            pointer = create(lib.oc_trainer_create, owner, data_pointer)
        super().__init__(pointer, lib.oc_trainer_free)
        for key, value in options.items():
            self.set(key, value)
        if test is not None:
            self.set_test(test)

    def set(self, key: str, value: Any) -> None:
        """Sets a hyper-parameter: see training_options(). Raises: NotFoundError (no such key), ArgumentError."""
        with self._borrow() as pointer:
            call(lib.oc_trainer_set, pointer, utf8(key, "the option"), utf8(option_text(value), "the option's value"))

    def set_test(self, dataset: Optional[DatasetSource]) -> None:
        """Sets the pictures to measure on; None takes them away. Raises: DataError, and those of Dataset.from_folder."""
        if dataset is None:
            with self._borrow() as pointer:
                call(lib.oc_trainer_set_test, pointer, None)
            return
        data = as_dataset(dataset, self.context)
        with self._borrow() as pointer, data._borrow() as data_pointer:
            call(lib.oc_trainer_set_test, pointer, data_pointer)

    def run(self, progress: Optional[ProgressCallback] = None) -> Model:
        """Trains. May be called again: it trains anew.

        The same data set, options and instruction set give the same model, whatever the number of threads. A picture that
        cannot be read is logged as a warning and left out (see the option skip_broken). Ctrl-C ends the run.

        Args:
            progress: is called with a Progress some ten times a second, on this thread. If it returns a true value or
                raises, the run is cancelled; the exception goes on to the caller. It must not use this object, except
                cancel().

        Raises: CancelledError, DataError, MemoryLimitError, StateError (already running), what `progress` raised, and with
            skip_broken=False those of Picture.
        """
        with self._borrow() as pointer:
            return Model._made(
                self.context, create_with_progress(lib.oc_trainer_run, lib.oc_model_free, progress, pointer)
            )

    def cancel(self) -> None:
        """Makes the run under way raise CancelledError soon, or the next one if none is under way. From any thread."""
        with Handle._borrow(self) as pointer:
            lib.oc_trainer_cancel(pointer)

    def __repr__(self) -> str:
        return "<ocellus.Trainer closed>" if self.closed else "<ocellus.Trainer>"


def train(
    folder: DatasetSource,
    out: "Optional[Union[str, os.PathLike[str]]]" = None,
    *,
    test: Optional[DatasetSource] = None,
    progress: Optional[ProgressCallback] = None,
    context: Optional[Context] = None,
    **options: Any,
) -> Model:
    """Trains a model: all in one call.

    Args:
        folder: a folder with one sub-folder per tag, a .csv file, or a Dataset.
        out: the model file (.ocm) to write, complete or not at all. None: none is written.
        test: pictures to measure on that training never sees. None: measured by cross-validation.
        progress: see Trainer.run.
        context: for what is given as a path; default: the default context. A Dataset brings its own.
        **options: hyper-parameters by name: see training_options().

    Raises: those of Trainer, Trainer.run and Model.save.
    """
    with Trainer(folder, test=test, context=context, **options) as trainer:
        model = trainer.run(progress)
    if out is not None:
        model.save(out)
    return model
