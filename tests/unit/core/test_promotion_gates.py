"""Which version of an adapter serves where spec.promotion asks for something, and what comes of one that fails it?"""

from dataclasses import replace
from datetime import timedelta

from fakes.builders import A, B, C, ago, desired, name_of, observed, project, retry, version
from fakes.proofs import at_least, automatic, errs, probed, proofs, rejected
from rekognition_operator.core import tags as t
from rekognition_operator.core.inputs import TrainingInputs
from rekognition_operator.core.proof import Proof
from rekognition_operator.core.world import Gates, ObservedProject
from unit.core.table import SERVING, UP_TO_DATE, Case, Conditions, check, rows, stuck, working

GOOD = at_least(0.8)
GATED = automatic(GOOD)
OTHER = at_least(0.6)
FEWER = Gates(fewer_false_positives=0.1)
SAYS = "minF1Score: wanted at least 0.8 - got 0.7"
REJECTED: Conditions = stuck("VersionRejected")
REJECTED_BESIDE: Conditions = stuck("VersionRejected", ready=SERVING)
SERVES = version(A, promoted=ago(days=2), created=ago(days=3), f1_score=0.87)
WORSE = version(B, created=ago(hours=1), f1_score=0.7)
BETTER = version(B, created=ago(hours=1), f1_score=0.9)
KNOWN_WORSE = version(B, created=ago(hours=1), f1_score=0.7, tags=rejected(GOOD))


def here(training: TrainingInputs = A, n: int = 1, *, token: str | None = None) -> ObservedProject:
    """Return the project, which remembers this version, and this retry token as answered."""
    return project(latest=name_of(training, n), tags={t.RETRY: token} if token is not None else None)


def rejects(gates: Gates, says: str = SAYS, name: str = "B") -> str:
    """Return the record of a rejection, now."""
    return f"SetTags {name} [rejected={gates.key} now {says}]"


FIRST = (
    Case(
        "a first version that passes is put into service",
        desired(promotion=GATED), observed(version(A, f1_score=0.9), project=here()),
        ["Promote A [promoted-at=now]"],
        working("Promoting"),
    ),
    Case(
        "a first version that just passes is, too",
        desired(promotion=GATED), observed(version(A, f1_score=0.8), project=here()),
        ["Promote A [promoted-at=now]"],
        working("Promoting"),
    ),
    Case(
        "a first version that does not pass is not, and nothing serves",
        desired(promotion=GATED), observed(version(A, f1_score=0.7), project=here()),
        [rejects(GOOD, name="A")],
        REJECTED,
        says=(
            f"Version A is trained, and does not pass {SAYS}; none is in service", "spec.pin: A to serve it all the",
            "by which it is judged anew, without training", "to train the same inputs once more: kubectl annotate",
        ),
    ),
    Case(
        "a first version has none to be compared with",
        desired(promotion=automatic(at_least(regression=0.0))), observed(version(A, f1_score=0.1), project=here()),
        ["Promote A [promoted-at=now]"],
        working("Promoting"),
    ),
    Case(
        "a first version is compared with the base model",
        desired(promotion=automatic(FEWER)),
        observed(version(A), project=here(), proofs=proofs((version(A), errs(10)))),
        [rejects(FEWER, "minImprovementOverBase.falsePositives: wanted 10 percent fewer false positives than the base "
                        "model - got 10 where the base model has 10 at threshold 60", "A")],
        REJECTED,
    ),
    Case(
        "a first version that is better than the base model serves",
        desired(promotion=automatic(FEWER)),
        observed(version(A), project=here(), proofs=proofs((version(A), errs(9)))),
        ["Promote A [promoted-at=now]"],
        working("Promoting"),
    ),
    Case(
        "a version that AWS has not scored does not pass",
        desired(promotion=GATED), observed(version(A), project=here()),
        [rejects(GOOD, "minF1Score: wanted at least 0.8 - got no F1 score from AWS", "A")],
        REJECTED,
    ),
    Case(
        "without gates nobody cares for the score",
        desired(), observed(version(A, f1_score=0.0), project=here()),
        ["Promote A [promoted-at=now]"],
        working("Promoting"),
    ),
)  # fmt: skip

