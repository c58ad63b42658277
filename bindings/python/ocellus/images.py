# SPDX-License-Identifier: MIT
"""Pictures: what the library can be given, and pictures that it has decoded."""

from __future__ import annotations

import ctypes
import os
from ctypes import byref
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Optional, Sequence, Tuple, Union

from . import _native
from ._handle import Handle, call, create, path_bytes, utf8
from ._library import lib
from .context import Context, default_context
from .errors import ArgumentError

if TYPE_CHECKING:
    from .dataset import LabelledBox
    from .predicting import Prediction

ImageSource = Union["Image", "Picture", str, "os.PathLike[str]", bytes, bytearray, memoryview, Any]
"""Whatever Image takes, or an Image, or a Picture."""

_FORMATS = {
    ("RGB", 1): _native.OC_IMAGE_GRAY8,
    ("BGR", 1): _native.OC_IMAGE_GRAY8,
    ("RGB", 3): _native.OC_IMAGE_RGB8,
    ("BGR", 3): _native.OC_IMAGE_BGR8,
    ("RGB", 4): _native.OC_IMAGE_RGBA8,
    ("BGR", 4): _native.OC_IMAGE_BGRA8,
}
_REVERSED = {"RGB": "BGR", "BGR": "RGB"}

_PIL_CHANNELS = {"L": 1, "RGB": 3, "RGBA": 4}
_PIL_WITH_ALPHA = ("LA", "La", "PA", "RGBa")
# Where the high byte of a 16-bit sample lies.
_PIL_HIGH_BYTE = {"I;16": 1, "I;16L": 1, "I;16B": 0}

_EXIF_ORIENTATION = 0x0112
# The PIL transposition, by number, that turns a picture of this orientation upright.
_PIL_UPRIGHT = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}


