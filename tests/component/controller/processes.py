"""How do the tests of the operator's process look at it and at its world?"""

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from rekognition_sandbox.controlplane.kubectl import kubectl_path
from rekognition_sandbox.controlplane.sandbox import Sandbox

DEADLINE_SECONDS = 60.0


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition; fail, saying what was waited for, when it does not come true in time."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {DEADLINE_SECONDS:g} s"
        time.sleep(0.05)


@dataclass
class OperatorProcess:
    """A started `rekognition-operator run`."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path

    def get(self, path: str) -> tuple[int, str]:
        """Ask its health server; (0, "") while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def wait_ready(self) -> None:
        wait_until(lambda: self.get("/readyz")[0] == 200 or self.process.poll() is not None, "readiness")
        assert self.get("/readyz")[0] == 200, self.text

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Signal it and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(DEADLINE_SECONDS)

    @property
    def text(self) -> str:
        return self.log.read_text()

    def lines(self, message: str) -> list[dict[str, object]]:
        """Return its log lines with a message."""
        parsed = [json.loads(line) for line in self.text.splitlines() if line.startswith("{")]
        return [line for line in parsed if line["message"] == message]


@dataclass(frozen=True)
class World:
    """A sandbox, and kubectl as its administrator."""

    sandbox: Sandbox
    operator_kubeconfig: Path
    home: Path

    def kubectl(self, *arguments: str, stdin: object = None) -> str:
        answer = subprocess.run(
            [str(kubectl_path()), *arguments],
            input=None if stdin is None else yaml.safe_dump(stdin),
            env={**os.environ, **self.sandbox.environment, "HOME": str(self.home)},
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE_SECONDS,
        )
        assert answer.returncode == 0, answer.stderr
        return answer.stdout


StartOperator = Callable[..., OperatorProcess]
