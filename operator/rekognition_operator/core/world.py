"""What did the operator see in AWS, and what does the resource ask for?"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from rekognition_operator.core.inputs import TrainingInputs, digests
from rekognition_operator.core.schedule import Schedule

if TYPE_CHECKING:
    from rekognition_operator.core.proof import Proof


class Feature(StrEnum):
    """What a project is for: CreateProject's Feature."""

    CONTENT_MODERATION = "CONTENT_MODERATION"
    CUSTOM_LABELS = "CUSTOM_LABELS"


class ProjectStatus(StrEnum):
    """DescribeProjects' Status."""

    CREATING = "CREATING"
    CREATED = "CREATED"
    DELETING = "DELETING"


class VersionState(StrEnum):
    """DescribeProjectVersions' Status; UNKNOWN is any that this release does not know: it is left alone."""

    TRAINING_IN_PROGRESS = "TRAINING_IN_PROGRESS"
    TRAINING_COMPLETED = "TRAINING_COMPLETED"
    TRAINING_FAILED = "TRAINING_FAILED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    FAILED = "FAILED"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    DELETING = "DELETING"
    COPYING_IN_PROGRESS = "COPYING_IN_PROGRESS"
    COPYING_COMPLETED = "COPYING_COMPLETED"
    COPYING_FAILED = "COPYING_FAILED"
    DEPRECATED = "DEPRECATED"
    EXPIRED = "EXPIRED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True)
class S3Object:
    """An object in Amazon S3."""

    bucket: str
    name: str


@dataclass(frozen=True)
class ObservedDataset:
    """A dataset of a Custom Labels project."""

    arn: str
    dataset_type: Literal["TRAIN", "TEST"]
    status: str


@dataclass(frozen=True)
class ObservedProject:
    """A project as DescribeProjects and ListTagsForResource show it.

    Neither ``feature`` nor ``auto_update`` is ever None: an absent Feature is CUSTOM_LABELS, an
    absent AutoUpdate DISABLED.
    """

    arn: str
    name: str
    created_at: datetime
    status: ProjectStatus
    feature: Feature
    auto_update: bool
    tags: Mapping[str, str]
    datasets: tuple[ObservedDataset, ...] = ()


@dataclass(frozen=True)
class ObservedVersion:
    """A version as DescribeProjectVersions and ListTagsForResource show it.

    ``status`` is AWS's own word (kept even when this release does not know it: see ``state``).
    ``inputs`` is None where AWS shows no training manifests (a copy, or dataset training).
    ``f1_score`` is 0 to 1. ``billable_training_seconds`` is only there after success.
    """

    arn: str
    name: str
    status: str
    created_at: datetime
    tags: Mapping[str, str]
    status_message: str | None = None
    inputs: TrainingInputs | None = None
    training_ended_at: datetime | None = None
    billable_training_seconds: int | None = None
    f1_score: float | None = None
    evaluation_summary: S3Object | None = None
    manifest_summary: S3Object | None = None
    base_model_version: str | None = None
    description: str | None = None
    output: S3Object | None = None
    """Bucket and key prefix that the version's outputs went to."""
    min_inference_units: int | None = None
    max_inference_units: int | None = None

    @property
    def state(self) -> VersionState:
        """The status as one of the known states."""
        try:
            return VersionState(self.status)
        except ValueError:
            return VersionState.UNKNOWN


@dataclass(frozen=True)
class Usage:
    """What CloudWatch says of running models. A member is None where it was not asked for or may not be read."""

    month: str | None = None
    """The month of ``unit_hours``, in UTC, such as 2026-11."""
    unit_hours: float | None = None
    """Inference-unit hours of the project since the month began."""
    refused: bool = False
    """Whether CloudWatch refused to be read."""
    requests: float | None = None
    """Successful DetectCustomLabels calls of the whole account and Region, in the span of the idle stop."""
    interrupted: bool = False
    """Whether the model in service did not run in all of that span: absent data is not idleness."""
    alone: bool | None = None
    """Whether no model of other projects ran in that span: only then the requests were all this resource's."""


@dataclass(frozen=True)
class SeenManifest:
    """What S3 shows of a manifest: SHA-256 of its content in lower hex, and the version where the bucket has any."""

    content: str
    version_id: str | None
    last_modified: datetime


@dataclass(frozen=True)
class DataProblem:
    """Why the content of the manifests is not known.

    ``passing``: it will get better without a person. ``persists``: it has not, for a while.
    """

    message: str
    passing: bool = False
    persists: bool = False


@dataclass(frozen=True)
class DataSeen:
    """What is in the manifests now: those of the training and then those of the testing, in the order of the spec."""

    manifests: tuple[SeenManifest, ...] = ()
    problem: DataProblem | None = None
    """Set where nothing is known of any of them."""


@dataclass(frozen=True)
class Observed:
    """One look at AWS: the project by its name, and all its versions, newest first (as AWS sorts them).

    ``at`` is AWS's own time of the look: windows, idle times and hours go by the clock of who bills. None: unknown.
    """

    project: ObservedProject | None
    versions: tuple[ObservedVersion, ...] = ()
    at: datetime | None = None
    usage: Usage | None = None
    data: DataSeen | None = None
    """None: the data is not followed."""
    proofs: Mapping[str, "Proof"] = field(default_factory=dict)
    """By ARN: what evaluation summaries and probes say of versions, as far as they were looked at."""


