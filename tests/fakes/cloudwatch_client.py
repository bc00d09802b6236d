"""How does boto3's CloudWatch client answer? From the datapoints that a test puts in, page by page."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Dimensions = tuple[tuple[str, str], ...]


def units_of(project_name: str, version_name: str) -> Dimensions:
    """Return the dimensions of a version's inference units."""
    return (("ProjectName", project_name), ("VersionName", version_name))


@dataclass
class FakeCloudWatch:
    """Answers like boto3, from what the test puts in."""

    data: dict[Dimensions, dict[datetime, float]] = field(default_factory=dict)
    """Values by dimensions and time; a time is the beginning of five minutes. One metric has one set of dimensions."""
    unlisted: set[Dimensions] = field(default_factory=set)
    """What ListMetrics does not show, since it had no data in the past two weeks."""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    page: int = 100
    """Datapoints, or metrics, of a page."""
    statuses: dict[Dimensions, str] = field(default_factory=dict)
    before: "Callable[[str], None]" = lambda _operation: None

    def list_metrics(self, **parameters: Any) -> dict[str, Any]:
        self._called("ListMetrics", parameters)
        wanted = {(d["Name"], d["Value"]) for d in parameters.get("Dimensions", ())}
        found = [
            {"Dimensions": [{"Name": name, "Value": value} for name, value in dimensions]}
            for dimensions in self.data
            if dimensions not in self.unlisted and wanted <= set(dimensions)
        ]
        start = int(parameters.get("NextToken", "0"))
        answer: dict[str, Any] = {"Metrics": found[start : start + self.page]}
        if start + self.page < len(found):
            answer["NextToken"] = str(start + self.page)
        return answer

    def get_metric_data(self, **parameters: Any) -> dict[str, Any]:
        self._called("GetMetricData", parameters)
        points = [
            (query["Id"], dimensions, value)
            for query in parameters["MetricDataQueries"]
            for dimensions in [tuple((d["Name"], d["Value"]) for d in query["MetricStat"]["Metric"]["Dimensions"])]
            for at, value in self.data.get(dimensions, {}).items()
            if parameters["StartTime"] <= at < parameters["EndTime"]
        ]
        start = int(parameters.get("NextToken", "0"))
        more = start + self.page < len(points)
        results = [
            {
                "Id": name,
                "Values": [value],
                "StatusCode": self.statuses.get(dimensions, "PartialData" if more else "Complete"),
                "Messages": [],
            }
            for name, dimensions, value in points[start : start + self.page]
        ]
        return {"MetricDataResults": results, **({"NextToken": str(start + self.page)} if more else {})}

    def _called(self, operation: str, parameters: dict[str, Any]) -> None:
        self.calls.append((operation, parameters))
        self.before(operation)
