"""How are control plane, AWS emulator and operator brought up together, watched, and taken down?"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import OK, HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType

from botocore.config import Config

from rekognition_sandbox.controlplane import processes
from rekognition_sandbox.controlplane.api import PROBE_TIMEOUT_SECONDS
from rekognition_sandbox.controlplane.binaries import find_binaries
from rekognition_sandbox.controlplane.display import Display
from rekognition_sandbox.controlplane.environment import process_environment, sandbox_environment, write_env_file
from rekognition_sandbox.controlplane.errors import PortTakenError, ProcessFailedError, SandboxError
from rekognition_sandbox.controlplane.kubeconfig import write_kubeconfig
from rekognition_sandbox.controlplane.locks import exclusive
from rekognition_sandbox.controlplane.operator_setup import (
    CLUSTER_NAME,
    OPERATOR_NAMESPACE,
    OPERATOR_SERVICE_ACCOUNT,
    install_operator_rights_and_crds,
    operator_pace,
)
from rekognition_sandbox.controlplane.plane import ADMIN, START_ATTEMPTS, ControlPlane
from rekognition_sandbox.controlplane.processes import ProcessRecord
from rekognition_sandbox.emulator.aws_client import aws_session
from rekognition_sandbox.samples import make_parts, make_samples

DEFAULT_DIRECTORY = Path(".sandbox")
DEFAULT_TIME_SCALE = 600.0
"""A training, half an hour in AWS, takes about 3 s."""
SAMPLES_BUCKET = "acme-ml"
EXAMPLES_NAMESPACE = "trust-safety"

READY_DEADLINE_SECONDS = 60.0
WATCH_SECONDS = 0.5
_SUPERVISOR = "supervisor"


@dataclass(frozen=True)
class ServiceStatus:
    """One process of a sandbox and whether it runs."""

    record: ProcessRecord
    running: bool

    def __str__(self) -> str:
        state = "running" if self.running else "stopped"
        return f"{self.record.name:<15} {state}  pid {self.record.pid:<8} {self.record.address}  log {self.record.log}"


@dataclass(frozen=True)
class SandboxStatus:
    """What runs of a sandbox; no services when it was never brought up or has been taken down."""

    directory: Path
    services: tuple[ServiceStatus, ...]

    @property
    def up(self) -> bool:
        """Whether everything that was started runs."""
        return bool(self.services) and all(service.running for service in self.services)

    def __str__(self) -> str:
        if not self.services:
            return f"Nothing runs in {self.directory}."
        return "\n".join(str(service) for service in self.services)


class Sandbox:
    """A control plane, the AWS emulator and, unless told otherwise, the operator, on loopback ports of one machine.

    Parameters
    ----------
    directory
        Where it lives: `env`, `kubeconfig`, `operator.kubeconfig`, `processes.json`, `logs/`, `controlplane/`.
    display
        How waiting is shown.
    """

    def __init__(self, directory: Path = DEFAULT_DIRECTORY, *, display: Display | None = None) -> None:
        self.directory = directory.absolute()
        self._display = display or Display()
        self._detach = False
        self._plane: ControlPlane | None = None

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.directory / "kubeconfig"

    @property
    def env_file(self) -> Path:
        """Shell file with the variables that lead kubectl, the AWS CLI and boto3 here."""
        return self.directory / "env"

    @property
    def control_plane(self) -> ControlPlane:
        """The control plane of a sandbox that is up.

        Raises
        ------
        SandboxError
            The sandbox is not up.
        """
        if self._plane is None:
            self._plane = ControlPlane.attach(self._plane_directory)
        return self._plane

    @property
    def aws_url(self) -> str:
        """Where the emulator listens.

        Raises
        ------
        SandboxError
            The sandbox is not up.
        """
        return self._record("emulator").address

    @property
    def environment(self) -> dict[str, str]:
        """The variables of `env_file`."""
        return sandbox_environment(self.kubeconfig, self.aws_url)

    def up(
        self,
        *,
        operator: bool = True,
        time_scale: float = DEFAULT_TIME_SCALE,
        detach: bool = False,
        emulator_arguments: Sequence[str] = (),
        operator_environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start everything and return when all of it is ready; on failure nothing is left running.

        Parameters
        ----------
        operator
            Whether the operator is started; its CustomResourceDefinitions and rights are put in place in any case.
        time_scale
            How many times faster than the wall clock the emulated AWS runs.
        detach
            Let the processes outlive this one.
        emulator_arguments, operator_environment
            More arguments and variables for the two.

        Raises
        ------
        SandboxError
            The sandbox is up already, or a part of it could not be started.
        """

        def busy() -> None:
            raise SandboxError(
                f"Another process is bringing up the sandbox in {self.directory}: wait, or use another one."
            )

        self.directory.mkdir(parents=True, exist_ok=True)
        with exclusive(self.directory / ".lock", on_wait=busy):
            if any(service.running for service in self.status().services):
                raise SandboxError(
                    f"The sandbox in {self.directory} is up already (or partly). "
                    f"`rekognition-operator sandbox status` shows it, `rekognition-operator sandbox down` stops it; "
                    "both take --dir."
                )
            self._detach = detach
            self._forget()
            try:
                self._start_control_plane()
                self.start_emulator(time_scale=time_scale, arguments=emulator_arguments)
                write_env_file(self.env_file, self.environment)
                if operator:
                    self.start_operator({**operator_pace(time_scale), **(operator_environment or {})})
            except BaseException:
                self._stop()
                raise

    def load_samples(self) -> int:
        """Put the images and manifests that `examples/` ask for into the emulator's S3; return how many images."""
        samples, parts = make_samples(), make_parts()
        # The sandbox's own endpoint, said in so many words: never the caller's AWS, and through no proxy.
        s3 = aws_session().client("s3", endpoint_url=self.aws_url, config=Config(proxies={}))
        samples.upload(s3, SAMPLES_BUCKET)
        parts.upload(s3, SAMPLES_BUCKET)
        return len(samples.images) + len(parts.images)

    def start_emulator(self, *, time_scale: float = DEFAULT_TIME_SCALE, arguments: Sequence[str] = ()) -> ProcessRecord:
        """Start the AWS emulator and return when it answers."""

        def command(port: int) -> list[str]:
            module = [sys.executable, "-m", "rekognition_sandbox.emulator"]
            return [*module, "--port", str(port), "--time-scale", f"{time_scale:g}", *arguments]

        return self._start("emulator", command, lambda _: {}, "/moto-api/rekognition/health")

    def start_operator(self, environment: Mapping[str, str] | None = None) -> ProcessRecord:
        """Start the operator with a ServiceAccount's token and rights, and return when it says that it is ready."""
        kubeconfig = self.control_plane.service_account_kubeconfig(
            OPERATOR_NAMESPACE, OPERATOR_SERVICE_ACCOUNT, self.directory / "operator.kubeconfig"
        )

        def variables(port: int) -> dict[str, str]:
            return {
                **sandbox_environment(kubeconfig, self.aws_url),
                "REKOGNITION_OPERATOR_CLUSTER_NAME": CLUSTER_NAME,
                "REKOGNITION_OPERATOR_HEALTH_HOST": "127.0.0.1",
                "REKOGNITION_OPERATOR_HEALTH_PORT": str(port),
                **(environment or {}),
            }

        return self._start(
            "operator", lambda _: [sys.executable, "-m", "rekognition_operator", "run"], variables, "/readyz"
        )

    def stop_operator(self, *, kill: bool = False) -> None:
        """Stop only the operator; `kill` ends it between any two of its instructions, as `kill -9` does.

        Raises
        ------
        SandboxError
            There is none.
        """
        processes.stop([self._record("operator")], first=signal.SIGKILL if kill else signal.SIGTERM)

    def down(self) -> list[ProcessRecord]:
        """Stop exactly what `up` started, also when another process called it, and return what ran until now."""
        ran = [service.record for service in self.status().services if service.running]
        # A foreground command first: it takes down its own, and would otherwise report a part that ended.
        supervisor = [record for record in self._records if record.name == _SUPERVISOR]
        if not any(record.pid == os.getpid() for record in supervisor):
            processes.stop(supervisor, grace_seconds=4 * processes.STOP_GRACE_SECONDS)
        self._stop()
        return ran

    def status(self) -> SandboxStatus:
        """Return what was started here and what of it runs."""
        records = [record for record in [*self._plane_records, *self._records] if record.name != _SUPERVISOR]
        services = tuple(ServiceStatus(record, processes.is_running(record)) for record in records)
        return SandboxStatus(self.directory, services)

    def watch(self) -> None:
        """Stay until SIGINT or SIGTERM, then stop everything; the foreground half of `sandbox up`.

        Raises
        ------
        ProcessFailedError
            A part of the sandbox ended by itself; the rest is stopped.
        """
        stop = threading.Event()

        def on_signal(_number: int, _frame: FrameType | None) -> None:
            stop.set()

        before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        self._remember(processes.this_process(_SUPERVISOR))
        try:
            while not stop.wait(WATCH_SECONDS):
                ended = [service.record for service in self.status().services if not service.running]
                if ended:
                    raise ProcessFailedError(
                        f"{ended[0].name} (pid {ended[0].pid}) ended; stopping the sandbox. The last lines of its log, "
                        f"{ended[0].log}:\n{processes.log_tail(Path(ended[0].log))}"
                    )
        finally:
            self._stop()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _start_control_plane(self) -> None:
        binaries = find_binaries(self._display)
        plane = ControlPlane(self._plane_directory, detach=self._detach, binaries=binaries)
        self._plane = plane.start()
        write_kubeconfig(self.kubeconfig, plane.client, user=ADMIN)
        install_operator_rights_and_crds(plane)

    def _start(
        self,
        name: str,
        command: Callable[[int], list[str]],
        variables: Callable[[int], Mapping[str, str]],
        ready_path: str,
    ) -> ProcessRecord:
        """Start a service on a free port, on another one when that is taken meanwhile."""
        for _ in range(START_ATTEMPTS - 1):
            with suppress(PortTakenError):
                return self._start_once(name, command, variables, ready_path)
        return self._start_once(name, command, variables, ready_path)

    def _start_once(
        self,
        name: str,
        command: Callable[[int], list[str]],
        variables: Callable[[int], Mapping[str, str]],
        ready_path: str,
    ) -> ProcessRecord:
        port = processes.free_port()
        record = processes.spawn(
            name,
            command(port),
            log=self.directory / "logs" / f"{name}.log",
            address=f"http://127.0.0.1:{port}",
            environment=process_environment(variables(port)),
            die_with_parent=not self._detach,
        )
        self._remember(record)
        processes.wait_ready(record, lambda: _answers(port, ready_path), deadline_seconds=READY_DEADLINE_SECONDS)
        return record

    def _stop(self) -> None:
        processes.stop(record for record in self._records if record.name != _SUPERVISOR)
        ControlPlane(self._plane_directory).stop()
        self._forget()

    def _forget(self) -> None:
        for path in (self._processes_file, self.env_file, self.kubeconfig, self.directory / "operator.kubeconfig"):
            path.unlink(missing_ok=True)
        self._plane = None

    def _remember(self, record: ProcessRecord) -> None:
        others = [other for other in self._records if other.name != record.name]
        processes.save(self._processes_file, [*others, record])

    def _record(self, name: str) -> ProcessRecord:
        found = [record for record in self._records if record.name == name]
        if not found:
            raise SandboxError(f"There is no {name} in {self.directory}: bring the sandbox up first.")
        return found[0]

    @property
    def _records(self) -> list[ProcessRecord]:
        return processes.load(self._processes_file)

    @property
    def _plane_records(self) -> list[ProcessRecord]:
        return ControlPlane(self._plane_directory).records

    @property
    def _processes_file(self) -> Path:
        return self.directory / "processes.json"

    @property
    def _plane_directory(self) -> Path:
        return self.directory / "controlplane"


