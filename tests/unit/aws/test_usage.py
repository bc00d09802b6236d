"""What is CloudWatch asked about models, and what is made of its answers?"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from botocore import exceptions as sdk

from fakes.cloudwatch_client import FakeCloudWatch, units_of
from rekognition_operator.aws.calls import Caller
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.aws.limiter import UnlimitedCalls
from rekognition_operator.aws.usage import CloudWatchUsage

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
REQUESTS = (("Operation", "DetectCustomLabels"),)
LANE = Lane.SWEEP


def later(minutes: float) -> datetime:
    return SINCE + timedelta(minutes=minutes)


HOUR = later(60)
DAY = later(24 * 60)


def steady(value: float, *, minutes: float, first: float = 0) -> dict[datetime, float]:
    """Return the same value for each five minutes."""
    return {later(first + 5 * number): value for number in range(int(minutes // 5))}


class Setup:
    def __init__(self) -> None:
        self.client = FakeCloudWatch()
        self.lanes: list[tuple[str, Lane]] = []
        caller = Caller(
            ThreadPoolExecutor(max_workers=1),
            UnlimitedCalls(),
            observer=lambda call: self.lanes.append((call.operation, call.lane)),
            jitter=lambda: 0.0,
        )
        self.usage = CloudWatchUsage(cast("Any", self.client), caller)

    async def hours(self, *names: str, since: datetime = SINCE, until: datetime = DAY) -> float:
        return await self.usage.inference_unit_hours("parts", names, since=since, until=until, lane=LANE)

    async def requests(self, since: datetime = SINCE, until: datetime = HOUR) -> float:
        return await self.usage.successful_requests(since=since, until=until, lane=LANE)

    async def others(self, since: datetime = SINCE, until: datetime = HOUR) -> bool:
        return await self.usage.other_models_ran("parts", since=since, until=until, lane=LANE)

    def asked(self, operation: str) -> list[dict[str, Any]]:
        return [parameters for made, parameters in self.client.calls if made == operation]


@pytest.fixture
def setup() -> Setup:
    return Setup()


async def test_unit_hours_are_the_averages_of_five_minutes_added_up(setup: Setup) -> None:
    setup.client.data[units_of("parts", "v1")] = {**steady(2, minutes=90), later(90): 1.5}
    assert await setup.hours("v1") == pytest.approx(3 + 1.5 / 12)
    (asked,) = setup.asked("GetMetricData")
    (query,) = asked["MetricDataQueries"]
    assert query["MetricStat"] == {
        "Metric": {
            "Namespace": "AWS/Rekognition",
            "MetricName": "InServiceInferenceUnits",
            "Dimensions": [{"Name": "ProjectName", "Value": "parts"}, {"Name": "VersionName", "Value": "v1"}],
        },
        "Period": 300,
        "Stat": "Average",
    }


async def test_versions_that_only_cloudwatch_knows_and_those_that_only_the_caller_knows_count_once(
    setup: Setup,
) -> None:
    for name in ("deleted", "both", "old"):
        setup.client.data[units_of("parts", name)] = steady(1, minutes=60)
    setup.client.data[units_of("others", "v1")] = steady(1, minutes=60)
    setup.client.unlisted = {units_of("parts", "old")}
    assert await setup.hours("both", "old") == pytest.approx(3)
    assert await setup.hours() == pytest.approx(2)
    (listed, _) = setup.asked("ListMetrics")
    assert listed == {
        "Namespace": "AWS/Rekognition",
        "MetricName": "InServiceInferenceUnits",
        "Dimensions": [{"Name": "ProjectName", "Value": "parts"}],
    }


async def test_a_project_that_never_ran_is_not_asked_about(setup: Setup) -> None:
    assert await setup.hours() == 0
    assert await setup.others() is False
    assert setup.asked("GetMetricData") == []


async def test_an_empty_span_is_not_asked_about(setup: Setup) -> None:
    setup.client.data[units_of("parts", "v1")] = steady(1, minutes=60)
    assert await setup.hours("v1", since=later(10), until=later(10)) == 0
    assert await setup.requests(until=SINCE) == 0
    assert setup.asked("GetMetricData") == []


async def test_a_span_is_widened_to_whole_five_minutes(setup: Setup) -> None:
    await setup.requests(later(7.3), later(61))
    await setup.requests(later(10), later(60))
    spans = [(asked["StartTime"], asked["EndTime"]) for asked in setup.asked("GetMetricData")]
    assert spans == [(later(5), later(65)), (later(10), later(60))]


async def test_all_pages_are_read_and_added_up(setup: Setup) -> None:
    setup.client.page = 7
    for number in range(10):
        setup.client.data[units_of("parts", f"v{number}")] = steady(1, minutes=60)
    assert await setup.hours() == pytest.approx(10)
    assert len(setup.asked("ListMetrics")) == 2
    assert len(setup.asked("GetMetricData")) == 18  # 120 datapoints, 7 a page
    assert {lane for _, lane in setup.lanes} == {LANE}


async def test_no_call_asks_for_more_than_500_metrics(setup: Setup) -> None:
    setup.client.page = 10_000
    for number in range(1001):
        setup.client.data[units_of("parts", f"v{number}")] = {SINCE: 12.0}
    assert await setup.hours() == pytest.approx(1001)
    sizes = [len(asked["MetricDataQueries"]) for asked in setup.asked("GetMetricData")]
    assert sizes == [500, 500, 1]


async def test_requests_are_those_of_the_account_and_absent_data_is_none(setup: Setup) -> None:
    assert await setup.requests() == 0
    setup.client.data[REQUESTS] = {later(0): 3, later(55): 4, later(60): 5}
    assert await setup.requests() == 7
    (stat,) = {
        query["MetricStat"]["Stat"] for asked in setup.asked("GetMetricData") for query in asked["MetricDataQueries"]
    }
    assert stat == "Sum"


@pytest.mark.parametrize(
    ("data", "ran"),
    [
        ({("parts", "v2"): {later(5): 1}}, False),
        ({("others", "v1"): {later(5): 1}}, True),
        ({("others", "v1"): {later(5): 0}}, False),
        ({("others", "v1"): {later(60): 1}}, False),
        ({("others", "v1"): {}, ("more", "v1"): {later(55): 2}}, True),
    ],
)
async def test_a_model_of_another_project_ran_where_it_had_units_in_the_span(
    setup: Setup, data: dict[tuple[str, str], dict[datetime, float]], *, ran: bool
) -> None:
    setup.client.data = {units_of(*whose): points for whose, points in data.items()}
    assert await setup.others() is ran


@pytest.mark.parametrize(
    ("data", "throughout"),
    [
        (steady(1, minutes=60), True),
        (steady(1, minutes=30) | steady(2, minutes=30, first=30), True),
        ({}, False),
        (steady(1, minutes=30) | steady(1, minutes=20, first=40), False),
        (steady(1, minutes=30) | steady(0, minutes=10, first=30) | steady(1, minutes=20, first=40), False),
        (steady(1, minutes=45, first=15), False),
    ],
    ids=["all the time", "scaled meanwhile", "never", "a gap", "no units for a while", "later begun"],
)
async def test_a_model_ran_throughout_where_each_five_minutes_have_units(
    setup: Setup, data: dict[datetime, float], *, throughout: bool
) -> None:
    setup.client.data[units_of("parts", "v1")] = data
    assert await setup.usage.ran_throughout("parts", "v1", since=SINCE, until=HOUR, lane=LANE) is throughout


async def test_metrics_with_other_dimensions_are_passed_over(setup: Setup) -> None:
    setup.client.data[("ProjectName", "others"),] = {later(5): 1}
    assert await setup.others() is False


@pytest.mark.parametrize(
    ("status", "kind"), [("Forbidden", ErrorKind.ACCESS_DENIED), ("InternalError", ErrorKind.SERVER)]
)
async def test_a_metric_that_is_not_given_is_an_error_and_no_zero(setup: Setup, status: str, kind: ErrorKind) -> None:
    setup.client.data[REQUESTS] = {SINCE: 1}
    setup.client.statuses[REQUESTS] = status
    with pytest.raises(CallError) as refused:
        await setup.requests()
    assert (refused.value.kind, refused.value.operation, refused.value.code) == (kind, "GetMetricData", status)


@pytest.mark.parametrize("operation", ["ListMetrics", "GetMetricData"])
async def test_a_denied_read_says_which(setup: Setup, operation: str) -> None:
    def deny(called: str) -> None:
        if called == operation:
            raise sdk.ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)

    setup.client.before = deny
    with pytest.raises(CallError) as refused:
        await setup.hours("v1")
    assert (refused.value.kind, refused.value.operation) == (ErrorKind.ACCESS_DENIED, operation)
