# SPDX-License-Identifier: MIT
"""Pictures from all that Image takes: each way must give the same pixels."""

import pytest

import ocellus
from ocellus import _native
from pictures import exif_orientation, gradient, png

WIDTH, HEIGHT = 6, 4
PIXELS = gradient(WIDTH, HEIGHT)
FILE = png(WIDTH, HEIGHT, PIXELS)


def decoded(source, context, **keywords):
    picture = ocellus.Picture(ocellus.Image(source, **keywords), context=context)
    return picture.size, picture.tobytes()


def test_path(tmp_path, context):
    path = tmp_path / "bild ü.png"
    path.write_bytes(FILE)
    assert decoded(path, context) == decoded(str(path), context) == ((WIDTH, HEIGHT), PIXELS)


def test_missing_path(tmp_path, context):
    with pytest.raises(ocellus.NotFoundError, match="missing.png") as caught:
        ocellus.Picture(tmp_path / "missing.png", context=context)
    assert caught.value.code == _native.OC_E_NOT_FOUND


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: memoryview(bytearray(data))])
def test_encoded(kind, context):
    assert decoded(kind(FILE), context) == ((WIDTH, HEIGHT), PIXELS)


def test_strided_memoryview(context):
    spread = bytearray(2 * len(FILE))
    spread[::2] = FILE
    assert decoded(memoryview(spread)[::2], context) == ((WIDTH, HEIGHT), PIXELS)


def test_bytearray_is_not_copied():
    data = bytearray(FILE)
    image = ocellus.Image(data)
    with pytest.raises(BufferError):
        data.append(0)
    del image
    data.append(0)


def test_damaged(context):
    with pytest.raises(ocellus.FormatError):
        ocellus.Picture(b"this is not a picture", context=context)
    with pytest.raises(ocellus.CorruptError, match="part 7"):
        ocellus.Picture(ocellus.Image(FILE[:-20], name="part 7"), context=context)
    with pytest.raises(ocellus.Error):
        ocellus.Picture(b"", context=context)


def test_limits(context):
    with ocellus.Context(1, max_image_side=5) as narrow, pytest.raises(ocellus.LimitError):
        ocellus.Picture(FILE, context=narrow)


@pytest.mark.parametrize("source", ["a\0b.png", b"a\0b.png"])
def test_nul_in_path(source):
    if isinstance(source, str):
        with pytest.raises(ocellus.ArgumentError, match="NUL"):
            ocellus.Image(source)
    else:
        ocellus.Image(source)  # bytes are those of a file


def test_not_a_picture():
    with pytest.raises(TypeError, match="not int"):
        ocellus.Image(7)
    with pytest.raises(ocellus.ArgumentError, match="order"):
        ocellus.Image(FILE, order="GBR")
    with pytest.raises(ocellus.ArgumentError, match="as an array"):
        ocellus.Image(memoryview(PIXELS).cast("B", [HEIGHT, WIDTH * 3]))


def test_picture_of_a_picture(context):
    picture = ocellus.Picture(FILE, context=context)
    assert (picture.width, picture.height) == (WIDTH, HEIGHT)
    assert ocellus.Picture(picture, context=context).tobytes() == PIXELS
    image = ocellus.Image(picture)
    picture.close()
    with pytest.raises(ocellus.StateError, match="closed"):
        picture.tobytes()
    # The Image was made before: its pixels must still be there.
    assert ocellus.Picture(image, context=context).tobytes() == PIXELS


class FakeArray:
    """An array of another make than numpy's."""

    def __init__(self, data, shape, strides=None, offset=0, typestr="|u1"):
        import ctypes
        self.buffer = (ctypes.c_char * len(data)).from_buffer_copy(data)
        self.__array_interface__ = {
            "version": 3, "shape": shape, "typestr": typestr, "strides": strides,
            "data": (ctypes.addressof(self.buffer) + offset, True),
        }


def test_array_without_numpy(context):
    assert decoded(FakeArray(PIXELS, (HEIGHT, WIDTH, 3)), context) == ((WIDTH, HEIGHT), PIXELS)


def test_array_with_padded_rows(context):
    row = WIDTH * 3
    padded = b"".join(PIXELS[y * row:(y + 1) * row] + b"pad" for y in range(HEIGHT))
    assert decoded(FakeArray(padded, (HEIGHT, WIDTH, 3), (row + 3, 3, 1)), context)[1] == PIXELS


def test_array_bottom_up(context):
    row = WIDTH * 3
    flipped = b"".join(PIXELS[y * row:(y + 1) * row] for y in reversed(range(HEIGHT)))
    array = FakeArray(flipped, (HEIGHT, WIDTH, 3), (-row, 3, 1), row * (HEIGHT - 1))
    assert decoded(array, context)[1] == PIXELS


@pytest.mark.parametrize("shape", [(5,), (4, 6, 2), (3, 4, 6), (1, 4, 6, 3)])
def test_array_of_wrong_shape(shape):
    with pytest.raises(ocellus.ArgumentError, match="height, width"):
        ocellus.Image(FakeArray(PIXELS, shape))


def test_array_of_wrong_type():
    with pytest.raises(ocellus.ArgumentError, match="uint8"):
        ocellus.Image(FakeArray(PIXELS * 4, (HEIGHT, WIDTH, 3), typestr="<f4"))


def test_array_without_pixels(context):
    with pytest.raises(ocellus.ArgumentError):
        ocellus.Picture(FakeArray(b"x", (0, WIDTH, 3)), context=context)


# numpy


