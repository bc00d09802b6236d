"""When does a version serve where a person's word is needed?"""

from fakes.builders import A, B, C, ago, desired, name_of, observed, project, version
from fakes.proofs import answers, approved, at_least, manual, probed, proofs, proved, rejected
from rekognition_operator.core.proof import Outcome
from rekognition_operator.core.world import Annotations
from unit.core.table import SERVING, UP_TO_DATE, Case, Conditions, check, rows, stuck, working

MANUAL = manual()
GOOD, ASKED = at_least(0.8), probed()
THERE = project(latest=name_of(B))
SERVES = version(A, promoted=ago(days=2), created=ago(days=3))
NEXT = version(B, created=ago(hours=1), f1_score=0.9)
WORSE = version(B, created=ago(hours=1), f1_score=0.7)
PASSED = answers(Outcome.PASSED)
WAITS: Conditions = {
    "Ready": SERVING,
    "UpToDate": "False AwaitingApproval",
    "AwaitingApproval": "True AwaitingApproval",
}
"""Neither Stalled nor Reconciling: nobody need hurry."""
FIRST_WAITS: Conditions = {**WAITS, "Ready": "False AwaitingApproval"}
APPROVE_B = "SetTags B [approved=now]"
PROMOTE_B = "Promote B [promoted-at=now]"


def approve(name: str) -> Annotations:
    """Set the approval annotation."""
    return Annotations(approve=name)


B_NAMED, A_NAMED = approve(name_of(B)), approve(name_of(A))

