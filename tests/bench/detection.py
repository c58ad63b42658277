#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How well detectors find objects: COCO's average precision, minutes of training, milliseconds a picture, memory.

    detection.py                                  all pictures of the training splits, seed 0
    detection.py --set bccd --seeds 3 --shots 2 --shots 10 --shots all
    detection.py --folds 4 -- --steps 2000        cross-validation on the training splits: for choosing anything

All goes through the command. The sets lie in $OCELLUS_TEST_DATA/detection: NAME/labels.csv (path, tag, split, left, top, width,
height). `--shots N` takes pictures of the training split until every tag has been on N of them, by chance and by the seed. Without
--folds a model is measured on the whole test split; with it test pictures are not even opened. What follows `--` goes to
`ocellus train`. One line a model, and the mean of the sets for each number of shots."""
import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time

COLUMNS = ("path", "tag", "split", "left", "top", "width", "height")


def read_set(folder):
    """The pictures of each split, in the file's order: path and rows."""
    splits = {}
    with open(os.path.join(folder, "labels.csv"), newline="") as file:
        for row in csv.DictReader(file):
            path = os.path.join(folder, row["path"])
            splits.setdefault(row["split"], {}).setdefault(path, []).append(row)
    return {split: list(pictures.items()) for split, pictures in splits.items()}


def few(pictures, shots, chance):
    """Pictures until each tag has been on `shots` of them; all if that is None."""
    if shots is None:
        return pictures
    counts, chosen = {row["tag"]: 0 for _, rows in pictures for row in rows}, []
    for path, rows in chance.sample(pictures, len(pictures)):
        tags = {row["tag"] for row in rows}
        if any(counts[tag] < shots for tag in tags):
            chosen.append((path, rows))
            for tag in tags:
                counts[tag] += 1
    return chosen


def without_most(pictures, tag, n, chance):
    """Leaves out pictures with the tag, but for n."""
    bearing = [path for path, rows in pictures if any(row["tag"] == tag for row in rows)]
    kept = set(chance.sample(bearing, min(n, len(bearing))))
    return [(path, rows) for path, rows in pictures if path in kept or path not in bearing]


def write_labels(path, train, test):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for split, pictures in (("train", train), ("test", test)):
            for name, rows in pictures:
                for row in rows:
                    writer.writerow([name, row["tag"], split, *(row[key] for key in COLUMNS[3:])])


def run(command):
    """What it prints, in how many seconds, with how many megabytes at most."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        told = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return told, time.perf_counter() - began, usage.ru_maxrss / 1024


def measure(options, folder, train, test, seed):
    """Trains a model and returns its figures."""
    labels, model = os.path.join(folder, "labels.csv"), os.path.join(folder, "model.ocm")
    write_labels(labels, train, test)
    command = [options.command, "train", labels, "--split", "train", "--test-split", "test", "-o", model, "--seed", str(seed),
               "-t", str(options.threads), "-q", "--json", *options.rest]
    told, _, training_memory = run(command)
    told = json.loads(told)
    _, seconds, memory = run([options.command, "predict", model, "-q", "--json", "-t", "1", *(path for path, _ in test)])
    mean = told["report"]["mean"]
    return {"ap50": mean["ap50"], "ap": mean["ap"], "recall": mean["recall"], "precision": mean["precision"],
            "minutes": told["seconds"] / 60, "milliseconds": 1000 * seconds / len(test), "training_memory": training_memory, "memory": memory,
            "tags": {tag["tag"]: tag["ap50"] for tag in told["report"]["tags"]}, "input": told["properties"]["input"]}


def folds_of(pictures, n, seed):
    """Pairs of training and test pictures."""
    mixed = random.Random(seed).sample(pictures, len(pictures))
    for fold in range(n):
        yield [p for i, p in enumerate(mixed) if i % n != fold], [p for i, p in enumerate(mixed) if i % n == fold]


def mean(values):
    return sum(values) / len(values)


def run_set(options, name, shots, folder):
    splits, found = read_set(os.path.join(options.data, name)), []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        pairs = folds_of(splits["train"], options.folds, seed) if options.folds else [(splits["train"], splits["test"])]
        for train, test in pairs:
            chosen = few(train, shots, random.Random(seed))
            for tag, _, n in (text.rpartition("=") for text in options.rare or ()):
                chosen = without_most(chosen, tag, int(n), random.Random(seed))
            f = measure(options, folder, chosen, test, seed)
            found.append(f)
            tags = "  ".join(f"{tag} {100 * ap50:.1f}" for tag, ap50 in f["tags"].items())
            print(f"{name:10} {shots or 'all':>4} a tag, seed {seed}: {len(chosen):4} pictures, {f['input']}, AP50 {100 * f['ap50']:5.1f}, "
                  f"AP50:95 {100 * f['ap']:5.1f}, precision {100 * f['precision']:5.1f}, recall {100 * f['recall']:5.1f}, "
                  f"{f['minutes']:5.1f} min, {f['milliseconds']:5.1f} ms a picture, {f['training_memory']:.0f} and {f['memory']:.0f} MB  {tags}", flush=True)
    return mean([f["ap50"] for f in found]), mean([f["ap"] for f in found])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", default="build/src/cli/ocellus")
    parser.add_argument("--data", default=os.path.join(os.environ.get("OCELLUS_TEST_DATA", "."), "detection"))
    parser.add_argument("--set", dest="sets", action="append", help="raccoon, fruit, bccd; default all")
    parser.add_argument("--shots", action="append", help="pictures a tag, or all (the default)")
    parser.add_argument("--seeds", type=int, default=1, help="how many")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--folds", type=int, default=0, help="cross-validation on the training split")
    parser.add_argument("--rare", action="append", metavar="TAG=N", help="leave N training pictures with TAG: what imbalance does")
    parser.add_argument("-t", "--threads", type=int, default=2)
    parser.add_argument("rest", nargs="*", help="options of ocellus train, after --")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for shots in options.shots or ["all"]:
            figures = [run_set(options, name, None if shots == "all" else int(shots), folder)
                       for name in options.sets or ("raccoon", "fruit", "bccd")]
            print(f"mean at {shots} a tag: AP50 {100 * mean([f[0] for f in figures]):.1f}, "
                  f"AP50:95 {100 * mean([f[1] for f in figures]):.1f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
