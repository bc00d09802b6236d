"""What do the emulator's control endpoints take and give (JSON under /moto-api/rekognition/)?"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from rekognition_sandbox.emulator.state import DatasetStatus, VersionStatus

CONTROL_PREFIX = "/moto-api/rekognition"
ANY_OPERATION = "*"


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AnswerLost(StrEnum):
    """When the connection is closed instead of answered."""

    BEFORE_EFFECT = "before_effect"
    AFTER_EFFECT = "after_effect"


class ErrorSpec(_Wire):
    """An error to answer instead of doing anything."""

    code: str = Field(min_length=1)
    message: str = "Injected by the emulator."
    status: int | None = Field(default=None, ge=400, le=599, description="default: the documented one of the code")


class FaultSpec(_Wire):
    """What shall go wrong.

    A fault looks at each call of its operation (and Region) that was not throttled. From the `nth` on (counted from the
    moment of the request, default 1) it strikes `times` times: default once with `nth`, else without end; with
    `probability`, by the emulator's seed. `delay_seconds` are real seconds before anything else is done,
    `withhold_seconds` those between the effect and the answer; each may stand alone or beside another effect.
    """

    operation: str = Field(default=ANY_OPERATION, description="an operation's name, or * for all")
    region: str | None = Field(default=None, description="only calls to this Region; default: to any")
    nth: int | None = Field(default=None, ge=1)
    times: int | None = Field(default=None, ge=1)
    probability: float | None = Field(default=None, ge=0, le=1)
    error: ErrorSpec | None = None
    delay_seconds: float = Field(default=0, ge=0, le=600)
    withhold_seconds: float = Field(default=0, ge=0, le=600)
    answer_lost: AnswerLost | None = None

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        if self.error and self.answer_lost:
            raise ValueError("a fault either answers an error or loses the answer: leave out error or answer_lost")
        if not (self.error or self.answer_lost or self.delay_seconds or self.withhold_seconds):
            raise ValueError("a fault needs error, answer_lost, delay_seconds or withhold_seconds")
        return self

    @property
    def strikes(self) -> int | None:
        """How often it strikes at most; None: without end."""
        return 1 if self.times is None and self.nth is not None else self.times


class FaultView(_Wire):
    """A fault and what it has done so far."""

    id: int
    spec: FaultSpec
    calls_seen: int
    struck: int


class CallRecord(_Wire):
    """One Rekognition request.

    `outcome` is `ok`, an error code, or `lost`; `effect` what it changed (`created <arn>`, `deleting <arn>`, ...), also
    when the answer was lost. Records are in order of completion; long strings (images) are replaced by their length.
    """

    sequence: int
    arrived_at: datetime
    emulated_at: datetime
    operation: str
    account: str
    region: str
    user_agent: str
    parameters: dict[str, object]
    outcome: str
    effect: str | None


class ClockView(_Wire):
    """Emulated time and its speed."""

    now: datetime
    time_scale: float


class ClockChange(_Wire):
    """A new speed, a jump forward, or both (the jump last)."""

    time_scale: float | None = Field(default=None, ge=0, le=1_000_000)
    advance_seconds: float | None = Field(default=None, ge=0)


class RightsChange(_Wire):
    """The IAM policy of every caller; without one, everything is allowed."""

    policy: dict[str, JsonValue] | None = None


class RoleTrust(_Wire):
    """Which AssumeRole a role trusts: with this external id where there is one, and with session tags or without."""

    role_arn: str = Field(min_length=1)
    assumable: bool = True
    external_id: str | None = None
    tags_allowed: bool = Field(default=True, description="whether it trusts sts:TagSession, too")


class AssumeRoleRecord(_Wire):
    """One AssumeRole and what became of it: `ok`, or an error code."""

    role_arn: str
    session_name: str
    external_id: str | None
    tags: dict[str, str]
    caller_account: str
    region: str
    outcome: str


class SessionEnd(_Wire):
    """The sessions that shall have ended: those of a role, or of all; credentials given later are good."""

    role_arn: str | None = None


class Hold(_Wire):
    """Whether what AWS takes its time for is held in a Region: it goes on and does not end, however late it is."""

    region: str = Field(min_length=1)
    held: bool


class Holds(_Wire):
    """The Regions in which it is held."""

    regions: list[str]


class QuotaChange(_Wire):
    """Limits to change; what is left out stays."""

    projects: int | None = Field(default=None, ge=0)
    versions_per_project: int | None = Field(default=None, ge=0)
    concurrent_trainings: int | None = Field(default=None, ge=0)
    running_models: int | None = Field(default=None, ge=0)
    inference_units_per_model: int | None = Field(default=None, ge=0)
    concurrent_copies: int | None = Field(default=None, ge=0)
    control_calls_per_second: float | None = Field(default=None, gt=0)
    tag_calls_per_second: float | None = Field(default=None, gt=0)
    detect_calls_per_second: float | None = Field(default=None, gt=0)
    throttling: bool | None = None


class QuotaView(_Wire):
    """The limits in force."""

    projects: int
    versions_per_project: int
    concurrent_trainings: int
    running_models: int
    inference_units_per_model: int
    concurrent_copies: int
    control_calls_per_second: float
    tag_calls_per_second: float
    detect_calls_per_second: float | None
    throttling: bool


class VersionChange(_Wire):
    """What AWS does to a version by itself: a status, its message, another base model.

    `base_model_answers` lets the base model answer for an adapter, or no longer, whatever status Describe shows: as
    between the moment in which AWS expires it and the one in which that is listed.
    """

    status: VersionStatus | None = None
    status_message: str | None = None
    base_model_version: str | None = None
    base_model_answers: bool | None = None


class ForeignVersion(_Wire):
    """A version that somebody else adds to a project: AutoUpdate, or a person; it carries no tags.

    It takes data and output from the project's newest version where there is one.
    """

    project_arn: str
    version_name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_.\-]{1,255}$")]
    status: VersionStatus | None = Field(default=None, description="default TRAINING_COMPLETED")
    base_model_version: str | None = Field(default=None, description="default: the current one")


class VersionView(_Wire):
    """A version as the controls left it."""

    arn: str
    name: str
    status: VersionStatus
    status_message: str
    base_model_version: str


class StartFailure(_Wire):
    """Starts of Custom Labels models that shall fail: the next `times` ones of a project or version, or of any.

    StartProjectVersion answers as usual; the model is FAILED, with the message, when it would have been RUNNING.
    """

    project_name: str | None = Field(default=None, description="default: any")
    version_name: str | None = Field(default=None, description="default: any")
    message: str = Field(default="The model failed to start.", min_length=1)
    times: int = Field(default=1, ge=1)


class StartFailureView(_Wire):
    """A failure and how many starts it has struck so far."""

    spec: StartFailure
    struck: int


class BaseModelChange(_Wire):
    """AWS releases a base model.

    With `deprecate`, trained adapters of another base model become DEPRECATED, and EXPIRED after `expire_after_seconds`
    of emulated time (AWS: 60 to 90 days after the release); left out, they stay DEPRECATED. In adapter projects with
    AutoUpdate ENABLED, and with `auto_update`, AWS then trains a version of its own on the new base model.
    """

    version: str = Field(min_length=1)
    deprecate: bool = False
    auto_update: bool = True
    expire_after_seconds: float | None = Field(default=None, ge=0)


class BaseModelView(_Wire):
    """The base model that new trainings use."""

    version: str


class DatasetSpec(_Wire):
    """A dataset to add to a Custom Labels project, as the console makes them, in whatever state."""

    project_arn: str
    dataset_type: Literal["TRAIN", "TEST"]
    status: DatasetStatus = DatasetStatus.CREATE_COMPLETE


class DatasetView(_Wire):
    """The dataset that was added."""

    arn: str


class ResetSpec(_Wire):
    """Forget all of Rekognition, faults, failing starts, held trainings, calls, quotas, roles; with `s3` buckets too.

    The clock keeps its time and gets its first speed back.
    """

    s3: bool = False


class Health(_Wire):
    """The answer of a running emulator."""

    status: Literal["ok"] = "ok"


class ControlProblem(_Wire):
    """Why a control request was refused, and what to do."""

    error: str
