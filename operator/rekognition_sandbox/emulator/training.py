"""What comes of training an adapter: does it succeed, what does it learn, and which files does AWS leave in S3?

Nothing here takes time or knows the clock: the request says when training started and ended. Equal requests on equal
objects give equal outcomes.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from rekognition_sandbox.emulator.detection import (
    AdapterKnowledge,
    ImageError,
    KindLesson,
    Look,
    TaughtLabel,
    judge,
    look,
)
from rekognition_sandbox.emulator.evaluation import (
    EvaluatedImage,
    Evaluation,
    testing_output_line,
    training_output_line,
)
from rekognition_sandbox.emulator.manifests import (
    IMAGES_FORBIDDEN,
    IMAGES_NOT_COPIED,
    INVALID_IMAGE,
    OUTPUT_UNWRITABLE,
    SEVERAL_BUCKETS,
    TOO_FEW_SAMPLES,
    TOO_FEW_TO_SPLIT,
    TOO_MANY_INVALID_ROWS,
    TOO_MANY_ROWS,
    BucketMissingError,
    Limits,
    ManifestFileError,
    ManifestLine,
    ObjectMissingError,
    ObjectStore,
    ObjectStoreError,
    Problem,
    S3Location,
    read_manifests,
    statistics,
    to_json_lines,
)

__all__ = [
    "BucketMissingError",
    "ObjectMissingError",
    "ObjectStore",
    "ObjectStoreError",
    "S3Location",
    "TrainingOutcome",
    "TrainingRequest",
    "train",
]

SUCCESS_MESSAGE = "The model is ready to run."

# Where the base model is wrong is judged at DetectModerationLabels' own default, not at the adapter's threshold:
# otherwise an edit of the threshold would change how many false positives a manifest has.
_BASE_MODEL_CONFIDENCE = 50.0
# INFERRED: a request without FeatureConfig is evaluated at the same default.
_DEFAULT_THRESHOLD = 50.0
_TEST_SHARE = 0.2
# AWS's example of DescribeProjectVersions: 27 min 19 s of wall time billed as 1899 s. That a larger set is trained on
# more machines at once, and that the example is about 100 images, is INFERRED.
_EXAMPLE_WALL_SECONDS, _EXAMPLE_BILLABLE_SECONDS, _EXAMPLE_IMAGES = 1639, 1899, 100


@dataclass(frozen=True)
class TrainingRequest:
    """What CreateProjectVersion asked for, resolved.

    ``output_prefix`` may be empty or None and may end with a slash; ``confidence_threshold`` is 0 to 100, None without
    FeatureConfig. With ``auto_create``, or without testing manifests, a fifth of the training set is held back.
    """

    region: str
    project_name: str
    version_name: str
    project_version_arn: str
    training_manifests: tuple[S3Location, ...]
    testing_manifests: tuple[S3Location, ...]
    auto_create: bool
    output_bucket: str
    output_prefix: str | None
    confidence_threshold: float | None
    base_model_version: str
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True)
class TrainingOutcome:
    """What DescribeProjectVersions then shows.

    ``f1_score`` (0 to 1), ``billable_seconds``, ``evaluation_summary``, the outputs and ``knowledge`` are there only on
    success; the manifest summary and the validations also where the content of a manifest was at fault.
    """

    succeeded: bool
    status_message: str
    f1_score: float | None
    billable_seconds: int | None
    evaluation_summary: S3Location | None
    manifest_summary: S3Location | None
    training_input: tuple[S3Location, ...]
    training_output: tuple[S3Location, ...]
    training_validation: tuple[S3Location, ...]
    testing_input: tuple[S3Location, ...]
    testing_output: tuple[S3Location, ...]
    testing_validation: tuple[S3Location, ...]
    knowledge: AdapterKnowledge | None


@dataclass(frozen=True)
class _Sample:
    """A usable line together with what is on its image."""

    line: ManifestLine
    seen: Look


def train(request: TrainingRequest, store: ObjectStore, limits: Limits | None = None) -> TrainingOutcome:
    """Train an adapter: read the manifests, learn, test, and write what AWS writes to the output bucket.

    Errors of the user never raise: they are an outcome with ``succeeded`` False and AWS's StatusMessage. Where several
    content errors apply, StatusMessage has the first (training before testing) and the manifest summary all; that
    StatusMessage is the text without the code is as the Custom Labels guide shows it.
    """
    attempt = _Attempt(request, store, limits or Limits())
    try:
        return attempt.run()
    except ManifestFileError as error:
        return attempt.failed(str(error))


class _Attempt:
    """One training, with the images it has already looked at."""

    def __init__(self, request: TrainingRequest, store: ObjectStore, limits: Limits) -> None:
        self._request = request
        self._store = store
        self._limits = limits
        self._looks: dict[S3Location, Look | None] = {}
        self._auto_split = request.auto_create or not request.testing_manifests

    def run(self) -> TrainingOutcome:
        training_lines = self._read(self._request.training_manifests)
        testing_lines = () if self._auto_split else self._read(self._request.testing_manifests)
        self._check_output_bucket()

        training_lines, training_problems = self._check_content(training_lines)
        testing_lines, testing_problems = self._check_content(testing_lines) if testing_lines else ((), ())
        learned_lines = training_lines
        if self._auto_split and not training_problems:
            learned_lines, testing_lines = _split(training_lines)
        if not training_problems:
            training_problems = self._check_samples(learned_lines, testing_lines)
        if not testing_problems and not self._auto_split:
            usable = sum(line.usable for line in testing_lines)
            testing_problems = (TOO_FEW_SAMPLES,) if usable < self._limits.test_images else ()

        validation = self._write_validation(training_lines, training_problems, testing_lines, testing_problems)
        problems = (*training_problems, *testing_problems)
        if problems:
            return replace(validation, status_message=problems[0].message)
        return self._learn_and_test(validation, self._samples(learned_lines), self._samples(testing_lines))

    def failed(self, message: str) -> TrainingOutcome:
        """Return a failure that left nothing in S3."""
        request = self._request
        return TrainingOutcome(
            succeeded=False,
            status_message=message,
            f1_score=None,
            billable_seconds=None,
            evaluation_summary=None,
            manifest_summary=None,
            training_input=request.training_manifests,
            training_output=(),
            training_validation=(),
            testing_input=() if self._auto_split else request.testing_manifests,
            testing_output=(),
            testing_validation=(),
            knowledge=None,
        )

    def _read(self, manifests: tuple[S3Location, ...]) -> tuple[ManifestLine, ...]:
        return read_manifests(manifests, self._store, region=self._request.region, limits=self._limits)

    def _check_output_bucket(self) -> None:
        try:
            region = self._store.bucket_region(self._request.output_bucket)
        except ObjectStoreError as error:
            raise ManifestFileError(OUTPUT_UNWRITABLE) from error
        if region != self._request.region:
            raise ManifestFileError(OUTPUT_UNWRITABLE)

    def _check_content(self, lines: tuple[ManifestLine, ...]) -> tuple[tuple[ManifestLine, ...], tuple[Problem, ...]]:
        """Return the lines with the errors of their images, and the errors of the set as a whole."""
        if len(lines) > self._limits.images:
            # Lines beyond the limit are not validated (Custom Labels guide, ERROR_MANIFEST_ROWS_EXCEEDS_MAXIMUM).
            return lines, (TOO_MANY_ROWS,)
        buckets = sorted({line.image.bucket for line in lines if line.image is not None})
        if len(buckets) > 1:
            return lines, (SEVERAL_BUCKETS, *self._too_many_invalid(lines))
        if buckets and self._in_another_region(buckets[0]):
            return lines, (IMAGES_FORBIDDEN, *self._too_many_invalid(lines))
        looked = tuple(self._with_image_checked(line) for line in lines)
        wanted = sum(line.usable for line in lines)
        copied = sum(line.usable for line in looked)
        not_copied = (IMAGES_NOT_COPIED,) if wanted and not copied else ()
        return looked, (*not_copied, *self._too_many_invalid(looked))

    def _in_another_region(self, bucket: str) -> bool:
        try:
            return self._store.bucket_region(bucket) != self._request.region
        except BucketMissingError:
            return False

    def _too_many_invalid(self, lines: tuple[ManifestLine, ...]) -> tuple[Problem, ...]:
        counted = [line for line in lines if line.warning is None]
        invalid = sum(line.error is not None for line in counted)
        return (TOO_MANY_INVALID_ROWS,) if invalid > self._limits.invalid_share * len(counted) else ()

    def _with_image_checked(self, line: ManifestLine) -> ManifestLine:
        if line.image is None or not line.usable or self._look_at(line.image) is not None:
            return line
        return replace(line, error=INVALID_IMAGE)

    def _look_at(self, image: S3Location) -> Look | None:
        if image not in self._looks:
            try:
                self._looks[image] = look(self._store.get(image))
            except (ObjectStoreError, ImageError):
                self._looks[image] = None
        return self._looks[image]

    def _samples(self, lines: Iterable[ManifestLine]) -> tuple[_Sample, ...]:
        looked = ((line, self._look_at(line.image)) for line in lines if line.usable and line.image is not None)
        return tuple(_Sample(line, seen) for line, seen in looked if seen is not None)

    def _check_samples(
        self, training_lines: tuple[ManifestLine, ...], split_off: tuple[ManifestLine, ...]
    ) -> tuple[Problem, ...]:
        samples = self._samples(training_lines)
        beliefs = [(sample.line.labels, _base_model_labels(sample.seen)) for sample in samples]
        false_positives = sum(bool(said - truth) for truth, said in beliefs)
        false_negatives = sum(bool(truth - said) for truth, said in beliefs)
        enough = false_positives >= self._limits.false_positives or false_negatives >= self._limits.false_negatives
        if self._auto_split and (not enough or len(split_off) < self._limits.test_images):
            return (TOO_FEW_TO_SPLIT,)
        return () if enough else (TOO_FEW_SAMPLES,)

    def _write_validation(
        self,
        training_lines: tuple[ManifestLine, ...],
        training_problems: tuple[Problem, ...],
        testing_lines: tuple[ManifestLine, ...],
        testing_problems: tuple[Problem, ...],
    ) -> TrainingOutcome:
        """Write what tells of the manifests' content; return the outcome so far, a failure without a message."""
        summary = {
            "statistics": {
                "training": statistics(training_lines, training_problems),
                "testing": statistics(testing_lines, testing_problems),
            },
            "errors": [],
        }
        return replace(
            self.failed(""),
            manifest_summary=self._write("ManifestSummary", json.dumps(summary, indent=2).encode()),
            training_validation=(
                self._write(
                    "TrainingManifestWithValidation", to_json_lines(line.with_validation() for line in training_lines)
                ),
            ),
            testing_validation=(
                self._write(
                    "TestingManifestWithValidation", to_json_lines(line.with_validation() for line in testing_lines)
                ),
            ),
        )

    def _learn_and_test(
        self, validation: TrainingOutcome, training: tuple[_Sample, ...], testing: tuple[_Sample, ...]
    ) -> TrainingOutcome:
        request = self._request
        knowledge = _learn(training)
        trained = {label for sample in training for label in sample.line.labels | _base_model_labels(sample.seen)}
        threshold = request.confidence_threshold
        evaluation = Evaluation(
            trained_labels=tuple(sorted(trained)),
            labels=tuple(sorted(trained.union(*(sample.line.labels for sample in testing)))),
            confidence_threshold=_DEFAULT_THRESHOLD if threshold is None else threshold,
            images=tuple(
                EvaluatedImage(
                    sample.line,
                    base_model=judge(sample.seen, None, min_confidence=0.0),
                    adapter=judge(sample.seen, knowledge, min_confidence=0.0),
                )
                for sample in testing
            ),
        )
        training_output = to_json_lines(training_output_line(sample.line) for sample in training)
        testing_output = to_json_lines(
            testing_output_line(
                image,
                base_model_version=request.base_model_version,
                project_version_arn=request.project_version_arn,
            )
            for image in evaluation.images
        )
        summary = evaluation.summary(
            project_version_arn=request.project_version_arn,
            training_images=len(training),
            ended_at=request.ended_at,
        )
        return replace(
            validation,
            succeeded=True,
            status_message=SUCCESS_MESSAGE,
            f1_score=evaluation.f1_score,
            billable_seconds=_billable_seconds(request, images=len(training) + len(testing)),
            evaluation_summary=self._write("EvaluationResultSummary", summary),
            training_output=(self._write("TrainingGroundTruth", training_output),),
            testing_output=(self._write("TestingGroundTruth", testing_output),),
            knowledge=knowledge,
        )

    def _write(self, kind: str, body: bytes) -> S3Location:
        request = self._request
        folder = (request.output_prefix or "").rstrip("/")
        name = f"{kind}-{request.project_name}-{request.version_name}.json"
        key = f"{folder}/{name}" if folder else name
        try:
            self._store.put(request.output_bucket, key, body)
        except ObjectStoreError as error:
            raise ManifestFileError(OUTPUT_UNWRITABLE) from error
        return S3Location(request.output_bucket, key)


