"""How does status look after a pass: times, what is kept when AWS could not be seen, and the bounds of the CRD?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import hypothesis.strategies as st
import pytest
from hypothesis import given

from fakes.builders import NOW, OTHER_OWNER, A, B, ago, desired, foreign, known, name_of, observed, project, version
from rekognition_operator.api.conditions import ConditionType, Reason
from rekognition_operator.api.resource import ResourceStatus, VersionRole
from rekognition_operator.core import tags as t
from rekognition_operator.core.decision import DriftItem, Finding, ReadyState, Report, VersionReport
from rekognition_operator.core.events import events
from rekognition_operator.core.hindrance import Conflict, Hindrance, Terminal, Transient, Waiting
from rekognition_operator.core.status import MAX_VERSIONS, compose, first_sight
from rekognition_operator.core.world import Desired, Observed, ObservedVersion, S3Object
from unit.core.table import Case

LATER = NOW + timedelta(hours=2)
FAULT = Transient(Reason.RETRYING, "The network is down")
DENIED = Terminal(Reason.ACCESS_DENIED, "rekognition:DescribeProjects is denied", 600)
QUOTA = Waiting(Reason.WAITING_FOR_QUOTA, "no slot is free", 60, waiting_for="TrainingSlot", position=3)
SERVING = observed(version(A, promoted=ago(hours=1)), project=project(latest=name_of(A)))
FAILED = observed(version(A, status="TRAINING_FAILED"), project=project(latest=name_of(A)))


def report_of(wanted: Desired, seen: Observed) -> Report:
    return Case("", wanted, seen, [], {}).decide().report


def after(
    wanted: Desired, seen: Observed, *, previous: ResourceStatus | None = None,
    hindrance: Hindrance | None = None, at: datetime = NOW,
) -> ResourceStatus:  # fmt: skip
    return compose(previous, wanted.generation, report_of(wanted, seen), hindrance, at)


def told(status: ResourceStatus) -> dict[str, str]:
    return {c.type: f"{c.status} {c.reason}" for c in status.conditions or []}


def since(status: ResourceStatus) -> dict[str, datetime]:
    return {c.type: c.last_transition_time for c in status.conditions or []}


def test_first_sight_says_that_nothing_is_known_yet() -> None:
    status = first_sight(ResourceStatus(observed_generation=-1), 3, NOW)
    assert status.observed_generation == 3
    assert told(status) == {
        "Ready": "Unknown Progressing", "UpToDate": "Unknown Progressing", "Reconciling": "True Progressing",
    }  # fmt: skip


def test_first_sight_leaves_a_status_alone_that_says_something() -> None:
    before = after(desired(), SERVING)
    assert first_sight(before, 2, LATER) is before


def test_a_condition_keeps_its_time_until_its_status_changes() -> None:
    training = observed(version(A, status="TRAINING_IN_PROGRESS"), project=project(latest=name_of(A)))
    first = after(desired(), observed(project=project()))
    second = after(desired(), training, previous=first, at=LATER)
    assert since(second) == since(first)
    third = after(desired(), SERVING, previous=second, at=LATER)
    assert since(third) == {"Ready": LATER, "UpToDate": LATER}


def test_times_are_whole_seconds_of_utc() -> None:
    odd = datetime(2026, 3, 2, 11, 0, 0, 987654, tzinfo=timezone(timedelta(hours=2)))
    assert set(since(after(desired(), SERVING, at=odd)).values()) == {datetime(2026, 3, 2, 9, 0, tzinfo=UTC)}


def test_every_condition_carries_the_generation_that_was_looked_at() -> None:
    status = after(desired(generation=7), FAILED)
    assert status.observed_generation == 7
    assert {c.observed_generation for c in status.conditions or []} == {7}


def test_the_earliest_day_of_expiry_is_shown_while_the_version_in_service_is_deprecated() -> None:
    seen = {t.DEPRECATED_SEEN: t.time_value(NOW)}
    for state, expected in (("DEPRECATED", NOW + timedelta(days=60)), ("TRAINING_COMPLETED", None)):
        shown = version(A, status=state, promoted=ago(days=9), tags=seen)
        status = after(desired(), observed(shown, project=project(latest=name_of(A))))
        assert status.active is not None
        assert status.active.expiry_estimate == expected


def test_the_active_version_is_shown_with_what_applications_and_people_need() -> None:
    shown = version(
        A, promoted=ago(hours=1), f1_score=0.91, base_model_version="7.0", evaluation_summary=S3Object("acme-ml", "e"),
        manifest_summary=S3Object("acme-ml", "m"), status_message="done", training_ended_at=ago(hours=2),
    )  # fmt: skip
    status = after(desired(known_project=known("team")), observed(shown, project=project(latest=name_of(A))))
    assert status.active is not None
    assert (status.active.arn, status.active.version_name) == (shown.arn, name_of(A))
    assert (status.active.f1_score, status.active.base_model_version) == (0.91, "7.0")
    assert status.active.since == ago(hours=1)
    assert status.desired is not None
    assert (status.desired.version_name, status.desired.inputs) == (name_of(A), name_of(A))
    assert status.project is not None
    assert (status.project.arn, status.project.region) == (project().arn, "us-east-1")
    (only,) = status.versions or []
    assert (only.role, only.evaluation_summary and only.evaluation_summary.name) == (VersionRole.ACTIVE, "e")


@pytest.mark.parametrize(
    ("seen", "role"),
    [
        (version(B, status="TRAINING_IN_PROGRESS"), VersionRole.CANDIDATE),
        (version(A, 2, "TRAINING_IN_PROGRESS"), VersionRole.CANDIDATE),
        (version(B), VersionRole.SUPERSEDED),
        (version(B, status="EXPIRED"), VersionRole.SUPERSEDED),
        (version(B, status="TRAINING_FAILED"), VersionRole.FAILED),
        (version(A, 2, "TRAINING_FAILED"), VersionRole.FAILED),
        (foreign(), VersionRole.FOREIGN),
        (version(B, owner=OTHER_OWNER), VersionRole.FOREIGN),
    ],
)
def test_each_version_has_its_role(seen: ObservedVersion, role: VersionRole) -> None:
    status = after(desired(), replace(SERVING, versions=(*SERVING.versions, seen)))
    assert {v.arn: v.role for v in status.versions or []}[seen.arn] is role


def test_a_project_that_is_gone_stays_known() -> None:
    before = after(desired(), SERVING)
    gone = after(desired(known_project=known()), observed(project=None), previous=before)
    assert gone.project == before.project
    assert gone.active is None
    assert gone.versions is None


def test_a_move_that_is_refused_takes_nothing_back() -> None:
    before = after(desired(tags={"team": "a"}, correct_drift=False), SERVING)
    moving = desired(known_project=known(arn=project().arn.replace("us-east-1", "eu-west-1")))
    status = after(moving, observed(project=None), previous=before)
    assert (status.project, status.active, status.versions) == (before.project, before.active, before.versions)
    assert told(status) == {
        "Ready": "True InService",
        "UpToDate": "Unknown ProjectMoved",
        "Stalled": "True ProjectMoved",
        "Drifted": "True Reported",
    }


# --- what hinders -----------------------------------------------------------------------------------------------------


def test_waiting_for_a_slot_is_work_under_way_with_its_place_in_the_queue() -> None:
    status = after(desired(), observed(project=project()), hindrance=QUOTA)
    assert told(status) == {
        "Ready": "False WaitingForQuota", "UpToDate": "False WaitingForQuota", "Reconciling": "True WaitingForQuota",
    }  # fmt: skip
    assert status.queue is not None
    assert (status.queue.waiting_for, status.queue.position) == ("TrainingSlot", 3)
    assert after(desired(), SERVING, previous=status).queue is None


def test_what_needs_a_person_takes_the_place_of_work_under_way() -> None:
    status = after(desired(), observed(project=project()), hindrance=DENIED)
    assert told(status) == {
        "Ready": "False AccessDenied", "UpToDate": "False AccessDenied", "Stalled": "True AccessDenied",
    }  # fmt: skip


def test_a_version_serves_on_whatever_hinders() -> None:
    assert told(after(desired(), SERVING, hindrance=DENIED))["Ready"] == "True InService"
    assert told(after(desired(), SERVING, hindrance=FAULT))["Ready"] == "True InService"


def test_an_expired_adapter_is_the_more_urgent_news() -> None:
    expired = observed(version(A, status="EXPIRED", promoted=ago(days=9)), project=project(latest=name_of(A)))
    assert told(after(desired(), expired, hindrance=QUOTA))["Ready"] == "False AdapterExpired"


def test_a_passing_fault_does_not_hide_that_a_person_is_needed() -> None:
    status = after(desired(), FAILED, hindrance=FAULT)
    assert told(status)["Stalled"] == "True TrainingFailed"
    assert "Reconciling" not in told(status)


def test_a_conflict_says_nothing() -> None:
    assert after(desired(), SERVING, hindrance=Conflict("changed")) == after(desired(), SERVING)


# --- when AWS could not be seen ---------------------------------------------------------------------------------------

UNSEEN = (
    (desired(), SERVING),
    (desired(), FAILED),
    (desired(suspend=True), SERVING),
    (desired(tags={"team": "a"}), SERVING),
    (desired(tags={"team": "a"}, correct_drift=False), SERVING),
    (desired(description="new"), SERVING),
    (desired(), observed(version(A, status="DEPRECATED", promoted=ago(days=9)), project=project(latest=name_of(A)))),
)


@pytest.mark.parametrize(("wanted", "seen"), UNSEEN)
def test_what_could_not_be_seen_is_not_taken_back(wanted: Desired, seen: Observed) -> None:
    before = after(wanted, seen)
    blind = compose(before, wanted.generation, None, FAULT, LATER)
    kept = {kind: word for kind, word in told(before).items() if kind not in {"Ready", "UpToDate", "Reconciling"}}
    assert kept.items() <= told(blind).items()
    assert (blind.project, blind.active, blind.versions) == (before.project, before.active, before.versions)
    assert told(blind)["Ready"].split()[0] == told(before)["Ready"].split()[0]


@pytest.mark.parametrize(("wanted", "seen"), UNSEEN)
def test_a_look_that_failed_makes_no_false_news(wanted: Desired, seen: Observed) -> None:
    before = after(wanted, seen)
    blind = compose(before, wanted.generation, None, FAULT, LATER)
    again = after(wanted, seen, previous=blind, at=LATER)
    assert [note.reason for note in (*events(before, blind), *events(blind, again))] == []


def test_a_failure_of_an_older_spec_is_not_one_of_the_new_spec_that_was_not_looked_at() -> None:
    before = after(desired(generation=1), FAILED)
    assert told(compose(before, 2, None, FAULT, LATER)) == {
        "Ready": "False Retrying", "UpToDate": "False Retrying", "Reconciling": "True Retrying",
    }  # fmt: skip


def test_a_look_that_was_never_possible_says_so() -> None:
    status = compose(None, 1, None, DENIED, NOW)
    assert told(status) == {
        "Ready": "Unknown AccessDenied", "UpToDate": "Unknown AccessDenied", "Stalled": "True AccessDenied",
    }  # fmt: skip


def test_an_invalid_spec_replaces_what_stalled_before() -> None:
    invalid = Terminal(Reason.INVALID_SPEC, "spec.region: wrong", 600)
    assert told(compose(after(desired(), FAILED), 1, None, invalid, LATER))["Stalled"] == "True InvalidSpec"


# --- what is answered, and drift --------------------------------------------------------------------------------------


def test_what_was_asked_for_is_answered() -> None:
    report = replace(report_of(desired(), SERVING), handled_retry="monday")
    status = compose(None, 1, report, None, NOW, reconcile_requested_at="9:00")
    assert (status.last_handled_reconcile_at, status.last_handled_retry) == ("9:00", "monday")
    later = compose(status, 1, report_of(desired(), SERVING), None, LATER)
    assert (later.last_handled_reconcile_at, later.last_handled_retry) == ("9:00", "monday")


def test_drift_keeps_the_time_when_it_was_first_seen() -> None:
    wanted = desired(tags={"team": "a"}, correct_drift=False)
    first = after(wanted, SERVING)
    second = after(replace(wanted, tags={"team": "b", "new": "c"}), SERVING, previous=first, at=LATER)
    assert {d.path: d.since for d in second.drift or [] if "spec" in d.path} == {
        "spec.tags[new]": LATER, "spec.tags[team]": NOW,
    }  # fmt: skip
    assert after(desired(), SERVING, previous=second).drift is None


def test_at_most_twenty_versions_are_shown_and_always_those_that_matter() -> None:
    many = [version(B, n, "TRAINING_FAILED", created=ago(hours=n)) for n in range(1, 40)]
    active = version(A, promoted=ago(hours=1), created=ago(days=50))
    training = version(A, 2, "TRAINING_IN_PROGRESS", created=ago(days=49))
    status = after(desired(keep_failed=99), observed(active, training, *many, project=project(latest=name_of(A, 2))))
    shown = [v.name for v in status.versions or []]
    assert len(shown) == MAX_VERSIONS
    assert shown[-2:] == [name_of(A, 2), name_of(A)]
    assert shown[:18] == [v.name for v in many[:18]]


def test_the_pinned_version_is_shown_however_many_are_newer() -> None:
    many = [version(B, n, "TRAINING_FAILED", created=ago(hours=n)) for n in range(1, 40)]
    active = version(A, promoted=ago(hours=1), created=ago(days=50))
    expired = version(B, 99, "EXPIRED", created=ago(days=60))
    wanted = desired(keep_failed=99, pin=expired.name)
    status = after(wanted, observed(active, expired, *many, project=project(latest=name_of(A))))
    shown = [v.name for v in status.versions or []]
    assert len(shown) == MAX_VERSIONS
    assert shown[-2:] == [active.name, expired.name]


# --- the bounds of the CRD --------------------------------------------------------------------------------------------

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
long_words = st.builds(lambda word, times: word * times, words, st.sampled_from([1, 1, 10, 1000]))
findings = st.builds(Finding, st.sampled_from(Reason), long_words)
states = st.builds(ReadyState, st.sampled_from([True, False, None]), st.sampled_from(Reason), long_words)
seen_versions = st.builds(
    lambda n, status, message, text: version(
        B, n, status, created=ago(hours=n), status_message=message, base_model_version=text, description=text,
        evaluation_summary=S3Object("acme-ml", "k"), f1_score=0.5,
    ),
    st.integers(1, 10**6),
    st.sampled_from(["TRAINING_COMPLETED", "TRAINING_IN_PROGRESS", "TRAINING_FAILED", "X" * 90]),
    st.none() | long_words,
    st.none() | long_words,
)  # fmt: skip
version_reports = st.lists(
    st.builds(VersionReport, seen_versions, st.sampled_from(VersionRole)), max_size=100,
    unique_by=lambda entry: entry.version.arn,
)  # fmt: skip
reports = st.builds(
    Report,
    ready=states,
    up_to_date=states,
    reconciling=st.none() | findings,
    stalled=st.none() | findings,
    suspended=st.none() | findings,
    expiring=st.none() | findings,
    pending_next_version=st.none() | findings,
    drift=st.lists(
        st.builds(DriftItem, long_words, long_words, long_words, st.booleans()), max_size=90,
        unique_by=lambda item: item.path,
    ).map(tuple),
    project=st.none() | st.just(project()),
    project_tag_keys=st.lists(st.text("abc", min_size=1, max_size=6), max_size=90, unique=True).map(tuple),
    keep_known=st.booleans(),
    versions=version_reports.map(tuple),
    active=st.none() | seen_versions,
    desired_version=st.none() | st.just(name_of(A)),
    desired_digest=st.none() | st.just(name_of(A)),
    pin=st.none() | st.just(name_of(B)),
    handled_retry=st.none() | long_words,
)  # fmt: skip
hindrances = st.one_of(
    st.none(),
    st.builds(Transient, st.sampled_from(Reason), long_words),
    st.builds(Terminal, st.sampled_from(Reason), long_words, st.just(60.0)),
    st.builds(
        Waiting, st.sampled_from(Reason), long_words, st.just(60.0), st.none() | st.just("TrainingSlot"),
        st.none() | st.integers(1, 99),
    ),
    st.builds(Conflict, long_words),
)  # fmt: skip


def valid(status: ResourceStatus) -> None:
    """Check the bounds of the CRD, and that no list that is a map by key has a key twice."""
    assert ResourceStatus.model_validate_json(status.model_dump_json(by_alias=True)) == status
    for keys in (
        [c.type for c in status.conditions or []],
        [v.arn for v in status.versions or []],
        [d.path for d in status.drift or []],
        (status.project.tag_keys if status.project is not None else None) or [],
    ):
        assert len(keys) == len(set(keys))


@given(reports, hindrances, st.none() | reports, hindrances, st.none() | long_words)
def test_any_status_is_within_the_bounds_of_the_crd_and_composing_it_again_changes_nothing(
    first: Report, hindered: Hindrance | None, second: Report | None, again: Hindrance | None, asked: str | None
) -> None:
    before = compose(None, 1, first, hindered, NOW, reconcile_requested_at=asked)
    valid(before)
    status = compose(before, 2, second, again, LATER, reconcile_requested_at=asked)
    valid(status)
    repeated = compose(status, 2, second, again, LATER + timedelta(days=1), reconcile_requested_at=asked)
    assert repeated == status
    assert events(status, repeated) == ()


def test_every_kind_of_condition_has_room() -> None:
    assert len(ConditionType) <= 16
