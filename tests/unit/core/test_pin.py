"""Which version serves while spec.pin names one, and after?"""

from fakes.builders import A, B, C, ago, desired, foreign, inputs, name_of, observed, project, version
from fakes.proofs import answers, approved, at_least, automatic, manual, probed, proofs, rejected
from rekognition_operator.core import tags as t
from rekognition_operator.core.proof import Outcome
from unit.core.table import SERVING, UP_TO_DATE, Case, Conditions, check, rows, stuck, working

GOOD = at_least(0.8)
GATED = automatic(GOOD)
SAYS = "minF1Score: wanted at least 0.8 - got 0.7"
A_NAME, B_NAME = name_of(A), name_of(B)
HERE, THERE = project(latest=A_NAME), project(latest=B_NAME)
OLD = version(A, promoted=ago(days=2), created=ago(days=3), f1_score=0.87)
SERVES = version(B, promoted=ago(hours=1), created=ago(hours=2), f1_score=0.9)
OLD_PINNED = version(A, promoted=ago(minutes=5), created=ago(days=3), f1_score=0.87)
WORSE = version(B, created=ago(hours=1), f1_score=0.7)
KNOWN_WORSE = version(B, created=ago(hours=1), f1_score=0.7, tags=rejected(GOOD))
SAYS_FAILED = (
    "probes: wanted 1 of 1 to pass - got 0 - probe beach: wanted no Explicit from 60 percent on - got Explicit 91.0 "
    "percent"
)
BY_PIN = {t.BY_PIN: t.time_value(ago(minutes=5))}
ONLY_BY_PIN = version(B, promoted=ago(minutes=5), created=ago(hours=1), f1_score=0.7, tags={**rejected(GOOD), **BY_PIN})
"""Rejected by a gate, and in service by a pin all the same."""
PINNED_UNASKED = version(B, promoted=ago(minutes=5), created=ago(hours=1), tags=BY_PIN)
WORSE_SERVES = version(B, promoted=ago(minutes=5), created=ago(hours=1), f1_score=0.7, tags=rejected(GOOD))
PINNED: Conditions = {"Ready": SERVING, "UpToDate": "True Pinned", "Pinned": "True Pinned"}
OVERRIDDEN: Conditions = {**PINNED, "GateOverridden": "True GateOverridden"}
UNAVAILABLE: Conditions = stuck("PinnedVersionUnavailable", ready=SERVING)


def promoting(**more: str) -> Conditions:
    """Say that the pinned version is about to serve."""
    return {**working("Promoting", ready=SERVING), "Pinned": "True Pinned", **more}


TO_ANOTHER = (
    Case(
        "a pin to a superseded version puts it into service, without training",
        desired(B, pin=A_NAME), observed(OLD, SERVES, project=THERE),
        ["Promote A [promoted-at=now]"],
        promoting(),
        says=("spec.pin names version A: it serves. Version B is the one that spec.training asks for",),
    ),
    Case(
        "the pinned version is what UpToDate goes by",
        desired(B, pin=A_NAME), observed(OLD_PINNED, SERVES, project=THERE),
        [],
        PINNED,
        says=("Version A is the one that spec.pin names",),
        requeue=600,
    ),
    Case(
        "a pin to the wanted version holds it",
        desired(B, pin=B_NAME), observed(OLD, SERVES, project=THERE),
        [],
        PINNED,
        says=("spec.pin names version B: it serves",),
    ),
    Case(
        "a pin to a version that was never in service needs no word of a person",
        desired(B, pin=B_NAME, promotion=manual()), observed(OLD, version(B, created=ago(hours=1)), project=THERE),
        ["Promote B [promoted-at=now]"],
        promoting(),
    ),
    Case(
        "a pin lets a version serve that was not asked yet: it is asked while it serves",
        desired(B, pin=B_NAME, promotion=automatic(probed())),
        observed(OLD, version(B, created=ago(hours=1)), project=THERE),
        ["Promote B [by-pin=now promoted-at=now]"],
        promoting(),
    ),
    Case(
        "a pinned version that fails a probe serves on, and it is told",
        desired(B, pin=B_NAME, promotion=automatic(probed())),
        observed(OLD, SERVES, project=THERE, proofs=proofs((SERVES, answers(Outcome.FAILED)))),
        [],
        {**PINNED, "ProbesFailing": "True ProbesFailed"},
    ),
    Case(
        "after the pin is removed the wanted version serves again, by the gates if it has not served yet",
        desired(B, promotion=GATED), observed(OLD_PINNED, SERVES, project=THERE),
        ["Promote B [promoted-at=now]"],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "a deprecated version may be pinned",
        desired(B, pin=A_NAME),
        observed(
            version(A, status="DEPRECATED", promoted=ago(minutes=5), tags={"rekognition-operator.io/deprecated-seen":
                    "2026-03-01T00:00:00.000Z"}), SERVES, project=THERE,
        ),
        [],
        {**PINNED, "Expiring": "True Deprecated"},
    ),
)  # fmt: skip

