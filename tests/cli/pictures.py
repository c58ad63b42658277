"""Pictures and folders for the tests of the command, made with nothing but the standard library.

SPDX-License-Identifier: MIT
"""
import os
import random
import struct
import zlib


def png_file(width, height, rows):
    """A PNG file's bytes, of 8-bit RGB rows with their filter bytes."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def png(pixel, width=48, height=48):
    """pixel(x, y) gives (r, g, b)."""
    rows = b"".join(b"\0" + b"".join(bytes(pixel(x, y)) for x in range(width)) for y in range(height))
    return png_file(width, height, rows)


def huge_png():
    """Claims to be 60000 x 60000 pixels in a few bytes."""
    return png_file(60000, 60000, bytes(1000))


def striped(seed):
    """Red and black stripes."""
    noise = random.Random(seed)
    period = noise.choice((6, 8, 10))
    base = noise.randrange(120, 200)
    return png(lambda x, y: (base + noise.randrange(40), 30, 30) if x // period % 2 else (20, 20 + noise.randrange(20), 20))


def plain(seed):
    """Blue, nearly even."""
    noise = random.Random(seed)
    base = noise.randrange(120, 200)
    return png(lambda x, y: (40, 60, base + noise.randrange(30)))


def scene(seed, side=96):
    """A picture with a red or a blue square in it, the square's colour, and its box in fractions."""
    noise = random.Random(seed)
    size, red = noise.randrange(24, 48), noise.randrange(2)
    left, top = noise.randrange(side - size), noise.randrange(side - size)
    colour = (220, 20, 20) if red else (20, 20, 220)
    picture = png(lambda x, y: colour if left <= x < left + size and top <= y < top + size else (40, 60, 40 + noise.randrange(20)),
                  side, side)
    return picture, "red" if red else "blue", tuple(value / side for value in (left, top, size, size))


def write_scenes(folder, n=12):
    """Pictures and a CSV file of their boxes, of which every third is of the split test, and one without an object."""
    rows = ["path,tag,split,left,top,width,height"]
    for i in range(n):
        picture, tag, box = scene(i)
        write(os.path.join(folder, "%02d.png" % i), picture)
        rows.append(",".join(["%02d.png" % i, tag, "train" if i % 3 else "test"] + ["%.6f" % value for value in box]))
    write(os.path.join(folder, "empty.png"), png(lambda x, y: (40, 60, 50), 96, 96))
    rows.append("empty.png,,train,,,,")
    write(os.path.join(folder, "labels.csv"), "\n".join(rows).encode() + b"\n")
    return os.path.join(folder, "labels.csv")


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def write_folder(folder, tags=("plain", "striped"), n=8, first_seed=0):
    """One sub-folder for each tag: the first tag's pictures are plain, the others' striped."""
    for index, tag in enumerate(tags):
        for i in range(n):
            make = plain if index == 0 else striped
            write(os.path.join(folder, tag, "%02d.png" % i), make(first_seed + 100 * index + i))
