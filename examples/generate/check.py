# SPDX-License-Identifier: MIT
"""Runs generate-pictures and checks what it promises: the same bytes twice, the counts, boxes inside the picture, a complete
manifest, and refusals. usage: check.py PROGRAM"""

import csv
import subprocess
import sys
import tempfile
from pathlib import Path

program = str(Path(sys.argv[1]).resolve())


def run(*arguments, status=0):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == status, f"{arguments}: status {done.returncode}, wanted {status}: {done.stderr}"
    assert status == 0 or done.stderr.startswith("generate-pictures: "), f"{arguments}: {done.stderr!r}"
    return done


def content(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def twice(base, name, *arguments):
    run(base / name, *arguments)
    run(base / f"{name}-again", *arguments, "--quiet")
    first, second = content(base / name), content(base / f"{name}-again")
    assert first == second, f"{name}: two runs differ"
    return base / name, first


def check_tags(base):
    arguments = ("--classes", "washer,spring,bracket", "--per-class", 4, "--size=48x40", "--split", "train=0.5")
    folder, files = twice(base, "tags", *arguments)
    labels = rows(folder / "labels.csv")
    assert len(labels) == 12 and len(files) == 13, f"{len(labels)} labels, {len(files)} files"
    for row in labels:
        assert row["path"].startswith(f"{row['split']}/{row['tag']}/"), row
        data = files[row["path"]]
        assert data[:2] == b"\xff\xd8" and data[-2:] == b"\xff\xd9", row
    for tag in ("washer", "spring", "bracket"):
        for split in ("train", "test"):
            assert sum(row["tag"] == tag and row["split"] == split for row in labels) == 2, (tag, split)
    assert len(set(files.values())) == len(files), "two pictures are the same"
    run(base / "other", *arguments, "--seed", 2)
    other = content(base / "other")
    assert all(other[row["path"]] != files[row["path"]] for row in labels), "another seed gives the same picture"
    run(folder, *arguments, status=1)
    run(folder, *arguments, "--overwrite")
    assert content(folder) == files


def check_damage(base):
    folder, _ = twice(base, "damage", "--kind", "damage", "--per-class", "3", "--size", "40x40")
    tags = [row["tag"] for row in rows(folder / "labels.csv")]
    assert sorted(tags) == ["damaged"] * 3 + ["good"] * 3, tags


def check_detection(base):
    folder, files = twice(base, "detection", "--detection", "--count", "6", "--size", "96x64")
    labels = rows(folder / "labels.csv")
    assert len(files) == 7 and len(labels) >= 6, f"{len(files)} files, {len(labels)} boxes"
    for row in labels:
        left, top, width, height = (float(row[key]) for key in ("left", "top", "width", "height"))
        assert left >= 0 and top >= 0 and width > 0 and height > 0, row
        assert left + width <= 1.00001 and top + height <= 1.00001, row
        assert row["path"] in files and row["tag"] in ("washer", "nut", "gear", "screw"), row


def check_formats(base):
    folder, files = twice(base, "formats", "--formats", "--size", "37x29")
    manifest = rows(folder / "manifest.csv")
    starts = {".jpg": b"\xff\xd8\xff", ".png": b"\x89PNG\r\n\x1a\n", ".bmp": b"BM", ".gif": b"GIF89a"}
    for row in manifest:
        name = row["file"]
        assert files[name].startswith(starts[Path(name).suffix]), name
        reference = files[row["reference"]]
        assert reference.startswith(b"P6\n37 29\n255\n") and len(reference) == 13 + 37 * 29 * 3, row
    listed = {row["file"] for row in manifest} | {row["reference"] for row in manifest} | {"manifest.csv"}
    assert listed == set(files), listed ^ set(files)
    for order in ("ii", "mm"):
        found = sorted(int(row["orientation"]) for row in manifest if row["file"].startswith(f"exif-{order}"))
        assert found == list(range(10)), found


def check_refusals(base):
    wrong = ("", "x --size 9x9", "x --size 20x20x", "x --classes washer,cog", "x --count 0", "x --classes nut,nut",
             "x --split 0.5", "x --damaged nan", "x --seed -1", "x --formats --detection",
             "x --formats --count 3", "x --bogus", "x --seed")
    for arguments in map(str.split, wrong):
        run(*arguments, status=2)
    (base / "file").write_text("")
    run(base / "file", status=1)
    run(base / "missing" / "folder", status=1)
    assert "usage:" in run("--help").stdout


with tempfile.TemporaryDirectory() as place:
    for check in (check_tags, check_damage, check_detection, check_formats, check_refusals):
        check(Path(place))
