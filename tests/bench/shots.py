#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How good trained models are by the number of training pictures a tag: top-1 %, calibration error, seconds to train.

    shots.py [--set weather ...] [--shots 2,3,5,10,all] [--train-options "--base compact"]
    shots.py --train-only

Models are trained and measured by `ocellus train` alone. The sets lie in $OCELLUS_TEST_DATA/classification: labels.csv (path,
tag, split) and draws.csv (per_tag, draw, path), the training pictures of each draw; the test split is measured on. With
--train-only test pictures are not looked at: of each tag's training pictures some are drawn and the rest is measured on, or,
for "all", a quarter. What is chosen on test pictures is not measured by them any more, so choose with --train-only.

Figures are the draws' mean top-1 % and its deviation; then the mean calibration error in %."""
import argparse
import csv
import json
import os
import random
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

SETS = ("grocery", "weather", "neu-surface")


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def draws_of(folder, shots, options):
    """(training pictures, pictures to measure on) of each draw, as (path, tag)."""
    rows = read(f"{folder}/labels.csv")
    tag_of = {row["path"]: row["tag"] for row in rows}
    train = [(row["path"], row["tag"]) for row in rows if row["split"] == "train"]
    if not options.train_only:
        test = [(row["path"], row["tag"]) for row in rows if row["split"] == "test"]
        if shots == "all":
            return [(train, test)]
        chosen = {}
        for row in read(f"{folder}/draws.csv"):
            if row["per_tag"] == shots:
                chosen.setdefault(row["draw"], []).append((row["path"], tag_of[row["path"]]))
        return [(pictures, test) for pictures in chosen.values()]
    draws = []
    for draw in range(options.draws):
        order = random.Random(draw)
        by_tag, learned, held = {}, [], []
        for picture in train:
            by_tag.setdefault(picture[1], []).append(picture)
        for pictures in by_tag.values():
            order.shuffle(pictures)
            n = len(pictures) * 3 // 4 if shots == "all" else min(int(shots), len(pictures) - 1)
            learned += pictures[:n]
            held += pictures[n:]
        draws.append((learned, held))
    return draws


def measure(folder, learned, held, draw, options):
    """Top-1 %, calibration error in %, seconds."""
    with tempfile.TemporaryDirectory() as scratch:
        table = os.path.join(scratch, "labels.csv")
        with open(table, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["path", "tag", "split"])
            for split, pictures in (("train", learned), ("test", held)):
                writer.writerows([os.path.abspath(f"{folder}/{path}"), tag, split] for path, tag in pictures)
        begin = time.monotonic()
        done = subprocess.run([options.command, "train", table, "-o", os.path.join(scratch, "model.ocm"), "--split", "train",
                               "--test-split", "test", "--seed", str(draw), "--json", "--quiet",
                               *shlex.split(options.train_options)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(f"{folder}: {done.stderr}")
        report = json.loads(done.stdout)["report"]
        return 100 * report["accuracy"], 100 * report["calibration_error"], time.monotonic() - begin


def spread(values):
    mean = f"{statistics.mean(values):.1f}"
    return mean + (f" ± {statistics.pstdev(values):.1f}" if len(values) > 1 else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", default="build/gcc/src/cli/ocellus")
    parser.add_argument("--set", dest="sets", action="append", metavar="NAME", help=f"default: {', '.join(SETS)}")
    parser.add_argument("--shots", default="2,3,5,10,all")
    parser.add_argument("--train-only", action="store_true")
    parser.add_argument("--draws", type=int, default=5, help="with --train-only")
    parser.add_argument("--train-options", default="", metavar="OPTIONS", help="options for `ocellus train`")
    options = parser.parse_args()
    data = os.environ.get("OCELLUS_TEST_DATA")
    if not data:
        print("skipped: OCELLUS_TEST_DATA is not set, so there are no real pictures to measure on", file=sys.stderr)
        return 77
    shots, means = options.shots.split(","), []
    print(f"| set | {' | '.join(shots)} | s, {shots[-1]} |\n|---|{'---|' * (len(shots) + 1)}")
    for name in options.sets or SETS:
        folder, cells, means_of_set = f"{data}/classification/{name}", [], []
        for count in shots:
            found = [measure(folder, learned, held, i, options)
                     for i, (learned, held) in enumerate(draws_of(folder, count, options))]
            cells.append(f"{spread([f[0] for f in found])}; {statistics.mean(f[1] for f in found):.1f}")
            means_of_set.append(statistics.mean(f[0] for f in found))
        print(f"| {name} | {' | '.join(cells)} | {spread([f[2] for f in found])} |", flush=True)
        means.append(means_of_set)
    print(f"| **mean** | {' | '.join(f'{statistics.mean(column):.1f}' for column in zip(*means))} | |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
