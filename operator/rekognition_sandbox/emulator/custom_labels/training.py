"""What comes of training a Custom Labels model: does it succeed, and what does it learn?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.custom_labels.evaluation import TestedImage, evaluate
from rekognition_sandbox.emulator.custom_labels.manifests import labels_of, read_ground_truth
from rekognition_sandbox.emulator.custom_labels.model import CUSTOM_LABELS_IMAGES, learn, recognise
from rekognition_sandbox.emulator.custom_labels.outputs import ground_truth_line, tested_line
from rekognition_sandbox.emulator.manifests import (
    TOO_FEW_TO_SPLIT,
    TOO_FEW_USABLE_LABELS,
    Limits,
    Problem,
    UseCase,
    to_json_lines,
)
from rekognition_sandbox.emulator.training_steps import SUCCESS_MESSAGE, SetProblems, TrainingAttempt

if TYPE_CHECKING:
    from rekognition_sandbox.emulator.manifests import ManifestLine, ObjectStore
    from rekognition_sandbox.emulator.training_steps import Lines, Problems, TrainingOutcome, TrainingRequest

TOO_FEW_LABELS = Problem("ERROR_MANIFEST_TOO_FEW_LABELS", "The manifest file has too few labels.")
TOO_MANY_LABELS = Problem("ERROR_MANIFEST_TOO_MANY_LABELS", "The manifest file has too many labels.")
_OVERLAP = "label overlap between the training and testing manifest files."
TOO_LITTLE_OVERLAP = Problem("ERROR_INSUFFICIENT_LABEL_OVERLAP", f"Less than 50% {_OVERLAP}")
TOO_LITTLE_USABLE_OVERLAP = Problem("ERROR_INSUFFICIENT_USABLE_LABEL_OVERLAP", f"Less than 50% usable {_OVERLAP}")

_LEAST_LABELS = {UseCase.IMAGE_LEVEL_LABELS: 2, UseCase.OBJECT_LOCALIZATION: 1}
_LEAST_OVERLAP = 0.5
_TEST_SHARE = 0.2
#: Regions with smaller sets (Custom Labels guide, "Guidelines and quotas").
_SMALL_REGIONS = frozenset({"ap-south-1", "eu-west-2"})


@dataclass(frozen=True)
class CustomLabelsLimits(Limits):
    """How large a manifest may be: lines, bytes, different labels (Custom Labels guide, "Guidelines and quotas")."""

    images: int = 250_000
    testing_images: int = 250_000
    labels: int = 250


def limits_in(region: str) -> CustomLabelsLimits:
    """Return the limits of a Region."""
    if region in _SMALL_REGIONS:
        return CustomLabelsLimits(images=28_000, testing_images=7_000)
    return CustomLabelsLimits()


def train_custom_labels(
    request: TrainingRequest, store: ObjectStore, limits: CustomLabelsLimits | None = None
) -> TrainingOutcome:
    """Train a Custom Labels model: read manifests or entries, learn, test, and write what AWS writes.

    Errors of the user never raise: they are an outcome with ``succeeded`` False and AWS's StatusMessage.
    """
    return _CustomLabelsTraining(request, store, limits or limits_in(request.region)).attempt()


class _CustomLabelsTraining(TrainingAttempt):
    def __init__(self, request: TrainingRequest, store: ObjectStore, limits: CustomLabelsLimits) -> None:
        super().__init__(
            request, store, limits=limits, image_limits=CUSTOM_LABELS_IMAGES, ground_truth=read_ground_truth
        )
        self._most_labels = limits.labels

    def use_case(self, training: Lines) -> UseCase:
        """Return the format of most usable lines; AWS says only that it chooses (INFERRED: on a tie, objects)."""
        usable = [line for line in training if line.usable]
        with_boxes = sum(bool(line.boxes) for line in usable)
        with_labels = sum(bool(line.labels) for line in usable)
        return UseCase.OBJECT_LOCALIZATION if with_boxes and with_boxes >= with_labels else UseCase.IMAGE_LEVEL_LABELS

    def split(self, usable: Lines) -> tuple[Lines, Lines]:
        """Hold back a fifth of the lines of each label, by a hash of the image's place; of two at least one."""
        use_case = self.use_case(usable)
        groups: dict[frozenset[str], list[ManifestLine]] = {}
        for line in usable:
            groups.setdefault(labels_of(line, use_case), []).append(line)
        held_back: set[int] = set()
        for labels, lines in groups.items():
            share = max(1, round(len(lines) * _TEST_SHARE)) if labels and len(lines) > 1 else 0
            held_back |= {id(line) for line in sorted(lines, key=_place_hash)[:share]}
        return (
            tuple(line for line in usable if id(line) not in held_back),
            tuple(line for line in usable if id(line) in held_back),
        )

    def judge_sets(self, training: Lines, testing: Lines, found: SetProblems) -> SetProblems:
        """Ask for enough labels, not too many, and for a testing set about the same ones."""
        use_case = self.use_case(training)
        if not found.training:
            found = replace(found, training=self._check_labels(training, use_case))
        if not found.training and self.auto_split and _used(training, use_case) != _used(testing, use_case):
            found = replace(found, training=(TOO_FEW_TO_SPLIT,))
        if not found.testing and not self.auto_split:
            found = replace(found, testing=self._check_labels(testing, use_case))
        if found.first is None and not _overlaps(_all(training), _all(testing)):
            return replace(found, both=(TOO_LITTLE_OVERLAP,))
        if found.first is None and not _overlaps(_used(training, use_case), _used(testing, use_case)):
            return replace(found, both=(TOO_LITTLE_USABLE_OVERLAP,))
        return found

    def _check_labels(self, lines: Lines, use_case: UseCase) -> Problems:
        if len(_all(lines)) > self._most_labels:
            return (TOO_MANY_LABELS,)
        least = _LEAST_LABELS[use_case]
        if len(_all(lines)) < least:
            return (TOO_FEW_LABELS,)
        return (TOO_FEW_USABLE_LABELS,) if len(_used(lines, use_case)) < least else ()

    def learn_and_test(self, validation: TrainingOutcome, training: Lines, testing: Lines) -> TrainingOutcome:
        """Learn the labels of the lines in the chosen format, test, and find each label's threshold."""
        request, use_case = self.request, self.use_case(training)
        taught = self.samples(line for line in training if labels_of(line, use_case))
        asked = self.samples(line for line in testing if labels_of(line, use_case))
        knowledge = learn(taught, use_case)
        evaluation = evaluate(
            tuple(TestedImage(sample.line, use_case, recognise(sample.seen, knowledge)) for sample in asked)
        )
        knowledge = replace(knowledge, thresholds=evaluation.thresholds(knowledge.labels))
        summary = evaluation.summary(
            trained_labels=knowledge.labels,
            training_images=len(taught),
            project_version_arn=request.project_version_arn,
            ended_at=request.ended_at,
        )
        thresholds = {assumed.label: assumed.confidence for assumed in knowledge.thresholds}
        trained = to_json_lines(ground_truth_line(sample.line, use_case, request.ended_at) for sample in taught)
        tested = to_json_lines(tested_line(image, thresholds, request.ended_at) for image in evaluation.images)
        return replace(
            validation,
            succeeded=True,
            status_message=SUCCESS_MESSAGE,
            f1_score=evaluation.f1_score,
            billable_seconds=self.billable_seconds(len(taught) + len(asked)),
            evaluation_summary=self.write("EvaluationResultSummary", summary),
            training_output=(self.write("TrainingGroundTruth", trained),),
            testing_output=(self.write("TestingGroundTruth", tested),),
            custom_labels=knowledge,
        )


def _all(lines: Lines) -> frozenset[str]:
    """Return the labels of the usable lines in either format."""
    return _used(lines, UseCase.IMAGE_LEVEL_LABELS) | _used(lines, UseCase.OBJECT_LOCALIZATION)


def _used(lines: Lines, use_case: UseCase) -> frozenset[str]:
    """Return the labels of the usable lines in the chosen format."""
    return frozenset(label for line in lines if line.usable for label in labels_of(line, use_case))


def _overlaps(training: frozenset[str], testing: frozenset[str]) -> bool:
    return len(training & testing) >= _LEAST_OVERLAP * len(training)


def _place_hash(line: ManifestLine) -> str:
    place = f"{line.image.bucket}/{line.image.name}" if line.image is not None else ""
    return hashlib.sha256(place.encode()).hexdigest()
