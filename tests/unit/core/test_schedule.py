"""When does a window begin and end, on any day of any zone?"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

from exploring import examples
from fakes.models import windows
from rekognition_operator.core.schedule import (
    Schedule,
    Span,
    Stretch,
    UnknownZoneError,
    Window,
    minute_of_day,
    read_zone,
)

NEW_YORK, BERLIN, LORD_HOWE, APIA = "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"
OFFICE = "Mon-Fri 08:00-19:00"


def utc(text: str) -> datetime:
    """Read a moment of UTC, such as 2026-03-02 09:00."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def told(span: Span | Stretch | None) -> str:
    """Say when it begins and ends, in UTC."""
    if span is None:
        return "none"
    begins, ends = ("..." if m is None else f"{m:%m-%d %H:%M}" for m in (span.begins, span.ends))
    return f"{begins} to {ends}"


# --- days and hours -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "span", "following", "last"),
    [
        ("2026-03-02 07:59", "none", "03-02 08:00 to 03-02 19:00", "02-27 08:00 to 02-27 19:00"),
        (
            "2026-03-02 08:00", "03-02 08:00 to 03-02 19:00",
            "03-03 08:00 to 03-03 19:00", "02-27 08:00 to 02-27 19:00",
        ),
        (
            "2026-03-02 18:59", "03-02 08:00 to 03-02 19:00",
            "03-03 08:00 to 03-03 19:00", "02-27 08:00 to 02-27 19:00",
        ),
        ("2026-03-02 19:00", "none", "03-03 08:00 to 03-03 19:00", "03-02 08:00 to 03-02 19:00"),
        ("2026-03-07 12:00", "none", "03-09 08:00 to 03-09 19:00", "03-06 08:00 to 03-06 19:00"),
    ],
)  # fmt: skip
def test_a_window_is_open_from_its_beginning_to_just_before_its_end_on_its_days(
    now: str, span: str, following: str, last: str
) -> None:
    schedule, at = windows(OFFICE), utc(now)
    assert told(schedule.span_at(at)) == span
    assert told(schedule.next_span(at)) == following
    assert told(schedule.last_span(at)) == last


def test_a_window_follows_the_wall_clock_of_its_zone() -> None:
    assert told(windows(OFFICE, zone=BERLIN).span_at(utc("2026-03-02 07:00"))) == "03-02 07:00 to 03-02 18:00"
    assert told(windows(OFFICE, zone=NEW_YORK).span_at(utc("2026-03-02 13:00"))) == "03-02 13:00 to 03-03 00:00"


def test_the_days_are_those_of_the_zone_not_those_of_utc() -> None:
    monday = windows("Mon 08:00-19:00", zone="Pacific/Auckland")
    assert told(monday.span_at(utc("2026-03-01 20:00"))) == "03-01 19:00 to 03-02 06:00"  # Sunday in UTC
    assert monday.span_at(utc("2026-03-02 20:00")) is None


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    night = windows("Fri 22:00-02:00")
    assert told(night.span_at(utc("2026-03-07 01:59"))) == "03-06 22:00 to 03-07 02:00"
    assert night.span_at(utc("2026-03-07 02:00")) is None
    assert night.span_at(utc("2026-03-06 01:00")) is None
    assert night.span_at(utc("2026-03-07 23:00")) is None


def test_to_at_midnight_is_the_end_of_the_day() -> None:
    evening = windows("Sat 20:00-00:00")
    assert told(evening.span_at(utc("2026-03-07 23:59"))) == "03-07 20:00 to 03-08 00:00"
    assert evening.span_at(utc("2026-03-08 00:00")) is None


def test_from_and_to_alike_make_a_whole_day() -> None:
    assert told(windows("Tue 08:00-08:00").span_at(utc("2026-03-04 07:59"))) == "03-03 08:00 to 03-04 08:00"


# --- windows unite --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "now", "span"),
    [
        (("Mon 08:00-12:00", "Mon 12:00-19:00"), "2026-03-02 13:00", "03-02 08:00 to 03-02 19:00"),
        (("Mon 08:00-14:00", "Mon 11:00-19:00"), "2026-03-02 13:00", "03-02 08:00 to 03-02 19:00"),
        (("Mon 08:00-19:00", "Mon 11:00-12:00"), "2026-03-02 13:00", "03-02 08:00 to 03-02 19:00"),
        (("Mon 08:00-12:00", "Mon 12:01-19:00"), "2026-03-02 13:00", "03-02 12:01 to 03-02 19:00"),
        (("Mon 22:00-02:00", "Tue 02:00-05:00"), "2026-03-03 03:00", "03-02 22:00 to 03-03 05:00"),
        (("Mon-Fri 00:00-00:00",), "2026-03-04 03:00", "03-02 00:00 to 03-07 00:00"),
    ],
)
def test_windows_that_touch_or_overlap_are_one_stretch(texts: tuple[str, ...], now: str, span: str) -> None:
    assert told(windows(*texts).span_at(utc(now))) == span


