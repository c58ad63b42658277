#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How well the frozen features of base networks tell pictures apart: top-1 %, by the number of training pictures a tag.

    yardstick.py compact standard
    yardstick.py net.onnx --import "--mean 127.5 --std 127.5" --set weather --set grocery
    yardstick.py base/new.ocm --train-only

A network is a base's name, its .ocm file, or an ONNX file that `ocellus base import` makes a base of first, with the options in
--import. `ocellus features` gives the features (one centre view). The sets lie in $OCELLUS_TEST_DATA/classification: labels.csv
(path, tag, split) and draws.csv (per_tag, draw, path), the few training pictures of each draw.

The head is ridge regression on the features; it is trained on a draw and measured on the whole test split. Mean and deviation
are those of the draws; all training pictures together are one draw. With --train-only test pictures are not even opened: the
training part is cut into folds, tag by tag, and the pictures of a fold are told by a head that is trained on few, or all, of the
other folds' pictures; a draw is one partition with one choice of few pictures in each fold. Design choices belong there: what
was chosen on test pictures is not measured by them any more. Its figures are higher than the test split's where a set holds
several pictures of one thing.

Needs numpy; OCELLUS_PYTHON may name a Python that has it."""
import argparse
import csv
import json
import os
import shlex
import subprocess
import sys
import tempfile

try:
    import numpy
except ImportError:
    other = os.environ.pop("OCELLUS_PYTHON", None)
    if not other:
        sys.exit("numpy is not there; OCELLUS_PYTHON may name a Python that has it")
    os.execv(other, [other, *sys.argv])

STRENGTHS = (1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1, 3, 10)  # of the ridge
SHOTS = (2, 3, 5, 10)
SETS = ("grocery", "weather", "neu-surface")


class Head:
    """Ridge regression from features to one-hot tags, both centred. Features are scaled by their deviation, and more gently where
    that is small beside the others'. The strength is the one with most training pictures right by leave-one-out."""

    def __init__(self, features, tags, n_tags):
        n, length = features.shape
        self.mean = features.mean(0)
        centred = features - self.mean
        self.scale = (centred.std(0) + 0.05 * centred.std()) * numpy.sqrt(length)
        scaled = centred / self.scale
        targets = numpy.eye(n_tags)[tags] - 1 / n_tags
        values, vectors = numpy.linalg.eigh(scaled @ scaled.T)
        inside = vectors.T @ targets
        best = -numpy.inf
        for strength in STRENGTHS:
            inverse = 1 / (values + strength)
            dual = vectors @ (inside * inverse[:, None])
            # What a head that did not see a picture misses of its target: the dual coefficients over the inverse's diagonal.
            missed = dual / (vectors**2 @ inverse)[:, None]
            right = numpy.mean(numpy.argmax(targets - missed, 1) == tags)
            score = right - 1e-3 * numpy.mean(missed**2)  # the second part decides between equals
            if score > best:
                best, self.weights = score, scaled.T @ dual

    def tags(self, features):
        return numpy.argmax((features - self.mean) / self.scale @ self.weights, 1)