RETRAINED = (
    Case(
        "a better retraining takes over",
        desired(B, promotion=GATED), observed(SERVES, BETTER, project=here(B)),
        ["Promote B [promoted-at=now]"],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "a worse retraining is rejected with numbers, and the old version stays",
        desired(B, promotion=GATED), observed(SERVES, WORSE, project=here(B)),
        [rejects(GOOD)],
        REJECTED_BESIDE,
        says=(f"Version B is trained, and does not pass {SAYS}; version A stays in service",),
    ),
    Case(
        "that it is rejected is written before what else there is to write",
        desired(B, promotion=GATED, tags={"team": "ads"}), observed(SERVES, WORSE, project=project()),
        [
            rejects(GOOD), "SetTags project [latest=B]",
            "SetTags B [team=ads]", "SetTags A [team=ads]", "SetTags project [team=ads]",
        ],
        {**REJECTED_BESIDE, "Drifted": "True Correcting"},
        drift=("versions[B].tags[team]", "versions[A].tags[team]", "spec.tags[team]"),
    ),
    Case(
        "once it is written, nothing is done, and nothing is trained by itself",
        desired(B, promotion=GATED), observed(SERVES, KNOWN_WORSE, project=here(B)),
        [],
        REJECTED_BESIDE,
        says=(f"does not pass {SAYS}",),
        requeue=600,
    ),
    Case(
        "nor where nothing serves",
        desired(B, promotion=GATED), observed(KNOWN_WORSE, project=here(B)),
        [],
        REJECTED,
        requeue=600,
    ),
    Case(
        "a retraining that is a little worse than the one in service may serve",
        desired(B, promotion=automatic(at_least(regression=0.02))),
        observed(SERVES, replace(WORSE, f1_score=0.85), project=here(B)),
        ["Promote B [promoted-at=now]"],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "one that is a little more worse may not",
        desired(B, promotion=automatic(at_least(regression=0.02))),
        observed(SERVES, replace(WORSE, f1_score=0.849), project=here(B)),
        [rejects(at_least(regression=0.02), "maxF1Regression: wanted at least 0.85: at most 0.02 less than the 0.87 of "
                                            "version A - got 0.849")],
        REJECTED_BESIDE,
    ),
    Case(
        "while the summary cannot be read for now, the version is neither rejected nor put into service",
        desired(B, promotion=automatic(FEWER)),
        observed(
            SERVES, BETTER, project=here(B),
            proofs=proofs((BETTER, Proof(unreadable="s3://b/k cannot be read: no answer (Timeout)", passing=True))),
        ),
        [],
        working("Proving", ready=SERVING),
        says=("Proving version B before it is put into service: s3://b/k cannot be read: no answer (Timeout)",),
        requeue=30,
    ),
    Case(
        "a summary that is denied needs a person, and the old version stays",
        desired(B, promotion=automatic(FEWER)),
        observed(
            SERVES, BETTER, project=here(B),
            proofs=proofs((BETTER, Proof(unreadable="s3://b/k cannot be read: denied (AccessDenied)"))),
        ),
        [],
        stuck("ProofBlocked", ready=SERVING),
        says=("Version B is trained, and cannot be proved: s3://b/k cannot be read: denied (AccessDenied). Correct",),
        requeue=600,
    ),
    Case(
        "no summary is needed where no gate compares with the base model",
        desired(B, promotion=GATED),
        observed(SERVES, BETTER, project=here(B), proofs=proofs((BETTER, Proof(unreadable="denied")))),
        ["Promote B [promoted-at=now]"],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "a score that only an unreachable summary may have is waited for",
        desired(B, promotion=GATED),
        observed(
            SERVES, replace(BETTER, f1_score=None), project=here(B),
            proofs=proofs((BETTER, Proof(unreadable="no answer (Timeout)", passing=True))),
        ),
        [],
        working("Proving", ready=SERVING),
    ),
    Case(
        "further edits are trained although a version was rejected",
        desired(C, promotion=GATED), observed(SERVES, KNOWN_WORSE, project=here(B)),
        ["CreateVersion C [owner]"],
        working("Training", ready=SERVING),
    ),
    Case(
        "the version that was in service comes back at once by a revert, whatever the gates ask for by now",
        desired(A, promotion=automatic(at_least(0.99))),
        observed(SERVES, replace(BETTER, tags={**BETTER.tags, t.PROMOTED_AT: t.time_value(ago(minutes=9))}),
                 project=here(B)),
        ["Promote A [promoted-at=now]", "SetTags project [latest=A]"],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "the version in service stays when the gates are raised",
        desired(A, promotion=automatic(at_least(0.99))), observed(SERVES, project=here()),
        [],
        UP_TO_DATE,
        requeue=600,
    ),
)  # fmt: skip

