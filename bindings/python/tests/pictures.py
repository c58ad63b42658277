# SPDX-License-Identifier: MIT
"""Small pictures made in memory, so that the tests need nothing but Python."""

import random
import struct
import zlib

SIDE = 48
TAGS = ("checks", "disc", "stripes")


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, pixels, channels=3, extra=b""):
    """A PNG file. `pixels` are rows of grey (1 channel), RGB (3) or RGBA (4); `extra` are chunks to put before the pixels."""
    row_size = width * channels
    assert len(pixels) == row_size * height
    colour_type = {1: 0, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + bytes(pixels[y * row_size:(y + 1) * row_size]) for y in range(height))
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0))
        + extra
        + _chunk(b"IDAT", zlib.compress(rows))
        + _chunk(b"IEND", b"")
    )


def exif_orientation(value):
    """A PNG chunk that says how the picture is turned."""
    return _chunk(b"eXIf", b"MM\0*\0\0\0\x08" + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, value, 0, 0))


def gradient(width, height, channels=3):
    """Pixels that all differ from their neighbours, so that any mix-up of rows, columns or channels shows."""
    return bytes(
        (x * 7 + y * 31 + channel * 85) % 256 for y in range(height) for x in range(width) for channel in range(channels)
    )


def scene(tag, seed):
    """RGB pixels of a picture that shows `tag`, SIDE x SIDE. Colours, size and place vary with the seed."""
    noise = random.Random(f"{tag} {seed}")
    dark = [noise.randrange(0, 90) for _ in range(3)]
    light = [noise.randrange(150, 256) for _ in range(3)]
    period = noise.randrange(5, 9)
    radius = noise.randrange(10, 20)
    centre_x, centre_y = noise.randrange(18, 30), noise.randrange(18, 30)
    inside = {
        "checks": lambda x, y: (x // period + y // period) % 2,
        "disc": lambda x, y: (x - centre_x) ** 2 + (y - centre_y) ** 2 < radius ** 2,
        "stripes": lambda x, y: y // period % 2,
    }[tag]
    pixels = bytearray()
    for y in range(SIDE):
        for x in range(SIDE):
            for value in light if inside(x, y) else dark:
                pixels.append(min(255, max(0, value + noise.randrange(-12, 13))))
    return bytes(pixels)


def scene_png(tag, seed):
    return png(SIDE, SIDE, scene(tag, seed))


def write_folder(root, seeds, tags=TAGS):
    """A folder with one sub-folder per tag."""
    for tag in tags:
        folder = root / tag
        folder.mkdir(parents=True)
        for seed in seeds:
            (folder / f"{seed:03}.png").write_bytes(scene_png(tag, seed))
    return root
