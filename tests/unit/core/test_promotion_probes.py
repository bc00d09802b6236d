"""What do the answers of an adapter to the probes mean: before it serves, and while it does?"""

from fakes.builders import A, B, C, ago, desired, name_of, observed, project, retry, version
from fakes.proofs import BEACH, STREET, answers, automatic, errs, probed, proofs, proved, rejected
from rekognition_operator.core import tags as t
from rekognition_operator.core.gates import PROBE_ANSWERED_BY_BASE
from rekognition_operator.core.proof import Outcome, ProbeResult, Proof
from rekognition_operator.core.world import Gates, Probe
from unit.core.table import SERVING, UP_TO_DATE, Case, check, rows, stuck, working

ASKED = probed()
PROBED = automatic(ASKED)
BOTH = Gates(min_f1_score=0.8, fewer_false_positives=0.1, probes=(BEACH,))
HERE, THERE = project(latest=name_of(A)), project(latest=name_of(B))
SERVES = version(A, promoted=ago(days=2), created=ago(days=3), f1_score=0.87)
OLDER = version(C, promoted=ago(days=30), created=ago(days=31))
NEXT = version(B, created=ago(hours=1), f1_score=0.9)
PASSED, FAILED = answers(Outcome.PASSED), answers(Outcome.FAILED)
BASE_MODEL, UNUSABLE, UNKNOWN = answers(Outcome.BASE_MODEL), answers(Outcome.UNUSABLE), answers(Outcome.UNKNOWN)
BASE_ANSWERS = stuck("BaseModelAnswers")
SAYS_FAILED = (
    "probes: wanted 1 of 1 to pass - got 0 - probe beach: wanted no Explicit from 60 percent on - got Explicit 91.0 "
    "percent"
)
SAYS_BASE = f"probes: wanted 1 of 1 to pass - got 0 - probe beach: {PROBE_ANSWERED_BY_BASE}"
MOVED = Probe("beach", "acme-ml", "probes/moved.jpg")


def rejects(gates: Gates, says: str, name: str = "B") -> str:
    """Return the record of a rejection, now."""
    return f"SetTags {name} [rejected={gates.key} now {says}]"


