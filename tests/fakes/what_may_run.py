"""What may run at a moment? By the spec and the clock on the wall alone, not by the operator's own code."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, cast
from zoneinfo import ZoneInfo

USD_PER_UNIT_HOUR: Final = 4.0
STEP: Final = timedelta(minutes=30)
"""Windows begin and end, and clocks change, at half hours of UTC, in all zones of the simulation."""

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Asked:
    """What a spec asks for at a time."""

    running: bool
    least: int
    most: int
    scales: bool
    blue_green: bool
    zone: ZoneInfo | None
    windows: tuple[tuple[frozenset[int], int, int], ...]
    idle_after: timedelta | None
    paid: float
    """How many inference units the budget pays for."""
    suspended: bool
    reports: bool
    """driftPolicy is Report."""

    @property
    def units(self) -> tuple[int, int | None]:
        """The inference units, as StartProjectVersion takes them."""
        return self.least, self.most if self.scales else None

    @property
    def refused(self) -> bool:
        """Whether the budget does not pay for these units."""
        return self.most > self.paid

    def open_at(self, at: datetime) -> bool:
        """Whether state and schedule let it run: state Running, and the clock on the wall is within a window."""
        return self.running and (self.zone is None or self.in_window(at))

    def in_window(self, at: datetime) -> bool:
        """Whether the clock on the wall shows a time within a window."""
        if self.zone is None:
            return True
        local = at.astimezone(self.zone)
        today, minute = local.weekday(), local.hour * 60 + local.minute
        for days, begins, ends in self.windows:
            if begins < ends:
                if today in days and begins <= minute < ends:
                    return True
            elif (today in days and minute >= begins) or ((today - 1) % 7 in days and minute < ends):
                return True
        return False


def read_asked(spec: Mapping[str, object]) -> Asked:
    """Read a spec as a person wrote it."""
    serving = cast("dict[str, object]", spec.get("serving") or {})
    schedule = cast("dict[str, object] | None", serving.get("schedule"))
    windows = cast("list[dict[str, object]]", schedule["windows"] if schedule else [])
    least = cast("int", serving.get("minInferenceUnits", 1))
    most = cast("int | None", serving.get("maxInferenceUnits"))
    idle = cast("dict[str, str] | None", serving.get("idleStop"))
    budget = cast("dict[str, float] | None", serving.get("budget"))
    return Asked(
        running=serving.get("state") == "Running",
        least=least,
        most=most or least,
        scales=most is not None,
        blue_green=serving.get("rollout") != "Recreate",
        zone=ZoneInfo(str(schedule["timeZone"])) if schedule else None,
        windows=tuple(
            (
                frozenset(_DAYS.index(day) for day in cast("list[str]", window["days"])),
                _minute(str(window["from"])),
                _minute(str(window["to"])),
            )
            for window in windows
        ),
        idle_after=timedelta(hours=int(idle["after"].removesuffix("h"))) if idle else None,
        paid=budget["maxUSDPerHour"] // USD_PER_UNIT_HOUR if budget else float("inf"),
        suspended=spec.get("suspend") is True,
        reports=spec.get("driftPolicy") == "Report",
    )


def next_step(at: datetime) -> datetime:
    """Return the next moment at which a window may begin or end."""
    since = at - datetime(2026, 1, 1, tzinfo=UTC)
    return at - since % STEP + STEP


def _minute(time: str) -> int:
    return int(time[:2]) * 60 + int(time[3:])
