"""How do the metrics of the emulated Rekognition get into the answers of moto's CloudWatch?

moto is given the datapoints that AWS would have for the question. So questions without the right dimensions find
nothing, as at AWS, although moto itself would take any metric whose dimensions include those. It also computes the
statistics, but where all of GetMetricData asks for plain ones of Rekognition: moto looks at every datapoint for each
period, which takes minutes for a month in steps of five minutes.
"""

from __future__ import annotations

import copy
import math
import os
import time
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, Self, cast

import moto.cloudwatch.urls
from moto.cloudwatch.exceptions import CloudWatchException, ValidationError
from moto.cloudwatch.models import MetricAggregatedDatum
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

from rekognition_sandbox.emulator.clock import to_datetime
from rekognition_sandbox.emulator.errors import AwsError
from rekognition_sandbox.emulator.metrics import MINUTE_MS, NAMESPACE, STATISTICS, Series, in_periods
from rekognition_sandbox.emulator.moto_rekognition import EXCHANGE_KEY, Exchange, signed_region
from rekognition_sandbox.emulator.rights import denial
from rekognition_sandbox.emulator.roles import FORBIDDEN, SESSION_ENDED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from moto.cloudwatch.models import CloudWatchBackend
    from moto.core.common_types import TYPE_RESPONSE

    from rekognition_sandbox.emulator.engine import Engine
    from rekognition_sandbox.emulator.metrics import Datapoint

#: ListMetrics shows what had data in the past two weeks.
_LISTED_MS = 14 * 24 * 60 * MINUTE_MS
#: How many metrics one GetMetricData may ask for (API reference).
_MAX_QUERIES = 500


class _Datum(MetricAggregatedDatum):
    def __new__(cls, *_: object, **__: object) -> Self:
        """Make a datum that moto does not keep for ever, as it does its own (`instances_tracked`)."""
        return object.__new__(cls)


@dataclass(frozen=True)
class _Question:
    """One metric that is asked for; the dimensions in the order of the request, in which moto compares them."""

    metric: str
    dimensions: tuple[tuple[str, str], ...]

    def means(self, series: Series) -> bool:
        """Return whether AWS would answer with this series; with no dimensions, requests of all operations count."""
        if series.metric != self.metric:
            return False
        if not self.dimensions:
            return series.is_of_requests
        return tuple(sorted(self.dimensions)) == series.dimensions


