# SPDX-License-Identifier: MIT
"""Taking over what a cloud service's project holds, from a server that answers as it does."""

import json
import sys
from pathlib import Path

import pytest

import ocellus
from pictures import TAGS, scene_png

sys.path.insert(0, str(Path(__file__).parents[3] / "tests" / "cli"))

from service import KEY, Service


@pytest.fixture
def server():
    pictures = [(scene_png(TAGS[i % 2], i), [TAGS[i % 2]], {"line": str(i)}) for i in range(5)]
    made = Service("Classification", [(tag, "Regular") for tag in TAGS[:2]], pictures)
    yield made
    made.close()


def available(call):
    try:
        return call()
    except ocellus.UnsupportedError:
        pytest.skip("the library was built without the service's interface")


def test_pull(server, tmp_path, context):
    with ocellus.Project.create(tmp_path / "project", context=context) as project:
        pulled = available(lambda: project.pull(server.endpoint, KEY, server.project))
        assert (pulled.n_pictures, pulled.n_added, pulled.n_tags, pulled.n_left_out) == (5, 5, 2, 0)
        assert [one.name for one in project.pictures()] == list(server.pictures)
        assert project.pictures(where="line eq '3'")[0].tags == (TAGS[1],) or project.pictures(where="line eq '3'")[0].tags == [TAGS[1]]
        assert project.pull(server.endpoint, KEY, server.project).n_duplicates == 5
        with pytest.raises(ocellus.IoError, match="401"):
            project.pull(server.endpoint, "wrong", server.project)
        with pytest.raises(ocellus.ArgumentError):
            project.pull(server.endpoint, KEY, "nonsense")


def test_archive(server, tmp_path, context):
    iteration = "11111111-2222-3333-4444-555555555555"
    server.iterations = [{"id": iteration, "status": "Completed"}]
    server.exports[iteration] = [
        {"platform": "ONNX", "flavor": "", "status": "Done", "downloadUri": server.endpoint + "/blobs/model-1"}
    ]
    server.predictions = [[{"tagName": TAGS[0], "probability": 0.5}]]
    folder = tmp_path / "old"
    made = available(lambda: ocellus.archive_service(server.endpoint, KEY, server.project, folder, context=context))
    assert made == (1, 1, 5, 1, 0) and made.n_answers == 5
    assert json.loads((folder / "iterations.json").read_text())[0]["id"] == iteration
    assert (folder / "iterations" / iteration / "ONNX.zip").read_bytes().startswith(b"model ")
    with pytest.raises(ocellus.IoError, match="401"):
        ocellus.archive_service(server.endpoint, "wrong", server.project, folder, context=context)
    with pytest.raises(ocellus.CancelledError):
        ocellus.archive_service(server.endpoint, KEY, server.project, folder, context=context, progress=lambda told: True)