CASES = (
    Case(
        "a trained version waits for a word; the old one serves",
        desired(B, promotion=MANUAL), observed(SERVES, NEXT, project=THERE),
        [],
        WAITS,
        says=(
            "Version B is trained, and promotion.strategy is Manual: it waits for a person",
            "set spec.pin: B, or: kubectl annotate moderationadapter -n trust-safety storefront --overwrite",
            "rekognition-operator.io/approve=B",
        ),
        requeue=600,
    ),
    Case(
        "so does a first version, and nothing serves",
        desired(B, promotion=MANUAL), observed(NEXT, project=THERE),
        [],
        FIRST_WAITS,
        requeue=600,
    ),
    Case(
        "one that is still trained asks for no word",
        desired(B, promotion=MANUAL),
        observed(SERVES, version(B, status="TRAINING_IN_PROGRESS", created=ago(minutes=5)), project=THERE),
        [],
        working("Training", ready=SERVING),
    ),
    Case(
        "one that passes the gates waits, and this is told",
        desired(B, promotion=manual(GOOD)), observed(SERVES, NEXT, project=THERE),
        [],
        WAITS,
        says=("Version B has passed the gates, and promotion.strategy is Manual",),
    ),
    Case(
        "one that does not pass asks for no word: it is rejected",
        desired(B, promotion=manual(GOOD)), observed(SERVES, WORSE, project=THERE),
        [f"SetTags B [rejected={GOOD.key} now minF1Score: wanted at least 0.8 - got 0.7]"],
        stuck("VersionRejected", ready=SERVING),
    ),
    Case(
        "the word is written down before it has an effect",
        desired(B, promotion=MANUAL, annotations=B_NAMED), observed(SERVES, NEXT, project=THERE),
        [APPROVE_B, PROMOTE_B],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "a first version is let into service, too",
        desired(B, promotion=MANUAL, annotations=B_NAMED), observed(NEXT, project=THERE),
        [APPROVE_B, PROMOTE_B],
        working("Promoting"),
    ),
    Case(
        "a pass that ended after the word was written is gone on with, though the annotation is gone",
        desired(B, promotion=MANUAL),
        observed(SERVES, version(B, created=ago(hours=1), tags=approved()), project=THERE),
        [PROMOTE_B],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "the word is not written twice",
        desired(B, promotion=MANUAL, annotations=B_NAMED),
        observed(SERVES, version(B, created=ago(hours=1), tags=approved()), project=THERE),
        [PROMOTE_B],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "once it serves the annotation means nothing any more",
        desired(B, promotion=MANUAL, annotations=B_NAMED),
        observed(SERVES, version(B, promoted=ago(minutes=9), created=ago(hours=1), tags=approved()), project=THERE),
        [],
        UP_TO_DATE,
    ),
    Case(
        "nor is a version that serves without a word asked about",
        desired(A, promotion=MANUAL), observed(SERVES, project=project(latest=name_of(A))),
        [],
        UP_TO_DATE,
    ),
    Case(
        "a word for another version is none for this one",
        desired(B, promotion=MANUAL, annotations=A_NAMED), observed(SERVES, NEXT, project=THERE),
        [],
        WAITS,
    ),
    Case(
        "a word for a version that there is not is none",
        desired(B, promotion=MANUAL, annotations=approve("autumn")), observed(SERVES, NEXT, project=THERE),
        [],
        WAITS,
    ),
    Case(
        "a word does not override a gate",
        desired(B, promotion=manual(GOOD), annotations=B_NAMED), observed(SERVES, WORSE, project=THERE),
        [APPROVE_B, f"SetTags B [rejected={GOOD.key} now minF1Score: wanted at least 0.8 - got 0.7]"],
        stuck("VersionRejected", ready=SERVING),
    ),
    Case(
        "nor a rejection that is remembered",
        desired(B, promotion=manual(GOOD), annotations=B_NAMED),
        observed(SERVES, version(B, created=ago(hours=1), tags=rejected(GOOD)), project=THERE),
        [APPROVE_B],
        stuck("VersionRejected", ready=SERVING),
    ),
    Case(
        "a word that is given early is kept, and counts once the version passes",
        desired(B, promotion=manual(ASKED), annotations=B_NAMED), observed(SERVES, NEXT, project=THERE),
        [APPROVE_B],
        working("Proving", ready=SERVING),
    ),
    Case(
        "and then it does",
        desired(B, promotion=manual(ASKED), annotations=B_NAMED),
        observed(SERVES, NEXT, project=THERE, proofs=proofs((NEXT, PASSED))),
        [APPROVE_B, PROMOTE_B],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "a version that has answered well waits, and need not be asked again: that is remembered",
        desired(B, promotion=manual(ASKED)), observed(SERVES, NEXT, project=THERE, proofs=proofs((NEXT, PASSED))),
        [f"SetTags B [proved={ASKED.key} now]"],
        WAITS,
    ),
    Case(
        "it goes on waiting",
        desired(B, promotion=manual(ASKED)),
        observed(SERVES, version(B, created=ago(hours=1), tags=proved(ASKED)), project=THERE),
        [],
        WAITS,
    ),
    Case(
        "other probes ask it again",
        desired(B, promotion=manual(ASKED)),
        observed(SERVES, version(B, created=ago(hours=1), tags=proved(GOOD)), project=THERE),
        [],
        working("Proving", ready=SERVING),
    ),
    Case(
        "a word for a version that was proved",
        desired(B, promotion=manual(ASKED), annotations=B_NAMED),
        observed(SERVES, version(B, created=ago(hours=1), tags=proved(ASKED)), project=THERE),
        [APPROVE_B, PROMOTE_B],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "other gates judge a version with a word anew",
        desired(B, promotion=manual(GOOD)),
        observed(SERVES, version(B, created=ago(hours=1), f1_score=0.5, tags=approved()), project=THERE),
        [f"SetTags B [rejected={GOOD.key} now minF1Score: wanted at least 0.8 - got 0.5]"],
        stuck("VersionRejected", ready=SERVING),
    ),
    Case(
        "a version that has been in service comes back by a revert without a word",
        desired(A, promotion=MANUAL),
        observed(SERVES, version(B, promoted=ago(minutes=9), created=ago(hours=1)), project=THERE),
        ["Promote A [promoted-at=now]", "SetTags project [latest=A]"],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "the strategy becomes Automatic: what waits is put into service",
        desired(B), observed(SERVES, NEXT, project=THERE),
        [PROMOTE_B],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "of two attempts that wait a person is asked about the newer one",
        desired(B, promotion=MANUAL),
        observed(SERVES, NEXT, version(B, 2, created=ago(minutes=9)), project=project(latest=name_of(B, 2))),
        [],
        WAITS,
        says=("spec.pin: B-2",),
    ),
    Case(
        "the older of two attempts is let into service by name, while the newer one waits",
        desired(B, promotion=MANUAL, annotations=B_NAMED),
        observed(SERVES, NEXT, version(B, 2, created=ago(minutes=9)), project=project(latest=name_of(B, 2))),
        [APPROVE_B, PROMOTE_B],
        {**working("Promoting", ready=SERVING), "AwaitingApproval": "True AwaitingApproval"},
    ),
    Case(
        "nothing serves and the wanted one waits: no other that needs a word, too, is asked or asked about",
        desired(B, promotion=manual(ASKED)),
        observed(version(B, created=ago(hours=1), tags=proved(ASKED)), version(C, created=ago(days=9)), project=THERE),
        [],
        FIRST_WAITS,
        says=("spec.pin: B",),
    ),
    Case(
        "nothing serves and the wanted one is rejected: a person is asked about another",
        desired(B, promotion=manual(GOOD)),
        observed(WORSE, version(C, created=ago(days=9), f1_score=0.9), project=THERE),
        [f"SetTags B [rejected={GOOD.key} now minF1Score: wanted at least 0.8 - got 0.7]"],
        {**stuck("VersionRejected"), "AwaitingApproval": "True AwaitingApproval"},
        says=("spec.pin: C",),
    ),
    Case(
        "under readyWhen Accepted a version that waits is told by UpToDate",
        desired(B, promotion=MANUAL, ready_when_accepted=True), observed(SERVES, NEXT, project=THERE),
        [],
        WAITS,
    ),
)  # fmt: skip


@rows(*CASES)
def test_a_person_lets_versions_into_service(case: Case) -> None:
    check(case)


def test_a_version_that_waits_is_a_candidate() -> None:
    waiting, serving = CASES[0].status().versions or []
    assert (waiting.role, serving.role) == ("Candidate", "Active")
