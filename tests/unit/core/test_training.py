"""When is a version trained, under which name and for which cause, and what serves meanwhile?"""

from collections.abc import Mapping
from datetime import datetime

from fakes.builders import A, B, ago, desired, name_of, observed, project, retry, version
from rekognition_operator.core import tags as t
from rekognition_operator.core.world import ObservedVersion, S3Object
from unit.core.table import SERVING, UP_TO_DATE, Case, check, rows, stuck, working

SUMMARY = S3Object("acme-ml", "storefront/out/ManifestSummary.json")
FAULT = "Internal server error. Please try again."
FAULT_1 = {t.CAUSE: "service-fault:1"}
FAULT_2 = {t.CAUSE: "service-fault:2"}


def fault(n: int = 1, tags: Mapping[str, str] | None = None, *, seen: datetime | None = None) -> ObservedVersion:
    """Return a version that failed by a fault of the service, dated by the operator where it has seen it."""
    dated = {t.FAILED_SEEN: t.time_value(seen)} if seen is not None else {}
    return version(A, n, "TRAINING_FAILED", status_message=FAULT, tags={**(tags or {}), **dated})


FLOW = (
    Case(
        "a training under way is followed, and the project remembers that there is such a version",
        desired(),
        observed(version(A, status="TRAINING_IN_PROGRESS"), project=project()),
        ["SetTags project [latest=A]"],
        working("Training"),
        says=("Rekognition is training version A, since 2026-03-01 09:00 UTC",),
    ),
    Case(
        "a training that is remembered already needs nothing",
        desired(),
        observed(version(A, status="TRAINING_IN_PROGRESS"), project=project(latest=name_of(A))),
        [],
        working("Training"),
        requeue=30,
    ),
    Case(
        "a trained version is put into service",
        desired(),
        observed(version(A), project=project(latest=name_of(A))),
        ["Promote A [promoted-at=now]"],
        {"Ready": "False Promoting", "UpToDate": "False Promoting", "Reconciling": "True Promoting"},
        requeue=1,
    ),
    Case(
        "a version in service needs nothing",
        desired(),
        observed(version(A, promoted=ago(hours=1)), project=project(latest=name_of(A))),
        [],
        UP_TO_DATE,
        requeue=600,
    ),
    Case(
        "changed inputs train a version of their own while the old one serves",
        desired(B),
        observed(version(A, promoted=ago(hours=1)), project=project(latest=name_of(A))),
        ["CreateVersion B [owner]"],
        working("Training", ready=SERVING),
    ),
    Case(
        "while the new version trains the old one serves: Ready stays True and UpToDate tells",
        desired(B),
        observed(
            version(A, promoted=ago(hours=1)),
            version(B, status="TRAINING_IN_PROGRESS", created=ago(minutes=5)),
            project=project(latest=name_of(B)),
        ),
        [],
        working("Training", ready=SERVING),
    ),
    Case(
        "the new version goes into service once it has trained, later than every other promotion",
        desired(B),
        observed(
            version(A, promoted=ago(hours=1)), version(B, created=ago(minutes=5)), project=project(latest=name_of(B))
        ),
        ["Promote B [promoted-at=now]"],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "the reverted change puts the old version back into service at once, without training",
        desired(A),
        observed(
            version(A, promoted=ago(hours=5)),
            version(B, promoted=ago(hours=1), created=ago(hours=3)),
            project=project(latest=name_of(B)),
        ),
        ["Promote A [promoted-at=now]", "SetTags project [latest=A]"],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "inputs that change while the first training runs are trained too; the first one serves if it is done sooner",
        desired(B),
        observed(
            version(A), version(B, status="TRAINING_IN_PROGRESS", created=ago(minutes=5)),
            project=project(latest=name_of(B)),
        ),
        ["Promote A [promoted-at=now]"],
        working("Training"),
    ),
    Case(
        "the trained one of two attempts serves although the newer one failed",
        desired(A),
        observed(
            version(A, promoted=ago(hours=5)), version(A, 2, "TRAINING_FAILED"),
            project=project(latest=name_of(A, 2)),
        ),
        [],
        UP_TO_DATE,
    ),
    Case(
        "under readyWhen Accepted the accepted training is Ready, and is not Reconciling",
        desired(ready_when_accepted=True),
        observed(version(A, status="TRAINING_IN_PROGRESS"), project=project(latest=name_of(A))),
        [],
        {"Ready": "True Accepted", "UpToDate": "False Training"},
        requeue=30,
    ),
    Case(
        "under readyWhen Accepted nothing is Ready before AWS has accepted the training",
        desired(ready_when_accepted=True),
        observed(project=project()),
        ["CreateVersion A [owner]"],
        {"Ready": "False Training", "UpToDate": "False Training"},
    ),
    Case(
        "a status that this release does not know is waited for and left alone",
        desired(),
        observed(version(A, status="RECALIBRATING"), project=project(latest=name_of(A))),
        [],
        working("Progressing"),
        says=("is RECALIBRATING in AWS",),
        requeue=30,
    ),
    Case(
        "a version in service whose status this release does not know stays in service",
        desired(B),
        observed(
            version(A, status="RECALIBRATING", promoted=ago(hours=1)),
            version(B, status="TRAINING_FAILED", status_message="The manifest file is empty."),
            project=project(latest=name_of(B)),
        ),
        [],
        stuck("TrainingFailed", ready=SERVING),
    ),
)  # fmt: skip

