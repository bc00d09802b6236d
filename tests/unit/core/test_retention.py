"""Which versions are deleted because the spec keeps fewer, and which never are?"""

from fakes.builders import NOW, A, B, C, ago, desired, foreign, inputs, name_of, observed, project, version
from rekognition_operator.core import tags as t
from unit.core.table import SERVING, UP_TO_DATE, Case, check, rows, stuck, working

D, E = inputs("d"), inputs("e")
ACTIVE_A = version(A, promoted=ago(hours=1), created=ago(days=2))
OLD = tuple(version(i, promoted=ago(days=n), created=ago(days=n + 1)) for n, i in ((3, B), (4, C), (5, D), (6, E)))
LATEST_A = project(latest=name_of(A))

CASES = (
    Case(
        "as many superseded versions as the spec keeps are kept",
        desired(keep=4),
        observed(ACTIVE_A, *OLD, project=LATEST_A),
        [],
        UP_TO_DATE,
    ),
    Case(
        "the ones that served longest ago go first, the oldest first of all",
        desired(keep=2),
        observed(ACTIVE_A, *OLD, project=LATEST_A),
        [f"DeleteVersion {name_of(E)} [owner]", f"DeleteVersion {name_of(D)} [owner]"],
        UP_TO_DATE,
        requeue=1,
    ),
    Case(
        "what served last is kept, not what was created last",
        desired(keep=1),
        observed(
            ACTIVE_A,
            version(B, promoted=ago(days=3), created=ago(days=20)),
            version(C, promoted=ago(days=9), created=ago(days=10)),
            project=LATEST_A,
        ),
        ["DeleteVersion C [owner]"],
        UP_TO_DATE,
    ),
    Case(
        "keep 0 leaves the version in service",
        desired(keep=0),
        observed(ACTIVE_A, OLD[0], project=LATEST_A),
        ["DeleteVersion B [owner]"],
        UP_TO_DATE,
    ),
    Case(
        "keep 0 leaves the version in service while the wanted one trains",
        desired(B, keep=0),
        observed(
            ACTIVE_A,
            version(B, status="TRAINING_IN_PROGRESS", created=ago(hours=1)),
            project=project(latest=name_of(B)),
        ),
        [],
        working("Training", ready=SERVING),
    ),
    Case(
        "keep 0 deletes neither what serves now nor what is about to serve",
        desired(B, keep=0),
        observed(ACTIVE_A, version(B, created=ago(hours=1)), project=project(latest=name_of(B))),
        ["Promote B [promoted-at=now]"],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "deprecated and expired versions out of service count as superseded",
        desired(keep=0),
        observed(
            ACTIVE_A,
            version(B, status="EXPIRED", promoted=ago(days=30), created=ago(days=31)),
            version(C, status="DEPRECATED", created=ago(days=20), tags={t.DEPRECATED_SEEN: t.time_value(NOW)}),
            project=LATEST_A,
        ),
        ["DeleteVersion B [owner]", "DeleteVersion C [owner]"],
        UP_TO_DATE,
    ),
    Case(
        "an expired version of the wanted inputs is kept until another of them is there",
        desired(keep=0),
        observed(version(A, status="EXPIRED"), project=LATEST_A),
        ["CreateVersion A-2 [owner cause=expired:A]"],
        working("Training"),
    ),
    Case(
        "foreign versions are never deleted and never counted",
        desired(keep=1),
        observed(ACTIVE_A, OLD[0], foreign("x", created=ago(days=40)), foreign("y", "EXPIRED"), project=LATEST_A),
        [],
        UP_TO_DATE,
    ),
    Case(
        "a version that spec.adoption names is kept as long as it is named",
        desired(keep=0, adoption_policy="IfUnowned", adopt_versions=(name_of(B),)),
        observed(ACTIVE_A, version(B, promoted=ago(days=9), created=ago(days=10)), project=LATEST_A),
        [],
        UP_TO_DATE,
    ),
    Case(
        "a version that is being deleted is not deleted twice",
        desired(keep=0),
        observed(ACTIVE_A, version(B, status="DELETING"), project=LATEST_A),
        [],
        UP_TO_DATE,
        requeue=30,
    ),
    Case(
        "a version in training is never deleted",
        desired(keep=0, keep_failed=0),
        observed(ACTIVE_A, version(B, status="TRAINING_IN_PROGRESS"), project=LATEST_A),
        [],
        UP_TO_DATE,
    ),
    Case(
        "a state that this release does not know is never deleted",
        desired(keep=0, keep_failed=0),
        observed(ACTIVE_A, version(B, status="RECALIBRATING"), project=LATEST_A),
        [],
        UP_TO_DATE,
    ),
    Case(
        "failed versions are not superseded ones",
        desired(keep=0),
        observed(ACTIVE_A, version(B, status="TRAINING_FAILED"), project=LATEST_A),
        [],
        UP_TO_DATE,
    ),
    Case(
        "failed versions beyond keepFailed go, oldest first",
        desired(keep_failed=1),
        observed(
            ACTIVE_A,
            version(B, status="TRAINING_FAILED", created=ago(days=5)),
            version(C, status="TRAINING_FAILED", created=ago(days=4)),
            version(D, status="TRAINING_FAILED", created=ago(days=3)),
            project=LATEST_A,
        ),
        ["DeleteVersion B [owner]", "DeleteVersion C [owner]"],
        UP_TO_DATE,
    ),
    Case(
        "the newest failed version of the wanted inputs is memory and stays even under keepFailed 0",
        desired(keep_failed=0),
        observed(
            version(A, status="TRAINING_FAILED"),
            version(A, 2, "TRAINING_FAILED"),
            project=project(latest=name_of(A, 2)),
        ),
        ["DeleteVersion A [owner]"],
        stuck("TrainingFailed"),
    ),
    Case(
        "it stays while the next attempt trains",
        desired(keep_failed=0),
        observed(
            version(A, status="TRAINING_FAILED"),
            version(A, 2, "TRAINING_IN_PROGRESS"),
            project=project(latest=name_of(A, 2)),
        ),
        [],
        working("Training"),
    ),
    Case(
        "it stays even when the next attempt has come good",
        desired(keep_failed=0),
        observed(
            version(A, status="TRAINING_FAILED"),
            version(A, 2, promoted=ago(hours=1)),
            project=project(latest=name_of(A, 2)),
        ),
        [],
        UP_TO_DATE,
    ),
    Case(
        "room is made before a training asks for it",
        desired(B, keep=0),
        observed(ACTIVE_A, version(C), project=LATEST_A),
        ["DeleteVersion C [owner]", "CreateVersion B [owner]"],
        working("Training", ready=SERVING),
    ),
)


@rows(*CASES)
def test_retention_deletes_what_is_of_no_use_and_nothing_else(case: Case) -> None:
    check(case)
