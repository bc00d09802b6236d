"""What does the operator count? Prometheus metrics with bounded labels."""

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from rekognition_operator.api.conditions import ConditionType, Reason
from rekognition_operator.api.customlabelsmodel import CustomLabelsModel, CustomLabelsModelStatus
from rekognition_operator.api.moderationadapter import ModerationAdapter
from rekognition_operator.api.resource import ResourceStatus
from rekognition_operator.controller.queue import Depth
from rekognition_operator.core.resolve import parse_status
from rekognition_operator.kube.resource import Resource

PREFIX = "rekognition_operator"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_KNOWN_REASONS = frozenset(reason.value for reason in Reason)


class Metrics:
    """The operator's metrics, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._passes = Counter(
            f"{PREFIX}_passes", "Passes over one resource, by how they ended.", ["outcome"], registry=self.registry
        )
        self._seconds = Histogram(
            f"{PREFIX}_pass_duration_seconds",
            "How long one pass took, in seconds.",
            buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
            registry=self.registry,
        )
        self._aws_calls = Counter(
            f"{PREFIX}_aws_calls", "Calls to AWS, by how they ended.", ["operation", "outcome"], registry=self.registry
        )
        self._trainings = Counter(
            f"{PREFIX}_trainings_started", "Trainings that AWS has accepted.", registry=self.registry
        )

        self._leader = Gauge(
            f"{PREFIX}_leader", "1 while this operator works, 0 while it stands by for another.", registry=self.registry
        )
        self._leader.set(1)

    def pass_ended(self, outcome: str, seconds: float) -> None:
        """Count a pass."""
        self._passes.labels(outcome).inc()
        self._seconds.observe(seconds)

    def aws_called(self, operation: str, outcome: str) -> None:
        """Count a call to AWS; ``outcome`` is ok or the kind of its error."""
        self._aws_calls.labels(operation, outcome).inc()

    def training_started(self) -> None:
        """Count a training."""
        self._trainings.inc()

    def leading(self, leading: bool) -> None:  # the value of the gauge
        """Say whether this operator leads."""
        self._leader.set(leading)

    def watch(self, depth: Callable[[], Depth], resources: Callable[[], Iterable[Resource]]) -> None:
        """Add what is counted at the moment of asking."""
        self.registry.register(_Now(depth, resources))

    def exposition(self) -> bytes:
        """Return all metrics in Prometheus's text format."""
        return generate_latest(self.registry)


class _Now(Collector):
    """Gauges that are computed when somebody asks."""

    def __init__(self, depth: Callable[[], Depth], resources: Callable[[], Iterable[Resource]]) -> None:
        self._depth = depth
        self._resources = resources

    def collect(self) -> Iterator[Metric]:
        depth = self._depth()
        queue = GaugeMetricFamily(f"{PREFIX}_queue_depth", "Resources in the work queue.", labels=["state"])
        for lane, count in depth.ready.items():
            queue.add_metric([f"ready_{lane.name.lower()}"], count)
        queue.add_metric(["delayed"], depth.delayed)
        queue.add_metric(["running"], depth.running)
        yield queue
        ready = GaugeMetricFamily(
            f"{PREFIX}_resources", "Resources, by their Ready condition.", labels=["kind", "status", "reason"]
        )
        tally = Tally((resource.key.kind, *_ready(resource)) for resource in self._resources())
        for labels, count in sorted(tally.items()):
            ready.add_metric(list(labels), count)
        yield ready
        yield from self._models()
        yield self._expiries()

    def _models(self) -> Iterator[Metric]:
        """Say of each model whether it runs and what it costs: few have models, and each is money."""
        labels = ["namespace", "name"]
        running = GaugeMetricFamily(
            f"{PREFIX}_model_running", "1 while the version in service of a model is RUNNING, else 0.", labels=labels
        )
        suspended = GaugeMetricFamily(
            f"{PREFIX}_model_running_suspended",
            "1 while a model is billed and spec.suspend keeps it from being stopped, else 0.",
            labels=labels,
        )
        usd = GaugeMetricFamily(
            f"{PREFIX}_model_usd_per_hour", "What the running versions of a model cost an hour, in USD.", labels=labels
        )
        hours = GaugeMetricFamily(
            f"{PREFIX}_model_month_unit_hours",
            "Inference-unit hours of a model in the month, in UTC, that its status shows; an estimate.",
            labels=labels,
        )
        month_usd = GaugeMetricFamily(
            f"{PREFIX}_model_month_usd", "What those hours cost, in USD; an estimate.", labels=labels
        )
        models = (resource for resource in self._resources() if resource.key.kind == CustomLabelsModel.kind)
        for resource in models:
            status = parse_status(resource.body)
            serving = status.serving if isinstance(status, CustomLabelsModelStatus) else None
            if serving is None:
                continue
            of = [resource.key.namespace, resource.key.name]
            cost = serving.usd_per_hour or 0.0
            running.add_metric(of, _holds(status, ConditionType.SERVING))
            suspended.add_metric(of, cost > 0 and _holds(status, ConditionType.SUSPENDED))
            usd.add_metric(of, cost)
            if serving.hours_this_month is not None:
                hours.add_metric(of, serving.hours_this_month)
            if serving.estimated_usd_this_month is not None:
                month_usd.add_metric(of, serving.estimated_usd_this_month)
        yield from (running, suspended, usd, hours, month_usd)

    def _expiries(self) -> Metric:
        """Say of each adapter whose base model is superseded when it may expire: one that has no such end has none."""
        expiry = GaugeMetricFamily(
            f"{PREFIX}_adapter_expiry_estimate_timestamp_seconds",
            "The earliest moment at which AWS may stop serving the version in service of an adapter, as a Unix time; "
            "an estimate.",
            labels=["namespace", "name"],
        )
        for resource in self._resources():
            if resource.key.kind != ModerationAdapter.kind:
                continue
            active = parse_status(resource.body).active
            if active is not None and active.expiry_estimate is not None:
                expiry.add_metric([resource.key.namespace, resource.key.name], active.expiry_estimate.timestamp())
        return expiry


def _holds(status: ResourceStatus, kind: ConditionType) -> bool:
    return any(c.type == kind.value and c.status == "True" for c in status.conditions or ())


def _ready(resource: Resource) -> tuple[str, str]:
    """Return status and reason of the Ready condition; reasons that we do not know are one, lest labels grow."""
    conditions = resource.status.get("conditions")
    for condition in conditions if isinstance(conditions, list) else []:
        if isinstance(condition, dict) and condition.get("type") == ConditionType.READY.value:
            reason = str(condition.get("reason"))
            return str(condition.get("status")), reason if reason in _KNOWN_REASONS else "Other"
    return "Unknown", "NotSeen"
