#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Installs the build into an empty place and uses it as a stranger would: check.py MESON BUILD_DIR PREFIX CONSUMER

Compiles CONSUMER as C and as C++ with each compiler there is, shared and static, by nothing but what pkg-config says."""
import os
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
LANGUAGES = {
    "gcc": ["-x", "c", "-std=c99"],
    "clang": ["-x", "c", "-std=c11"],
    "clang-14": ["-x", "c", "-std=c11"],
    "g++": ["-x", "c++", "-std=c++11"],
    "clang++": ["-x", "c++", "-std=c++17"],
}


def run(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: ended with {done.returncode}\n{done.stdout}")
    return done.stdout


def pkg_config(root, *arguments):
    """The installed ocellus.pc speaks of the prefix, which lies under the staging root here."""
    folders = [folder for folder, _, files in os.walk(root) if "ocellus.pc" in files]
    if len(folders) != 1:
        sys.exit(f"ocellus.pc is installed in {len(folders)} places")
    search = os.pathsep.join(folders + [run(["pkg-config", "--variable", "pc_path", "pkg-config"]).strip()])
    prefix = os.path.join(root, PREFIX.lstrip("/"))
    environment = dict(os.environ, PKG_CONFIG_LIBDIR=search)
    return run(["pkg-config", f"--define-variable=prefix={prefix}", *arguments, "ocellus"], env=environment).split()


def build_and_run(root, compiler, static):
    flags = pkg_config(root, "--cflags")
    libraries = pkg_config(root, "--libs", *(["--static"] if static else []))
    library_folder = next(flag[2:] for flag in libraries if flag.startswith("-L"))
    if static:  # the archive itself; what it needs stays shared
        libraries = ["-l:libocellus.a" if flag == "-locellus" else flag for flag in libraries]
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "consumer")
        warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
        run([compiler, *LANGUAGES[compiler], *warnings, *flags, CONSUMER, "-x", "none", *libraries, "-o", program])
        environment = dict(os.environ)
        if static:
            environment.pop("LD_LIBRARY_PATH", None)
        else:
            environment["LD_LIBRARY_PATH"] = library_folder
        said = run([program, os.path.join(folder, "model.ocm")], env=environment).strip()
    print(f"{compiler}, {'static' if static else 'shared'}: {said}")


MESON, BUILD, PREFIX, CONSUMER = sys.argv[1:]
compilers = [name for name in LANGUAGES if shutil.which(name)]
if not shutil.which("pkg-config") or not compilers:
    print("SKIPPED: pkg-config or a compiler is not installed")
    sys.exit(SKIPPED)
with tempfile.TemporaryDirectory() as staging:
    run([MESON, "install", "-C", BUILD, "--no-rebuild", "--destdir", staging])
    installed = {name for _, _, files in os.walk(staging) for name in files}
    for name in ("ocellus.h", "version.h", "ocellus.pc", "standard.ocm", "standard.ocm.sha256", "NOTICE"):
        if name not in installed:
            sys.exit(f"{name} is not installed")
    if run(["pkg-config", "--version"]) and not pkg_config(staging, "--modversion"):
        sys.exit("ocellus.pc has no version")
    command = next((os.path.join(folder, "ocellus") for folder, _, files in os.walk(staging) if "ocellus" in files), None)
    if command:
        bases = next(folder for folder, _, files in os.walk(staging) if "standard.ocm" in files)
        libraries = [folder for folder, _, files in os.walk(staging) if "libocellus.so" in files]
        environment = dict(os.environ, OCELLUS_INSTALLED_BASE_PATH=bases, LD_LIBRARY_PATH=os.pathsep.join(libraries))
        print(run([command, "base", "verify", "compact", "standard"], env=environment).strip())
    kinds = [static for static, name in ((False, "libocellus.so"), (True, "libocellus.a")) if name in installed]
    if not kinds:
        sys.exit("no library is installed")
    for compiler_name in compilers:
        for is_static in kinds:
            build_and_run(staging, compiler_name, is_static)
