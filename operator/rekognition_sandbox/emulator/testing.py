"""Which pytest fixtures does the emulator offer?

Use them by `pytest_plugins = ["rekognition_sandbox.emulator.testing"]` in the top conftest.py or in a test module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rekognition_sandbox.emulator.aws_client import aws_session, single_attempt
from rekognition_sandbox.emulator.engine import EmulatorSettings
from rekognition_sandbox.emulator.process import EmulatorProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_rekognition.client import RekognitionClient
    from mypy_boto3_s3.client import S3Client

    from rekognition_sandbox.emulator.client import EmulatorControl

#: A training takes 3 seconds.
TIME_SCALE = 600.0


@pytest.fixture(scope="session")
def emulator_process() -> Iterator[EmulatorProcess]:
    """One emulator process for all tests of a session, unthrottled, 600 times as fast as the clock."""
    with EmulatorProcess(EmulatorSettings(time_scale=TIME_SCALE, throttle=False)) as process:
        yield process


@pytest.fixture
def emulator(emulator_process: EmulatorProcess) -> EmulatorControl:
    """Return the controls of an emulator in which nothing exists and nothing goes wrong."""
    control = emulator_process.control
    control.reset(s3=True)
    return control


@pytest.fixture
def rekognition(emulator: EmulatorControl) -> RekognitionClient:
    """Return a boto3 client of the emulated Rekognition that tries nothing twice."""
    return aws_session().client("rekognition", endpoint_url=emulator.url, config=single_attempt())


@pytest.fixture
def s3(emulator: EmulatorControl) -> S3Client:
    """Return a boto3 client of the emulated S3."""
    return aws_session().client("s3", endpoint_url=emulator.url)
