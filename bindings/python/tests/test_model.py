# SPDX-License-Identifier: MIT
"""Models, predictions and reports."""

import pickle
import threading

import pytest

import ocellus
from ocellus._library import lib
from pictures import SIDE, TAGS, png, scene, scene_png


def test_save_and_load(model, tmp_path, context):
    path = tmp_path / "ü.ocm"
    model.save(path)
    data = path.read_bytes()
    assert model.to_bytes() == data
    picture = scene_png("stripes", 200)
    for again in (
        ocellus.load(path), ocellus.load(str(path), context=context), ocellus.Model.load_bytes(data, name="mine"),
        pickle.loads(pickle.dumps(model)),
    ):
        assert again.tags == model.tags == TAGS
        assert again.properties == model.properties
        assert again.predict(picture) == model.predict(picture)
        assert again.to_bytes() == data


def test_bad_model_files(model, tmp_path):
    data = model.to_bytes()
    with pytest.raises(ocellus.FormatError, match="mine"):
        ocellus.Model.load_bytes(b"not a model at all", name="mine")
    with pytest.raises(ocellus.Error):
        ocellus.Model.load_bytes(b"")
    with pytest.raises(ocellus.CorruptError):
        ocellus.Model.load_bytes(data[:-1])
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 1
    with pytest.raises(ocellus.CorruptError):
        ocellus.Model.load_bytes(bytes(flipped))
    with pytest.raises(ocellus.NotFoundError):
        ocellus.load(tmp_path / "none.ocm")
    with pytest.raises(ocellus.Error, match="no folder"):
        model.save(tmp_path / "no folder" / "model.ocm")
    (tmp_path / "folder.ocm").mkdir()
    with pytest.raises(ocellus.IoError, match="folder.ocm"):
        model.save(tmp_path / "folder.ocm")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.ocm"]
    with ocellus.Context(1, max_model_bytes=100) as small, pytest.raises(ocellus.LimitError):
        ocellus.Model.load_bytes(data, context=small)


def test_properties(model):
    properties = model.properties
    assert properties["kind"] == "classification"
    assert properties["n_training_pictures"] == str(8 * len(TAGS))
    with model._borrow() as pointer:
        for key, value in properties.items():
            assert lib.oc_model_property(pointer, key.encode()).decode() == value
        assert lib.oc_model_property(pointer, b"no such key") is None


def test_model_has_no_constructor():
    with pytest.raises(TypeError, match="load"):
        ocellus.Model()


def test_prediction(model):
    for tag in TAGS:
        result = model.predict(scene_png(tag, 300))
        assert isinstance(result, ocellus.Result)
        assert sorted(prediction.tag for prediction in result) == sorted(TAGS)
        probabilities = [prediction.probability for prediction in result]
        assert probabilities == sorted(probabilities, reverse=True)
        assert sum(probabilities) == pytest.approx(1, abs=1e-5)
        assert result.best is result[0]
        assert result.best.box == ocellus.Box(0, 0, 1, 1)
        assert result.probabilities()[result.best.tag] == result.best.probability
        assert result.best.tag in str(result)
        assert pickle.loads(pickle.dumps(result)) == result


def test_it_has_learned(model):
    right = [model.predict(scene_png(tag, seed)).best.tag == tag for tag in TAGS for seed in range(400, 408)]
    assert sum(right) >= 0.75 * len(right)


def test_predicting_a_broken_picture(model, tmp_path):
    predictor = ocellus.Predictor(model)
    for _ in range(2):
        with pytest.raises(ocellus.FormatError):
            predictor.predict(b"no picture")
        with pytest.raises(ocellus.NotFoundError):
            model.predict(tmp_path / "none.png")
        assert len(predictor.predict(scene_png("disc", 1))) == len(TAGS)


def test_batch(model):
    pictures = [scene_png(tag, seed) for seed in range(500, 508) for tag in TAGS]
    one_by_one = [model.predict(picture) for picture in pictures]
    predictor = ocellus.Predictor(model)
    for batch_size in (None, 1, 5, 24, 100):
        assert list(predictor.predict_batch(pictures, batch_size=batch_size)) == one_by_one
    assert list(model.predict_batch(iter(pictures))) == one_by_one
    assert list(model.predict_batch([])) == []
    with pytest.raises(ValueError, match="batch_size"):
        list(model.predict_batch(pictures, batch_size=0))


