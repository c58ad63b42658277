# SPDX-License-Identifier: MIT
"""Finding the library, its version, and the exceptions."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import ocellus
from ocellus import _library, _native, errors

PACKAGE = Path(__file__).parents[1]


def test_library_has_every_function():
    library = _library.load()
    assert library.oc_version() >> 16 == _native.OC_VERSION_MAJOR
    assert ocellus.library_version() == _library._version_text(library.oc_version())


@pytest.mark.parametrize("version", [0x000100, 0x000105, 0x000200])
def test_fitting_versions(version):
    _library._check_version(version, "libocellus.so")


@pytest.mark.parametrize("version, text", [(0x000000, "0.0.0"), (0x000009, "0.0.9"), (0x010100, "1.1.0")])
def test_unfitting_versions(version, text):
    with pytest.raises(ocellus.LibraryError, match=f"version {text}, but this package needs version 0.1"):
        _library._check_version(version, "libocellus.so")


def _run(code, **environment):
    variables = {**os.environ, "PYTHONPATH": str(PACKAGE), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    return subprocess.run([sys.executable, "-c", code], env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          universal_newlines=True, timeout=60)


def test_import_needs_no_library():
    assert _run("import ocellus", OCELLUS_LIBRARY="/nowhere/libocellus.so").returncode == 0


def test_library_not_found():
    outcome = _run("import ocellus; ocellus.Context()", OCELLUS_LIBRARY="/nowhere/libocellus.so")
    assert outcome.returncode == 1
    assert "LibraryError: the Ocellus library was not found" in outcome.stdout
    assert "/nowhere/libocellus.so" in outcome.stdout


def test_another_library():
    other = next(path for path in ("libc.so.6", "libSystem.dylib", "msvcrt.dll") if sys.platform.startswith(
        {"libc.so.6": "linux", "libSystem.dylib": "darwin", "msvcrt.dll": "win"}[path]))
    outcome = _run("import ocellus; ocellus.Context()", OCELLUS_LIBRARY=other)
    assert "not the Ocellus library" in outcome.stdout


def test_exceptions_are_the_natural_ones_too():
    for ours, builtin in {
        ocellus.ArgumentError: ValueError, ocellus.MemoryLimitError: MemoryError, ocellus.IoError: OSError,
        ocellus.NotFoundError: LookupError, ocellus.StateError: RuntimeError, ocellus.LibraryError: ImportError,
    }.items():
        assert issubclass(ours, builtin)


@pytest.mark.parametrize("code", errors._BY_CODE)
def test_exception_carries_code_and_message(code):
    error = errors.from_status(code, "model.ocm: damaged")
    assert (error.code, error.message, str(error)) == (code, "model.ocm: damaged", "model.ocm: damaged")
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.code, copy.message) == (type(error), code, "model.ocm: damaged")
    name = _library.lib.oc_status_name(code).decode()
    assert getattr(_native, name) == code


def test_unknown_code():
    error = errors.from_status(-999, "something new")
    assert type(error) is ocellus.Error and error.code == -999
