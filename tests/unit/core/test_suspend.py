"""What does the operator do, and say, while spec.suspend is true?"""

from dataclasses import replace

from fakes.builders import A, B, ago, desired, known, name_of, observed, project, retry, version
from rekognition_operator.core.world import Annotations
from unit.core.table import SERVING, UP_TO_DATE, Case, check, rows

SUSPENDED = {"Suspended": "True Suspended"}
NOT_YET = {"Ready": "False Suspended", "UpToDate": "False Suspended", **SUSPENDED}
SETTLED = observed(version(A, promoted=ago(hours=1)), project=project(latest=name_of(A)))

CASES = (
    Case(
        "a suspended new resource creates nothing, and does not claim to be at it",
        desired(suspend=True),
        observed(project=None),
        [],
        NOT_YET,
        says=("nothing is changed in AWS", "Waiting to be done: CreateProject"),
        requeue=600,
    ),
    Case(
        "a suspended settled resource stays Ready",
        desired(suspend=True),
        SETTLED,
        [],
        {**UP_TO_DATE, **SUSPENDED},
    ),
    Case(
        "a suspended resource whose inputs changed trains nothing; the old version serves",
        desired(B, suspend=True),
        SETTLED,
        [],
        {"Ready": SERVING, "UpToDate": "False Suspended", **SUSPENDED},
        says=("Waiting to be done: CreateVersion",),
    ),
    Case(
        "a training that runs already is shown, since AWS cannot stop it",
        desired(suspend=True),
        observed(version(A, status="TRAINING_IN_PROGRESS"), project=project(latest=name_of(A))),
        [],
        {"Ready": "False Training", "UpToDate": "False Training", **SUSPENDED},
    ),
    Case(
        "what it trained is not put into service",
        desired(suspend=True),
        observed(version(A), project=project(latest=name_of(A))),
        [],
        NOT_YET,
        says=("Waiting to be done: Promote",),
    ),
    Case(
        "drift is reported and not corrected",
        desired(suspend=True, tags={"team": "ads"}),
        SETTLED,
        [],
        {**UP_TO_DATE, **SUSPENDED, "Drifted": "True Reported"},
        drift=("versions[A].tags[team]", "spec.tags[team]"),
    ),
    Case(
        "a lost version is not even written down",
        desired(suspend=True),
        observed(project=project(latest=name_of(A))),
        [],
        {**NOT_YET, "Drifted": "True Reported"},
        drift=("versions[A]",),
    ),
    Case(
        "a retry token waits too",
        desired(suspend=True, annotations=retry("monday")),
        observed(version(A, status="TRAINING_FAILED"), project=project(latest=name_of(A))),
        [],
        NOT_YET,
    ),
    Case(
        "a failed training stays Stalled",
        desired(suspend=True),
        observed(version(A, status="TRAINING_FAILED"), project=project(latest=name_of(A))),
        [],
        {
            "Ready": "False TrainingFailed",
            "UpToDate": "False TrainingFailed",
            "Stalled": "True TrainingFailed",
            **SUSPENDED,
        },
    ),
    *(
        Case(
            f"deleted with policy {policy} while suspended: it waits, and says the ways out",
            desired(suspend=True, deleting=True, deletion_policy=policy),
            SETTLED,
            [],
            NOT_YET,
            says=(
                "Set suspend: false",
                "deletion.policy: Orphan",
                "-n trust-safety storefront rekognition-operator.io/force-release=true",
            ),
            requeue=600,
        )
        for policy in ("Delete", "Retain")
    ),
    Case(
        "deleted with policy Orphan while suspended: it goes, since that changes nothing in AWS",
        desired(suspend=True, deleting=True, deletion_policy="Orphan"),
        SETTLED,
        ["ReleaseFinalizer"],
        {"Ready": "False Deleting", "UpToDate": "False Deleting", "Reconciling": "True Deleting"},
    ),
    *(
        Case(
            f"force-released with policy {policy} while suspended: it goes, and AWS stays as it is",
            desired(
                suspend=True, deleting=True, deletion_policy=policy, annotations=Annotations(force_release=True)
            ),
            SETTLED,
            ["ReleaseFinalizer"],
            {"Ready": "False Deleting", "UpToDate": "False Deleting", "Reconciling": "True Deleting"},
        )
        for policy in ("Delete", "Retain", "Orphan")
    ),
)  # fmt: skip


@rows(*CASES)
def test_suspended_changes_nothing_in_aws_and_says_so(case: Case) -> None:
    check(case)


def test_a_suspended_resource_does_not_claim_tag_keys_that_it_has_not_set() -> None:
    wanted = desired(suspend=True, tags={"team": "ads", "there": "x"}, known_project=known())
    seen = observed(project=project(tags={"there": "x"}))
    assert Case("", wanted, seen, [], {}).decide().report.project_tag_keys == ("there",)


def test_unsuspending_does_what_was_waiting() -> None:
    (waiting,) = [case for case in CASES if case.name.startswith("what it trained")]
    resumed = replace(waiting.desired, suspend=False)
    assert [type(a).__name__ for a in replace(waiting, desired=resumed).decide().actions] == ["Promote"]