class EmulatedCloudWatchResponse(CloudWatchResponse):
    """moto's CloudWatch, which knows the metrics of the emulated Rekognition beside those that were put into it."""

    def __init__(self) -> None:
        super().__init__()
        self._published: list[_Datum] = []
        self._error_status: int | None = None

    @property
    def cloudwatch_backend(self) -> CloudWatchBackend:
        """The metrics of the account and Region; for a question, with what Rekognition published."""
        backend = super().cloudwatch_backend
        if not self._published:
            return backend
        view = copy.copy(backend)
        view.metric_data = [*backend.metric_data, *self._published]
        return view

    def call_action(self) -> TYPE_RESPONSE:
        """Answer one request; the Region is that of the signature, as for Rekognition."""
        self.region = signed_region(self.headers.get("Authorization", ""), "monitoring") or self.region
        status, headers, body = super().call_action()
        # moto knows the status of those errors only that the service's model declares: AccessDenied is none of them
        return self._error_status or status, headers, body

    def get_metric_data(self) -> ActionResult:
        """Answer GetMetricData."""
        self._let_faults_strike("GetMetricData")
        queries: list[dict[str, Any]] = self._get_param("MetricDataQueries", [])
        if len(queries) > _MAX_QUERIES:
            raise ValidationError(f"The collection MetricDataQueries must not have a size greater than {_MAX_QUERIES}.")
        start, end = self._span()
        if start < end and all(_is_plain(query) for query in queries):
            return ActionResult({"MetricDataResults": [self._plain_result(query, start, end) for query in queries]})
        stats = [query["MetricStat"] for query in queries if "MetricStat" in query]
        self._publish(
            [
                _question(stat["Metric"].get("MetricName"), stat["Metric"].get("Dimensions", []))
                for stat in stats
                if stat["Metric"].get("Namespace") == NAMESPACE
            ],
            [int(stat["Period"]) for stat in stats],
        )
        return super().get_metric_data()

    def get_metric_statistics(self) -> ActionResult:
        """Answer GetMetricStatistics."""
        self._let_faults_strike("GetMetricStatistics")
        if self._get_param("Namespace") == NAMESPACE:
            question = _question(self._get_param("MetricName"), self._get_param("Dimensions", []))
            self._publish([question], [self._get_int_param("Period")])
        return super().get_metric_statistics()

    def list_metrics(self) -> ActionResult:
        """Answer ListMetrics: what had data in the past two weeks."""
        self._let_faults_strike("ListMetrics")
        engine = self._engine_now()
        now_ms = engine.clock.now_ms()
        for series in engine.metrics.series(self.current_account, self.region):
            points = engine.metrics.datapoints(
                series, start_ms=now_ms - _LISTED_MS, end_ms=now_ms + 1, now_ms=now_ms, step_ms=_LISTED_MS
            )
            self._published += [_datum(series, series.dimensions, point) for point in points[-1:]]
        return super().list_metrics()

    def _let_faults_strike(self, operation: str) -> None:
        """Let go wrong what shall go wrong with this call, as with those to Rekognition."""
        if self._exchange().engine.roles.ended(self.get_access_key()):
            self._error_status = FORBIDDEN
            raise CloudWatchException("ExpiredToken", SESSION_ENDED)
        action = f"cloudwatch:{operation}"
        if not self._exchange().engine.rights.allow(action, "*"):
            self._error_status = FORBIDDEN
            raise CloudWatchException("AccessDenied", denial(action, "*", self.current_account))
        injection = self._exchange().engine.faults.strike(operation, self.region)
        seconds = injection.delay_seconds + injection.withhold_seconds
        if seconds:
            time.sleep(seconds)
        self._exchange().answer_lost = injection.answer_lost is not None
        if injection.error:
            self._error_status = AwsError(injection.error.code, injection.error.message, injection.error.status).status
            raise CloudWatchException(injection.error.code, injection.error.message)

    def _exchange(self) -> Exchange:
        return cast("Exchange", self.normalized_request.environ[EXCHANGE_KEY])

    def _engine_now(self) -> Engine:
        """Return the engine in which everything due has happened."""
        engine = self._exchange().engine
        with engine.lock:
            engine.advance()
        return engine

    def _span(self) -> tuple[int, int]:
        """Return StartTime and EndTime in epoch milliseconds."""
        start, end = (cast("datetime", self._get_param(name)) for name in ("StartTime", "EndTime"))
        return _epoch_ms(start), _epoch_ms(end)

    def _plain_result(self, query: Mapping[str, Any], start_ms: int, end_ms: int) -> dict[str, object]:
        """Return the result of a query that asks for one statistic of a metric of Rekognition."""
        engine = self._engine_now()
        metrics, now_ms = engine.metrics, engine.clock.now_ms()
        stat = query["MetricStat"]
        question = _question(stat["Metric"].get("MetricName"), stat["Metric"].get("Dimensions", []))
        period_ms = int(stat["Period"]) * 1000
        step_ms = math.gcd(start_ms, period_ms)
        points = [
            point
            for series in metrics.series(self.current_account, self.region)
            if question.means(series) and stat.get("Unit") in {None, series.unit}
            for point in metrics.datapoints(
                series,
                start_ms=start_ms,
                end_ms=end_ms,
                now_ms=now_ms,
                step_ms=step_ms if step_ms % MINUTE_MS == 0 else MINUTE_MS,
            )
        ]
        periods = in_periods(points, start_ms, period_ms)
        if self._get_param("ScanBy") != "TimestampAscending":
            periods.reverse()
        return {
            "Id": query["Id"],
            "Label": query.get("Label") or question.metric,
            "Timestamps": [to_datetime(period.at_ms) for period in periods],
            "Values": [STATISTICS[stat["Stat"]](period) for period in periods],
            "StatusCode": "Complete",
        }

    def _publish(self, questions: Sequence[_Question], periods: Sequence[int]) -> None:
        """Give moto the datapoints that the questions mean, each series once, in steps that fit into every period."""
        start_ms, end_ms = self._span()
        engine = self._engine_now()
        metrics, now_ms = engine.metrics, engine.clock.now_ms()
        step_ms = math.gcd(start_ms, *(period * 1000 for period in periods))
        wanted = {
            series: question.dimensions or series.dimensions
            for question in questions
            for series in metrics.series(self.current_account, self.region)
            if question.means(series)
        }
        self._published = [
            _datum(series, dimensions, point)
            for series, dimensions in wanted.items()
            for point in metrics.datapoints(
                series,
                start_ms=start_ms,
                end_ms=end_ms,
                now_ms=now_ms,
                step_ms=step_ms if step_ms % MINUTE_MS == 0 else MINUTE_MS,
            )
        ]


def install() -> None:
    """Let moto route CloudWatch here, for every server in this process; doing it twice does no harm.

    A Region that is made up, in which tests keep to themselves, has metrics as any other.
    """
    os.environ.setdefault("MOTO_ALLOW_NONEXISTENT_REGION", "true")
    moto.cloudwatch.urls.url_paths["{0}/$"] = EmulatedCloudWatchResponse.dispatch


def _is_plain(query: Mapping[str, Any]) -> bool:
    """Return whether a query asks for one statistic of a metric of Rekognition, and for nothing that is computed."""
    stat = query.get("MetricStat")
    return (
        stat is not None
        and stat["Metric"].get("Namespace") == NAMESPACE
        and stat["Stat"] in STATISTICS
        and query.get("ReturnData", True) is not False
    )


def _question(metric: str, dimensions: Sequence[Mapping[str, str]]) -> _Question:
    return _Question(metric, tuple((dimension["Name"], dimension["Value"]) for dimension in dimensions))


def _datum(series: Series, dimensions: tuple[tuple[str, str], ...], point: Datapoint) -> _Datum:
    return _Datum(
        NAMESPACE,
        series.metric,
        min_stat=point.least,
        max_stat=point.most,
        sample_count=point.count,
        sum_stat=point.total,
        dimensions=[{"Name": name, "Value": value} for name, value in dimensions],
        # moto compares with the times of the request, which it has as UTC without saying so
        timestamp=to_datetime(point.at_ms).replace(tzinfo=None),
        unit=series.unit,
    )


def _epoch_ms(moment: datetime) -> int:
    """Return epoch milliseconds of whole seconds, which is what moto goes by."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(aware.timestamp()) * 1000
