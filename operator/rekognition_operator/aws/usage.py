"""How long did models run, and were they asked anything? CloudWatch tells, where it may be read.

Names and dimensions: the Custom Labels guide, "Monitoring a running model", and the Rekognition guide, "CloudWatch
metrics for Rekognition". Units in service have ProjectName and VersionName, requests have Operation; nothing has both.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from rekognition_operator.aws.calls import Caller
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import (
        GetMetricDataInputTypeDef,
        ListMetricsInputTypeDef,
        MetricDataQueryUnionTypeDef,
        MetricDataResultTypeDef,
        MetricTypeDef,
    )

NAMESPACE: Final = "AWS/Rekognition"
UNITS: Final = "InServiceInferenceUnits"
REQUESTS: Final = "SuccessfulRequestCount"
PERIOD_SECONDS: Final = 300
"""The finest steps that CloudWatch keeps for 63 days (API reference, GetMetricData)."""
QUERIES_PER_CALL: Final = 500
"""How many metrics one GetMetricData may ask for (API reference)."""
_FAILURES: Final = {"Forbidden": ErrorKind.ACCESS_DENIED, "InternalError": ErrorKind.SERVER}
"""What a single metric of an answer may say instead of giving its values (API reference, MetricDataResult)."""


class CloudWatchUsage:
    """What CloudWatch knows of the models of one (account, Region), as one identity.

    Each span is widened to whole five minutes. Every method raises :class:`.errors.CallError` and nothing else. AWS
    charges for what GetMetricData asks: 0.01 USD for a thousand metrics (Amazon CloudWatch pricing).
    """

    def __init__(self, client: "CloudWatchClient", caller: Caller) -> None:
        self._client = client
        self._caller = caller

    async def inference_unit_hours(
        self, project_name: str, version_names: Sequence[str], *, since: datetime, until: datetime, lane: Lane
    ) -> float:
        """Inference-unit hours of a project: each five minutes with data count with their average; see the Protocol."""
        listed = await self._listed(lane, project_name)
        names = {version_name for _, version_name in listed}.union(version_names)
        metrics = [_units(project_name, version_name) for version_name in sorted(names)]
        return await self._sum(metrics, "Average", since, until, lane) * PERIOD_SECONDS / 3600

    async def successful_requests(self, *, since: datetime, until: datetime, lane: Lane) -> float:
        """Successful DetectCustomLabels calls of the account and Region; absent data is 0."""
        metric: MetricTypeDef = {
            "Namespace": NAMESPACE,
            "MetricName": REQUESTS,
            "Dimensions": [{"Name": "Operation", "Value": "DetectCustomLabels"}],
        }
        return await self._sum([metric], "Sum", since, until, lane)

    async def ran_throughout(
        self, project_name: str, version_name: str, *, since: datetime, until: datetime, lane: Lane
    ) -> bool:
        """Whether each five minutes of a span have units in service: a stop and start leaves out two at least."""
        values = await self._values([_units(project_name, version_name)], "Average", since, until, lane)
        return sum(value > 0 for value in values) >= (until - since).total_seconds() // PERIOD_SECONDS

    async def other_models_ran(self, project_name: str, *, since: datetime, until: datetime, lane: Lane) -> bool:
        """Whether a model of another project had inference units in service."""
        listed = await self._listed(lane)
        others = [_units(project, version_name) for project, version_name in listed if project != project_name]
        return await self._sum(others, "Average", since, until, lane) > 0

    async def _listed(self, lane: Lane, project_name: str | None = None) -> list[tuple[str, str]]:
        """All pages of ListMetrics: (project name, version name) of what had units in service in the past two weeks."""
        request: ListMetricsInputTypeDef = {"Namespace": NAMESPACE, "MetricName": UNITS}
        if project_name is not None:
            request["Dimensions"] = [{"Name": "ProjectName", "Value": project_name}]
        found: list[tuple[str, str]] = []
        token: str | None = None
        while True:
            page: ListMetricsInputTypeDef = {**request, "NextToken": token} if token else request
            answer = await self._caller.read("ListMetrics", lane, partial(self._client.list_metrics, **page))
            for metric in answer.get("Metrics", ()):
                dimensions = {d.get("Name"): d.get("Value") for d in metric.get("Dimensions", ())}
                project, version_name = dimensions.get("ProjectName"), dimensions.get("VersionName")
                if project and version_name:
                    found.append((project, version_name))
            token = answer.get("NextToken")
            if not token:
                return found

    async def _sum(
        self, metrics: "Sequence[MetricTypeDef]", stat: str, since: datetime, until: datetime, lane: Lane
    ) -> float:
        """Add up all values of all metrics in a span."""
        return sum(await self._values(metrics, stat, since, until, lane))

    async def _values(
        self, metrics: "Sequence[MetricTypeDef]", stat: str, since: datetime, until: datetime, lane: Lane
    ) -> list[float]:
        """Return all values of all metrics in a span: all pages of as many GetMetricData as that takes."""
        start = int(since.timestamp() // PERIOD_SECONDS) * PERIOD_SECONDS
        end = -int(-until.timestamp() // PERIOD_SECONDS) * PERIOD_SECONDS
        values: list[float] = []
        if since >= until:
            return values
        for first in range(0, len(metrics), QUERIES_PER_CALL):
            request: GetMetricDataInputTypeDef = {
                "MetricDataQueries": _queries(metrics[first : first + QUERIES_PER_CALL], stat),
                "StartTime": datetime.fromtimestamp(start, UTC),
                "EndTime": datetime.fromtimestamp(end, UTC),
            }
            token: str | None = None
            while True:
                page: GetMetricDataInputTypeDef = {**request, "NextToken": token} if token else request
                answer = await self._caller.read("GetMetricData", lane, partial(self._client.get_metric_data, **page))
                for result in answer.get("MetricDataResults", ()):
                    values += _values_of(result)
                token = answer.get("NextToken")
                if not token:
                    break
        return values


def _units(project_name: str, version_name: str) -> "MetricTypeDef":
    return {
        "Namespace": NAMESPACE,
        "MetricName": UNITS,
        "Dimensions": [
            {"Name": "ProjectName", "Value": project_name},
            {"Name": "VersionName", "Value": version_name},
        ],
    }


def _queries(metrics: "Sequence[MetricTypeDef]", stat: str) -> "list[MetricDataQueryUnionTypeDef]":
    return [
        {"Id": f"m{number}", "MetricStat": {"Metric": metric, "Period": PERIOD_SECONDS, "Stat": stat}}
        for number, metric in enumerate(metrics)
    ]


def _values_of(result: "MetricDataResultTypeDef") -> "Sequence[float]":
    code = result.get("StatusCode", "Complete")
    failure = _FAILURES.get(code)
    if failure is not None:
        said = "; ".join(message.get("Value", "") for message in result.get("Messages", ()))
        raise CallError(failure, "GetMetricData", code, said or "CloudWatch gave no reason")
    return result.get("Values", ())