REJECTED_ONES = (
    Case(
        "a pin overrides the gates, and says so",
        desired(B, pin=B_NAME, promotion=GATED), observed(OLD, KNOWN_WORSE, project=THERE),
        ["Promote B [by-pin=now promoted-at=now]"],
        promoting(GateOverridden="True GateOverridden"),
        says=(f"Version B does not pass the gates of spec.promotion ({SAYS}), and serves since spec.pin names it",),
    ),
    Case(
        "a pin to a version that was not judged yet overrides them, too: that it does not pass is written down",
        desired(B, pin=B_NAME, promotion=GATED), observed(OLD, WORSE, project=THERE),
        [f"SetTags B [rejected={GOOD.key} now {SAYS}]", "Promote B [by-pin=now promoted-at=now]"],
        promoting(GateOverridden="True GateOverridden"),
    ),
    Case(
        "that a gate is overridden is told as long as it is",
        desired(B, pin=B_NAME, promotion=GATED), observed(OLD, WORSE_SERVES, project=THERE),
        [],
        OVERRIDDEN,
        requeue=600,
    ),
    Case(
        "after the pin is removed a rejected version leaves service",
        desired(B, promotion=GATED), observed(OLD, WORSE_SERVES, project=THERE),
        [],
        stuck("VersionRejected", ready=SERVING),
        says=("Version A is in service", f"does not pass {SAYS}"),
    ),
    Case(
        "after the pin is removed nothing serves where there is no other",
        desired(B, promotion=GATED), observed(WORSE_SERVES, project=THERE),
        [],
        stuck("VersionRejected"),
    ),
    Case(
        "a version that only a pin let in is judged by other gates, too, and does not come back by them",
        desired(B, promotion=automatic(at_least(0.75))), observed(OLD, ONLY_BY_PIN, project=THERE),
        [f"SetTags B [rejected={at_least(0.75).key} now minF1Score: wanted at least 0.75 - got 0.7]"],
        stuck("VersionRejected", ready=SERVING),
        says=("Version A is in service",),
    ),
    Case(
        "while it is pinned, that it does not pass other gates is told as well",
        desired(B, pin=B_NAME, promotion=automatic(at_least(0.75))), observed(OLD, ONLY_BY_PIN, project=THERE),
        [f"SetTags B [rejected={at_least(0.75).key} now minF1Score: wanted at least 0.75 - got 0.7]"],
        OVERRIDDEN,
    ),
    Case(
        "and where it passes other gates it is in service by its own right",
        desired(B, promotion=automatic(at_least(0.6))), observed(OLD, ONLY_BY_PIN, project=THERE),
        ["RemoveTags B [by-pin]", "Promote B [promoted-at=now]"],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "one that was pinned before it was asked is judged by what it answers: it fails",
        desired(B, pin=B_NAME, promotion=automatic(probed())),
        observed(OLD, PINNED_UNASKED, project=THERE, proofs=proofs((PINNED_UNASKED, answers(Outcome.FAILED)))),
        [f"SetTags B [rejected={probed().key} now {SAYS_FAILED}]"],
        {**OVERRIDDEN, "ProbesFailing": "True ProbesFailed"},
    ),
    Case(
        "and it passes",
        desired(B, pin=B_NAME, promotion=automatic(probed())),
        observed(OLD, PINNED_UNASKED, project=THERE, proofs=proofs((PINNED_UNASKED, answers(Outcome.PASSED)))),
        ["RemoveTags B [by-pin]"],
        PINNED,
    ),
    Case(
        "a pin to one version overrides no gate of another",
        desired(B, pin=A_NAME, promotion=GATED), observed(OLD_PINNED, WORSE, project=THERE),
        [],
        PINNED,
    ),
)  # fmt: skip