ALWAYS = pytest.mark.parametrize(
    "always", [windows("Mon-Sun 00:00-00:00"), windows("Mon-Sun 08:00-20:00", "Mon-Sun 20:00-08:00", zone=NEW_YORK)]
)


@ALWAYS
def test_windows_without_a_gap_have_neither_beginning_nor_end(always: Schedule) -> None:
    for day in range(400):  # also over both clock changes
        at = utc("2026-03-02 09:17") + timedelta(days=day)
        assert told(always.span_at(at)) == "... to ..."
        assert always.next_span(at) is None
        assert always.last_span(at) is None


# --- clock changes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "text", "before", "after"),
    [
        (NEW_YORK, "Sat,Sun 08:00-19:00", "03-07 13:00 to 03-08 00:00", "03-08 12:00 to 03-08 23:00"),
        (BERLIN, "Sat,Sun 08:00-19:00", "03-28 07:00 to 03-28 18:00", "03-29 06:00 to 03-29 17:00"),
    ],
)
def test_in_spring_a_window_keeps_its_wall_clock_time(zone: str, text: str, before: str, after: str) -> None:
    schedule = windows(text, zone=zone)
    first = utc("2026-03-07 13:00") if zone == NEW_YORK else utc("2026-03-28 07:00")
    assert told(schedule.span_at(first)) == before
    assert told(schedule.next_span(first)) == after


@pytest.mark.parametrize(
    ("zone", "first", "before", "after"),
    [
        (NEW_YORK, "2026-10-31 12:00", "10-31 12:00 to 10-31 23:00", "11-01 13:00 to 11-02 00:00"),
        (BERLIN, "2026-10-24 06:00", "10-24 06:00 to 10-24 17:00", "10-25 07:00 to 10-25 18:00"),
    ],
)
def test_in_autumn_a_window_keeps_its_wall_clock_time(zone: str, first: str, before: str, after: str) -> None:
    schedule = windows("Sat,Sun 08:00-19:00", zone=zone)
    assert told(schedule.span_at(utc(first))) == before
    assert told(schedule.next_span(utc(first))) == after


@pytest.mark.parametrize(
    ("zone", "text", "asked", "span", "hours"),
    [
        # The clock goes from 02:00 to 03:00 (New York, 8 March), and from 02:00 to 03:00 (Berlin, 29 March).
        (NEW_YORK, "Sat 22:00-06:00", "2026-03-08 05:00", "03-08 03:00 to 03-08 10:00", 7),
        (BERLIN, "Sat 22:00-06:00", "2026-03-29 00:00", "03-28 21:00 to 03-29 04:00", 7),
        (NEW_YORK, "Sun 02:30-06:00", "2026-03-08 08:00", "03-08 07:00 to 03-08 10:00", 3),
        (BERLIN, "Sun 02:30-06:00", "2026-03-29 02:00", "03-29 01:00 to 03-29 04:00", 3),
        (NEW_YORK, "Sat 22:00-02:30", "2026-03-08 05:00", "03-08 03:00 to 03-08 07:00", 4),
        (BERLIN, "Sat 22:00-02:30", "2026-03-29 00:00", "03-28 21:00 to 03-29 01:00", 4),
        # It goes back from 02:00 to 01:00 (New York, 1 November), and from 03:00 to 02:00 (Berlin, 25 October).
        (NEW_YORK, "Sat 22:00-06:00", "2026-11-01 05:00", "11-01 02:00 to 11-01 11:00", 9),
        (BERLIN, "Sat 22:00-06:00", "2026-10-25 00:00", "10-24 20:00 to 10-25 05:00", 9),
        (NEW_YORK, "Sun 01:30-06:00", "2026-11-01 06:00", "11-01 05:30 to 11-01 11:00", 5.5),
        (BERLIN, "Sun 02:30-06:00", "2026-10-25 01:00", "10-25 00:30 to 10-25 05:00", 4.5),
        (NEW_YORK, "Sat 22:00-01:30", "2026-11-01 05:00", "11-01 02:00 to 11-01 06:30", 4.5),
        (BERLIN, "Sat 22:00-02:30", "2026-10-25 00:00", "10-24 20:00 to 10-25 01:30", 5.5),
        # Lord Howe's clock moves by half an hour: from 02:00 to 02:30 (4 October), back to 01:30 (5 April).
        (LORD_HOWE, "Sun 02:15-06:00", "2026-10-03 16:00", "10-03 15:30 to 10-03 19:00", 3.5),
        (LORD_HOWE, "Sun 01:45-06:00", "2026-04-04 15:00", "04-04 14:45 to 04-04 19:30", 4.75),
    ],
)
def test_at_a_clock_change_it_is_open_while_the_wall_shows_its_hours_and_the_change_stands_for_what_is_skipped(
    zone: str, text: str, asked: str, span: str, hours: float
) -> None:
    found = windows(text, zone=zone).span_at(utc(asked))
    assert told(found) == span
    assert found is not None
    assert found.begins is not None
    assert found.ends is not None
    assert found.ends - found.begins == timedelta(hours=hours)