def _base_model_labels(seen: Look) -> frozenset[str]:
    return frozenset(judge(seen, None, min_confidence=_BASE_MODEL_CONFIDENCE).top_level_confidences())


def _split(lines: tuple[ManifestLine, ...]) -> tuple[tuple[ManifestLine, ...], tuple[ManifestLine, ...]]:
    """Return the usable lines as (training, testing), four fifths to one fifth.

    Chosen by a hash of the image's place, so that a changed label or an added line moves few others.
    """
    usable = [line for line in lines if line.usable]

    def order(line: ManifestLine) -> str:
        place = f"{line.image.bucket}/{line.image.name}" if line.image is not None else ""
        return hashlib.sha256(place.encode()).hexdigest()

    held_back = {id(line) for line in sorted(usable, key=order)[: round(len(usable) * _TEST_SHARE)]}
    return (
        tuple(line for line in usable if id(line) not in held_back),
        tuple(line for line in usable if id(line) in held_back),
    )


def _learn(samples: tuple[_Sample, ...]) -> AdapterKnowledge:
    by_kind: dict[str, list[frozenset[str]]] = {}
    for sample in samples:
        by_kind.setdefault(sample.seen.kind, []).append(sample.line.labels)
    return AdapterKnowledge(
        tuple(
            KindLesson(
                kind,
                len(truths),
                tuple(
                    TaughtLabel(label, sum(label in truth for truth in truths))
                    for label in sorted(frozenset().union(*truths))
                ),
            )
            for kind, truths in sorted(by_kind.items())
        )
    )


def _billable_seconds(request: TrainingRequest, *, images: int) -> int:
    wall_seconds = (request.ended_at - request.started_at).total_seconds()
    extra_share = (_EXAMPLE_BILLABLE_SECONDS / _EXAMPLE_WALL_SECONDS - 1) * images / _EXAMPLE_IMAGES
    return max(1, round(wall_seconds * (1 + extra_share)))
