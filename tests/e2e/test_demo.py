"""Does the guided tour tell the truth, fail when it does not, and leave nothing running?"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from e2e.harness.waiting import wait_for
from rekognition_sandbox.controlplane.sandbox import Sandbox
from rekognition_sandbox.emulator.client import EmulatorControl

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]

SECONDS = 300


@contextmanager
def demo(directory: Path) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "rekognition_sandbox.demo", "--plain", "--dir", str(directory)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout
    finally:
        if process.poll() is None:  # by SIGTERM, so that it takes down what it started
            process.terminate()
        process.wait(SECONDS)
        process.stdout.close()


def read_until(output: IO[str], words: str) -> str:
    """Return the output up to the line with these words; fail with all of it where they never come."""
    text = ""
    for line in output:
        text += line
        if words in line:
            return text
    pytest.fail(f"{words!r} never came in:\n{text}")


def await_emulator(directory: Path, process: subprocess.Popen[str]) -> EmulatorControl:
    """Return the controls of the tour's emulator as soon as it is up: the sandbox then writes where it is."""
    sandbox = Sandbox(directory)
    wait_for(
        "the tour's emulator is up",
        lambda: sandbox.env_file.exists() or process.poll() is not None,
        deadline_seconds=SECONDS,
        diagnose=lambda: str(sandbox.status()),
    )
    return EmulatorControl(sandbox.aws_url)


def assert_nothing_runs(directory: Path) -> None:
    running = [service for service in Sandbox(directory).status().services if service.running]
    assert running == []


def test_the_tour_is_told_to_its_end_and_leaves_nothing_running(tmp_path: Path) -> None:
    with demo(tmp_path) as (process, output):
        text, _ = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, text
        assert output.closed
    for told in (
        "One training was asked for, and it is in service.",
        "The base model flags the kitchen knife; the adapter does not.",
        "Ready has been True without a break",
        "is in service again; AWS still counts 2 trainings.",
        "The message has AWS's words and the place of the manifest summary.",
        "spring-2026, made by hand, is in service, and nothing was trained for it.",
        "The tags are again as the spec says.",
        "The new version is in service, and was trained once.",
        "The worse version is rejected, with numbers; applications go on with the one before.",
        "The better one is in service, and published.",
        "trained on base model 8.0, passed the gates and is published.",
        "The old one is the base model by now, and detect says so by its exit code; the published one answers.",
        "Nothing of it is left in AWS.",
        "What you have seen",
    ):
        assert told in text, f"{told!r} is missing in:\n{text}"
    assert "✗" not in text
    assert_nothing_runs(tmp_path)


def test_a_step_that_is_not_as_told_ends_the_tour_with_one_sentence_and_exit_code_1(tmp_path: Path) -> None:
    with demo(tmp_path) as (process, _):
        aws = await_emulator(tmp_path, process)  # before there is an operator that could ask for a training
        aws.fail("CreateProjectVersion", "AccessDeniedException", "not authorized to perform this action")
        text, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 1, text
    sentence = next(line for line in text.splitlines() if line.startswith("✗"))
    assert "The demo failed at" in sentence
    assert "storefront is stalled, which is not part of the story" in sentence
    assert "rekognition:CreateProjectVersion" in sentence
    assert "What you have seen" not in text
    assert_nothing_runs(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_tour_takes_down_everything_and_says_so(tmp_path: Path, number: signal.Signals) -> None:
    with demo(tmp_path) as (process, output):
        read_until(output, "kubectl wait")
        process.send_signal(number)
        text, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 130, text
    assert "Interrupted" in text
    assert_nothing_runs(tmp_path)


def test_the_tour_says_what_is_wrong_with_a_time_scale() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "rekognition_sandbox.demo", "--time-scale", "0"],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert answer.returncode == 2
    assert "0 is not between 1 and 100000" in answer.stderr
