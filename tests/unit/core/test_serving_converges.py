"""Does a model come to rest, whatever state it is found in, and never start and stop in turns?

A decision's actions are carried out on a picture of AWS, which then finishes what it does, and time goes by; again and
again. What comes to rest too late, or starts a version more often than it may, is a loop that somebody pays for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import hypothesis.strategies as st
from hypothesis import HealthCheck, assume, event, given, settings

from exploring import examples
from fakes.builders import NOW, OWNER, POLICY, version
from fakes.models import windows
from fakes.proofs import answers
from rekognition_operator.core import tags as t
from rekognition_operator.core.actions import (
    Action,
    ConfirmClaim,
    CreateVersion,
    DeleteVersion,
    Promote,
    RemoveTags,
    SetTags,
    StartVersion,
    StopVersion,
)
from rekognition_operator.core.decide import decide
from rekognition_operator.core.decision import Decision
from rekognition_operator.core.proof import Outcome, Proof
from rekognition_operator.core.proving import can_be_asked, next_to_ask
from rekognition_operator.core.versions import sort_out
from rekognition_operator.core.world import Desired, Feature, Observed, ObservedVersion, ProjectStatus, Usage
from unit.core import test_total, test_total_models
from unit.core.test_total_models import RUNS

ROUNDS = 72  # at 31 s a round: past the half hour after which a failed start is tried again, and what comes of it
REST = 6
"""Rounds at the end in which nothing may be started, stopped, trained or put into service any more."""
FINISHES = {
    "STARTING": "RUNNING",
    "STOPPING": "STOPPED",
    "TRAINING_IN_PROGRESS": "TRAINING_COMPLETED",
    "COPYING_IN_PROGRESS": "COPYING_COMPLETED",
}
ALWAYS = windows("Mon-Sun 00:00-00:00")


def carried_out(seen: Observed, actions: Iterable[Action], now: datetime) -> Observed:
    """Return AWS with these actions done."""
    assert seen.project is not None
    project, versions = seen.project, {v.arn: v for v in seen.versions}

    def tagged(arn: str, tags: dict[str, str], without: tuple[str, ...] = ()) -> None:
        nonlocal project
        if arn == project.arn:
            project = replace(project, tags={k: v for k, v in {**project.tags, **tags}.items() if k not in without})
        else:
            old = versions[arn]
            versions[arn] = replace(old, tags={k: v for k, v in {**old.tags, **tags}.items() if k not in without})

    for action in actions:
        match action:
            case SetTags(arn, tags):
                tagged(arn, dict(tags))
            case RemoveTags(arn, keys):
                tagged(arn, {}, keys)
            case ConfirmClaim(arn):
                tagged(arn, {}, (t.CLAIMED_AT,))
            case Promote():
                tagged(action.arn, dict(action.tags))
            case StartVersion():
                tagged(action.arn, dict(action.tags))
                versions[action.arn] = replace(
                    versions[action.arn],
                    status="STARTING",
                    min_inference_units=action.min_units,
                    max_inference_units=action.max_units,
                )
            case StopVersion():
                tagged(action.arn, dict(action.tags))
                versions[action.arn] = replace(versions[action.arn], status="STOPPING")
            case DeleteVersion(arn):
                del versions[arn]
            case CreateVersion():
                made = version(action.inputs, name=action.version_name, owner=None, tags=action.tags, created=now)
                versions[made.arn] = replace(made, status="TRAINING_IN_PROGRESS")
            case _:
                pass
    return replace(seen, project=project, versions=tuple(versions.values()))


def finished(seen: Observed, dooms: frozenset[str]) -> Observed:
    """Return AWS with all done that it does by itself; starts of ``dooms`` fail."""

    def next_of(v: ObservedVersion) -> ObservedVersion:
        if v.status == "STARTING" and v.name in dooms:
            return replace(v, status="FAILED", status_message="Insufficient capacity.")
        return replace(v, status=FINISHES.get(v.status, v.status))

    return replace(seen, versions=tuple(next_of(v) for v in seen.versions if v.status != "DELETING"))


resources = st.builds(
    lambda wanted, schedule: replace(
        wanted,
        deleting=False,
        suspend=False,
        place=replace(wanted.place, region="us-east-1"),
        known_project=None,
        serving=replace(wanted.serving, schedule=schedule),
    ),
    test_total_models.resources,
    st.sampled_from([None, None, ALWAYS, test_total_models.closed_now]),
)
outcomes = st.dictionaries(
    st.sampled_from(test_total.NAMES), st.sampled_from([o for o in Outcome if o is not Outcome.BASE_MODEL])
)
usages = st.sampled_from([None, Usage(requests=0.0), Usage(requests=7.0, alone=False), Usage(refused=True)])


def asked(wanted: Desired, seen: Observed, answer: Mapping[str, Outcome]) -> Mapping[str, Proof]:
    """Return what versions answer that are worth asking: always the same, by their names; an absent image is seen."""
    known: dict[str, Proof] = {}
    done: set[str] = set()
    while True:
        fleet = sort_out(wanted, seen.versions, known)
        due = next_to_ask(wanted, fleet, known, done)
        if due is None:
            return known
        done.add(due.version.arn)
        outcome = answer.get(due.version.name, Outcome.PASSED)
        if can_be_asked(due) or outcome is Outcome.UNUSABLE:
            event(f"answers {outcome}")
            known[due.version.arn] = answers(outcome)


def lived(
    wanted: Desired,
    seen: Observed,
    usage: Usage | None,
    step: timedelta,
    dooms: frozenset[str],
    answer: Mapping[str, Outcome],
) -> list[Decision]:
    """Return the decisions of all rounds."""
    decisions, now = [], NOW
    for _ in range(ROUNDS):
        look = replace(seen, at=now, usage=usage, proofs=asked(wanted, seen, answer))
        decision = decide(wanted, look, POLICY, now)
        decisions.append(decision)
        seen = finished(carried_out(seen, decision.actions, now), dooms)
        occupying = [v for v in seen.versions if v.state in RUNS and t.ownership(v.tags, OWNER) is t.Ownership.OURS]
        event(f"{len(occupying)} run")
        now += step
    return decisions


@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    resources,
    test_total_models.worlds(),
    usages,
    st.sampled_from([timedelta(seconds=31), timedelta(minutes=10), timedelta(minutes=20)]),
    st.sampled_from([frozenset(), frozenset(), frozenset(test_total.NAMES[:2])]),
    outcomes,
)
def test_every_model_comes_to_rest(
    wanted: Desired,
    seen: Observed,
    usage: Usage | None,
    step: timedelta,
    dooms: frozenset[str],
    answer: Mapping[str, Outcome],
) -> None:
    assume(seen.project is not None)
    assert seen.project is not None
    ours = replace(
        seen.project,
        tags={**t.owner_tags(OWNER), t.RETRY: seen.project.tags.get(t.RETRY, "")},
        status=ProjectStatus.CREATED,
        feature=Feature.CUSTOM_LABELS,
    )
    decisions = lived(wanted, replace(seen, project=ours), usage, step, dooms, answer)
    late = [action for decision in decisions[-REST:] for action in decision.actions]
    starts = [a.version_name for d in decisions for a in d.actions if isinstance(a, StartVersion)]
    stops = [a.version_name for d in decisions for a in d.actions if isinstance(a, StopVersion)]
    doomed = [name for name in starts if name in dooms]
    assert not [a for a in late if isinstance(a, StopVersion | CreateVersion | Promote)], (
        "it goes on stopping, training or promoting"
    )
    assert all(a.version_name in dooms for a in late if isinstance(a, StartVersion)), "it goes on starting"
    for name in set(starts):
        if name not in dooms:
            assert starts.count(name) <= 2, f"{name} is started {starts.count(name)} times"
    hours = ROUNDS * step / timedelta(hours=1)
    assert len(doomed) <= 3 + 2 * hours, "a start that fails is tried again at most each half hour"
    assert len(stops) <= len(starts) + len(seen.versions)
