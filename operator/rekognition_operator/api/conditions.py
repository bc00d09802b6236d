"""Which conditions and reasons does a resource show, and what does a person do about each?"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class ConditionType(StrEnum):
    """An aspect of the resource's state."""

    READY = "Ready"
    UP_TO_DATE = "UpToDate"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"
    DRIFTED = "Drifted"
    SUSPENDED = "Suspended"
    EXPIRING = "Expiring"
    PENDING_NEXT_VERSION = "PendingNextVersion"


@dataclass(frozen=True)
class ConditionSpec:
    """What a condition tells, and whether it is always there."""

    type: ConditionType
    always: bool
    meaning: str


CONDITIONS: tuple[ConditionSpec, ...] = (
    ConditionSpec(
        ConditionType.READY,
        always=True,
        meaning="An acceptable version is in service. Stays True on the last good version while a new one trains.",
    ),
    ConditionSpec(
        ConditionType.UP_TO_DATE,
        always=True,
        meaning="The version in service is the one that the spec asks for. Wait for this one to wait for a retraining.",
    ),
    ConditionSpec(
        ConditionType.RECONCILING, always=False, meaning="Work is under way; the reason says which. Absent otherwise."
    ),
    ConditionSpec(
        ConditionType.STALLED,
        always=False,
        meaning="It will not get better without a person; the message says what to do. Absent otherwise.",
    ),
    ConditionSpec(
        ConditionType.DRIFTED,
        always=False,
        meaning="AWS differs from the spec in the fields that status.drift lists. Absent otherwise.",
    ),
    ConditionSpec(ConditionType.SUSPENDED, always=False, meaning="spec.suspend is true: nothing is changed in AWS."),
    ConditionSpec(
        ConditionType.EXPIRING,
        always=False,
        meaning="The base model of the version in service is superseded: AWS will stop serving the version.",
    ),
    ConditionSpec(
        ConditionType.PENDING_NEXT_VERSION,
        always=False,
        meaning="description or output differ from those of the version in service: they apply to the next version.",
    ),
)


class Reason(StrEnum):
    """Why a condition is as it is: a word for programs, stable across releases."""

    # in service
    IN_SERVICE = "InService"
    ACCEPTED = "Accepted"
    NO_VERSION_IN_SERVICE = "NoVersionInService"
    ADAPTER_EXPIRED = "AdapterExpired"
    DEPRECATED = "Deprecated"
    # work under way
    PROGRESSING = "Progressing"
    CREATING_PROJECT = "CreatingProject"
    ADOPTING = "Adopting"
    TRAINING = "Training"
    PROMOTING = "Promoting"
    CORRECTING_DRIFT = "CorrectingDrift"
    CONFIRMING_CREATE = "ConfirmingCreate"
    CONFIRMING_LOSS = "ConfirmingLoss"
    WAITING_FOR_QUOTA = "WaitingForQuota"
    WAITING_FOR_DELETION = "WaitingForDeletion"
    RETRYING = "Retrying"
    DELETING = "Deleting"
    WAITING_FOR_TRAINING = "WaitingForTraining"
    # stalled
    INVALID_SPEC = "InvalidSpec"
    PROJECT_OWNED_BY_ANOTHER = "ProjectOwnedByAnother"
    PROJECT_MISMATCH = "ProjectMismatch"
    PROJECT_MOVED = "ProjectMoved"
    PROJECT_DELETED = "ProjectDeleted"
    TRAINING_FAILED = "TrainingFailed"
    TRAINING_REFUSED = "TrainingRefused"
    REPEATEDLY_DELETED = "RepeatedlyDeleted"
    VERSION_DELETED = "VersionDeleted"
    VERSION_NAME_UNAVAILABLE = "VersionNameUnavailable"
    PROJECT_QUOTA_REACHED = "ProjectQuotaReached"
    VERSION_QUOTA_REACHED = "VersionQuotaReached"
    TAG_QUOTA_REACHED = "TagQuotaReached"
    ACCESS_DENIED = "AccessDenied"
    CREDENTIALS_INVALID = "CredentialsInvalid"
    INVALID_REQUEST = "InvalidRequest"
    FOREIGN_VERSIONS = "ForeignVersions"
    # drift
    DRIFT_CORRECTED = "Correcting"
    DRIFT_REPORTED = "Reported"
    # the rest
    SUSPENDED = "Suspended"
    APPLIES_TO_NEXT_VERSION = "AppliesToNextVersion"


@dataclass(frozen=True)
class ReasonSpec:
    """What a reason means, and what a person does about it (a dash: nothing)."""

    name: Reason
    condition: ConditionType
    status: Literal["True", "False", "Unknown"]
    meaning: str
    remedy: str