class Image:
    """A picture as the library takes it. Functions make one from what they are given; make it yourself to name the picture
    or to say that an array's channels are in the order BGR.

    Args:
        source: one of
            str or path: the path of a picture file;
            bytes, bytearray or memoryview: the bytes of a picture file (JPEG, PNG, BMP or GIF);
            an array with __array_interface__, such as numpy's: uint8, of shape (height, width), (height, width, 1),
                (height, width, 3) or (height, width, 4), row 0 at the top, alpha not premultiplied. It is read in place if
                its pixels lie together, whatever the stride of its rows; other arrays are copied;
            a PIL picture of any mode but "I" and "F"; the EXIF orientation it bears is honoured, as for files;
            a Picture.
        order: "RGB" or "BGR", the order of an array's channels. OpenCV's arrays are "BGR".
        name: what messages and reports call the picture. Default: its path, or "picture N".

    The source is not copied where it can be helped: leave it unchanged until the call that reads it has returned.

    Raises: ArgumentError, TypeError.
    """

    def __init__(self, source: ImageSource, *, order: str = "RGB", name: Optional[str] = None) -> None:
        if order not in _REVERSED:
            raise ArgumentError(f'order is {order!r}, but must be "RGB" or "BGR"')
        self._native = _native.oc_image()
        self._alive: Any = None
        if name is not None:
            self._native.name = utf8(name, "the picture's name")
        if isinstance(source, (str, os.PathLike)):
            self._hold(path_bytes(source), _native.OC_IMAGE_PATH)
        elif isinstance(source, (bytes, bytearray, memoryview)):
            self._from_encoded(source)
        elif isinstance(source, Picture):
            self._from_picture(source)
        elif hasattr(source, "mode") and hasattr(source, "convert") and hasattr(source, "tobytes"):
            self._from_pil(source)
        elif hasattr(source, "__array_interface__"):
            self._from_array(source, order)
        else:
            raise TypeError(
                f"a picture must be a path, the bytes of a picture file, an array, a PIL picture or a Picture, "
                f"not {type(source).__name__}"
            )

    def _hold(self, data: bytes, image_format: int) -> None:
        """Points to bytes and keeps them alive."""
        self._alive = data
        self._native.format = image_format
        self._native.data = ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value
        self._native.size = len(data)

    def _set_size(self, width: int, height: int, channels: int, order: str) -> None:
        if max(width, height) > 0xFFFFFFFF:
            raise ArgumentError(f"a picture of {width}x{height} pixels is too large")
        self._native.width = width
        self._native.height = height
        self._native.format = _FORMATS[order, channels]

    def _from_encoded(self, source: Union[bytes, bytearray, memoryview]) -> None:
        if isinstance(source, memoryview) and source.ndim != 1:
            raise ArgumentError("a memoryview must hold the bytes of a picture file; give raw pixels as an array")
        if isinstance(source, bytearray) or (
            isinstance(source, memoryview) and not source.readonly and source.c_contiguous and source.itemsize == 1
        ):
            self._alive = (ctypes.c_char * len(source)).from_buffer(source)
            self._native.format = _native.OC_IMAGE_ENCODED
            self._native.data = ctypes.addressof(self._alive)
            self._native.size = len(source)
        else:
            self._hold(bytes(source), _native.OC_IMAGE_ENCODED)

    def _from_picture(self, picture: "Picture") -> None:
        self._alive = picture
        name = self._native.name
        self._native = picture._lend()
        if name is not None:
            self._native.name = name

    def _from_pil(self, picture: Any) -> None:
        exif = picture.getexif() if hasattr(picture, "getexif") else {}
        turn = _PIL_UPRIGHT.get(exif.get(_EXIF_ORIENTATION, 1))
        if picture.mode in _PIL_HIGH_BYTE:
            upright = picture if turn is None else picture.transpose(turn)
            data, channels = upright.tobytes()[_PIL_HIGH_BYTE[picture.mode]::2], 1
        elif picture.mode in ("I", "F"):
            raise ArgumentError(
                f"a PIL picture of mode {picture.mode!r} does not say what its white is: scale it to 0..255 and convert it "
                f'to "L"'
            )
        else:
            if picture.mode not in _PIL_CHANNELS:
                alpha = picture.mode in _PIL_WITH_ALPHA or "transparency" in picture.info
                picture = picture.convert("RGBA" if alpha else "RGB")
            elif "transparency" in picture.info and picture.mode != "RGBA":
                picture = picture.convert("RGBA")
            upright = picture if turn is None else picture.transpose(turn)
            data, channels = upright.tobytes(), _PIL_CHANNELS[picture.mode]
        width, height = upright.size
        self._hold(data, 0)
        self._set_size(width, height, channels, "RGB")

    def _from_array(self, array: Any, order: str) -> None:
        interface = array.__array_interface__
        shape = tuple(interface["shape"])
        if interface["typestr"][1:] != "u1":
            raise ArgumentError(
                f"an array of pixels must be of type uint8, from 0 to 255, not of type {interface['typestr']!r}"
            )
        if len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] not in (1, 3, 4)):
            raise ArgumentError(
                f"an array of pixels must be of shape (height, width) or (height, width, 1, 3 or 4), not {shape}"
            )
        height, width = shape[:2]
        channels = shape[2] if len(shape) == 3 else 1
        row_size = width * channels
        strides = interface.get("strides") or (row_size, channels, 1)
        # Along an axis of one element the stride says nothing.
        row = strides[0] if height > 1 else row_size
        pixel = strides[1] if width > 1 else channels
        channel = strides[2] if len(shape) == 3 and channels > 1 else 1

        data = interface.get("data")
        in_place = isinstance(data, tuple) and pixel == channels and abs(row) >= row_size
        if in_place and channel == 1:
            address = data[0]
        elif in_place and channel == -1 and channels == 3:
            # What array[..., ::-1] gives: the other order, and the address of the last channel.
            address = data[0] - 2
            order = _REVERSED[order]
        else:
            self._hold(memoryview(array).tobytes(), 0)
            self._set_size(width, height, channels, order)
            return
        self._alive = array
        self._set_size(width, height, channels, order)
        self._native.data = address
        self._native.stride = row
        self._native.size = (height - 1) * row + row_size if row > 0 and height > 0 else 0


def as_image(source: ImageSource) -> Image:
    """The Image for a source, which may be one already."""
    return source if isinstance(source, Image) else Image(source)


