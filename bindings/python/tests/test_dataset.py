# SPDX-License-Identifier: MIT
"""Data sets."""

import threading

import pytest

import ocellus
from pictures import TAGS, scene_png


def test_empty(context):
    dataset = ocellus.Dataset(context=context)
    assert len(dataset) == 0 and dataset.tags == () and dataset.notes == () and list(dataset) == []
    with pytest.raises(IndexError):
        dataset[0]


def test_add(context):
    dataset = ocellus.Dataset(context=context)
    dataset.add(scene_png("disc", 1), "disc", "train")
    dataset.add(ocellus.Image(scene_png("disc", 2), name="second"), "größe")
    assert dataset.tags == ("disc", "größe")
    assert len(dataset) == 2
    assert dataset[0][1:] == ("disc", "train", ("disc",))
    assert dataset[1] == dataset[-1] == ocellus.Sample("second", "größe", "", ("größe",))
    assert [sample.tag for sample in dataset] == ["disc", "größe"]


def test_bad_tags(context):
    dataset = ocellus.Dataset(context=context)
    for tag in ("", "a\nb", "a\0b", "x" * 257, "\udcff"):
        with pytest.raises(ocellus.ArgumentError):
            dataset.add(b"x", tag)
    with pytest.raises(TypeError):
        dataset.add(b"x", 7)
    assert len(dataset) == 0


def test_pixels_are_copied(context):
    dataset = ocellus.Dataset(context=context)
    data = bytearray(scene_png("disc", 1))
    dataset.add(data, "disc")
    data.clear()
    assert len(dataset) == 1


def test_folder(dataset, training_folder):
    assert dataset.tags == TAGS
    assert len(dataset) == 8 * len(TAGS)
    assert dataset[0].name.endswith("000.png") and dataset[0].tag == TAGS[0]


def test_folder_notes(training_folder, tmp_path, context):
    folder = tmp_path / "pictures"
    for tag in ("a", "b"):
        (folder / tag).mkdir(parents=True)
        (folder / tag / "1.png").write_bytes(scene_png("disc", 1))
    (folder / "a" / "readme.txt").write_text("not a picture")
    dataset = ocellus.Dataset.from_folder(folder, context=context)
    assert len(dataset) == 2
    assert len(dataset.notes) == 1 and "readme.txt" in dataset.notes[0]


def test_no_folder(tmp_path, context):
    with pytest.raises(ocellus.NotFoundError, match="nowhere"):
        ocellus.Dataset.from_folder(tmp_path / "nowhere", context=context)
    with pytest.raises(ocellus.DataError):
        ocellus.Dataset.from_folder(tmp_path, context=context)


def test_csv_and_splits(tmp_path, context):
    (tmp_path / "list.csv").write_text("tag,split,path\na,train,1.png\nb,test,2.png\na,test,3.png\n")
    dataset = ocellus.Dataset.from_csv(tmp_path / "list.csv", context=context)
    assert [(sample.tag, sample.split) for sample in dataset] == [("a", "train"), ("b", "test"), ("a", "test")]
    chosen = dataset.select_split("test")
    assert [sample.tag for sample in chosen] == ["b", "a"]
    assert chosen.tags == dataset.tags
    with pytest.raises(ocellus.NotFoundError):
        dataset.select_split("validation")


def test_bad_csv(tmp_path, context):
    path = tmp_path / "list.csv"
    path.write_text("name,label\n1,2\n")
    with pytest.raises(ocellus.FormatError):
        ocellus.Dataset.from_csv(path, context=context)
    with pytest.raises(ocellus.NotFoundError):
        ocellus.Dataset.from_csv(tmp_path / "none.csv", context=context)


def test_threads_take_turns(context):
    dataset = ocellus.Dataset(context=context)
    data = scene_png("disc", 1)

    def add(tag):
        for _ in range(100):
            dataset.add(data, tag)
            len(dataset)

    threads = [threading.Thread(target=add, args=(f"tag {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(dataset) == 400 and len(dataset.tags) == 4
