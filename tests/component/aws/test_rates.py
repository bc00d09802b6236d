"""Does the limiter keep the gateway within AWS's own rates?"""

import asyncio
from collections.abc import Iterator

import pytest

from rekognition_operator.aws.calls import Call
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.aws.limiter import CallLimiter, TokenBucketLimiter, UnlimitedCalls
from rekognition_operator.aws.provider import Boto3Provider
from rekognition_operator.core.principal import OPERATOR
from rekognition_operator.core.world import Feature
from rekognition_sandbox.emulator.aws_client import client_environment
from rekognition_sandbox.emulator.client import EmulatorControl
from rekognition_sandbox.emulator.engine import EmulatorSettings
from rekognition_sandbox.emulator.process import EmulatorProcess

ADAPTER = Feature.CONTENT_MODERATION


@pytest.fixture(scope="module")
def throttling_server() -> Iterator[EmulatorProcess]:
    with EmulatorProcess(EmulatorSettings(time_scale=0, throttle=True)) as running:
        yield running


@pytest.fixture
def control(throttling_server: EmulatorProcess, monkeypatch: pytest.MonkeyPatch) -> EmulatorControl:
    for name, value in client_environment(throttling_server.url).items():
        monkeypatch.setenv(name, value)
    throttling_server.control.reset()
    return throttling_server.control


async def look(limiter: CallLimiter, times: int) -> list[str]:
    """Look a project up so many times at once; give the outcomes of DescribeProjects."""
    outcomes: list[str] = []

    def observe(call: Call) -> None:
        if call.operation == "DescribeProjects":
            outcomes.append(call.outcome)

    provider = Boto3Provider(limiters=lambda _account, _region: limiter, observer=observe)
    try:
        gateway = await provider.connect(OPERATOR, "us-east-1")
        looks = (gateway.describe_project(f"p{n}", ADAPTER, lane=Lane.SWEEP, max_age_seconds=0) for n in range(times))
        failures = [f for f in await asyncio.gather(*looks, return_exceptions=True) if f is not None]
        assert all(isinstance(f, CallError) and f.kind is ErrorKind.THROTTLED for f in failures)
    finally:
        provider.close()
    return outcomes


async def test_at_aws_own_rate_nothing_is_throttled(control: EmulatorControl) -> None:
    outcomes = await look(TokenBucketLimiter(), 25)
    assert outcomes == ["ok"] * 25
    assert [call.outcome for call in control.calls("DescribeProjects")] == ["ok"] * 25


async def test_without_the_limiter_aws_throttles(control: EmulatorControl) -> None:
    outcomes = await look(UnlimitedCalls(), 25)
    assert "Throttled" in outcomes
    assert "ThrottlingException" in {call.outcome for call in control.calls("DescribeProjects")}


async def test_a_limiter_that_was_told_too_much_slows_down_until_aws_agrees(control: EmulatorControl) -> None:
    outcomes = await look(TokenBucketLimiter(calls_per_second=20), 20)
    assert outcomes.count("ok") == 20
    assert "Throttled" in outcomes
    assert outcomes[-1] == "ok"
    assert len(control.calls("DescribeProjects")) == len(outcomes) < 40
