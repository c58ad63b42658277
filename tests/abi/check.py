#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the library's binary interface with the one released: check.py LIBRARY BASELINE SUPPRESSIONS [--write]

--write makes the baseline anew, for a release. Ends with 77, which means skipped, if it cannot compare."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
HEADERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "include", "ocellus")
HEADERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "include", "ocellus")
DESCRIBE = ["abidw", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--no-elf-needed", "--exported-interfaces-only",
            "--drop-private-types", "--headers-dir", HEADERS]


def has_debug_information(library):
    sections = subprocess.run(["readelf", "-S", "-W", library], check=True, capture_output=True, text=True).stdout
    return ".debug_info" in sections


def main():
    library, baseline, suppressions = sys.argv[1:4]
    missing = [tool for tool in ("abidw", "abidiff", "readelf") if not shutil.which(tool)]
    if missing:
        print(f"SKIPPED: {', '.join(missing)} not installed; the binary interface was not compared")
        return SKIPPED
    if not has_debug_information(library):
        print("SKIPPED: the library has no debugging information; use -Dbuildtype=debugoptimized or -Ddebug=true")
        return SKIPPED
    machine = os.uname().machine
    if machine != "x86_64":
        print(f"SKIPPED: the baseline is of x86_64, this is {machine}")
        return SKIPPED
    text = subprocess.run(DESCRIBE + [library], check=True, capture_output=True, text=True).stdout
    text = re.sub(r"path='[^']*/(src|include)/", r"path='\1/", text)  # wherever the build lies
    if "--write" in sys.argv:
        with open(baseline, "w", encoding="utf-8") as file:
            file.write(text)
        return 0
    with tempfile.TemporaryDirectory() as folder:  # descriptions are compared: abidiff may crash on one and a library
        present = os.path.join(folder, "present.abi")
        with open(present, "w", encoding="utf-8") as file:
            file.write(text)
        run = subprocess.run(["abidiff", "--no-added-syms", "--suppr", suppressions, baseline, present])
    if run.returncode:
        print(f"abidiff gave {run.returncode}: the change above breaks programs that are built already")
    return 1 if run.returncode else 0


sys.exit(main())
