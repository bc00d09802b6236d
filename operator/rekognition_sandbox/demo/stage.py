"""What does a chapter of the tour work with: commands, the resources' status, the emulator's call log, checks?"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from urllib.parse import quote

from rekognition_operator.api.common import Condition
from rekognition_operator.api.kinds import ALL_KINDS
from rekognition_operator.api.moderationadapter import ModerationAdapter
from rekognition_operator.api.resource import ResourceStatus
from rekognition_operator.api.schema import GROUP, VERSION
from rekognition_sandbox.controlplane.api import ApiRefusedError
from rekognition_sandbox.controlplane.environment import REGION
from rekognition_sandbox.controlplane.operator_setup import operator_pace
from rekognition_sandbox.controlplane.processes import log_tail
from rekognition_sandbox.controlplane.sandbox import Sandbox
from rekognition_sandbox.demo.errors import StepFailedError
from rekognition_sandbox.demo.screen import Screen
from rekognition_sandbox.demo.shell import POLL_SECONDS, Shell
from rekognition_sandbox.emulator.client import EmulatorControl
from rekognition_sandbox.emulator.lifecycle import TRAINING_MS

NAMESPACE = "trust-safety"
REACTION_SECONDS = 60.0
"""How long anything may take that needs no training, on a busy machine."""

Until = Callable[[ResourceStatus], bool]


@dataclass(frozen=True)
class Stage:
    """A sandbox that is up, with everything that the chapters need from it.

    Attributes
    ----------
    directory
        The folder in which commands are run; it holds a copy of `examples/`.
    time_scale
        How many times faster than the clock the emulated AWS works.
    """

    sandbox: Sandbox
    screen: Screen
    shell: Shell
    directory: Path
    time_scale: float
    _killed: set[str] = field(default_factory=set)

    @property
    def aws(self) -> EmulatorControl:
        """What steers and watches the emulated AWS."""
        return EmulatorControl(self.sandbox.aws_url)

    @property
    def training_seconds(self) -> float:
        """How long to wait for a training at most."""
        return REACTION_SECONDS + 2 * TRAINING_MS / 1000 / self.time_scale

    def tell(self, text: str) -> None:
        """Tell in the tour's own words what comes now."""
        self.screen.tell(text)

    def check(self, holds: bool, passed: str, failed: str) -> None:
        """Say `passed`, or end the tour with `failed`."""
        if not holds:
            raise StepFailedError(failed)
        self.screen.passed(passed)

    def run(self, line: str, *, shown: bool = True) -> str:
        """Run a command, show it and what it printed, and return that.

        Raises
        ------
        StepFailedError
            It failed.
        """
        if shown:
            self.screen.command(line)
        answer = self.shell.run(line, meanwhile=self._everything_runs)
        if shown:
            self.screen.output(answer.text)
        if answer.code != 0:
            raise StepFailedError(f"`{line}` ended with exit code {answer.code}: {answer.text.strip()}")
        return answer.text

    def let(self, name: str, line: str) -> str:
        """Set a shell variable to what a command prints, show both, and return the value."""
        self.screen.command(f"{name}=$({line}); echo ${name}")
        value = self.run(line, shown=False).strip()
        if not value:
            raise StepFailedError(f"`{line}` printed nothing")
        self.shell.set(name, value)
        self.screen.output(value)
        return value

    def wait(self, line: str, *names: str, until: Until, seconds: float, stalled_is_told: bool = False) -> None:
        """Run a command that waits for resources, and show how they stand meanwhile.

        Parameters
        ----------
        line
            The command, such as `kubectl wait`.
        names
            The resources it waits for, as :meth:`status` takes them.
        until
            What must hold of each of them when the command has ended, so that nobody need believe the command alone.
        seconds
            How long it may take.
        stalled_is_told
            A resource may stall; otherwise that ends the tour at once.
        """
        self.screen.command(line)
        with self.screen.waiting() as waiting:

            def look() -> None:
                self._everything_runs()
                found = {name: self.status(name) for name in names}
                state = "   ".join(f"{name}: {_in_words(status)}" for name, status in found.items())
                waiting.update(state, self._training_time(found.values()))
                for name, status in found.items():
                    stalled = _message(status, "Stalled")
                    if stalled is not None and not stalled_is_told and not until(status):
                        raise StepFailedError(f"{name} is stalled, which is not part of the story: {stalled}")

            answer = self.shell.run(line, meanwhile=look, seconds=seconds)
        self.screen.output(answer.text)
        if answer.code != 0:
            states = "; ".join(f"{name} is {_in_full(self.status(name))}" for name in names)
            raise StepFailedError(f"`{line}` ended with exit code {answer.code}. {states}")
        for name in names:
            self.expect(name, until, seconds=REACTION_SECONDS, what=f"what `{line}` waited for")

    def expect(self, name: str, until: Until, *, seconds: float, what: str) -> ResourceStatus:
        """Return the status of a resource as soon as it is as expected.

        Raises
        ------
        StepFailedError
            It never was; ``what`` says what was expected.
        """
        seen = [self.status(name)]

        def as_expected() -> bool:
            seen[0] = self.status(name)
            return until(seen[0])

        try:
            self.until(as_expected, seconds=seconds, what=f"{name} should show {what}")
        except StepFailedError as error:
            raise StepFailedError(f"{error}; it is {_in_full(seen[0])}") from error
        return seen[0]

    def until(self, condition: Callable[[], bool], *, seconds: float, what: str) -> None:
        """Return as soon as a condition holds; StepFailedError with ``what`` should be, where it never does."""
        deadline = time.monotonic() + seconds
        while not condition():
            self._everything_runs()
            if time.monotonic() > deadline:
                raise StepFailedError(f"{what}, and that was not so within {seconds:.0f} s")
            time.sleep(POLL_SECONDS)

    def status(self, name: str) -> ResourceStatus:
        """Return the status of a resource of the tour's namespace; an empty one where it does not exist.

        ``name`` is that of a ModerationAdapter, or ``<kind>/<name>`` as kubectl takes it.
        """
        singular, _, own_name = name.rpartition("/")
        kind = next((kind for kind in ALL_KINDS if kind.singular == singular), ModerationAdapter)
        path = f"/apis/{GROUP}/{VERSION}/namespaces/{NAMESPACE}/{kind.plural}/{quote(own_name)}"
        try:
            resource = self.sandbox.control_plane.client.request("GET", path)
        except ApiRefusedError as error:
            if error.status == 404:
                return kind.status()
            raise
        return kind.status.model_validate(cast("dict[str, object]", resource.get("status") or {}))

    def trainings(self) -> int:
        """Return how many trainings were asked for and begun until now, by whomever: what AWS would bill."""
        return sum(1 for call in self.aws.calls("CreateProjectVersion") if call.effect is not None)

    @contextmanager
    def trainings_held(self) -> Iterator[None]:
        """Let no training end inside, so that what is shown is shown while AWS trains."""
        self.aws.hold_trainings(REGION)
        try:
            yield
        finally:
            self.aws.release_trainings(REGION)

    def kill_operator(self) -> None:
        """Kill the operator between any two of its instructions."""
        self._killed.add("operator")
        pid = next(s.record.pid for s in self.sandbox.status().services if s.record.name == "operator")
        self.run(f"kill -9 {pid}")

    def start_operator(self) -> None:
        """Start the operator again, and return when it is ready."""
        with self.screen.waiting() as waiting:
            waiting.update("starting the operator")
            self.sandbox.start_operator(operator_pace(self.time_scale))
        self._killed.discard("operator")

    def edit(self, path: str, before: str, after: str) -> None:
        """Change one line of a file, as a commit would, and show it; indentation is kept."""
        file = self.directory / path
        text = file.read_text(encoding="utf-8")
        if text.count(before) != 1:
            raise StepFailedError(f"{path} should hold {before!r} once, and holds it {text.count(before)} times")
        file.write_text(text.replace(before, after), encoding="utf-8")
        self.screen.edit(path, before, after)

    def _training_time(self, statuses: Iterable[ResourceStatus]) -> str:
        """Say for how long AWS has been training, in its own, faster time."""
        versions = [version for status in statuses for version in status.versions or []]
        begun = [version.created_at for version in versions if version.status == "TRAINING_IN_PROGRESS"]
        if not begun:
            return ""
        return f"({(self.aws.clock().now - min(begun)).total_seconds() / 60:.0f} minutes of AWS's time)"

    def _everything_runs(self) -> None:
        for service in self.sandbox.status().services:
            if not service.running and service.record.name not in self._killed:
                tail = log_tail(Path(service.record.log))
                raise StepFailedError(f"{service.record.name} ended by itself; the last lines of its log:\n{tail}")


def holds(condition: str, reason: str | None = None, *, status: str = "True") -> Until:
    """Return what tells whether a condition is True (or else), and for this reason where one is given."""

    def test(of: ResourceStatus) -> bool:
        return any(
            c.type == condition and c.status == status and reason in {None, c.reason} for c in of.conditions or []
        )

    return test


def _message(status: ResourceStatus, condition: str) -> str | None:
    found = (c.message for c in status.conditions or [] if c.type == condition and c.status == "True")
    return next(found, None)


def _foremost(status: ResourceStatus) -> Condition | None:
    """Return the condition that says how a resource stands: what is under way or wrong, else whether it is ready."""
    conditions = {c.type: c for c in status.conditions or []}
    return next((conditions[kind] for kind in ("Stalled", "Reconciling", "Ready") if kind in conditions), None)


def _in_words(status: ResourceStatus) -> str:
    condition = _foremost(status)
    return condition.reason if condition is not None else "no status"


def _in_full(status: ResourceStatus) -> str:
    condition = _foremost(status)
    return f"{condition.reason}: {condition.message}" if condition is not None else "without a status"
