# SPDX-License-Identifier: MIT
"""Detection: boxes in, boxes out."""

import pytest

import ocellus
from pictures import png


def _scene(tag, left, top):
    """A red or blue square of 32 pixels in 96."""
    colour = (220, 20, 20) if tag == "red" else (20, 20, 220)
    pixels = bytes(
        value
        for y in range(96)
        for x in range(96)
        for value in (colour if left <= x < left + 32 and top <= y < top + 32 else (40, 60, 40))
    )
    return png(96, 96, pixels)


def _fill(dataset, count):
    for index in range(count):
        tag, left, top = ("red", "blue")[index % 2], 7 * index % 64, 11 * index % 64
        dataset.add_boxes(_scene(tag, left, top), [(tag, (left / 96, top / 96, 1 / 3, 1 / 3))], "train")


def test_boxes(context):
    dataset = ocellus.Dataset(context=context)
    assert not dataset.has_boxes
    dataset.add_boxes(b"x", [("cat", (0.25, 0.5, 0.5, 0.25)), ("dog", (0, 0, 1, 1)), ("cat", (0, 0, 0.5, 1))])
    dataset.add_boxes(b"y", [], "test")
    assert dataset.has_boxes and dataset.tags == ("cat", "dog") and dataset[0].tags == ("cat", "dog")
    assert dataset.boxes(0)[0] == ocellus.LabelledBox("cat", ocellus.Box(0.25, 0.5, 0.5, 0.25))
    assert [tag for tag, _ in dataset.boxes(-2)] == ["cat", "dog", "cat"] and dataset.boxes(1) == []
    for box in ((0, 0, 0, 1), (0, 0, 2, 1), (float("nan"), 0, 1, 1)):
        with pytest.raises(ocellus.ArgumentError):
            dataset.add_boxes(b"x", [("cat", box)])
    with pytest.raises(ValueError):
        dataset.add_boxes(b"x", [("cat", (0, 0, 1))])
    with pytest.raises(ocellus.StateError):
        dataset.add(b"x", "cat")
    with pytest.raises(IndexError):
        dataset.boxes(2)
    assert len(dataset) == 2


def _overlap(a, b):
    width = min(a.left + a.width, b.left + b.width) - max(a.left, b.left)
    height = min(a.top + a.height, b.top + b.height) - max(a.top, b.top)
    both = max(width, 0) * max(height, 0)
    return both / (a.width * a.height + b.width * b.height - both)


def _apart(result):
    """Those that overlap no more probable one of their tag by 0.3."""
    kept = []
    for answer in result:
        if all(other.tag != answer.tag or _overlap(other.box, answer.box) < 0.3 for other in kept):
            kept.append(answer)
    return kept


def test_tally():
    left, right = ocellus.Box(0.1, 0.1, 0.2, 0.2), ocellus.Box(0.7, 0.1, 0.2, 0.2)
    result = ocellus.Result([
        ocellus.Prediction("cat", 0.9, left), ocellus.Prediction("cat", 0.8, right), ocellus.Prediction("dog", 0.4, left)
    ])
    assert result.tally() == {"cat": 2}
    assert result.tally(probability=0.3) == {"cat": 2, "dog": 1}
    assert result.tally(probability=0.3, region=ocellus.Box(0, 0, 0.5, 1)) == {"cat": 1, "dog": 1}


def test_draw(context, tmp_path):
    picture = ocellus.Picture(_scene("red", 64, 64), context=context)
    objects = [ocellus.LabelledBox("blue", ocellus.Box(0, 0.5, 0.5, 0.5)), ocellus.Prediction("red", 0.75, ocellus.Box(0.5, 0.5, 0.5, 0.5))]
    drawn = picture.draw(objects)
    assert drawn.size == picture.size and drawn.tobytes() != picture.tobytes()
    assert picture.draw([]).tobytes() == picture.tobytes()
    assert picture.draw(objects, tags=("red", "blue")).tobytes() != drawn.tobytes()
    drawn.save(tmp_path / "drawn.png")
    assert ocellus.Picture(tmp_path / "drawn.png", context=context).tobytes() == drawn.tobytes()
    drawn.save(tmp_path / "drawn.JPG")
    assert (tmp_path / "drawn.JPG").read_bytes()[:2] == b"\xff\xd8"
    with pytest.raises(ocellus.NotFoundError):
        drawn.save(tmp_path / "no" / "drawn.png")
    with pytest.raises(ocellus.Error):
        drawn.draw([ocellus.LabelledBox("a\0b", ocellus.Box(0, 0, 1, 1))])


