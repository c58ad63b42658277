#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Decodes every kind of picture file that the generator writes and compares it with the scene it shows:
formats.py GENERATE_PICTURES IMAGE_DUMP REPLAY_IMAGE"""
import csv
import os
import re
import subprocess
import sys
import tempfile


def read_ppm(path):
    data = open(path, "rb").read()
    match = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", data)
    return int(match[1]), int(match[2]), data[match.end():]


def decode(dump, path):
    answer = subprocess.run([dump], input=f"0 0 0 1 0 0 0 0 {path}\n".encode(), stdout=subprocess.PIPE, check=True).stdout
    line, _, pixels = answer.partition(b"\n")
    status, width, height, message = line.decode().split(" ", 3)
    return int(status), int(width), int(height), pixels, message


def main(generate, dump, replay):
    faults = n = 0
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([generate, folder, "--formats", "--quiet", "--overwrite"], check=True)
        rows = list(csv.DictReader(open(os.path.join(folder, "manifest.csv"), newline="")))
        paths = [os.path.join(folder, row["file"]) for row in rows]
        for row, path in zip(rows, paths):
            n += 1
            width, height, wanted = read_ppm(os.path.join(folder, row["reference"]))
            status, got_width, got_height, pixels, message = decode(dump, path)
            if status or (got_width, got_height) != (width, height):
                print(f"{row['file']}: {status} {message}, {got_width} x {got_height}, expected {width} x {height}")
                faults += 1
                continue
            off = [abs(a - b) for a, b in zip(pixels, wanted)]
            if max(off) > float(row["max_difference"]) or sum(off) / len(off) > float(row["mean_difference"]):
                print(f"{row['file']}: differs by at most {max(off)} (allowed {row['max_difference']}), "
                      f"on average {sum(off) / len(off):.2f} (allowed {row['mean_difference']})")
                faults += 1
        subprocess.run([replay, *paths], check=True)
    print(f"{n} files, {faults} faults")
    return 1 if faults or n < 50 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
