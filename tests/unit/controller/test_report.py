"""What is patched into the status, and when nothing is?"""

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from fakes.kube import merge
from rekognition_operator.controller.backoff import Backoff
from rekognition_operator.controller.report import merge_patch, only_queue_moved

if TYPE_CHECKING:
    from pydantic import JsonValue

values: "st.SearchStrategy[JsonValue]" = st.recursive(
    st.integers() | st.booleans() | st.sampled_from(["", "x", "y"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=8,
)
objects = st.dictionaries(st.sampled_from("abcd"), values, max_size=4)


@given(objects, objects)
def test_the_patch_makes_what_is_wanted_of_what_is_stored(
    stored: dict[str, "JsonValue"], wanted: dict[str, "JsonValue"]
) -> None:
    assert merge(stored, merge_patch(stored, wanted)) == wanted


@given(objects)
def test_nothing_is_patched_where_nothing_differs(stored: dict[str, "JsonValue"]) -> None:
    assert merge_patch(stored, dict(stored)) == {}


def test_only_what_differs_is_patched_and_lists_are_replaced_whole() -> None:
    stored: dict[str, JsonValue] = {"active": {"arn": "a", "f1Score": 0.8}, "versions": [{"name": "v"}], "queue": {}}
    wanted: dict[str, JsonValue] = {"active": {"arn": "a", "f1Score": 0.9}, "versions": [{"name": "v"}, {"name": "w"}]}
    assert merge_patch(stored, wanted) == {
        "active": {"f1Score": 0.9},
        "versions": [{"name": "v"}, {"name": "w"}],
        "queue": None,
    }


def test_a_move_in_the_queue_is_told_apart_from_everything_else() -> None:
    assert only_queue_moved({"queue": {"position": 2}})
    assert not only_queue_moved({"queue": {"position": 2, "waitingFor": "TrainingSlot"}})
    assert not only_queue_moved({"queue": None})
    assert not only_queue_moved({"queue": {"position": 2}, "conditions": []})


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_delays_after_failures_are_never_nothing_and_never_more_than_five_minutes(failures: int, drawn: float) -> None:
    assert 0.2 <= Backoff(lambda: drawn).after_failures(failures) <= 300


@given(st.floats(0, 86400), st.floats(0, 1))
def test_an_interval_is_kept_within_a_tenth(seconds: float, drawn: float) -> None:
    assert seconds * 0.899 <= Backoff(lambda: drawn).around(seconds) <= seconds * 1.101