UNAVAILABLE_ONES = (
    Case(
        "a pin to a version that is gone: the one in service stays, though another is wanted",
        desired(A, pin="v1-0123456789abcdef"), observed(OLD, SERVES, project=HERE),
        [],
        UNAVAILABLE,
        says=(
            "spec.pin names version v1-0123456789abcdef, which cannot serve: the project has no version of this name",
            "version B stays in service. Set spec.pin to another one of status.versions, or remove it",
        ),
        requeue=600,
    ),
    Case(
        "a pin to one that failed",
        desired(A, pin=name_of(C)),
        observed(OLD, version(C, status="TRAINING_FAILED", created=ago(days=1)), project=HERE),
        [],
        UNAVAILABLE,
        says=("it is TRAINING_FAILED; version A stays in service",),
    ),
    Case(
        "a pin to one that has expired",
        desired(A, pin=name_of(C)),
        observed(OLD, version(C, status="EXPIRED", promoted=ago(days=99), created=ago(days=99)), project=HERE),
        [],
        UNAVAILABLE,
        says=("it is EXPIRED",),
    ),
    Case(
        "the pinned version expires while it serves: the one before serves",
        desired(B, pin=A_NAME), observed(version(A, status="EXPIRED", promoted=ago(minutes=5)), SERVES, project=THERE),
        [],
        UNAVAILABLE,
        says=("Version B is in service",),
    ),
    Case(
        "a pin to one for which the base model answers",
        desired(B, pin=A_NAME, promotion=automatic(probed())),
        observed(OLD_PINNED, SERVES, project=THERE, proofs=proofs((OLD_PINNED, answers(Outcome.BASE_MODEL)))),
        ["SetTags A [base-model-answers=now]"],
        stuck("BaseModelAnswers", ready=SERVING),
        says=("The base model answered a probe of version A in its place", "version B serves instead"),
    ),
    Case(
        "a pin to one for which the base model answers, and which does not serve",
        desired(B, pin=A_NAME, promotion=automatic(probed())),
        observed(OLD, SERVES, project=THERE, proofs=proofs((OLD, answers(Outcome.BASE_MODEL)))),
        ["SetTags A [base-model-answers=now]"],
        UNAVAILABLE,
        says=("the base model answers in its place; version B stays in service",),
    ),
    Case(
        "a pin to one that is in training, as spec.training asks for it, is waited for",
        desired(B, pin=B_NAME),
        observed(OLD, version(B, status="TRAINING_IN_PROGRESS", created=ago(minutes=5)), project=THERE),
        [],
        working("Training", ready=SERVING),
    ),
    Case(
        "a pin to one that is in training, and is not asked for any more, is waited for, too",
        desired(A, pin=B_NAME),
        observed(OLD, version(B, status="TRAINING_IN_PROGRESS", created=ago(minutes=5)), project=HERE),
        [],
        {"Ready": SERVING, "UpToDate": "False NoVersionInService"},
    ),
    Case(
        "a pin to an earlier attempt that is gone, though spec.training asks for its inputs: it does not come again",
        desired(A, pin=A_NAME),
        observed(version(A, 2, promoted=ago(days=1), created=ago(days=2)), project=project(latest=name_of(A, 2))),
        [],
        UNAVAILABLE,
    ),
    Case(
        "a pin to one that is gone, where nothing serves: what passes the gates does",
        desired(A, pin="v1-0123456789abcdef", promotion=GATED), observed(version(A, f1_score=0.9), project=HERE),
        ["Promote A [promoted-at=now]"],
        stuck("PinnedVersionUnavailable"),
    ),
    Case(
        "and what does not pass does not",
        desired(A, pin="v1-0123456789abcdef", promotion=GATED), observed(version(A, f1_score=0.7), project=HERE),
        [f"SetTags A [rejected={GOOD.key} now {SAYS}]"],
        stuck("PinnedVersionUnavailable"),
    ),
    Case(
        "a pin that names nothing while the wanted version is trained: the training goes on, and is told",
        desired(B, pin="v1-0123456789abcdef"), observed(OLD, project=HERE),
        ["CreateVersion B [owner]"],
        working("Training", ready=SERVING),
    ),
)  # fmt: skip

