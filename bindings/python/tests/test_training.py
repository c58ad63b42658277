# SPDX-License-Identifier: MIT
"""Training: options, progress, cancelling."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

import ocellus
from pictures import TAGS, png, scene_png, write_folder

PACKAGE = Path(__file__).parents[1]


def test_options():
    options = {option.key: option for option in ocellus.training_options()}
    assert options["seed"].type is int
    assert options["skip_broken"].type is bool and options["skip_broken"].default is True
    for option in options.values():
        assert option.help
        assert isinstance(option.default, option.type)
        if option.type is not bool:
            size = len(option.default) if option.type is str else option.default
            assert option.minimum <= size <= option.maximum


def test_every_default_is_accepted(dataset):
    trainer = ocellus.Trainer(dataset)
    for option in ocellus.training_options():
        trainer.set(option.key, option.default)
        trainer.set(option.key, str(option.default).lower())
    assert {option.key for option in ocellus.training_options() if option.type is str} == {
        "base", "checkpoint", "domain", "head", "labels", "negative", "only_tags", "start"
    }


def test_bad_options(dataset):
    with pytest.raises(ocellus.NotFoundError, match="seed"):
        ocellus.Trainer(dataset, sede=1)
    with pytest.raises(ocellus.ArgumentError, match="seed"):
        ocellus.Trainer(dataset, seed="many")
    with pytest.raises(ocellus.ArgumentError):
        ocellus.Trainer(dataset, skip_broken=7)


def test_another_context(dataset, training_folder):
    with pytest.raises(ocellus.ArgumentError, match="another context"):
        ocellus.Trainer(dataset, context=ocellus.default_context())
    with pytest.raises(ocellus.ArgumentError, match="another context"):
        ocellus.Trainer(dataset, test=ocellus.Dataset.from_folder(training_folder))


def test_options_reach_the_model(dataset):
    assert ocellus.train(dataset, seed=7).properties["option.seed"] == "7"


def test_unusable_data(context):
    dataset = ocellus.Dataset(context=context)
    with pytest.raises(ocellus.DataError):
        ocellus.Trainer(dataset)
    for seed in range(6):
        dataset.add(scene_png("disc", seed), "disc")
    with pytest.raises(ocellus.DataError):  # one tag
        ocellus.Trainer(dataset).run()


def test_anomaly(context):
    dataset, mixed = ocellus.Dataset(context=context), ocellus.Dataset(context=context)
    for seed in range(12):
        dataset.add(scene_png("disc", seed), "disc")
    for seed in range(6):
        mixed.add(scene_png(TAGS[seed % len(TAGS)], 100 + seed), TAGS[seed % len(TAGS)])
    model = ocellus.train(dataset, anomaly=True, size=64, folds=2, base="compact", context=context)
    assert model.tags == ("anomaly",) and model.properties["normal"] == "disc"
    assert 0 <= model.evaluate(mixed).accuracy <= 1
    assert model.predict(scene_png("disc", 50)).best.tag == "anomaly"


def test_train_writes_the_model(training_folder, test_folder, tmp_path, context):
    out = tmp_path / "model.ocm"
    model = ocellus.train(training_folder, out, test=test_folder, context=context)
    assert model.tags == TAGS
    assert out.read_bytes() == model.to_bytes()
    assert model.report().method is ocellus.Method.TEST_SET
    assert list(tmp_path.iterdir()) == [out]


def test_same_model_whatever_the_threads(training_folder):
    answers = []
    for n_threads in (1, 3):
        with ocellus.Context(n_threads) as context:
            answers.append(ocellus.train(training_folder, context=context, seed=3).predict(scene_png("disc", 50)))
    assert answers[0] == answers[1]


def test_test_set_with_a_new_tag(dataset, context):
    trainer = ocellus.Trainer(dataset)
    strange = ocellus.Dataset(context=context)
    strange.add(scene_png("disc", 1), "moon")
    with pytest.raises(ocellus.DataError, match="moon"):
        trainer.set_test(strange)
    trainer.set_test(None)


def test_progress(dataset):
    seen = []
    thread = []

    def progress(where):
        thread.append(threading.current_thread())
        seen.append(where)

    ocellus.Trainer(dataset).run(progress)
    assert seen
    fractions = [where.fraction for where in seen]
    assert fractions == sorted(fractions) and 0 <= fractions[0] and fractions[-1] <= 1
    for where in seen:
        assert where.stage and where.seconds_elapsed >= 0
        assert where.seconds_left is None or where.seconds_left >= 0
    assert set(thread) == {threading.current_thread()}


def test_progress_cancels(dataset):
    trainer = ocellus.Trainer(dataset)
    calls = []

    def progress(where):
        calls.append(where)
        return True

    with pytest.raises(ocellus.CancelledError):
        trainer.run(progress)
    assert len(calls) == 1
    assert trainer.run().tags == TAGS


@pytest.mark.parametrize("exception", [KeyError("mine"), SystemExit(3), StopIteration(), GeneratorExit()])
def test_progress_raises(exception, dataset):
    def progress(where):
        raise exception

    with pytest.raises(type(exception)) as caught:
        ocellus.Trainer(dataset).run(progress)
    assert caught.value is exception


def test_cancel_before_and_from_another_thread(dataset):
    trainer = ocellus.Trainer(dataset)
    trainer.cancel()
    with pytest.raises(ocellus.CancelledError):
        trainer.run()

    def progress(where):
        other = threading.Thread(target=trainer.cancel)
        other.start()
        other.join()

    with pytest.raises(ocellus.CancelledError):
        trainer.run(progress)
    assert trainer.run().tags == TAGS


def test_busy_trainer(dataset):
    trainer = ocellus.Trainer(dataset)
    failures = []

    def attempt():
        try:
            trainer.set("seed", 1)
        except ocellus.StateError as error:
            failures.append(str(error))

    def progress(where):
        attempt()
        other = threading.Thread(target=attempt)
        other.start()
        other.join()
        return True

    with pytest.raises(ocellus.CancelledError):
        trainer.run(progress)
    assert failures == ["the trainer is busy with another call"] * 2


def test_closing_while_it_runs(dataset):
    trainer = ocellus.Trainer(dataset)
    assert trainer.run(lambda where: trainer.close()).tags == TAGS
    with pytest.raises(ocellus.StateError, match="closed"):
        trainer.run()


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
@pytest.mark.parametrize("progress", ["None", "lambda where: None"])
def test_keyboard_interrupt(progress, tmp_path):
    """Ctrl-C in a process of its own, in a run that is long enough to be struck for certain."""
    folder = write_folder(tmp_path / "pictures", range(8))
    large = png(1500, 1500, bytes(1500 * 1500 * 3))
    for tag in TAGS:
        for n in range(60):
            (folder / tag / f"large{n}.png").write_bytes(large)
    code = textwrap.dedent(f"""
        import os, signal, sys, threading, ocellus
        signal.signal(signal.SIGINT, signal.default_int_handler)
        trainer = ocellus.Trainer({str(folder)!r}, context=ocellus.Context(1))
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        try:
            trainer.run({progress})
        except KeyboardInterrupt:
            sys.exit(42)
        sys.exit("the run ended before the interrupt came")
    """)
    outcome = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(PACKAGE), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, timeout=120,
    )
    assert (outcome.returncode, outcome.stdout) == (42, "")


def test_broken_pictures_are_logged(context, caplog):
    dataset = ocellus.Dataset(context=context)
    for tag in TAGS:
        for seed in range(6):
            dataset.add(scene_png(tag, seed), tag)
    dataset.add(ocellus.Image(scene_png("disc", 9)[:-30], name="torn.png"), "disc")
    with caplog.at_level("WARNING", logger="ocellus"):
        model = ocellus.train(dataset)
    assert model.tags == TAGS
    assert [record for record in caplog.records if "torn.png" in record.getMessage() and record.levelname == "WARNING"]
    with pytest.raises(ocellus.CorruptError, match="torn.png"):
        ocellus.train(dataset, skip_broken=False)


def test_any_number_of_tags(tmp_path, context):
    """Several tags a picture, none, and the negative tag, through training, answers and the report."""
    data = ocellus.Dataset(context=context)
    for index in range(24):
        noise = bytes((17 * index + 31 * place) % 60 for place in range(32 * 32 * 3))
        bright = {0: ("upper",), 1: ("upper", "lower"), 2: ("nothing",)}[index % 3]
        rows = [("upper" in bright) * 150] * 16 + [("lower" in bright) * 150] * 16
        pixels = bytes(value + rows[place // 96] for place, value in enumerate(noise))
        data.add(png(32, 32, pixels), bright)
    assert data[1].tags == ("upper", "lower") and data[1].tag == "upper"
    model = ocellus.train(data, negative="nothing", views=1, folds=3)
    assert model.multilabel and model.tags == ("upper", "lower") and model.properties["kind"] == "multilabel"
    assert all(0 < threshold < 1 for threshold in model.thresholds.values())
    report = model.report()
    assert report.multilabel and report.thresholds == model.thresholds and 0 <= report.hamming_loss < 0.2
    assert report.metrics(0).recall > 0.8 and report.metrics(ocellus.Average.MEAN, 0.5).f1 > 0.8
    assert [answer.tag for answer in report.answers(1) if answer.bears] == ["upper", "lower"]
    assert report[2].truth is None and not any(answer.bears for answer in report.answers(2))
    assert {answer.tag for answer in model.given(model.predict(png(32, 32, pixels)))} == set()
    report.save_page(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert "<svg" in page and "upper" in page and "<script" not in page and "http" not in page
    (tmp_path / "data.csv").write_text("path,tags\na.png,x|y\nb.png,\n")
    loaded = ocellus.Dataset.from_csv(tmp_path / "data.csv", context=context)
    assert [sample.tags for sample in loaded] == [("x", "y"), ()]