def test_precisions(model, test_folder):
    picture = scene_png("stripes", 200)
    expected = model.predict(picture)
    for precision in ("fp32", "bf16", "int8"):
        predictor = model.predictor(precision=precision)
        assert predictor.precision == precision
        found = predictor.predict(picture)
        assert found.best.tag == expected.best.tag
        assert abs(found.best.probability - expected.best.probability) < 0.2
        assert [found] == list(predictor.predict_batch([picture]))
        assert model.evaluate(test_folder, precision=precision).accuracy > 0.8
    with pytest.raises(ValueError, match="int4"):
        model.predictor(precision="int4")


def test_batch_is_lazy(model):
    taken = []

    def source():
        while True:
            taken.append(1)
            yield scene_png("disc", len(taken))

    answers = model.predict_batch(source(), batch_size=2)
    next(answers), next(answers), next(answers)
    answers.close()
    assert len(taken) == 4
    assert len(model.predict(scene_png("disc", 1))) == len(TAGS)


def test_batch_with_broken_pictures(model, tmp_path):
    good = scene_png("disc", 1)
    pictures = [good, tmp_path / "none.png", good, b"no picture", "nul\0", good]
    answers = list(model.predict_batch(pictures, batch_size=4, skip_broken=True))
    assert [type(answer).__name__ for answer in answers] == [
        "Result", "NotFoundError", "Result", "FormatError", "ArgumentError", "Result",
    ]
    assert "none.png" in answers[1].message
    assert answers[0] == answers[2] == answers[5] == model.predict(good)
    strict = model.predict_batch(pictures)
    assert next(strict) == answers[0]
    with pytest.raises(ocellus.NotFoundError):
        next(strict)
    with pytest.raises(TypeError):
        list(model.predict_batch([7], skip_broken=True))


