"""What has the operator done? Its counters and histograms, in a registry of its own."""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from rekognition_operator import __version__
from rekognition_operator.aws.calls import Call
from rekognition_operator.controller import metric_table as table
from rekognition_operator.controller.gauges import LastLook, of_resources
from rekognition_operator.controller.queue import Depth
from rekognition_operator.core.trained import TrainingEnded
from rekognition_operator.kube.resource import Resource

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The operator's metrics; what each tells stands in :mod:`rekognition_operator.controller.metric_table`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        table.BUILD_INFO.gauge(self.registry).labels(__version__).set(1)
        self._leader = table.LEADER.gauge(self.registry)
        self._reconciles = table.RECONCILES.counter(self.registry)
        self._seconds = table.RECONCILE_SECONDS.histogram(self.registry)
        self._aws_calls = table.AWS_CALLS.counter(self.registry)
        self._aws_seconds = table.AWS_SECONDS.histogram(self.registry)
        self._limiter_seconds = table.LIMITER_SECONDS.histogram(self.registry)
        self._started = table.TRAININGS_STARTED.counter(self.registry)
        self._ended = table.TRAININGS_ENDED.counter(self.registry)
        self._billed = table.TRAINING_BILLED.counter(self.registry)

    def leading(self, leads: bool) -> None:
        """Say whether this replica leads."""
        self._leader.set(leads)

    def pass_ended(self, kind: str, outcome: str, seconds: float) -> None:
        """Count a pass over a resource of this kind."""
        self._reconciles.labels(kind, outcome).inc()
        self._seconds.labels(kind).observe(seconds)

    def aws_called(self, call: Call) -> None:
        """Count a call to AWS."""
        self._aws_calls.labels(call.operation, call.outcome).inc()
        self._aws_seconds.labels(call.operation).observe(call.seconds)
        self._limiter_seconds.labels(call.lane.name.lower()).observe(call.waited_seconds)

    def training_started(self, kind: str) -> None:
        """Count a training of a resource of this kind."""
        self._started.labels(kind).inc()

    def training_ended(self, kind: str, ended: TrainingEnded) -> None:
        """Count the end of a training, and what is billed for it."""
        self._ended.labels(kind, "completed" if ended.completed else "failed").inc()
        self._billed.labels(kind).inc(ended.billed_seconds)

    def watch(
        self,
        depth: Callable[[], Depth],
        resources: Callable[[], Iterable[Resource]],
        identities: Callable[[], Iterable[Resource]],
        last_look: LastLook,
    ) -> None:
        """Add what is counted at the moment of asking."""
        self.registry.register(_Now(depth, resources, identities, last_look))

    def exposition(self) -> bytes:
        """Return all metrics in Prometheus's text format."""
        return generate_latest(self.registry)


class _Now(Collector):
    """What is computed when somebody asks."""

    def __init__(
        self,
        depth: Callable[[], Depth],
        resources: Callable[[], Iterable[Resource]],
        identities: Callable[[], Iterable[Resource]],
        last_look: LastLook,
    ) -> None:
        self._depth = depth
        self._resources = resources
        self._identities = identities
        self._last_look = last_look

    def collect(self) -> Iterator[Metric]:
        yield from _queue(self._depth())
        yield from of_resources(list(self._resources()), list(self._identities()), self._last_look)


def _queue(depth: Depth) -> Iterator[Metric]:
    ready = [((f"ready_{lane.name.lower()}",), float(count)) for lane, count in depth.ready.items()]
    yield table.QUEUE_DEPTH.gauges([*ready, (("delayed",), depth.delayed), (("running",), depth.running)])
    yield table.QUEUE_OLDEST.gauges([((), depth.oldest_ready_seconds)])
    yield table.QUEUE_ADDS.counters(((lane.name.lower(),), count) for lane, count in depth.adds.items())
