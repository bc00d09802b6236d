"""What does the ConfigMap hold in each state of the world, and whose is it?"""

import re
from dataclasses import dataclass, replace

import pytest

from fakes.builders import (
    NOW,
    OTHER_OWNER,
    OWNER,
    POLICY,
    A,
    B,
    ago,
    desired,
    foreign,
    inputs,
    known,
    name_of,
    observed,
    project,
    version,
)
from fakes.models import model, running
from rekognition_operator.api.conditions import Reason
from rekognition_operator.core.actions import DeleteVersion, ReleaseFinalizer, StopVersion
from rekognition_operator.core.decide import decide
from rekognition_operator.core.decision import Decision, Finding
from rekognition_operator.core.publication import (
    data_of,
    held_back,
    is_about_to_change,
    is_ours,
    labels_of,
    not_ours,
    owner_labels,
    publication_of,
    stalled_by,
    stays_as_it_is,
    tried_again,
)
from rekognition_operator.core.world import Annotations, Desired, Observed, Publication

HERE = project(latest=name_of(A))
ADAPTER_KEYS = {
    "projectVersionArn",
    "versionName",
    "region",
    "promotedAt",
    "reason",
    "message",
    "confidenceThreshold",
    "baseModelVersion",
}
SERVING = version(A, promoted=ago(hours=1), base_model_version="Moderation-7.0")
WANTED = Finding(Reason.CONFIG_MAP_NOT_OWNED, "It is another's")


def published(seen: Observed, wanted: Desired | None = None) -> dict[str, str]:
    wanted = wanted or desired()
    return data_of(wanted, decide(wanted, seen, POLICY, NOW).report)


def test_a_version_in_service_is_named_with_all_that_a_caller_needs() -> None:
    assert published(observed(SERVING, project=HERE)) == {
        "projectVersionArn": SERVING.arn,
        "versionName": name_of(A),
        "region": "us-east-1",
        "promotedAt": "2026-03-02T08:00:00Z",
        "reason": "InService",
        "message": f"Version {name_of(A)} is in service",
        "confidenceThreshold": "60",
        "baseModelVersion": "Moderation-7.0",
    }


@dataclass(frozen=True)
class Row:
    """A state of the world, and what the ConfigMap says of it: the version's name, the reason."""

    name: str
    seen: Observed
    says: tuple[str, str]
    wanted: Desired | None = None


OLD = version(B, promoted=ago(hours=2))
ROWS = (
    Row("there is no project yet", observed(project=None), ("", "NoVersionInService")),
    Row("the project is new", observed(project=project()), ("", "NoVersionInService")),
    Row(
        "the first version trains",
        observed(version(A, status="TRAINING_IN_PROGRESS"), project=HERE),
        ("", "NoVersionInService"),
    ),
    Row("it is trained, and not promoted", observed(version(A), project=HERE), ("", "NoVersionInService")),
    Row(
        "the first training failed",
        observed(version(A, status="TRAINING_FAILED", status_message="Bad."), project=HERE),
        ("", "TrainingFailed"),
    ),
    Row(
        "a new version trains beside the one in service",
        observed(OLD, version(A, status="TRAINING_IN_PROGRESS"), project=HERE),
        (name_of(B), "InService"),
    ),
    Row(
        "a retraining failed",
        observed(OLD, version(A, status="TRAINING_FAILED", status_message="Bad."), project=HERE),
        (name_of(B), "InService"),
    ),
    Row(
        "it is deprecated, and serves",
        observed(replace(SERVING, status="DEPRECATED"), project=HERE),
        (name_of(A), "InService"),
    ),
    Row("it has expired", observed(replace(SERVING, status="EXPIRED"), project=HERE), ("", "AdapterExpired")),
    Row(
        "it has expired, and the next trains",
        observed(replace(SERVING, status="EXPIRED"), version(A, 2, status="TRAINING_IN_PROGRESS"), project=HERE),
        ("", "AdapterExpired"),
    ),
    Row(
        "it has expired, and one before it serves",
        observed(OLD, replace(SERVING, status="EXPIRED"), project=HERE),
        (name_of(B), "InService"),
    ),
    Row("it is being deleted", observed(replace(SERVING, status="DELETING"), project=HERE), ("", "NoVersionInService")),
    Row(
        "the project is gone",
        observed(project=None),
        ("", "ProjectDeleted"),
        desired(known_project=known()),
    ),
    Row(
        "the project is another's",
        observed(SERVING, project=project(owner=OTHER_OWNER)),
        ("", "ProjectOwnedByAnother"),
    ),
    Row(
        "only others have a version",
        observed(foreign(), project=HERE),
        ("", "VersionDeleted"),
        desired(correct_drift=False),
    ),
    Row("it is suspended", observed(SERVING, project=HERE), (name_of(A), "InService"), desired(suspend=True)),
    Row(
        "it is suspended and has expired",
        observed(replace(SERVING, status="EXPIRED"), project=HERE),
        ("", "AdapterExpired"),
        desired(suspend=True),
    ),
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name.replace(" ", "_"))
def test_the_version_and_the_reason_are_those_of_this_look(row: Row) -> None:
    data = published(row.seen, row.wanted)
    assert (data["versionName"], data["reason"]) == row.says
    assert bool(data["projectVersionArn"]) == bool(data["versionName"])
    assert data["region"] == "us-east-1"
    assert data["message"]
    assert set(data) == ADAPTER_KEYS, "a reference to a key never fails"
    assert re.fullmatch(r"[A-Z][A-Za-z]*", data["reason"])


