"""Do the words of others, and numbers, fit into a sentence of ours?"""

import pytest

from rekognition_operator.core.wording import clause, counted


@pytest.mark.parametrize("text", ["AWS says so", "AWS says so.", "AWS says so. ", " AWS says so...\n"])
def test_the_full_stop_of_a_text_is_left_to_the_sentence_around_it(text: str) -> None:
    assert clause(text) == "AWS says so"


def test_full_stops_within_a_text_stay() -> None:
    assert clause("First. Second 1.5.") == "First. Second 1.5"


@pytest.mark.parametrize(("number", "told"), [(0, "0 versions"), (1, "1 version"), (2, "2 versions")])
def test_one_thing_is_not_told_in_the_plural(number: int, told: str) -> None:
    assert counted(number, "version") == told