@dataclass(frozen=True)
class Owner:
    """Whose a project or version is: the values of the ownership tags."""

    cluster: str
    kind: str
    namespace: str
    name: str


@dataclass(frozen=True)
class Place:
    """Where a project is: what must not silently move."""

    account: str
    region: str
    project_name: str


@dataclass(frozen=True)
class KnownProject:
    """What status remembers of the project: where it was, and which tags the operator has set."""

    arn: str
    tag_keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Publication:
    """A ConfigMap of ours, by its name, and the version that it names. None: it names none, since none may be used."""

    config_map: str
    version_name: str | None = None


@dataclass(frozen=True)
class Annotations:
    """The annotations that a person sets to ask for something."""

    reconcile_requested_at: str | None = None
    retry: str | None = None
    approve: str | None = None
    accept_move: str | None = None
    force_release: bool = False
    wake: str | None = None
    last_used_at: datetime | None = None


@dataclass(frozen=True)
class Serving:
    """Whether, when and with how much capacity a Custom Labels model runs: ``spec.serving``."""

    running: bool
    """False: it is stopped, whatever the rest says."""
    min_units: int = 1
    max_units: int | None = None
    blue_green: bool = True
    schedule: Schedule | None = None
    idle_after: timedelta | None = None
    max_usd_per_hour: float | None = None
    problem: str | None = None
    """Why the hours in which it shall run are not known: nothing is started then, and what runs is let run."""


@dataclass(frozen=True)
class Probe:
    """An image, and what a version must answer for it. ``min_confidence``, in percent, is from where a label counts."""

    name: str
    bucket: str
    key: str
    object_version: str | None = None
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    min_confidence: float = 50.0


@dataclass(frozen=True)
class Gates:
    """What a version must show before it is put into service for the first time. None: not asked for.

    ``fewer_*``: by which part it must make fewer mistakes than the base model.
    """

    min_f1_score: float | None = None
    max_f1_regression: float | None = None
    fewer_false_positives: float | None = None
    fewer_false_negatives: float | None = None
    probes: tuple[Probe, ...] = ()

    @property
    def key(self) -> str:
        """Tells these gates from others: a version that did not pass is looked at again once they change.

        Only what is set counts, so that a gate that a later release adds changes nothing for those who do not use it.
        """
        told = [(gate.name, getattr(self, gate.name)) for gate in fields(self)]
        return hashlib.sha256(repr([gate for gate in told if gate[1] not in (None, ())]).encode()).hexdigest()[:12]

    @property
    def probes_key(self) -> str:
        """Tells these probes from others: a version that has passed them need not be asked again before it serves."""
        return replace(Gates(), probes=self.probes).key


@dataclass(frozen=True)
class Promotion:
    """How a version gets into service: ``spec.promotion``. ``manual``: a person's word is needed, too."""

    gates: Gates = Gates()
    manual: bool = False
    probe_interval: timedelta = timedelta(hours=6)


@dataclass(frozen=True)
class Follow:
    """That new content of the manifests trains a new version: ``spec.data`` with follow: Track."""

    settle: timedelta = timedelta(minutes=30)
    max_trainings_per_day: int = 2


@dataclass(frozen=True)
class Desired:
    """What the resource asks for, with every default resolved."""

    owner: Owner
    generation: int
    place: Place
    feature: Feature
    auto_update: bool
    inputs: TrainingInputs
    output: S3Object
    serving: Serving | None = None
    """None: an adapter, which is neither started nor stopped."""
    created_at: str = ""
    """When the resource was created, as the API server writes it: who waits longest for something scarce goes first."""
    description: str | None = None
    follow: Follow | None = None
    """None: manifests are pinned, their content is not looked at."""
    held: str | None = None
    """The digest that stays the wanted one, where that of the manifests' content is not known, or must wait."""
    promotion: Promotion = Promotion()
    pin: str | None = None
    """Name of the version to serve, whatever the inputs and gates say."""
    publish: str | None = None
    """Name of the ConfigMap that names the version in service."""
    refresh_after: timedelta | None = None
    """How long after a version was seen DEPRECATED its inputs are trained anew; None: only once it has expired."""
    adopt_updates: bool = False
    """Whether versions that AWS adds by autoUpdate are as if trained here."""
    tags: Mapping[str, str] = field(default_factory=dict)
    keep: int = 3
    keep_failed: int = 1
    adoption_policy: Literal["Never", "IfUnowned"] = "Never"
    adopt_versions: tuple[str, ...] = ()
    deletion_policy: Literal["Delete", "Retain", "Orphan"] = "Retain"
    foreign_versions: Literal["Block", "Delete", "Release"] = "Block"
    correct_drift: bool = True
    ready_when_accepted: bool = False
    suspend: bool = False
    annotations: Annotations = Annotations()
    deleting: bool = False
    """The resource has a deletionTimestamp."""
    known_project: KnownProject | None = None
    """From status: what it says of the project; None where status is empty."""
    published: Publication | None = None
    """From status: where the version in service was last published."""
    handled_retry: str | None = None
    """From status: the last retry token that was answered."""

    @property
    def digests(self) -> tuple[str, ...]:
        """The digests of the wanted inputs, by every released function: those of the wanted versions."""
        return digests(self.inputs) if self.held is None else (self.held,)
