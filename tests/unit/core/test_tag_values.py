"""What do our tags say, how do they fit into AWS, and what is made of tags that others wrote?"""

import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import hypothesis.strategies as st
import pytest
from hypothesis import given

from fakes.builders import NOW, OTHER_OWNER, OWNER
from rekognition_operator.core import tags as t
from rekognition_operator.core.tags import Ownership
from rekognition_operator.core.world import Owner

LONG = Owner("c" * 63, "ModerationAdapter", "n" * 63, "x" * 253)
MINE = t.owner_tags(OWNER)


def fits(value: str) -> bool:
    """Tell whether a tag of AWS can hold it: at most 256 letters, separators, digits, and _ . : / = + - @."""
    return len(value) <= 256 and all(
        unicodedata.category(letter)[0] in "LZN" or letter in "_.:/=+-@" for letter in value
    )


@pytest.mark.parametrize(
    ("tags", "whose"),
    [
        (MINE, Ownership.OURS),
        *(({k: v for k, v in MINE.items() if k != lost}, Ownership.OURS) for lost in t.OWNER_KEYS),
        (t.owner_tags(OTHER_OWNER), Ownership.ANOTHER),
        *(({**MINE, key: "other"}, Ownership.ANOTHER) for key in t.OWNER_KEYS),
        ({t.NAME: "other"}, Ownership.ANOTHER),
        ({t.NAME: OWNER.name, t.NAMESPACE: OWNER.namespace}, Ownership.UNOWNED),
        ({}, Ownership.UNOWNED),
        ({"team": "x"}, Ownership.UNOWNED),
        ({t.RELEASED: t.released_value(OWNER)}, Ownership.RELEASED_TO_US),
        ({t.RELEASED: t.released_value(OTHER_OWNER)}, Ownership.RELEASED),
        ({t.RELEASED: ""}, Ownership.RELEASED),
        ({**MINE, t.RELEASED: t.released_value(OTHER_OWNER)}, Ownership.OURS),
        ({**t.owner_tags(OTHER_OWNER), t.RELEASED: t.released_value(OWNER)}, Ownership.ANOTHER),
    ],
)
def test_tags_tell_whose_a_thing_is(tags: dict[str, str], whose: Ownership) -> None:
    assert t.ownership(tags, OWNER) is whose


def test_a_released_value_that_a_tag_cannot_hold_is_cut_with_a_hash_and_stays_its_own() -> None:
    value = t.released_value(LONG)
    assert len(value) == 256
    assert t.ownership({t.RELEASED: value}, LONG) is Ownership.RELEASED_TO_US
    assert t.ownership({t.RELEASED: value}, replace(LONG, name="x" * 252 + "y")) is Ownership.RELEASED


def test_a_released_value_says_who_it_was() -> None:
    assert t.released_value(OWNER) == "prod/ModerationAdapter/trust-safety/storefront"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_any_retry_token_fits_into_a_tag(token: str) -> None:
    assert fits(t.token_value(token))


@pytest.mark.parametrize("token", ["monday", "2026-03-02 09:00:00", "a.b:c/d=e+f-g@h_1", "Ümläut", "x" * 256])
def test_a_token_that_a_tag_can_hold_is_shown_as_it_is(token: str) -> None:
    assert t.token_value(token) == token


@pytest.mark.parametrize("token", ["why?", "a\tb", "line\n", "a,b", "x" * 257, "🙂"])
def test_another_token_is_hashed_and_stays_its_own(token: str) -> None:
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", t.token_value(token))
    assert t.token_value(token) != t.token_value(token + "x")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=600))
def test_any_answered_token_fits_into_status(token: str) -> None:
    answer = t.answer_value(token)
    assert len(answer) <= 253
    assert (answer == token) is (len(token) <= 253)


@given(st.datetimes(datetime(2000, 1, 2), datetime(2999, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001  # bounds are naive
def test_a_time_is_read_back_to_the_millisecond(moment: datetime) -> None:
    read = t.read_time(t.time_value(moment))
    assert read is not None
    assert timedelta() <= moment - read < timedelta(milliseconds=1)
    assert fits(t.time_value(moment))


def test_a_time_is_written_in_utc() -> None:
    assert t.time_value(NOW.astimezone(timezone(timedelta(hours=9)))) == "2026-03-02T09:00:00.000Z"


@pytest.mark.parametrize(
    "value",
    [None, "", "yesterday", "2026-03-02", "2026-03-02T09:00:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"],
)
def test_what_is_no_time_of_ours_is_none(value: str | None) -> None:
    assert t.read_time(value) is None


@given(st.text(max_size=40))
def test_any_text_is_read_without_an_error(text: str) -> None:
    moment = t.read_time(text)
    assert moment is None or moment + timedelta(days=400) > moment
    assert all(loss.at is not None for loss in t.read_losses(text))


def test_losses_are_read_back_newest_first() -> None:
    older, newer = (t.LostVersion(f"v1-0123456789abcdef-{n}", NOW + timedelta(days=n)) for n in (2, 3))
    assert t.read_losses(t.losses_value([older, newer])) == (newer, older)


def test_what_a_tag_has_no_room_for_is_the_oldest_losses() -> None:
    losses = [t.LostVersion(f"v1-0123456789abcdef-{n}", NOW + timedelta(days=n)) for n in range(30)]
    value = t.losses_value(losses)
    assert fits(value)
    kept = t.read_losses(value)
    assert len(kept) >= 4
    assert kept == tuple(reversed(losses))[: len(kept)]


@pytest.mark.parametrize("value", [None, "", "v1-0123456789abcdef", "v1-0123456789abcdef then"])
def test_what_is_no_loss_of_ours_is_none(value: str | None) -> None:
    assert t.read_losses(value) == ()


def test_an_owner_is_described_for_people() -> None:
    assert t.describe_owner(t.owner_tags(OTHER_OWNER)) == "ModerationAdapter ads/banners of cluster prod"
    assert t.describe_owner({t.RELEASED: "a/b/c/d"}) == "nobody (released by a/b/c/d)"
    assert t.describe_owner({"team": "x"}) == "nobody (it carries no owner tags)"
