# SPDX-License-Identifier: MIT
"""Projects."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

import ocellus
from ocellus import Kind, Outcome, Region, RegionKind, TagType, Trouble
from pictures import TAGS, scene_png


@pytest.fixture
def project(tmp_path, context):
    with ocellus.Project.create(tmp_path / "project", name="parts", context=context) as made:
        yield made


def test_create_and_open(tmp_path, context):
    made = ocellus.Project.create(tmp_path / "p", Kind.MULTILABEL, description="d", domain="retail", context=context)
    with pytest.raises(ocellus.StateError, match="already"):
        ocellus.Project.create(tmp_path / "p", context=context)
    made.close()
    with ocellus.Project(tmp_path / "p", context=context) as project:
        assert project.info[1:5] == ("p", Kind.MULTILABEL, "Retail", "d")
        with pytest.raises(ocellus.NotFoundError, match="Products on shelves"):
            project.update(kind=Kind.DETECTION, domain="Food")
        assert project.info.kind == Kind.MULTILABEL
        project.update(kind=Kind.DETECTION, name="größe")
        assert project.info.domain == "General"
        project.update(domain="7ec2ac80-887b-48a6-8df9-8b1357765430")
        assert project.info.domain == "General (compact) [S1]"
        assert ocellus.Domain("General (compact) [S1]", "7ec2ac80-887b-48a6-8df9-8b1357765430", True, "base=compact",
                              "as General (compact)") in ocellus.domains()
        assert project.info.kind == Kind.DETECTION and "größe" in repr(project)
    assert "closed" in repr(project)
    with pytest.raises(ocellus.NotFoundError):
        ocellus.Project(tmp_path / "nowhere", context=context)


def test_tags(project):
    one = project.add_tag("one", colour="#ff0000")
    project.add_tag("none", TagType.NEGATIVE, description="neither")
    with pytest.raises(ocellus.StateError, match="negative"):
        project.add_tag("nothing", TagType.NEGATIVE)
    assert [(tag.name, tag.type, tag.colour) for tag in project.tags] == [
        ("one", TagType.REGULAR, "#ff0000"), ("none", TagType.NEGATIVE, ""),
    ]
    project.update_tag(one, name="first")
    project.add(scene_png("disc", 1), "first")
    project.add(scene_png("disc", 2), "other")
    project.merge_tags("other", "first")
    assert [tag.n_pictures for tag in project.tags] == [2, 0]
    project.delete_tag("first")
    assert project.count(tagged=False) == 2
    with pytest.raises(ocellus.NotFoundError):
        project.delete_tag("first")


def test_annotation_files(project, tmp_path, context):
    project.add(ocellus.Image(scene_png("disc", 1), name="a.png"), "one", extra='{"coco":{"license":3}}')
    project.add(ocellus.Image(scene_png("disc", 2), name="b.png"), "two", metadata={"k": "v"}, split="test")
    stages = []
    made = project.export_to(tmp_path / "out", "csv", progress=lambda now: stages.append(now.stage))
    assert (made.format, made.n_pictures, made.n_labels, made.n_left_out) == ("csv", 2, 2, 1)
    assert made.notes == (ocellus.Note("what is known besides is another format's", 1, True, ()),)
    assert "writing" in stages
    with ocellus.Project.create(tmp_path / "other", context=context) as other:
        assert other.import_from(tmp_path / "out").n_added == 2
        assert other.import_from(tmp_path / "out" / "labels.csv", "csv", pictures=tmp_path / "out").n_duplicates == 2
        assert [(one.name, one.tags, one.metadata, one.split) for one in other.pictures()] == [
            ("a.png", ("one",), {}, ""), ("b.png", ("two",), {"k": "v"}, "test"),
        ]
        with pytest.raises(ocellus.NotFoundError):
            other.import_from(tmp_path / "nowhere")
    with pytest.raises(ocellus.ArgumentError, match="tiff"):
        project.export_to(tmp_path / "x", "tiff")
    with pytest.raises(ocellus.CancelledError):
        project.export_to(tmp_path / "x", "csv", progress=lambda now: True)
    assert not (tmp_path / "x").exists()
    made = ocellus.convert(tmp_path / "out", tmp_path / "again.csv", "csv", context=context)
    assert made.n_labels == 2 and (tmp_path / "again.csv").read_text() == (tmp_path / "out" / "labels.csv").read_text()
    assert {"folder", "csv", "coco", "customvision"} <= {one.name for one in ocellus.annotation_formats()}
    assert project.pictures()[0].extra == '{"coco":{"license":3}}'
    project.add_tag("three", extra="[1]")
    assert project.tags[2].extra == "[1]"


def test_pictures(project):
    data = [scene_png("disc", seed) for seed in range(6)]
    with project.change():
        ids = [
            project.add(ocellus.Image(one, name=f"p{i}"), "even" if i % 2 == 0 else (), metadata={"n": str(i)}, split="train").id
            for i, one in enumerate(data)
        ]
    again = project.add(data[1], "odd", metadata={"it": "again"})
    assert again.duplicate and again.id == ids[1]
    found = project.pictures(order="newest", offset=4)
    assert [picture.name for picture in found] == ["p1", "p0"]
    assert found[0].tags == ("odd",) and found[0].metadata == {"n": "1", "it": "again"} and found[0].split == "train"
    assert (found[0].width, found[0].height) == (48, 48)
    assert Path(found[0].path).read_bytes() == data[1]
    assert project.picture(ids[2][:8]).name == "p2"
    assert project.count(where="n ne '3' and (n eq '3' or n eq '4')") == project.count(name="P4") == 1
    assert project.count(tags=["even", "odd"]) == 4 and project.count(tagged=False) == 2
    with pytest.raises(ocellus.ArgumentError, match="character 3"):
        project.count(where="n is 3")
    with pytest.raises(ocellus.DataError, match="multiclass"):
        project.tag(ids, "odd")
    assert project.count(tags="odd") == 1
    project.tag(ids, "odd", only=True)
    project.untag(ids[0], "odd")
    project.set_metadata(ids, "n", None)
    project.set_split(ids[:2], "")
    assert project.count(tags="odd") == 5 and project.picture(ids[3]).metadata == {}
    assert project.picture(ids[0]).split == "" and project.picture(ids[2]).split == "train"
    assert project.thumbnail(ids[0], 12).size == (12, 12)
    project.replace(ids[0], scene_png("stripes", 1))
    assert Path(project.picture(ids[0]).path).read_bytes() == scene_png("stripes", 1)
    project.delete(ids[:5])
    assert project.count() == 1 and project.verify() == []


def test_a_change_that_fails_is_undone(project):
    with pytest.raises(ZeroDivisionError):
        with project.change():
            project.add(scene_png("disc", 1), "a")
            1 / 0
    assert project.info.n_pictures == project.info.n_tags == 0


def test_verify(project):
    kept = project.picture(project.add(scene_png("disc", 1), "a").id)
    lost = project.picture(project.add(scene_png("disc", 2), "a").id)
    os.remove(lost.path)
    Path(kept.path).with_name("0" * 64 + ".png").write_bytes(b"x")
    assert {(one.trouble, one.picture, one.repaired) for one in project.verify()} == {
        (Trouble.MISSING, lost.id, False), (Trouble.LEFT_OVER, None, False),
    }
    assert {(one.trouble, one.repaired) for one in project.verify(repair=True, forget=True)} == {
        (Trouble.MISSING, True), (Trouble.LEFT_OVER, True),
    }
    assert project.verify() == [] and project.count() == 1


def test_folder_and_training(project, training_folder, tmp_path, context):
    assert project.add_folder(training_folder) == (8 * len(TAGS), 0, 0)
    assert project.add_folder(training_folder) == (0, 8 * len(TAGS), 0)
    with pytest.raises(ocellus.CancelledError):
        project.add_folder(training_folder, progress=lambda now: True)
    dataset = project.dataset()
    assert dataset.tags == TAGS and len(dataset) == 8 * len(TAGS)
    model = ocellus.train(tmp_path / "project", context=context)
    assert model.tags == TAGS


def test_another_process_reads(project, tmp_path):
    project.add(scene_png("disc", 1), "a")
    with project.change():
        project.add(scene_png("disc", 2), "a")
        program = f"import ocellus; print(ocellus.Project({str(tmp_path / 'project')!r}).count())"
        done = subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.PIPE, universal_newlines=True)
        assert done.stdout == "1\n"
    assert project.count() == 2


def test_regions(tmp_path, context):
    with ocellus.Project.create(tmp_path / "p", Kind.DETECTION, context=context) as project:
        picture = project.add(scene_png("disc", 1)).id
        box = Region(picture, "disc", 12, 0, 24, 60)
        with pytest.raises(ocellus.DataError, match="region 0 of 1: its box stands over"):
            project.add_regions([box], pixels=True)
        one, two, three = project.add_regions([box, box._replace(left=90), box._replace(extra='{"a": 1}')], pixels=True, clip=True, skip=True)
        assert (one.outcome, two.outcome, three.outcome) == (Outcome.CLIPPED, Outcome.REFUSED, Outcome.CLIPPED)
        assert one[1:6] == ("disc", 12, 0, 24, 48) and "outside" in two.reason
        shape = project.add_regions([Region(picture, None, extra="[1, 2.0]", kind=RegionKind.OTHER)])[0]
        project.update_regions([Region("", "circle", 0.5, 0.5, 0.25, 0.25, id=one.id)])
        assert [(region.tag, region.left, region.extra) for region in project.regions(picture)] == [
            ("circle", 0.5, ""), ("disc", 0.25, '{"a": 1}'), (None, 0.0, "[1, 2.0]"),
        ]
        assert project.regions(pixels=True)[0].width == 12
        assert project.picture(picture).tags == ("disc", "circle") and project.info.n_regions == 2
        project.delete_regions([one.id, shape.id])
        assert project.picture(picture).tags == ("disc",) and project.verify() == []


def test_iterations(project, training_folder):
    project.add_folder(training_folder)
    with pytest.raises(ocellus.NotFoundError, match="nothing has been trained"):
        project.iteration()
    first = project.train(seed=3, views=1)
    assert first.is_new and first.name == "Iteration 1" and first.settings["seed"] == "3"
    assert first.method == ocellus.Method.CROSS_VALIDATION and first.n_measured == first.n_pictures == 8 * len(TAGS)
    assert project.train(seed=3, views=1)[0] == first.id and not project.train(seed=3, views=1).is_new
    second = project.train(seed=3, views=1, test_share=0.5, name="halved")
    assert second.is_new and second.method == ocellus.Method.TEST_SET and 0 < second.n_measured < first.n_measured
    assert second.version == first.version and "fitting" in second.log
    project.publish("halved", "live")
    assert project.model("live").tags == project.model(first.id).tags == TAGS
    project.set_default("Iteration 1")
    assert project.iteration().id == first.id and project.iteration("live").published == "live"
    project.delete([picture.id for picture in project.pictures(limit=5)])
    assert len(project.iteration_dataset("Iteration 1")) == first.n_pictures
    assert project.train(seed=3, views=1).version != first.version
    with pytest.raises(ocellus.StateError, match="unpublish"):
        project.delete_iteration("live")
    project.publish("live", None)
    project.delete_iteration("halved")
    assert [one.name for one in project.iterations] == ["Iteration 1", "Iteration 3"]
    with pytest.raises(ocellus.CancelledError):
        project.train(seed=4, progress=lambda now: True)
    with pytest.raises(ocellus.NotFoundError, match="no training option"):
        project.train(sede=4)
    assert project.verify() == []


def test_stored_predictions(project, training_folder):
    project.add_folder(training_folder)
    project.train(views=1)
    predictor = ocellus.Predictor(project.model())
    pictures = [scene_png(tag, 500 + k) for k in range(2) for tag in TAGS]
    ids = [
        project.store_prediction(ocellus.Image(data, name=f"p{k}"), predictor.predict(data), application="door" if k < 4 else "")
        for k, data in enumerate(pictures)
    ]
    assert [one.id for one in project.predictions(order="oldest")] == ids
    newest = project.predictions(limit=1)[0]
    assert newest.name == "p5" and newest.iteration == "Iteration 1" and len(newest.answers) == len(TAGS)
    assert Path(newest.path).read_bytes() == pictures[5]
    assert abs(sum(answer.probability for answer in newest.answers) - 1) < 1e-5
    suggested = [one.uncertainty for one in project.predictions(order="suggested", application="door")]
    assert len(suggested) == 4 and suggested == sorted(suggested, reverse=True)
    assert len(project.predictions(tag=TAGS[0], min_probability=0.5)) + len(
        project.predictions(tag=TAGS[0], max_probability=0.4999999)
    ) == 6
    project.promote_predictions(ids[:2], TAGS[0], split="train")
    assert project.info.n_pictures == 8 * len(TAGS) + 2 and project.pictures(order="newest")[0].tags == TAGS[:1]
    project.delete_predictions(ids[2])
    with pytest.raises(ocellus.NotFoundError):
        project.delete_predictions(ids[2])
    project.update(keep_days=ocellus.KEEP_FOREVER)
    assert project.info.keep_days == ocellus.KEEP_FOREVER and project.info.n_iterations == 1
    project.delete_iteration("Iteration 1")
    assert project.predictions() == [] and project.verify() == []


def test_backup(project, training_folder, tmp_path, context):
    project.add_folder(training_folder)
    project.train(views=1)
    project.backup(tmp_path / "all.tar")
    with pytest.raises(ocellus.CancelledError):
        project.backup(tmp_path / "none.tar", progress=lambda now: True)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["all.tar", "project"]
    with tarfile.open(tmp_path / "all.tar") as archive:
        assert len(archive.getnames()) == 8 * len(TAGS) + 2 and archive.getnames()[-1] == "project.db"
    with ocellus.Project.restore(tmp_path / "all.tar", tmp_path / "copy", context=context) as copy:
        assert copy.info == project.info and copy.verify() == []
        assert [one[:8] for one in copy.pictures(limit=100)] == [one[:8] for one in project.pictures(limit=100)]
        assert copy.model().tags == TAGS
        copy.add(scene_png("disc", 999))
    with pytest.raises(ocellus.StateError, match="already"):
        ocellus.Project.restore(tmp_path / "all.tar", tmp_path / "copy", context=context)


def test_versions(project, training_folder):
    project.add_folder(training_folder)
    n = project.info.n_pictures
    project.add_version("spring")
    project.delete(project.pictures(limit=1)[0].id)
    assert len(project.version_dataset("spring")) == n and len(project.dataset()) == n - 1
    assert project.train(views=1, version="spring").n_pictures == n
    assert [one[1:2] + one[3:] for one in project.versions] == [("spring", n, 1)]
    project.delete_version("spring")
    with pytest.raises(ocellus.NotFoundError):
        project.version_dataset("spring")
