"""When is a version trained, under which name and for which cause, and what serves meanwhile?"""

from fakes.builders import A, B, ago, desired, name_of, observed, project, version
from rekognition_operator.core import tags as t
from unit.core.table import SERVING, UP_TO_DATE, Case, check, rows, stuck, working

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
        "of two trained attempts the newer one serves",
        desired(A),
        observed(version(A, promoted=ago(hours=5)), version(A, 2), project=project(latest=name_of(A, 2))),
        ["Promote A-2 [promoted-at=now]"],
        working("Promoting", ready=SERVING),
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

CASES = (*FLOW, *EXPIRY)


@rows(*FLOW)
def test_the_wanted_inputs_are_trained_once_and_the_last_good_version_serves_meanwhile(case: Case) -> None:
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