def test_threads_share_a_model(model):
    pictures = [scene_png(tag, seed) for seed in range(4) for tag in TAGS]
    expected = [model.predict(picture) for picture in pictures]
    shared = ocellus.Predictor(model)
    outcomes = []

    def work(predict):
        outcomes.append([predict(picture) for picture in pictures] == expected)

    threads = [threading.Thread(target=work, args=(predict,)) for predict in [model.predict, shared.predict] * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [True] * 6


def test_raw_pixels_are_the_files_pixels(model):
    numpy = pytest.importorskip("numpy", reason="numpy is not installed: its arrays are not tested")
    pixels = scene("checks", 5)
    array = numpy.frombuffer(pixels, numpy.uint8).reshape(SIDE, SIDE, 3)
    assert model.predict(array) == model.predict(png(SIDE, SIDE, pixels))


# Reports


def check_report(report, n_pictures):
    assert report.tags == TAGS
    assert len(report) == n_pictures and report.n_skipped == 0
    entries = list(report)
    assert len(entries) == n_pictures
    right = sum(entry.truth == entry.predicted for entry in entries)
    assert report.accuracy == pytest.approx(right / n_pictures)
    bins = report.reliability()
    assert len(bins) == 10 and sum(b.n_pictures for b in bins) == n_pictures
    assert sum(b.n_pictures * b.accuracy for b in bins) == pytest.approx(right)
    assert report.calibration_error == pytest.approx(
        sum(b.n_pictures * abs(b.probability - b.accuracy) for b in bins) / n_pictures
    )
    matrix = report.confusion_matrix()
    for row, truth in enumerate(TAGS):
        for column, predicted in enumerate(TAGS):
            counted = sum((entry.truth, entry.predicted) == (truth, predicted) for entry in entries)
            assert matrix[row][column] == report.confusion(truth, predicted) == report.confusion(row, column) == counted
    for tag, figures in report.table():
        assert figures == report.metrics(tag)
        assert figures.n_pictures == sum(entry.truth == tag for entry in entries)
        assert figures.n_predicted == sum(entry.predicted == tag for entry in entries)
        assert figures.n_correct == sum(entry.truth == entry.predicted == tag for entry in entries)
        assert figures.recall == pytest.approx(figures.n_correct / figures.n_pictures)
    together = report.metrics()
    assert together.n_pictures == n_pictures and together.n_correct == right
    assert together == report.metrics(ocellus.Average.TOGETHER)
    mean = report.metrics(ocellus.Average.MEAN)
    assert mean.recall == pytest.approx(sum(figures.recall for _, figures in report.table()) / len(TAGS))
    certain = report.metrics(threshold=1.0)
    assert certain.n_predicted == sum(entry.probability >= 1 for entry in entries)
    shown = str(report)
    assert all(tag in shown for tag in TAGS) and "accuracy" in shown


def test_report_of_training(model):
    stored = ocellus.Model.load_bytes(model.to_bytes())
    assert all(entry.name.endswith(".png") for entry in model.report())
    assert all(entry.name is None for entry in stored.report())
    for report in (model.report(), stored.report()):
        assert report.method is ocellus.Method.CROSS_VALIDATION
        assert report.n_folds > 1
        assert {entry.fold for entry in report} == set(range(report.n_folds))
        check_report(report, 8 * len(TAGS))


def test_evaluation(model, test_folder):
    seen = []
    report = model.evaluate(test_folder, seen.append)
    assert report.method is ocellus.Method.TEST_SET and report.n_folds == 1
    assert all(entry.name.endswith(".png") and entry.fold == 0 for entry in report)
    check_report(report, 4 * len(TAGS))
    for entry in report:
        best = model.predict(entry.name).best
        assert (best.tag, best.probability) == (entry.predicted, entry.probability)


def test_evaluation_is_cancelled(model, test_folder):
    with pytest.raises(ocellus.CancelledError):
        model.evaluate(test_folder, lambda where: True)
    with pytest.raises(ZeroDivisionError):
        model.evaluate(test_folder, lambda where: 1 / 0)


def test_evaluation_on_a_strange_tag(model, context):
    dataset = ocellus.Dataset(context=context)
    dataset.add(scene_png("disc", 1), "moon")
    with pytest.raises(ocellus.DataError, match="moon"):
        model.evaluate(dataset)


def test_evaluation_skips_broken_pictures(model, context):
    dataset = ocellus.Dataset(context=context)
    dataset.add(scene_png("disc", 1), "disc")
    dataset.add(b"no picture", "disc")
    report = model.evaluate(dataset)
    assert len(report) == 1 and report.n_skipped == 1


def test_data_set_is_busy_during_an_evaluation(model, test_folder, context):
    dataset = ocellus.Dataset.from_folder(test_folder, context=context)
    with pytest.raises(ocellus.StateError, match="data set is busy"):
        model.evaluate(dataset, lambda where: len(dataset))


def test_bad_report_arguments(model):
    report = model.report()
    with pytest.raises(ocellus.NotFoundError, match="moon"):
        report.metrics("moon")
    with pytest.raises(ocellus.ArgumentError):
        report.metrics(99)
    with pytest.raises(ocellus.ArgumentError):
        report.metrics(threshold=1.5)
    with pytest.raises(ocellus.NotFoundError):
        report.confusion(0, 99)
    with pytest.raises(IndexError):
        report[len(report)]


def test_explain(model):
    with ocellus.Predictor(model) as predictor:
        best = predictor.predict(scene_png("stripes", 200)).best
        found = predictor.explain(scene_png("stripes", 200), side=4)
        assert found.tag == best.tag and abs(found.probability - best.probability) < 1e-6
        assert len(found.values) == 4 and all(len(row) == 4 for row in found.values)
        assert found.picture.size == (SIDE, SIDE)
        other = predictor.explain(scene_png("stripes", 200), TAGS[-1])
        assert other.tag == TAGS[-1] and len(other.values) == 8
        with pytest.raises(ocellus.NotFoundError):
            predictor.explain(scene_png("stripes", 200), "nothing")
        with pytest.raises(ocellus.ArgumentError):
            predictor.explain(scene_png("stripes", 200), side=1)


def test_novelty(model):
    known = model.predict(scene_png("stripes", 200))
    assert known.novelty is not None and 0 <= known.novelty <= 1


def test_learning(model):
    points = model.learning()
    assert points and all(0 <= point.accuracy <= 1 for point in points)
    assert [point.measured for point in points] == [True] * (len(points) - 1) + [False]
    assert [point.n_pictures for point in points] == sorted(point.n_pictures for point in points)
    assert points[-1].n_pictures == 2 * points[-2].n_pictures and points[-1].accuracy >= points[-2].accuracy


def test_curves(model):
    report = model.report()
    curve = report.curve()
    assert len(curve) >= 1 and [point.threshold for point in curve] == sorted((point.threshold for point in curve), reverse=True)
    assert curve[-1].share == 1 and abs(curve[-1].precision - report.accuracy) < 1e-9
    everything = curve.reach(precision=0)
    assert everything == curve[-1] and curve.reach(recall=0) == curve[0] and curve.best in curve
    for tag in report.tags:
        assert all(0 < point.threshold <= 1 and 0 <= point.recall <= 1 for point in report.curve(tag))
    with pytest.raises(ValueError):
        curve.reach()
    with pytest.raises(ocellus.NotFoundError):
        report.curve("nothing")
    with pytest.raises(ocellus.ArgumentError):
        report.curve(ocellus.Average.MEAN)
