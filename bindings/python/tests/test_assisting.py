# SPDX-License-Identifier: MIT
"""What helps with a project's pictures."""

import pytest

import ocellus
from pictures import TAGS, scene_png


@pytest.fixture
def project(tmp_path, context):
    with ocellus.Project.create(tmp_path / "project", name="parts", context=context) as made:
        with made.change():
            for seed in range(10):
                tag = TAGS[seed % 2]
                made.add(ocellus.Image(scene_png(tag, seed), name=f"{tag} {seed}"), tag if seed < 6 else ())
        yield made


def test_similar(project, tmp_path):
    first = project.pictures(limit=1)[0]
    found = project.similar(first.id, limit=4)
    assert len(found) == 4 and first.id not in [match.picture for match in found]
    assert all(one.score >= other.score for one, other in zip(found, found[1:])) and found[0].score <= 1
    assert found[0].name.split()[0] == first.tags[0]
    same = project.similar(image=scene_png(TAGS[0], 0), limit=1)[0]
    assert same.picture == first.id and same.score > 0.9999 and same.path == first.path
    assert len(project.similar(first.id, tagged=False, limit=100)) == 4
    assert {match.name.split()[0] for match in project.similar(first.id, tags=TAGS[1])} == {TAGS[1]}
    with pytest.raises(ocellus.ArgumentError):
        project.similar()
    with pytest.raises(ocellus.ArgumentError):
        project.similar(first.id, image=scene_png(TAGS[0], 0))
    with pytest.raises(ocellus.NotFoundError):
        project.similar("000000")
    with pytest.raises(ocellus.CancelledError):
        project.similar(first.id, progress=lambda told: True)


def test_check(project):
    findings = project.check()
    kinds = [finding.kind for finding in findings]
    assert ocellus.FindingKind.TOO_FEW in kinds and all(one.severity >= other.severity for one, other in zip(findings, findings[1:]))
    untagged = findings[kinds.index(ocellus.FindingKind.NO_TAGS)]
    assert untagged.severity is ocellus.Severity.HINT and "4 of 10" in untagged.message and untagged.advice
    assert [place.name for place in untagged.places] == [f"{TAGS[seed % 2]} {seed}" for seed in range(6, 10)]
    assert untagged.places[0].box is None and untagged.places[0].tag is None
    few = project.check(quick=True)[0]
    assert few.kind is ocellus.FindingKind.TOO_FEW and few.tag in TAGS and len(few.places) == 3
    with pytest.raises(ocellus.NotFoundError):
        project.check(base="nothing")
    with pytest.raises(ocellus.CancelledError):
        project.check(progress=lambda told: True)


def test_check_of_boxes(tmp_path, context):
    with ocellus.Project.create(tmp_path / "boxed", kind=ocellus.Kind.DETECTION, context=context) as made:
        picture = made.add(ocellus.Image(scene_png(TAGS[0], 0), name="one")).id
        made.add_regions([ocellus.Region(picture, TAGS[0], 0.25, 0.125, 0.5, 0.0078125)])
        (box,) = [finding for finding in made.check(quick=True) if finding.kind is ocellus.FindingKind.SMALL_BOX]
        assert box.places[0].box == (0.25, 0.125, 0.5, 0.0078125) and box.places[0].tag == TAGS[0]
        assert box.places[0].region == made.regions()[0].id


def test_suggest(project):
    groups = project.suggest()
    assert len(groups) == 4 and all(one.group == 1 and not one.tags for one in groups)
    with pytest.raises(ocellus.StateError):
        project.suggest(ocellus.SuggestOrder.USEFUL)
    project.train(views=1, folds=2, size=160)
    found = project.suggest()
    assert len(found) == 4 and found[-1] == list(found)[3]
    with pytest.raises(IndexError):
        found[4]
    assert [one.uncertainty for one in found] == sorted(one.uncertainty for one in found)
    for one in found:
        assert one.group == 0 and one.tags[0].tag == one.name.split()[0] and one.tags[0].box == (0, 0, 1, 1)
    useful = project.suggest(ocellus.SuggestOrder.USEFUL, limit=2)
    assert len(useful) == 2 and useful[0].picture == found[-1].picture
    assert project.accept(found, [0], min_probability=1.01 - 0.01) in (0, 1)
    assert project.accept(found, []) == 0 and project.accept(found, [1, 2]) == 2
    assert {project.picture(found[1].picture).tags[0], found[1].name.split()[0]} == {found[1].name.split()[0]}
    assert project.accept(found) in (1, 2) and project.count(tagged=False) == 0
    with pytest.raises(ocellus.NotFoundError):
        project.accept(found, [4])
    assert len(project.suggest()) == 0
