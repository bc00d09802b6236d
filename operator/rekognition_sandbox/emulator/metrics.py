"""What does CloudWatch know of the emulated Rekognition?

Names and dimensions are those of the developer guide, "CloudWatch metrics for Rekognition": requests have the one
dimension Operation, inference units have ProjectName and VersionName, and nothing has both. Times are emulated.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.state import VersionStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from rekognition_sandbox.emulator.state import Version

NAMESPACE = "AWS/Rekognition"
MINUTE_MS = 60_000
#: CloudWatch's operations by which metrics are read; faults strike them, too.
CLOUDWATCH_READS = ("GetMetricData", "GetMetricStatistics", "ListMetrics")

SUCCESSFUL, THROTTLED = "SuccessfulRequestCount", "ThrottledCount"
USER_ERROR, SERVER_ERROR = "UserErrorCount", "ServerErrorCount"
RESPONSE_TIME = "ResponseTime"
IN_SERVICE, DESIRED = "InServiceInferenceUnits", "DesiredInferenceUnits"
MINIMUM, MAXIMUM = "MinInferenceUnits", "MaxInferenceUnits"

_THROTTLES = frozenset({"ThrottlingException", "ProvisionedThroughputExceededException"})


@dataclass(frozen=True)
class Series:
    """A metric of one account and Region with its dimensions, by name in alphabetical order."""

    account: str
    region: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]

    @property
    def unit(self) -> str:
        """CloudWatch's name of the unit."""
        return "Milliseconds" if self.metric == RESPONSE_TIME else "Count"

    @property
    def is_of_requests(self) -> bool:
        """Whether it counts requests; a question without dimensions means all of those."""
        return self.dimensions[0][0] == "Operation"


@dataclass(frozen=True)
class Datapoint:
    """What happened in a stretch of time that begins at `at_ms`."""

    at_ms: int
    count: int
    total: float
    least: float
    most: float

    def joined(self, other: Datapoint) -> Datapoint:
        """Return both as one, at this one's time."""
        return replace(
            self,
            count=self.count + other.count,
            total=self.total + other.total,
            least=min(self.least, other.least),
            most=max(self.most, other.most),
        )


#: What CloudWatch makes of a datapoint, by the name of the statistic.
STATISTICS: Mapping[str, Callable[[Datapoint], float]] = {
    "SampleCount": lambda point: point.count,
    "Sum": lambda point: point.total,
    "Average": lambda point: point.total / point.count,
    "Minimum": lambda point: point.least,
    "Maximum": lambda point: point.most,
}


def in_periods(points: Iterable[Datapoint], start_ms: int, period_ms: int) -> list[Datapoint]:
    """Return what happened in each period that has data, the oldest first; periods follow each other from a moment."""
    periods: dict[int, Datapoint] = {}
    for point in points:
        at_ms = point.at_ms - (point.at_ms - start_ms) % period_ms
        periods[at_ms] = periods[at_ms].joined(point) if at_ms in periods else replace(point, at_ms=at_ms)
    return [periods[at_ms] for at_ms in sorted(periods)]


@dataclass(frozen=True)
class _Level:
    """A value that held for a while: so many units from `began_ms` until `ended_ms`, or still."""

    value: int
    began_ms: int
    ended_ms: int | None = None


class MetricBook:
    """All metrics since the last reset."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: dict[Series, dict[int, Datapoint]] = defaultdict(dict)
        self._levels: dict[Series, list[_Level]] = defaultdict(list)

    def request(
        self, account: str, region: str, operation: str, *, status: int, code: str, milliseconds: float, at_ms: int
    ) -> None:
        """Count a request that was answered with an HTTP status and, where it failed, an error code."""
        dimensions = (("Operation", operation),)
        with self._lock:
            for metric, value in ((_count(status, code), 1.0), (RESPONSE_TIME, milliseconds)):
                minutes = self._requests[Series(account, region, metric, dimensions)]
                minute_ms = at_ms - at_ms % MINUTE_MS
                point = Datapoint(minute_ms, 1, value, value, value)
                minutes[minute_ms] = minutes[minute_ms].joined(point) if minute_ms in minutes else point

    def observe(self, account: str, region: str, project_name: str, version: Version, at_ms: int) -> None:
        """Note in which state a Custom Labels model is from a moment on."""
        levels = _units(version)
        with self._lock:
            for metric in (IN_SERVICE, DESIRED, MINIMUM, MAXIMUM):
                dimensions = (("ProjectName", project_name), ("VersionName", version.name))
                series = Series(account, region, metric, dimensions)
                self._set_level(series, levels.get(metric), at_ms)

    def _set_level(self, series: Series, value: int | None, at_ms: int) -> None:
        history = self._levels[series]
        last = history[-1] if history else None
        if last is not None and last.ended_ms is None:
            if last.value == value:
                return
            history[-1] = replace(last, ended_ms=at_ms)
        if value is not None:
            history.append(_Level(value, at_ms))

    def series(self, account: str, region: str) -> list[Series]:
        """Return what there is of an account and Region."""
        with self._lock:
            every = [*self._requests, *(series for series, history in self._levels.items() if history)]
        return [series for series in every if (series.account, series.region) == (account, region)]

    def datapoints(
        self, series: Series, *, start_ms: int, end_ms: int, now_ms: int, step_ms: int = MINUTE_MS
    ) -> list[Datapoint]:
        """Return what happened from a moment until another, joined into steps that are whole minutes.

        Requests are counted by the minute; units have one sample a minute, on the minute.
        """
        with self._lock:
            if series.is_of_requests:
                minutes = list(self._requests[series].values())
                points = [point for point in minutes if start_ms <= point.at_ms < end_ms]
            else:
                levels = list(self._levels[series])
                points = [
                    point for level in levels for point in _samples(level, start_ms, min(end_ms, now_ms), step_ms)
                ]
        return in_periods(points, 0, step_ms)


def _count(status: int, code: str) -> str:
    if code in _THROTTLES:
        return THROTTLED
    if status >= 500:
        return SERVER_ERROR
    return USER_ERROR if status >= 400 else SUCCESSFUL


def _units(version: Version) -> dict[str, int]:
    """Return the levels of a version's metrics in its present state; throughput, and so scaling, is not emulated."""
    if version.units is None or version.status not in {VersionStatus.STARTING, VersionStatus.RUNNING}:
        return {}
    minimum, maximum = version.units.minimum, version.units.maximum
    levels = {DESIRED: minimum, MINIMUM: minimum}
    if maximum is not None:
        levels[MAXIMUM] = maximum
    if version.status is VersionStatus.RUNNING:
        levels[IN_SERVICE] = minimum
    return levels


def _samples(level: _Level, start_ms: int, end_ms: int, step_ms: int) -> Iterator[Datapoint]:
    """Return the samples of a level within a stretch of time, those of a step as one."""
    first = _next_minute(max(level.began_ms, start_ms))
    end = end_ms if level.ended_ms is None else min(end_ms, level.ended_ms)
    while first < end:
        until = min(first - first % step_ms + step_ms, end)
        count = (until - first + MINUTE_MS - 1) // MINUTE_MS
        yield Datapoint(first, count, float(level.value * count), level.value, level.value)
        first = _next_minute(until)


def _next_minute(moment_ms: int) -> int:
    return -(-moment_ms // MINUTE_MS) * MINUTE_MS
