"""How is a training manifest read, and which errors does AWS know in one?

A manifest is JSON Lines of a ``source-ref`` and the ground truth of the image there; the ground truth is read by the
module of its feature. The errors, their codes and texts are those of the Custom Labels guide, "Debugging a failed model
training"; AWS publishes none for adapters, so that adapters give the same ones is INFERRED.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Protocol

from rekognition_sandbox.emulator.boxes import LabelledBox

_SOURCE_REF = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.\-_]{1,61}[a-z0-9])/(?P<key>.+)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class S3Location:
    """An object in S3; ``version`` None means the newest."""

    bucket: str
    name: str
    version: str | None = None


class ObjectStoreError(Exception):
    """The object store refused; the message says what and where."""


class ObjectMissingError(ObjectStoreError):
    """There is no such key, or no such version of it."""


class BucketMissingError(ObjectStoreError):
    """There is no such bucket."""


class AccessDeniedError(ObjectStoreError):
    """The caller may not."""


class ObjectStore(Protocol):
    """The S3 that training reads and writes; every method raises an ObjectStoreError when it cannot."""

    def get(self, location: S3Location) -> bytes:
        """Return an object's content; ObjectMissingError or BucketMissingError when it is not there."""
        ...

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Write an object; BucketMissingError when its bucket is not there."""
        ...

    def bucket_region(self, bucket: str) -> str:
        """Return the Region a bucket is in, such as ``us-east-1``; BucketMissingError when it is not there."""
        ...


@dataclass(frozen=True)
class Limits:
    """How large manifests may be.

    Attributes
    ----------
    manifest_bytes
        The largest manifest, in bytes (Custom Labels guide, "Guidelines and quotas": 1 GB).
    images, testing_images
        The most lines of a training set and of a testing set.
    invalid_share
        Above this share of bad lines training fails (Custom Labels guide: 20 percent; ignored lines do not count).
    """

    images: int
    testing_images: int
    manifest_bytes: int = 1_000_000_000
    invalid_share: float = 0.2


class ManifestFileError(Exception):
    """A manifest, or a bucket, is of no use as a whole: training ends at once and no manifest summary is written.

    ``str()`` is AWS's text for DescribeProjectVersions' StatusMessage.
    """


MANIFEST_INVALID = "The manifest file extension or contents are invalid."
MANIFEST_EMPTY = "The manifest file is empty."
MANIFEST_TOO_LARGE = "The manifest file size exceeds the maximum supported size."
BUCKET_PERMISSIONS = "The S3 bucket permissions are incorrect."
OUTPUT_UNWRITABLE = "Unable to write to output S3 bucket."


class UseCase(StrEnum):
    """What sort of model a training set makes (the manifest summary's ``use_case``)."""

    IMAGE_LEVEL_LABELS = "IMAGE_LEVEL_LABELS"
    OBJECT_LOCALIZATION = "OBJECT_LOCALIZATION"


@dataclass(frozen=True)
class Problem:
    """A documented error or warning: its code and AWS's text for it."""

    code: str
    message: str

    def to_document(self) -> dict[str, str]:
        """Return it as the validation manifests and the manifest summary show it."""
        return {"code": self.code, "message": self.message}


# Errors of one line.
INVALID_JSON_LINE = Problem("ERROR_INVALID_JSON_LINE", "The JSON Line has an invalid format.")
MISSING_SOURCE_REF = Problem("ERROR_MISSING_SOURCE_REF", "The source-ref key is missing.")
INVALID_SOURCE_REF = Problem("ERROR_INVALID_SOURCE_REF_FORMAT", "The format of the source-ref value is invalid.")
NO_LABEL_ATTRIBUTES = Problem("ERROR_NO_LABEL_ATTRIBUTES", "No label attributes found.")
NO_VALID_LABELS = Problem("ERROR_NO_VALID_LABEL_ATTRIBUTES", "No valid label attributes found.")
INVALID_IMAGE = Problem("ERROR_INVALID_IMAGE", "The image is invalid. Check S3 path and/or image properties.")
NO_ANNOTATIONS = Problem("WARNING_NO_ANNOTATIONS", "No annotations were found.")

# Errors of the content of a whole set of lines.
TOO_MANY_ROWS = Problem("ERROR_MANIFEST_ROWS_EXCEEDS_MAXIMUM", "The manifest file has too many rows.")
TOO_MANY_INVALID_ROWS = Problem(
    "ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST", "The manifest file contains too many invalid rows."
)
SEVERAL_BUCKETS = Problem(
    "ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS", "The manifest file contains images from multiple S3 buckets."
)
IMAGES_FORBIDDEN = Problem(
    "ERROR_INVALID_PERMISSIONS_IMAGES_S3_BUCKET", "The permissions for the images S3 bucket are invalid."
)
IMAGES_NOT_COPIED = Problem("ERROR_FAILED_IMAGES_S3_COPY", "Failed to copy images from S3 bucket.")
TOO_FEW_USABLE_LABELS = Problem("ERROR_MANIFEST_TOO_FEW_USABLE_LABELS", "The manifest file has too few usable labels.")
TOO_FEW_TO_SPLIT = Problem(
    "ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT",
    "The manifest file contains insufficient labeled images per label to perform auto-split.",
)


def invalid_label_attribute(name: str) -> Problem:
    """Return the error of a label attribute that is not what its feature expects."""
    return Problem("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", f"The format of the label attribute {name} is invalid.")


@dataclass(frozen=True)
class ManifestLine:
    """One line of a manifest.

    Attributes
    ----------
    document
        The line as it was written, or None when it is not a JSON object.
    image
        Where its image is, when ``source-ref`` says so.
    labels
        The labels that are right for the image as a whole; of an adapter, top-level ones, and none for a safe image.
    boxes
        The labels of its parts, and where those are; only in lines for object detection.
    image_pixels
        Width and height of the image as the line gives them; only in lines for object detection.
    error, warning
        Why it is not used: an error makes it invalid, a warning makes it ignored.
    marked
        The document with the errors and warnings of its parts in their places; None where no part has one.
    has_faulty_part
        Whether one of its parts has an error, although others may be usable.
    """

    document: dict[str, object] | None
    image: S3Location | None = None
    labels: frozenset[str] = frozenset()
    boxes: tuple[LabelledBox, ...] = ()
    image_pixels: tuple[int, int] | None = None
    error: Problem | None = None
    warning: Problem | None = None
    marked: dict[str, object] | None = None
    has_faulty_part: bool = False

    @property
    def usable(self) -> bool:
        """Whether training or testing can use it."""
        return self.error is None and self.warning is None

    @property
    def has_errors(self) -> bool:
        """Whether the line or one of its parts has an error."""
        return self.error is not None or self.has_faulty_part

    def with_validation(self) -> dict[str, object]:
        """Return the line for the validation manifest: as written, with its errors; a broken one is only errors."""
        marked = dict(self.marked or self.document or {})
        if self.error is not None:
            marked["errors"] = [self.error.to_document()]
        if self.warning is not None:
            marked["warnings"] = [self.warning.to_document()]
        return marked


#: Reads the ground truth of a line whose image is known.
GroundTruthReader = Callable[[dict[str, object], S3Location], ManifestLine]


def read_manifests(
    manifests: Iterable[S3Location],
    store: ObjectStore,
    *,
    region: str,
    manifest_bytes: int,
    ground_truth: GroundTruthReader,
) -> tuple[ManifestLine, ...]:
    """Return the lines of all manifests of a set, in order; blank lines are skipped.

    Only the text is judged here: whether the images are there and what is on them comes later.

    Raises
    ------
    ManifestFileError
        A manifest cannot be read, has no extension, is empty, too large or no text, or its bucket is in another Region.
    """
    lines: list[ManifestLine] = []
    for manifest in manifests:
        text = _fetch(manifest, store, region=region, manifest_bytes=manifest_bytes)
        lines.extend(_parse(text, ground_truth))
    if not lines:
        raise ManifestFileError(MANIFEST_EMPTY)
    return tuple(lines)


def read_line(text: str, ground_truth: GroundTruthReader) -> ManifestLine:
    """Return one manifest line as read, with its error when it has one."""
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        return ManifestLine(None, error=INVALID_JSON_LINE)
    if "source-ref" not in document:
        return ManifestLine(document, error=MISSING_SOURCE_REF)
    reference = document["source-ref"]
    match = _SOURCE_REF.fullmatch(reference) if isinstance(reference, str) else None
    if match is None:
        return ManifestLine(document, error=INVALID_SOURCE_REF)
    return ground_truth(document, S3Location(match["bucket"], match["key"]))


def statistics(lines: tuple[ManifestLine, ...], problems: tuple[Problem, ...], use_case: UseCase) -> dict[str, object]:
    """Return one half of the manifest summary's ``statistics``.

    ``error_json_line_indices`` are line numbers from 1 in the validation manifest, as in AWS's example. ``use_case`` is
    ``NOT_DETERMINED`` where training did not get that far (AWS's example).
    """
    invalid = [number for number, line in enumerate(lines, start=1) if line.error is not None]
    return {
        "use_case": "NOT_DETERMINED" if problems else use_case.value,
        "total_json_lines": len(lines),
        "valid_json_lines": sum(line.usable for line in lines),
        "invalid_json_lines": len(invalid),
        "ignored_json_lines": sum(line.error is None and line.warning is not None for line in lines),
        "error_json_line_indices": invalid,
        "errors": [problem.to_document() for problem in problems],
    }


def to_json_lines(documents: Iterable[dict[str, object]]) -> bytes:
    """Return documents as the bytes of a JSON Lines file."""
    return "".join(json.dumps(document, ensure_ascii=False) + "\n" for document in documents).encode()


def _fetch(manifest: S3Location, store: ObjectStore, *, region: str, manifest_bytes: int) -> str:
    if not PurePosixPath(manifest.name).suffix:
        raise ManifestFileError(MANIFEST_INVALID)
    try:
        # INFERRED: a bucket of another Region (which AWS forbids) shows as missing permissions.
        if store.bucket_region(manifest.bucket) != region:
            raise ManifestFileError(BUCKET_PERMISSIONS)
        content = store.get(manifest)
    except AccessDeniedError as error:
        raise ManifestFileError(BUCKET_PERMISSIONS) from error
    except ObjectStoreError as error:
        raise ManifestFileError(MANIFEST_INVALID) from error
    if len(content) > manifest_bytes:
        raise ManifestFileError(MANIFEST_TOO_LARGE)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ManifestFileError(MANIFEST_INVALID) from error
    if not text.strip():
        raise ManifestFileError(MANIFEST_EMPTY)
    return text


def _parse(text: str, ground_truth: GroundTruthReader) -> list[ManifestLine]:
    # Not splitlines(): a JSON string may hold U+2028 and the like, which end no JSON line.
    lines = [read_line(line, ground_truth) for line in text.split("\n") if line.strip()]
    if all(line.document is None for line in lines):
        # INFERRED: a text with no JSON object at all is not a manifest with bad lines but no manifest.
        raise ManifestFileError(MANIFEST_INVALID)
    return lines