def test_a_window_within_the_skipped_hour_is_none_that_day_and_one_on_all_others() -> None:
    schedule = windows("Sun 02:10-02:50", zone=NEW_YORK)
    assert told(schedule.next_span(utc("2026-03-02 00:00"))) == "03-15 06:10 to 03-15 06:50"


def test_a_day_that_a_zone_skips_has_no_windows() -> None:
    schedule = windows("Fri 08:00-19:00", zone=APIA)  # Samoa had no Friday, 30 December 2011
    assert told(schedule.next_span(utc("2011-12-27 12:00"))) == "01-05 18:00 to 01-06 05:00"


def test_a_night_into_a_skipped_day_ends_at_the_change() -> None:
    schedule = windows("Thu 22:00-02:00", zone=APIA)
    assert told(schedule.span_at(utc("2011-12-30 09:00"))) == "12-30 08:00 to 12-30 10:00"


# --- names and times ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["Europe/Atlantis", "", "/etc/passwd", "../UTC", "Europe", "a" * 300, "Europe/Ber\0lin"]
)
def test_a_zone_that_does_not_exist_is_said_to_be_unknown(name: str) -> None:
    with pytest.raises(UnknownZoneError):
        read_zone(name)


def test_minutes_of_a_day_are_read() -> None:
    assert [minute_of_day(text) for text in ("00:00", "08:30", "23:59")] == [0, 510, 1439]


# --- whatever the schedule ------------------------------------------------------------------------------------------

zones = st.sampled_from(["UTC", NEW_YORK, BERLIN, LORD_HOWE, "Asia/Kathmandu", "Pacific/Auckland", APIA])
minutes = st.integers(0, 1439) | st.sampled_from([0, 60, 90, 119, 120, 121, 150, 180])
drawn_windows = st.builds(
    Window,
    st.sampled_from(["day", "night"]),
    st.frozensets(st.integers(0, 6), min_size=1),
    minutes,
    minutes,
)
schedules = st.builds(Schedule, zones.map(ZoneInfo), st.lists(drawn_windows, min_size=1, max_size=3).map(tuple))
changes = st.sampled_from(
    [utc(day) for day in ("2026-03-08", "2026-03-29", "2026-10-04", "2026-10-25", "2026-11-01", "2026-04-05")]
)
moments = st.builds(
    lambda day, minute: day + timedelta(minutes=minute), changes | st.just(utc("2026-06-17")), st.integers(-3000, 3000)
)


def wall_shows(schedule: Schedule, at: datetime) -> bool:
    """Tell, by the wall clock alone, whether it is within a window."""
    local = at.astimezone(schedule.zone).replace(tzinfo=None)

    def within(window: Window, day: date) -> bool:
        if day.weekday() not in window.days:
            return False
        midnight = datetime.combine(day, time())
        begins = midnight + timedelta(minutes=window.from_minute)
        ends = midnight + timedelta(minutes=window.to_minute)
        if ends <= begins:
            ends += timedelta(days=1)
        return begins <= local < ends

    return any(within(w, local.date() - timedelta(days=back)) for w in schedule.windows for back in (0, 1))


@settings(max_examples=examples(500), deadline=None)
@given(schedules, moments)
@example(windows("Sun 02:10-02:50", zone=NEW_YORK), utc("2026-03-08 07:00"))
def test_a_moment_at_which_the_wall_shows_an_hour_of_a_window_is_within_a_stretch(
    schedule: Schedule, at: datetime
) -> None:
    assert (schedule.span_at(at) is not None) or not wall_shows(schedule, at)


@settings(max_examples=examples(300), deadline=None)
@given(schedules, moments)
def test_stretches_are_in_order_and_apart(schedule: Schedule, at: datetime) -> None:
    span, following, last = schedule.span_at(at), schedule.next_span(at), schedule.last_span(at)
    moment = timedelta(seconds=1)
    if span is not None:
        assert span.begins is None or span.begins <= at
        assert span.ends is None or at < span.ends
        assert span.begins is None or schedule.span_at(span.begins - moment) is None
        assert span.ends is None or schedule.span_at(span.ends) is None
    if following is not None:
        assert at < following.begins
        assert span is None or (span.ends is not None and span.ends < following.begins)
        found = schedule.span_at(following.begins)
        assert found is not None
        assert found.begins == following.begins
        assert schedule.span_at(following.begins - moment) is None
    if last is not None:
        assert last.ends <= at
        assert schedule.span_at(last.ends) is None
        assert schedule.span_at(last.ends - moment) is not None
        assert span is None or (span.begins is not None and last.ends < span.begins)


@settings(max_examples=examples(100), deadline=None)
@given(schedules, moments)
def test_what_is_said_of_a_stretch_stays_the_same_until_it_ends(schedule: Schedule, at: datetime) -> None:
    span = schedule.span_at(at)
    later = at + timedelta(hours=13)
    if span is not None and span.begins is not None and span.ends is not None and later < span.ends:
        assert schedule.span_at(later) == span
