#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Small networks of the known families, exported by PyTorch, in ONNX Runtime and here: generated_networks.py ONNX_RUN. The
PyTorch may be that of another Python, which $OCELLUS_TORCH_PYTHON names."""
import os
import subprocess
import sys
import tempfile

import runtime  # first: it finds the Python that has the packages

import numpy
import onnx

HERE = os.path.dirname(os.path.abspath(__file__))
# Features that a base of the family must have; others: any.
FEATURES = {"mobilenet_v1": 24, "mobilenet_v2": 40, "mobilenet_v3": 32, "resnet": 16, "resnet_d": 64, "efficientnet_lite": 64,
            "efficientnet": 64, "squeezenet": 32, "shufflenet_v2": 64, "inception": 32, "regnet": 32, "vgg": 24, "densenet": 28,
            "prepared": 40, "channels_last": 16}


def main(program):
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        python = os.environ.get("OCELLUS_TORCH_PYTHON", sys.executable)
        made = subprocess.run([python, os.path.join(HERE, "families.py"), folder], capture_output=True, text=True)
        if made.returncode:
            print(made.stdout + made.stderr)
            return made.returncode
        names = sorted(os.listdir(folder))
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                original = file.read()
            model = onnx.load_from_string(original)
            shape = runtime.batch_of_one(model)
            shape[0] = 1
            values = numpy.random.default_rng(1).normal(0, 1, shape).astype("f4")
            if name.startswith("prepared"):
                values = values * 60 + 120
            last = shape[3] == 3
            theirs = runtime.run_there(model, values)
            said, ours = runtime.run_here(program, original, values, channels_last=last)
            if ours is None or len(ours) != len(theirs):
                print(f"{name}: {said}")
                failed += 1
                continue
            worst = max(runtime.difference(a, b) for a, b in zip(ours, theirs))
            said, base = runtime.run_here(program, original, values, features="-", channels_last=last)
            family = name.replace("_apart", "").replace(".onnx", "").replace("_manual", "").split("_opset")[0]
            n = base[0].shape[1] if base else 0
            wanted = FEATURES.get(family, n)
            good = worst <= runtime.BOUND and base is not None and n == wanted
            failed += not good
            print(f"{name}: {worst:.1e}; {n} features, {said[1] if base else said}, {said[-1] if base else ''}"
                  f"{'' if good else ' WRONG'}")
    print(f"{len(names)} networks, {failed} failed")
    return 1 if failed or not names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
