"""Has every state of the world an answer, and does no answer ever break a promise?

Small alphabets on purpose: names, tags and times collide as they do on a bad day.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import hypothesis.strategies as st
from hypothesis import HealthCheck, assume, event, given, settings

from exploring import examples
from fakes.builders import (
    NOW,
    OTHER_OWNER,
    OUTPUT,
    OWNER,
    PLACE,
    POLICY,
    A,
    B,
    ago,
    attempt,
    desired,
    known,
    name_of,
    project,
    version,
)
from fakes.proofs import answers, at_least, errs, probed, proved, rejected
from rekognition_operator.core import tags as t
from rekognition_operator.core.actions import (
    Action,
    ConfirmClaim,
    CreateProject,
    CreateVersion,
    DeleteDataset,
    DeleteProject,
    DeleteVersion,
    Promote,
    ReleaseFinalizer,
    RemoveTags,
    SetTags,
    StopVersion,
)
from rekognition_operator.core.decide import decide
from rekognition_operator.core.decision import Decision
from rekognition_operator.core.inputs import digests, parse_version_name
from rekognition_operator.core.ownership import moved
from rekognition_operator.core.proof import Outcome, Proof
from rekognition_operator.core.status import compose
from rekognition_operator.core.world import (
    Annotations,
    Desired,
    Feature,
    Gates,
    Observed,
    ObservedDataset,
    ObservedVersion,
    ProjectStatus,
    Promotion,
    S3Object,
    VersionState,
)

NAMES = (name_of(A), name_of(A, 2), name_of(A, 3), name_of(B), name_of(B, 2), "autumn", "v1-zzz")
TIMES = (ago(days=-9), NOW, ago(seconds=30), ago(minutes=2), ago(days=3), ago(days=8))
TIME_TAGS = (*(t.time_value(moment) for moment in TIMES), "never", "9999-12-31T23:59:59.999Z")
RELEASED = (t.released_value(OWNER), t.released_value(OTHER_OWNER))
TRAINED = {VersionState.TRAINING_COMPLETED, VersionState.DEPRECATED}
MODELS = {VersionState.STARTING, VersionState.RUNNING, VersionState.STOPPING, VersionState.STOPPED}
SERVES = {
    Feature.CONTENT_MODERATION: TRAINED,
    Feature.CUSTOM_LABELS: {*TRAINED, *MODELS, VersionState.COPYING_COMPLETED},
}
"""States of a version that may be in service."""


def tag(key: str, *values: str) -> st.SearchStrategy[dict[str, str]]:
    """Draw a tag, or none, most often none."""
    return st.sampled_from([{}, {}, *({key: value} for value in values)])


def tags(*parts: st.SearchStrategy[dict[str, str]]) -> st.SearchStrategy[dict[str, str]]:
    return st.tuples(*parts).map(lambda drawn: {key: value for part in drawn for key, value in part.items()})


GATES = (Gates(), at_least(0.8), at_least(regression=0.02), Gates(fewer_false_positives=0.1), probed())
PROOFS = (
    None,
    Proof(unreadable="denied"),
    Proof(unreadable="no answer", passing=True),
    errs(9),
    errs(10),
    *(answers(outcome) for outcome in Outcome),
)


def tags_of_proving() -> tuple[st.SearchStrategy[dict[str, str]], ...]:
    """Draw what is remembered of gates and words, by these gates or others, or by nobody."""
    return (
        tag(t.REJECTED, *(rejected(gates)[t.REJECTED] for gates in GATES[1:]), "never", ""),
        tag(t.PROVED, *(proved(gates)[t.PROVED] for gates in GATES[1:]), "never"),
        tag(t.APPROVED, *TIME_TAGS[1:]),
    )


owners = st.sampled_from(
    [
        *[t.owner_tags(OWNER)] * 6,
        t.owner_tags(OTHER_OWNER),
        {},
        *({k: v for k, v in t.owner_tags(OWNER).items() if k != lost} for lost in t.OWNER_KEYS),
        {t.CLUSTER: OWNER.cluster, t.KIND: OWNER.kind},
    ]
)
version_tags = tags(
    owners,
    tag(t.PROMOTED_AT, *TIME_TAGS),
    tag(t.RETRY, "x", "y"),
    tag(t.CAUSE, "retry", "service-fault:1", "service-fault:2", "service-fault:x", f"lost:{name_of(A)}"),
    tag(t.RELEASED, *RELEASED),
    tag(t.DIGEST, name_of(A), name_of(B), ""),
    tag(t.FAILED_SEEN, *TIME_TAGS),
    tag(t.DEPRECATED_SEEN, *TIME_TAGS),
    *tags_of_proving(),
    tag(t.REFRESHED_BY, *(f"{name}{seen}" for name in NAMES[:4] for seen in ("", " seen")), "never"),
    tag(t.REFRESH_OF, f"{name_of(A)} 7.0", f"{name_of(A, 2)} 8.0", "autumn 7.0", "x"),
    tag(t.ADDED_BY, t.AWS, "a person"),
    tag("team", "a", "b"),
)
project_tags = tags(
    owners,
    tag(t.LATEST, *NAMES),
    tag(t.LOST, *(f"{name} {at}" for name in NAMES[:4] for at in TIME_TAGS)),
    tag(t.CLAIMED_AT, *TIME_TAGS),
    tag(t.RELEASED, *RELEASED),
    tag(t.RETRY, "x", "y"),
    tag("team", "a", "b"),
)
states = st.sampled_from([*VersionState, "TRAINING_COMPLETED", "TRAINING_FAILED", "EXPIRED", "A_NEW_ONE"])


@st.composite
def worlds(draw: st.DrawFn) -> Observed:
    """Draw a project with up to six versions of different names, newest first; or no project."""
    if draw(st.integers(0, 9)) == 0:
        return Observed(None)
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=6))
    versions = tuple(
        version(
            A,
            name=name,
            status=draw(states),
            owner=None,
            tags=draw(version_tags),
            created=ago(hours=age),
            inputs=draw(st.sampled_from([A, A, B, None])),
            status_message=draw(st.sampled_from([None, "Internal server error.", "The manifest file is empty."])),
            description=draw(st.sampled_from([None, "autumn"])),
            output=draw(st.sampled_from([None, OUTPUT])),
            f1_score=draw(st.sampled_from([None, 0.7, 0.85, 0.86])),
            base_model_version=draw(st.sampled_from(["7.0", "8.0", None])),
        )
        for age, name in enumerate(names)
    )
    seen = {seen.arn: draw(st.sampled_from(PROOFS)) for seen in versions}
    dataset = ObservedDataset("arn:aws:rekognition:us-east-1:1:project/x/dataset/train/1", "TRAIN", "CREATED")
    return Observed(
        project(
            owner=None,
            tags=draw(project_tags),
            status=draw(st.sampled_from([ProjectStatus.CREATED] * 6 + list(ProjectStatus))),
            feature=draw(st.sampled_from([Feature.CONTENT_MODERATION] * 6 + [Feature.CUSTOM_LABELS])),
            auto_update=draw(st.sampled_from([False] * 3 + [True])),
            datasets=draw(st.sampled_from([(), (), (), (dataset,), (replace(dataset, status="DELETE_IN_PROGRESS"),)])),
        ),
        versions,
        proofs={arn: proof for arn, proof in seen.items() if proof is not None},
    )


flags = st.sampled_from([False, False, False, True])
resources = st.builds(
    desired,
    st.sampled_from([A, B]),
    tags=tag("team", "a", "b"),
    output=st.sampled_from([OUTPUT, S3Object("acme-ml", "elsewhere/")]),
    description=st.sampled_from([None, "autumn"]),
    auto_update=flags,
    adopt_updates=st.booleans(),
    refresh_after=st.sampled_from([None, timedelta(), timedelta(days=5)]),
    keep=st.integers(0, 2),
    keep_failed=st.integers(0, 2),
    adoption_policy=st.sampled_from(["Never", "IfUnowned"]),
    adopt_versions=st.lists(st.sampled_from(NAMES), unique=True, max_size=2).map(tuple),
    deletion_policy=st.sampled_from(["Delete", "Retain", "Orphan"]),
    foreign_versions=st.sampled_from(["Block", "Delete", "Release"]),
    correct_drift=st.booleans(),
    ready_when_accepted=st.booleans(),
    suspend=flags,
    deleting=flags,
    promotion=st.builds(Promotion, st.sampled_from(GATES), manual=flags),
    pin=st.sampled_from([None, None, None, *NAMES, "gone"]),
    place=st.sampled_from([PLACE] * 6 + [replace(PLACE, region="eu-west-1")]),
    annotations=st.builds(
        Annotations,
        retry=st.sampled_from([None, None, "x", "y"]),
        approve=st.sampled_from([None, None, *NAMES[:4]]),
        accept_move=st.sampled_from([None, "123456789012/eu-west-1"]),
        force_release=flags,
    ),
    known_project=st.sampled_from([None, known(), known("team"), known(arn="not an arn")]),
    handled_retry=st.sampled_from([None, "x"]),
)


def is_foreign(wanted: Desired, seen: ObservedVersion) -> bool:
    """Tell whether a version is not this resource's, by the words of the amendments alone."""
    whose = t.ownership(seen.tags, wanted.owner)
    if whose is t.Ownership.ANOTHER:
        return True
    if whose in {t.Ownership.OURS, t.Ownership.RELEASED_TO_US}:
        return False
    name = parse_version_name(seen.name)
    proved = name is not None and seen.inputs is not None and name.digest in digests(seen.inputs)
    named = seen.name in wanted.adopt_versions and seen.inputs is not None
    return not proved and not named and not may_be_adopted_from_aws(wanted, seen)


