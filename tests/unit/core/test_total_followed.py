"""Has every state of the world an answer that keeps every promise, also where the data is followed?"""

from dataclasses import replace
from datetime import timedelta

import hypothesis.strategies as st
from hypothesis import HealthCheck, event, given, settings

from exploring import examples
from fakes.builders import NOW, OWNER, A, B, X, Y, ago, data, name_of
from rekognition_operator.core import tags as t
from rekognition_operator.core.actions import CreateVersion
from rekognition_operator.core.decision import Decision
from rekognition_operator.core.inputs import digests, parse_version_name
from rekognition_operator.core.world import (
    DataProblem,
    DataSeen,
    Desired,
    Follow,
    Observed,
    ObservedVersion,
    VersionState,
)
from unit.core.test_total import (
    Check,
    decided,
    does_the_same_without_status,
    earlier,
    holds_still_when_told_to,
    is_foreign,
    keeps_life_and_death_apart,
    keeps_what_serves_and_what_it_learnt,
    resources,
    says_it_within_bounds,
    tag,
    tags,
    touches_nothing_of_others,
    worlds,
    writes_no_tag_in_vain,
)

BY_CONTENT = {name_of(A): name_of(X), name_of(B): name_of(Y)}
ALIVE = {VersionState.TRAINING_IN_PROGRESS, VersionState.TRAINING_COMPLETED, VersionState.DEPRECATED}

marks = tags(
    tag(t.CONTENT, name_of(X), name_of(Y)),
    tag(t.MANIFESTS, name_of(A), name_of(B)),
    tag(t.DATA_CHANGED, name_of(X), name_of(A)),
)
readings = st.builds(
    data,
    st.sampled_from(["x", "y", "z", "z"]),
    st.sampled_from([NOW, ago(minutes=31), ago(hours=4), ago(days=40), ago(days=-1)]),
    object_version=st.sampled_from([None, "3HL4"]),
)
problems = st.builds(DataProblem, st.just("Set it right"), st.booleans(), st.booleans())
looks = st.one_of(st.none(), st.builds(DataSeen, problem=problems), readings, readings, readings, readings)


def by_content(name: str) -> str:
    for by_name, digest in BY_CONTENT.items():
        name = name.replace(by_name, digest)
    return name


@st.composite
def followed_worlds(draw: st.DrawFn) -> Observed:
    """Draw a world in which some versions are known by their content."""
    world = draw(worlds())
    versions: list[ObservedVersion] = []
    for seen in world.versions:
        # One that has lost its tags is proved by what S3 shows: its row is in the table.
        named = draw(st.booleans()) and t.ownership(seen.tags, OWNER) is t.Ownership.OURS
        name = by_content(seen.name) if named else seen.name
        versions.append(replace(seen, name=name, tags={**seen.tags, **draw(marks)}))
    project = world.project
    if project is not None and t.LATEST in project.tags and draw(st.booleans()):
        project = replace(project, tags={**project.tags, t.LATEST: by_content(project.tags[t.LATEST])})
    return replace(world, project=project, versions=tuple(versions), data=draw(looks))


followers = st.builds(
    replace,
    resources,
    follow=st.builds(Follow, st.sampled_from([timedelta(), timedelta(minutes=30)]), st.integers(1, 2)),
)


def pays_only_for_content_that_is_known_and_not_there_yet(wanted: Desired, world: Observed, decision: Decision) -> None:
    creates = [action for action in decision.actions if isinstance(action, CreateVersion)]
    assert len(creates) <= 1
    for create in creates:
        event("asks for a training")
        assert decision.actions[-1] is create
        assert world.data is not None
        assert world.data.problem is None
        assert [m.content for m in create.inputs.training] == [seen.content for seen in world.data.manifests]
        assert replace(create.inputs, training=wanted.inputs.training) == wanted.inputs
        assert create.version_name not in {seen.name for seen in world.versions}
        name = parse_version_name(create.version_name)
        assert name is not None
        assert name.digest in digests(create.inputs)
        assert (name.attempt > 1) is (t.CAUSE in create.tags)
        assert create.tags[t.MANIFESTS] in digests(wanted.inputs)
        known = [seen for seen in world.versions if not is_foreign(wanted, seen) and t.DIGEST not in seen.tags]
        same = [
            seen.state
            for seen in known
            if seen.tags.get(t.CONTENT) == name.digest
            or ((parsed := parse_version_name(seen.name)) is not None and parsed.digest == name.digest)
        ]
        assert not ALIVE & set(same) or create.tags.get(t.CAUSE) == "retry"


CHECKS: tuple[Check, ...] = (
    pays_only_for_content_that_is_known_and_not_there_yet,
    keeps_what_serves_and_what_it_learnt,
    keeps_life_and_death_apart,
    holds_still_when_told_to,
    writes_no_tag_in_vain,
    says_it_within_bounds,
)


@settings(max_examples=examples(500), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(followers, followed_worlds(), st.none() | earlier)
def test_every_state_of_followed_data_has_an_answer_that_keeps_every_promise(
    wanted: Desired, world: Observed, tried: tuple[str, float, float] | None
) -> None:
    decision = decided(wanted, world, tried)
    for check in CHECKS:
        check(wanted, world, decision)


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(resources, followed_worlds())
def test_what_was_followed_has_an_answer_when_it_is_no_longer(wanted: Desired, world: Observed) -> None:
    decision = decided(wanted, world, None)
    for check in (touches_nothing_of_others, *CHECKS[1:]):
        check(wanted, world, decision)


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(followers, followed_worlds())
def test_losing_status_changes_nothing_where_data_is_followed(wanted: Desired, world: Observed) -> None:
    does_the_same_without_status(wanted, world)
