"""Does CloudWatch answer questions about the emulated Rekognition as AWS's would?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from component.emulator.conftest import STARTING_SECONDS, Aws, part
from rekognition_sandbox.emulator.aws_client import aws_session
from rekognition_sandbox.emulator.state import VersionStatus

if TYPE_CHECKING:
    from collections.abc import Callable

BOLT = {"S3Object": part("images/hex-bolt-01.png")}


@dataclass(frozen=True)
class Watch:
    """CloudWatch, asked about the time since the test began."""

    aws: Aws
    client: Any
    since: datetime

    def data(self, metric: str, stat: str, period: int = 3600, **dimensions: str) -> list[float]:
        """Return the values of GetMetricData, the oldest first."""
        stated = {"Namespace": "AWS/Rekognition", "MetricName": metric, "Dimensions": listed(**dimensions)}
        query = {"Id": "q", "MetricStat": {"Metric": stated, "Period": period, "Stat": stat}}
        answer = self.client.get_metric_data(
            StartTime=self.since, EndTime=self.until(), MetricDataQueries=[query], ScanBy="TimestampAscending"
        )
        (result,) = answer["MetricDataResults"]
        values: list[float] = result["Values"]
        return values

    def statistics(self, metric: str, stat: str, period: int = 3600, **dimensions: str) -> list[float]:
        """Return the values of GetMetricStatistics, the oldest first."""
        answer = self.client.get_metric_statistics(
            Namespace="AWS/Rekognition",
            MetricName=metric,
            Dimensions=listed(**dimensions),
            StartTime=self.since,
            EndTime=self.until(),
            Period=period,
            Statistics=[stat],
        )
        return [point[stat] for point in sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])]

    def until(self) -> datetime:
        return self.aws.control.clock().now + timedelta(minutes=1)


def listed(**dimensions: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in dimensions.items()]


@pytest.fixture
def watch(aws: Aws) -> Watch:
    """Return CloudWatch from a whole emulated hour on."""
    now = aws.control.clock().now
    whole = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    aws.control.advance((whole - now).total_seconds())
    client = aws_session().client("cloudwatch", endpoint_url=aws.control.url)
    return Watch(aws, client, whole)


@pytest.fixture
def model(aws: Aws, watch: Watch) -> str:
    """Return a trained model; the questions begin with a whole hour after its training."""
    arn = aws.train_custom_labels(aws.custom_labels_project())
    now = aws.control.clock().now
    aws.control.advance((watch.since + timedelta(hours=1) - now).total_seconds())
    return arn


@pytest.mark.parametrize("ask", ["data", "statistics"])
def test_units_in_service_tell_for_how_long_and_with_how_many_units_a_model_ran(
    aws: Aws, watch: Watch, model: str, ask: str
) -> None:
    """The guide's dashboard counts hourly averages: a gap is an hour in which the model did not run."""
    aws.start(model, 2)
    aws.control.advance(2 * 3600 - STARTING_SECONDS)
    aws.stop(model)
    aws.control.advance(2 * 3600)

    found = getattr(watch, ask)("InServiceInferenceUnits", "Average", ProjectName="parts", VersionName="v1")
    samples = getattr(watch, ask)("InServiceInferenceUnits", "SampleCount", ProjectName="parts", VersionName="v1")

    assert found == [2.0, 2.0]
    assert sum(samples) == 105


def test_desired_units_come_with_the_start_and_go_with_the_stop(aws: Aws, watch: Watch, model: str) -> None:
    aws.start(model)
    aws.control.advance(600)
    aws.stop(model)
    aws.control.advance(3600)

    desired = watch.data("DesiredInferenceUnits", "SampleCount", ProjectName="parts", VersionName="v1")
    in_service = watch.data("InServiceInferenceUnits", "SampleCount", ProjectName="parts", VersionName="v1")

    assert (sum(desired), sum(in_service)) == (25, 10)


@pytest.mark.parametrize("status", ["FAILED", "STOPPED"])
def test_a_model_that_aws_ends_is_out_of_service(aws: Aws, watch: Watch, model: str, status: str) -> None:
    aws.start(model)
    aws.control.advance(600)
    aws.control.set_version(model, status=VersionStatus(status))
    aws.control.advance(3600)

    samples = watch.data("InServiceInferenceUnits", "SampleCount", ProjectName="parts", VersionName="v1")

    assert sum(samples) == 10


