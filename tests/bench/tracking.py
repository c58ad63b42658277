#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How well objects that pass a camera are counted.

    tracking.py MODEL [--set fruit] [--step 8] [--jitter 2] [--watch='--min-frames 5']

The test pictures of a set stand side by side, each as high as the frame, and a camera moves along them: a conveyor belt of real
pictures, of which it is known what passes. `ocellus watch` gets the frames as JPEGs on its standard input and counts. One line a tag, then
how many objects were counted once, as they should be, and milliseconds a frame. The sets lie in $OCELLUS_TEST_DATA/detection. Needs Pillow."""
import argparse
import collections
import csv
import io
import json
import os
import random
import shlex
import subprocess
import sys
import time

from PIL import Image, ImageOps

HEIGHT = 320
WIDTH = 432


def read_belt(folder, limit):
    """The pictures side by side, and their objects: tag, left, top, right, bottom in pixels of the belt."""
    pictures, parts, objects = {}, [], []
    with open(os.path.join(folder, "labels.csv"), newline="") as file:
        for row in csv.DictReader(file):
            if row["split"] == "test" and (row["path"] in pictures or len(pictures) < limit):
                pictures.setdefault(row["path"], []).append(row)
    left = WIDTH  # the belt begins and ends empty
    for path, rows in pictures.items():
        picture = ImageOps.exif_transpose(Image.open(os.path.join(folder, path))).convert("RGB")
        parts.append(picture.resize((max(1, round(picture.width * HEIGHT / picture.height)), HEIGHT), Image.LANCZOS))
        for row in rows:
            x, y, width, height = (float(row[key]) for key in ("left", "top", "width", "height"))
            x, width = left + x * parts[-1].width, width * parts[-1].width
            objects.append((row["tag"], x, y * HEIGHT, x + width, (y + height) * HEIGHT))
        left += parts[-1].width
    belt, left = Image.new("RGB", (left + WIDTH, HEIGHT), (127, 127, 127)), WIDTH
    for part in parts:
        belt.paste(part, (left, 0))
        left += part.width
    return belt, objects


def owner(event, step, objects):
    """The object that a counted one is: by the share of the smaller of the two that lies in the other, 0.3 at least; or None."""
    left, top = (event["frame"] - 1) * step + event["left"] * WIDTH, event["top"] * HEIGHT
    right, bottom = left + event["width"] * WIDTH, top + event["height"] * HEIGHT
    best, found = 0.3, None
    for i, (_, x0, y0, x1, y1) in enumerate(objects):
        width, height = min(right, x1) - max(left, x0), min(bottom, y1) - max(top, y0)
        if width > 0 and height > 0:
            share = width * height / min((right - left) * (bottom - top), (x1 - x0) * (y1 - y0))
            if share > best:
                best, found = share, i
    return found


def frames(belt, step, jitter, chance):
    """Views of the belt as JPEGs; the camera shakes by some pixels."""
    left = 0.0
    while left + WIDTH <= belt.width:
        x = min(max(0, round(left) + chance.randint(-jitter, jitter)), belt.width - WIDTH)
        y = chance.randint(-jitter, jitter)
        data = io.BytesIO()
        belt.crop((x, y, x + WIDTH, y + HEIGHT)).save(data, "JPEG", quality=85)
        yield data.getvalue()
        left += step


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--command", default="build/src/cli/ocellus")
    parser.add_argument("--data", default=os.path.join(os.environ.get("OCELLUS_TEST_DATA", "."), "detection"))
    parser.add_argument("--set", default="fruit")
    parser.add_argument("--step", type=float, default=8, help="pixels from frame to frame")
    parser.add_argument("--jitter", type=int, default=2, help="pixels")
    parser.add_argument("--limit", type=int, default=1000, help="pictures")
    parser.add_argument("--watch", default="", metavar="OPTIONS", help="options of ocellus watch, in one text")
    options = parser.parse_args()
    belt, objects = read_belt(os.path.join(options.data, options.set), options.limit)
    made = list(frames(belt, options.step, options.jitter, random.Random(0)))
    began = time.perf_counter()
    done = subprocess.run([options.command, "watch", options.model, "-", "--json", "-q", *shlex.split(options.watch)], input=b"".join(made),
                          stdout=subprocess.PIPE, check=True)
    seconds = time.perf_counter() - began
    events = [event for event in map(json.loads, done.stdout.splitlines()) if event["event"] == "object"]
    owners = collections.Counter(owner(event, options.step, objects) for event in events)
    for tag in sorted({one[0] for one in objects}):
        print(f"{tag:16} {sum(one[0] == tag for one in objects):4} pass, {sum(event['tag'] == tag for event in events):4} counted")
    strange = owners.pop(None, 0)
    once, again = sum(n == 1 for n in owners.values()), sum(n - 1 for n in owners.values())
    print(f"of {len(objects)} objects {once} counted once, {len(objects) - len(owners)} never; {again} counts too many, {strange} of nothing; "
          f"{len(made)} frames, {1000 * seconds / len(made):.1f} ms a frame")



if __name__ == "__main__":
    sys.exit(main())