def may_be_adopted_from_aws(wanted: Desired, seen: ObservedVersion) -> bool:
    """Tell whether a version without owner may be one that AWS has trained for the wanted inputs."""
    if not (wanted.auto_update and wanted.adopt_updates) or t.RELEASED in seen.tags or seen.state not in TRAINED:
        return False
    return seen.inputs is None or seen.inputs == wanted.inputs


def is_by_aws(wanted: Desired, seen: ObservedVersion) -> bool:
    """Tell whether AWS has added a version that counts as ours: it is deleted as a foreign one is."""
    if seen.tags.get(t.ADDED_BY) == t.AWS:
        return True
    return t.ownership(seen.tags, wanted.owner) is t.Ownership.UNOWNED and may_be_adopted_from_aws(wanted, seen)


def is_rejected(wanted: Desired, seen: ObservedVersion) -> bool:
    """Tell whether the tag says that a version did not pass the gates in force."""
    key, _, rest = seen.tags.get(t.REJECTED, "").partition(" ")
    return key == wanted.promotion.gates.key and t.read_time(rest.partition(" ")[0]) is not None


def speaks_against(wanted: Desired, world: Observed, seen: ObservedVersion) -> bool:
    """Tell whether a version may not serve, though AWS would let it: by its gates, or since the base model answers."""
    proof = world.proofs.get(seen.arn)
    base_model = any(
        probe.outcome is Outcome.BASE_MODEL for probe in (proof.probes if proof is not None else None) or ()
    )
    return base_model or (is_rejected(wanted, seen) and seen.name != wanted.pin)