FAILURES = (
    Case(
        "a failed training is Stalled with AWS's words and the place of the manifest summary; the old version serves",
        desired(B),
        observed(
            version(A, promoted=ago(hours=1)),
            version(
                B, status="TRAINING_FAILED", status_message="The manifest file is empty.", manifest_summary=SUMMARY
            ),
            project=project(latest=name_of(B)),
        ),
        [],
        stuck("TrainingFailed", ready=SERVING),
        says=(
            "Training B failed: The manifest file is empty.",
            "s3://acme-ml/storefront/out/ManifestSummary.json",
            "kubectl annotate moderationadapter -n trust-safety storefront --overwrite rekognition-operator.io/retry=",
        ),
        requeue=600,
    ),
    Case(
        "a first training that failed leaves nothing in service",
        desired(),
        observed(version(A, status="TRAINING_FAILED"), project=project(latest=name_of(A))),
        [],
        stuck("TrainingFailed"),
        says=("AWS gives no message",),
    ),
    Case(
        "a retry token trains once more, under the next name, and is written on that version",
        desired(annotations=retry("monday")),
        observed(version(A, status="TRAINING_FAILED"), project=project(latest=name_of(A))),
        ["CreateVersion A-2 [owner cause=retry retry=monday]"],
        working("Training"),
    ),
    Case(
        "the same token repeats nothing after that version failed too",
        desired(annotations=retry("monday")),
        observed(
            version(A, status="TRAINING_FAILED"),
            version(A, 2, "TRAINING_FAILED", tags={t.RETRY: "monday", t.CAUSE: "retry"}),
            project=project(latest=name_of(A, 2)),
        ),
        ["SetTags project [retry=monday]"],
        stuck("TrainingFailed"),
    ),
    Case(
        "the same token repeats nothing once the version that carried it is gone",
        desired(annotations=retry("monday")),
        observed(
            version(A, 3, "TRAINING_FAILED"), project=project(latest=name_of(A, 3), tags={t.RETRY: "monday"})
        ),
        [],
        stuck("TrainingFailed"),
    ),
    Case(
        "another token trains once more",
        desired(annotations=retry("tuesday")),
        observed(
            version(A, 2, "TRAINING_FAILED", tags={t.RETRY: "monday"}),
            project=project(latest=name_of(A, 2), tags={t.RETRY: "monday"}),
        ),
        ["CreateVersion A-3 [owner cause=retry retry=tuesday]"],
        working("Training"),
    ),
    Case(
        "a token that stays in git over a change of the inputs does not repeat the new failure",
        desired(B, annotations=retry("monday")),
        observed(
            version(A, 2, "TRAINING_FAILED", tags={t.RETRY: "monday"}),
            version(B, status="TRAINING_FAILED", tags={t.RETRY: "monday"}),
            project=project(latest=name_of(B), tags={t.RETRY: "monday"}),
        ),
        [],
        stuck("TrainingFailed"),
    ),
    Case(
        "a token that finds nothing to try again is answered and trains nothing, now or later",
        desired(annotations=retry("monday")),
        observed(version(A, promoted=ago(hours=1)), project=project(latest=name_of(A))),
        ["SetTags project [retry=monday]"],
        UP_TO_DATE,
    ),
    Case(
        "a token given while the training runs is answered by it",
        desired(annotations=retry("monday")),
        observed(version(A, status="TRAINING_IN_PROGRESS"), project=project(latest=name_of(A))),
        ["SetTags project [retry=monday]"],
        working("Training"),
    ),
    Case(
        "a failure of other inputs than the wanted ones is history",
        desired(B),
        observed(version(A, status="TRAINING_FAILED"), project=project(latest=name_of(A))),
        ["CreateVersion B [owner]"],
        working("Training"),
    ),
    Case(
        "deleting an older failed attempt does not hide that the newest one failed",
        desired(),
        observed(
            version(A, status="DELETING"), version(A, 2, "TRAINING_FAILED"), project=project(latest=name_of(A, 2))
        ),
        [],
        stuck("TrainingFailed"),
    ),
)  # fmt: skip