REMEMBERED = (
    Case(
        "changed gates judge a rejected version anew, without training: it passes",
        desired(B, promotion=automatic(OTHER)), observed(SERVES, KNOWN_WORSE, project=here(B)),
        ["Promote B [promoted-at=now]"],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "changed gates judge it anew: it does not pass these either, which is written down",
        desired(B, promotion=automatic(at_least(0.75))), observed(SERVES, KNOWN_WORSE, project=here(B)),
        [rejects(at_least(0.75), "minF1Score: wanted at least 0.75 - got 0.7")],
        REJECTED_BESIDE,
    ),
    Case(
        "without gates a rejected version serves",
        desired(B), observed(SERVES, KNOWN_WORSE, project=here(B)),
        ["Promote B [promoted-at=now]"],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "a tag that nobody can read is as none",
        desired(B, promotion=GATED),
        observed(SERVES, replace(BETTER, tags={**BETTER.tags, t.REJECTED: "no"}), project=here(B)),
        ["Promote B [promoted-at=now]"],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "a retry trains the inputs of a rejected version once more",
        desired(B, promotion=GATED, annotations=retry("x")), observed(SERVES, KNOWN_WORSE, project=here(B)),
        ["CreateVersion B-2 [owner cause=retry retry=x]"],
        working("Training", ready=SERVING),
    ),
    Case(
        "that training is followed, and is what is told",
        desired(B, promotion=GATED, annotations=retry("x")),
        observed(
            SERVES, KNOWN_WORSE, version(B, 2, "TRAINING_IN_PROGRESS", created=ago(minutes=5), tags={t.RETRY: "x"}),
            project=here(B, 2, token="x"),
        ),
        [],
        working("Training", ready=SERVING),
        says=("Rekognition is training version B-2",),
        requeue=30,
    ),
    Case(
        "its version serves where it passes",
        desired(B, promotion=GATED, annotations=retry("x")),
        observed(
            SERVES, KNOWN_WORSE, version(B, 2, created=ago(minutes=5), tags={t.RETRY: "x"}, f1_score=0.9),
            project=here(B, 2, token="x"),
        ),
        ["Promote B-2 [promoted-at=now]"],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "its version is rejected where it does not",
        desired(B, promotion=GATED, annotations=retry("x")),
        observed(
            SERVES, KNOWN_WORSE, version(B, 2, created=ago(minutes=5), tags={t.RETRY: "x"}, f1_score=0.7),
            project=here(B, 2, token="x"),
        ),
        [rejects(GOOD, name="B-2")],
        REJECTED_BESIDE,
        says=("Version B-2 is trained, and does not pass",),
    ),
    Case(
        "the token that is answered trains nothing more",
        desired(B, promotion=GATED, annotations=retry("x")),
        observed(
            SERVES, KNOWN_WORSE,
            version(B, 2, created=ago(minutes=5), tags={t.RETRY: "x", **rejected(GOOD)}, f1_score=0.7),
            project=here(B, 2, token="x"),
        ),
        [],
        REJECTED_BESIDE,
    ),
    Case(
        "its training fails: that is told, and not that the older one was rejected",
        desired(B, promotion=GATED, annotations=retry("x")),
        observed(
            SERVES, KNOWN_WORSE, version(B, 2, "TRAINING_FAILED", created=ago(minutes=5), tags={t.RETRY: "x"}),
            project=here(B, 2, token="x"),
        ),
        [],
        stuck("TrainingFailed", ready=SERVING),
    ),
    Case(
        "after that failure another retry trains a third one, and is not answered by nothing",
        desired(B, promotion=GATED, annotations=retry("y")),
        observed(
            SERVES, KNOWN_WORSE, version(B, 2, "TRAINING_FAILED", created=ago(minutes=5), tags={t.RETRY: "x"}),
            project=here(B, 2, token="x"),
        ),
        ["CreateVersion B-3 [owner cause=retry retry=y]"],
        working("Training", ready=SERVING),
    ),
    Case(
        "a retry while a version serves as it should is answered, and trains nothing",
        desired(A, promotion=GATED, annotations=retry("x")), observed(SERVES, project=here()),
        ["SetTags project [retry=x]"],
        UP_TO_DATE,
    ),
    Case(
        "a worse attempt of the same inputs leaves the older one in service, which is up to date at once",
        desired(A, promotion=GATED),
        observed(SERVES, version(A, 2, created=ago(hours=1), f1_score=0.7), project=here(A, 2)),
        [rejects(GOOD, name="A-2")],
        {**UP_TO_DATE, "Stalled": "True VersionRejected"},
        says=("Version A-2 is trained, and does not pass", "version A stays in service"),
    ),
    Case(
        "and it stays so",
        desired(A, promotion=GATED),
        observed(
            SERVES, version(A, 2, created=ago(hours=1), f1_score=0.7, tags=rejected(GOOD)), project=here(A, 2),
        ),
        [],
        {**UP_TO_DATE, "Stalled": "True VersionRejected"},
    ),
)  # fmt: skip

