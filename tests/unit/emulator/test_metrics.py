"""Which datapoints does the emulator have for CloudWatch?"""

from __future__ import annotations

import pytest

from rekognition_sandbox.emulator.metrics import Datapoint, MetricBook, Series
from rekognition_sandbox.emulator.state import Feature, InferenceUnits, TrainingOrder, Version, VersionStatus

MINUTE = 60_000
#: A moment on a whole hour.
HOUR = 3600_000 * 500_000
ACCOUNT, REGION = "123456789012", "us-east-1"


def model(status: VersionStatus, units: InferenceUnits | None = None) -> Version:
    order = TrainingOrder("b", None, (), (), None, None, None, None)
    arn = "arn:aws:rekognition:us-east-1:123456789012:project/parts/version/v1/1"
    project = "arn:aws:rekognition:us-east-1:123456789012:project/parts/1"
    return Version(arn, project, "v1", Feature.CUSTOM_LABELS, 1, status, "", order, "7.0", {}, units=units)


def units_series(metric: str) -> Series:
    return Series(ACCOUNT, REGION, metric, (("ProjectName", "parts"), ("VersionName", "v1")))


def requests_series(metric: str, operation: str = "DetectCustomLabels") -> Series:
    return Series(ACCOUNT, REGION, metric, (("Operation", operation),))


def ran(book: MetricBook, began_ms: int, ended_ms: int | None, minimum: int = 2, maximum: int | None = None) -> None:
    """Note that the model ran for a while."""
    units = InferenceUnits(minimum, maximum)
    book.observe(ACCOUNT, REGION, "parts", model(VersionStatus.RUNNING, units), began_ms)
    if ended_ms is not None:
        book.observe(ACCOUNT, REGION, "parts", model(VersionStatus.STOPPING, units), ended_ms)


def points(book: MetricBook, series: Series, *, hours: float = 24, step_ms: int = MINUTE) -> list[Datapoint]:
    end_ms = HOUR + round(hours * 3600_000)
    return book.datapoints(series, start_ms=HOUR, end_ms=end_ms, now_ms=end_ms, step_ms=step_ms)


def test_a_model_has_one_sample_a_minute_while_it_runs() -> None:
    book = MetricBook()
    ran(book, HOUR + 10_000, HOUR + 10_000 + 60 * MINUTE)

    found = points(book, units_series("InServiceInferenceUnits"))

    assert len(found) == 60
    assert found[0] == Datapoint(HOUR + MINUTE, 1, 2.0, 2, 2)
    assert found[-1].at_ms == HOUR + 60 * MINUTE


def test_a_model_that_still_runs_has_samples_until_now_and_none_of_the_future() -> None:
    book = MetricBook()
    ran(book, HOUR, None)
    series = units_series("InServiceInferenceUnits")

    found = book.datapoints(series, start_ms=HOUR, end_ms=HOUR + 90 * MINUTE, now_ms=HOUR + 30 * MINUTE)

    assert len(found) == 30


def test_desired_units_are_there_from_the_start_and_units_in_service_when_it_runs() -> None:
    book = MetricBook()
    units = InferenceUnits(1, 3)
    book.observe(ACCOUNT, REGION, "parts", model(VersionStatus.STARTING, units), HOUR)
    book.observe(ACCOUNT, REGION, "parts", model(VersionStatus.RUNNING, units), HOUR + 15 * MINUTE)
    book.observe(ACCOUNT, REGION, "parts", model(VersionStatus.STOPPING, units), HOUR + 60 * MINUTE)
    book.observe(ACCOUNT, REGION, "parts", model(VersionStatus.STOPPED, units), HOUR + 65 * MINUTE)

    counts = {
        metric: len(points(book, units_series(metric)))
        for metric in (
            "InServiceInferenceUnits",
            "DesiredInferenceUnits",
            "MinInferenceUnits",
            "MaxInferenceUnits",
        )
    }

    assert counts == {
        "InServiceInferenceUnits": 45,
        "DesiredInferenceUnits": 60,
        "MinInferenceUnits": 60,
        "MaxInferenceUnits": 60,
    }
    assert points(book, units_series("MaxInferenceUnits"))[0].total == 3


