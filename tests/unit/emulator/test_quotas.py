"""How many calls a second pass, and which operation has which rate?"""

from __future__ import annotations

import pytest

from rekognition_sandbox.emulator.quotas import Quotas, RateLimiter


class RealTime:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.mark.parametrize(
    ("operation", "region", "rate"),
    [
        ("DescribeProjects", "us-east-1", 5),
        ("CreateProjectVersion", "eu-west-1", 5),
        ("TagResource", "us-east-1", 10),
        ("ListTagsForResource", "us-east-1", 10),
        ("DetectModerationLabels", "us-east-1", 50),
        ("DetectModerationLabels", "eu-central-1", 5),
        ("DetectCustomLabels", "us-east-1", 50),
        ("DetectCustomLabels", "eu-central-1", 50),
        ("StartProjectVersion", "us-east-1", 5),
    ],
)
def test_the_rates_are_those_of_the_general_reference(operation: str, region: str, rate: float) -> None:
    assert Quotas().calls_per_second(operation, region) == rate


@pytest.mark.parametrize("operation", ["DetectModerationLabels", "DetectCustomLabels"])
def test_the_rate_of_detection_can_be_set(operation: str) -> None:
    assert Quotas(detect_calls_per_second=7).calls_per_second(operation, "eu-central-1") == 7


def test_a_second_holds_as_many_calls_as_the_rate_and_refills() -> None:
    real = RealTime()
    limiter = RateLimiter(real)

    def admitted(calls: int) -> int:
        return sum(limiter.admits("123456789012", "us-east-1", "CreateProject", 5) for _ in range(calls))

    assert admitted(8) == 5
    real.seconds += 0.4
    assert admitted(8) == 2
    real.seconds += 60
    assert admitted(8) == 5


def test_calls_at_the_rate_are_never_throttled() -> None:
    real = RealTime()
    limiter = RateLimiter(real)

    for _ in range(100):
        real.seconds += 0.2
        assert limiter.admits("123456789012", "us-east-1", "CreateProject", 5)


def test_operations_accounts_and_regions_do_not_share_a_rate() -> None:
    limiter = RateLimiter(RealTime())
    callers = [
        ("123456789012", "us-east-1", "CreateProject"),
        ("123456789012", "us-east-1", "DeleteProject"),
        ("123456789012", "eu-west-1", "CreateProject"),
        ("210987654321", "us-east-1", "CreateProject"),
    ]

    assert all(limiter.admits(*caller, 1) for caller in callers)
    assert not any(limiter.admits(*caller, 1) for caller in callers)
