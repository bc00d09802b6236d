"""What does a line of a Custom Labels manifest say, and what is wrong with its parts?

Format: SageMaker Ground Truth output of classification and of bounding box jobs (Custom Labels guide, "Image-level
labels in manifest files", "Object localization in manifest files"). Errors, and where in the line they are told: the
same guide, "Non-terminal JSON line validation errors". A line is usable as long as one of its labels is.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.boxes import Box, LabelledBox
from rekognition_sandbox.emulator.manifests import (
    NO_ANNOTATIONS,
    NO_LABEL_ATTRIBUTES,
    NO_VALID_LABELS,
    ManifestLine,
    Problem,
    UseCase,
    invalid_label_attribute,
)

if TYPE_CHECKING:
    from rekognition_sandbox.emulator.manifests import S3Location

CLASSIFICATION = "groundtruth/image-classification"
DETECTION = "groundtruth/object-detection"

MOST_BOXES = 50
#: Larger images are scaled down to this side before training (guide, ERROR_BOUNDING_BOX_TOO_SMALL).
_TRAINED_SIDE_PIXELS = 1280
#: What a dataset's entries carry beside labels.
_NO_LABELS = {"source-ref", "cl-metadata"}

INVALID_METADATA = Problem(
    "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", "The format of the label attribute metadata is invalid."
)
MISSING_CONFIDENCE = Problem(
    "ERROR_MISSING_BOUNDING_BOX_CONFIDENCE", "One or more bounding boxes has a missing confidence value."
)
# AWS's own text, slip included.
MISSING_CLASS = Problem("ERROR_MISSING_CLASS_MAP_ID", "One of more class ids is missing from the class map.")
BOX_OFF_FRAME = Problem("ERROR_INVALID_BOUNDING_BOX", "The bounding box has off frame values.")
BOX_TOO_SMALL = Problem("ERROR_BOUNDING_BOX_TOO_SMALL", "The height and width of the bounding box is too small.")
TOO_MANY_BOXES = Problem("ERROR_TOO_MANY_BOUNDING_BOXES", "There are more bounding boxes than the allowed maximum.")
NO_VALID_ANNOTATIONS = Problem("ERROR_NO_VALID_ANNOTATIONS", "No valid annotations found.")
UNANNOTATED = Problem("WARNING_UNANNOTATED_RECORD", "Record is unannotated.")
NO_ATTRIBUTE_ANNOTATIONS = Problem("WARNING_NO_ATTRIBUTE_ANNOTATIONS", "No attribute annotations were found.")


def labels_of(line: ManifestLine, use_case: UseCase) -> frozenset[str]:
    """Return the labels that count for a model of this sort; none where the line is in the other format."""
    return line.labels if use_case is UseCase.IMAGE_LEVEL_LABELS else frozenset(box.label for box in line.boxes)


def read_ground_truth(document: dict[str, object], image: S3Location) -> ManifestLine:
    """Return a line whose image is known, with the labels of all its valid attributes, or with why it has none."""
    names = [name for name in document if f"{name}-metadata" in document]
    if not names:
        if set(document) <= _NO_LABELS:
            return ManifestLine(document, image, warning=UNANNOTATED)
        return ManifestLine(document, image, error=NO_LABEL_ATTRIBUTES)
    reading = _Reading(copy.deepcopy(document))
    for name in names:
        reading.attribute(name)
    error, warning = None, None
    if not reading.labels and not reading.boxes:
        if reading.invalid_boxes:
            error = NO_VALID_ANNOTATIONS
        elif reading.empty and not reading.invalid:
            warning = NO_ANNOTATIONS
        else:
            error = NO_VALID_LABELS
    return ManifestLine(
        document,
        image,
        frozenset(reading.labels),
        tuple(reading.boxes),
        image_pixels=reading.image_pixels,
        error=error,
        warning=warning,
        marked=reading.marked if reading.invalid or reading.invalid_boxes or reading.empty else None,
        has_faulty_part=reading.invalid or reading.invalid_boxes,
    )


@dataclass
class _Reading:
    """One walk over the label attributes of a line, leaving each error in its place of `marked`."""

    marked: dict[str, object]
    labels: set[str] = field(default_factory=set)
    boxes: list[LabelledBox] = field(default_factory=list)
    image_pixels: tuple[int, int] | None = None
    invalid: bool = False
    invalid_boxes: bool = False
    empty: bool = False

    def attribute(self, name: str) -> None:
        value, metadata = self.marked[name], self.marked[f"{name}-metadata"]
        kind = metadata.get("type") if isinstance(metadata, dict) else None
        if isinstance(metadata, dict) and kind == CLASSIFICATION:
            self._classification(name, value, metadata)
        elif isinstance(metadata, dict) and kind == DETECTION:
            self._detection(name, value, metadata)
        else:
            # Not a supported format: told of the line as a whole (ERROR_NO_VALID_LABEL_ATTRIBUTES).
            self.invalid = True

    def _reject(self, place: dict[str, object], problem: Problem) -> None:
        _mark(place, "errors", problem)
        self.invalid = True

    def _classification(self, name: str, value: object, metadata: dict[str, object]) -> None:
        label, confidence = metadata.get("class-name"), metadata.get("confidence")
        if not isinstance(label, str) or not label or not _is_share(confidence) or not _is_annotated(metadata):
            self._reject(metadata, INVALID_METADATA)
        elif not _is_integer(value):
            self._reject(metadata, invalid_label_attribute(name))
        else:
            self.labels.add(label)

    def _detection(self, name: str, value: object, metadata: dict[str, object]) -> None:
        size = _image_size(value)
        if not isinstance(value, dict) or size is None:
            place = value if isinstance(value, dict) else metadata
            self._reject(place, invalid_label_attribute(name))
            return
        annotations = value.get("annotations")
        if not annotations:
            _mark(value, "warnings", NO_ATTRIBUTE_ANNOTATIONS)
            self.empty = True
            return
        if not isinstance(annotations, list) or not all(isinstance(entry, dict) for entry in annotations):
            self._reject(value, invalid_label_attribute(name))
            return
        objects, classes = metadata.get("objects"), metadata.get("class-map")
        if not isinstance(objects, list) or not isinstance(classes, dict) or not _is_annotated(metadata):
            self._reject(metadata, INVALID_METADATA)
        elif len(annotations) > MOST_BOXES:
            self._reject(value, TOO_MANY_BOXES)
        elif len(objects) < len(annotations) or not all(_has_confidence(entry) for entry in objects):
            self._reject(metadata, MISSING_CONFIDENCE)
        else:
            self.image_pixels = size
            for annotation in annotations:
                self._annotation(annotation, classes, size)

    def _annotation(self, annotation: dict[str, object], classes: dict[str, object], size: tuple[int, int]) -> None:
        label = classes.get(str(annotation.get("class_id")))
        box, problem = _box(annotation, size)
        if not isinstance(label, str):
            problem = MISSING_CLASS
        if problem is not None:
            _mark(annotation, "errors", problem)
            self.invalid_boxes = True
        elif box is not None and isinstance(label, str):
            self.boxes.append(LabelledBox(label, box))


def _mark(place: dict[str, object], kind: str, problem: Problem) -> None:
    place[kind] = [problem.to_document()]


def _box(annotation: dict[str, object], size: tuple[int, int]) -> tuple[Box | None, Problem | None]:
    """Return a box of pixels as shares of the image; what is no number counts as off the frame."""
    numbers = [annotation.get(side) for side in ("left", "top", "width", "height")]
    left, top, width, height = (
        float(number) if isinstance(number, int | float) and not isinstance(number, bool) else -1.0
        for number in numbers
    )
    image_width, image_height = size
    if min(left, top, width, height) < 0 or left + width > image_width or top + height > image_height:
        return None, BOX_OFF_FRAME
    scale = min(1.0, _TRAINED_SIDE_PIXELS / max(size))
    if min(width, height) * scale <= 1:
        return None, BOX_TOO_SMALL
    return Box(left / image_width, top / image_height, width / image_width, height / image_height), None


def _image_size(attribute: object) -> tuple[int, int] | None:
    match attribute:
        case {"image_size": [{"width": int(width), "height": int(height), "depth": int()}]} if min(width, height) > 0:
            return width, height
        case _:
            return None


def _has_confidence(entry: object) -> bool:
    return isinstance(entry, dict) and _is_share(entry.get("confidence"))


def _is_annotated(metadata: dict[str, object]) -> bool:
    return metadata.get("human-annotated") in {"yes", "no"} and _is_date(metadata.get("creation-date"))


def _is_date(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
