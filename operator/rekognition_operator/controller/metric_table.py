"""Which metrics does the operator expose, with which labels, and what does each tell? One table, however long."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

PREFIX: Final = "rekognition_operator"
_RESOURCE: Final = ("kind", "namespace", "name")
_SECONDS: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


@dataclass(frozen=True)
class MetricSpec:
    """A metric. ``of_resources``: computed from the resources that the operator knows, so only its leader has it."""

    suffix: str
    type: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    of_resources: bool = False

    @property
    def name(self) -> str:
        """The name as Prometheus stores it; a histogram's series end in _bucket, _sum and _count."""
        return f"{PREFIX}_{self.suffix}"

    def counter(self, registry: CollectorRegistry) -> Counter:
        """Make the counter."""
        return Counter(self.name, self.help, self.labels, registry=registry)

    def histogram(self, registry: CollectorRegistry) -> Histogram:
        """Make the histogram, in seconds."""
        return Histogram(self.name, self.help, self.labels, buckets=_SECONDS, registry=registry)

    def gauge(self, registry: CollectorRegistry) -> Gauge:
        """Make the gauge."""
        return Gauge(self.name, self.help, self.labels, registry=registry)

    def gauges(self, samples: Iterable[tuple[tuple[str, ...], float]]) -> GaugeMetricFamily:
        """Make the gauges of one moment: label values, and the value."""
        family = GaugeMetricFamily(self.name, self.help, labels=self.labels)
        for labels, value in samples:
            family.add_metric(list(labels), value)
        return family

    def counters(self, samples: Iterable[tuple[tuple[str, ...], float]]) -> CounterMetricFamily:
        """Make the counters of one moment: label values, and the value."""
        family = CounterMetricFamily(self.name, self.help, labels=self.labels)
        for labels, value in samples:
            family.add_metric(list(labels), value)
        return family


BUILD_INFO = MetricSpec("build_info", "gauge", "Always 1; the labels tell what runs.", ("version",))
LEADER = MetricSpec("leader", "gauge", "1 while this replica leads, which alone changes anything in AWS; else 0.")
RECONCILES = MetricSpec(
    "reconciles_total",
    "counter",
    "Passes over one resource, by how they ended: changed, unchanged, waiting, stalled, retrying, conflict, error, "
    "released or gone.",
    ("kind", "outcome"),
)
RECONCILE_SECONDS = MetricSpec(
    "reconcile_duration_seconds", "histogram", "How long one pass took, in seconds.", ("kind",)
)
QUEUE_DEPTH = MetricSpec(
    "queue_depth",
    "gauge",
    "Resources in the work queue: ready in a lane, delayed until later, or running.",
    ("state",),
)
QUEUE_OLDEST = MetricSpec(
    "queue_oldest_ready_seconds", "gauge", "How long the resource that waits longest has been ready; 0: none is."
)
QUEUE_ADDS = MetricSpec("queue_adds_total", "counter", "How often a resource was added to the work queue.", ("lane",))
AWS_CALLS = MetricSpec(
    "aws_calls_total",
    "counter",
    "Calls to AWS by how they ended: ok, or what kind of error it was: Throttled, AccessDenied, Credentials, NotFound, "
    "InUse, Limit, Invalid, Server, Lost (no answer came), Cancelled, Fenced (not made: another may lead), Bug.",
    ("operation", "outcome"),
)
AWS_SECONDS = MetricSpec(
    "aws_call_duration_seconds",
    "histogram",
    "How long a call to AWS took, in seconds, without its wait for the limiter.",
    ("operation",),
)
LIMITER_SECONDS = MetricSpec(
    "aws_limiter_wait_seconds",
    "histogram",
    "How long a call to AWS waited until the operator's own rate limit let it go, in seconds.",
    ("lane",),
)
TRAININGS_STARTED = MetricSpec("trainings_started_total", "counter", "Trainings that AWS has accepted.", ("kind",))
TRAININGS_ENDED = MetricSpec(
    "trainings_ended_total",
    "counter",
    "Trainings that the operator has seen end: completed or failed.",
    ("kind", "result"),
)
TRAINING_BILLED = MetricSpec(
    "training_billed_seconds_total",
    "counter",
    "Seconds that AWS says it bills for the trainings that the operator has seen end.",
    ("kind",),
)

