"""How does a Custom Labels model start and stop?"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.clock import Move
from rekognition_sandbox.emulator.state import VersionStatus
from rekognition_sandbox.emulator.wire import StartFailure, StartFailureView

if TYPE_CHECKING:
    from rekognition_sandbox.emulator.engine import Engine
    from rekognition_sandbox.emulator.state import InferenceUnits, Place, Version

#: How long a start and a stop last, in emulated time: stop and start together are "10 to 20 minutes" in AWS's guide.
START_MS = 15 * 60 * 1000
STOP_MS = 5 * 60 * 1000

STARTING_MESSAGE = "The model is starting."
RUNNING_MESSAGE = "The model is running."
STOPPING_MESSAGE = "The model is stopping."
STOPPED_MESSAGE = "The model has stopped."


class StartFailureBook:
    """Which starts shall fail."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: list[tuple[StartFailure, int]] = []

    def add(self, spec: StartFailure) -> StartFailureView:
        """Let starts fail from now on."""
        with self._lock:
            self._failures.append((spec, 0))
        return StartFailureView(spec=spec, struck=0)

    def views(self) -> list[StartFailureView]:
        """Return all of them, used up ones too."""
        with self._lock:
            return [StartFailureView(spec=spec, struck=struck) for spec, struck in self._failures]

    def clear(self) -> None:
        """Let every start succeed again."""
        with self._lock:
            self._failures.clear()

    def strike(self, project_name: str, version_name: str) -> str | None:
        """Return with which message a start fails, by the oldest failure that concerns it; None when it succeeds."""
        with self._lock:
            for index, (spec, struck) in enumerate(self._failures):
                concerned = spec.project_name in {None, project_name} and spec.version_name in {None, version_name}
                if concerned and struck < spec.times:
                    self._failures[index] = (spec, struck + 1)
                    return spec.message
        return None


def begin_starting(engine: Engine, place: Place, version: Version, units: InferenceUnits, failure: str | None) -> None:
    """Let a model be STARTING, and then RUNNING, or FAILED with the message of a failure."""
    status = VersionStatus.RUNNING if failure is None else VersionStatus.FAILED
    _pass_through(
        engine,
        place,
        replace(version, status=VersionStatus.STARTING, status_message=STARTING_MESSAGE, units=units),
        then=status,
        message=failure or RUNNING_MESSAGE,
        after_ms=START_MS,
    )


def begin_stopping(engine: Engine, place: Place, version: Version) -> None:
    """Let a model be STOPPING, and then STOPPED."""
    _pass_through(
        engine,
        place,
        replace(version, status=VersionStatus.STOPPING, status_message=STOPPING_MESSAGE),
        then=VersionStatus.STOPPED,
        message=STOPPED_MESSAGE,
        after_ms=STOP_MS,
    )


def _pass_through(
    engine: Engine, place: Place, passing: Version, *, then: VersionStatus, message: str, after_ms: int
) -> None:
    """Let a model be in a passing state for a while; what the controls decide in the meantime stands."""
    passing = replace(passing, transitions=passing.transitions + 1)
    now_ms = engine.clock.now_ms()
    due_ms = now_ms + after_ms
    place.versions[passing.arn] = passing
    engine.observe(place, passing, now_ms)

    def passed() -> None:
        present = place.versions.get(passing.arn)
        if present is None or present.status is not passing.status or present.transitions != passing.transitions:
            return
        passed_on = replace(present, status=then, status_message=message)
        place.versions[passing.arn] = passed_on
        engine.observe(place, passed_on, due_ms)

    engine.plan(due_ms, passed, ends=(Move.SERVING, place.region))