FALLING_BACK = (
    Case(
        "the one in service expires: the newest that has served before serves, not the rejected one",
        desired(B, promotion=GATED),
        observed(
            version(C, promoted=ago(days=30), created=ago(days=31)),
            version(A, promoted=ago(days=2), created=ago(days=3), status="EXPIRED"), KNOWN_WORSE, project=here(B),
        ),
        [],
        REJECTED_BESIDE,
        says=("version C stays in service",),
    ),
    Case(
        "the one in service expires, and only the rejected one is left: nothing serves, and it is told why",
        desired(B, promotion=GATED),
        observed(version(A, promoted=ago(days=2), status="EXPIRED"), KNOWN_WORSE, project=here(B)),
        [],
        {"Ready": "False AdapterExpired", "UpToDate": "False VersionRejected", "Stalled": "True VersionRejected"},
        says=("does not pass",),
    ),
    Case(
        "nothing serves, and a version of older inputs passes the gates: it serves",
        desired(B, promotion=GATED),
        observed(version(A, f1_score=0.85, created=ago(days=3)), KNOWN_WORSE, project=here(B)),
        ["Promote A [promoted-at=now]"],
        REJECTED,
    ),
    Case(
        "nothing serves, and a version of older inputs does not pass either",
        desired(B, promotion=GATED),
        observed(version(A, f1_score=0.5, created=ago(days=3)), KNOWN_WORSE, project=here(B)),
        [rejects(GOOD, "minF1Score: wanted at least 0.8 - got 0.5", "A")],
        REJECTED,
        says=("Version B is trained, and does not pass",),
    ),
    Case(
        "a version that was pinned, and would not pass, is no fallback",
        desired(B, promotion=GATED),
        observed(
            version(A, promoted=ago(days=2), created=ago(days=3), f1_score=0.7, tags=rejected(GOOD)),
            version(C, promoted=ago(days=30), created=ago(days=31)), BETTER, project=here(B),
        ),
        ["Promote B [promoted-at=now]"],
        working("Promoting", ready=SERVING),
        says=("Version C is in service",),
    ),
)  # fmt: skip