def test_the_metrics_outlive_their_version(aws: Aws, watch: Watch, model: str) -> None:
    aws.start(model)
    aws.control.advance(600)
    aws.stop(model)
    aws.rekognition.delete_project_version(ProjectVersionArn=model)
    aws.settle()

    assert sum(watch.data("InServiceInferenceUnits", "SampleCount", ProjectName="parts", VersionName="v1")) == 10


@pytest.mark.parametrize("ask", ["data", "statistics"])
@pytest.mark.parametrize(
    "dimensions",
    [
        {},
        {"ProjectName": "parts"},
        {"VersionName": "v1"},
        {"ProjectName": "parts", "VersionName": "v2"},
        {"Operation": "DetectCustomLabels"},
        {"ProjectName": "parts", "VersionName": "v1", "Operation": "DetectCustomLabels"},
    ],
)
def test_units_have_exactly_the_dimensions_of_aws(
    aws: Aws, watch: Watch, model: str, ask: str, dimensions: dict[str, str]
) -> None:
    aws.start(model)
    aws.control.advance(3600)

    assert getattr(watch, ask)("InServiceInferenceUnits", "Average", **dimensions) == []
    in_either_order = {"VersionName": "v1", "ProjectName": "parts"}
    assert getattr(watch, ask)("InServiceInferenceUnits", "Average", **in_either_order) != []


@pytest.mark.parametrize("ask", ["data", "statistics"])
@pytest.mark.parametrize("more", [{"ProjectName": "parts"}, {"ProjectName": "parts", "VersionName": "v1"}])
def test_requests_are_told_apart_by_operation_and_never_by_model(
    aws: Aws, watch: Watch, model: str, ask: str, more: dict[str, str]
) -> None:
    aws.start(model)
    for _ in range(3):
        aws.rekognition.detect_custom_labels(ProjectVersionArn=model, Image=BOLT)  # type: ignore[arg-type]  # an Image
    aws.control.advance(60)

    counted = getattr(watch, ask)

    assert sum(counted("SuccessfulRequestCount", "Sum", Operation="DetectCustomLabels")) == 3
    assert counted("SuccessfulRequestCount", "Sum", **more) == []
    assert counted("SuccessfulRequestCount", "Sum", Operation="DetectCustomLabels", **more) == []
    assert sum(counted("SuccessfulRequestCount", "Sum", Operation="StartProjectVersion")) == 1


@pytest.mark.parametrize("ask", ["data", "statistics"])
def test_without_a_dimension_requests_of_all_operations_count(aws: Aws, watch: Watch, ask: str) -> None:
    aws.rekognition.describe_projects()
    aws.rekognition.describe_projects()
    aws.rekognition.create_project(ProjectName="a")

    assert sum(getattr(watch, ask)("SuccessfulRequestCount", "Sum")) == 3


def test_absent_data_and_a_quiet_hour_are_both_no_datapoints(aws: Aws, watch: Watch, model: str) -> None:
    """So absence alone does not tell an idle model from one that nobody could ask yet."""
    aws.start(model)
    aws.control.advance(3600)

    assert watch.data("SuccessfulRequestCount", "Sum", Operation="DetectCustomLabels") == []


def test_refused_throttled_and_failed_requests_are_not_successful(aws: Aws, watch: Watch, model: str) -> None:
    def detect(code: str | None = None, status: int = 400) -> None:
        if code:
            aws.control.fail("DetectCustomLabels", code, status=status, times=1)
        with pytest.raises(aws.rekognition.exceptions.ClientError):
            aws.rekognition.detect_custom_labels(ProjectVersionArn=model, Image=BOLT)  # type: ignore[arg-type]  # an Image

    detect()
    detect("ThrottlingException")
    detect("InternalServerError", 500)
    aws.control.lose_answer("DetectCustomLabels", before_effect=True, times=1)
    with pytest.raises(Exception, match="Connection was closed"):
        aws.rekognition.detect_custom_labels(ProjectVersionArn=model, Image=BOLT)  # type: ignore[arg-type]  # an Image

    counts = {
        metric: sum(watch.data(metric, "Sum", Operation="DetectCustomLabels"))
        for metric in ("SuccessfulRequestCount", "UserErrorCount", "ThrottledCount", "ServerErrorCount")
    }

    assert counts == {"SuccessfulRequestCount": 0, "UserErrorCount": 1, "ThrottledCount": 1, "ServerErrorCount": 1}
    assert sum(watch.data("ResponseTime", "SampleCount", Operation="DetectCustomLabels")) == 3


