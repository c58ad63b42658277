#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Gathers pictures with boxes, which the detectors of the base networks learn from, into one table for `ocellus train`.

    boxes.py --out boxes.csv --teacher yolox_nano.onnx --source 'name=shapes folder=data/shapes boxes=teacher' [--source ...]

Keys of a source (a value with spaces is quoted):
    name     stands before the tags' names, but for those of the teacher, which are the same everywhere
    folder   where its pictures lie; searched with all folders below
    boxes    where the boxes come from: teacher; voc (Annotations/NAME.xml beside JPEGImages); tiny (Tiny-ImageNet's lists)
    limit    take this many pictures, drawn at random (all)
    skip     folder names to leave out, separated by commas

The teacher is YOLOX (Ge et al. 2021), of COCO's 80 classes. A picture is taken if it finds one object of at least --sure, and then
with all of at least --likely: what it merely suspects would be taught as background otherwise."""
import argparse
import csv
import os
import random
import shlex
import sys
import xml.etree.ElementTree
from pathlib import Path

import numpy
import onnxruntime
from PIL import Image

PICTURES = {".jpg", ".jpeg", ".png", ".bmp"}
SIDE, STRIDES, OVERLAP = 416, (8, 16, 32), 0.6
COCO = ("person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,stop sign,parking meter,bench,bird,"
        "cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,backpack,umbrella,handbag,tie,suitcase,frisbee,skis,snowboard,"
        "sports ball,kite,baseball bat,baseball glove,skateboard,surfboard,tennis racket,bottle,wine glass,cup,fork,knife,spoon,"
        "bowl,banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,chair,couch,potted plant,bed,dining table,"
        "toilet,tv,laptop,mouse,remote,keyboard,cell phone,microwave,oven,toaster,sink,refrigerator,book,clock,vase,scissors,"
        "teddy bear,hair drier,toothbrush").split(",")


class Teacher:
    def __init__(self, path, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0].name
        cells = [numpy.stack(numpy.meshgrid(numpy.arange(SIDE // s), numpy.arange(SIDE // s)), -1).reshape(-1, 2) for s in STRIDES]
        self.places = numpy.concatenate(cells)
        self.strides = numpy.concatenate([numpy.full((len(c), 1), s) for c, s in zip(cells, STRIDES)])

    def boxes(self, picture, sure, likely):
        """Rows of tag, left, top, width, height, as fractions of the picture."""
        scale = SIDE / max(picture.size)
        size = [max(1, round(n * scale)) for n in picture.size]
        canvas = numpy.full((SIDE, SIDE, 3), 114, numpy.float32)
        canvas[: size[1], : size[0]] = numpy.asarray(picture.resize(size, Image.Resampling.BILINEAR))[..., ::-1]
        out = self.session.run(None, {self.input: canvas.transpose(2, 0, 1)[None].copy()})[0][0]
        centres, sides = (out[:, :2] + self.places) * self.strides, numpy.exp(out[:, 2:4]) * self.strides
        scores = out[:, 4:5] * out[:, 5:]
        kinds, best = scores.argmax(1), scores.max(1)
        corners = numpy.concatenate([centres - sides / 2, centres + sides / 2], 1).clip(0, [size[0], size[1]] * 2)
        kept = []
        for i in numpy.argsort(-best):
            if best[i] < likely:
                break
            if all(overlap(corners[i], corners[k]) < OVERLAP for k in kept):
                kept.append(i)
        if not kept or best[kept[0]] < sure:
            return []
        rows = [(COCO[kinds[i]], *(corners[i][:2] / size), *((corners[i][2:] - corners[i][:2]) / size)) for i in kept]
        return [row for row in rows if min(row[3:]) > 0.01]


def overlap(a, b):
    width, height = numpy.minimum(a[2:], b[2:]) - numpy.maximum(a[:2], b[:2])
    common = max(width, 0) * max(height, 0)
    return common / (numpy.prod(a[2:] - a[:2]) + numpy.prod(b[2:] - b[:2]) - common + 1e-9)


def fractions(tag, left, top, right, bottom, size):
    """The row of a box of pixels."""
    left, right = (min(max(x / size[0], 0), 1) for x in (left, right))
    top, bottom = (min(max(y / size[1], 0), 1) for y in (top, bottom))
    return (tag, left, top, right - left, bottom - top)


def voc_boxes(path, name, size):
    tree = xml.etree.ElementTree.parse(path.parent.parent / "Annotations" / (path.stem + ".xml"))
    for item in tree.iter("object"):
        corners = [float(item.find("bndbox").find(key).text) for key in ("xmin", "ymin", "xmax", "ymax")]
        yield fractions(f"{name}:{item.find('name').text}", *corners, size)


def tiny_boxes(folder, name):
    """The boxes of one class, by the pictures' names."""
    with open(folder.parent / (folder.parent.name + "_boxes.txt")) as file:
        rows = [line.split() for line in file]
    return {row[0]: fractions(f"{name}:{folder.parent.name}", *(int(v) + (k > 1) for k, v in enumerate(row[1:])), (64, 64)) for row in rows}


def parse_source(text):
    source = dict(item.split("=", 1) for item in shlex.split(text))
    if not {"name", "folder", "boxes"} <= source.keys() <= {"name", "folder", "boxes", "limit", "skip"}:
        raise SystemExit(f"--source '{text}': expected name, folder, boxes, and perhaps limit and skip")
    if source["boxes"] not in ("teacher", "voc", "tiny"):
        raise SystemExit(f"--source {source['name']}: boxes={source['boxes']} is none of teacher, voc, tiny")
    return source


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--teacher", help="yolox_nano.onnx, for sources with boxes=teacher")
    parser.add_argument("--source", required=True, action="append")
    parser.add_argument("--sure", type=float, default=0.5)
    parser.add_argument("--likely", type=float, default=0.35)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-t", "--threads", type=int, default=2)
    args = parser.parse_args()
    teacher = Teacher(args.teacher, args.threads) if args.teacher else None
    with open(args.out, "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("path", "tag", "left", "top", "width", "height"))
        for source in map(parse_source, args.source):
            folder, skip = Path(source["folder"]), set(source.get("skip", "").split(","))
            paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in PICTURES and skip.isdisjoint(p.relative_to(folder).parts))
            if "limit" in source and int(source["limit"]) < len(paths):
                paths = sorted(random.Random(f"{args.seed}/{source['name']}").sample(paths, int(source["limit"])))
            n_pictures = n_boxes = 0
            lists = {}
            for path in paths:
                try:
                    picture = Image.open(path)
                    if source["boxes"] == "teacher":
                        rows = teacher.boxes(picture.convert("RGB"), args.sure, args.likely)
                    elif source["boxes"] == "voc":
                        rows = list(voc_boxes(path, source["name"], picture.size))
                    else:
                        if path.parent not in lists:
                            lists[path.parent] = tiny_boxes(path.parent, source["name"])
                        rows = [lists[path.parent][path.name]]
                except (OSError, ValueError, SyntaxError, AttributeError, KeyError) as e:
                    print(f"left out: {path}: {e}", file=sys.stderr)
                    continue
                rows = [row for row in rows if min(row[3:]) > 0]
                n_pictures += bool(rows)
                n_boxes += len(rows)
                for tag, *box in rows:
                    writer.writerow((os.path.abspath(path), tag, *(f"{v:.5f}" for v in box)))
            print(f"{source['name']}: {n_boxes} boxes on {n_pictures} of {len(paths)} pictures", flush=True)


if __name__ == "__main__":
    main()