SEEN = {t.DEPRECATED_SEEN: t.time_value(ago(days=20))}
ASKED = automatic(probed())
ANSWERED_FOR = {t.BASE_MODEL_ANSWERS: t.time_value(ago(hours=1))}
WORSE_EXPIRED = replace(KNOWN_WORSE, status="EXPIRED")
GOOD_EXPIRED = replace(SERVES, status="EXPIRED")
OLD_BASE_MODEL = (
    Case(
        "a rejected version is not trained anew for a new base model: it serves nobody",
        replace(desired(B, promotion=GATED), refresh_after=timedelta(days=14)),
        observed(
            version(A, status="DEPRECATED", promoted=ago(days=2), created=ago(days=3), f1_score=0.87, tags=SEEN),
            version(B, status="DEPRECATED", created=ago(hours=1), f1_score=0.7, tags={**rejected(GOOD), **SEEN}),
            project=here(B),
        ),
        [],
        {**REJECTED_BESIDE, "Expiring": "True Deprecated"},
    ),
    Case(
        "nor once it has expired",
        desired(B, promotion=GATED), observed(GOOD_EXPIRED, WORSE_EXPIRED, project=here(B)),
        [],
        {**REJECTED, "Ready": "False AdapterExpired"},
        says=(f"Version B has expired, and did not pass {SAYS}. Correct the data",),
    ),
    Case(
        "but where a person asks for it",
        desired(B, promotion=GATED, annotations=retry("x")), observed(GOOD_EXPIRED, WORSE_EXPIRED, project=here(B)),
        ["CreateVersion B-2 [owner cause=retry retry=x]"],
        {"Ready": "False AdapterExpired", "UpToDate": "False Training", "Reconciling": "True Training"},
    ),
    Case(
        "a retry is answered where a pinned version is answered for by the base model: nothing is tried again for it",
        desired(B, pin=name_of(A), promotion=ASKED, annotations=retry("x")),
        observed(
            version(A, promoted=ago(days=2), created=ago(days=3), tags=ANSWERED_FOR),
            version(B, promoted=ago(hours=1), created=ago(hours=2)), project=here(B),
        ),
        ["SetTags project [retry=x]"],
        stuck("PinnedVersionUnavailable", ready=SERVING),
    ),
)  # fmt: skip

CASES = (*FIRST, *RETRAINED, *REMEMBERED, *FALLING_BACK, *OLD_BASE_MODEL)


@rows(*CASES)
def test_the_gates_decide_who_serves(case: Case) -> None:
    check(case)


def test_status_shows_who_was_rejected_and_by_which_gate() -> None:
    case = next(case for case in CASES if case.name.startswith("a worse retraining"))
    worse, serves = case.status().versions or []
    assert (worse.role, worse.rejected) == ("Rejected", SAYS)
    assert [(gate.gate, gate.passed, gate.wanted, gate.got) for gate in worse.gates or []] == [
        ("minF1Score", False, "at least 0.8", "0.7")
    ]
    assert (serves.role, serves.rejected) == ("Active", None)


def test_losing_what_was_seen_and_said_changes_nothing_for_a_rejected_version() -> None:
    remembered = next(case for case in CASES if case.name.startswith("once it is written"))
    first = next(case for case in CASES if case.name.startswith("a worse retraining"))
    assert (remembered.status().versions or [])[0] == (first.status().versions or [])[0]
