#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that every #include "..." goes down the stairs: edges.py SOURCE_ROOT"""
import os
import re
import sys

FLOORS = ["core", "kernels", "tensor", "nn", "image", "model"]
MIDDLE = ["format", "dataset", "exchange", "train", "infer", "report", "store"]  # one floor: they do not see each other
TOP = ["workflow", "api"]

ALLOWED = {room: set(FLOORS[:i]) for i, room in enumerate(FLOORS)}
ALLOWED["image"] -= {"nn"}
ALLOWED.update({room: set(FLOORS) for room in MIDDLE})
ALLOWED["workflow"] = set(FLOORS + MIDDLE)
ALLOWED["api"] = set(FLOORS + MIDDLE + ["workflow"])
PROGRAMS = {"cli", "server"}  # these see the public header alone, and nobody sees them
ALLOWED.update({room: set() for room in PROGRAMS})

GENERATED = {"onnx_message.pb-c.h": "format"}

# Headers of the language and of libraries; anything else in <...> is a fault, and so are these in the wrong room.
LIBRARIES = {"jpeglib.h": "image", "jerror.h": "image", "png.h": "image", "zlib.h": "core", "sqlite3.h": "store",
             "jansson.h": "exchange", "expat.h": "exchange", "curl/curl.h": "exchange"}


def main(root):
    src = os.path.join(root, "src")
    rooms = sorted(d for d in os.listdir(src) if os.path.isdir(os.path.join(src, d)))
    where, faults, n = {}, [], 0
    for room in rooms:
        if room not in ALLOWED:
            faults.append(f"src/{room}: not a room of docs/architecture.md")
        for folder, _, files in os.walk(os.path.join(src, room)):
            for name in files:
                if name.endswith(".h") and room not in PROGRAMS:
                    if where.get(name, room) != room:
                        faults.append(f"{name}: a header of that name is in src/{where[name]} and src/{room}")
                    where.setdefault(name, room)
    for room in rooms:
        own = {f for _, _, files in os.walk(os.path.join(src, room)) for f in files}
        for folder, _, files in os.walk(os.path.join(src, room)):
            for name in files:
                if not name.endswith((".c", ".h")):
                    continue
                path = os.path.relpath(os.path.join(folder, name), root)
                with open(os.path.join(root, path), encoding="utf-8") as f:
                    text = f.read()
                for include in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.M):
                    n += 1
                    header = os.path.basename(include)
                    target = room if header in own else where.get(header, GENERATED.get(header))
                    if target is None:
                        faults.append(f'{path}: "{include}" is in no room')
                    elif target != room and target not in ALLOWED.get(room, ()):
                        faults.append(f'{path}: "{include}" is in src/{target}, which src/{room} must not see')
                for include in re.findall(r"^\s*#\s*include\s+<([^>]+)>", text, re.M):
                    n += 1
                    if include in LIBRARIES and LIBRARIES[include] != room:
                        faults.append(f"{path}: <{include}> belongs in src/{LIBRARIES[include]}")
    for fault in faults:
        print(fault)
    print(f"{n} includes, {len(faults)} faults")
    return 1 if faults or n < 100 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