class Picture(Handle):
    """A picture read and decoded: upright, RGB, 8 bits a channel. It never changes: share it between threads.

    numpy.asarray(picture) gives its pixels, height x width x 3, without a copy.

    Args:
        source: whatever Image takes.
        context: default: the default context.

    Raises: ArgumentError, MemoryLimitError, IoError, NotFoundError (no such file), FormatError (not a picture file we read),
        CorruptError (damaged or truncated), UnsupportedError (a variant we do not read), LimitError.
    """

    _what = "picture"

    def __init__(self, source: ImageSource, *, context: Optional[Context] = None) -> None:
        self.context = context or default_context()
        image = as_image(source)
        with self.context._borrow() as owner:
            self._adopt(create(lib.oc_picture_open, owner, byref(image._native)))

    def _adopt(self, pointer: int) -> None:
        super().__init__(pointer, lib.oc_picture_free)
        native = self._describe()
        self._size: Tuple[int, int] = (native.width, native.height)

    @classmethod
    def _made(cls, context: Context, pointer: int) -> "Picture":
        picture = cls.__new__(cls)
        picture.context = context
        picture._adopt(pointer)
        return picture

    def _describe(self) -> _native.oc_image:
        native = _native.oc_image()
        with self._borrow() as pointer:
            call(lib.oc_picture_image, pointer, byref(native))
        return native

    def _lend(self) -> _native.oc_image:
        """The pixels for somebody who keeps this object alive, and who cannot be told that it is closed: from now on only the
        end of this object frees them."""
        native = self._describe()
        with self._mutex:
            self._n_users += 1
        return native

    @property
    def size(self) -> Tuple[int, int]:
        """Width and height in pixels."""
        return self._size

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return self._size[0]

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return self._size[1]

    def save(self, path: "Union[str, os.PathLike[str]]") -> None:
        """Writes it as a file, complete or not at all: a PNG, or a JPEG if the path ends in ".jpg" or ".jpeg".

        Raises: IoError, NotFoundError (no such folder), LimitError, MemoryLimitError.
        """
        with self._borrow() as pointer:
            call(lib.oc_picture_save, pointer, path_bytes(path))

    def draw(self, objects: "Iterable[Union[Prediction, LabelledBox]]", tags: Optional[Sequence[str]] = None) -> "Picture":
        """A copy with boxes drawn into it, with their tags' names above them and, of predictions, the probability; the first is on
        top. `tags` (a model's) fix each tag's colour; default: the tags of the objects in the order of their names.

        Raises: MemoryLimitError.
        """
        shown = list(objects)[::-1]
        order = sorted({one.tag for one in shown}) if tags is None else list(tags)
        boxes = [_native.oc_box() for _ in shown]
        names: List[bytes] = []
        for native, one in zip(boxes, shown):
            native.left, native.top, native.width, native.height = one.box
            native.tag = order.index(one.tag) if one.tag in order else len(order)
            probability = getattr(one, "probability", None)
            names.append(utf8(one.tag if probability is None else f"{one.tag} {probability:.0%}", "the tag"))
        pointers = (ctypes.POINTER(_native.oc_box) * len(boxes))(*(ctypes.pointer(native) for native in boxes))
        with self._borrow() as pointer:
            made = create(
                lib.oc_picture_draw, pointer, pointers, (ctypes.c_char_p * len(names))(*names), len(boxes)
            )
        return Picture._made(self.context, made)

    def tobytes(self) -> bytes:
        """The pixels, 3 bytes each, row by row from the top, without padding."""
        with self._borrow() as pointer:
            native = _native.oc_image()
            call(lib.oc_picture_image, pointer, byref(native))
            row_size = native.width * 3
            stride = native.stride or row_size
            return b"".join(ctypes.string_at(native.data + y * stride, row_size) for y in range(native.height))

    @property
    def __array_interface__(self) -> Dict[str, Any]:
        native = self._lend()
        return {
            "version": 3,
            "shape": (native.height, native.width, 3),
            "typestr": "|u1",
            "strides": (native.stride or native.width * 3, 3, 1),
            "data": (native.data, True),
        }

    def __repr__(self) -> str:
        return f"<ocellus.Picture {self.width}x{self.height}>"
