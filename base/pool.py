#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Cuts random crops from folders of pictures into one shuffled file that base networks learn from.

    pool.py --out DIR --source 'name=shapes folder=data/shapes crops=3 terms="CC BY 4.0"' [--source ...]

Writes into DIR (README.md gives the formats):
    crops.u8     count x side x side x 3 bytes, RGB
    labels.i32   count x 3 int32: label, source, picture
    pool.json    what the two files hold; written last, so a pool with it is complete

Keys of a source (a value with spaces is quoted):
    name     what the pool calls it
    folder   where its pictures lie; searched with all folders below
    terms    the terms its publisher states
    crops    crops from each picture (1)
    limit    take this many pictures, drawn at random (all)
    label    which folder below `folder` names the class: 0 the first, -1 the one the picture lies in (-1)
    space    sources of one label space share their class names (the source's name)
    skip     folder names to leave out, separated by commas
    nolabel  folder names whose pictures get no label, separated by commas
"""
import argparse
import hashlib
import json
import math
import multiprocessing
import os
import random
import shlex
import sys
import time
from pathlib import Path

import numpy
from PIL import Image, ImageOps

PICTURES = {".jpg", ".jpeg", ".png", ".bmp"}
SOURCE_KEYS = {"name", "folder", "terms", "crops", "limit", "label", "space", "skip", "nolabel"}
AREA = (0.35, 1.0)
ASPECT = (3 / 4, 4 / 3)


def parse_source(text):
    source = {"crops": "1", "label": "-1", "skip": "", "nolabel": ""}
    for item in shlex.split(text):
        key, equals, value = item.partition("=")
        if not equals or key not in SOURCE_KEYS:
            raise SystemExit(f"--source: '{item}' is none of {', '.join(sorted(SOURCE_KEYS))} with =value")
        source[key] = value
    for key in ("name", "folder", "terms"):
        if not source.get(key):
            raise SystemExit(f"--source '{text}': {key}= is missing")
    for key in ("crops", "limit", "label"):
        try:
            source[key] = int(source[key]) if key in source else None
        except ValueError:
            raise SystemExit(f"--source {source['name']}: {key}={source[key]} is not a whole number")
    if source["crops"] < 1 or (source["limit"] is not None and source["limit"] < 1):
        raise SystemExit(f"--source {source['name']}: crops and limit are at least 1")
    for key in ("skip", "nolabel"):
        source[key] = set(filter(None, source[key].split(",")))
    source.setdefault("space", source["name"])
    return source


def list_pictures(source, seed):
    """The source's pictures as (relative path, class name or None), sorted, thinned to the limit."""
    folder = Path(source["folder"])
    found = []
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts[:-1]
        if path.suffix.lower() not in PICTURES or not source["skip"].isdisjoint(parts):
            continue
        name = None
        if parts and source["nolabel"].isdisjoint(parts):
            try:
                name = parts[source["label"]]
            except IndexError:
                raise SystemExit(f"{path}: label={source['label']}, but it lies {len(parts)} folders deep")
        found.append((path.relative_to(folder).as_posix(), name))
    if not found:
        raise SystemExit(f"{folder}: no pictures found")
    found.sort()
    if source["limit"] is not None and source["limit"] < len(found):
        found = sorted(random.Random(f"{seed}/{source['name']}").sample(found, source["limit"]))
    return found


def draw_box(rng, width, height):
    """A random rectangle of the wanted area and aspect; the whole picture when none fits after ten tries."""
    for _ in range(10):
        area = rng.uniform(*AREA) * width * height
        aspect = math.exp(rng.uniform(math.log(ASPECT[0]), math.log(ASPECT[1])))
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < w <= width and 0 < h <= height:
            left, top = rng.randint(0, width - w), rng.randint(0, height - h)
            return left, top, left + w, top + h
    return 0, 0, width, height


def open_rgb(path):
    picture = ImageOps.exif_transpose(Image.open(path))
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    return picture.convert("RGB")


class Cutter:
    """Cuts all crops of one picture and writes each into its slot. Lives in every worker process."""

    def __init__(self, crops_path, side, seed, pictures, first_crop, slots):
        self.file = os.open(crops_path, os.O_WRONLY)
        self.side, self.seed = side, seed
        self.pictures, self.first_crop, self.slots = pictures, first_crop, slots

    def cut(self, index):
        """The picture's slots that stay empty because it cannot be read."""
        source, folder, relative = self.pictures[index]
        slots = self.slots[self.first_crop[index] : self.first_crop[index + 1]]
        try:
            picture = open_rgb(Path(folder, relative))
        except (OSError, ValueError, SyntaxError) as e:  # what Pillow raises for broken files
            print(f"left out: {source}/{relative}: {e}", file=sys.stderr, flush=True)
            return slots.tolist()
        # Seeded by name: the crops do not depend on the number of processes or on the other sources.
        rng = random.Random(f"{self.seed}/{source}/{relative}")
        for slot in slots.tolist():
            box = draw_box(rng, *picture.size)
            crop = picture.resize((self.side, self.side), Image.Resampling.BILINEAR, box=box)
            if rng.random() < 0.5:
                crop = ImageOps.mirror(crop)
            data = crop.tobytes()
            if os.pwrite(self.file, data, slot * len(data)) != len(data):
                raise OSError(f"crops.u8: could not write crop {slot}")
        return []


def start_worker(*args):
    global cutter
    cutter = Cutter(*args)


def cut_picture(index):
    return cutter.cut(index)


def close_gaps(path, crop_size, labels, gaps):
    """Moves the last crops into the empty slots, so that the crops stay dense and shuffled."""
    count = len(labels)
    empty = set(gaps)
    with open(path, "r+b") as f:
        for gap in sorted(gaps):
            while count > 0 and count - 1 in empty:
                count -= 1
            if gap >= count:
                break
            count -= 1
            f.seek(count * crop_size)
            data = f.read(crop_size)
            f.seek(gap * crop_size)
            f.write(data)
            labels[gap] = labels[count]
        f.truncate(count * crop_size)
    return labels[:count]


def number_labels(sources, pictures_of):
    """Label numbers by (space, class name); the labels of one space are neighbours."""
    names = sorted({(s["space"], name) for s, found in zip(sources, pictures_of) for _, name in found if name})
    spaces = {}
    for number, (space, _) in enumerate(names):
        spaces.setdefault(space, {"name": space, "first": number, "count": 0})["count"] += 1
    return {key: number for number, key in enumerate(names)}, list(spaces.values())


def pool_id(args, pictures, labels):
    names = [(source, relative) for source, _, relative in pictures]
    return hashlib.sha256(repr((args.side, args.seed, names)).encode() + labels.tobytes()).hexdigest()[:16]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, type=Path, help="folder to write into")
    parser.add_argument("--source", required=True, action="append", help="a folder of pictures, see above")
    parser.add_argument("--side", type=int, default=144, help="width and height of a crop (144)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    args = parser.parse_args()
    if not 16 <= args.side <= 1024:
        parser.error(f"--side {args.side} is not within 16 to 1024")

    sources = [parse_source(text) for text in args.source]
    if len({s["name"] for s in sources}) < len(sources):
        parser.error("two sources have the same name")
    pictures_of = [list_pictures(s, args.seed) for s in sources]
    label_numbers, spaces = number_labels(sources, pictures_of)

    pictures, rows, first_crop = [], [], [0]
    for number, (source, found) in enumerate(zip(sources, pictures_of)):
        for relative, name in found:
            label = label_numbers[source["space"], name] if name else -1
            rows += [(label, number, len(pictures))] * source["crops"]
            pictures.append((source["name"], source["folder"], relative))
            first_crop.append(len(rows))
    slots = numpy.random.default_rng(args.seed).permutation(len(rows))
    labels = numpy.empty((len(rows), 3), "<i4")
    labels[slots] = numpy.array(rows, "<i4")

    args.out.mkdir(parents=True, exist_ok=True)
    done = args.out / "pool.json"
    done.unlink(missing_ok=True)
    crops_path = args.out / "crops.u8"
    crop_size = args.side * args.side * 3
    with open(crops_path, "wb") as f:
        f.truncate(len(rows) * crop_size)

    gaps, start = [], time.monotonic()
    with multiprocessing.Pool(
        args.jobs, start_worker, (crops_path, args.side, args.seed, pictures, first_crop, slots)
    ) as workers:
        for n, empty in enumerate(workers.imap_unordered(cut_picture, range(len(pictures)), chunksize=64), 1):
            gaps += empty
            if n % 10000 == 0 or n == len(pictures):
                rate = first_crop[n] / (time.monotonic() - start)
                print(f"{n} of {len(pictures)} pictures, about {rate:.0f} crops/s", flush=True)
    labels = close_gaps(crops_path, crop_size, labels, gaps)
    labels.tofile(args.out / "labels.i32")

    crops_per_source = numpy.bincount(labels[:, 1], minlength=len(sources)).tolist()
    pool = {
        "format": "ocellus pool 1",
        "side": args.side,
        "count": len(labels),
        "seed": args.seed,
        "pictures": len(pictures),
        "area": AREA,
        "aspect": ASPECT,
        # Tells a teacher's outputs of one pool from those of another.
        "id": pool_id(args, pictures, labels),
        "sources": [
            {"name": s["name"], "terms": s["terms"], "space": s["space"], "pictures": len(f), "crops": c}
            for s, f, c in zip(sources, pictures_of, crops_per_source)
        ],
        "spaces": spaces,
        "labels": [name for _, name in label_numbers],
    }
    part = done.with_suffix(".part")
    part.write_text(json.dumps(pool, indent=1) + "\n")
    part.replace(done)
    print(f"{len(labels)} crops of {len(pictures)} pictures in {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
