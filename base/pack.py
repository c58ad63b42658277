#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Packs folders of pictures, made small, into shards that train_torch.py cuts its crops from while it trains.

    pack.py --out DIR --source 'name=shapes folder=data/shapes crops=3 terms="CC BY 4.0"' [--source ...]

Sources are written as for pool.py; `crops` is how often a picture is drawn beside the others. Every picture is squashed to a
square (its aspect is kept beside it) of the smallest side in --sides that is not below its shorter side, and stored as WebP.
The pictures are shuffled, so that every shard is a fair sample. A shard is an .npz of

    data     the WebP files, one behind the other (uint8)
    sizes    the bytes of each (uint32)
    sides    (uint16)
    aspects  width / height (float32)
    weights  `crops` of its source (float32)
"""
import argparse
import io
import multiprocessing
import random
from pathlib import Path

import numpy
from PIL import Image

import pool


def pack(job):
    path, weight, sides, quality = job
    try:
        picture = pool.open_rgb(path)
    except (OSError, ValueError, SyntaxError) as e:
        print(f"left out: {path}: {e}", flush=True)
        return None
    short = min(picture.size)
    side = next((side for side in sides if side >= short), sides[-1])
    file = io.BytesIO()
    picture.resize((side, side), Image.Resampling.BILINEAR).save(file, "webp", quality=quality, method=4)
    return file.getvalue(), side, picture.size[0] / picture.size[1], weight


def write(path, packed):
    numpy.savez(path, data=numpy.frombuffer(b"".join(p[0] for p in packed), "u1"),
                sizes=numpy.array([len(p[0]) for p in packed], "u4"), sides=numpy.array([p[1] for p in packed], "u2"),
                aspects=numpy.array([p[2] for p in packed], "f4"), weights=numpy.array([p[3] for p in packed], "f4"))
    print(f"{path}: {len(packed)} pictures", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, type=Path, help="folder to write into")
    parser.add_argument("--source", required=True, action="append", help="a folder of pictures, as for pool.py")
    parser.add_argument("--sides", default="64,84,150,208", help="of the squares (64,84,150,208)")
    parser.add_argument("--quality", type=int, default=62, help="of WebP (62)")
    parser.add_argument("--mib", type=float, default=54, help="of a shard (54)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    args = parser.parse_args()
    sides = sorted(int(side) for side in args.sides.split(","))
    jobs = []
    for source in map(pool.parse_source, args.source):
        jobs += [(Path(source["folder"], relative), source["crops"], sides, args.quality)
                 for relative, _ in pool.list_pictures(source, args.seed)]
    random.Random(args.seed).shuffle(jobs)
    args.out.mkdir(parents=True, exist_ok=True)
    shard, size, n = [], 0, 0
    with multiprocessing.Pool(args.jobs) as workers:
        for packed in workers.imap(pack, jobs, chunksize=64):
            if packed is None:
                continue
            shard.append(packed)
            size += len(packed[0])
            if size > args.mib * 2**20:
                write(args.out / f"shard-{n:03}.npz", shard)
                shard, size, n = [], 0, n + 1
    if shard:
        write(args.out / f"shard-{n:03}.npz", shard)


if __name__ == "__main__":
    main()
