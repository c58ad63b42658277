#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whether explanations point at what was asked for: the pointing game (Zhang et al. 2016).

    explaining.py [--set fruit] [--side 8]

A classifier learns from a detection set's training pictures which tags they bear (their boxes are not shown to it). On the test
pictures, each tag that a picture bears is explained; a hit is a map whose greatest value lies in a box of that tag. By chance it
would be one as often as the boxes cover the picture, which is told beside it. The sets lie in $OCELLUS_TEST_DATA/detection."""
import argparse
import csv
import os
import statistics
import sys
import time

import ocellus

SETS = ("fruit", "raccoon")


def read(folder, split):
    pictures = {}
    with open(os.path.join(folder, "labels.csv"), newline="") as file:
        for row in csv.DictReader(file):
            if row["split"] == split:
                box = tuple(float(row[key]) for key in ("left", "top", "width", "height"))
                pictures.setdefault(os.path.join(folder, row["path"]), []).append((row["tag"], box))
    return pictures


def inside(box, x, y):
    return box[0] <= x <= box[0] + box[2] and box[1] <= y <= box[1] + box[3]


def covered(boxes, grid=64):
    points = [((x + 0.5) / grid, (y + 0.5) / grid) for x in range(grid) for y in range(grid)]
    return sum(any(inside(box, *point) for box in boxes) for point in points) / len(points)


def measure(name, folder, others, side):
    """`others`: pictures without any of the set's tags."""
    dataset = ocellus.Dataset()
    for path, objects in read(folder, "train").items():
        dataset.add(path, sorted({tag for tag, _ in objects}))
    for path in others:
        dataset.add(path, [])
    predictor = ocellus.Predictor(ocellus.train(dataset, labels="several"))
    hits, chance, seconds = [], [], []
    for path, objects in read(folder, "test").items():
        for tag in sorted({tag for tag, _ in objects}):
            boxes = [box for own, box in objects if own == tag]
            began = time.monotonic()
            values = predictor.explain(path, tag, side=side).values
            seconds.append(time.monotonic() - began)
            _, x, y = max((value, x, y) for y, row in enumerate(values) for x, value in enumerate(row))
            hits.append(any(inside(box, (x + 0.5) / side, (y + 0.5) / side) for box in boxes))
            chance.append(covered(boxes))
    print(f"{name:8} {len(hits)} maps: {100 * statistics.mean(hits):.0f} % point at the tag, by chance {100 * statistics.mean(chance):.0f} %, "
          f"{1000 * statistics.median(seconds):.0f} ms a map", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--set", dest="sets", action="append", metavar="NAME")
    parser.add_argument("--side", type=int, default=8)
    options = parser.parse_args()
    data = os.environ.get("OCELLUS_TEST_DATA")
    if not data:
        sys.exit("OCELLUS_TEST_DATA is not set: the folder that holds detection/")
    for name in options.sets or SETS:
        folder = os.path.join(data, "detection", name)
        other = os.path.join(data, "detection", "fruit" if name == "raccoon" else "raccoon")
        measure(name, folder, list(read(other, "train")), options.side)


if __name__ == "__main__":
    main()
