"""Are the numbers of docs/costs.md what the windows, the price and the budget's arithmetic make them?"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from rekognition_operator.api.customlabelsmodel import CustomLabelsModelStatus
from rekognition_operator.core.decision import Policy
from rekognition_operator.core.resolve import resolve
from rekognition_operator.core.schedule import Schedule, Window, minute_of_day, read_zone
from rekognition_operator.core.world import Serving

ROOT = Path(__file__).parents[3]
PRICE_USD = Policy().usd_per_unit_hour
YEAR = 2026
BERLIN = read_zone("Europe/Berlin")


@pytest.fixture(scope="module")
def page() -> str:
    return " ".join((ROOT / "docs" / "costs.md").read_text(encoding="utf-8").split())


def serving(example: str) -> Serving:
    """Return how an example wants its model to run."""
    manifest: dict[str, Any] = yaml.safe_load((ROOT / "examples" / example).read_text(encoding="utf-8"))
    served = resolve(manifest, cluster_name="prod", default_region=None, account="111122223333").serving
    assert served is not None
    return served


def office_hours() -> Schedule:
    schedule = serving("customlabelsmodel-office-hours.yaml").schedule
    assert schedule is not None
    return schedule


def hours_in(schedule: Schedule, begins: datetime, ends: datetime) -> float:
    """Return for how many hours the windows are open between two moments."""
    open_for, now = timedelta(), begins
    while span := schedule.next_span(now):
        if span.begins >= ends:
            break
        open_for += min(span.ends, ends) - span.begins
        now = span.ends
    return open_for / timedelta(hours=1)


def month(number: int) -> tuple[datetime, datetime]:
    """Return the first moment of a month, and that of the next."""
    begins = datetime(YEAR, number, 1, tzinfo=UTC)
    return begins, (begins + timedelta(days=32)).replace(day=1)


def usd(hours: float, units: int = 1) -> str:
    return f"{hours * units * PRICE_USD:,.0f}"


def test_a_model_that_is_always_on(page: str) -> None:
    begins, ends = month(11)
    hours = (ends - begins) / timedelta(hours=1)
    assert f"| always on | {hours:,.0f} | {usd(hours)} |" in page
    assert (
        f"{usd(24)} USD a day, {usd(hours)} USD in a month of 30 days, {usd(31 * 24)} in one of 31, "
        f"{usd(365 * 24 / 12)} on average, {usd(365 * 24)} in a year" in page
    )


def test_the_readme_says_the_same(page: str) -> None:
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    whole_year = hours_in(office_hours(), datetime(YEAR, 1, 1, tzinfo=UTC), datetime(YEAR + 1, 1, 1, tzinfo=UTC))
    forgotten = datetime(YEAR, 11, 9, 8, tzinfo=UTC) - datetime(YEAR, 11, 6, 18, tzinfo=UTC)
    always, in_office = usd(365 * 24 / 12), round(whole_year / 12 * PRICE_USD, -1)
    assert f"always on costs about {always} USD a month, in office hours about {in_office:g}" in readme
    assert f"on Friday at six has cost {usd(forgotten / timedelta(hours=1))} USD on Monday at eight" in readme
    assert f"{always} on average" in page


def test_a_model_that_runs_in_office_hours(page: str) -> None:
    november, october = hours_in(office_hours(), *month(11)), hours_in(office_hours(), *month(10))
    whole_year = hours_in(office_hours(), datetime(YEAR, 1, 1, tzinfo=UTC), datetime(YEAR + 1, 1, 1, tzinfo=UTC))
    monday = datetime(YEAR, 11, 2, tzinfo=UTC)
    week = hours_in(office_hours(), monday, monday + timedelta(days=7))
    assert f"| office hours: Mon to Fri, 08:00 to 19:00 | {november:g} | {usd(november)} |" in page
    assert f"{week:g} of the 168 hours of a week, {week / 168:.0%}".replace("%", " %") in page
    assert f"which has {october / 11:g} such days, they are {october:g} hours and {usd(october)} USD" in page
    assert f"in the whole of {YEAR} they are {whole_year:,.0f} hours and {usd(whole_year)} USD" in page


def test_a_model_that_is_stopped_when_nobody_asks_it(page: str) -> None:
    idle_after = serving("customlabelsmodel-idle-stop.yaml").idle_after
    assert idle_after == timedelta(hours=1)
    start, use, late = timedelta(minutes=20), timedelta(minutes=30), timedelta(minutes=15)
    a_day, days = start + use + idle_after + late, hours_in(office_hours(), *month(11)) / 11
    hours = days * a_day / timedelta(hours=1)
    assert f"That is {a_day / timedelta(minutes=1):g} minutes; on {days:g} days {hours:g} hours" in page
    assert f"asked for half an hour every morning | {hours:g} | {usd(hours)} |" in page


def test_what_a_hand_over_adds(page: str) -> None:
    assert f"With one unit and 20 minutes that is {20 / 60 * PRICE_USD:.2f} USD for each hand-over" in page
    assert f"two units are {2 * PRICE_USD:.2f} USD an hour" in page


def test_what_a_budget_allows(page: str) -> None:
    one, two = 2 * PRICE_USD, 2 * 2 * PRICE_USD
    assert f"2 x {PRICE_USD:.2f} = {one:.2f} USD an hour, and {two:.2f} while two versions run side by side" in page
    assert all(f"| {line} |" in page for line in (f"{two:g} or more", f"{one:g} to less than {two:g}"))
    assert f"| less than {one:g} |" in page
    assert f"at most {two:g} USD an hour are at most {two * 31 * 24:,.0f} USD in a month of 31 days" in page


@pytest.mark.parametrize(
    ("day", "hours"), [(datetime(YEAR, 10, 24, tzinfo=UTC), 9), (datetime(YEAR, 3, 28, tzinfo=UTC), 7)]
)
def test_a_window_over_a_clock_change(page: str, day: datetime, hours: int) -> None:
    night = Schedule(BERLIN, (Window("night", frozenset({5}), minute_of_day("22:00"), minute_of_day("06:00")),))
    assert hours_in(night, day, day + timedelta(days=2)) == hours
    assert f"{hours} hours on {day.day} {day:%B %Y}" in page


def test_the_status_shown_is_one_that_the_operator_can_write_and_adds_up() -> None:
    text = (ROOT / "docs" / "costs.md").read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    status = yaml.safe_load(text)["status"]
    shown = CustomLabelsModelStatus.model_validate(status).serving
    assert shown is not None
    assert shown.model_dump(by_alias=True, exclude_none=True).keys() == status["serving"].keys()
    assert shown.usd_per_hour == 2 * PRICE_USD
    assert shown.hours_this_month is not None
    assert shown.estimated_usd_this_month == shown.hours_this_month * PRICE_USD
    window = office_hours().span_at(shown.since or datetime.now(UTC))
    assert window is not None
    assert shown.next_transition == window.ends
