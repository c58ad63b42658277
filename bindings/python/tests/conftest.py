# SPDX-License-Identifier: MIT
"""What the tests share. They need the library: OCELLUS_LIBRARY says where it is, if it is not installed."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import ocellus
import pictures


@pytest.fixture(scope="session")
def context():
    return ocellus.Context(2)


@pytest.fixture(scope="session")
def training_folder(tmp_path_factory):
    return pictures.write_folder(tmp_path_factory.mktemp("train"), range(8))


@pytest.fixture(scope="session")
def test_folder(tmp_path_factory):
    return pictures.write_folder(tmp_path_factory.mktemp("test"), range(100, 104))


@pytest.fixture
def dataset(training_folder, context):
    return ocellus.Dataset.from_folder(training_folder, context=context)


@pytest.fixture(scope="session")
def model(training_folder, context):
    return ocellus.train(training_folder, context=context)