def active_arn(wanted: Desired, world: Observed) -> str | None:
    """Return the version in service: a pinned one of others, else ours, promoted last, of those that can serve."""
    for seen in world.versions:
        adapter = wanted.feature is Feature.CONTENT_MODERATION and seen.state in TRAINED
        if adapter and seen.name == wanted.pin and is_foreign(wanted, seen) and not speaks_against(wanted, world, seen):
            return seen.arn
    promoted = [
        (at, seen.created_at, seen.arn)
        for seen in world.versions
        if not is_foreign(wanted, seen)
        and (
            seen.state is VersionState.UNKNOWN
            or (seen.state in SERVES[wanted.feature] and not speaks_against(wanted, world, seen))
        )
        and (at := t.read_time(seen.tags.get(t.PROMOTED_AT))) is not None
    ]
    return max(promoted)[2] if promoted else None


def targets(action: Action) -> str | None:
    """Return the ARN of what an action changes in AWS."""
    match action:
        case ReleaseFinalizer() | CreateProject():
            return None
        case CreateVersion():
            return action.project_arn
        case _:
            return action.arn


codes = st.sampled_from(["AnswerLost", "ResourceInUseException", "InvalidParameterException", "SomethingElse"])
earlier = st.tuples(codes, st.sampled_from([5, 60, 1000, 4000]), st.sampled_from([0, 40, 2000]))


