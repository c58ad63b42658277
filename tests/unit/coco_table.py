# SPDX-License-Identifier: MIT
"""Prints coco_table.h: what pycocotools says of boxes that test_detection.c makes likewise. Needs pycocotools.

    python3 tests/unit/coco_table.py > tests/unit/coco_table.h
"""

import contextlib
import io

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

N_CASES, N_PICTURES, N_TAGS = 4, 40, 3


class Numbers:
    """The generator of the C test."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % n


def make_box(numbers):
    left, top = numbers.below(900), numbers.below(900)
    return left, top, min(20 + numbers.below(300), 1024 - left), min(20 + numbers.below(300), 1024 - top)


def move_box(box, numbers):
    """Somewhere near."""
    left, top = box[0] + numbers.below(21), box[1] + numbers.below(21)
    return left, top, max(min(box[2], 1024 - left), 1), max(min(box[3], 1024 - top), 1)


def make_case(seed):
    numbers = Numbers(seed)
    truths, found = [], []
    for picture in range(N_PICTURES):
        for _ in range(numbers.below(7)):
            tag, box = numbers.below(N_TAGS), make_box(numbers)
            truths.append((picture, tag, box))
            for _ in range(numbers.below(3)):
                given = numbers.below(N_TAGS) if numbers.below(10) == 0 else tag
                found.append((picture, given, move_box(box, numbers), numbers.below(4096)))
        for _ in range(250 if picture == 7 else numbers.below(5)):
            tag, box = numbers.below(N_TAGS), make_box(numbers)
            found.append((picture, tag, box, numbers.below(2048)))
    return truths, found


def figures(truths, found, tags):
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            "images": [{"id": i} for i in range(N_PICTURES)],
            "categories": [{"id": i} for i in range(N_TAGS)],
            "annotations": [
                {"id": i + 1, "image_id": picture, "category_id": tag, "bbox": list(box), "area": box[2] * box[3], "iscrowd": 0}
                for i, (picture, tag, box) in enumerate(truths)
            ],
        }
        coco.createIndex()
        answers = coco.loadRes([
            {"image_id": picture, "category_id": tag, "bbox": list(box), "score": probability / 4096}
            for picture, tag, box, probability in found
        ])
        evaluation = COCOeval(coco, answers, "bbox")
        evaluation.params.catIds = tags
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return (evaluation.stats[1], evaluation.stats[0], evaluation.stats[8], *evaluation.stats[3:6])


def main():
    print("/* Made by coco_table.py from pycocotools: of each case tag 0, 1, ... and their mean; AP50, AP50:95, AR, AP of small, medium, large. */")
    print("static const double coco_table[N_CASES][N_TAGS + 1][6] = {")
    for case in range(N_CASES):
        truths, found = make_case(case + 1)
        rows = [figures(truths, found, tags) for tags in [[tag] for tag in range(N_TAGS)] + [list(range(N_TAGS))]]
        print("    {" + ", ".join("{" + ", ".join(f"{x:.8f}" for x in row) + "}" for row in rows) + "},")
    print("};")


if __name__ == "__main__":
    main()