SERVICE_FAULTS = (
    Case(
        "a fault of the service is dated when it is first seen, and waits five minutes before it is trained again",
        desired(),
        observed(fault(), project=project(latest=name_of(A))),
        ["SetTags A [failed-seen=now]"],
        working("Retrying"),
        says=("1 of 2 times", FAULT),
        requeue=1,
    ),
    Case(
        "within the five minutes nothing is done",
        desired(),
        observed(fault(seen=ago(minutes=2)), project=project(latest=name_of(A))),
        [],
        working("Retrying"),
        requeue=180,
    ),
    Case(
        "then it is trained again, and the version counts the fault",
        desired(),
        observed(fault(seen=ago(minutes=5)), project=project(latest=name_of(A))),
        ["CreateVersion A-2 [owner cause=service-fault:1]"],
        working("Training"),
    ),
    Case(
        "the second wait is twice as long",
        desired(),
        observed(fault(2, FAULT_1, seen=ago(minutes=5)), project=project(latest=name_of(A, 2))),
        [],
        working("Retrying"),
        says=("2 of 2 times",),
        requeue=300,
    ),
    Case(
        "the second fault is the last that is tried again",
        desired(),
        observed(fault(2, FAULT_1, seen=ago(minutes=10)), project=project(latest=name_of(A, 2))),
        ["CreateVersion A-3 [owner cause=service-fault:2]"],
        working("Training"),
    ),
    Case(
        "after that a person is asked",
        desired(),
        observed(fault(3, FAULT_2), project=project(latest=name_of(A, 3))),
        [],
        stuck("TrainingFailed"),
        says=(FAULT,),
    ),
    Case(
        "a fault that a wrong clock dated ahead is dated anew",
        desired(),
        observed(fault(seen=ago(days=-30)), project=project(latest=name_of(A))),
        ["SetTags A [failed-seen=now]"],
        working("Retrying"),
    ),
    Case(
        "a retry token does not wait for a service fault to be tried again",
        desired(annotations=retry("now")),
        observed(fault(seen=ago(minutes=1)), project=project(latest=name_of(A))),
        ["CreateVersion A-2 [owner cause=retry retry=now]"],
        working("Training"),
    ),
    Case(
        "a cause that is not a count starts the count anew",
        desired(),
        observed(fault(2, {t.CAUSE: "service-fault:many"}, seen=ago(hours=1)), project=project(latest=name_of(A, 2))),
        ["CreateVersion A-3 [owner cause=service-fault:1]"],
        working("Training"),
    ),
)