def test_several_questions_are_answered_at_once_and_do_not_mix(aws: Aws, watch: Watch, model: str) -> None:
    aws.start(model)
    aws.rekognition.detect_custom_labels(ProjectVersionArn=model, Image=BOLT)  # type: ignore[arg-type]  # an Image
    aws.control.advance(3600)

    def query(name: str, metric: str, **dimensions: str) -> dict[str, Any]:
        stated = {"Namespace": "AWS/Rekognition", "MetricName": metric, "Dimensions": listed(**dimensions)}
        return {"Id": name, "MetricStat": {"Metric": stated, "Period": 300, "Stat": "Sum"}}

    answer = watch.client.get_metric_data(
        StartTime=watch.since,
        EndTime=watch.until(),
        MetricDataQueries=[
            query("units", "InServiceInferenceUnits", ProjectName="parts", VersionName="v1"),
            query("detections", "SuccessfulRequestCount", Operation="DetectCustomLabels"),
            query("every", "SuccessfulRequestCount"),
            query("again", "SuccessfulRequestCount", Operation="DetectCustomLabels"),
        ],
    )

    sums = {result["Id"]: sum(result["Values"]) for result in answer["MetricDataResults"]}
    assert sums == {"units": 60, "detections": 1, "every": 4, "again": 1}


def test_regions_and_accounts_have_their_own_metrics(aws: Aws, watch: Watch) -> None:
    aws.client("eu-west-1").describe_projects()
    aws.role_client("210987654321").describe_projects()

    elsewhere = aws_session("eu-west-1").client("cloudwatch", endpoint_url=aws.control.url)
    there = Watch(aws, elsewhere, watch.since)

    assert watch.data("SuccessfulRequestCount", "Sum") == []
    assert sum(there.data("SuccessfulRequestCount", "Sum")) == 1


def test_metrics_are_listed_with_their_dimensions(aws: Aws, watch: Watch, model: str) -> None:
    aws.start(model)
    aws.control.advance(60)

    metrics = watch.client.list_metrics(Namespace="AWS/Rekognition", MetricName="InServiceInferenceUnits")["Metrics"]

    assert [metric["Dimensions"] for metric in metrics] == [listed(ProjectName="parts", VersionName="v1")]


def test_metrics_are_listed_by_any_of_their_dimensions(aws: Aws, watch: Watch, model: str) -> None:
    other = aws.train_custom_labels(aws.custom_labels_project("others"), "v2")
    for arn in (model, other):
        aws.start(arn)
    aws.control.advance(60)

    def found(metric: str = "InServiceInferenceUnits", **dimensions: str) -> list[dict[str, str]]:
        answer = watch.client.list_metrics(
            Namespace="AWS/Rekognition", MetricName=metric, Dimensions=listed(**dimensions)
        )
        return [{d["Name"]: d["Value"] for d in metric["Dimensions"]} for metric in answer["Metrics"]]

    parts, others = {"ProjectName": "parts", "VersionName": "v1"}, {"ProjectName": "others", "VersionName": "v2"}
    assert found(ProjectName="parts") == [parts]
    assert found(VersionName="v2") == [others]
    assert found() == [parts, others]
    assert found(ProjectName="parts", VersionName="v2") == []
    assert found("SuccessfulRequestCount", ProjectName="parts") == []


def test_a_metric_is_listed_for_two_weeks_after_its_last_data(aws: Aws, watch: Watch, model: str) -> None:
    aws.start(model)
    aws.control.advance(600)
    aws.stop(model)

    def names() -> list[str]:
        metrics = watch.client.list_metrics(Namespace="AWS/Rekognition")["Metrics"]
        return [metric["MetricName"] for metric in metrics if len(metric["Dimensions"]) == 2]

    assert "InServiceInferenceUnits" in names()
    aws.control.advance(14 * 86400)
    assert names() == []
    assert sum(watch.data("InServiceInferenceUnits", "SampleCount", ProjectName="parts", VersionName="v1")) == 10


