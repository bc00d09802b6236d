"""Is AWS's own time read from its answers, and does it neither go back nor stick to what was wrong?"""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from rekognition_operator.aws.servertime import ServerTime

NOON = datetime(2026, 10, 23, 12, tzinfo=UTC)


def answer(told: datetime) -> object:
    return {"ResponseMetadata": {"HTTPHeaders": {"date": format_datetime(told, usegmt=True)}}}


@pytest.fixture
def time() -> ServerTime:
    """Return the time after one answer, asked for at 10 and heard at 11."""
    time = ServerTime()
    time.hear(answer(NOON), asked_at=10, heard_at=11)
    return time


def test_before_the_first_answer_the_time_is_not_known() -> None:
    assert ServerTime().latest is None


def test_the_time_is_that_of_the_latest_answer(time: ServerTime) -> None:
    assert time.latest == NOON
    time.hear(answer(NOON + timedelta(hours=10)), asked_at=12, heard_at=13)  # an emulated clock runs as it likes
    assert time.latest == NOON + timedelta(hours=10)


def test_an_answer_that_was_overtaken_does_not_turn_the_time_back(time: ServerTime) -> None:
    time.hear(answer(NOON - timedelta(minutes=10)), asked_at=10.5, heard_at=12)
    assert time.latest == NOON


@pytest.mark.parametrize(("back_seconds", "taken"), [(1, False), (5, False), (6, True), (86400, True)])
def test_a_later_answer_corrects_the_time_where_it_is_clearly_another(
    time: ServerTime, back_seconds: float, *, taken: bool
) -> None:
    told = NOON - timedelta(seconds=back_seconds)
    time.hear(answer(told), asked_at=12, heard_at=13)
    assert time.latest == (told if taken else NOON)


@pytest.mark.parametrize(
    "untold",
    [
        None,
        "text",
        ("123456789012", None),
        {},
        {"ResponseMetadata": None},
        {"ResponseMetadata": {"HTTPHeaders": {}}},
        {"ResponseMetadata": {"HTTPHeaders": {"date": "yesterday"}}},
        {"ResponseMetadata": {"HTTPHeaders": {"date": ""}}},
    ],
)
def test_an_answer_without_a_date_tells_nothing(time: ServerTime, untold: object) -> None:
    time.hear(untold, asked_at=12, heard_at=13)
    assert time.latest == NOON


@pytest.mark.parametrize("date", ["Fri, 23 Oct 2026 13:00:00 GMT", "Fri, 23 Oct 2026 13:00:00 -0000"])
def test_a_date_is_utc(time: ServerTime, date: str) -> None:
    time.hear({"ResponseMetadata": {"HTTPHeaders": {"date": date}}}, asked_at=12, heard_at=13)
    assert time.latest == NOON + timedelta(hours=1)