def test_a_model_without_a_maximum_has_no_such_metric() -> None:
    book = MetricBook()
    ran(book, HOUR, HOUR + 5 * MINUTE)

    assert units_series("MaxInferenceUnits") not in book.series(ACCOUNT, REGION)
    assert len(book.series(ACCOUNT, REGION)) == 3


@pytest.mark.parametrize("step_minutes", [1, 5, 60, 24 * 60])
def test_steps_join_samples_and_lose_none(step_minutes: int) -> None:
    book = MetricBook()
    ran(book, HOUR + 17 * MINUTE + 1, HOUR + 150 * MINUTE, minimum=1)
    ran(book, HOUR + 200 * MINUTE, HOUR + 300 * MINUTE, minimum=4)

    found = points(book, units_series("InServiceInferenceUnits"), step_ms=step_minutes * MINUTE)

    assert sum(point.count for point in found) == 132 + 100
    assert sum(point.total for point in found) == 132 + 400
    assert all(point.at_ms % (step_minutes * MINUTE) == 0 for point in found)
    assert [point.at_ms for point in found] == sorted({point.at_ms for point in found})
    assert (min(point.least for point in found), max(point.most for point in found)) == (1, 4)


def test_only_what_lies_in_the_asked_time_is_told() -> None:
    book = MetricBook()
    ran(book, HOUR - 600 * MINUTE, HOUR + 600 * MINUTE)
    for at_ms in (HOUR - 1, HOUR, HOUR + 3600_000 - 1, HOUR + 3600_000):
        book.request(ACCOUNT, REGION, "DetectCustomLabels", status=200, code="ok", milliseconds=5, at_ms=at_ms)

    assert len(points(book, units_series("InServiceInferenceUnits"), hours=1)) == 60
    requests = points(book, requests_series("SuccessfulRequestCount"), hours=1)
    assert [(point.at_ms, point.count) for point in requests] == [(HOUR, 1), (HOUR + 59 * MINUTE, 1)]


@pytest.mark.parametrize(
    ("status", "code", "metric"),
    [
        (200, "ok", "SuccessfulRequestCount"),
        (400, "ThrottlingException", "ThrottledCount"),
        (500, "ThrottlingException", "ThrottledCount"),
        (400, "ProvisionedThroughputExceededException", "ThrottledCount"),
        (400, "ResourceNotReadyException", "UserErrorCount"),
        (400, "LimitExceededException", "UserErrorCount"),
        (500, "InternalServerError", "ServerErrorCount"),
    ],
)
def test_a_request_counts_once_by_its_outcome_and_by_its_time(status: int, code: str, metric: str) -> None:
    book = MetricBook()
    for milliseconds in (4.0, 10.0):
        book.request(
            ACCOUNT, REGION, "DetectCustomLabels", status=status, code=code, milliseconds=milliseconds, at_ms=HOUR + 5
        )

    assert {series.metric for series in book.series(ACCOUNT, REGION)} == {metric, "ResponseTime"}
    assert points(book, requests_series(metric)) == [Datapoint(HOUR, 2, 2.0, 1.0, 1.0)]
    assert points(book, requests_series("ResponseTime")) == [Datapoint(HOUR, 2, 14.0, 4.0, 10.0)]


def test_accounts_and_regions_are_told_apart() -> None:
    book = MetricBook()
    book.request("210987654321", REGION, "CreateProject", status=200, code="ok", milliseconds=1, at_ms=HOUR)
    book.request(ACCOUNT, "eu-west-1", "CreateProject", status=200, code="ok", milliseconds=1, at_ms=HOUR)

    assert book.series(ACCOUNT, REGION) == []
    assert len(book.series(ACCOUNT, "eu-west-1")) == 2
