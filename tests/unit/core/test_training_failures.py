"""What follows a failed training: who must act, what is repeated, and how often?"""

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
            "Training B on s3://acme-ml/storefront/b.manifest failed: The manifest file is empty.",
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
        says=("1 of 2 times", "(Internal server error. Please try again)"),
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

CASES = (*FAILURES, *SERVICE_FAULTS)


@rows(*FAILURES)
def test_a_failed_training_is_repeated_only_when_a_person_says_so(case: Case) -> None:
    check(case)


@rows(*SERVICE_FAULTS)
def test_faults_of_the_service_are_retried_a_bounded_number_of_times(case: Case) -> None:
    check(case)
