"""Which images does a person mean: files, or objects in Amazon S3?"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import typer

from rekognition_operator.api.kinds import Kind
from rekognition_operator.api.moderationadapter import ModerationAdapter
from rekognition_operator.cli.errors import CommandError
from rekognition_operator.core.detected import S3Image

_SCHEME: Final = "s3://"
_MEBIBYTE: Final = 1024 * 1024
_MAX_MODERATION_MEBIBYTES: Final = 5
"""Of an image that is sent along (Rekognition guide, "Guidelines and quotas"); 15 MB in S3."""
_MAX_CUSTOM_LABELS_MEBIBYTES: Final = 4
"""The same of DetectCustomLabels (Custom Labels guide, "Guidelines and quotas")."""


@dataclass(frozen=True)
class ImageArgument:
    """An image as it is named on the command line, and what AWS is given for it."""

    name: str
    content: S3Image | bytes = field(repr=False)


def read_images(names: list[str], kind: Kind) -> list[ImageArgument]:
    """Read the files, before anything is asked that costs money.

    Raises
    ------
    CommandError
        A file cannot be read, or is too large to be sent.
    """
    return [ImageArgument(name, _s3(name) if name.startswith(_SCHEME) else _file(name, kind)) for name in names]


def _s3(name: str) -> S3Image:
    bucket, _, key = name.removeprefix(_SCHEME).partition("/")
    if not bucket or not key:
        raise typer.BadParameter(f"{name!r} is no object in S3: write it as in s3://bucket/key.jpg")
    return S3Image(bucket, key)


def _file(name: str, kind: Kind) -> bytes:
    if urlsplit(name).scheme in ("http", "https"):
        raise typer.BadParameter(
            f"{name!r} is an address: download the image, or name an object as s3://bucket/key.jpg"
        )
    try:
        content = Path(name).read_bytes()
    except OSError as error:
        raise CommandError(
            f"Cannot read {name}: {error.strerror or error}. Name an image file, or s3://bucket/key."
        ) from error
    most = _MAX_MODERATION_MEBIBYTES if kind is ModerationAdapter else _MAX_CUSTOM_LABELS_MEBIBYTES
    if len(content) > most * _MEBIBYTE:
        raise CommandError(
            f"{name} has {len(content) / _MEBIBYTE:.1f} MiB, and at most {most} can be sent along. Upload it to a "
            "bucket of the project's Region, and name it as s3://bucket/key."
        )
    return content
