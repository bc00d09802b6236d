"""What time is it in the emulated AWS, and what falls due when?"""

from __future__ import annotations

import heapq
import math
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class EmulatedClock:
    """Time that runs `time_scale` times as fast as real time, and never backwards.

    Parameters
    ----------
    start_ms
        Emulated epoch milliseconds at construction.
    time_scale
        Emulated seconds per real second; 0 stands still.
    monotonic
        Real seconds, for tests.
    """

    def __init__(self, start_ms: int, time_scale: float = 1.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._anchor_real = monotonic()
        self._anchor_ms = float(start_ms)
        self._time_scale = time_scale

    @property
    def time_scale(self) -> float:
        """Emulated seconds per real second."""
        return self._time_scale

    def now_ms(self) -> int:
        """Return emulated epoch milliseconds."""
        return int(self._now())

    def now(self) -> datetime:
        """Return emulated time with millisecond precision."""
        return to_datetime(self.now_ms())

    def set_time_scale(self, time_scale: float) -> None:
        """Run faster or slower from now on; the present does not jump."""
        self._anchor_ms = self._now()
        self._anchor_real = self._monotonic()
        self._time_scale = time_scale

    def advance(self, seconds: float) -> None:
        """Jump forward by emulated seconds."""
        if seconds < 0:
            raise ValueError(f"emulated time does not run backwards: advance by {seconds} s was asked for")
        self._anchor_ms += seconds * 1000

    def reach(self, epoch_ms: int) -> None:
        """Let the present be this moment at least."""
        missing_ms = epoch_ms - self._now()
        if missing_ms > 0:
            # At today's epoch a float has steps of 0.00024 ms: the margin keeps the sum from falling short.
            self._anchor_ms += missing_ms + 0.001

    def real_seconds_until(self, due_ms: int) -> float:
        """Return real seconds until an emulated moment: 0 when it is past, infinite while time stands still."""
        remaining_ms = due_ms - self._now()
        if remaining_ms <= 0:
            return 0.0
        return remaining_ms / 1000 / self._time_scale if self._time_scale else math.inf

    def _now(self) -> float:
        return self._anchor_ms + (self._monotonic() - self._anchor_real) * 1000 * self._time_scale


class Move(StrEnum):
    """What AWS takes its time for, and can be kept from ending in a Region."""

    TRAINING = "training"
    SERVING = "serving"


Group = tuple[Move, str]
"""The moves of one kind in one Region."""


@dataclass(order=True, frozen=True)
class _Due:
    due_ms: int
    sequence: int
    run: Callable[[], None] = field(compare=False)
    group: Group | None = field(compare=False)


class Timeline:
    """What will happen at which emulated moment, in order of the moments; not locked, its owner is.

    What is planned in a group does not happen while the group is held, however long it has been due.
    """

    def __init__(self) -> None:
        self._due: list[_Due] = []
        self._sequence = 0
        self._overdue_of_held: dict[Group, list[_Due]] = {}

    @property
    def next_due_ms(self) -> int | None:
        """The moment of the next thing to happen or to be kept from it; None when nothing is planned."""
        return self._due[0].due_ms if self._due else None

    @property
    def held(self) -> frozenset[Group]:
        """The groups that are held."""
        return frozenset(self._overdue_of_held)

    def at(self, due_ms: int, run: Callable[[], None], group: Group | None = None) -> None:
        """Plan something for a moment."""
        self._sequence += 1
        heapq.heappush(self._due, _Due(due_ms, self._sequence, run, group))

    def run_due(self, now_ms: int) -> None:
        """Do everything that is due and not held, including what that plans for moments already past."""
        while self._due and self._due[0].due_ms <= now_ms:
            due = heapq.heappop(self._due)
            if due.group in self._overdue_of_held:
                self._overdue_of_held[due.group].append(due)
            else:
                due.run()

    def hold(self, group: Group) -> None:
        """Let nothing of a group happen from now on."""
        self._overdue_of_held.setdefault(group, [])

    def release(self, group: Group) -> None:
        """Let a group happen again: what is overdue of it with the next `run_due`, in order of its moments."""
        for due in self._overdue_of_held.pop(group, ()):
            heapq.heappush(self._due, due)


def to_datetime(epoch_ms: int) -> datetime:
    """Return epoch milliseconds as UTC, exactly."""
    seconds, milliseconds = divmod(epoch_ms, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=milliseconds * 1000)
