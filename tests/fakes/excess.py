"""How long did more run than the spec allowed, and what excuses it?

Amendment 28, held for each stretch of excess by itself rather than for their sum. A stretch of excess of one kind
begins when what runs is more than the spec allows by then, and ends when it is not. Of its time

- that in which the operator is down, AWS has refused a call of the last pass (until the next pass, or as long as the
  operator waits after a denial), a pass lasts, or the resource is suspended or told to leave it, is excused;
- the rest must not be longer than one sweep, jitter included: until then the operator need not look. A hand-over is
  looked at each ``moving_seconds``, so that two versions RUNNING in one have only that long.

What is STARTING or STOPPING is never counted as running: that is AWS's time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Over:
    """More runs than is allowed: so many units, excused by something or not, for at most so many seconds."""

    units: float
    excuse: str | None
    bound_seconds: float
    what: str


@dataclass
class _Stretch:
    began: datetime
    unexcused_seconds: float = 0.0


@dataclass
class Ledger:
    """All stretches of excess, by kind, and the sums over all of them."""

    unit_hours: float = 0.0
    excused_unit_hours: float = 0.0
    _open: dict[str, _Stretch] = field(default_factory=dict)

    def pass_time(self, now: datetime, seconds: float, excess: Mapping[str, Over]) -> None:
        """Account for a time in which nothing changes."""
        for kind in [kind for kind in self._open if kind not in excess]:
            del self._open[kind]
        for kind, over in excess.items():
            stretch = self._open.setdefault(kind, _Stretch(now))
            self.unit_hours += over.units * seconds / 3600
            if over.excuse is not None:
                self.excused_unit_hours += over.units * seconds / 3600
                continue
            stretch.unexcused_seconds += seconds
            assert stretch.unexcused_seconds <= over.bound_seconds, (
                f"{kind}: {over.what}; since {stretch.began}, {stretch.unexcused_seconds:.0f} s without excuse, and "
                f"{over.bound_seconds:.0f} s are allowed"
            )
