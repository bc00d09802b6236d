"""How does a decision look: what to do, what to say, and when to look again?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rekognition_operator.api.conditions import Reason
from rekognition_operator.api.resource import VersionRole
from rekognition_operator.core.actions import Action
from rekognition_operator.core.evaluation import Evaluation
from rekognition_operator.core.gates import GateResult
from rekognition_operator.core.world import ObservedProject, ObservedVersion, Publication, Usage


@dataclass(frozen=True)
class Policy:
    """The operator's own settings that decisions depend on. Times in seconds."""

    moving_seconds: float = 30.0
    """How soon to look again while something moves in AWS."""
    sweep_seconds: float = 600.0
    """How soon to look again when all is settled."""
    soon_seconds: float = 1.0
    """How soon to look again after a change of ours."""
    adoption_settle_seconds: float = 30.0
    """How long after claiming a project its tags are read again, in case that another claimed it too."""
    name_unavailable_seconds: float = 900.0
    """How long a refused name may stay unlisted before a person is asked."""
    confirm_create_seconds: float = 30.0
    """How long after an unanswered create the version is looked for before asking again."""
    loss_confirm_seconds: float = 60.0
    """How long a version must stay away before it counts as lost: AWS's lists may lag."""
    loss_interval_seconds: float = 7 * 86400.0
    """A lost version is trained again at most once in this time."""
    service_fault_retries: int = 2
    """How often a training that failed by a fault of the service is tried again without a person."""
    service_fault_delay_seconds: float = 300.0
    """How long after such a failure; doubled each time."""
    count_quota_retry_seconds: float = 1800.0
    """How often a full count quota, or a refused training, is tried again."""
    start_retry_seconds: float = 1800.0
    """How long after a failure to start the only model that there is is started again without a person."""
    metrics_lag_seconds: float = 300.0
    """How late CloudWatch may show a request."""
    aws_time_scale: float = 1.0
    """How many seconds of AWS's time go by in one of ours: more than 1 with an emulator only."""
    publishing: bool = True
    """Whether the operator makes ConfigMaps."""
    usd_per_unit_hour: float = 4.0
    """Price of one inference unit for one hour (Amazon Rekognition pricing), for Regions that are not listed."""
    usd_per_unit_hour_by_region: Mapping[str, float] = field(default_factory=dict)
    """Prices of Regions that differ."""

    def price(self, region: str) -> float:
        """Return what one inference unit costs in a Region, in USD an hour."""
        return self.usd_per_unit_hour_by_region.get(region, self.usd_per_unit_hour)


@dataclass(frozen=True)
class Finding:
    """One condition's content, without times."""

    reason: Reason
    message: str


@dataclass(frozen=True)
class ReadyState:
    """Ready or UpToDate: status True, False or None (Unknown)."""

    holds: bool | None
    reason: Reason
    message: str


@dataclass(frozen=True)
class DriftItem:
    """A difference between spec and AWS. ``corrected``: this pass puts it right."""

    path: str
    desired: str
    observed: str
    corrected: bool


@dataclass(frozen=True)
class VersionReport:
    """A version, what it is to the resource, and what the gates and its evaluation say of it, as far as is known."""

    version: ObservedVersion
    role: VersionRole
    rejected: str | None = None
    gates: tuple[GateResult, ...] = ()
    evaluation: Evaluation | None = None


@dataclass(frozen=True)
class ServingReport:
    """How a model serves: what status.serving and the condition Serving say of it."""

    runs: ReadyState
    """The condition Serving."""
    reason: Reason
    """Why it shall run or not."""
    version: ObservedVersion | None = None
    """The version in service, or the one that shall be."""
    since: datetime | None = None
    next_at: datetime | None = None
    next_runs: bool | None = None
    usd_per_hour: float = 0.0
    price: float = 0.0
    """USD for one inference unit and hour."""
    usage: Usage | None = None


@dataclass(frozen=True)
class Report:
    """All that status will say, but times. Computed from what was observed; no decision reads it back."""

    ready: ReadyState
    up_to_date: ReadyState
    reconciling: Finding | None = None
    stalled: Finding | None = None
    suspended: Finding | None = None
    expiring: Finding | None = None
    pending_next_version: Finding | None = None
    no_room: Finding | None = None
    idle_unknown: Finding | None = None
    pinned: Finding | None = None
    gate_overridden: Finding | None = None
    awaiting_approval: Finding | None = None
    probes_failing: Finding | None = None
    serving: ServingReport | None = None
    """None: an adapter, or a project that could not be looked at."""
    drift: tuple[DriftItem, ...] = ()
    project: ObservedProject | None = None
    project_tag_keys: tuple[str, ...] = ()
    keep_known: bool = False
    """What status says of project and versions stays: this pass could not, or must not, look at them."""
    versions: tuple[VersionReport, ...] = ()
    """All, newest first; status shows at most 20 of them."""
    active: ObservedVersion | None = None
    active_evaluation: Evaluation | None = None
    published: Publication | None = None
    """The ConfigMap of the version in service, as it is after this pass."""
    desired_version: str | None = None
    desired_digest: str | None = None
    pin: str | None = None
    """Name of the version that spec.pin asks for."""
    handled_retry: str | None = None


@dataclass(frozen=True)
class Decision:
    """What to do, in this order; what to say; and how soon to look again, in seconds.

    ``no_later_than_seconds`` holds whatever hinders the pass: a window may end by then, or a model have to be stopped.

    ``announce``: what is said is written before anything is done, since it takes the model away for a while.
    ``running_models`` counts those of the account's running models that the resource takes; ``frees_models`` tells
    whether it will give them back without a person, ``keeps_model`` whether it has stopped one only to start it again.
    """

    actions: tuple[Action, ...]
    report: Report
    requeue_seconds: float
    announce: bool = False
    no_later_than_seconds: float | None = None
    running_models: int = 0
    frees_models: bool = False
    keeps_model: bool = False
