"""What does the fake Rekognition remember, and what does it refuse by form alone?"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, NamedTuple, Protocol, TypeVar

from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.core.inputs import TrainingInputs
from rekognition_operator.core.world import (
    Feature,
    ObservedDataset,
    ObservedProject,
    ObservedVersion,
    ProjectStatus,
    S3Object,
    VersionState,
)

T = TypeVar("T")

NAME: Final = re.compile(r"[a-zA-Z0-9_.\-]{1,255}")
"""ProjectName and VersionName in AWS's model."""
DATASET_DELETING: Final = "DELETE_IN_PROGRESS"
"""Status of a dataset on its way out."""
_DESCRIPTION: Final = re.compile(r"[a-zA-Z0-9\-_. ()':,;?]{1,255}")
_TAG_KEY: Final = re.compile(r"(?!aws:)[\w\s.:/=+\-@]{1,128}")
_TAG_VALUE: Final = re.compile(r"[\w\s.:/=+\-@]{0,256}")
_CODES: Final[Mapping[ErrorKind, str]] = {
    ErrorKind.THROTTLED: "ThrottlingException",
    ErrorKind.ACCESS_DENIED: "AccessDeniedException",
    ErrorKind.CREDENTIALS: "ExpiredTokenException",
    ErrorKind.NOT_FOUND: "ResourceNotFoundException",
    ErrorKind.IN_USE: "ResourceInUseException",
    ErrorKind.LIMIT: "LimitExceededException",
    ErrorKind.INVALID: "InvalidParameterException",
    ErrorKind.SERVER: "InternalServerError",
    ErrorKind.LOST: "AnswerLost",
}


class Runner(Protocol):
    """Makes one call to AWS: the operation, whose, in which lane, and what it does."""

    def __call__(self, operation: str, subject: str, lane: Lane, effect: Callable[[], T]) -> T: ...


class Call(NamedTuple):
    """A call to AWS: the operation, whose (a name or an ARN), and in which lane."""

    operation: str
    subject: str
    lane: Lane


class Effect(NamedTuple):
    """A change in AWS: the operation, the ARN, and the tag keys where it was about tags."""

    operation: str
    arn: str
    keys: tuple[str, ...] = ()


@dataclass
class Fault:
    """An error to come: after ``skip`` calls of the operation, ``times`` times."""

    operation: str
    error: CallError
    skip: int
    times: int
    after_effect: bool


def shown(inputs: TrainingInputs) -> TrainingInputs:
    """Return inputs as AWS describes them: it does not tell the content of manifests."""
    training, testing = (tuple(replace(m, content=None) for m in ms) for ms in (inputs.training, inputs.testing))
    return replace(inputs, training=training, testing=testing)


@dataclass
class VersionRecord:
    """A version as it is."""

    arn: str
    name: str
    created_at: datetime
    status: str
    tags: dict[str, str]
    inputs: TrainingInputs | None = None
    output: S3Object | None = None
    description: str | None = None
    base_model_version: str | None = None
    status_message: str | None = None
    training_ended_at: datetime | None = None
    billable_training_seconds: int | None = None
    f1_score: float | None = None
    evaluation_summary: S3Object | None = None
    manifest_summary: S3Object | None = None
    min_inference_units: int | None = None
    max_inference_units: int | None = None
    doom: str | None = None
    """With which message its start will end, where it is to fail."""
    hidden: bool = False

    @property
    def state(self) -> VersionState:
        """The status as one of the known states."""
        return VersionState(self.status) if self.status in VersionState.__members__ else VersionState.UNKNOWN

    def observed(self) -> ObservedVersion:
        """As DescribeProjectVersions shows it: without tags."""
        return ObservedVersion(
            arn=self.arn,
            name=self.name,
            status=str(self.status),
            created_at=self.created_at,
            tags={},
            status_message=self.status_message,
            inputs=self.inputs,
            training_ended_at=self.training_ended_at,
            billable_training_seconds=self.billable_training_seconds,
            f1_score=self.f1_score,
            evaluation_summary=self.evaluation_summary,
            manifest_summary=self.manifest_summary,
            base_model_version=self.base_model_version,
            description=self.description,
            output=self.output,
            min_inference_units=self.min_inference_units,
            max_inference_units=self.max_inference_units,
        )


@dataclass
class ProjectRecord:
    """A project as it is; its versions oldest first."""

    arn: str
    name: str
    created_at: datetime
    status: ProjectStatus
    feature: Feature
    auto_update: bool
    tags: dict[str, str]
    datasets: list[ObservedDataset] = field(default_factory=list)
    versions: list[VersionRecord] = field(default_factory=list)

    def observed(self) -> ObservedProject:
        """As DescribeProjects shows it: without tags."""
        return ObservedProject(
            arn=self.arn,
            name=self.name,
            created_at=self.created_at,
            status=self.status,
            feature=self.feature,
            auto_update=self.auto_update,
            tags={},
            datasets=tuple(self.datasets),
        )


def refusal(operation: str, kind: ErrorKind, message: str, *, code: str | None = None) -> CallError:
    """Make an error as AWS would answer, with the usual code of its kind."""
    return CallError(kind, operation, code or _CODES[kind], message, request_id="00000000-0000-4000-8000-000000000000")


def check_name(name: str, operation: str, member: str) -> None:
    """Refuse what is not a ProjectName or VersionName."""
    if not NAME.fullmatch(name):
        raise _invalid(operation, f"Value '{name}' at '{member}' failed to satisfy constraint: {NAME.pattern}")


def check_description(description: str | None, operation: str) -> None:
    """Refuse what is not a VersionDescription."""
    if description is not None and not _DESCRIPTION.fullmatch(description):
        raise _invalid(operation, f"Value '{description}' at 'versionDescription' failed to satisfy constraint")


def check_tags(tags: Mapping[str, str], operation: str) -> None:
    """Refuse tags whose keys or values AWS's model does not allow."""
    for key, value in tags.items():
        if not _TAG_KEY.fullmatch(key) or not _TAG_VALUE.fullmatch(value):
            raise _invalid(operation, f"Value '{{{key}={value}}}' at 'tags' failed to satisfy constraint")


def _invalid(operation: str, message: str) -> CallError:
    return refusal(operation, ErrorKind.INVALID, f"1 validation error detected: {message}", code="ValidationException")
