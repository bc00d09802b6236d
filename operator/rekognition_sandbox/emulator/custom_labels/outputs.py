"""How do the output manifests of a Custom Labels training look?

The format is that of the Custom Labels guide, "Evaluation manifest snapshot": the ground truth renamed, and in the
testing one what the model found, each with its binary classification.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.boxes import LabelledBox
from rekognition_sandbox.emulator.custom_labels.manifests import CLASSIFICATION, DETECTION, labels_of
from rekognition_sandbox.emulator.manifests import UseCase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from rekognition_sandbox.emulator.custom_labels.evaluation import TestedImage
    from rekognition_sandbox.emulator.manifests import ManifestLine

_TRAINING, _EVALUATION = "rekognition-custom-labels-training", "rekognition-custom-labels-evaluation"
_DETAILS = "rekognition-custom-labels-evaluation-details"


def ground_truth_line(line: ManifestLine, use_case: UseCase, at: datetime) -> dict[str, object]:
    """Return a line as it was used, without what the model finds."""
    source = {"source-ref": (line.document or {})["source-ref"]}
    if use_case is UseCase.OBJECT_LOCALIZATION:
        return {**source, **_objects(f"{_TRAINING}-0", line, [(box, 1.0, None) for box in line.boxes], at)}
    return {
        **source,
        **{
            key: value
            for number, label in enumerate(sorted(labels_of(line, use_case)))
            for key, value in _class(f"{_TRAINING}-{number}", label, 1.0, at).items()
        },
    }


def tested_line(image: TestedImage, thresholds: Mapping[str, float], at: datetime) -> dict[str, object]:
    """Return a testing line with the labels that are right or that the model gives it (thresholds 0 to 100)."""
    truth = ground_truth_line(image.line, image.use_case, at)
    told = [found for found in image.found if found.name in image.truth or found.confidence >= thresholds[found.name]]
    if image.use_case is UseCase.OBJECT_LOCALIZATION:
        boxes = [
            (
                LabelledBox(found.name, found.box),
                found.confidence / 100,
                _details(image, found.name, found.confidence >= thresholds[found.name]),
            )
            for found in told
            if found.box is not None
        ]
        return {**truth, **_objects(_EVALUATION, image.line, boxes, at)}
    for number, found in enumerate(told):
        details = _details(image, found.name, found.confidence >= thresholds[found.name])
        truth.update(_class(f"{_EVALUATION}-{number}", found.name, found.confidence / 100, at, details))
    return truth


def _details(image: TestedImage, label: str, given: bool) -> dict[str, object]:
    right, true = image.is_right(label), label in image.truth
    return {
        "version": 1,
        "ground-truth-labelling-jobs": [f"{_TRAINING}-job"],
        "is-true-positive": given and right,
        "is-true-negative": not given and not true,
        "is-false-positive": given and not right,
        "is-false-negative": not given and true,
        "is-present-in-ground-truth": true,
    }


def _class(
    name: str, label: str, confidence: float, at: datetime, details: Mapping[str, object] | None = None
) -> dict[str, object]:
    return {
        name: 1,
        f"{name}-metadata": {
            "confidence": round(confidence, 6),
            "class-name": label,
            **_metadata(CLASSIFICATION, at, predicted=details is not None),
            **({_DETAILS: details} if details is not None else {}),
        },
    }


def _objects(
    name: str,
    line: ManifestLine,
    objects: Sequence[tuple[LabelledBox, float, Mapping[str, object] | None]],
    at: datetime,
) -> dict[str, object]:
    width, height = line.image_pixels or (1, 1)
    labels = sorted({placed.label for placed, _, _ in objects})
    return {
        name: {
            "image_size": [{"width": width, "height": height, "depth": 3}],
            "annotations": [
                {
                    "class_id": labels.index(placed.label),
                    "left": round(placed.box.left * width),
                    "top": round(placed.box.top * height),
                    "width": round(placed.box.width * width),
                    "height": round(placed.box.height * height),
                }
                for placed, _, _ in objects
            ],
        },
        f"{name}-metadata": {
            "objects": [
                {"confidence": round(confidence, 6), **({_DETAILS: details} if details is not None else {})}
                for _, confidence, details in objects
            ],
            "class-map": {str(number): label for number, label in enumerate(labels)},
            **_metadata(DETECTION, at, predicted=name == _EVALUATION),
        },
    }


def _metadata(kind: str, at: datetime, *, predicted: bool) -> dict[str, object]:
    return {
        "job-name": f"{_EVALUATION if predicted else _TRAINING}-job",
        "human-annotated": "no" if predicted else "yes",
        "creation-date": at.strftime("%Y-%m-%dT%H:%M:%S.%f"),
        "type": kind,
    }
