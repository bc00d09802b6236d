"""What does every training do, whatever it trains?

Nothing here takes time or knows the clock: the request says when training started and ended. Equal requests on equal
objects give equal outcomes.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.detection import ImageError, ImageLimits, Look, look
from rekognition_sandbox.emulator.manifests import (
    IMAGES_FORBIDDEN,
    IMAGES_NOT_COPIED,
    INVALID_IMAGE,
    OUTPUT_UNWRITABLE,
    SEVERAL_BUCKETS,
    TOO_MANY_INVALID_ROWS,
    TOO_MANY_ROWS,
    BucketMissingError,
    GroundTruthReader,
    Limits,
    ManifestFileError,
    ManifestLine,
    ObjectStore,
    ObjectStoreError,
    Problem,
    S3Location,
    UseCase,
    read_line,
    read_manifests,
    statistics,
    to_json_lines,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from rekognition_sandbox.emulator.custom_labels.model import CustomLabelsKnowledge
    from rekognition_sandbox.emulator.detection import AdapterKnowledge

SUCCESS_MESSAGE = "The model is ready to run."

# AWS's example of DescribeProjectVersions: 27 min 19 s of wall time billed as 1899 s. That a larger set is trained on
# more machines at once, and that the example is about 100 images, is INFERRED.
_EXAMPLE_WALL_SECONDS, _EXAMPLE_BILLABLE_SECONDS, _EXAMPLE_IMAGES = 1639, 1899, 100

Lines = tuple[ManifestLine, ...]
Problems = tuple[Problem, ...]


@dataclass(frozen=True)
class TrainingRequest:
    """What CreateProjectVersion asked for, resolved.

    ``output_prefix`` may be empty or None and may end with a slash; ``confidence_threshold`` is 0 to 100, None without
    FeatureConfig. With ``auto_create``, or with nothing to test with, a fifth of the training set is held back.
    ``training_entries`` and ``testing_entries`` are the lines of the project's datasets where those are used instead of
    manifests.
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
    training_entries: tuple[str, ...] | None = None
    testing_entries: tuple[str, ...] | None = None