def decided(wanted: Desired, world: Observed, tried: tuple[str, float, float] | None) -> Decision:
    """Decide; where a training is asked for, again with an earlier attempt at that very request."""
    decision = decide(wanted, world, POLICY, NOW)
    creates = [action for action in decision.actions if isinstance(action, CreateVersion)]
    if tried is None or not creates:
        return decision
    code, first, last = tried
    before = attempt(creates[0].request_key, code, first=ago(seconds=first), last=ago(seconds=min(first, last)))
    return decide(wanted, world, POLICY, NOW, before)


Check = Callable[[Desired, Observed, Decision], None]


def touches_nothing_of_others(wanted: Desired, world: Observed, decision: Decision) -> None:
    versions = {seen.arn: seen for seen in world.versions}
    for action in decision.actions:
        target = versions.get(targets(action) or "")
        if target is not None and isinstance(action, DeleteVersion) and not action.foreign:
            assert not is_by_aws(wanted, target) or parse_version_name(target.name) is not None
        if target is not None and is_foreign(wanted, target):
            assert isinstance(action, DeleteVersion | StopVersion)
            assert action.foreign
            assert wanted.deleting
            assert (wanted.deletion_policy, wanted.foreign_versions) == ("Delete", "Delete")
            assert not wanted.annotations.force_release
    if world.project is not None:
        whose = t.ownership(world.project.tags, wanted.owner)
        adoptable = whose in {t.Ownership.OURS, t.Ownership.RELEASED_TO_US} or (
            whose is not t.Ownership.ANOTHER and wanted.adoption_policy == "IfUnowned" and not wanted.deleting
        )
        # Where the project has lost its tags, a version that has its own may be stopped all the same: it is billed.
        allowed = ReleaseFinalizer if whose is t.Ownership.ANOTHER else ReleaseFinalizer | StopVersion
        assert adoptable or all(isinstance(action, allowed) for action in decision.actions)


def keeps_what_serves_and_what_it_learnt(wanted: Desired, world: Observed, decision: Decision) -> None:
    deleted = [action.arn for action in decision.actions if isinstance(action, DeleteVersion)]
    versions = {seen.arn: seen for seen in world.versions}
    assert len(deleted) == len(set(deleted))
    for arn in deleted:
        assert versions[arn].state not in {VersionState.TRAINING_IN_PROGRESS, VersionState.DELETING}
    if wanted.deleting:
        assert not deleted or wanted.deletion_policy == "Delete"
        return
    assert active_arn(wanted, world) not in deleted
    assert not {action.arn for action in decision.actions if isinstance(action, Promote)} & set(deleted)
    assert all(versions[arn].state not in {VersionState.UNKNOWN, VersionState.RUNNING} for arn in deleted)


