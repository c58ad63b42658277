#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How well classifiers tell pictures that are none of what they know.

    novelty.py [--shots 5] [--base standard] [--sets weather,neu-surface,grocery]
    novelty.py --halves      the training split's two halves train and test: for choosing anything

A classifier is trained on each set's training split. Of its own test pictures few should count as unlike the training pictures (novelty of
at least 0.5), of the other sets' test pictures most. Then each of some tags is left out in training, and its test pictures are to be told.
AUROC: the share of pairs of a strange and an own picture that are in the right order. All through the command; the sets lie in
$OCELLUS_TEST_DATA/classification."""
import argparse
import bisect
import csv
import json
import os
import random
import subprocess
import sys
import tempfile


def auroc(own, strange):
    own = sorted(own)
    below = sum((bisect.bisect_left(own, x) + bisect.bisect_right(own, x)) / 2 for x in strange)
    return below / (len(own) * len(strange))


def novelties(options, model, paths):
    done = subprocess.run([options.command, "predict", model, "-q", "--json", *paths], stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line)["novelty"] for line in done.stdout.splitlines()]


def train(options, folder, rows, seed):
    labels, model = os.path.join(folder, "labels.csv"), os.path.join(folder, "model.ocm")
    with open(labels, "w", newline="") as file:
        csv.writer(file).writerows([("path", "tag"), *rows])
    command = [options.command, "train", labels, "-o", model, "-q", "--seed", str(seed), "--base", options.base]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return model


def few(rows, shots, seed):
    if not shots:
        return rows
    chance, counts, chosen = random.Random(seed), {}, []
    for path, tag in chance.sample(rows, len(rows)):
        if counts.get(tag, 0) < shots:
            counts[tag] = counts.get(tag, 0) + 1
            chosen.append((path, tag))
    return chosen


def halves(rows, seed):
    """Rows to train on and to test with, by chance."""
    mixed = random.Random(seed).sample(rows, len(rows))
    return mixed[: len(rows) // 2], mixed[len(rows) // 2 :]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", default="build/src/cli/ocellus")
    parser.add_argument("--data", default=os.path.join(os.environ.get("OCELLUS_TEST_DATA", "."), "classification"))
    parser.add_argument("--sets", default="weather,neu-surface,grocery")
    parser.add_argument("--base", default="standard")
    parser.add_argument("--shots", type=int, default=0, help="pictures a tag; 0: all")
    parser.add_argument("--left-out", type=int, default=3, help="tags of each set that are left out, one after the other")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--halves", action="store_true", help="the training split alone, in halves")
    options = parser.parse_args()
    sets = {}
    for name in options.sets.split(","):
        with open(os.path.join(options.data, name, "labels.csv"), newline="") as file:
            for row in csv.DictReader(file):
                path = os.path.join(options.data, name, row["path"])
                sets.setdefault(name, {}).setdefault(row["split"], []).append((path, row["tag"]))
    if options.halves:
        for splits in sets.values():
            splits["train"], splits["test"] = halves(splits["train"], options.seed)
    with tempfile.TemporaryDirectory() as folder:
        for name, splits in sets.items():
            model = train(options, folder, few(splits["train"], options.shots, options.seed), options.seed)
            own = novelties(options, model, [path for path, _ in splits["test"]])
            strange = [x for other in sets if other != name for x in novelties(options, model, [path for path, _ in sets[other]["test"]])]
            told = [100 * sum(x >= 0.5 for x in found) / len(found) for found in (own, strange)]
            print(f"{name:12} other sets: AUROC {100 * auroc(own, strange):5.1f}, told of own {told[0]:5.1f} %, of others {told[1]:5.1f} %",
                  flush=True)
            tags = sorted({tag for _, tag in splits["train"]})
            for tag in tags[:: max(1, len(tags) // max(1, options.left_out))][: options.left_out]:
                rest = [row for row in splits["train"] if row[1] != tag]
                model = train(options, folder, few(rest, options.shots, options.seed), options.seed)
                own = novelties(options, model, [path for path, one in splits["test"] if one != tag])
                strange = novelties(options, model, [path for path, one in splits["test"] if one == tag])
                told = [100 * sum(x >= 0.5 for x in found) / len(found) for found in (own, strange)]
                print(f"{name:12} without '{tag}': AUROC {100 * auroc(own, strange):5.1f}, told of own {told[0]:5.1f} %, "
                      f"of it {told[1]:5.1f} %", flush=True)


if __name__ == "__main__":
    sys.exit(main())
