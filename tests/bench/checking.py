#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How many of the faults in labels `ocellus project check` finds, and how many of its findings are faults.

    checking.py [--set weather ...] [--seeds 3] [--share 0.05] [--base compact]
    checking.py --boxes --set raccoon [--minutes 5]

The training splits below $OCELLUS_TEST_DATA are taken as faultless, which they are not quite: some of what counts here as a false
alarm is a real fault. Of classification sets that share of the pictures gets another tag, drawn by chance; of a detection set
(as pictures that bear several tags) that share of all tags is taken away or put where it is not. With --boxes, boxes are taken
away, a detector is trained on the rest, and objects without boxes are looked for.

A line a set and seed: faults, findings, precision %, recall %."""
import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile

CLASSIFICATION = ("weather", "neu-surface", "grocery")
DETECTION = ("fruit",)


def read(folder):
    with open(os.path.join(folder, "labels.csv"), newline="") as file:
        return [row for row in csv.DictReader(file) if row["split"] == "train"]


class Project:
    """A project of some rows of a table of labels, in a folder that goes away again."""

    def __init__(self, options, kind, folder, rows):
        self.options, self.scratch = options, tempfile.TemporaryDirectory()
        self.path = os.path.join(self.scratch.name, "project")
        table = os.path.join(self.scratch.name, "labels.csv")
        with open(table, "w", newline="") as file:
            writer = csv.DictWriter(file, [key for key in rows[0] if key != "split"], extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        self.run("create", "--kind", kind)
        self.run("import", table, "--pictures", folder)

    def run(self, verb, *arguments):
        done = subprocess.run([self.options.command, "project", verb, self.path, "--quiet", "--json", *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode not in (0, 3): # 3: the same file was there twice, with two tags
            sys.exit(f"project {verb}: {done.stderr}")
        return json.loads(done.stdout) if done.stdout else None

    def places(self, *kinds):
        """What `check` finds of some kinds."""
        arguments = ["--base", self.options.base] if self.options.base else []
        found = self.run("check", *arguments)["findings"]
        return [(finding["kind"], place) for finding in found if finding["kind"] in kinds for place in finding["places"]]


def report(name, seed, n_faults, hits, n_found):
    precision = f"{100 * hits / n_found:.0f}" if n_found else "-"
    recall = f"{100 * hits / n_faults:.0f}" if n_faults else "-"
    print(f"{name:14} seed {seed}  faults {n_faults:4}  findings {n_found:4}  precision {precision:>3}  recall {recall:>3}", flush=True)


def wrong_tags(options, name, folder, seed):
    chance, rows = random.Random(seed), read(folder)
    tags = sorted({row["tag"] for row in rows})
    wrong = chance.sample(range(len(rows)), round(options.share * len(rows)))
    for index in wrong:
        rows[index]["tag"] = chance.choice([tag for tag in tags if tag != rows[index]["tag"]])
    found = {os.path.basename(place["name"]) for _, place in Project(options, "multiclass", folder, rows).places("wrong-tag")}
    faults = {os.path.basename(rows[index]["path"]) for index in wrong}
    report(name, seed, len(faults), len(found & faults), len(found))


def wrong_sets(options, name, folder, seed):
    chance, borne = random.Random(seed), {}
    for row in read(folder):
        borne.setdefault(row["path"], set()).add(row["tag"])
    tags = sorted(set().union(*borne.values()))
    cells = [(path, tag) for path in sorted(borne) for tag in tags]
    faults = set()
    for path, tag in chance.sample(cells, len(cells)):
        if len(faults) < options.share * len(cells) and (borne[path] ^ {tag}):
            borne[path] ^= {tag}
            faults.add((os.path.basename(path), tag))
    rows = [{"path": path, "tag": tag} for path in sorted(borne) for tag in sorted(borne[path])]
    found = set()
    for kind, place in Project(options, "multilabel", folder, rows).places("wrong-tag", "missing-tag"):
        found.add((os.path.basename(place["name"]), place["tag" if kind == "wrong-tag" else "other"]))
    report(name, seed, len(faults), len(found & faults), len(found))


def overlap(a, b):
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def missing_boxes(options, name, folder, seed):
    chance, rows, corners = random.Random(seed), read(folder), ("left", "top", "width", "height")
    by_picture, removed = {}, []
    for row in rows:
        by_picture.setdefault(row["path"], []).append(row)
    for row in chance.sample(rows, len(rows)):
        boxes = by_picture[row["path"]]
        if len(removed) < options.share * len(rows) and len(boxes) > 1: # a picture without any is not trained on
            boxes.remove(row)
            removed.append((os.path.basename(row["path"]), [float(row[key]) for key in corners]))
    project = Project(options, "detection", folder, [row for boxes in by_picture.values() for row in boxes])
    project.run("train", "--minutes", str(options.minutes), "--seed", str(seed))
    places = [(os.path.basename(place["name"]), [place[key] for key in corners]) for _, place in project.places("missing-box")]
    hits = sum(any(picture == p and overlap(box, b) > 0.3 for p, b in places) for picture, box in removed)
    report(name, seed, len(removed), hits, len(places))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--command", default="build/gcc/src/cli/ocellus")
    parser.add_argument("--set", dest="sets", action="append", metavar="NAME")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--base", help="default: the best there is")
    parser.add_argument("--boxes", action="store_true")
    parser.add_argument("--minutes", type=float, default=5)
    options = parser.parse_args()
    data = os.environ.get("OCELLUS_TEST_DATA")
    if not data:
        sys.exit("OCELLUS_TEST_DATA is not set: the folder that holds classification/ and detection/")
    for name in options.sets or (DETECTION if options.boxes else CLASSIFICATION + DETECTION):
        for seed in range(options.seeds):
            if name in CLASSIFICATION:
                wrong_tags(options, name, os.path.join(data, "classification", name), seed)
            else:
                (missing_boxes if options.boxes else wrong_sets)(options, name, os.path.join(data, "detection", name), seed)


if __name__ == "__main__":
    main()
