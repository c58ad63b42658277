#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Replays folders of real pictures: every one must decode or be refused, and what decodes must look as Pillow decodes it.

    images.py IMAGE_DUMP [--list] FOLDER...

IMAGE_DUMP is the program built from image_dump.c. Without folders those of OCELLUS_TEST_DATA (separated by ':') are taken;
without either, or without Pillow and numpy, the program exits with 77: skipped. It exits with 1 if the program under test
crashes, or if a resized picture differs from Pillow's in a single bit. Differences between the decoders are listed and
counted, not judged: they have causes (16 bits, colour profiles, another libjpeg) that only a person can weigh.
"""
import os
import random
import subprocess
import sys
import warnings

try:
    import numpy as np
    from PIL import Image, ImageOps
except ImportError:
    print("Pillow or numpy is missing: skipped")
    sys.exit(77)

warnings.simplefilter("ignore")
SIZES = {b"\xff\xd8\xff": "jpeg", b"\x89PN": "png", b"GIF": "gif", b"BM": "bmp"}


class Dump:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, path, size=(0, 0), filter=1, box=(0, 0, 0, 0), reduce=0):
        words = [reduce, *size, filter, *(repr(float(v)) for v in box), path]
        self.process.stdin.write((" ".join(str(w) for w in words) + "\n").encode())
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{path}: the program under test died")
        status, width, height, message = line.decode("utf-8", "replace").rstrip("\n").split(" ", 3)
        pixels = self.process.stdout.read(int(width) * int(height) * 3)
        return int(status), np.frombuffer(pixels, np.uint8).reshape(int(height), int(width), 3), message


def by_pillow(path):
    with Image.open(path) as picture:
        picture.load()
        picture = ImageOps.exif_transpose(picture)
        if picture.mode.startswith("I;16") or picture.mode == "I":
            wide = np.asarray(picture).astype(np.uint32)
            return np.repeat(((wide * 255 + 32895) >> 16).astype(np.uint8)[:, :, None], 3, 2)
        if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
            picture = picture.convert("RGBA")
            white = Image.new("RGB", picture.size, "white")
            white.paste(picture, mask=picture.getchannel("A"))
            return np.asarray(white)
        return np.asarray(picture.convert("RGB"))


def kind_of(path):
    with open(path, "rb") as file:
        head = file.read(16)
    return next((kind for magic, kind in SIZES.items() if head.startswith(magic)), "other")


def check_resize(dump, path, pixels, draw):
    """One random part and size, with both filters; True if all bits are Pillow's."""
    height, width = pixels.shape[:2]
    left, top = draw.uniform(0, width / 2), draw.uniform(0, height / 2)
    box = (left, top, draw.uniform(left + 0.5, width), draw.uniform(top + 0.5, height))
    if draw.random() < 0.3:
        box = (0, 0, width, height)
    size = (draw.randint(1, 300), draw.randint(1, 300))
    if draw.random() < 0.2:
        size = (width, size[1]) if draw.random() < 0.5 else (size[0], height)
    same = True
    for filter, name in ((1, Image.Resampling.BILINEAR), (2, Image.Resampling.BICUBIC)):
        ours = dump.ask(path, size, filter, box)[1]
        # One axis at a time: newer versions of Pillow choose the order of the passes themselves.
        theirs = Image.fromarray(pixels).resize((size[0], height), name, (box[0], 0, box[2], height))
        theirs = np.asarray(theirs.resize(size, name, (0, box[1], size[0], box[3])))
        if not np.array_equal(ours, theirs):
            print(f"RESIZE {path}: box {box} to {size}, filter {filter}: differs")
            same = False
    return same


def main():
    arguments = sys.argv[1:]
    listing = "--list" in arguments
    arguments = [a for a in arguments if a != "--list"]
    folders = arguments[1:] or [f for f in os.environ.get("OCELLUS_TEST_DATA", "").split(":") if f]
    if not arguments or not folders:
        print("no folders given: skipped")
        return 77
    dump, draw, bad_resizes, n_resizes = Dump(arguments[0]), random.Random(1), 0, 0
    for folder in folders:
        counts = {}
        paths = sorted(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names)
        for path in paths:
            if "\n" in path or not os.path.isfile(path):
                continue
            kind = kind_of(path)
            status, ours, message = dump.ask(path)
            try:
                theirs = by_pillow(path)
            except Exception as fault:  # whatever Pillow raises is its verdict
                theirs, reason = None, f"{type(fault).__name__}: {fault}"
            if kind == "other":
                verdict = "refused" if status else "READ"
            elif status and theirs is None:
                verdict = "both refuse"
            elif status:
                verdict = "only Pillow reads"
            elif theirs is None:
                verdict = "only we read"
            elif ours.shape != theirs.shape:
                verdict = "other size"
            else:
                most = int(np.abs(ours.astype(int) - theirs).max()) if ours.size else 0
                verdict = "equal" if most == 0 else "within 1" if most == 1 else "within 8" if most <= 8 else "differs"
                if listing and most > 1:
                    print(f"{verdict} by {most}: {path}")
            if listing and verdict in ("only Pillow reads", "only we read", "other size", "READ"):
                detail = message if status else reason if theirs is None else f"{ours.shape} {theirs.shape}"
                print(f"{verdict}: {path}: {detail}")
            counts[kind, verdict] = counts.get((kind, verdict), 0) + 1
            if not status and ours.size < 3 << 22 and n_resizes < 2000:
                n_resizes += 1
                bad_resizes += not check_resize(dump, path, ours, draw)
        print(folder)
        for (kind, verdict), n in sorted(counts.items()):
            print(f"  {kind:6} {verdict:18} {n}")
    print(f"{n_resizes} pictures resized twice, {bad_resizes} with bits unlike Pillow's")
    return 1 if bad_resizes else 0


if __name__ == "__main__":
    sys.exit(main())
