"""Are pages complete and stable, and is a token that we did not give refused?"""

from __future__ import annotations

import base64
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rekognition_sandbox.emulator.errors import AwsError
from rekognition_sandbox.emulator.paging import Pager


@dataclass(frozen=True)
class Thing:
    created_ms: int


PAGER = Pager(b"secret")
SCOPE = ("DescribeProjects", "123456789012", "us-east-1")


def things(count: int) -> list[Thing]:
    return [Thing(created_ms) for created_ms in range(count, 0, -1)]


@given(count=st.integers(0, 30), size=st.integers(1, 10))
def test_pages_together_are_the_whole_list_and_only_the_last_has_no_token(count: int, size: int) -> None:
    everything, token, collected = things(count), None, list[Thing]()
    while True:
        page, token = PAGER.page(everything, max_results=size, token=token, scope=SCOPE)
        collected += page
        if token is None:
            break
        assert len(page) == size

    assert collected == everything


def test_new_and_deleted_items_between_two_pages_repeat_and_hide_nothing() -> None:
    everything = things(6)
    _, token = PAGER.page(everything, max_results=2, token=None, scope=SCOPE)

    changed = [Thing(7), *everything[:1], *everything[2:]]
    page, _ = PAGER.page(changed, max_results=2, token=token, scope=SCOPE)

    assert page == [Thing(4), Thing(3)]


@pytest.mark.parametrize("token", ["", "garbage", "Z2FyYmFnZQ==", "ÄÖÜ", base64.b64encode(b"5.x.y").decode()])
def test_a_token_that_nobody_gave_is_invalid(token: str) -> None:
    with pytest.raises(AwsError, match="Invalid Pagination Token") as caught:
        PAGER.page(things(3), max_results=2, token=token, scope=SCOPE)

    assert caught.value.code == "InvalidPaginationTokenException"


def test_a_token_is_good_only_for_the_request_that_it_was_given_for() -> None:
    _, token = PAGER.page(things(3), max_results=2, token=None, scope=SCOPE)

    with pytest.raises(AwsError, match="Invalid Pagination Token"):
        PAGER.page(things(3), max_results=2, token=token, scope=("DescribeProjects", "210987654321", "us-east-1"))
    with pytest.raises(AwsError, match="Invalid Pagination Token"):
        Pager(b"other").page(things(3), max_results=2, token=token, scope=SCOPE)
