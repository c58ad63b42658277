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
