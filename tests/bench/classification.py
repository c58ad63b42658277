#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures the command on real pictures: top-1, macro F1, seconds to train, pictures per second predicted, peak memory.

    classification.py [--command build/gcc/src/cli/ocellus] [--seeds 3] [SET ...]

SET is a folder with `train` and `test`; without one, the three sets in $OCELLUS_TEST_DATA/classification. Each set's own
training part is trained on with `ocellus train` and its own test part measured with `ocellus evaluate`, once per seed."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time


def run(arguments):
    """Runs a command; returns its JSON, wall seconds and peak memory in MB."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(arguments, stdout=out, stderr=subprocess.PIPE)
        errors = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{' '.join(arguments)}\n{errors}")
        out.seek(0)
        return json.load(out), time.monotonic() - started, usage.ru_maxrss / 1024


def spread(values, digits=1):
    mean = statistics.mean(values)
    return f"{mean:.{digits}f} ± {statistics.pstdev(values):.{digits}f}"


def compare_precisions(options):
    precisions = options.precisions.split(",")
    print(f"| set | {' | '.join(f'{p} top-1 %' for p in precisions)} |\n|---|{'---|' * len(precisions)}")
    for folder in options.sets:
        found = {p: [] for p in precisions}
        for seed in range(options.seeds):
            with tempfile.TemporaryDirectory() as scratch:
                model = os.path.join(scratch, "model.ocm")
                run([options.command, "train", f"{folder}/train", "-o", model, "--seed", str(seed), "--json"])
                for p in precisions:
                    report = run([options.command, "evaluate", model, f"{folder}/test", "--precision", p, "--json"])[0]["report"]
                    found[p].append(100 * report["accuracy"])
        print(f"| {os.path.basename(folder.rstrip('/'))} | {' | '.join(spread(found[p]) for p in precisions)} |", flush=True)
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", default="build/gcc/src/cli/ocellus")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--precisions", metavar="NAMES", help="fp32,int8,...: measure the same models in each of these instead")
    parser.add_argument("sets", nargs="*")
    options = parser.parse_args()
    if not options.sets:
        data = os.environ.get("OCELLUS_TEST_DATA")
        if not data:
            print("skipped: OCELLUS_TEST_DATA is not set, so there are no real pictures to measure on", file=sys.stderr)
            return 77
        options.sets = [f"{data}/classification/{name}" for name in ("grocery", "weather", "neu-surface")]
    if options.precisions:
        return compare_precisions(options)
    print("| set | pictures train / test | top-1 % | macro F1 % | train s | predicted / s | train MB | predict MB |")
    print("|---|---|---|---|---|---|---|---|")
    for folder in options.sets:
        rows = []
        for seed in range(options.seeds):
            with tempfile.TemporaryDirectory() as scratch:
                model = os.path.join(scratch, "model.ocm")
                trained, seconds, memory = run([options.command, "train", f"{folder}/train", "-o", model, "--seed", str(seed),
                                                "--json"])
                measured, predict_seconds, predict_memory = run([options.command, "evaluate", model, f"{folder}/test", "--json"])
            rows.append((trained, measured, seconds, predict_seconds, memory, predict_memory))
        reports = [r[1]["report"] for r in rows]
        n = reports[0]["n_pictures"]
        print(f"| {os.path.basename(folder.rstrip('/'))} | {rows[0][0]['properties']['n_training_pictures']} / {n} "
              f"| {spread([100 * r['accuracy'] for r in reports])} | {spread([100 * r['mean']['f1'] for r in reports])} "
              f"| {spread([r[2] for r in rows])} | {spread([n / r[3] for r in rows], 0)} "
              f"| {max(r[4] for r in rows):.0f} | {max(r[5] for r in rows):.0f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