def up(
    directory: Path = DEFAULT_DIRECTORY,
    *,
    operator: bool = True,
    time_scale: float = DEFAULT_TIME_SCALE,
    detach: bool = False,
    display: Display | None = None,
) -> None:
    """Bring a sandbox up; unless `detach`, stay until SIGINT or SIGTERM and take it down again.

    Raises
    ------
    SandboxError
        It is up already, a part could not be started, or a part ended by itself.
    """
    display = display or Display()
    sandbox = Sandbox(directory, display=display)
    display.say(f"Starting the sandbox in {sandbox.directory}")
    sandbox.up(operator=operator, time_scale=time_scale, detach=detach)
    sandbox.load_samples()
    sandbox.control_plane.create_namespace(EXAMPLES_NAMESPACE)
    display.say(str(sandbox.status()))
    display.say(
        f"The sample data of examples/ is in s3://{SAMPLES_BUCKET}, their namespace {EXAMPLES_NAMESPACE} is there."
    )
    display.say(f"In another shell:  . {sandbox.env_file}")
    if not detach:
        display.say("Ctrl-C stops everything.")
        sandbox.watch()
        display.say("Stopped.")


def down(directory: Path = DEFAULT_DIRECTORY) -> list[ProcessRecord]:
    """Stop exactly what `up` started in `directory` and return what ran."""
    return Sandbox(directory).down()


def status(directory: Path = DEFAULT_DIRECTORY) -> SandboxStatus:
    """Return what runs of the sandbox in `directory`."""
    return Sandbox(directory).status()


def _answers(port: int, path: str) -> bool:
    """Whether a GET of `path` on this loopback port is answered with 200."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PROBE_TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