def ocellus(options, *arguments):
    done = subprocess.run([options.command, *arguments, "--json"], stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit(f"failed: {options.command} {' '.join(arguments)}")
    return json.loads(done.stdout)


def read_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def features_of(options, base, pictures, scratch):
    """One row for each of the pictures, which are (path, tag)."""
    listing, file = os.path.join(scratch, "pictures.csv"), os.path.join(scratch, "features.f32")
    with open(listing, "w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([("path", "tag"), *((os.path.abspath(path), tag) for path, tag in pictures)])
    made = ocellus(options, "features", base, listing, "-o", file, "-q")
    if made["pictures"] != len(pictures):
        sys.exit(f"features of {made['pictures']} pictures, not of {len(pictures)}")
    return numpy.fromfile(file, "<f4").reshape(len(pictures), -1).astype("f8")


class Set:
    """A set's pictures and their features in the order of its labels."""

    def __init__(self, options, base, name, scratch):
        folder = os.path.join(options.data, name)
        rows = read_csv(os.path.join(folder, "labels.csv"))
        if options.train_only:
            rows = [row for row in rows if row["split"] == "train"]
        names = sorted({row["tag"] for row in rows})
        self.n_tags = len(names)
        self.tags = numpy.array([names.index(row["tag"]) for row in rows])
        self.is_test = numpy.array([row["split"] == "test" for row in rows])
        features = features_of(options, base, [(os.path.join(folder, row["path"]), row["tag"]) for row in rows], scratch)
        self.features = features / (numpy.linalg.norm(features, axis=1, keepdims=True) + 1e-9)
        place = {row["path"]: i for i, row in enumerate(rows)}
        self.draws = {}
        if not options.train_only:
            for row in read_csv(os.path.join(folder, "draws.csv")):
                self.draws.setdefault(int(row["per_tag"]), {}).setdefault(row["draw"], []).append(place[row["path"]])

    def told(self, train, asked):
        """Which of the pictures `asked` a head trained on `train` gets right."""
        head = Head(self.features[train], self.tags[train], self.n_tags)
        return head.tags(self.features[asked]) == self.tags[asked]

    def on_test(self):
        """{pictures a tag, or "all": a share for each draw}"""
        test, train = numpy.flatnonzero(self.is_test), numpy.flatnonzero(~self.is_test)
        shares = {shots: [self.told(numpy.array(draw), test).mean() for draw in draws.values()]
                  for shots, draws in self.draws.items()}
        shares["all"] = [self.told(train, test).mean()]
        return shares

    def across_folds(self, n_folds, n_draws):
        """The same by cross-validation. The pictures drawn depend on the set alone, so two bases meet the same ones."""
        shares = {shots: [] for shots in (*SHOTS, "all")}
        for draw in range(n_draws):
            random = numpy.random.default_rng(draw)
            order = random.permutation(len(self.tags))
            fold = numpy.empty(len(order), int)
            for tag in range(self.n_tags):
                own = order[self.tags[order] == tag]
                fold[own] = (numpy.arange(len(own)) + tag) % n_folds
            right = {shots: 0 for shots in shares}
            for left_out in range(n_folds):
                asked = numpy.flatnonzero(fold == left_out)
                others = random.permutation(numpy.flatnonzero(fold != left_out))
                for shots in shares:
                    train = others if shots == "all" else numpy.concatenate(
                        [others[self.tags[others] == tag][:shots] for tag in range(self.n_tags)])
                    right[shots] += self.told(train, asked).sum()
            for shots in shares:
                shares[shots].append(right[shots] / len(self.tags))
        return shares


def row(set_name, network, shares):
    cells = [f"{100 * numpy.mean(shares[shots]):.1f}" + (f" ± {100 * numpy.std(shares[shots]):.1f}" if len(shares[shots]) > 1 else "")
             for shots in (*SHOTS, "all")]
    summary = 100 * numpy.mean([numpy.mean(shares[shots]) for shots in (5, 10, "all")])
    print(f"| {set_name} | {network} | {' | '.join(cells)} | {summary:.1f} |", flush=True)


def measure(options, network, scratch):
    base, title = network, os.path.basename(network)
    if network.endswith(".onnx"):
        base = os.path.join(scratch, "base.ocm")
        ocellus(options, "base", "import", network, "-o", base, *shlex.split(options.import_options))
    measured = []
    for name in options.sets or SETS:
        pictures = Set(options, base, name, scratch)
        measured.append(pictures.across_folds(options.folds, options.draws) if options.train_only else pictures.on_test())
        row(name, title, measured[-1])
    if len(measured) > 1:
        row("**mean**", title, {shots: [numpy.mean([numpy.mean(shares[shots]) for shares in measured])] for shots in measured[0]})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="+", metavar="NETWORK")
    parser.add_argument("--command", default="build/gcc/src/cli/ocellus")
    parser.add_argument("--import", dest="import_options", default="", metavar="OPTIONS", help="options for `ocellus base import`")
    parser.add_argument("--set", dest="sets", action="append", metavar="NAME", help=f"default: {', '.join(SETS)}")
    parser.add_argument("--train-only", action="store_true", help="cross-validate on the training part")
    parser.add_argument("--folds", type=int, default=6, help="with --train-only; 6 of 12 pictures a tag leave 10 to draw from")
    parser.add_argument("--draws", type=int, default=5, help="with --train-only")
    options = parser.parse_args()
    if options.folds < 2 or options.draws < 1:
        parser.error("at least 2 folds and 1 draw")
    data = os.environ.get("OCELLUS_TEST_DATA")
    if not data:
        print("skipped: OCELLUS_TEST_DATA is not set, so there are no real pictures to measure on", file=sys.stderr)
        return 77
    options.data = os.path.join(data, "classification")
    print("| set | features of | " + " | ".join(f"{shots} a tag" for shots in SHOTS) + " | all | mean of 5, 10, all |")
    print("|---|---|" + "---|" * (len(SHOTS) + 2))
    with tempfile.TemporaryDirectory() as scratch:
        for network in options.networks:
            measure(options, network, scratch)
    return 0


if __name__ == "__main__":
    sys.exit(main())
