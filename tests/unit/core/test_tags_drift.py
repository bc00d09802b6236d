"""Which changes apply without a training, and what happens to tags that others change?"""

from fakes.builders import A, ago, desired, known, name_of, observed, project, version
from rekognition_operator.core import tags as t
from rekognition_operator.core.world import S3Object
from unit.core.table import UP_TO_DATE, Case, check, rows, working

CORRECTING = {**UP_TO_DATE, "Reconciling": "True CorrectingDrift", "Drifted": "True Correcting"}
REPORTED = {**UP_TO_DATE, "Drifted": "True Reported"}


TEAM = {"team": "trust-safety"}
ADS = {"team": "ads"}


CASES = (
    Case(
        "spec.tags that differ in AWS are put right on the project and on our versions",
        desired(tags=TEAM),
        observed(version(A, promoted=ago(hours=1), tags=ADS), project=project(latest=name_of(A), tags=ADS)),
        ["SetTags A [team=trust-safety]", "SetTags project [team=trust-safety]"],
        CORRECTING,
        drift=("versions[A].tags[team]", "spec.tags[team]"),
        requeue=1,
    ),
    Case(
        "under driftPolicy Report they are only reported",
        desired(tags=TEAM, correct_drift=False),
        observed(version(A, promoted=ago(hours=1), tags=ADS), project=project(latest=name_of(A), tags=ADS)),
        [],
        REPORTED,
        drift=("versions[A].tags[team]", "spec.tags[team]"),
        requeue=600,
    ),
    Case(
        "our own memory is written under driftPolicy Report too",
        desired(correct_drift=False),
        observed(version(A), project=project()),
        ["Promote A [promoted-at=now]", "SetTags project [latest=A]"],
        working("Promoting"),
    ),
    Case(
        "tags of others are neither drift nor touched",
        desired(tags=TEAM, known_project=known("team")),
        observed(
            version(A, promoted=ago(hours=1), tags={**TEAM, "cost-center": "7"}),
            project=project(latest=name_of(A), tags={**TEAM, "cost-center": "7"}),
        ),
        [],
        UP_TO_DATE,
    ),
    Case(
        "a key that the operator set goes when the spec drops it, the project last",
        desired(known_project=known("team")),
        observed(version(A, promoted=ago(hours=1), tags=TEAM), project=project(latest=name_of(A), tags=TEAM)),
        ["RemoveTags A [team]", "RemoveTags project [team]"],
        {**UP_TO_DATE, "Reconciling": "True CorrectingDrift"},
        rests_on_status=True,
    ),
    Case(
        "the same key stays where status does not say that the operator set it",
        desired(known_project=known()),
        observed(version(A, promoted=ago(hours=1), tags=TEAM), project=project(latest=name_of(A), tags=TEAM)),
        [],
        UP_TO_DATE,
    ),
    Case(
        "keys that the operator set on the project before a move or a loss are not its own on the new one",
        desired(known_project=known("team", arn=f"{project().arn}0")),
        observed(version(A, promoted=ago(hours=1), tags=TEAM), project=project(latest=name_of(A), tags=TEAM)),
        [],
        UP_TO_DATE,
    ),
    Case(
        "tags of foreign versions are not the operator's",
        desired(tags=TEAM),
        observed(
            version(A, promoted=ago(hours=1), tags=TEAM),
            version(A, name="by-hand", owner=None),
            project=project(latest=name_of(A), tags=TEAM),
        ),
        [],
        UP_TO_DATE,
    ),
    Case(
        "tags of a version that is being deleted are left alone",
        desired(tags=TEAM),
        observed(
            version(A, promoted=ago(hours=1), tags=TEAM),
            version(A, 2, "DELETING"),
            project=project(latest=name_of(A, 2), tags=TEAM),
        ),
        [],
        UP_TO_DATE,
    ),
    Case(
        "a changed description trains nothing and is said to apply to the next version",
        desired(description="autumn catalogue"),
        observed(version(A, promoted=ago(hours=1), description="summer catalogue"), project=project(latest=name_of(A))),
        [],
        {**UP_TO_DATE, "PendingNextVersion": "True AppliesToNextVersion"},
        says=("spec.description", "it applies to the next version"),
    ),
    Case(
        "a changed output trains nothing and is said to apply to the next version",
        desired(output=S3Object("acme-ml", "elsewhere/")),
        observed(version(A, promoted=ago(hours=1)), project=project(latest=name_of(A))),
        [],
        {**UP_TO_DATE, "PendingNextVersion": "True AppliesToNextVersion"},
        says=("spec.output",),
    ),
    Case(
        "a version whose output AWS does not show says nothing of it",
        desired(),
        observed(version(A, promoted=ago(hours=1), output=None), project=project(latest=name_of(A))),
        [],
        UP_TO_DATE,
    ),
)


@rows(*CASES)
def test_what_is_not_an_input_applies_without_training(case: Case) -> None:
    check(case)


def test_the_operator_remembers_exactly_the_keys_that_it_may_remove_later() -> None:
    wanted = desired(tags={"team": "a", "new": "b"}, known_project=known("gone", "dropped", "team"))
    seen = observed(project=project(tags={"team": "a", "dropped": "x", "others": "y"}))
    report = Case("", wanted, seen, [], {}).decide().report
    assert sorted(report.project_tag_keys) == ["dropped", "new", "team"]


def test_keys_that_are_not_set_under_report_are_not_remembered() -> None:
    wanted = desired(tags={"team": "a", "new": "b"}, correct_drift=False)
    report = Case("", wanted, observed(project=project(tags={"team": "x"})), [], {}).decide().report
    assert report.project_tag_keys == ("team",)


def test_drift_says_what_is_wanted_and_what_is_there() -> None:
    case = Case("", desired(tags=TEAM), observed(project=project()), [], {})
    (item,) = case.decide().report.drift
    assert (item.path, item.desired, item.observed) == ("spec.tags[team]", "trust-safety", "(absent)")


def test_what_is_to_be_removed_is_remembered_although_all_forty_keys_are_replaced_at_once() -> None:
    old, new = {f"z{n}": "x" for n in range(40)}, {f"a{n}": "x" for n in range(40)}
    case = Case("", desired(tags=new, known_project=known(*old)), observed(project=project(tags=old)), [], {})
    remembered = case.status().project
    assert remembered is not None
    assert set(remembered.tag_keys or ()) == set(old)


def test_keys_of_a_project_that_was_left_are_not_carried_over_while_the_new_one_is_claimed() -> None:
    wanted = desired(adoption_policy="IfUnowned", known_project=known("team", arn=f"{project().arn}0"))
    claimed = observed(project=project(tags={**TEAM, t.CLAIMED_AT: t.time_value(ago(seconds=5))}))
    report = Case("", wanted, claimed, [], {}).decide().report
    assert report.project is not None
    assert report.project_tag_keys == ()