def pays_at_most_once(wanted: Desired, world: Observed, decision: Decision) -> None:
    creates = [action for action in decision.actions if isinstance(action, CreateVersion)]
    assert len(creates) <= 1
    for create in creates:
        event("asks for a training")
        assert decision.actions[-1] is create
        assert create.version_name not in {seen.name for seen in world.versions}
        name = parse_version_name(create.version_name)
        assert name is not None
        assert name.digest in digests(wanted.inputs)
        assert (name.attempt > 1) is (t.CAUSE in create.tags)
        assert t.owner_tags(wanted.owner).items() <= create.tags.items()
        ours = [
            seen for seen in world.versions
            if not is_foreign(wanted, seen)
            and (parsed := parse_version_name(seen.name)) is not None
            and parsed.digest == name.digest
            and t.DIGEST not in seen.tags
            and not (seen.name in wanted.adopt_versions and seen.inputs != wanted.inputs)  # counts for what it is of
        ]  # fmt: skip
        states = {seen.state for seen in ours}
        assert VersionState.TRAINING_IN_PROGRESS not in states
        if t.REFRESH_OF in create.tags:
            assert wanted.refresh_after is not None
            refreshes_once(wanted, world, decision, create)
            continue
        bad = [seen for seen in world.versions if speaks_against(wanted, world, seen)]
        can_serve = [seen for seen in ours if seen.state in SERVES[wanted.feature] and seen not in bad]
        if create.tags.get(t.CAUSE) == "retry" and bad:
            event("asks for a training beside one that can serve, since a person did")
        else:
            assert can_serve == []


def refreshes_once(wanted: Desired, world: Observed, decision: Decision, create: CreateVersion) -> None:
    """See that the training is instead of a deprecated version that knows of it, and is none that was seen already."""
    event("asks for a refresh")
    name, _, base = create.tags[t.REFRESH_OF].rpartition(" ")
    (source,) = [seen for seen in world.versions if seen.name == name]
    assert source.state is VersionState.DEPRECATED
    assert not is_foreign(wanted, source)
    assert base == (source.base_model_version or "unknown")
    if not create.tags[t.CAUSE].startswith("refresh:"):
        return  # a failed one, tried again as any training is
    remembered = source.tags.get(t.REFRESHED_BY)
    written = [action.tags for action in decision.actions if isinstance(action, SetTags) and action.arn == source.arn]
    known = {**source.tags, **{key: value for tags in written for key, value in tags.items()}}
    assert known[t.REFRESHED_BY] == create.version_name
    assert remembered != f"{create.version_name} seen"


def promotes_only_what_can_serve(wanted: Desired, world: Observed, decision: Decision) -> None:
    promotions = [action for action in decision.actions if isinstance(action, Promote)]
    assert len(promotions) <= 1
    for promotion in promotions:
        event("promotes")
        (target,) = [seen for seen in world.versions if seen.arn == promotion.arn]
        assert target.state in SERVES[wanted.feature]
        assert not is_foreign(wanted, target)
        assert promotion.arn != active_arn(wanted, world) or a_failed_model_may_come_back(wanted, world)
        assert not speaks_against(wanted, world, target)
        assert promotion.arn not in rejected_now(decision) or target.name == wanted.pin
        if wanted.promotion.manual and t.PROMOTED_AT not in target.tags and target.name != wanted.pin:
            event("promotes by a person's word")
            assert t.APPROVED in target.tags or wanted.annotations.approve == target.name
        at = t.read_time(promotion.tags[t.PROMOTED_AT])
        assert at is not None
        others = [t.read_time(s.tags.get(t.PROMOTED_AT)) for s in world.versions if not is_foreign(wanted, s)]
        assert all(other < at for other in others if other is not None)


def rejected_now(decision: Decision) -> set[str]:
    """Return the ARNs of the versions that a decision rejects."""
    return {action.arn for action in decision.actions if isinstance(action, SetTags) and t.REJECTED in action.tags}


def a_failed_model_may_come_back(wanted: Desired, world: Observed) -> bool:
    """Tell whether a model that failed to start was promoted last: it must not be in service by starting after all."""
    promoted = [
        (at, seen.created_at, seen.state)
        for seen in world.versions
        if not is_foreign(wanted, seen) and (at := t.read_time(seen.tags.get(t.PROMOTED_AT))) is not None
    ]
    return wanted.feature is Feature.CUSTOM_LABELS and max(promoted)[2] is VersionState.FAILED


def keeps_life_and_death_apart(wanted: Desired, world: Observed, decision: Decision) -> None:
    kinds = [type(action) for action in decision.actions]
    if wanted.deleting:
        assert not {CreateProject, CreateVersion, Promote, ConfirmClaim} & set(kinds)
        assert ReleaseFinalizer not in kinds[:-1]
        assert kinds.count(ReleaseFinalizer) <= 1
        if DeleteProject in kinds:
            assert (world.versions, world.project and world.project.datasets) == ((), ())
    else:
        assert not {DeleteProject, DeleteDataset, ReleaseFinalizer} & set(kinds)