def test_a_month_in_steps_of_five_minutes_is_answered_at_once(aws: Aws, watch: Watch, model: str) -> None:
    aws.start(model, 2)
    aws.control.advance(31 * 86400)
    metric = {
        "Namespace": "AWS/Rekognition",
        "MetricName": "InServiceInferenceUnits",
        "Dimensions": listed(ProjectName="parts", VersionName="v1"),
    }
    end = watch.until().replace(second=0, microsecond=0)

    began = time.monotonic()
    answer = watch.client.get_metric_data(
        StartTime=end - timedelta(days=31),
        EndTime=end,
        MetricDataQueries=[
            {"Id": f"m{number}", "MetricStat": {"Metric": metric, "Period": 300, "Stat": "Average"}}
            for number in range(3)
        ],
    )

    assert [sum(result["Values"]) * 300 / 3600 for result in answer["MetricDataResults"]] == [31 * 24 * 2.0] * 3
    assert time.monotonic() - began < 10
    newest, *_, oldest = answer["MetricDataResults"][0]["Timestamps"]
    assert newest - oldest == timedelta(days=31) - timedelta(minutes=5)


@pytest.mark.parametrize(
    ("stat", "value"), [("Average", 2), ("Sum", 10), ("Maximum", 2), ("Minimum", 2), ("SampleCount", 5)]
)
def test_what_is_computed_from_units_is_the_same_with_and_without_mathematics(
    aws: Aws, watch: Watch, model: str, stat: str, value: float
) -> None:
    aws.start(model, 2)
    aws.control.advance(3600)
    metric = {
        "Namespace": "AWS/Rekognition",
        "MetricName": "InServiceInferenceUnits",
        "Dimensions": listed(ProjectName="parts", VersionName="v1"),
    }
    plain = {"Id": "plain", "MetricStat": {"Metric": metric, "Period": 300, "Stat": stat}}
    span = {"StartTime": watch.since + timedelta(minutes=90), "EndTime": watch.since + timedelta(hours=2)}

    alone = watch.client.get_metric_data(**span, MetricDataQueries=[plain])["MetricDataResults"]
    beside = watch.client.get_metric_data(**span, MetricDataQueries=[plain, {"Id": "more", "Expression": "plain"}])

    assert alone[0]["Values"] == [value] * 6
    first = beside["MetricDataResults"][0]
    assert (first["Values"], first["Timestamps"]) == (alone[0]["Values"], alone[0]["Timestamps"])


def test_more_than_500_metrics_at_once_are_refused(watch: Watch) -> None:
    metric = {"Namespace": "AWS/Rekognition", "MetricName": "SuccessfulRequestCount", "Dimensions": []}
    queries = [
        {"Id": f"m{number}", "MetricStat": {"Metric": metric, "Period": 300, "Stat": "Sum"}} for number in range(501)
    ]

    watch.client.get_metric_data(StartTime=watch.since, EndTime=watch.until(), MetricDataQueries=queries[:500])
    with pytest.raises(ClientError) as refused:
        watch.client.get_metric_data(StartTime=watch.since, EndTime=watch.until(), MetricDataQueries=queries)

    assert refused.value.response["Error"]["Code"] == "ValidationError"


def test_what_others_put_into_cloudwatch_is_still_there(watch: Watch) -> None:
    watch.client.put_metric_data(
        Namespace="Own", MetricData=[{"MetricName": "Widgets", "Value": 7.0, "Timestamp": watch.since}]
    )

    answer = watch.client.get_metric_statistics(
        Namespace="Own",
        MetricName="Widgets",
        StartTime=watch.since,
        EndTime=watch.until(),
        Period=60,
        Statistics=["Sum"],
    )

    assert [point["Sum"] for point in answer["Datapoints"]] == [7.0]


def test_a_reset_forgets_the_metrics(aws: Aws, watch: Watch) -> None:
    aws.rekognition.describe_projects()
    aws.control.reset()

    assert watch.data("SuccessfulRequestCount", "Sum") == []
    assert watch.client.list_metrics(Namespace="AWS/Rekognition")["Metrics"] == []


@pytest.mark.parametrize(
    ("operation", "ask"),
    [
        ("GetMetricData", lambda watch: watch.data("SuccessfulRequestCount", "Sum")),
        ("GetMetricStatistics", lambda watch: watch.statistics("SuccessfulRequestCount", "Sum")),
        ("ListMetrics", lambda watch: watch.client.list_metrics(Namespace="AWS/Rekognition")),
    ],
)
def test_faults_strike_calls_to_cloudwatch_too(
    aws: Aws, watch: Watch, operation: str, ask: Callable[[Watch], object]
) -> None:
    aws.control.fail(operation, "AccessDenied", "May not.", times=1)

    with pytest.raises(ClientError) as refused:
        ask(watch)

    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("AccessDenied", "May not.")
    ask(watch)