@dataclass(frozen=True)
class TrainingOutcome:
    """What DescribeProjectVersions then shows.

    ``f1_score`` (0 to 1), ``billable_seconds``, ``evaluation_summary``, the outputs and what was learned (``knowledge``
    by an adapter, ``custom_labels`` by a Custom Labels model) are there only on success; the manifest summary and the
    validations also where the content of a manifest was at fault.
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
    knowledge: AdapterKnowledge | None = None
    custom_labels: CustomLabelsKnowledge | None = None


@dataclass(frozen=True)
class Sample:
    """A usable line together with what is on its image."""

    line: ManifestLine
    seen: Look


@dataclass(frozen=True)
class SetProblems:
    """What is wrong with the training set, with the testing set, and between the two."""

    training: Problems = ()
    testing: Problems = ()
    both: Problems = ()

    @property
    def first(self) -> Problem | None:
        """The one whose text becomes the StatusMessage."""
        return next(iter((*self.training, *self.testing, *self.both)), None)


class TrainingAttempt(ABC):
    """One training, with the images it has already looked at.

    A feature says how it reads a line, when sets are good enough, how it splits them, and what it learns.

    Parameters
    ----------
    ground_truth
        Reads a line whose image is known.
    """

    def __init__(
        self,
        request: TrainingRequest,
        store: ObjectStore,
        *,
        limits: Limits,
        image_limits: ImageLimits,
        ground_truth: GroundTruthReader,
    ) -> None:
        self.request = request
        self._store = store
        self._limits = limits
        self._image_limits = image_limits
        self._ground_truth = ground_truth
        self._looks: dict[S3Location, Look | None] = {}
        given = request.testing_manifests or request.testing_entries is not None
        self.auto_split = request.auto_create or not given

    @abstractmethod
    def split(self, usable: Lines) -> tuple[Lines, Lines]:
        """Return usable lines as (training, testing), four fifths to one fifth."""

    @abstractmethod
    def judge_sets(self, training: Lines, testing: Lines, found: SetProblems) -> SetProblems:
        """Return what was found wrong with the sets together with what the feature finds wrong with them."""

    @abstractmethod
    def use_case(self, training: Lines) -> UseCase:
        """Return what sort of model the training set makes."""

    @abstractmethod
    def learn_and_test(self, validation: TrainingOutcome, training: Lines, testing: Lines) -> TrainingOutcome:
        """Learn from good sets, test, write the outputs, and return the outcome."""

    def attempt(self) -> TrainingOutcome:
        """Train; errors of the user never raise, they are an outcome with AWS's StatusMessage.

        Where several content errors apply, StatusMessage has the first (training before testing) and the manifest
        summary all; that StatusMessage is the text without the code is as the Custom Labels guide shows it.
        """
        try:
            return self._run()
        except ManifestFileError as error:
            return self._failed(str(error))

    def _run(self) -> TrainingOutcome:
        request = self.request
        training = self._read(request.training_manifests, request.training_entries)
        testing = () if self.auto_split else self._read(request.testing_manifests, request.testing_entries)
        self._check_output_bucket()

        training, training_problems = self._check_content(training, self._limits.images)
        testing, testing_problems = self._check_content(testing, self._limits.testing_images) if testing else ((), ())
        learned = training
        if self.auto_split and not training_problems:
            learned, testing = self.split(tuple(line for line in training if line.usable))
        problems = self.judge_sets(learned, testing, SetProblems(training_problems, testing_problems))

        validation = self._write_validation(training, testing, problems)
        if problems.first:
            return replace(validation, status_message=problems.first.message)
        return self.learn_and_test(validation, learned, testing)

    def samples(self, lines: Iterable[ManifestLine]) -> tuple[Sample, ...]:
        """Return the usable lines with what is on their images."""
        looked = ((line, self._look_at(line.image)) for line in lines if line.usable and line.image is not None)
        return tuple(Sample(line, seen) for line, seen in looked if seen is not None)

    def write(self, kind: str, body: bytes) -> S3Location:
        """Write an output file under AWS's name for it."""
        request = self.request
        key = output_key(kind, request.output_prefix, request.project_name, request.version_name)
        try:
            self._store.put(request.output_bucket, key, body)
        except ObjectStoreError as error:
            raise ManifestFileError(OUTPUT_UNWRITABLE) from error
        return S3Location(request.output_bucket, key)

    def billable_seconds(self, images: int) -> int:
        """Return what is billed for training on so many images."""
        wall_seconds = (self.request.ended_at - self.request.started_at).total_seconds()
        extra_share = (_EXAMPLE_BILLABLE_SECONDS / _EXAMPLE_WALL_SECONDS - 1) * images / _EXAMPLE_IMAGES
        return max(1, round(wall_seconds * (1 + extra_share)))

    def _failed(self, message: str) -> TrainingOutcome:
        """Return a failure that left nothing in S3."""
        return TrainingOutcome(
            succeeded=False,
            status_message=message,
            f1_score=None,
            billable_seconds=None,
            evaluation_summary=None,
            manifest_summary=None,
            training_input=self.request.training_manifests,
            training_output=(),
            training_validation=(),
            testing_input=() if self.auto_split else self.request.testing_manifests,
            testing_output=(),
            testing_validation=(),
        )

    def _read(self, manifests: tuple[S3Location, ...], entries: tuple[str, ...] | None) -> Lines:
        if entries is not None:
            return tuple(read_line(entry, self._ground_truth) for entry in entries)
        return read_manifests(
            manifests,
            self._store,
            region=self.request.region,
            manifest_bytes=self._limits.manifest_bytes,
            ground_truth=self._ground_truth,
        )

    def _check_output_bucket(self) -> None:
        try:
            region = self._store.bucket_region(self.request.output_bucket)
        except ObjectStoreError as error:
            raise ManifestFileError(OUTPUT_UNWRITABLE) from error
        if region != self.request.region:
            raise ManifestFileError(OUTPUT_UNWRITABLE)

    def _check_content(self, lines: Lines, most: int) -> tuple[Lines, Problems]:
        """Return the lines with the errors of their images, and the errors of the set as a whole."""
        if len(lines) > most:
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
            return self._store.bucket_region(bucket) != self.request.region
        except BucketMissingError:
            return False

    def _too_many_invalid(self, lines: Lines) -> Problems:
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
                self._looks[image] = look(self._store.get(image), self._image_limits)
            except (ObjectStoreError, ImageError):
                self._looks[image] = None
        return self._looks[image]

    def _write_validation(self, training: Lines, testing: Lines, problems: SetProblems) -> TrainingOutcome:
        """Write what tells of the manifests' content; return the outcome so far, a failure without a message."""
        use_case = self.use_case(training)
        summary = {
            "statistics": {
                "training": statistics(training, problems.training, use_case),
                "testing": statistics(testing, problems.testing, use_case),
            },
            "errors": [problem.to_document() for problem in problems.both],
        }

        def marked(lines: Lines) -> bytes:
            return to_json_lines(line.with_validation() for line in lines)

        return replace(
            self._failed(""),
            manifest_summary=self.write("ManifestSummary", json.dumps(summary, indent=2).encode()),
            training_validation=(self.write("TrainingManifestWithValidation", marked(training)),),
            testing_validation=(self.write("TestingManifestWithValidation", marked(testing)),),
        )


def output_key(kind: str, prefix: str | None, project_name: str, version_name: str) -> str:
    """Return the key of an output file: `<prefix>/<kind>-<project>-<version>.json`."""
    folder = (prefix or "").rstrip("/")
    name = f"{kind}-{project_name}-{version_name}.json"
    return f"{folder}/{name}" if folder else name
