# SPDX-License-Identifier: MIT
"""Contexts, and the life and death of handles."""

import gc
import logging
import os
import threading
import weakref

import pytest

import ocellus
from ocellus import context as context_module
from pictures import TAGS, scene_png


def test_context():
    with ocellus.Context(3) as context:
        assert context.n_threads == 3
        assert context.cpu in ("c", "avx2", "avx512", "avx512vnni", "avx512bf16", "neon")
        assert "n_threads=3" in repr(context)
    assert context.closed and "closed" in repr(context)
    context.close()
    with pytest.raises(ocellus.StateError, match="the context is closed"):
        context.n_threads


@pytest.mark.parametrize("options", [{"n_threads": 257}, {"n_threads": -1}, {"max_image_side": 65536}, {"max_memory": 2 ** 64}])
def test_context_options_out_of_range(options):
    with pytest.raises(ocellus.ArgumentError):
        ocellus.Context(**options)


def test_memory_limit():
    with pytest.raises(ocellus.MemoryLimitError):
        ocellus.Picture(scene_png("disc", 1), context=ocellus.Context(1, max_memory=4096))


def test_default_context():
    first = ocellus.default_context()
    assert ocellus.default_context() is first
    first.close()
    assert ocellus.default_context() is not first


@pytest.mark.parametrize("level, native", [
    (logging.CRITICAL, 1), (logging.WARNING, 1), (logging.INFO, 2), (logging.DEBUG, 3), (1, 3),
])
def test_log_levels(level, native):
    assert context_module._native_level(level) == native


def test_children_outlive_their_parents(training_folder):
    context = ocellus.Context(2)
    dataset = ocellus.Dataset.from_folder(training_folder, context=context)
    trainer = ocellus.Trainer(dataset)
    context.close()
    dataset.close()
    model = trainer.run()
    trainer.close()
    predictor = ocellus.Predictor(model)
    report = model.report()
    model.close()
    assert len(predictor.predict(scene_png("disc", 1))) == len(TAGS)
    assert 0 <= report.accuracy <= 1
    for use in (lambda: model.predict(scene_png("disc", 1)), model.report, model.to_bytes, lambda: len(dataset)):
        with pytest.raises(ocellus.StateError, match="closed"):
            use()


def test_handles_are_freed(model):
    freed = []
    for make in (
        lambda: ocellus.Context(1), ocellus.Dataset, lambda: ocellus.Picture(scene_png("disc", 1)),
        lambda: ocellus.Predictor(model), model.report, lambda: ocellus.Model.load_bytes(model.to_bytes()),
    ):
        handle = make()
        finalizer = handle._finalizer
        assert finalizer.alive
        del handle
        freed.append(not finalizer.alive)
    assert freed == [True] * 6


def test_models_that_predicted_are_freed_without_the_collector(model):
    copy = ocellus.Model.load_bytes(model.to_bytes())
    copy.predict(scene_png("disc", 1))
    gone = weakref.ref(copy)
    gc.disable()
    try:
        del copy
        assert gone() is None
    finally:
        gc.enable()


def test_a_run_leaves_no_garbage(dataset):
    class Callback:
        def __call__(self, where):
            raise KeyError

    callback = Callback()
    gone = weakref.ref(callback)
    with pytest.raises(KeyError):
        ocellus.Trainer(dataset).run(callback)
    del callback
    gc.collect()
    assert gone() is None


def test_closing_in_another_thread_waits_for_the_call(model):
    copy = ocellus.Model.load_bytes(model.to_bytes())
    finalizer = copy._finalizer
    with copy._borrow():
        thread = threading.Thread(target=copy.close)
        thread.start()
        thread.join()
        assert finalizer.alive
        with pytest.raises(ocellus.StateError, match="closed"):
            copy.report()
    assert not finalizer.alive


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork() here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_fork(model):
    """The child is told that it cannot use the parent's objects, can make its own, and ends."""
    picture = scene_png("disc", 1)
    data = model.to_bytes()
    ocellus.default_context()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            try:
                model.predict(picture)
            except ocellus.StateError as error:
                if "fork" in str(error) and len(ocellus.Model.load_bytes(data).predict(picture)) == len(TAGS):
                    code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
