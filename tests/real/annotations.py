#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Real annotations into projects, out in every format and in again: annotations.py COMMAND

Ends with 77, which means skipped, where OCELLUS_TEST_DATA does not say where the data are."""
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
BOXED = ["csv", "coco", "coco-normalised", "createml", "customvision", "cvat", "labelstudio", "voc", "yolo"]


def run(command, *arguments, allowed=(0,)):
    result = subprocess.run([command, *arguments, "--json"], capture_output=True, text=True, check=False)
    if result.returncode not in allowed:
        sys.exit(f"{' '.join(arguments)}: {result.returncode}: {result.stderr}")
    return json.loads(result.stdout or "{}")


def create(command, path, kind):
    subprocess.run([command, "project", "create", path, "--kind", kind, "-q"], check=True)


def contents(command, path):
    """The pictures by their files' hashes, with their tags and boxes."""
    listed = run(command, "project", "list", path, "-n", "10000")["pictures"]
    names = {one["id"]: one["sha256"] for one in listed}
    boxes = run(command, "project", "regions", path)["regions"]
    found = {one["sha256"]: [sorted(one["tags"]), []] for one in listed}
    for one in boxes:
        found[names[one["picture"]]][1].append((one["tag"], one["left"], one["top"], one["width"], one["height"]))
    return found


def same(before, after):
    """In the same order, and to nine digits: through pixels and back numbers may lose the last."""
    if before.keys() != after.keys():
        return False
    for key, (tags, boxes) in before.items():
        if tags != after[key][0] or len(boxes) != len(after[key][1]):
            return False
        for one, other in zip(boxes, after[key][1]):
            if one[0] != other[0] or any(abs(a - b) > 1e-9 for a, b in zip(one[1:], other[1:])):
                return False
    return True


def check(command, folder, name, source, kind, formats, expected):
    first = os.path.join(folder, name)
    create(command, first, kind)
    made = run(command, "project", "import", first, source, allowed=(0, 3))
    for key, value in expected.items():
        if made[key] != value:
            sys.exit(f"{name}: {key} is {made[key]}, expected {value}; {made['notes']}")
    whole = contents(command, first)
    for form in formats:
        out, again = os.path.join(folder, "out"), os.path.join(folder, "again")
        run(command, "project", "export", first, out, "--format", form, allowed=(0, 3))
        create(command, again, kind)
        run(command, "project", "import", again, out, *(["--format", form] if "-" in form else []))
        if not same(whole, contents(command, again)):
            sys.exit(f"{name}: not the same after {form}")
        shutil.rmtree(out)
        shutil.rmtree(again)
    print(f"{name}: {made['added']} pictures, {made['boxes']} boxes, {made['labels']} labels: the same after {', '.join(formats)}")


def main():
    command, data = sys.argv[1], os.environ.get("OCELLUS_TEST_DATA")
    if not data:
        print("SKIPPED: OCELLUS_TEST_DATA is not set, so no real annotations were read")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="ocellus-annotations-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        lab = os.path.join(data, "customvision-lab")
        with open(os.path.join(lab, "detection", "tagged-images.json"), encoding="utf-8") as file:
            files = json.load(file)["files"]
        boxes = sum(len(one["tags"]) for one in files)
        expected = {"format": "customvision", "added": len(files), "boxes": boxes, "left_out": 0}
        check(command, folder, "lab", os.path.join(lab, "detection"), "detection", BOXED, expected)
        expected = {"format": "folder", "added": 51, "labels": 51, "tags": 3}
        check(command, folder, "lab-classes", os.path.join(lab, "classification"), "multiclass", ["folder", "csv", "cvat", "coco"], expected)
        for name in ("raccoon", "bccd"):
            source = os.path.join(data, "detection", name)
            with open(os.path.join(source, "labels.csv"), encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            expected = {"format": "csv", "boxes": len(rows), "missing": 0}
            check(command, folder, name, source, "detection", ["voc", "yolo", "coco"] if name == "bccd" else BOXED, expected)
    return 0


if __name__ == "__main__":
    sys.exit(main())
