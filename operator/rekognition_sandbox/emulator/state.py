"""What exists in one account and Region of the emulated Rekognition?"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.arns import partition_of
from rekognition_sandbox.emulator.clock import to_datetime

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from rekognition_sandbox.emulator.manifests import S3Location
    from rekognition_sandbox.emulator.training_steps import TrainingOutcome


class Feature(StrEnum):
    """What a project is for."""

    CONTENT_MODERATION = "CONTENT_MODERATION"
    CUSTOM_LABELS = "CUSTOM_LABELS"


class ProjectStatus(StrEnum):
    """CREATING -> CREATED -> DELETING -> absent."""

    CREATING = "CREATING"
    CREATED = "CREATED"
    DELETING = "DELETING"


class VersionStatus(StrEnum):
    """Every status of the service model; an adapter has the first six."""

    TRAINING_IN_PROGRESS = "TRAINING_IN_PROGRESS"
    TRAINING_COMPLETED = "TRAINING_COMPLETED"
    TRAINING_FAILED = "TRAINING_FAILED"
    DEPRECATED = "DEPRECATED"
    EXPIRED = "EXPIRED"
    DELETING = "DELETING"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    FAILED = "FAILED"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    COPYING_IN_PROGRESS = "COPYING_IN_PROGRESS"
    COPYING_COMPLETED = "COPYING_COMPLETED"
    COPYING_FAILED = "COPYING_FAILED"


class DatasetType(StrEnum):
    """A project has at most one dataset of each type."""

    TRAIN = "TRAIN"
    TEST = "TEST"


class DatasetStatus(StrEnum):
    """CREATE_IN_PROGRESS -> CREATE_COMPLETE or CREATE_FAILED; DELETE_IN_PROGRESS -> absent; the like for updates."""

    CREATE_IN_PROGRESS = "CREATE_IN_PROGRESS"
    CREATE_COMPLETE = "CREATE_COMPLETE"
    CREATE_FAILED = "CREATE_FAILED"
    UPDATE_IN_PROGRESS = "UPDATE_IN_PROGRESS"
    UPDATE_COMPLETE = "UPDATE_COMPLETE"
    UPDATE_FAILED = "UPDATE_FAILED"
    DELETE_IN_PROGRESS = "DELETE_IN_PROGRESS"


@dataclass(frozen=True)
class Dataset:
    """A dataset of a Custom Labels project; `entries` are its JSON lines."""

    arn: str
    project_arn: str
    dataset_type: DatasetType
    created_ms: int
    updated_ms: int
    status: DatasetStatus
    status_message: str
    tags: Mapping[str, str]
    entries: tuple[str, ...] = ()

    @property
    def created_at(self) -> datetime:
        """CreationTimestamp, equal to the last part of the ARN."""
        return to_datetime(self.created_ms)

    @property
    def updated_at(self) -> datetime:
        """LastUpdatedTimestamp."""
        return to_datetime(self.updated_ms)


@dataclass(frozen=True)
class Project:
    """A project; `auto_update` is None for Custom Labels."""

    arn: str
    name: str
    feature: Feature
    auto_update: str | None
    created_ms: int
    status: ProjectStatus
    tags: Mapping[str, str]

    @property
    def created_at(self) -> datetime:
        """CreationTimestamp, equal to the last part of the ARN."""
        return to_datetime(self.created_ms)


@dataclass(frozen=True)
class TrainingOrder:
    """What a version was asked to be trained with: manifests, or what the project's datasets held then."""

    output_bucket: str
    output_prefix: str | None
    training_manifests: tuple[S3Location, ...]
    testing_manifests: tuple[S3Location, ...]
    auto_create: bool | None
    kms_key_id: str | None
    description: str | None
    confidence_threshold: float | None
    training_entries: tuple[str, ...] | None = None
    testing_entries: tuple[str, ...] | None = None


@dataclass(frozen=True)
class InferenceUnits:
    """With how many inference units a model was started; no `maximum`: AWS does not scale it."""

    minimum: int
    maximum: int | None

    @property
    def most(self) -> int:
        """How many it may come to use."""
        return self.maximum if self.maximum is not None else self.minimum


@dataclass(frozen=True)
class Version:
    """A project version; `outcome` is set when training has ended, `units` when a model was last started.

    `transitions` counts starts and stops, so that the end of one is not taken for that of another; `source_arn` names
    what a copy was copied from. `base_model_answers`: an adapter that is ignored, whatever its status is.
    """

    arn: str
    project_arn: str
    name: str
    feature: Feature
    created_ms: int
    status: VersionStatus
    status_message: str
    order: TrainingOrder
    base_model_version: str
    tags: Mapping[str, str]
    ended_ms: int | None = None
    outcome: TrainingOutcome | None = None
    units: InferenceUnits | None = None
    transitions: int = 0
    source_arn: str | None = None
    base_model_answers: bool = False

    @property
    def created_at(self) -> datetime:
        """CreationTimestamp, equal to the last part of the ARN."""
        return to_datetime(self.created_ms)


@dataclass
class Place:
    """All projects, versions and datasets of one account and Region."""

    account: str
    region: str
    projects: dict[str, Project] = field(default_factory=dict)
    versions: dict[str, Version] = field(default_factory=dict)
    datasets: dict[str, Dataset] = field(default_factory=dict)

    @property
    def partition(self) -> str:
        """The AWS partition that the Region belongs to."""
        return partition_of(self.region)

    def project_named(self, name: str) -> Project | None:
        """Return the one project of that name, whatever its feature and status."""
        return next((project for project in self.projects.values() if project.name == name), None)

    def projects_newest_first(self) -> list[Project]:
        """Return the projects in the order in which DescribeProjects lists them."""
        return sorted(self.projects.values(), key=lambda project: -project.created_ms)

    def versions_newest_first(self, project_arn: str) -> list[Version]:
        """Return a project's versions in the order in which DescribeProjectVersions lists them."""
        mine = (version for version in self.versions.values() if version.project_arn == project_arn)
        return sorted(mine, key=lambda version: -version.created_ms)

    def datasets_of(self, project_arn: str) -> list[Dataset]:
        """Return a project's datasets, the training one first."""
        mine = (dataset for dataset in self.datasets.values() if dataset.project_arn == project_arn)
        return sorted(mine, key=lambda dataset: dataset.dataset_type is DatasetType.TEST)

    def running_models(self) -> int:
        """Return how many models run, or are about to or just did, as the quota counts them."""
        serving = {VersionStatus.STARTING, VersionStatus.RUNNING, VersionStatus.STOPPING}
        return sum(version.status in serving for version in self.versions.values())

    def copies(self) -> int:
        """Return how many models are being copied to here."""
        return sum(version.status is VersionStatus.COPYING_IN_PROGRESS for version in self.versions.values())

    def trainings(self) -> int:
        """Return how many trainings run, of both features, as the quota counts them."""
        return sum(version.status is VersionStatus.TRAINING_IN_PROGRESS for version in self.versions.values())