BEFORE = (
    Case(
        "a version that was not asked yet waits, and the old one serves",
        desired(B, promotion=PROBED), observed(SERVES, NEXT, project=THERE),
        [],
        working("Proving", ready=SERVING),
        says=("Proving version B before it is put into service: Its probes are due",),
        requeue=30,
    ),
    Case(
        "a version that answers well is put into service",
        desired(B, promotion=PROBED),
        observed(SERVES, NEXT, project=THERE, proofs=proofs((SERVES, PASSED), (NEXT, PASSED))),
        ["Promote B [promoted-at=now]"],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "one that fails a probe is rejected, by its name and with what was answered",
        desired(B, promotion=PROBED),
        observed(SERVES, NEXT, project=THERE, proofs=proofs((SERVES, PASSED), (NEXT, FAILED))),
        [rejects(ASKED, SAYS_FAILED)],
        stuck("VersionRejected", ready=SERVING),
        says=(f"Version B is trained, and does not pass {SAYS_FAILED}; version A stays in service",),
    ),
    Case(
        "one for which the base model answers is rejected with that very sentence",
        desired(B, promotion=PROBED),
        observed(SERVES, NEXT, project=THERE, proofs=proofs((SERVES, PASSED), (NEXT, BASE_MODEL))),
        [rejects(ASKED, SAYS_BASE)],
        stuck("VersionRejected", ready=SERVING),
        says=("the base model answered: the reply has no ProjectVersion",),
    ),
    Case(
        "a first version for which the base model answers is rejected, too",
        desired(A, promotion=PROBED),
        observed(version(A), project=HERE, proofs=proofs((version(A), BASE_MODEL))),
        [rejects(ASKED, SAYS_BASE, "A")],
        stuck("VersionRejected"),
    ),
    Case(
        "once it is rejected nothing depends on what it answers",
        desired(B, promotion=PROBED),
        observed(
            SERVES, version(B, created=ago(hours=1), tags=rejected(ASKED, SAYS_FAILED)), project=THERE,
            proofs=proofs((SERVES, PASSED), (NEXT, PASSED)),
        ),
        [],
        stuck("VersionRejected", ready=SERVING),
    ),
    Case(
        "corrected probes judge it anew",
        desired(B, promotion=automatic(probed(MOVED))),
        observed(
            SERVES, version(B, created=ago(hours=1), tags=rejected(ASKED, SAYS_FAILED)), project=THERE,
            proofs=proofs((SERVES, PASSED), (NEXT, PASSED)),
        ),
        ["Promote B [promoted-at=now]"],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "an image that nobody can read needs a person; the version is not rejected for it",
        desired(B, promotion=PROBED),
        observed(SERVES, NEXT, project=THERE, proofs=proofs((NEXT, UNUSABLE))),
        [],
        stuck("ProofBlocked", ready=SERVING),
        says=("cannot be proved: Probe beach: s3://acme-ml/probes/beach.jpg: Unable to get object metadata",),
        requeue=600,
    ),
    Case(
        "a passing fault is waited for",
        desired(B, promotion=PROBED),
        observed(SERVES, NEXT, project=THERE, proofs=proofs((NEXT, UNKNOWN))),
        [],
        working("Proving", ready=SERVING),
        says=("Probe beach: Rate exceeded (ThrottlingException); it is tried again",),
        requeue=30,
    ),
    Case(
        "all of the gates must be passed",
        desired(B, promotion=automatic(BOTH)),
        observed(
            SERVES, NEXT, project=THERE,
            proofs=proofs((NEXT, errs(9, probes=(ProbeResult("beach", Outcome.PASSED),)))),
        ),
        ["Promote B [promoted-at=now]"],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "one gate is enough to reject it, and those that need no call come first",
        desired(B, promotion=automatic(BOTH)),
        observed(SERVES, version(B, created=ago(hours=1), f1_score=0.5), project=THERE),
        [rejects(BOTH, "minF1Score: wanted at least 0.8 - got 0.5")],
        stuck("VersionRejected", ready=SERVING),
    ),
    Case(
        "a version that has passed these probes before need not be asked again",
        desired(B, promotion=PROBED),
        observed(SERVES, version(B, created=ago(hours=1), tags=proved(ASKED)), project=THERE),
        ["Promote B [promoted-at=now]"],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "one that has passed other probes must",
        desired(B, promotion=PROBED),
        observed(SERVES, version(B, created=ago(hours=1), tags=proved(probed(STREET))), project=THERE),
        [],
        working("Proving", ready=SERVING),
    ),
    Case(
        "of two attempts at the same inputs the newer is asked, and the older serves meanwhile",
        desired(A, promotion=PROBED),
        observed(SERVES, version(A, 2, created=ago(hours=1)), project=project(latest=name_of(A, 2))),
        [],
        working("Proving", ready=SERVING),
    ),
    Case(
        "where the newer one cannot be asked, the older one, which was never in service, may serve",
        desired(A, promotion=PROBED),
        observed(
            version(A), version(A, 2, created=ago(hours=1)), project=project(latest=name_of(A, 2)),
            proofs=proofs((version(A), PASSED), (version(A, 2, created=ago(hours=1)), UNUSABLE)),
        ),
        ["Promote A [promoted-at=now]"],
        stuck("ProofBlocked"),
    ),
    Case(
        "keep 0 leaves a version of older inputs that may be the only one to serve, while it is asked",
        desired(B, promotion=PROBED, keep=0),
        observed(
            version(B, created=ago(hours=1), tags=rejected(ASKED, SAYS_FAILED)), version(C, created=ago(days=9)),
            project=THERE,
        ),
        [],
        stuck("VersionRejected"),
    ),
)  # fmt: skip