PUBLISHED = replace(desired(), publish="shop")


@pytest.mark.parametrize(
    ("seen", "wanted", "changes"),
    [
        (observed(version(A), project=HERE), PUBLISHED, True),
        (observed(replace(SERVING, status="EXPIRED"), version(A, 2), project=HERE), PUBLISHED, True),
        (observed(version(A), project=HERE), desired(), False),
        (observed(version(A), project=HERE), replace(desired(suspend=True), publish="shop"), False),
        (observed(version(A), project=HERE), replace(desired(deleting=True), publish="shop"), False),
        (observed(replace(SERVING, status="EXPIRED"), project=HERE), PUBLISHED, False),
        (observed(SERVING, project=HERE), PUBLISHED, False),
        (observed(OLD, version(A), project=HERE), PUBLISHED, False),
    ],
    ids=[
        "first promotion", "expired, and another takes over", "not published", "suspended", "deleted",
        "expired, and nothing else", "serves", "serves, and another takes over",
    ],
)  # fmt: skip
def test_it_is_about_to_change_where_nothing_serves_and_the_decision_promotes(
    seen: Observed, wanted: Desired, changes: bool
) -> None:
    assert is_about_to_change(wanted, decide(wanted, seen, POLICY, NOW)) is changes


def test_work_under_way_changes_nothing_as_long_as_nothing_may_be_used() -> None:
    expired = replace(SERVING, status="EXPIRED")
    trains = version(A, 2, status="TRAINING_IN_PROGRESS")
    assert published(observed(expired, project=HERE)) == published(observed(expired, trains, project=HERE))
    assert published(observed(project=None)) == published(
        observed(version(A, status="TRAINING_IN_PROGRESS"), project=HERE)
    )


def test_what_nothing_may_be_used_for_says_where_to_look() -> None:
    message = published(observed(project=None))["message"]
    assert "kubectl describe moderationadapter -n trust-safety storefront" in message


@pytest.mark.parametrize(
    ("trained_at", "spec_asks", "text"), [(60.0, 70.0, "60"), (59.5, None, "59.5"), (None, 70.0, ""), (None, None, "")]
)
def test_the_threshold_is_the_one_that_the_version_was_evaluated_at(
    trained_at: float | None, spec_asks: float | None, text: str
) -> None:
    serving = version(inputs("a", trained_at), promoted=ago(hours=1))
    data = published(observed(serving, project=HERE), desired(inputs("a", spec_asks)))
    assert data["confidenceThreshold"] == text


def test_a_version_whose_inputs_aws_does_not_show_has_the_threshold_of_the_spec() -> None:
    data = published(observed(replace(SERVING, inputs=None), project=HERE))
    assert data["confidenceThreshold"] == "60"


def test_a_stopped_model_is_published_too_and_has_no_keys_of_adapters() -> None:
    wanted = model(A, running(), owner=OWNER)
    here = project(latest=name_of(A), feature=wanted.feature)
    stopped = version(A, status="STOPPED", promoted=ago(hours=1))
    data = published(observed(stopped, project=here), wanted)
    assert (data["projectVersionArn"], data["reason"]) == (stopped.arn, "InService")
    assert ADAPTER_KEYS - set(data) == {"confidenceThreshold", "baseModelVersion"}


@pytest.mark.parametrize("name", ["a", "storefront.v2", "x" * 63, "x" * 64, "long." * 50 + "x"])
def test_labels_are_what_kubernetes_accepts_and_tell_owners_apart(name: str) -> None:
    owner = replace(OWNER, name=name)
    for value in labels_of(owner).values():
        assert re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?", value)
    assert is_ours(labels_of(owner), owner)
    assert not is_ours(labels_of(owner), replace(owner, name=name + "y"))