@pytest.fixture
def numpy():
    return pytest.importorskip("numpy", reason="numpy is not installed: its arrays are not tested")


@pytest.fixture
def array(numpy):
    return numpy.frombuffer(PIXELS, numpy.uint8).reshape(HEIGHT, WIDTH, 3)


def in_place(image, array, numpy):
    """Whether an Image points into the array's memory."""
    low, high = numpy.lib.array_utils.byte_bounds(array) if hasattr(numpy.lib, "array_utils") else numpy.byte_bounds(array)
    return low <= image._native.data < high


@pytest.mark.parametrize("view, copied", [
    (lambda a: a, False),
    (lambda a: a[::-1], False),
    (lambda a: a[::2], False),
    (lambda a: a[:, 1:4], False),
    (lambda a: a[1:2], False),
    (lambda a: a[:, 2:3], False),
    (lambda a: a[..., ::-1], False),
    (lambda a: a[::-1, :, ::-1], False),
    (lambda a: a[:, ::-1], True),
    (lambda a: a[:, ::2], True),
    (lambda a: a.transpose(1, 0, 2), True),
    (lambda a: a[..., 0], True),
    (lambda a: a[..., :1], True),
    (lambda a: a[:1].repeat(3, 0), False),
])
def test_numpy_views(view, copied, array, numpy, context):
    viewed = view(array)
    image = ocellus.Image(viewed)
    assert in_place(image, viewed, numpy) != copied
    pixels = numpy.asarray(ocellus.Picture(image, context=context))
    expected = viewed if viewed.ndim == 3 else viewed[..., None]
    assert numpy.array_equal(pixels, numpy.broadcast_to(expected, viewed.shape[:2] + (3,)))


def test_numpy_rows_that_share_memory(array, numpy, context):
    viewed = numpy.broadcast_to(array[0], (3, WIDTH, 3))
    assert numpy.array_equal(numpy.asarray(ocellus.Picture(viewed, context=context)), viewed)


def test_numpy_bgr(array, context):
    swapped = array[..., ::-1].copy()
    assert decoded(swapped, context, order="BGR")[1] == PIXELS
    assert decoded(array[..., ::-1], context, order="BGR")[1] == PIXELS


def test_numpy_alpha(numpy, context):
    rgba = numpy.zeros((1, 2, 4), numpy.uint8)
    rgba[0, 0] = 10, 20, 30, 255
    assert decoded(rgba, context)[1] == bytes([10, 20, 30, 255, 255, 255])
    assert decoded(rgba, context, order="BGR")[1] == bytes([30, 20, 10, 255, 255, 255])
    assert decoded(rgba[..., ::-1][..., ::-1], context)[1] == bytes([10, 20, 30, 255, 255, 255])


def test_numpy_types(numpy):
    for kind in (float, bool, numpy.int8, numpy.uint16):
        with pytest.raises(ocellus.ArgumentError, match="uint8"):
            ocellus.Image(numpy.zeros((4, 4, 3), kind))


def test_numpy_array_of_a_picture_outlives_it(numpy, context):
    picture = ocellus.Picture(FILE, context=context)
    pixels = numpy.asarray(picture)
    assert not pixels.flags.writeable
    picture.close()
    del picture
    assert pixels.tobytes() == PIXELS


# PIL


@pytest.fixture
def pil():
    return pytest.importorskip("PIL.Image", reason="PIL is not installed: its pictures are not tested")


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "1", "P", "CMYK", "LA", "YCbCr"])
def test_pil_modes(mode, pil, context):
    original = pil.frombytes("RGB", (WIDTH, HEIGHT), PIXELS)
    picture = original.convert("L").convert("LA") if mode == "LA" else original.convert(mode)
    assert decoded(picture, context) == ((WIDTH, HEIGHT), picture.convert("RGB").tobytes())


def test_pil_transparency(pil, context):
    picture = pil.new("P", (1, 1), 0)
    picture.putpalette([1, 2, 3] * 256)
    assert decoded(picture, context)[1] == bytes([1, 2, 3])
    picture.info["transparency"] = 0
    assert decoded(picture, context)[1] == b"\xff\xff\xff"


def test_pil_sixteen_bits(pil, context):
    picture = pil.frombytes("I;16", (2, 1), bytes([0x34, 0x12, 0xFF, 0xFE]))
    assert decoded(picture, context)[1] == bytes([0x12] * 3 + [0xFE] * 3)


@pytest.mark.parametrize("mode", ["I", "F"])
def test_pil_modes_without_white(mode, pil):
    with pytest.raises(ocellus.ArgumentError, match="scale it"):
        ocellus.Image(pil.new(mode, (4, 4)))


@pytest.mark.parametrize("orientation", range(0, 10))
def test_pil_orientation_is_that_of_the_file(orientation, pil, context):
    import io
    data = io.BytesIO()
    exif = pil.Exif()
    exif[0x0112] = orientation
    pil.frombytes("RGB", (WIDTH * 8, HEIGHT * 8), gradient(WIDTH * 8, HEIGHT * 8)).save(data, "PNG", exif=exif)
    picture = pil.open(io.BytesIO(data.getvalue()))
    assert decoded(picture, context) == decoded(data.getvalue(), context)


def test_orientation(context):
    turned = png(WIDTH, HEIGHT, PIXELS, extra=exif_orientation(6))
    row = WIDTH * 3
    upright = b"".join(
        PIXELS[y * row + x * 3:y * row + x * 3 + 3] for x in range(WIDTH) for y in reversed(range(HEIGHT))
    )
    assert decoded(turned, context) == ((HEIGHT, WIDTH), upright)
