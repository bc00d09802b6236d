"""Which calls does a fault strike?"""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from rekognition_sandbox.emulator.faults import FaultBook
from rekognition_sandbox.emulator.wire import AnswerLost, ErrorSpec, FaultSpec

ERROR = ErrorSpec(code="AccessDeniedException")


def struck(book: FaultBook, calls: int, operation: str = "CreateProject") -> list[int]:
    """Return the numbers (from 1) of the calls that got the error."""
    return [number for number in range(1, calls + 1) if book.strike(operation).error]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (FaultSpec(error=ERROR), [1, 2, 3, 4, 5]),
        (FaultSpec(error=ERROR, nth=3), [3]),
        (FaultSpec(error=ERROR, nth=2, times=3), [2, 3, 4]),
        (FaultSpec(error=ERROR, times=2), [1, 2]),
        (FaultSpec(error=ERROR, operation="CreateProject", nth=1), [1]),
        (FaultSpec(error=ERROR, operation="DeleteProject"), []),
        (FaultSpec(error=ERROR, probability=0), []),
        (FaultSpec(error=ERROR, probability=1, nth=4, times=9), [4, 5]),
    ],
)
def test_a_fault_strikes_the_calls_that_it_names(spec: FaultSpec, expected: list[int]) -> None:
    book = FaultBook(0)
    book.add(spec)

    assert struck(book, 5) == expected


def test_a_fault_of_one_region_leaves_the_calls_to_others_alone() -> None:
    book = FaultBook(0)
    book.add(FaultSpec(error=ERROR, region="eu-west-1", nth=2))

    regions = ["eu-west-1", "us-east-1", "us-east-1", "eu-west-1"]

    assert [bool(book.strike("CreateProject", region).error) for region in regions] == [False, False, False, True]


def test_clearing_a_region_ends_only_the_faults_asked_for_there() -> None:
    book = FaultBook(0)
    book.add(FaultSpec(error=ERROR, region="eu-west-1"))
    everywhere = book.add(FaultSpec(error=ERROR))

    book.clear("eu-west-1")

    assert book.views() == [everywhere]


def test_counting_begins_when_the_fault_is_made() -> None:
    book = FaultBook(0)
    book.strike("CreateProject")
    book.add(FaultSpec(error=ERROR, nth=1))

    assert struck(book, 2) == [1]


def test_the_same_seed_strikes_the_same_calls() -> None:
    def lottery(seed: int) -> list[int]:
        book = FaultBook(seed)
        book.add(FaultSpec(error=ERROR, probability=0.3))
        return struck(book, 100)

    assert lottery(1) == lottery(1)
    assert lottery(1) != lottery(2)
    assert 10 < len(lottery(1)) < 60


def test_delays_add_up_and_the_oldest_other_fault_decides() -> None:
    book = FaultBook(0)
    book.add(FaultSpec(delay_seconds=0.5, withhold_seconds=2))
    book.add(FaultSpec(answer_lost=AnswerLost.AFTER_EFFECT, delay_seconds=0.25))
    book.add(FaultSpec(error=ERROR))

    injection = book.strike("CreateProject")

    assert injection.delay_seconds == 0.75
    assert injection.withhold_seconds == 2
    assert injection.answer_lost is AnswerLost.AFTER_EFFECT
    assert injection.error is None


def test_a_fault_tells_how_often_it_struck() -> None:
    book = FaultBook(0)
    book.add(FaultSpec(error=ERROR, nth=2))
    struck(book, 3)

    (view,) = book.views()

    assert (view.calls_seen, view.struck) == (3, 1)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "needs error, answer_lost, delay_seconds or withhold_seconds"),
        ({"error": ERROR, "answer_lost": "after_effect"}, "leave out error or answer_lost"),
        ({"delay_seconds": 1, "nth": 0}, "nth"),
        ({"delay_seconds": 1, "typo": 1}, "typo"),
    ],
)
def test_a_fault_that_means_nothing_is_refused(fields: dict[str, object], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        FaultSpec.model_validate(fields)