@pytest.mark.parametrize(
    "labels", [{}, {"app": "shop"}, labels_of(OTHER_OWNER), dict(list(owner_labels(OWNER).items())[:2])]
)
def test_only_all_of_our_labels_make_it_ours(labels: dict[str, str]) -> None:
    assert not is_ours(labels, OWNER)
    finding = not_ours(desired(), "shop", labels)
    line = "kubectl label configmap -n trust-safety shop --overwrite "
    assert line in finding.message
    pairs = finding.message.rpartition(line)[2].split()
    assert is_ours({**labels, **dict(pair.split("=") for pair in pairs)}, OWNER), "the line does what it says"


def test_whose_it_is_else_is_said() -> None:
    assert "ModerationAdapter ads/banners" in not_ours(desired(), "shop", labels_of(OTHER_OWNER)).message


@pytest.mark.parametrize(
    ("wanted", "stays"),
    [
        (desired(), False),
        (desired(suspend=True), False),
        (desired(known_project=known(arn="arn:aws:rekognition:eu-west-1:1:project/other/1")), True),
        (desired(deleting=True, deletion_policy="Delete"), False),
        (desired(deleting=True, deletion_policy="Retain"), True),
        (desired(deleting=True, deletion_policy="Orphan"), True),
        (desired(deleting=True, deletion_policy="Delete", suspend=True), True),
    ],
)
def test_it_is_kept_with_what_is_kept_in_aws_and_while_aws_is_not_looked_at(wanted: Desired, stays: bool) -> None:
    report = decide(wanted, observed(SERVING, project=HERE), POLICY, NOW).report
    assert stays_as_it_is(wanted, report) is stays


def test_status_says_which_version_is_published_and_nothing_where_nothing_is() -> None:
    report = decide(desired(), observed(SERVING, project=HERE), POLICY, NOW).report
    assert publication_of("shop", report) == Publication("shop", name_of(A))
    assert publication_of("shop", replace(report, active=None)) == Publication("shop", None)
    assert publication_of(None, report) is None


def working() -> Decision:
    return decide(desired(), observed(version(A, status="TRAINING_IN_PROGRESS"), project=HERE), POLICY, NOW)


def test_who_cannot_publish_goes_on_in_aws_and_says_that_a_person_is_needed() -> None:
    decision = stalled_by(working(), WANTED)
    assert decision.report.stalled == WANTED
    assert decision.report.reconciling is None, "kstatus ranks it above Stalled"
    assert decision.report.up_to_date.reason is Reason.TRAINING
    assert (decision.actions, decision.requeue_seconds) == (working().actions, working().requeue_seconds)


def test_what_aws_needs_a_person_for_comes_first() -> None:
    failed = decide(desired(), observed(version(A, status="TRAINING_FAILED"), project=HERE), POLICY, NOW)
    assert stalled_by(failed, WANTED) == failed


def test_what_passes_by_itself_is_looked_at_sooner_and_hides_nothing() -> None:
    told = Finding(Reason.RETRYING, "Later")
    settled = decide(desired(), observed(SERVING, project=HERE), POLICY, NOW)
    again = tried_again(settled, 4.0, told)
    assert (again.requeue_seconds, again.no_later_than_seconds) == (4.0, 4.0)
    assert again.report.reconciling == told
    assert tried_again(working(), 4.0, told).report.reconciling == working().report.reconciling
    assert tried_again(settled, 1e9, None).requeue_seconds == settled.requeue_seconds


def test_nothing_that_is_still_published_is_deleted_but_bills_end() -> None:
    wanted = desired(deleting=True, deletion_policy="Delete")
    decision = decide(wanted, observed(SERVING, project=HERE), POLICY, NOW)
    assert any(isinstance(action, DeleteVersion) for action in decision.actions)
    held = held_back(wanted, decision, POLICY)
    assert held.actions == ()
    assert held.requeue_seconds == POLICY.sweep_seconds
    stop = StopVersion("arn", "project", "name", {})
    stopping = replace(decision, actions=(stop, ReleaseFinalizer()))
    assert held_back(wanted, stopping, POLICY).actions == (stop,)
    forced = replace(wanted, annotations=Annotations(force_release=True))
    assert held_back(forced, decision, POLICY) == decision
    assert held_back(desired(), decision, POLICY) == decision
