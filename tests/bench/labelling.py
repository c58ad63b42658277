#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How much `ocellus project suggest` helps with labelling.

    labelling.py [--set weather ...] [--seeds 3]

Groups: how many of the training pictures bear the tag that most of their group bear, and how many groups there are to look at.
Useful: top-1 % on the other half of the training pictures after labelling so many of one half, chosen by `suggest --useful` in
five rounds or by chance; the test split is not looked at. The sets lie in $OCELLUS_TEST_DATA/classification."""
import argparse
import collections
import csv
import os
import random
import statistics
import sys

from checking import Project

SETS = ("weather", "neu-surface", "grocery")


def read(folder):
    with open(os.path.join(folder, "labels.csv"), newline="") as file:
        return [row for row in csv.DictReader(file) if row["split"] == "train"]


def untagged(options, folder, rows):
    project = Project(options, "multiclass", folder, rows)
    for tag in sorted({row["tag"] for row in rows}):
        project.run("untag", tag, "--tag", tag)
    return project


def groups(options, name, folder):
    rows = read(folder)
    tag_of = {row["path"]: row["tag"] for row in rows}
    found = collections.defaultdict(collections.Counter)
    for picture in untagged(options, folder, rows).run("suggest", "--alike")["pictures"]:
        found[picture["group"]][tag_of[picture["name"]]] += 1
    n = sum(sum(counts.values()) for counts in found.values())
    right = sum(max(counts.values()) for counts in found.values())
    print(f"{name:14} {n} pictures in {len(found)} groups: {100 * right / n:.1f} % bear their group's tag", flush=True)


def accuracy(project, ids, held, labelled):
    """Top-1 % on the held-out rows; those of a tag that nobody has labelled yet are wrong."""
    known = [row for row in held if row["tag"] in labelled]
    for tag in sorted(labelled):
        project.run("tag", tag, *[ids[row["path"]] for row in known if row["tag"] == tag])
    project.run("split", "test", *[ids[row["path"]] for row in known])
    project.run("train", "--test-split", "test")
    return 100 * project.run("iterations")["iterations"][-1]["accuracy"] * len(known) / len(held)


def useful(options, name, folder, seed, per_tag=10, rounds=5):
    rows, chance = read(folder), random.Random(seed)
    chance.shuffle(rows)
    tag_of = {row["path"]: row["tag"] for row in rows}
    results = []
    for way in ("useful", "chance"):
        project = untagged(options, folder, rows)
        ids = {picture["name"]: picture["id"] for picture in project.run("list", "--limit", "10000")["pictures"]}
        there = [row for row in rows if row["path"] in ids]
        pool, held = [row["path"] for row in there[:len(there) // 2]], there[len(there) // 2:]
        project.run("metadata", "pool=yes", *[ids[path] for path in pool])
        labelled, todo = [], len(set(tag_of.values())) * per_tag // rounds
        for step in range(rounds):
            if way == "useful" and step > 0:
                project.run("train")
                order = project.run("suggest", "--useful", "-n", str(todo), "--where", "pool eq 'yes'")["pictures"]
                order = [one["name"] for one in order]
            else:
                order = [path for path in pool if path not in labelled][:todo]
            for path in order:
                project.run("tag", tag_of[path], ids[path])
            labelled += order
        results.append(accuracy(project, ids, held, {tag_of[path] for path in labelled}))
    print(f"{name:14} seed {seed}  {len(labelled)} labelled: useful {results[0]:.1f}  chance {results[1]:.1f}", flush=True)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--command", default="build/gcc/src/cli/ocellus")
    parser.add_argument("--set", dest="sets", action="append", metavar="NAME")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    options.base = None
    data = os.environ.get("OCELLUS_TEST_DATA")
    if not data:
        sys.exit("OCELLUS_TEST_DATA is not set: the folder that holds classification/")
    for name in options.sets or SETS:
        folder = os.path.join(data, "classification", name)
        groups(options, name, folder)
        results = [useful(options, name, folder, seed) for seed in range(options.seeds)]
        print(f"{name:14} mean: useful {statistics.mean(r[0] for r in results):.1f}  chance {statistics.mean(r[1] for r in results):.1f}", flush=True)


if __name__ == "__main__":
    main()
