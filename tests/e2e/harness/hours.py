"""Which windows are open, or closed, for so long that no story need hurry? AWS's clock runs ahead of ours."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_AWAY_DAYS = 3


@dataclass(frozen=True)
class Office:
    """A window on one day, in three days' time; in UTC it begins and ends at ``begins`` and ``ends``."""

    schedule: dict[str, Any]
    begins: datetime
    ends: datetime


def closed_until(now: datetime, zone: str = "UTC") -> Office:
    """Return hours of a day that is at least two days away from now."""
    day = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=_AWAY_DAYS)
    schedule = _schedule(zone, [day], "05:45", "23:15")
    return Office(schedule, _moment(zone, day, time(5, 45)), _moment(zone, day, time(23, 15)))


def open_for_days(now: datetime, zone: str = "UTC") -> Office:
    """Return hours that have begun today and end after at least two days."""
    today = now.astimezone(ZoneInfo(zone)).date()
    days = [today + timedelta(days=number) for number in range(_AWAY_DAYS)]
    schedule = _schedule(zone, days, "00:00", "00:00")
    return Office(schedule, _moment(zone, today, time()), _moment(zone, days[-1] + timedelta(days=1), time()))


def told(moment: datetime) -> str:
    """Return a time as status has it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _schedule(zone: str, days: list[date], begins: str, ends: str) -> dict[str, Any]:
    names = [_DAYS[day.weekday()] for day in days]
    return {"timeZone": zone, "windows": [{"name": "office", "days": names, "from": begins, "to": ends}]}


def _moment(zone: str, day: date, at: time) -> datetime:
    return datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC)