EXPIRY = (
    Case(
        "a deprecated version serves, the day it was first seen so is written on it, and Expiring says until when",
        desired(),
        observed(version(A, status="DEPRECATED", promoted=ago(days=80)), project=project(latest=name_of(A))),
        ["SetTags A [deprecated-seen=now]"],
        {**UP_TO_DATE, "Expiring": "True Deprecated"},
        says=("60 to 90 days after the new base model was released",),
    ),
    Case(
        "the day is not written twice, and the estimate counts from it",
        desired(),
        observed(
            version(
                A, status="DEPRECATED", promoted=ago(days=80), tags={t.DEPRECATED_SEEN: "2026-02-01T00:00:00.000Z"}
            ),
            project=project(latest=name_of(A)),
        ),
        [],
        {**UP_TO_DATE, "Expiring": "True Deprecated"},
        says=("between 2026-04-02 and 2026-05-02",),
    ),
    Case(
        "an expired version is never in service: the same inputs are trained again, with the cause",
        desired(),
        observed(version(A, status="EXPIRED", promoted=ago(days=80)), project=project(latest=name_of(A))),
        ["CreateVersion A-2 [owner cause=expired:A]"],
        {"Ready": "False AdapterExpired", "UpToDate": "False Training", "Reconciling": "True Training"},
        says=("AWS answers its ARN from the base model",),
    ),
    Case(
        "it stays out of service while the next one trains",
        desired(),
        observed(
            version(A, status="EXPIRED", promoted=ago(days=80)),
            version(A, 2, "TRAINING_IN_PROGRESS", tags={t.CAUSE: "expired:A"}),
            project=project(latest=name_of(A, 2)),
        ),
        [],
        {"Ready": "False AdapterExpired", "UpToDate": "False Training", "Reconciling": "True Training"},
    ),
    Case(
        "a revert to an expired version trains the next attempt while the other one serves",
        desired(A),
        observed(
            version(A, status="EXPIRED", promoted=ago(days=80)),
            version(B, promoted=ago(days=2), created=ago(days=3)),
            project=project(latest=name_of(B)),
        ),
        ["SetTags project [latest=A]", "CreateVersion A-2 [owner cause=expired:A]"],
        working("Training", ready=SERVING),
    ),
    Case(
        "the version that served before an expired one serves again",
        desired(B),
        observed(
            version(A, promoted=ago(days=100)),
            version(B, status="EXPIRED", promoted=ago(days=80), created=ago(days=81)),
            project=project(latest=name_of(B)),
        ),
        ["CreateVersion B-2 [owner cause=expired:B]"],
        working("Training", ready=SERVING),
    ),
)

CASES = (*FLOW, *FAILURES, *SERVICE_FAULTS, *EXPIRY)


@rows(*FLOW)
def test_the_wanted_inputs_are_trained_once_and_the_last_good_version_serves_meanwhile(case: Case) -> None:
    check(case)


@rows(*FAILURES)
def test_a_failed_training_is_repeated_only_when_a_person_says_so(case: Case) -> None:
    check(case)


@rows(*SERVICE_FAULTS)
def test_faults_of_the_service_are_retried_a_bounded_number_of_times(case: Case) -> None:
    check(case)


@rows(*EXPIRY)
def test_deprecated_serves_and_expired_does_not(case: Case) -> None:
    check(case)


def test_a_promotion_is_dated_after_one_that_a_wrong_clock_dated_ahead() -> None:
    ahead = version(B, promoted=ago(days=-1), created=ago(hours=3))
    case = Case(
        "",
        desired(A),
        observed(version(A), ahead, project=project(latest=name_of(A))),
        ["Promote A [promoted-at=2026-03-03T09:00:00.001Z]"],
        working("Promoting", ready=SERVING),
    )
    check(case)


def test_a_promotion_date_at_the_end_of_time_is_nobodys_and_breaks_nothing() -> None:
    nonsense = version(B, tags={t.PROMOTED_AT: "9999-12-31T23:59:59.999Z"}, created=ago(hours=3))
    case = Case(
        "",
        desired(A),
        observed(version(A), nonsense, project=project(latest=name_of(A))),
        ["Promote A [promoted-at=now]"],
        working("Promoting"),
    )
    check(case)
