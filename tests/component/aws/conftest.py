"""Which AWS do these tests of the gateway run against, and how is it made?"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest

from rekognition_operator.aws.calls import Call
from rekognition_operator.aws.limiter import UnlimitedCalls
from rekognition_operator.aws.provider import Boto3Provider
from rekognition_operator.aws.rekognition import Boto3Rekognition
from rekognition_operator.core.principal import OPERATOR
from rekognition_sandbox.emulator.aws_client import client_environment
from rekognition_sandbox.emulator.client import EmulatorControl
from rekognition_sandbox.emulator.engine import EmulatorSettings
from rekognition_sandbox.emulator.process import EmulatorProcess

REGION = "us-east-1"


@dataclass
class Aws:
    """A gateway to an emulated AWS in which time stands still until a test advances it."""

    gateway: Boto3Rekognition
    control: EmulatorControl
    outcomes: list[tuple[str, str]] = field(default_factory=list)
    """(operation, outcome) of each call, as the gateway saw it."""

    def settle(self) -> None:
        """Let CREATING and DELETING end."""
        self.control.advance(60)

    def finish_training(self) -> None:
        self.control.advance(30 * 60)

    def count(self, operation: str) -> int:
        """Count the requests of the operation that AWS has seen."""
        return len(self.control.calls(operation))


@pytest.fixture(scope="session")
def server() -> Iterator[EmulatorProcess]:
    with EmulatorProcess(EmulatorSettings(time_scale=0, throttle=False)) as running:
        yield running


@pytest.fixture
async def aws(server: EmulatorProcess, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Aws]:
    """Return a gateway with nothing behind it yet; the AWS_* variables point every SDK there."""
    for name, value in client_environment(server.url).items():
        monkeypatch.setenv(name, value)
    server.control.reset(s3=True)
    outcomes: list[tuple[str, str]] = []

    def observe(call: Call) -> None:
        outcomes.append((call.operation, call.outcome))

    provider = Boto3Provider(limiters=lambda _account, _region: UnlimitedCalls(), observer=observe)
    yield Aws(await provider.connect(OPERATOR, REGION), server.control, outcomes)
    provider.close()
