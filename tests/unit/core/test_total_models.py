"""Has every state of a model an answer, and does no answer ever run, or bill, what it must not?

The worlds, and the promises that hold for every resource, are those of test_total.
"""

from dataclasses import replace
from datetime import timedelta

import hypothesis.strategies as st
from hypothesis import HealthCheck, event, given, settings

from exploring import examples
from fakes.builders import NOW, POLICY, ago
from fakes.models import windows
from rekognition_operator.api.customlabelsmodel import CustomLabelsModelStatus
from rekognition_operator.core import tags as t
from rekognition_operator.core.actions import CreateVersion, DeleteVersion, StartVersion, StopVersion
from rekognition_operator.core.decide import decide
from rekognition_operator.core.decision import Decision
from rekognition_operator.core.ownership import moved, plan_project
from rekognition_operator.core.status import compose
from rekognition_operator.core.world import (
    Desired,
    Feature,
    Observed,
    ObservedVersion,
    Serving,
    Usage,
    VersionState,
)
from unit.core import test_total
from unit.core.test_total import TIME_TAGS, is_by_aws, is_foreign, rejected_now, speaks_against, tag, tags

RUNS = (VersionState.STARTING, VersionState.RUNNING, VersionState.STOPPING)
STARTABLE = {
    VersionState.TRAINING_COMPLETED,
    VersionState.STOPPED,
    VersionState.COPYING_COMPLETED,
    VersionState.FAILED,
}
LIMIT_USD = 9.0

open_now, closed_now = windows("Mon 08:00-19:00", zone="UTC"), windows("Tue 22:00-04:00", "Sat,Sun 08:00-19:00")
servings = st.builds(
    Serving,
    running=st.sampled_from([True, True, True, False]),
    min_units=st.integers(1, 2),
    max_units=st.sampled_from([None, None, 2, 3]),
    blue_green=st.booleans(),
    schedule=st.sampled_from([None, None, open_now, closed_now]),
    idle_after=st.sampled_from([None, timedelta(hours=1), timedelta(minutes=15)]),
    max_usd_per_hour=st.sampled_from([None, None, LIMIT_USD, 4.0, 1.0]),
)
resources = st.builds(
    lambda wanted, serving, wake, used: replace(
        wanted,
        feature=Feature.CUSTOM_LABELS,
        auto_update=False,
        serving=serving,
        created_at="2026-01-01T00:00:00Z",
        annotations=replace(wanted.annotations, wake=wake, last_used_at=used),
    ),
    test_total.resources,
    servings,
    st.sampled_from([None, None, "monday"]),
    st.sampled_from([None, ago(minutes=5), ago(hours=3), ago(days=-2)]),
)
memory = tags(
    tag(
        t.SERVING,
        *(f"{mark} {at}" for mark in ("Running 1", "Running 2-3", "Starting 1", "Stopped") for at in TIME_TAGS[1:5]),
        *("", "Running", "Running 1", "Sleeping 2026-03-02T08:00:00.000Z", "Stopped never"),
    ),
    tag(
        t.STOPPED_BY,
        *(f"{why} {at}" for why in ("spec", "schedule", "units", "rollout", "budget") for at in TIME_TAGS[2:4]),
        *("", "idle", f"idle {TIME_TAGS[2]} 0123456789ab", "whim 2026-03-02T08:00:00.000Z", "idle never x"),
    ),
)
usages = st.none() | st.builds(
    Usage,
    month=st.just("2026-03"),
    unit_hours=st.sampled_from([None, 0.0, 12.3456]),
    refused=st.booleans(),
    requests=st.sampled_from([None, 0.0, 7.0]),
    alone=st.sampled_from([None, True, False]),
)
states = st.sampled_from([*RUNS, *STARTABLE, *VersionState, "A_NEW_ONE"])


@st.composite
def worlds(draw: st.DrawFn) -> Observed:
    """Draw a world of test_total, with the states, units and memory of models."""
    seen = draw(test_total.worlds())
    if seen.project is None:
        return seen
    feature = draw(st.sampled_from([Feature.CUSTOM_LABELS] * 9 + [Feature.CONTENT_MODERATION]))
    versions = tuple(
        replace(
            version,
            status=draw(states),
            tags={**version.tags, **draw(memory)},
            min_inference_units=draw(st.sampled_from([None, 1, 1, 2])),
            max_inference_units=draw(st.sampled_from([None, None, 3])),
        )
        for version in seen.versions
    )
    at = draw(st.sampled_from([NOW, NOW, None]))
    project = replace(seen.project, feature=feature, auto_update=False)
    return replace(seen, project=project, versions=versions, at=at, usage=draw(usages))


def own(wanted: Desired, world: Observed) -> list[ObservedVersion]:
    return [seen for seen in world.versions if not is_foreign(wanted, seen)]


def starts_of(decision: Decision) -> list[StartVersion]:
    return [action for action in decision.actions if isinstance(action, StartVersion)]


def stops_of(decision: Decision) -> list[StopVersion]:
    return [action for action in decision.actions if isinstance(action, StopVersion)]


def starts_at_most_one_of_ours(wanted: Desired, world: Observed, decision: Decision) -> None:
    starts = starts_of(decision)
    assert len(starts) <= 1
    for start in starts:
        event("starts")
        (target,) = [seen for seen in own(wanted, world) if seen.arn == start.arn]
        assert target.state in STARTABLE
        assert start.tags
        assert not speaks_against(wanted, world, target)
        assert start.arn not in rejected_now(decision) or target.name == wanted.pin
        assert not wanted.deleting
        assert not wanted.suspend
        assert start.arn not in {action.arn for action in decision.actions if isinstance(action, DeleteVersion)}