def holds_still_when_told_to(wanted: Desired, _: Observed, decision: Decision) -> None:
    in_aws = [action for action in decision.actions if not isinstance(action, ReleaseFinalizer)]
    if wanted.suspend or moved(wanted) is not None or (wanted.deleting and wanted.deletion_policy == "Orphan"):
        assert in_aws == []
    if wanted.suspend and not wanted.deleting:
        assert decision.actions == ()
    if wanted.suspend and wanted.deleting:
        way_out = wanted.deletion_policy == "Orphan" or wanted.annotations.force_release
        assert bool(decision.actions) is way_out


def writes_no_tag_in_vain(_: Desired, world: Observed, decision: Decision) -> None:
    carried = {seen.arn: seen.tags for seen in world.versions}
    if world.project is not None:
        carried[world.project.arn] = world.project.tags
    for action in decision.actions:
        match action:
            case SetTags(arn, written):
                assert any(carried[arn].get(key) != value for key, value in written.items())
            case RemoveTags(arn, keys):
                assert keys
                assert all(key in carried[arn] for key in keys)
            case _:
                pass


def writes_each_tag_once(_: Desired, __: Observed, decision: Decision) -> None:
    written = [(a.arn, key) for a in decision.actions if isinstance(a, SetTags | Promote) for key in a.tags]
    assert len(written) == len(set(written))


def says_it_within_bounds(wanted: Desired, _: Observed, decision: Decision) -> None:
    status = compose(None, wanted.generation, decision.report, None, NOW)
    assert type(status).model_validate_json(status.model_dump_json(by_alias=True)) == status
    assert compose(status, wanted.generation, decision.report, None, NOW + timedelta(hours=1)) == status
    types = {condition.type for condition in status.conditions or []}
    assert {"Ready", "UpToDate"} <= types
    assert not {"Reconciling", "Stalled"} <= types
    assert 0 < decision.requeue_seconds <= POLICY.sweep_seconds


CHECKS: tuple[Check, ...] = (
    touches_nothing_of_others,
    keeps_what_serves_and_what_it_learnt,
    pays_at_most_once,
    promotes_only_what_can_serve,
    keeps_life_and_death_apart,
    holds_still_when_told_to,
    writes_no_tag_in_vain,
    writes_each_tag_once,
    says_it_within_bounds,
)


@settings(max_examples=examples(600), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(resources, worlds(), st.none() | earlier)
def test_every_state_of_the_world_has_an_answer_that_keeps_every_promise(
    wanted: Desired, world: Observed, tried: tuple[str, float, float] | None
) -> None:
    decision = decided(wanted, world, tried)
    for check in CHECKS:
        check(wanted, world, decision)


def does_the_same_without_status(wanted: Desired, world: Observed) -> None:
    assume(moved(wanted) is None)  # ProjectMoved and ProjectDeleted rest on status, and which keys are ours to remove
    assume(world.project is not None)
    with_status = decide(wanted, world, POLICY, NOW)
    without = decide(replace(wanted, known_project=None, handled_retry=None), world, POLICY, NOW)
    team_only = [
        action for action in with_status.actions if not (isinstance(action, RemoveTags) and action.keys == ("team",))
    ]
    assert list(without.actions) == team_only


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(resources, worlds())
def test_losing_status_changes_only_what_rests_on_it(wanted: Desired, world: Observed) -> None:
    does_the_same_without_status(wanted, world)


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(resources, worlds(), st.sampled_from([NOW, ago(days=-400), datetime(2100, 1, 1, tzinfo=NOW.tzinfo)]))
def test_the_same_question_has_the_same_answer_at_any_time(wanted: Desired, world: Observed, now: datetime) -> None:
    assert decide(wanted, world, POLICY, now) == decide(wanted, world, POLICY, now)