RESOURCES = MetricSpec(
    "resources",
    "gauge",
    "Resources, by status and reason of their Ready condition.",
    ("kind", "ready", "reason"),
    of_resources=True,
)
READY = MetricSpec(
    "resource_ready",
    "gauge",
    "1 while the resource's Ready condition is True, else 0; the reason is that of the condition.",
    (*_RESOURCE, "reason"),
    of_resources=True,
)
CONDITION = MetricSpec(
    "resource_condition",
    "gauge",
    "1 for each condition of the resource that is True, but for Ready; there is no series for one that is not.",
    (*_RESOURCE, "condition", "reason"),
    of_resources=True,
)
OBSERVED = MetricSpec(
    "resource_observed_timestamp_seconds",
    "gauge",
    "When the operator last had a complete look at AWS for the resource, as a Unix time; before the first one, when it "
    "first tried.",
    _RESOURCE,
    of_resources=True,
)
VERSIONS = MetricSpec(
    "versions",
    "gauge",
    "Project versions by AWS's status; of each resource those that its status lists, at most 20.",
    ("kind", "status"),
    of_resources=True,
)
F1_SCORE = MetricSpec(
    "resource_f1_score",
    "gauge",
    "F1 score, from 0 to 1, of the version in service, where AWS has told one.",
    _RESOURCE,
    of_resources=True,
)
EXPIRY = MetricSpec(
    "adapter_expiry_estimate_timestamp_seconds",
    "gauge",
    "The earliest moment at which AWS may stop serving the version in service of an adapter whose base model is "
    "superseded, as a Unix time; an estimate. Other adapters have no series.",
    ("namespace", "name"),
    of_resources=True,
)
MODEL_RUNNING = MetricSpec(
    "model_running",
    "gauge",
    "1 while the version in service of a model is RUNNING, else 0.",
    ("namespace", "name"),
    of_resources=True,
)
MODEL_UNITS = MetricSpec(
    "model_inference_units",
    "gauge",
    "Inference units that the version in service of a model runs with, the most that AWS may scale it to; 0: none.",
    ("namespace", "name"),
    of_resources=True,
)
MODEL_SUSPENDED = MetricSpec(
    "model_running_suspended",
    "gauge",
    "1 while a model is billed and spec.suspend keeps it from being stopped, else 0.",
    ("namespace", "name"),
    of_resources=True,
)
MODEL_UNWANTED = MetricSpec(
    "model_running_unwanted",
    "gauge",
    "1 while a model is billed that its spec wants stopped now (outside its windows, idle, over its budget, or "
    "stopped), else 0.",
    ("namespace", "name", "reason"),
    of_resources=True,
)
MODEL_USD_RATE = MetricSpec(
    "model_usd_per_hour",
    "gauge",
    "What the running versions of a model cost an hour, in USD; an estimate.",
    ("namespace", "name"),
    of_resources=True,
)
MODEL_MONTH_HOURS = MetricSpec(
    "model_month_unit_hours",
    "gauge",
    "Inference-unit hours of a model in the month, in UTC, that its status shows; an estimate.",
    ("namespace", "name"),
    of_resources=True,
)
MODEL_MONTH_USD = MetricSpec(
    "model_month_usd",
    "gauge",
    "What the inference-unit hours of the month cost, in USD; an estimate.",
    ("namespace", "name"),
    of_resources=True,
)

METRICS: Final[tuple[MetricSpec, ...]] = (
    BUILD_INFO,
    LEADER,
    RECONCILES,
    RECONCILE_SECONDS,
    QUEUE_DEPTH,
    QUEUE_OLDEST,
    QUEUE_ADDS,
    AWS_CALLS,
    AWS_SECONDS,
    LIMITER_SECONDS,
    TRAININGS_STARTED,
    TRAININGS_ENDED,
    TRAINING_BILLED,
    RESOURCES,
    READY,
    CONDITION,
    OBSERVED,
    VERSIONS,
    F1_SCORE,
    EXPIRY,
    MODEL_RUNNING,
    MODEL_UNITS,
    MODEL_UNWANTED,
    MODEL_SUSPENDED,
    MODEL_USD_RATE,
    MODEL_MONTH_HOURS,
    MODEL_MONTH_USD,
)
"""All of them, in the order of the reference page."""
