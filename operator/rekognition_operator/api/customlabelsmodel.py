"""What does a CustomLabelsModel look like?"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from rekognition_operator.api.resource import ResourceSpec, ResourceStatus
from rekognition_operator.api.schema import KubeField, KubeModel, Validation

MAX_WINDOWS = 20
MAX_INFERENCE_UNITS = 100
"""Far more than AWS's quota for one model, 5, which can be raised (AWS General Reference)."""

Weekday = Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

TimeOfDay = Annotated[
    str,
    Field(min_length=5, max_length=5, pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$"),
    KubeField(pattern_message="times of day are written HH:MM, from 00:00 to 23:59, such as 08:00"),
]

Duration = Annotated[
    str,
    Field(min_length=2, max_length=16, pattern=r"^([0-9]+h)?([0-9]+m)?$"),
    KubeField(pattern_message="durations are written in hours and minutes, such as 1h, 90m or 1h30m"),
]

InferenceUnits = Annotated[int, Field(ge=1, le=MAX_INFERENCE_UNITS)]


class Window(KubeModel):
    """Hours of the week in which the model runs."""

    name: Annotated[str, Field(min_length=1, max_length=63)]
    """Name of the window, for messages."""
    days: Annotated[list[Weekday], Field(min_length=1, max_length=7), KubeField(list_type="set")]
    """Days of the week on which the window begins."""
    from_: Annotated[TimeOfDay, Field(alias="from")]
    """When it begins, by the clock of the schedule's time zone."""
    to: TimeOfDay
    """When it ends. A time that is not later than `from` is on the next day."""


class Schedule(KubeModel):
    """When the model runs. The windows unite; outside all of them the model is stopped."""

    time_zone: Annotated[
        str,
        Field(min_length=1, max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9_+\-]*(/[A-Za-z0-9_+\-]+)*$"),
        KubeField(pattern_message="timeZone must be a name of the IANA time zone database, such as Europe/Berlin"),
    ]
    """Time zone of the windows: a name of the IANA time zone database, such as Europe/Berlin. Daylight saving is
    followed."""
    windows: Annotated[
        list[Window],
        Field(min_length=1, max_length=MAX_WINDOWS),
        KubeField(list_type="map", list_map_keys=("name",)),
    ]
    """Hours of the week in which the model runs."""


class IdleStop(KubeModel):
    """Stops a model that nobody uses, until a window begins, serving or the version changes, or somebody wakes it."""

    validations = (
        Validation(
            rule="duration(self.after) >= duration('15m') && duration(self.after) <= duration('168h')",
            message="idleStop.after must be from 15m to 168h: a start takes 10 to 20 minutes",
            field_path=".after",
        ),
    )

    after: Duration
    """How long nobody may have asked the model anything, such as 1h. From 15m to 168h."""


class Budget(KubeModel):
    """What the model may cost."""

    max_usd_per_hour: Annotated[float, Field(gt=0, le=100_000, alias="maxUSDPerHour")]
    """Inference units of all running versions, times the price of a unit and hour, never exceed this. The price is a
    setting of the operator."""


class Rollout(StrEnum):
    """How one version takes over from another."""

    BLUE_GREEN = "BlueGreen"
    RECREATE = "Recreate"


class Serving(KubeModel):
    """Whether, when and with how much capacity the model runs. Each running inference unit is billed by the hour."""

    validations = (
        Validation(
            rule="!has(self.maxInferenceUnits) || self.maxInferenceUnits >= self.minInferenceUnits",
            message="maxInferenceUnits must not be less than minInferenceUnits; raise it, or leave it out",
            field_path=".maxInferenceUnits",
        ),
    )

    state: Literal["Running", "Stopped"] = "Stopped"
    """Running: the model answers, within schedule, idleStop and budget. Stopped: it is trained, and costs nothing."""
    min_inference_units: InferenceUnits = 1
    """Inference units that the model is started with. AWS cannot change them while it runs: it is stopped and started
    again, which takes 10 to 20 minutes."""
    max_inference_units: InferenceUnits | None = None
    """Inference units that AWS may scale the model to. Absent: AWS does not scale it."""
    rollout: Rollout = Rollout.BLUE_GREEN
    """BlueGreen: start the new version, then stop the old one; for a while both run. Recreate: stop the old one first,
    which needs no second running model of the account's quota, and answers nothing for 10 to 20 minutes."""
    schedule: Schedule | None = None
    """Hours in which the model runs. Absent: at all hours."""
    idle_stop: IdleStop | None = None
    """Stop the model when nobody uses it. Absent: never."""
    budget: Budget | None = None
    """What the model may cost. Absent: no limit but AWS's quotas."""


class CustomLabelsModelSpec(ResourceSpec):
    """What the model shall be."""

    serving: Serving = Serving()
    """Whether, when and with how much capacity the model runs. Absent: it is trained and stays stopped."""


class ServingStatus(KubeModel):
    """How the version in service runs, and what it costs."""

    state: Annotated[str, Field(max_length=64)]
    """Status of the version in service, as AWS says it."""
    units: Annotated[str, Field(max_length=16)] | None = None
    """Inference units it runs with, such as 1, or 1-2 where AWS may scale it; absent: it does not run."""
    since: datetime | None = None
    """Since when it runs, or is stopped, as the spec asks."""
    reason: Annotated[str, Field(max_length=64)]
    """Why it shall run or not: Running, Stopped, OutsideWindow, Idle or OverBudget."""
    next_transition: datetime | None = None
    """When it will be started or stopped next, by its schedule."""
    next_state: Literal["Running", "Stopped"] | None = None
    """What it will then be."""
    usd_per_hour: Annotated[float | None, Field(alias="usdPerHour")] = None
    """What all running versions cost now: their inference units times the operator's price."""
    month: Annotated[str, Field(max_length=7)] | None = None
    """The month, in UTC, of the two members that follow, such as 2026-11."""
    hours_this_month: float | None = None
    """Inference-unit hours of this month, from CloudWatch's InServiceInferenceUnits. An estimate; absent: CloudWatch
    may not be read."""
    estimated_usd_this_month: Annotated[float | None, Field(alias="estimatedUSDThisMonth")] = None
    """hoursThisMonth times the operator's price. An estimate, not AWS's bill."""


class CustomLabelsModelStatus(ResourceStatus):
    """What the operator saw and did."""

    serving: ServingStatus | None = None
    """How the version in service runs, and what it costs."""


class CustomLabelsModel:
    """A Custom Labels model: one CUSTOM_LABELS project of Amazon Rekognition, its versions, and which one runs."""

    kind: ClassVar[str] = "CustomLabelsModel"
    plural: ClassVar[str] = "customlabelsmodels"
    singular: ClassVar[str] = "customlabelsmodel"
    short_names: ClassVar[tuple[str, ...]] = ("clm",)
    spec: ClassVar[type[CustomLabelsModelSpec]] = CustomLabelsModelSpec
    status: ClassVar[type[CustomLabelsModelStatus]] = CustomLabelsModelStatus
