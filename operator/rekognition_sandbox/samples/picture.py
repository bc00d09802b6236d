"""How does a sample image carry what it shows?

The lower quarter of a sample picture is a strip of 16 x 4 black and white squares: 64 bits with a magic number, the
scene's code, the picture's number and a checksum. Squares rather than metadata, because they survive what people do to
images: conversion to JPEG, scaling, stripping of metadata.
"""

import hashlib
import io
from dataclasses import dataclass

from PIL import Image, ImageDraw

from rekognition_sandbox.emulator.boxes import Box
from rekognition_sandbox.samples.scenes import SCENES_BY_CODE, Scene

SIDE_PIXELS = 96
"""Width and height of a sample picture; Rekognition refuses images below 80 pixels."""

_COLUMNS, _ROWS = 16, 4
_STRIP_SHARE = 0.25
_MAGIC = 0xA5C3
_MID_GREY = 128


@dataclass(frozen=True)
class Caption:
    """What a picture says about itself: its scene, and the number (0 to 65535) that tells it from its siblings."""

    scene: Scene
    number: int


def draw(scene: Scene, number: int) -> bytes:
    """Return a small PNG that shows ``scene``; the same arguments give the same bytes.

    Raises
    ------
    ValueError
        ``number`` does not fit into the strip's 16 bits.
    """
    if not 0 <= number <= 0xFFFF:
        message = f"picture number {number} of scene {scene.name!r} does not fit: use 0 to 65535"
        raise ValueError(message)
    paint = _paint(scene, number)
    scene_paint = hashlib.sha256(f"{scene.code}".encode()).digest()
    picture = Image.new("RGB", (SIDE_PIXELS, SIDE_PIXELS), (scene_paint[0], scene_paint[1], scene_paint[2]))
    canvas = ImageDraw.Draw(picture)
    left, top, width, height = _shape(paint)
    colour = (paint[4], paint[5], paint[6])
    if scene.code % 2:
        canvas.ellipse((left, top, left + width, top + height), fill=colour)
    else:
        canvas.rectangle((left, top, left + width, top + height), fill=colour)
    square = SIDE_PIXELS // _COLUMNS
    strip_top = int(SIDE_PIXELS * (1 - _STRIP_SHARE))
    bits = _encode(scene.code, number)
    for index in range(_COLUMNS * _ROWS):
        row, column = divmod(index, _COLUMNS)
        shade = 255 if bits >> index & 1 else 0
        x, y = column * square, strip_top + row * square
        canvas.rectangle((x, y, x + square - 1, y + square - 1), fill=(shade, shade, shade))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def shape_box(scene: Scene, number: int) -> Box:
    """Return where on the picture its one shape is."""
    left, top, width, height = (pixels / SIDE_PIXELS for pixels in _shape(_paint(scene, number)))
    return Box(left, top, width, height)


def read_caption(picture: Image.Image) -> Caption | None:
    """Return what a sample picture says about itself, or None for any other image."""
    strip = picture.convert("L")
    width, height = strip.size
    bits = 0
    for index in range(_COLUMNS * _ROWS):
        row, column = divmod(index, _COLUMNS)
        x = int((column + 0.5) * width / _COLUMNS)
        y = int(height * (1 - _STRIP_SHARE + _STRIP_SHARE * (row + 0.5) / _ROWS))
        shade = strip.getpixel((x, y))
        if not isinstance(shade, (int, float)):
            return None
        bits |= (shade >= _MID_GREY) << index
    magic, code, number = bits & 0xFFFF, bits >> 16 & 0xFF, bits >> 24 & 0xFFFF
    scene = SCENES_BY_CODE.get(code)
    if magic != _MAGIC or scene is None or bits != _encode(code, number):
        return None
    return Caption(scene, number)


def _paint(scene: Scene, number: int) -> bytes:
    return hashlib.sha256(f"{scene.code}:{number}".encode()).digest()


def _shape(paint: bytes) -> tuple[int, int, int, int]:
    """Return left, top, width and height of the shape, in pixels."""
    return 6 + paint[0] % 40, 6 + paint[1] % 24, 20 + paint[2] % 24, 16 + paint[3] % 20


def _encode(code: int, number: int) -> int:
    body = code.to_bytes(1, "big") + number.to_bytes(2, "big")
    checksum = int.from_bytes(hashlib.sha256(body).digest()[:3], "big")
    return _MAGIC | code << 16 | number << 24 | checksum << 40
