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
