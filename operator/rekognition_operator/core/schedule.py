"""Is it within the hours in which a model shall run, and when does that change?

Windows follow the wall clock of their zone. Where a clock change skips the time at which a window begins or ends, the
moment of the change stands for it; where a time comes twice, a window begins with the first and ends with the last.
So a model runs at every moment at which a clock on the wall shows a time within a window.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_LOOK_DAYS = 16
"""A week has every boundary of every window once, unless a clock change skips it: then the week after has; a day more
for windows over midnight, and one for the zone."""
_ENDLESS = timedelta(days=8)
"""A stretch that begins or ends further away has no gap in the week, and so neither beginning nor end."""


class UnknownZoneError(ValueError):
    """There is no time zone of this name."""


@dataclass(frozen=True)
class Window:
    """Hours of some days of the week; ``days`` count from 0, Monday. Times are minutes since midnight.

    A window whose end is not later than its beginning ends on the next day.
    """

    name: str
    days: frozenset[int]
    from_minute: int
    to_minute: int


@dataclass(frozen=True)
class Span:
    """A stretch of time, from ``begins`` to just before ``ends``, both in UTC; ``name`` is that of its window."""

    name: str
    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class Stretch:
    """The windows around a moment, which touch or overlap; None: they leave no gap, so there is no such moment."""

    begins: datetime | None
    ends: datetime | None


@dataclass(frozen=True)
class Schedule:
    """The windows of one resource, which unite."""

    zone: ZoneInfo
    windows: tuple[Window, ...]

    def span_at(self, now: datetime) -> Stretch | None:
        """Return the stretch of windows around a moment: from the first beginning to the last end; None outside."""
        span = next((span for span in self._united(now) if span.begins <= now < span.ends), None)
        if span is None:
            return None
        return Stretch(
            begins=span.begins if now - span.begins < _ENDLESS else None,
            ends=span.ends if span.ends - now < _ENDLESS else None,
        )

    def next_span(self, now: datetime) -> Span | None:
        """Return the next stretch that begins after a moment; None where the windows leave no gap."""
        return next((span for span in self._united(now) if span.begins > now), None)

    def last_span(self, now: datetime) -> Span | None:
        """Return the last stretch that has ended at a moment, of about the past two weeks."""
        # What ends where the looking begins may only seem to: the window that it goes on in began before.
        seen_whole = now - timedelta(days=_LOOK_DAYS - 2)
        ended = [span for span in self._united(now) if seen_whole <= span.ends <= now]
        return ended[-1] if ended else None

    def _united(self, now: datetime) -> tuple[Span, ...]:
        """Return the stretches of about two weeks before and after a moment, in order."""
        return _stretches(self, now.astimezone(self.zone).date())


@lru_cache(maxsize=1024)  # a day's answer serves all passes of that day: 20 windows take some 50 ms
def _stretches(schedule: Schedule, today: date) -> tuple[Span, ...]:
    """Unite the windows of the days around one, where they touch or overlap."""
    united: list[Span] = []
    for span in sorted(_spans(schedule, today), key=lambda span: (span.begins, span.ends)):
        if united and span.begins <= united[-1].ends:
            last = united.pop()
            united.append(Span(last.name, last.begins, max(last.ends, span.ends)))
        else:
            united.append(span)
    return tuple(united)


def _spans(schedule: Schedule, today: date) -> Iterator[Span]:
    for offset in range(-_LOOK_DAYS, _LOOK_DAYS + 1):
        day = today + timedelta(days=offset)
        for window in schedule.windows:
            if day.weekday() not in window.days:
                continue
            begins = _moment(schedule.zone, day, window.from_minute, last=False)
            over_midnight = window.to_minute <= window.from_minute
            ends = _moment(schedule.zone, day + timedelta(days=over_midnight), window.to_minute, last=True)
            if begins < ends:  # a window within an hour that a clock change skips is none
                yield Span(window.name, begins, ends)


def read_zone(name: str) -> ZoneInfo:
    """Return the zone of an IANA name. Raises UnknownZoneError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownZoneError(name) from None


def minute_of_day(text: str) -> int:
    """Return the minutes since midnight of a time such as 08:30."""
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def _moment(zone: ZoneInfo, day: date, minute: int, *, last: bool) -> datetime:
    """Return when a clock on the wall shows this time of this day, in UTC: the first or the last time that it does."""
    local = datetime.combine(day, time(minute // 60, minute % 60))
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(zone).replace(tzinfo=None) == local:
        return second if last else first
    # The clock skips this time. Read with the offset after the change it is too early, with the one before too late.
    return _change_between(zone, second, first)


def _change_between(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the first second in a stretch of time at which the zone has another offset than at its beginning."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)