OF_OTHERS = (
    Case(
        "a version of others may be pinned: it serves, and nothing is done with it",
        desired(A, pin="by-hand", tags={"team": "ads"}),
        observed(
            version(A, promoted=ago(days=2), tags={"team": "ads"}), foreign(created=ago(days=9)),
            project=project(latest=A_NAME, tags={"team": "ads"}),
        ),
        [],
        PINNED,
        says=("spec.pin names version by-hand, which others made: it serves, and is not changed. Version A is",),
        requeue=600,
    ),
    Case(
        "a version of another resource may be, too, where it is of this project",
        desired(A, pin="banners", promotion=GATED),
        observed(OLD, version(C, owner=None, name="banners", created=ago(days=9), f1_score=0.1), project=HERE),
        [],
        PINNED,
    ),
    Case(
        "one that has failed may not",
        desired(A, pin="by-hand"), observed(OLD, foreign(status="TRAINING_FAILED", created=ago(days=9)), project=HERE),
        [],
        UNAVAILABLE,
        says=("it is TRAINING_FAILED",),
    ),
    Case(
        "one that has expired may not",
        desired(A, pin="by-hand"), observed(OLD, foreign(status="EXPIRED", created=ago(days=9)), project=HERE),
        [],
        UNAVAILABLE,
    ),
    Case(
        "one for which the base model answers may not",
        desired(A, pin="by-hand", promotion=automatic(probed())),
        observed(
            OLD, foreign(created=ago(days=9)), project=HERE,
            proofs=proofs((foreign(created=ago(days=9)), answers(Outcome.BASE_MODEL))),
        ),
        [],
        UNAVAILABLE,
        says=("spec.pin names version by-hand, which cannot serve: the base model answers in its place",),
    ),
    Case(
        "after the pin is removed our last one serves",
        desired(A), observed(OLD, foreign(created=ago(days=9)), project=HERE),
        [],
        UP_TO_DATE,
    ),
)  # fmt: skip

WHILE_PINNED = (
    Case(
        "an edit of the training is trained, while the pinned one serves",
        desired(C, pin=B_NAME), observed(OLD, SERVES, project=THERE),
        ["CreateVersion C [owner]"],
        {"Ready": SERVING, "UpToDate": "True Pinned", "Pinned": "True Pinned", "Reconciling": "True Training"},
    ),
    Case(
        "what was trained only becomes a candidate, whatever the gates say of it",
        desired(C, pin=B_NAME, promotion=GATED),
        observed(SERVES, version(C, created=ago(minutes=9), f1_score=0.95), project=project(latest=name_of(C))),
        [],
        PINNED,
        says=("Version C is the one that spec.training asks for; remove spec.pin to let it",),
    ),
    Case(
        "even with a person's word",
        desired(C, pin=B_NAME, promotion=manual()),
        observed(SERVES, version(C, created=ago(minutes=9), tags=approved()), project=project(latest=name_of(C))),
        [],
        PINNED,
    ),
    Case(
        "a pinned version is never deleted, neither is the one that spec.training asks for",
        desired(C, pin=A_NAME, keep=0, keep_failed=0),
        observed(
            OLD_PINNED, SERVES, version(C, created=ago(minutes=9)),
            version(inputs("d"), status="TRAINING_FAILED", created=ago(days=20)), project=project(latest=name_of(C)),
        ),
        [f"DeleteVersion {name_of(inputs('d'))} [owner]", "DeleteVersion B [owner]"],
        PINNED,
    ),
    Case(
        "nor is one that is pinned and cannot serve",
        desired(A, pin=B_NAME, keep=0, keep_failed=0),
        observed(OLD, version(B, status="EXPIRED", promoted=ago(days=80), created=ago(days=90)), project=HERE),
        [],
        UNAVAILABLE,
    ),
    Case(
        "nor one that was rejected and is pinned",
        desired(A, pin=B_NAME, keep=0, keep_failed=0, promotion=GATED), observed(OLD, WORSE_SERVES, project=HERE),
        [],
        OVERRIDDEN,
    ),
)  # fmt: skip

CASES = (*TO_ANOTHER, *REJECTED_ONES, *UNAVAILABLE_ONES, *OF_OTHERS, *WHILE_PINNED)


@rows(*CASES)
def test_the_pinned_version_serves(case: Case) -> None:
    check(case)


def roles(name: str) -> list[tuple[str, str]]:
    """Return name and role of the versions that a row's status shows."""
    case = next(case for case in CASES if case.name.startswith(name))
    return [(version.name, str(version.role)) for version in case.status().versions or []]


def test_a_pinned_version_of_others_is_shown_in_service_and_one_that_was_trained_meanwhile_as_a_candidate() -> None:
    assert roles("a version of others may be pinned") == [(A_NAME, "Candidate"), ("by-hand", "Active")]
    pinned = next(case for case in CASES if case.name.startswith("a version of others may be pinned"))
    active = pinned.status().active
    assert active is not None
    assert active.version_name == "by-hand"
    assert roles("what was trained only becomes") == [(name_of(C), "Candidate"), (B_NAME, "Active")]
    assert roles("that a gate is overridden") == [(B_NAME, "Active"), (A_NAME, "Superseded")]
