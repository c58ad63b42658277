# SPDX-License-Identifier: MIT
"""The bindings' declarations against the header: they cannot drift apart."""

import ctypes
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import ocellus
from ocellus import _native

INCLUDE = Path(__file__).resolve().parents[3] / "include"


def _header():
    source = "".join((INCLUDE / "ocellus" / name).read_text(encoding="utf-8") for name in ("version.h", "ocellus.h"))
    return re.sub(r"/\*.*?\*/", " ", source, flags=re.S)


HEADER = _header()

OPAQUE = set(re.findall(r"typedef struct (\w+) \1;", HEADER))
STRUCTS = dict(re.findall(r"typedef struct (?:\w+) \{(.*?)\} (\w+);", HEADER, flags=re.S))
STRUCTS = {name: body for body, name in STRUCTS.items()}
FUNCTIONS = {
    match[2]: (match[1].strip(), match[3]) for match in re.finditer(r"\bOC_API\s+([\w\s*]+?)\b(oc_\w+)\(([^)]*)\);", HEADER)
}
CONSTANTS = {name: int(value) for name, value in re.findall(r"#define (OC_\w+) \(?(-?\d+)\)?\s", HEADER)}
CALLBACKS = set(re.findall(r"\(\*(oc_\w+_fn)\)", HEADER))

SCALARS = {
    "int": ctypes.c_int, "int32_t": ctypes.c_int32, "uint32_t": ctypes.c_uint32, "uint64_t": ctypes.c_uint64,
    "size_t": ctypes.c_size_t, "ptrdiff_t": ctypes.c_ssize_t, "float": ctypes.c_float, "double": ctypes.c_double,
    "oc_status": ctypes.c_int32,
}


def _ctype(declaration, user=ctypes.c_void_p):
    """The ctypes type for a C type. `user` is that of a parameter `void *user`, which may be a Python object."""
    words = re.sub(r"\bconst\b", "", declaration).replace("*", " * ").split()
    base, stars = words[0], words.count("*")
    assert len(words) == 1 + stars, declaration
    if base in SCALARS and stars == 0:
        return SCALARS[base]
    if base in SCALARS:
        kind = SCALARS[base]
    elif base in CALLBACKS and stars == 0:
        return getattr(_native, base)
    elif base == "char" and stars:
        kind = ctypes.c_char_p
        stars -= 1
    elif base == "void":
        if stars == 0:
            return None
        return user if "const" not in declaration else ctypes.c_void_p
    elif base in OPAQUE and base not in STRUCTS:
        kind = ctypes.c_void_p
        stars -= 1
    else:
        kind = getattr(_native, base)
    for _ in range(stars):
        kind = ctypes.POINTER(kind)
    return kind


def _parameters(text, user=ctypes.c_void_p):
    """The types of a parameter list."""
    if text.strip() == "void":
        return []
    return [_ctype(re.match(r"(.*?)\w+$", one.strip(), flags=re.S)[1], user) for one in text.split(",")]


def test_the_header_was_understood():
    """The patterns above would pass any test if they matched nothing."""
    assert HEADER.count("OC_API ") - HEADER.count("define OC_API ") == len(FUNCTIONS) > 50
    assert len(STRUCTS) == HEADER.count("struct_size;") == 53
    assert CALLBACKS == {"oc_log_fn", "oc_progress_fn", "oc_write_fn"}
    assert "OC_E_INTERNAL" in CONSTANTS and "OC_VERSION_MAJOR" in CONSTANTS


def test_functions_are_the_headers():
    assert set(_native.FUNCTIONS) == set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name):
    result, parameters = FUNCTIONS[name]
    bound_result, bound_parameters = _native.FUNCTIONS[name]
    assert bound_result == _ctype(result)
    assert list(bound_parameters) == _parameters(parameters, ctypes.py_object)


@pytest.mark.parametrize("name", sorted(CALLBACKS))
def test_callback(name):
    result, parameters = re.search(rf"typedef (\w+) \(\*{name}\)\((.*?)\);", HEADER, flags=re.S).groups()
    bound = getattr(_native, name)
    user = ctypes.c_void_p if name == "oc_log_fn" else ctypes.py_object
    assert bound._restype_ == _ctype(result)
    assert list(bound._argtypes_) == _parameters(parameters, user)


def test_constants_are_the_headers():
    bound = {name: value for name, value in vars(_native).items() if name.startswith("OC_") and isinstance(value, int)}
    assert bound == CONSTANTS


def test_every_error_code_has_its_exception():
    codes = {value for name, value in CONSTANTS.items() if name.startswith("OC_E_")}
    assert set(ocellus.errors._BY_CODE) == codes


def test_structs_are_the_headers():
    bound = {name for name, value in vars(_native).items() if name.startswith("oc_") and hasattr(value, "_fields_")}
    assert bound == set(STRUCTS)


@pytest.mark.parametrize("name", STRUCTS)
def test_struct_fields(name):
    fields = []
    for one in filter(None, (part.strip() for part in STRUCTS[name].split(";"))):
        pointer_to_function = re.match(r"(.*)\(\*(\w+)\)\((.*)\)$", one, flags=re.S)
        array = re.match(r"char (\w+)\[(\d+)\]$", one)
        if pointer_to_function:
            result, field, parameters = pointer_to_function.groups()
            fields.append((field, ctypes.CFUNCTYPE(_ctype(result), *_parameters(parameters))))
        elif array:
            fields.append((array[1], ctypes.c_char * int(array[2])))
        else:
            kind, field = re.match(r"(.*?)(\w+)$", one, flags=re.S).groups()
            fields.append((field, _ctype(kind)))
    assert list(getattr(_native, name)._fields_) == fields


def test_struct_layout_is_the_compilers(tmp_path):
    compiler = shutil.which(os.environ.get("CC", "cc").split()[0])
    if not compiler:
        pytest.skip("no C compiler: the structs' sizes and offsets are not compared")
    lines, expected = [], []
    for name in STRUCTS:
        struct = getattr(_native, name)
        lines.append(f'printf("{name} %zu\\n", sizeof({name}));')
        expected.append(f"{name} {ctypes.sizeof(struct)}")
        for field, _ in struct._fields_:
            lines.append(
                f'printf("{name}.{field} %zu %zu\\n", offsetof({name}, {field}), sizeof((({name} *)0)->{field}));'
            )
            place = getattr(struct, field)
            expected.append(f"{name}.{field} {place.offset} {place.size}")
    source = tmp_path / "layout.c"
    source.write_text(
        "#include <stdio.h>\n#include <ocellus/ocellus.h>\nint main(void)\n{\n" + "\n".join(lines) + "\nreturn 0;\n}\n"
    )
    program = tmp_path / "layout"
    subprocess.run([compiler, "-I", str(INCLUDE), "-o", str(program), str(source)], check=True)
    output = subprocess.run([str(program)], check=True, stdout=subprocess.PIPE, universal_newlines=True).stdout
    assert output.splitlines() == expected


def test_version_is_the_headers():
    version = ".".join(str(CONSTANTS[f"OC_VERSION_{part}"]) for part in ("MAJOR", "MINOR", "PATCH"))
    assert ocellus.__version__ == version
    project = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{version}"\n' in project
