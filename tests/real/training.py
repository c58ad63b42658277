#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains on real pictures and measures on their test split: training.py OCELLUS. The bounds are floors well below what is
measured (docs/benchmarks.md): they catch a chain that is broken, not one that is a little worse."""
import json
import os
import subprocess
import sys
import tempfile

FLOORS = {"weather": 0.80, "neu-surface": 0.90, "grocery": 0.25}


def main(ocellus):
    data = os.environ.get("OCELLUS_TEST_DATA")
    if not data:
        print("SKIPPED: OCELLUS_TEST_DATA is not set, so there are no real pictures to train on")
        return 77
    failed = 0
    for name, floor in FLOORS.items():
        folder = os.path.join(data, "classification", name)
        with tempfile.TemporaryDirectory() as scratch:
            model = os.path.join(scratch, "model.ocm")
            text = subprocess.run([ocellus, "train", f"{folder}/train", "--test", f"{folder}/test", "-o", model, "--json", "--quiet"],
                                  check=True, capture_output=True, text=True).stdout
            report = json.loads(text)["report"]
            again = subprocess.run([ocellus, "evaluate", model, f"{folder}/test", "--json", "--quiet"], check=True,
                                   capture_output=True, text=True).stdout
        print(f"{name}: accuracy {report['accuracy']:.3f} on {report['n_pictures']} pictures, floor {floor}")
        failed += report["accuracy"] < floor or report["n_skipped"] > 0
        if json.loads(again)["report"]["accuracy"] != report["accuracy"]:
            print(f"{name}: evaluating the saved model gives {json.loads(again)['report']['accuracy']}")
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
