#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shows how the cost of inference grows with the batch, the threads and the side of the pictures, as tables.

    scaling.py BENCH_NETWORKS [--networks mobilenetv2,resnet18] [--seconds 0.5]

Where "ms a picture" or "ns a pixel" stays level, the cost grows in a straight line."""
import argparse
import subprocess

BATCHES = (1, 2, 4, 8, 16, 32, 64)
SIDES = (96, 128, 160, 192, 224, 256, 320, 384, 480, 640)


def milliseconds(options, network, side, batch, threads):
    answer = subprocess.run([options.bench, "infer", network, str(side), str(batch), str(threads), str(options.seconds)],
                            check=True, capture_output=True, text=True).stdout.split()
    return float(answer[5]), int(answer[7])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("--networks", default="mobilenetv2,resnet18")
    parser.add_argument("--seconds", type=float, default=0.5)
    options = parser.parse_args()
    for network in options.networks.split(","):
        print(f"\n{network}, 224 px\n\n| batch | 1 thread: ms a picture | 2 threads: ms a picture | gain | MB |\n|---|---|---|---|---|")
        for batch in BATCHES:
            one, _ = milliseconds(options, network, 224, batch, 1)
            two, memory = milliseconds(options, network, 224, batch, 2)
            print(f"| {batch} | {one / batch:.2f} | {two / batch:.2f} | {one / two:.2f} | {memory} |", flush=True)
        print(f"\n{network}, batch 1\n\n| side | 1 thread: ms | 2 threads: ms | gain | 1 thread: ns a pixel | MB |\n|---|---|---|---|---|---|")
        for side in SIDES:
            one, _ = milliseconds(options, network, side, 1, 1)
            two, memory = milliseconds(options, network, side, 1, 2)
            print(f"| {side} | {one:.2f} | {two:.2f} | {one / two:.2f} | {one * 1e6 / side ** 2:.0f} | {memory} |", flush=True)


if __name__ == "__main__":
    main()
