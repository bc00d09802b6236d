"""How does a test say in a word or two what was asked for and what was seen in AWS?"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal, TypedDict, Unpack

from fakes._rekognition_state import shown
from rekognition_operator.core import tags as t
from rekognition_operator.core.decision import Policy
from rekognition_operator.core.hindrance import CreateAttempt
from rekognition_operator.core.inputs import ManifestRef, TrainingInputs, VersionName, digests
from rekognition_operator.core.proof import Proof
from rekognition_operator.core.world import (
    Annotations,
    DataProblem,
    DataSeen,
    Desired,
    Feature,
    Follow,
    KnownProject,
    Observed,
    ObservedDataset,
    ObservedProject,
    ObservedVersion,
    Owner,
    Place,
    ProjectStatus,
    Promotion,
    S3Object,
    SeenManifest,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
POLICY = Policy()
OWNER = Owner("prod", "ModerationAdapter", "trust-safety", "storefront")
OTHER_OWNER = Owner("prod", "ModerationAdapter", "ads", "banners")
PLACE = Place(account="123456789012", region="us-east-1", project_name="storefront")
PROJECT_ARN = "arn:aws:rekognition:us-east-1:123456789012:project/storefront/1772000000000"
OUTPUT = S3Object("acme-ml", "storefront/out/")


def inputs(name: str, threshold: float | None = 60) -> TrainingInputs:
    """Return inputs with one manifest of this name."""
    manifest = ManifestRef("acme-ml", f"storefront/{name}.manifest")
    return TrainingInputs(training=(manifest,), confidence_threshold=threshold)


def with_content(training: TrainingInputs, content: str) -> TrainingInputs:
    """Return inputs whose manifests have this content."""
    (manifest,) = training.training
    return replace(training, training=(replace(manifest, content=sha256(content)),))


def sha256(content: str) -> str:
    """Return the SHA-256 of a content."""
    return hashlib.sha256(content.encode()).hexdigest()


A, B, C = inputs("a"), inputs("b"), inputs("c")
X, Y, Z = (with_content(A, content) for content in "xyz")
INPUTS = {"A": A, "B": B, "C": C, "X": X, "Y": Y, "Z": Z}
"""A is the manifest a, and X, Y and Z are what may be in it."""


def ago(*, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
    """Return a time before NOW."""
    return NOW - timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def name_of(training: TrainingInputs, n: int = 1) -> str:
    """Return the version name of these inputs and this attempt."""
    return str(VersionName(digests(training)[0], n))


class DesiredFields(TypedDict, total=False):
    """What a test may ask for besides the training inputs."""

    owner: Owner
    generation: int
    place: Place
    feature: Feature
    auto_update: bool
    output: S3Object
    description: str | None
    promotion: Promotion
    pin: str | None
    refresh_after: timedelta | None
    adopt_updates: bool
    tags: Mapping[str, str]
    keep: int
    keep_failed: int
    adoption_policy: Literal["Never", "IfUnowned"]
    adopt_versions: tuple[str, ...]
    deletion_policy: Literal["Delete", "Retain", "Orphan"]
    foreign_versions: Literal["Block", "Delete", "Release"]
    correct_drift: bool
    ready_when_accepted: bool
    suspend: bool
    annotations: Annotations
    deleting: bool
    known_project: KnownProject | None
    handled_retry: str | None
    follow: Follow | None


def desired(training: TrainingInputs = A, **fields: Unpack[DesiredFields]) -> Desired:
    """Ask for these inputs. Status remembers the project where ``known_project`` says so."""
    base = Desired(
        owner=OWNER,
        generation=1,
        place=PLACE,
        feature=Feature.CONTENT_MODERATION,
        auto_update=False,
        inputs=training,
        output=OUTPUT,
    )
    return replace(base, **fields)


def known(*tag_keys: str, arn: str = PROJECT_ARN) -> KnownProject:
    """Return what status remembers of the project."""
    return KnownProject(arn, tag_keys)


def retry(token: str) -> Annotations:
    """Set the retry annotation."""
    return Annotations(retry=token)


def project(
    *,
    owner: Owner | None = OWNER,
    latest: str | None = None,
    tags: Mapping[str, str] | None = None,
    without: tuple[str, ...] = (),
    status: ProjectStatus = ProjectStatus.CREATED,
    feature: Feature = Feature.CONTENT_MODERATION,
    auto_update: bool = False,
    datasets: tuple[ObservedDataset, ...] = (),
    arn: str = PROJECT_ARN,
) -> ObservedProject:
    """Return the project, ours unless told otherwise; ``latest`` is the version name that it remembers."""
    carried = {
        **(t.owner_tags(owner) if owner is not None else {}),
        **({t.LATEST: latest} if latest is not None else {}),
        **(tags or {}),
    }
    return ObservedProject(
        arn=arn,
        name="storefront",
        created_at=ago(days=90),
        status=status,
        feature=feature,
        auto_update=auto_update,
        tags={key: value for key, value in carried.items() if key not in without},
        datasets=datasets,
    )


class VersionFields(TypedDict, total=False):
    """What AWS shows of a version besides its state."""

    status_message: str | None
    inputs: TrainingInputs | None
    training_ended_at: datetime | None
    f1_score: float | None
    evaluation_summary: S3Object | None
    manifest_summary: S3Object | None
    base_model_version: str | None
    description: str | None
    output: S3Object | None


def version(
    training: TrainingInputs = A,
    n: int = 1,
    status: str = "TRAINING_COMPLETED",
    *,
    name: str | None = None,
    owner: Owner | None = OWNER,
    promoted: datetime | None = None,
    created: datetime | None = None,
    tags: Mapping[str, str] | None = None,
    without: tuple[str, ...] = (),
    **fields: Unpack[VersionFields],
) -> ObservedVersion:
    """Return a version of these inputs, ours by name and tags unless told otherwise.

    ``created`` is a day ago for n = 1, and an hour later for each further attempt.
    """
    own_name = name if name is not None else name_of(training, n)
    created_at = created if created is not None else ago(days=1) + timedelta(hours=n - 1)
    carried = {
        **(t.owner_tags(owner) if owner is not None else {}),
        **({t.PROMOTED_AT: t.time_value(promoted)} if promoted is not None else {}),
        **(tags or {}),
    }
    base = ObservedVersion(
        arn=f"{PROJECT_ARN.rsplit('/', 1)[0]}/version/{own_name}/{int(created_at.timestamp() * 1000)}",
        name=own_name,
        status=status,
        created_at=created_at,
        tags={key: value for key, value in carried.items() if key not in without},
        inputs=shown(training),
        output=OUTPUT,
    )
    return replace(base, **fields)


def foreign(
    name: str = "by-hand", status: str = "TRAINING_COMPLETED", *, created: datetime | None = None
) -> ObservedVersion:
    """Return a version that somebody else made: no tags of ours, and a name of its own."""
    return version(inputs("foreign"), status=status, name=name, owner=None, created=created)


def observed(
    *versions: ObservedVersion,
    project: ObservedProject | None,
    proofs: Mapping[str, Proof] | None = None,
    data: DataSeen | DataProblem | None = None,
) -> Observed:
    """One look at AWS; versions in any order; proofs by ARN."""
    newest_first = tuple(sorted(versions, key=lambda v: v.created_at, reverse=True))
    seen = DataSeen(problem=data) if isinstance(data, DataProblem) else data
    return Observed(project, newest_first, proofs=proofs or {}, data=seen)


def data(content: str, modified: datetime, *, object_version: str | None = None) -> DataSeen:
    """Return what is in the one manifest, and since when."""
    return DataSeen((SeenManifest(sha256(content), object_version, modified),))


def attempt(
    request_key: str, code: str, *, first: datetime, last: datetime | None = None, name: str | None = None
) -> CreateAttempt:
    """Return an unsuccessful CreateProjectVersion that the operator remembers."""
    return CreateAttempt(
        request_key=request_key,
        version_name=name if name is not None else name_of(A),
        code=code,
        message=f"{code} says AWS.",
        first_at=first.timestamp(),
        last_at=(last if last is not None else first).timestamp(),
    )
