"""What is an emulated Rekognition made of, and who moves its time forward?"""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.arns import parse_arn
from rekognition_sandbox.emulator.calls import CallLog
from rekognition_sandbox.emulator.clock import EmulatedClock, Timeline
from rekognition_sandbox.emulator.faults import FaultBook
from rekognition_sandbox.emulator.metrics import MetricBook
from rekognition_sandbox.emulator.paging import Pager
from rekognition_sandbox.emulator.quotas import Quotas, RateLimiter
from rekognition_sandbox.emulator.rights import CheckedObjectStore, Rights
from rekognition_sandbox.emulator.roles import RoleBook
from rekognition_sandbox.emulator.serving import StartFailureBook
from rekognition_sandbox.emulator.state import Place
from rekognition_sandbox.emulator.store import MotoObjectStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from rekognition_sandbox.emulator.clock import Group, Move
    from rekognition_sandbox.emulator.state import Version
    from rekognition_sandbox.emulator.training import ObjectStore

logger = logging.getLogger(__name__)

#: The moderation model of DetectModerationLabels in the developer guide's newest sample output.
FIRST_BASE_MODEL = "7.0"


@dataclass(frozen=True)
class EmulatorSettings:
    """How an emulator starts, and what a reset goes back to.

    `time_scale` is emulated seconds per real second; `throttle` False lets any number of calls through; `seed`
    decides everything that is random but for request ids.
    """

    time_scale: float = 1.0
    throttle: bool = True
    seed: int = 0


class Engine:
    """The state of an emulated Rekognition in all accounts and Regions, under one lock.

    Whoever reads or changes `places`, `timeline`, `base_model_version` or `quotas` holds `lock` and calls `advance`
    first. A background thread does so whenever something falls due, so that trainings end and outputs appear without
    anybody asking.

    Parameters
    ----------
    settings
        How to start.
    monotonic
        Real seconds, for tests.
    """

    def __init__(
        self, settings: EmulatorSettings | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.settings = settings or EmulatorSettings()
        self.lock = threading.RLock()
        self._changed = threading.Condition(self.lock)
        self._ticker: threading.Thread | None = None
        self._stopping = False
        self._last_creation_ms = 0
        self.clock = EmulatedClock(int(time.time() * 1000), self.settings.time_scale, monotonic)
        self.limiter = RateLimiter(monotonic)
        self.calls = CallLog()
        self._start_over()

    def _start_over(self) -> None:
        self.pager = Pager(random.Random(self.settings.seed).randbytes(16))
        self.faults = FaultBook(self.settings.seed)
        self.start_failures = StartFailureBook()
        self.rights = Rights()
        self.roles = RoleBook()
        self.metrics = MetricBook()
        self.quotas = Quotas(throttling=self.settings.throttle)
        self.timeline = Timeline()
        self.places: dict[tuple[str, str], Place] = {}
        self.base_model_version = FIRST_BASE_MODEL

    def reset(self) -> None:
        """Forget everything but the time, which goes on at its first speed."""
        with self.lock:
            self._start_over()
            self.calls.clear()
            self.limiter.reset()
            self.clock.set_time_scale(self.settings.time_scale)
            self._changed.notify_all()

    def place(self, account: str, region: str) -> Place:
        """Return the state of one account and Region."""
        return self.places.setdefault((account, region), Place(account, region))

    def place_of(self, arn: str) -> Place | None:
        """Return the state of the account and Region that an ARN names; None when it is no project's or version's."""
        parts = parse_arn(arn)
        return self.place(parts.account, parts.region) if parts else None

    def store(self, place: Place, *, training: bool = False) -> ObjectStore:
        """Return S3 as seen from an account and Region, with the rights of the caller."""
        store = MotoObjectStore(place.account, place.region)
        return CheckedObjectStore(store, self.rights, place.partition, training=training)

    def observe(self, place: Place, version: Version, at_ms: int) -> None:
        """Let CloudWatch know in which state a version is from an emulated moment on."""
        project = place.projects[version.project_arn]
        self.metrics.observe(place.account, place.region, project.name, version, at_ms)

    def next_creation_ms(self) -> int:
        """Return the emulated present in epoch milliseconds, later than any given before: ARNs end in it."""
        self.clock.reach(self._last_creation_ms + 1)
        self._last_creation_ms = self.clock.now_ms()
        return self._last_creation_ms

    def plan(self, due_ms: int, run: Callable[[], None], *, ends: Group | None = None) -> None:
        """Let something happen at an emulated moment, under the lock.

        What ends a move of a Region waits while those moves are held there.
        """
        self.timeline.at(due_ms, run, group=ends)
        self._changed.notify_all()

    def hold(self, move: Move, region: str) -> None:
        """Let no such move of a Region end until they are released, whatever the clock does; all else goes on."""
        with self.lock:
            self.advance()
            self.timeline.hold((move, region))

    def release(self, move: Move, region: str) -> None:
        """Let such moves of a Region end again; those that are overdue have ended on return, in their order."""
        with self.lock:
            self.timeline.release((move, region))
            self.advance()
            self._changed.notify_all()

    def advance(self) -> None:
        """Let everything happen that is due."""
        self.timeline.run_due(self.clock.now_ms())

    def set_clock(self, *, time_scale: float | None = None, advance_seconds: float | None = None) -> None:
        """Change the speed of time, jump forward, or both; what falls due by that, and is not held, has happened."""
        with self.lock:
            if time_scale is not None:
                self.clock.set_time_scale(time_scale)
            if advance_seconds is not None:
                self.clock.advance(advance_seconds)
            self.advance()
            self._changed.notify_all()

    def start(self) -> None:
        """Start the thread that moves time forward."""
        with self.lock:
            self._stopping = False
            self._ticker = threading.Thread(target=self._tick, name="emulator-time", daemon=True)
            self._ticker.start()

    def stop(self) -> None:
        """Stop that thread."""
        with self.lock:
            self._stopping = True
            self._changed.notify_all()
            ticker = self._ticker
        if ticker is not None:
            ticker.join()

    def _tick(self) -> None:
        with self.lock:
            while not self._stopping:
                try:
                    self.advance()
                except Exception:
                    logger.exception("something that fell due in the emulator went wrong; time goes on")
                    continue
                due_ms = self.timeline.next_due_ms
                wait_seconds = math.inf if due_ms is None else self.clock.real_seconds_until(due_ms)
                self._changed.wait(None if math.isinf(wait_seconds) else wait_seconds)