def test_train(context, tmp_path):
    dataset = ocellus.Dataset(context=context)
    _fill(dataset, 20)
    model = ocellus.train(dataset, test=dataset, base="compact", steps=10, size=96, context=context)
    assert model.detection and model.properties["kind"] == "detection"
    report = model.report()
    assert report.detection and len(report) == 20 and report[0].truth is None and "AP50" in str(report)
    figures = report.box_metrics("red", probability=0, overlap=0.5)
    assert figures.n_objects == figures.n_pictures == 10 and 0 <= figures.ap <= figures.ap50 <= 1
    assert report.metrics("red").n_pictures == 10
    with pytest.raises(ocellus.ArgumentError):
        report.box_metrics(probability=2)
    assert 0 <= figures.best_probability <= 1 and figures.best_f1 >= figures.f1
    together = report.box_metrics(ocellus.Average.TOGETHER, probability=0)
    mistakes = report.box_mistakes(probability=0)
    boxes = [one for one in mistakes if one.kind != ocellus.Wrong.MISSED]
    assert len(boxes) == together.n_predicted - together.n_correct > 0 and all(one.found.tag in ("red", "blue") for one in boxes)
    missed = report.box_mistakes(probability=1)
    assert len(missed) == 20 and {one.kind for one in missed} == {ocellus.Wrong.MISSED}
    assert [one.truth for one in missed] == [dataset.boxes(index)[0] for index in range(20)]
    assert missed[3].found is None and missed[3].picture == 3 and missed[3].overlap == 0
    with pytest.raises(ocellus.ArgumentError):
        report.box_mistakes(overlap=-1)
    crossed = ocellus.train(dataset, base="compact", steps=2, size=96, folds=2, context=context).report()
    assert crossed.method == ocellus.Method.CROSS_VALIDATION and crossed.n_folds == 2 and len(crossed) == 20
    assert {entry.fold for entry in crossed} == {0, 1} and 0 <= crossed.box_metrics().ap50_deviation <= 0.5
    assert figures.ap50_deviation == figures.recall_deviation == 0
    crossed.save_page(tmp_path / "report.html")
    assert "&#177;" in (tmp_path / "report.html").read_text()
    report.save_page(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert "of objects are found" in page and "red" in page and "<script" not in page
    model.save(tmp_path / "boxes.ocm")
    with ocellus.load(tmp_path / "boxes.ocm", context=context) as loaded:
        result = loaded.predict(_scene("red", 10, 20))
        for answer in result:
            left, top, width, height = answer.box
            assert answer.tag in ("red", "blue") and 0.01 <= answer.probability <= 1
            assert 0 <= left and left + width <= 1.0001 and 0 <= top and top + height <= 1.0001
        assert list(result) == sorted(result, key=lambda answer: -answer.probability) and len(result) <= 300
        assert all(answer.probability >= 0.5 for answer in loaded.given(result))
        with loaded.predictor(tiles=2) as predictor:
            assert list(predictor.predict(_scene("red", 10, 20))) != list(result)
        assert len(loaded.evaluate(dataset, tiles=2)) == 20
        with pytest.raises(ocellus.ArgumentError):
            loaded.predictor(tiles=17)
        assert str(loaded.evaluate(dataset).box_metrics()) == str(report.box_metrics())
        # The same frame again and again: what is found in it becomes certain with the third, and is counted once, as are boxes of
        # one tag that overlap.
        with ocellus.Tracker(loaded, probability=0.01, min_frames=3) as tracker:
            assert tracker.update(_scene("red", 10, 20)) == [] and tracker.update(_scene("red", 10, 20)) == []
            tracks = tracker.update(_scene("red", 10, 20))
            assert len(tracks) == len(_apart(result)) > 0 and all(one.is_new and one.n_frames == 3 for one in tracks)
            assert [one.id for one in tracks] == list(range(1, len(tracks) + 1))
            again = tracker.update(_scene("red", 10, 20))
            assert [one.id for one in again] == [one.id for one in tracks] and not any(one.is_new for one in again)
            assert sum(tracker.totals.values()) == len(tracks) and set(tracker.totals) == {"red", "blue"}
        with pytest.raises(ocellus.ArgumentError):
            ocellus.Tracker(loaded, overlap=2)
        proposer = ocellus.open_base_detector("compact", context=context).predictor()
        with loaded.predictor() as predictor:
            scene = _scene("red", 10, 20)
            unknown = predictor.predict_unknown(scene, proposer, probability=0.01)
            assert unknown and all(answer.tag == "object" and answer.probability >= 0.01 for answer in unknown)
            assert predictor.predict_unknown(scene, predictor, probability=0, known=0) == ()
            assert len(predictor.predict_unknown(scene, predictor, probability=0, known=1)) > 0
            with pytest.raises(ocellus.ArgumentError):
                predictor.predict_unknown(scene, proposer, probability=2)
