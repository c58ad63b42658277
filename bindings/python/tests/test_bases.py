# SPDX-License-Identifier: MIT
"""Base networks."""

from pathlib import Path

import pytest

import ocellus
from pictures import TAGS

NETWORKS = Path(__file__).resolve().parents[3] / "tests" / "golden" / "onnx"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The user's folder of base networks, still to be made."""
    monkeypatch.setenv("OCELLUS_BASE_PATH", str(tmp_path / "bases"))
    return tmp_path / "bases"


def imported(context, name="plain", **options):
    try:
        return ocellus.import_base(NETWORKS / f"{name}.onnx", context=context, mean=127.5, std=64, **options)
    except ocellus.UnsupportedError as error:
        if "built without ONNX" in str(error):
            pytest.skip(str(error))
        raise


def test_the_built_in_base(context, folder):
    (entry,) = ocellus.bases(context=context)
    assert entry.place == ocellus.Place.BUILTIN and entry.path is None and len(entry.sha256) == 64
    base = ocellus.open_base(entry.name, context=context)
    assert base.tags == () and base.properties["sha256"] == entry.sha256
    with pytest.raises(ocellus.ArgumentError, match="base network cannot predict"):
        base.predict(b"")


def test_detector(context, folder):
    detector = ocellus.open_base_detector("compact", context=context)
    assert detector.detection and detector.tags == ("object",)
    with pytest.raises(ocellus.NotFoundError):
        ocellus.open_base_detector("nothing", context=context)


def test_import_store_train_remove(context, folder, training_folder):
    base = imported(context, name="plain", licence="none")
    assert base.properties["licence"] == "none" and base.properties["input"] == "8x8"
    ocellus.store_base(base)
    with pytest.raises(ocellus.StateError, match="already"):
        ocellus.store_base(base)
    ocellus.store_base(base, replace=True)
    assert [entry.name for entry in ocellus.bases(context=context)] == ["compact", "plain"]
    model = ocellus.train(training_folder, base="plain", context=context, views=1)
    assert model.tags == TAGS and model.properties["base"] == "plain"
    opened = ocellus.open_base("plain", context=context)
    ocellus.check_base(model, opened)
    with pytest.raises(ocellus.DataError, match="was trained on the base 'plain'"):
        ocellus.check_base(model, ocellus.open_base("compact", context=context))
    ocellus.remove_base("plain", context=context)
    with pytest.raises(ocellus.NotFoundError, match="there are: compact"):
        ocellus.train(training_folder, base="plain", context=context)
    with pytest.raises(ocellus.ArgumentError, match="built into"):
        ocellus.remove_base("compact", context=context)


def test_what_cannot_be_imported(context, folder):
    with pytest.raises(ocellus.ArgumentError, match="nowhere"):
        imported(context, features="nowhere")
    with pytest.raises(ocellus.ArgumentError, match="height of 8"):
        imported(context, size=32)
    with pytest.raises(ocellus.UnsupportedError, match=r"'best' \(ArgMax\)"):
        imported(context, "tail", features="label")
    with pytest.raises(ocellus.ArgumentError, match="layout"):
        imported(context, layout="chwn")
    with pytest.raises(ocellus.FormatError):
        ocellus.import_base(Path(__file__), context=context)


def test_features(context, folder, dataset):
    base = imported(context)
    rows = ocellus.base_features(base, dataset)
    assert rows.shape == (len(dataset), 12) and rows.format == "f"
    assert rows.tolist()[0] != rows.tolist()[-1]
    assert ocellus.base_features(base, dataset, progress=lambda progress: None) == rows
    with pytest.raises(ocellus.CancelledError):
        ocellus.base_features(base, dataset, progress=lambda progress: True)


def test_features_need_a_base(model, dataset):
    with pytest.raises(ocellus.ArgumentError, match="no base network"):
        ocellus.base_features(model, dataset)