WHILE_IT_SERVES = (
    Case(
        "the version in service that answers well is up to date",
        desired(A, promotion=PROBED), observed(SERVES, project=HERE, proofs=proofs((SERVES, PASSED))),
        [],
        UP_TO_DATE,
        requeue=600,
    ),
    Case(
        "the version in service that fails a probe stays, and it is told",
        desired(A, promotion=PROBED), observed(SERVES, project=HERE, proofs=proofs((SERVES, FAILED))),
        [],
        {**UP_TO_DATE, "ProbesFailing": "True ProbesFailed"},
        says=("its probe beach failed: wanted no Explicit from 60 % on - got Explicit 91.0 %. It stays in service",),
    ),
    Case(
        "more than one failing probe are counted",
        desired(A, promotion=automatic(probed(BEACH, STREET))),
        observed(SERVES, project=HERE, proofs=proofs((SERVES, answers(Outcome.FAILED, Outcome.FAILED)))),
        [],
        {**UP_TO_DATE, "ProbesFailing": "True ProbesFailed"},
        says=("and 1 more probe.",),
    ),
    Case(
        "a probe of the version in service that cannot be made is told",
        desired(A, promotion=PROBED), observed(SERVES, project=HERE, proofs=proofs((SERVES, UNUSABLE))),
        [],
        {**UP_TO_DATE, "ProbesFailing": "True ProbesUnusable"},
    ),
    Case(
        "a passing fault in asking the version in service is nobody's business",
        desired(A, promotion=PROBED), observed(SERVES, project=HERE, proofs=proofs((SERVES, UNKNOWN))),
        [],
        UP_TO_DATE,
    ),
    Case(
        "the version in service stays when the gates are raised beyond what it has",
        desired(A, promotion=automatic(BOTH)),
        observed(SERVES, project=HERE, proofs=proofs((SERVES, errs(10)))),
        [],
        UP_TO_DATE,
    ),
)  # fmt: skip

NOTED = "SetTags A [base-model-answers=now]"
"""That the base model answers is written down, so that it is not forgotten."""
ANSWERED_FOR = version(
    A, promoted=ago(days=2), created=ago(days=2), tags={t.BASE_MODEL_ANSWERS: t.time_value(ago(hours=1))}
)

