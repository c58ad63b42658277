#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How well objects that pass a camera are counted.

    tracking.py MODEL [--set fruit] [--step 8] [--jitter 2] [--watch='--min-frames 5']

The test pictures of a set stand side by side, each as high as the frame, and a camera moves along them: a conveyor belt of real
pictures, of which it is known how many objects of each tag pass. `ocellus watch` gets the frames as JPEGs on its standard input and counts.
One line a tag, then the sum of the
errors by the number of objects, and milliseconds a frame. The sets lie in $OCELLUS_TEST_DATA/detection. Needs Pillow."""
import argparse
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
    """The pictures side by side, and how many objects of each tag are on them."""
    pictures, counts = {}, {}
    with open(os.path.join(folder, "labels.csv"), newline="") as file:
        for row in csv.DictReader(file):
            if row["split"] != "test" or (row["path"] not in pictures and len(pictures) == limit):
                continue
            pictures.setdefault(row["path"], True)
            counts[row["tag"]] = counts.get(row["tag"], 0) + 1
    parts = []
    for path in pictures:
        picture = ImageOps.exif_transpose(Image.open(os.path.join(folder, path))).convert("RGB")
        parts.append(picture.resize((max(1, round(picture.width * HEIGHT / picture.height)), HEIGHT), Image.LANCZOS))
    belt = Image.new("RGB", (sum(part.width for part in parts) + 2 * WIDTH, HEIGHT), (127, 127, 127))
    left = WIDTH  # the belt begins and ends empty
    for part in parts:
        belt.paste(part, (left, 0))
        left += part.width
    return belt, counts


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
    belt, truth = read_belt(os.path.join(options.data, options.set), options.limit)
    made = list(frames(belt, options.step, options.jitter, random.Random(0)))
    began = time.perf_counter()
    done = subprocess.run([options.command, "watch", options.model, "-", "--json", "-q", *shlex.split(options.watch)], input=b"".join(made),
                          stdout=subprocess.PIPE, check=True)
    seconds = time.perf_counter() - began
    end = json.loads(done.stdout.splitlines()[-1])
    counted = end["counted"]
    error = 0
    for tag, n in sorted(truth.items()):
        print(f"{tag:16} {n:4} pass, {counted.get(tag, 0):4} counted")
        error += abs(counted.get(tag, 0) - n)
    print(f"{len(made)} frames, errors of counts {100 * error / sum(truth.values()):.1f} %, {1000 * seconds / len(made):.1f} ms a frame")


if __name__ == "__main__":
    sys.exit(main())
