"""What does a CustomLabelsModel look like?"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from rekognition_operator.api.common import Deletion, Duration, duration_between
from rekognition_operator.api.resource import ResourceSpec, ResourceStatus
from rekognition_operator.api.schema import KubeField, KubeModel, Validation

MAX_WINDOWS = 20
MAX_INFERENCE_UNITS = 100
"""Far more than AWS's quota for one model, 5, which can be raised (AWS General Reference)."""

Weekday = Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

TimeOfDay = Annotated[
    str,
    Field(max_length=16, pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$"),
    KubeField(pattern_message="times of day are written HH:MM, from 00:00 to 23:59, such as 08:00"),
]

InferenceUnits = Annotated[int, Field(ge=1, le=MAX_INFERENCE_UNITS)]


class Window(KubeModel):
    """Hours of the week in which the model runs."""

    name: Annotated[str, Field(min_length=1, max_length=63)]
    """Name of the window, which messages say. No two windows of a schedule have the same."""
    days: Annotated[list[Weekday], Field(min_length=1, max_length=7), KubeField(list_type="set")]
    """Days of the week on which the window begins: Mon, Tue, Wed, Thu, Fri, Sat, Sun."""
    from_: Annotated[TimeOfDay, Field(alias="from")]
    """When it begins, HH:MM by the wall clock of the schedule's time zone."""
    to: TimeOfDay
    """When it ends, HH:MM by the wall clock. A time that is not later than from is on the next day, so that 00:00 is
    midnight, and from and to alike make a whole day."""


class Schedule(KubeModel):
    """When the model runs. The windows unite; outside all of them the model is stopped."""

    time_zone: Annotated[
        str,
        Field(max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9_+\-]*(/[A-Za-z0-9_+\-]+)*$"),
        KubeField(
            pattern_message="timeZone must be a name of the IANA time zone database, such as Europe/Berlin or UTC; "
            "an offset such as +02:00 is none"
        ),
    ]
    """Time zone of the windows: a name of the IANA time zone database, such as Europe/Berlin or UTC. Windows follow its
    wall clock, daylight saving included."""
    windows: Annotated[
        list[Window],
        Field(min_length=1, max_length=MAX_WINDOWS),
        KubeField(list_type="map", list_map_keys=("name",)),
    ]
    """Hours of the week in which the model runs; those of several windows add up."""


class IdleStop(KubeModel):
    """Stops a model that nobody asks anything."""

    validations = (
        duration_between(
            "after",
            "15m",
            "168h",
            "idleStop.after must be from 15m to 168h: starting the model again takes 10 to 20 minutes",
        ),
    )

    after: Duration
    """How long nobody must have asked the model anything, such as 1h or 1h30m. From 15m to 168h."""


class Budget(KubeModel):
    """What the model may cost."""

    max_usd_per_hour: Annotated[
        float,
        Field(ge=0, le=100_000, alias="maxUSDPerHour"),
        KubeField(
            validations=(
                Validation(
                    rule="self > 0.0",
                    message="maxUSDPerHour must be more than 0; for a model that costs nothing write "
                    "serving.state: Stopped",
                ),
            )
        ),
    ]
    """Inference units of all running versions, those that AWS may scale to included, times the price of a unit and
    hour: never more than this. What would be more is not started. The price is a setting of the operator."""


class Rollout(StrEnum):
    """How one version takes over from another."""

    BLUE_GREEN = "BlueGreen"
    RECREATE = "Recreate"


class Serving(KubeModel):
    """Whether, when and with how much capacity the model runs. Each running inference unit is billed by the hour."""

    validations = (
        Validation(
            rule="!has(self.maxInferenceUnits) || self.maxInferenceUnits >= self.minInferenceUnits",
            message="maxInferenceUnits must not be less than minInferenceUnits (1 where it is left out); raise it, "
            "or leave it out",
            field_path=".maxInferenceUnits",
        ),
    )

    state: Literal["Running", "Stopped"] = "Stopped"
    """Running: the model runs, as far as schedule, idleStop and budget let it. Stopped: it is trained, answers nothing,
    and costs nothing by the hour."""
    min_inference_units: InferenceUnits = 1
    """Inference units that the model is started with, each billed by the hour. AWS cannot change them while it runs: it
    is stopped and started again, and answers nothing for 10 to 20 minutes."""
    max_inference_units: InferenceUnits | None = None
    """Inference units that AWS may scale the model to, by its load. Absent: AWS does not scale it."""
    rollout: Rollout = Rollout.BLUE_GREEN
    """How a new version takes over. BlueGreen: start it, then stop the old one; for a while both run, are billed, and
    count for the account's quota. Recreate: stop the old one first, and answer nothing for 10 to 20 minutes."""
    schedule: Schedule | None = None
    """Hours in which the model runs. Absent: at all hours."""
    idle_stop: IdleStop | None = None
    """When the model is stopped because nobody asks it anything. It is started again when a window begins, training or
    serving is changed, or the annotation rekognition-operator.io/wake is set. Absent: never."""
    budget: Budget | None = None
    """What the model may cost by the hour. Absent: no limit but AWS's quotas."""


class ModelDeletion(Deletion):
    """What happens in AWS when the resource is deleted. May be edited while the resource is being deleted."""

    policy: Literal["Delete", "Retain", "Orphan"] = "Retain"
    """Delete: stop what runs, then delete versions and project. Retain: stop what runs, and keep versions and project,
    marked as released, so that the same resource can come back. Orphan: touch nothing: what runs runs on, and is
    billed."""


class CustomLabelsModelSpec(ResourceSpec):
    """What the model shall be."""

    deletion: ModelDeletion = ModelDeletion()
    """What happens in AWS when the resource is deleted."""
    drift_policy: Literal["Correct", "Report"] = "Correct"
    """Correct: put right what others changed in AWS, such as tags, inference units, and whether the model runs. Report:
    only say it."""
    ready_when: Literal["Accepted", "InService"] = "InService"
    """When Ready becomes True. Accepted: once AWS accepted the training. InService: once the model runs, or is stopped,
    as the spec wants it."""
    suspend: bool = False
    """True: no change is made in AWS, not even upon deletion. A model that runs runs on, and is billed."""
    serving: Serving = Serving()
    """Whether, when and with how much capacity the model runs. Absent: it is trained and stays stopped."""


class ServingStatus(KubeModel):
    """How the version in service runs, and what it costs. Costs are estimates, not AWS's bill."""

    state: Annotated[str, Field(max_length=64)]
    """Status of the version in service, as AWS says it."""
    units: Annotated[str, Field(max_length=16)] | None = None
    """Inference units that it runs with, such as 1, or 1-2 where AWS may scale it. Absent: it does not run."""
    since: datetime | None = None
    """Since when it runs, or is stopped, as the spec asks."""
    reason: Annotated[str, Field(max_length=64)]
    """Why it shall run, or not, now: Running, Stopped, OutsideWindow, Idle or OverBudget."""
    next_transition: datetime | None = None
    """When it will be started or stopped next, by its schedule. Absent: it has none."""
    next_state: Literal["Running", "Stopped"] | None = None
    """What it will then be."""
    usd_per_hour: Annotated[float | None, Field(alias="usdPerHour")] = None
    """What all running versions cost an hour now: their inference units times the operator's price. An estimate."""
    month: Annotated[str, Field(max_length=7)] | None = None
    """The month, in UTC, of the two members that follow, such as 2026-11."""
    hours_this_month: float | None = None
    """Inference-unit hours of this month, from CloudWatch's InServiceInferenceUnits. An estimate, up to an hour old;
    absent: nothing has run yet, or CloudWatch may not be read."""
    estimated_usd_this_month: Annotated[float | None, Field(alias="estimatedUSDThisMonth")] = None
    """hoursThisMonth times the operator's price. An estimate, not AWS's bill."""


class CustomLabelsModelStatus(ResourceStatus):
    """What the operator saw and did."""

    serving: ServingStatus | None = None
    """How the version in service runs, and what it costs. Costs are estimates, not AWS's bill."""


class CustomLabelsModel:
    """A Custom Labels model: one CUSTOM_LABELS project of Amazon Rekognition, its versions, and which one runs."""

    kind: ClassVar[str] = "CustomLabelsModel"
    plural: ClassVar[str] = "customlabelsmodels"
    singular: ClassVar[str] = "customlabelsmodel"
    short_names: ClassVar[tuple[str, ...]] = ("clm",)
    spec: ClassVar[type[CustomLabelsModelSpec]] = CustomLabelsModelSpec
    status: ClassVar[type[CustomLabelsModelStatus]] = CustomLabelsModelStatus