def stops_what_runs_and_says_why(wanted: Desired, world: Observed, decision: Decision) -> None:
    stops, versions = stops_of(decision), {seen.arn: seen for seen in world.versions}
    arns = [stop.arn for stop in stops]
    assert len(arns) == len(set(arns))
    assert not set(arns) & {start.arn for start in starts_of(decision)}
    for stop in stops:
        event("stops")
        assert versions[stop.arn].state is VersionState.RUNNING
        either = wanted.deleting and is_by_aws(wanted, versions[stop.arn])
        assert either or stop.foreign is is_foreign(wanted, versions[stop.arn])
        assert stop.foreign or t.STOPPED_BY in stop.tags
        assert not stop.foreign or (wanted.deleting and wanted.foreign_versions == "Delete")


def runs_one_and_two_only_in_a_hand_over(wanted: Desired, world: Observed, decision: Decision) -> None:
    occupying = [seen for seen in own(wanted, world) if seen.state in RUNS]
    for start in starts_of(decision):
        assert len(occupying) <= 1
        assert start.hand_over is bool(occupying)
        if occupying:
            event("hands over")
            assert wanted.serving is not None
            assert wanted.serving.blue_green
            assert occupying[0].state is VersionState.RUNNING
            assert occupying[0].arn not in {stop.arn for stop in stops_of(decision)}


def starts_within_the_budget(wanted: Desired, world: Observed, decision: Decision) -> None:
    serving = wanted.serving
    if serving is None or serving.max_usd_per_hour is None:
        return
    for start in starts_of(decision):
        units = start.max_units or start.min_units
        units += sum(
            seen.max_inference_units or seen.min_inference_units or 1
            for seen in own(wanted, world)
            if seen.state in RUNS
        )
        assert units * 4.0 <= serving.max_usd_per_hour


def runs_only_when_asked(wanted: Desired, world: Observed, decision: Decision) -> None:
    serving = wanted.serving
    assert serving is not None
    if serving.running and serving.schedule is not closed_now:
        return
    event("shall not run")
    assert starts_of(decision) == []
    project_known = world.project is not None and decision.report.project is not None
    if wanted.deleting or wanted.suspend or not project_known or moved(wanted) or not wanted.correct_drift:
        return
    if decision.report.serving is None:
        return  # the project itself is not settled
    running = [seen for seen in own(wanted, world) if seen.state is VersionState.RUNNING]
    by_their_tags = {seen.arn for seen in running if t.ownership(seen.tags, wanted.owner) is t.Ownership.OURS}
    stopped = {stop.arn for stop in stops_of(decision)}
    assert by_their_tags <= stopped <= {seen.arn for seen in running}
    assert world.project is not None
    if t.CLAIMED_AT not in world.project.tags and plan_project(wanted, world.project, POLICY, NOW).settled:
        assert stopped == {seen.arn for seen in running}


def pays_after_all_is_stopped(_: Desired, __: Observed, decision: Decision) -> None:
    kinds = [type(action) for action in decision.actions]
    if StopVersion in kinds:
        last_stop = len(kinds) - 1 - kinds[::-1].index(StopVersion)
        assert all(kinds.index(kind) > last_stop for kind in (StartVersion, CreateVersion) if kind in kinds)
    assert not decision.announce or StopVersion in kinds


def says_how_it_serves(wanted: Desired, _: Observed, decision: Decision) -> None:
    status = compose(CustomLabelsModelStatus(), wanted.generation, decision.report, None, NOW)
    assert CustomLabelsModelStatus.model_validate_json(status.model_dump_json(by_alias=True)) == status
    assert compose(status, wanted.generation, decision.report, None, NOW + timedelta(hours=1)) == status
    types = [condition.type for condition in status.conditions or []]
    assert types[:3] == ["Ready", "UpToDate", "Serving"]
    assert not {"Reconciling", "Stalled"} <= set(types)


CHECKS = (
    *test_total.CHECKS,
    starts_at_most_one_of_ours,
    stops_what_runs_and_says_why,
    runs_one_and_two_only_in_a_hand_over,
    starts_within_the_budget,
    runs_only_when_asked,
    pays_after_all_is_stopped,
    says_how_it_serves,
)


@settings(max_examples=examples(400), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(resources, worlds())
def test_every_state_of_a_model_has_an_answer_that_keeps_every_promise(wanted: Desired, world: Observed) -> None:
    decision = decide(wanted, world, POLICY, NOW)
    for check in CHECKS:
        check(wanted, world, decision)


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(resources, worlds())
def test_losing_all_status_changes_nothing_that_is_done(wanted: Desired, world: Observed) -> None:
    test_total.does_the_same_without_status(wanted, world)


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(resources, worlds())
def test_the_same_look_at_a_model_has_the_same_answer_in_whatever_order_it_is_listed(
    wanted: Desired, world: Observed
) -> None:
    decision = decide(wanted, world, POLICY, NOW)
    assert decision == decide(wanted, world, POLICY, NOW)
    backwards = replace(world, versions=world.versions[::-1])
    assert decision.actions == decide(wanted, backwards, POLICY, NOW).actions


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(resources, worlds())
def test_what_nobody_can_read_of_our_memory_starts_and_stops_as_if_it_were_not_there(
    wanted: Desired, world: Observed
) -> None:
    garbage = {t.SERVING: "Running x never", t.STOPPED_BY: "idle never 0123"}
    plain = tuple(
        replace(v, tags={key: value for key, value in v.tags.items() if key not in garbage}) for v in world.versions
    )
    spoilt = tuple(replace(v, tags={**v.tags, **garbage}) for v in plain)
    first, second = (decide(wanted, replace(world, versions=v), POLICY, NOW) for v in (plain, spoilt))
    assert starts_of(first) == starts_of(second)
    assert stops_of(first) == stops_of(second)
