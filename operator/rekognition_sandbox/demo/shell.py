"""How are the tour's commands run, just as a person in the sandbox would type them?"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rekognition_sandbox.controlplane.environment import process_environment
from rekognition_sandbox.controlplane.kubectl import kubectl_path
from rekognition_sandbox.demo.errors import StepFailedError

POLL_SECONDS = 0.2
COMMAND_SECONDS = 60.0


@dataclass(frozen=True)
class Answer:
    """What a command printed (standard output and error in order) and how it ended."""

    text: str
    code: int


class Shell:
    """Runs lines by /bin/sh with kubectl, the AWS CLI and the sandbox's variables at hand.

    Parameters
    ----------
    environment
        The variables that lead to the sandbox.
    directory
        Where the lines are run.
    """

    def __init__(self, environment: Mapping[str, str], directory: Path) -> None:
        # The AWS CLI of this Python is the one that was installed with the emulator: the release they were tried with.
        path = os.pathsep.join([str(Path(sys.executable).parent), str(kubectl_path().parent), os.environ["PATH"]])
        self._environment = {**process_environment(environment), "PATH": path, "AWS_PAGER": ""}
        self._directory = directory

    def set(self, name: str, value: str) -> None:
        """Set a variable for the lines to come."""
        self._environment[name] = value

    def run(
        self, line: str, *, meanwhile: Callable[[], None] | None = None, seconds: float = COMMAND_SECONDS
    ) -> Answer:
        """Run a line to its end.

        Parameters
        ----------
        meanwhile
            Called a few times a second while the line runs; what it raises ends the line.
        seconds
            How long the line may take.

        Raises
        ------
        StepFailedError
            It took longer.
        """
        deadline = time.monotonic() + seconds
        process = subprocess.Popen(
            ["/bin/sh", "-c", line],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=self._environment,
            cwd=self._directory,
            start_new_session=True,  # so that it is ended whole, and Ctrl-C reaches the tour alone
        )
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    text, _ = process.communicate(timeout=POLL_SECONDS)
                    return Answer(text, process.returncode)
                if meanwhile is not None:
                    meanwhile()
                if time.monotonic() > deadline:
                    raise StepFailedError(f"`{line}` did not end within {seconds:.0f} s")
        finally:
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
