"""What holds for every row of every table, whatever it is about?"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from rekognition_operator.core.actions import CreateVersion, DeleteVersion, StartVersion, StopVersion
from rekognition_operator.core.decide import decide
from rekognition_operator.core.events import events
from rekognition_operator.core.status import compose
from rekognition_operator.core.versions import Fleet, sort_out
from rekognition_operator.core.world import VersionState
from unit.core import (
    test_adopt_updates,
    test_create_attempt,
    test_deletion,
    test_follow,
    test_loss,
    test_manual_promotion,
    test_models_proving,
    test_pin,
    test_project,
    test_promotion_gates,
    test_promotion_probes,
    test_refresh,
    test_retention,
    test_serving_bills,
    test_serving_deletion,
    test_serving_drift,
    test_serving_idle,
    test_serving_rollout,
    test_serving_schedule,
    test_serving_start_stop,
    test_serving_units,
    test_suspend,
    test_tags_drift,
    test_training,
    test_training_failures,
)
from unit.core.table import Case, told

TABLES = (
    test_project,
    test_training,
    test_training_failures,
    test_create_attempt,
    test_loss,
    test_refresh,
    test_adopt_updates,
    test_follow,
    test_retention,
    test_promotion_gates,
    test_promotion_probes,
    test_manual_promotion,
    test_pin,
    test_models_proving,
    test_serving_bills,
    test_serving_deletion,
    test_serving_drift,
    test_serving_idle,
    test_serving_rollout,
    test_serving_schedule,
    test_serving_start_stop,
    test_serving_units,
    test_tags_drift,
    test_suspend,
    test_deletion,
)


def _cases() -> Iterator[Case]:
    for table in TABLES:
        yield from table.CASES


def _fleet(case: Case) -> Fleet:
    return sort_out(case.desired, case.observed.versions, case.observed.proofs)


ALL = pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in _cases()])


def test_no_row_is_told_twice() -> None:
    names = [case.name for case in _cases()]
    assert len(names) == len(set(names)) > 150


@ALL
def test_losing_all_status_changes_no_decision_but_those_that_rest_on_it(case: Case) -> None:
    forgetful = replace(case.desired, known_project=None, handled_retry=None)
    with_status = case.decide()
    without = decide(forgetful, case.observed, case.policy, case.now, case.attempt)
    same = [told(action) for action in without.actions] == [told(action) for action in with_status.actions]
    assert same is not case.rests_on_status


@ALL
def test_the_same_look_decides_the_same(case: Case) -> None:
    assert case.decide() == case.decide()


@ALL
def test_the_order_in_which_aws_lists_versions_decides_nothing(case: Case) -> None:
    backwards = replace(case.observed, versions=case.observed.versions[::-1])
    decision = decide(case.desired, backwards, case.policy, case.now, case.attempt)
    assert decision.actions == case.decide().actions


@ALL
def test_ready_and_up_to_date_are_always_told_and_reconciling_excludes_stalled(case: Case) -> None:
    types = [condition.type for condition in case.status().conditions or []]
    assert types[:2] == ["Ready", "UpToDate"]
    assert (types[2:3] == ["Serving"]) is (case.desired.serving is not None)
    assert len(types) == len(set(types))
    assert not {"Reconciling", "Stalled"} <= set(types)


@ALL
def test_at_most_one_version_of_ours_is_started_and_none_is_both_started_and_stopped(case: Case) -> None:
    actions, own = case.decide().actions, {own.version.arn for own in _fleet(case).own}
    starts = [action.arn for action in actions if isinstance(action, StartVersion)]
    ended = [action.arn for action in actions if isinstance(action, StopVersion | DeleteVersion)]
    assert len(starts) <= 1
    assert set(starts) <= own
    assert not set(starts) & set(ended)


@ALL
def test_two_versions_run_only_while_one_takes_over_from_the_other_under_blue_green(case: Case) -> None:
    starts = [action for action in case.decide().actions if isinstance(action, StartVersion)]
    occupying = [own.version for own in _fleet(case).own if own.occupies]
    if starts and occupying:
        assert case.desired.serving is not None
        assert case.desired.serving.blue_green
        assert [version.state for version in occupying] == [VersionState.RUNNING]
        assert starts[0].hand_over


@ALL
def test_what_ends_a_bill_comes_before_what_begins_one(case: Case) -> None:
    kinds = [type(action) for action in case.decide().actions]
    begins = [kinds.index(kind) for kind in (StartVersion, CreateVersion) if kind in kinds]
    assert all(place < min(begins) for place, kind in enumerate(kinds) if kind is StopVersion and begins)


@ALL
def test_a_status_is_within_the_bounds_of_the_crd(case: Case) -> None:
    status = case.status()
    assert type(status).model_validate_json(status.model_dump_json(by_alias=True)) == status


@ALL
def test_the_same_report_later_changes_neither_status_nor_posts_events(case: Case) -> None:
    first = case.status()
    later = compose(first, case.desired.generation, case.decide().report, None, case.now + timedelta(hours=6))
    assert later == first
    assert events(first, later) == ()


@ALL
def test_what_is_stalled_says_what_to_do(case: Case) -> None:
    stalled = [c.message for c in case.status().conditions or [] if c.type == "Stalled"]
    for message in stalled:
        remedies = (
            "kubectl",
            "Set ",
            "set ",
            "Give ",
            "Create a ",
            "Check ",
            "Look at ",
            "Correct ",
            "Delete that",
            "Lower ",
        )
        assert any(word in message for word in remedies), message


@ALL
def test_every_message_is_written_as_sentences(case: Case) -> None:
    for condition in case.status().conditions or ():
        told_as = condition.message.replace(" ...", "")
        assert not re.search(r"\.\.|  | \.| ,|\.$|\b1 (versions|datasets)\b", told_as), condition.message