BASE_MODEL_SERVES = (
    Case(
        "the base model answers for the version in service: the one before serves",
        desired(A, promotion=PROBED), observed(SERVES, OLDER, project=HERE, proofs=proofs((SERVES, BASE_MODEL))),
        [NOTED],
        stuck("BaseModelAnswers", ready=SERVING),
        says=(
            "The base model answered a probe of version A in its place, without an error",
            "though AWS lists it as TRAINING_COMPLETED: version C serves instead",
            "Version C is in service",
        ),
    ),
    Case(
        "where there is no other, nothing serves, nothing is trained, and a person is told what to do",
        desired(A, promotion=PROBED), observed(SERVES, project=HERE, proofs=proofs((SERVES, BASE_MODEL))),
        [NOTED],
        BASE_ANSWERS,
        says=("nothing is in service. It is asked again within the hour", "kubectl annotate moderationadapter"),
    ),
    Case(
        "a rejected version does not serve instead",
        desired(A, promotion=PROBED),
        observed(
            SERVES, version(C, created=ago(days=9), tags=rejected(ASKED, SAYS_FAILED)), project=HERE,
            proofs=proofs((SERVES, BASE_MODEL)),
        ),
        [NOTED],
        BASE_ANSWERS,
    ),
    Case(
        "a version that has not served yet does so instead, once it was asked",
        desired(A, promotion=PROBED),
        observed(
            SERVES, version(C, created=ago(days=9)), project=HERE,
            proofs=proofs((SERVES, BASE_MODEL), (version(C, created=ago(days=9)), PASSED)),
        ),
        [NOTED, "Promote C [promoted-at=now]"],
        BASE_ANSWERS,
    ),
    Case(
        "that is remembered where it cannot be asked, by a new operator, too",
        desired(A, promotion=PROBED), observed(ANSWERED_FOR, OLDER, project=HERE),
        [],
        stuck("BaseModelAnswers", ready=SERVING),
        requeue=600,
    ),
    Case(
        "and a passing fault in asking it puts it into service no more",
        desired(A, promotion=PROBED),
        observed(ANSWERED_FOR, OLDER, project=HERE, proofs=proofs((ANSWERED_FOR, UNKNOWN))),
        [],
        stuck("BaseModelAnswers", ready=SERVING),
    ),
    Case(
        "it is forgotten once it answers by itself",
        desired(A, promotion=PROBED),
        observed(ANSWERED_FOR, OLDER, project=HERE, proofs=proofs((ANSWERED_FOR, PASSED))),
        ["RemoveTags A [base-model-answers]"],
        UP_TO_DATE,
    ),
    Case(
        "and where nothing is probed any more",
        desired(A), observed(ANSWERED_FOR, OLDER, project=HERE),
        ["RemoveTags A [base-model-answers]"],
        UP_TO_DATE,
    ),
    Case(
        "it serves again once it answers by itself",
        desired(A, promotion=PROBED), observed(SERVES, OLDER, project=HERE, proofs=proofs((SERVES, PASSED))),
        [],
        UP_TO_DATE,
    ),
    Case(
        "it serves again although another was put into service meanwhile",
        desired(A, promotion=PROBED),
        observed(
            SERVES, version(C, promoted=ago(hours=1), created=ago(days=9)), project=HERE,
            proofs=proofs((SERVES, PASSED)),
        ),
        ["Promote A [promoted-at=now]"],
        working("Promoting", ready=SERVING),
    ),
    Case(
        "a retry trains the inputs once more for which the base model answers",
        desired(A, promotion=PROBED, annotations=retry("x")),
        observed(SERVES, project=HERE, proofs=proofs((SERVES, BASE_MODEL))),
        [NOTED, "CreateVersion A-2 [owner cause=retry retry=x]"],
        {"Ready": "False Training", "UpToDate": "False Training", "Reconciling": "True Training"},
    ),
    Case(
        "that training is followed",
        desired(A, promotion=PROBED, annotations=retry("x")),
        observed(
            SERVES, version(A, 2, "TRAINING_IN_PROGRESS", tags={t.RETRY: "x"}),
            project=project(latest=name_of(A, 2), tags={t.RETRY: "x"}), proofs=proofs((SERVES, BASE_MODEL)),
        ),
        [NOTED],
        working("Training"),
    ),
    Case(
        "the wanted version is put into service meanwhile, if it passes",
        desired(B, promotion=PROBED),
        observed(SERVES, NEXT, project=THERE, proofs=proofs((SERVES, BASE_MODEL), (NEXT, PASSED))),
        [NOTED, "Promote B [promoted-at=now]"],
        BASE_ANSWERS,
    ),
    Case(
        "it is kept, though nothing that served before is: it may serve again",
        desired(B, promotion=PROBED, keep=0),
        observed(
            SERVES, OLDER, version(B, created=ago(hours=1), tags=rejected(ASKED, SAYS_FAILED)), project=THERE,
            proofs=proofs((SERVES, BASE_MODEL)),
        ),
        [NOTED],
        stuck("BaseModelAnswers", ready=SERVING),
    ),
    Case(
        "that an expired version is answered for by the base model is told as its expiry",
        desired(A, promotion=PROBED),
        observed(version(A, promoted=ago(days=90), status="EXPIRED"), project=HERE,
                 proofs=proofs((version(A), Proof()))),
        ["CreateVersion A-2 [owner cause=expired:A]"],
        {"Ready": "False AdapterExpired", "UpToDate": "False Training", "Reconciling": "True Training"},
    ),
)  # fmt: skip

CASES = (*BEFORE, *WHILE_IT_SERVES, *BASE_MODEL_SERVES)


@rows(*CASES)
def test_what_a_version_answers_decides_whether_it_serves(case: Case) -> None:
    check(case)
