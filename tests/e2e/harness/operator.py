"""How does a test run the operator as a process of its own, end it at any moment, and start it again?"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from e2e.harness.secrets import AWS_CREDENTIALS
from e2e.harness.waiting import wait_for
from rekognition_sandbox.controlplane import processes
from rekognition_sandbox.controlplane.environment import process_environment, sandbox_environment
from rekognition_sandbox.controlplane.operator_setup import CLUSTER_NAME, OPERATOR_NAMESPACE, OPERATOR_SERVICE_ACCOUNT
from rekognition_sandbox.controlplane.plane import ControlPlane

START_SECONDS = 60.0
STOP_SECONDS = 20.0
LOG_LINES = 40

FAST = {
    "CLUSTER_NAME": CLUSTER_NAME,
    "HEALTH_HOST": "127.0.0.1",
    "LOG_FORMAT": "text",
    "LOG_LEVEL": "DEBUG",
    "MOVING_SECONDS": "0.5",
    "SOON_SECONDS": "0.2",
    "SWEEP_SECONDS": "3",
    "LIST_SECONDS": "5",
    "ADOPTION_SETTLE_SECONDS": "1",
    "LOSS_CONFIRM_SECONDS": "1",
    "CONFIRM_CREATE_SECONDS": "1",
}
"""Settings, by the end of their variable's name, with which a test need not wait long."""


@dataclass
class OperatorProcess:
    """The operator, as a ServiceAccount with exactly the rights that the chart gives it.

    Attributes
    ----------
    aws_url
        Where the emulator listens.
    directory
        Where kubeconfig and logs lie; one operator each.
    settings
        More settings, or others, than `FAST`.
    api_url
        Where it finds the API server; None: where that listens.
    account
        The ServiceAccount that it is, in the operator's namespace.
    """

    plane: ControlPlane
    aws_url: str
    directory: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    api_url: str | None = None
    account: str = OPERATOR_SERVICE_ACCOUNT
    _process: subprocess.Popen[bytes] | None = None
    _port: int = 0
    _starts: int = 0

    def start(self, *, wait_ready: bool = True) -> None:
        """Start it; return when it says that it is ready, unless told otherwise."""
        assert not self.running, "the operator runs already"
        self.directory.mkdir(parents=True, exist_ok=True)
        kubeconfig = self.plane.service_account_kubeconfig(
            OPERATOR_NAMESPACE, self.account, self.directory / "kubeconfig"
        )
        if self.api_url is not None:
            own_server = kubeconfig.read_text(encoding="utf-8").replace(self.plane.url, self.api_url)
            kubeconfig.write_text(own_server, encoding="utf-8")
        self._starts += 1
        self._port = processes.free_port()
        own = {f"REKOGNITION_OPERATOR_{name}": value for name, value in {**FAST, **self.settings}.items()}
        port = {"REKOGNITION_OPERATOR_HEALTH_PORT": str(self._port)}
        with self._log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [*_dying_with_this_process(), sys.executable, "-m", "rekognition_operator", "run"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=process_environment(
                    {**sandbox_environment(kubeconfig, self.aws_url), **AWS_CREDENTIALS, **port, **own}
                ),
                start_new_session=True,
            )
        if wait_ready:
            wait_for(
                "the operator is ready, or has ended",
                lambda: self.probe("/readyz")[0] == 200 or not self.running,
                deadline_seconds=START_SECONDS,
                diagnose=self.log,
            )
            assert self.running, f"the operator ended with exit code {self.exit_code()}.\n{self.log()}"

    def restart(self, **settings: str) -> None:
        """End it and start it again with some settings changed."""
        self.stop()
        self.settings = {**self.settings, **settings}
        self.start()

    def kill(self) -> None:
        """End it as `kill -9` does: between any two of its instructions."""
        self._signal(signal.SIGKILL)
        self._started.wait(STOP_SECONDS)

    def ask_to_end(self) -> None:
        """Send SIGTERM, as Kubernetes does before it takes a pod away."""
        self._signal(signal.SIGTERM)

    def exit_code(self, *, within_seconds: float = STOP_SECONDS) -> int:
        """Return how it ended.

        Raises
        ------
        AssertionError
            It still runs after that time.
        """
        try:
            return self._started.wait(within_seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"The operator still runs after {within_seconds:g} s.\n{self.log()}") from None

    def stop(self) -> None:
        """End it, if it runs, by force after a while."""
        if not self.running:
            return
        (self.directory / f"metrics-{self._starts}.txt").write_text(self.probe("/metrics")[1], encoding="utf-8")
        self.ask_to_end()
        try:
            self._started.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def probe(self, path: str) -> tuple[int, str]:
        """GET a path of its health server; (0, "") when nobody answers."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=2)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, HTTPException):
            return 0, ""
        finally:
            connection.close()

    def log(self, lines: int = LOG_LINES) -> str:
        """Return the end of the log of its last start."""
        return processes.log_tail(self._log_path, lines)

    @property
    def _log_path(self) -> Path:
        return self.directory / f"operator-{self._starts}.log"

    @property
    def _started(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the operator was not started"
        return self._process

    def _signal(self, number: signal.Signals) -> None:
        assert self.running, f"the operator does not run (any more).\n{self.log()}"
        self._started.send_signal(number)


def _dying_with_this_process() -> list[str]:
    """Return what makes the kernel end a program with us, however that happens: no operator outlives its test."""
    if sys.platform != "linux":
        return []
    return [sys.executable, "-I", "-S", str(Path(processes.__file__).with_name("_launch.py")), str(os.getpid())]
