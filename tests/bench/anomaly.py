#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How well a model of good pictures alone tells others: AUROC, and what is told at the model's own threshold.

    anomaly.py [--command build/src/cli/ocellus] [--size 320]
    anomaly.py --halves      the training split's two halves train and test: for choosing anything

Of neu-surface each kind of defect is taken as the good pictures, in turn: of the test pictures the other kinds are to be told (a texture that is
another). Then a mark is painted into the test pictures of each kind, a scratch or a spot of a tenth of the side, which is to be told from
the same pictures without it (a small thing where all else is as it should be). The set lies in $OCELLUS_TEST_DATA/classification.
Needs Pillow."""
import argparse
import csv
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time

from PIL import Image, ImageDraw

from novelty import auroc, halves


def mark(picture, chance):
    """A scratch or a spot, lighter or darker than what is around it."""
    picture = picture.convert("RGB")
    side = min(picture.size)
    x, y = (chance.uniform(0.2, 0.8) * n for n in picture.size)
    length, angle = side * 0.1, chance.uniform(0, math.pi)
    around = picture.getpixel((int(x), int(y)))[0]
    colour = (max(around - 60, 0),) * 3 if around > 127 else (min(around + 60, 255),) * 3
    draw = ImageDraw.Draw(picture)
    if chance.random() < 0.5:
        dx, dy = length * math.cos(angle), length * math.sin(angle)
        draw.line((x - dx, y - dy, x + dx, y + dy), fill=colour, width=max(2, side // 80))
    else:
        draw.ellipse((x - length / 2, y - length / 2, x + length / 2, y + length / 2), fill=colour)
    return picture


def scores(options, model, paths):
    done = subprocess.run([options.command, "predict", model, "-q", "--json", "--threshold", "0", *paths], stdout=subprocess.PIPE, text=True,
                          check=True)
    return [json.loads(line)["predictions"][0]["probability"] for line in done.stdout.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", default="build/src/cli/ocellus")
    parser.add_argument("--data", default=os.path.join(os.environ.get("OCELLUS_TEST_DATA", "."), "classification", "neu-surface"))
    parser.add_argument("--base", default="standard")
    parser.add_argument("--size", type=int, default=0)
    parser.add_argument("--halves", action="store_true", help="the training split alone, in halves")
    options = parser.parse_args()
    with open(os.path.join(options.data, "labels.csv"), newline="") as file:
        rows = [(os.path.join(options.data, row["path"]), row["tag"], row["split"]) for row in csv.DictReader(file)]
    if options.halves:
        train, test = halves([row for row in rows if row[2] == "train"], 0)
        rows = train + [(path, tag, "test") for path, tag, _ in test]
    tags, figures = sorted({tag for _, tag, _ in rows}), []
    with tempfile.TemporaryDirectory() as folder:
        for tag in tags:
            labels, model = os.path.join(folder, "good.csv"), os.path.join(folder, "model.ocm")
            good = [path for path, one, split in rows if one == tag and split == "train"]
            with open(labels, "w", newline="") as file:
                csv.writer(file).writerows([("path", "tag"), *((path, "good") for path in good)])
            began = time.perf_counter()
            subprocess.run([options.command, "train", labels, "--anomaly", "-o", model, "-q", "--base", options.base,
                            "--size", str(options.size)], stdout=subprocess.DEVNULL, check=True)
            seconds = time.perf_counter() - began
            own = [path for path, one, split in rows if one == tag and split == "test"]
            others = [path for path, one, split in rows if one != tag and split == "test"]
            chance, marked = random.Random(0), []
            for i, path in enumerate(own):
                marked.append(os.path.join(folder, f"{i}.png"))
                mark(Image.open(path), chance).save(marked[-1])
            of_own, of_others, of_marked = (scores(options, model, paths) for paths in (own, others, marked))
            told = [100 * sum(x >= 0.5 for x in found) / len(found) for found in (of_own, of_others, of_marked)]
            figures.append((100 * auroc(of_own, of_others), 100 * auroc(of_own, of_marked), *told, seconds))
            print(f"{tag:16} {len(good)} pictures, {seconds:4.1f} s: AUROC of other kinds {figures[-1][0]:5.1f}, of marks {figures[-1][1]:5.1f}; told of good "
                  f"{told[0]:5.1f} %, of others {told[1]:5.1f} %, of marks {told[2]:5.1f} %", flush=True)
    means = [sum(values) / len(figures) for values in zip(*figures)]
    print(f"mean: AUROC {means[0]:.1f}, {means[1]:.1f}; told {means[2]:.1f}, {means[3]:.1f}, {means[4]:.1f} %; {means[5]:.1f} s")


if __name__ == "__main__":
    sys.exit(main())
