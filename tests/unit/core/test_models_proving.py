"""How is a model proved that answers only while it runs, and is billed for that?"""

from dataclasses import replace
from datetime import timedelta

from fakes.builders import ago, name_of
from fakes.models import P, Q, R, made, model, running, stopped, world
from fakes.proofs import answers, approved, at_least, automatic, manual, probed, proofs, proved, rejected
from rekognition_operator.core.proof import Outcome
from rekognition_operator.core.world import Annotations, ObservedVersion
from unit.core.table import RUNS, SERVING, Case, Conditions, check, halted, moving, rows, stopped_as

ASKED, GOOD = probed(), at_least(0.8)
PROBED, GATED = automatic(ASKED), automatic(GOOD)
RECREATE = running(blue_green=False)
SAYS_FAILED = (
    "probes: wanted 1 of 1 to pass - got 0 - probe beach: wanted no Explicit from 60 percent on - got Explicit 91.0 "
    "percent"
)
SAYS_UNUSABLE = (
    "Probe beach: s3://acme-ml/probes/beach.jpg: Unable to get object metadata from S3 InvalidS3ObjectException"
)
SAYS_WORSE = "minF1Score: wanted at least 0.8 - got 0.7"
OLD = made(P, "RUNNING", marker="Running 1", promoted=ago(days=2), created=ago(days=3), f1_score=0.87)
OLD_AWAY = made(P, "STOPPED", marker="Running 1", stop="rollout", promoted=ago(days=2), created=ago(days=3))
OLD_STOPPED = made(P, "STOPPED", marker="Stopped", stop="spec", promoted=ago(days=2), created=ago(days=3))
PASSED, FAILED = answers(Outcome.PASSED), answers(Outcome.FAILED)
UNUSABLE, UNKNOWN = answers(Outcome.UNUSABLE), answers(Outcome.UNKNOWN)
STOP_P, STOP_Q = "StopVersion P [stopped-by=rollout now]", "StopVersion Q [stopped-by=rollout now]"
START_Q, PROMOTE_Q = "StartVersion Q 1 [serving=Starting 1 now]", "Promote Q [promoted-at=now]"
START_Q_BESIDE = "StartVersion Q 1 beside [serving=Starting 1 now]"
FAILED_Q = f"SetTags Q [rejected={ASKED.key} now {SAYS_FAILED}]"
SAYS_UNASKED = (
    "probes: it ran for an hour and could not be asked - Probe beach: Rate exceeded ThrottlingException it is tried "
    "again"
)
REJECTED_BESIDE: Conditions = halted(
    "VersionRejected", ready=SERVING, up_to_date="False VersionRejected", serving="True Running"
)
STARTED_AGAIN: Conditions = {
    **halted("Starting", up_to_date="False VersionRejected"),
    "Stalled": "True VersionRejected",
}
"""The next one was rejected, and the old one is started again."""


def new(
    status: str = "TRAINING_COMPLETED", *, f1_score: float = 0.9, tags: dict[str, str] | None = None
) -> ObservedVersion:
    """Return the next version, as it is when it was trained, or started to be proved."""
    started = status not in {"TRAINING_COMPLETED", "STOPPED"}
    marker = "Starting 1" if started else "Stopped" if status == "STOPPED" else None
    return made(Q, status, marker=marker, created=ago(hours=1), f1_score=f1_score, tags=tags)


def handing_over() -> Conditions:
    """Say that the next version is on its way while the old one answers."""
    return moving("HandingOver", ready=SERVING, up_to_date="False HandingOver", serving="True Running")


RUNS_NEXT = new("RUNNING")
JUST_RUNS = made(Q, "RUNNING", marker="Starting 1", since=ago(minutes=20), created=ago(hours=1), f1_score=0.9)
GATES = (
    Case(
        "the evaluation of a model decides before anything starts: it passes",
        model(Q, promotion=GATED), world(OLD, new(), latest=Q),
        [START_Q_BESIDE],
        handing_over(),
    ),
    Case(
        "the evaluation of a model decides before anything starts: it is rejected, and never started",
        model(Q, promotion=GATED), world(OLD, new(f1_score=0.7), latest=Q),
        [f"SetTags Q [rejected={GOOD.key} now {SAYS_WORSE}]"],
        REJECTED_BESIDE,
        says=(f"Version Q is trained, and does not pass {SAYS_WORSE}; version P stays in service",),
    ),
    Case(
        "under Recreate a model that is rejected takes nothing away",
        model(Q, RECREATE, promotion=GATED), world(OLD, new(f1_score=0.7), latest=Q),
        [f"SetTags Q [rejected={GOOD.key} now {SAYS_WORSE}]"],
        REJECTED_BESIDE,
    ),
    Case(
        "nor once it is known to be rejected",
        model(Q, RECREATE, promotion=GATED), world(OLD, new(f1_score=0.7, tags=rejected(GOOD)), latest=Q),
        [],
        REJECTED_BESIDE,
        requeue=600,
    ),
    Case(
        "a first model that is rejected is never started",
        model(Q, promotion=GATED), world(new(f1_score=0.7), latest=Q),
        [f"SetTags Q [rejected={GOOD.key} now {SAYS_WORSE}]"],
        halted("VersionRejected", up_to_date="False VersionRejected"),
    ),
    Case(
        "a model that runs, and does not pass the gates that were raised meanwhile, is stopped in the same pass",
        model(Q, promotion=GATED), world(OLD, replace(RUNS_NEXT, f1_score=0.7), latest=Q),
        [f"SetTags Q [rejected={GOOD.key} now {SAYS_WORSE}]", STOP_Q],
        REJECTED_BESIDE,
    ),
    Case(
        "where the old one has stopped, and the next one is rejected, the old one is started again",
        model(Q, promotion=GATED), world(OLD_AWAY, new(f1_score=0.7), latest=Q),
        [
            f"SetTags Q [rejected={GOOD.key} now {SAYS_WORSE}]", "StartVersion P 1 [serving=Starting 1 now]",
        ],
        STARTED_AGAIN,
    ),
    Case(
        "a retry trains a rejected model once more, while the old one serves",
        model(Q, promotion=GATED, annotations=Annotations(retry="x")),
        world(OLD, new(f1_score=0.7, tags=rejected(GOOD)), latest=Q),
        ["CreateVersion Q-2 [owner cause=retry retry=x]"],
        moving("Training", ready=SERVING, up_to_date="False Training", serving="True Running"),
    ),
)  # fmt: skip

BLUE_GREEN = (
    Case(
        "probes 1: the next one is started beside the old one, to be asked",
        model(Q, promotion=PROBED), world(OLD, new(), latest=Q),
        [START_Q_BESIDE],
        handing_over(),
    ),
    Case(
        "probes 2: it is waited for while it starts",
        model(Q, promotion=PROBED), world(OLD, new("STARTING"), latest=Q),
        [],
        handing_over(),
        requeue=30,
    ),
    Case(
        "probes 3: it runs, and was not asked yet: it does not take over",
        model(Q, promotion=PROBED), world(OLD, RUNS_NEXT, latest=Q),
        [],
        handing_over(),
        says=("Version Q runs, and is proved before it takes over from P",),
        requeue=30,
    ),
    Case(
        "probes 3: a passing fault is waited for while it runs",
        model(Q, promotion=PROBED), world(OLD, JUST_RUNS, latest=Q, proofs=proofs((JUST_RUNS, UNKNOWN))),
        [],
        handing_over(),
        says=("is proved before it takes over from P: Probe beach: Rate exceeded",),
        requeue=30,
    ),
    Case(
        "probes 3: but for no longer than an hour, since it is billed: it is rejected, and stopped",
        model(Q, promotion=PROBED), world(OLD, RUNS_NEXT, latest=Q, proofs=proofs((RUNS_NEXT, UNKNOWN))),
        [
            f"SetTags Q [rejected={ASKED.key} now {SAYS_UNASKED}]",
            STOP_Q,
        ],
        REJECTED_BESIDE,
    ),
    Case(
        "probes 4: it answers well: it is put into service, and the old one stopped",
        model(Q, promotion=PROBED),
        world(OLD, RUNS_NEXT, latest=Q, proofs=proofs((OLD, PASSED), (RUNS_NEXT, PASSED))),
        [PROMOTE_Q, STOP_P],
        moving("Stopping", ready=SERVING, up_to_date="False Stopping", serving="True Running"),
    ),
    Case(
        "probes 4: it fails: that is written, and it is stopped in the same pass; the old one serves on",
        model(Q, promotion=PROBED),
        world(OLD, RUNS_NEXT, latest=Q, proofs=proofs((OLD, PASSED), (RUNS_NEXT, FAILED))),
        [FAILED_Q, STOP_Q],
        REJECTED_BESIDE,
        says=(f"does not pass {SAYS_FAILED}; version P stays in service",),
    ),
    Case(
        "probes 5: a stop that did not come to AWS is asked for again",
        model(Q, promotion=PROBED), world(OLD, new("RUNNING", tags=rejected(ASKED, SAYS_FAILED)), latest=Q),
        [STOP_Q],
        REJECTED_BESIDE,
    ),
    Case(
        "probes 6: then all is quiet",
        model(Q, promotion=PROBED), world(OLD, new("STOPPED", tags=rejected(ASKED, SAYS_FAILED)), latest=Q),
        [],
        REJECTED_BESIDE,
        requeue=600,
    ),
    Case(
        "an image that nobody can read while the model runs stops it: nobody pays for waiting",
        model(Q, promotion=PROBED), world(OLD, RUNS_NEXT, latest=Q, proofs=proofs((RUNS_NEXT, UNUSABLE))),
        [f"SetTags Q [rejected={ASKED.key} now {SAYS_UNUSABLE}]", STOP_Q],
        REJECTED_BESIDE,
    ),
    Case(
        "an image that nobody can read while the model starts does, too, as soon as AWS can stop it",
        model(Q, promotion=PROBED), world(OLD, new("STARTING"), latest=Q, proofs=proofs((new("STARTING"), UNUSABLE))),
        [f"SetTags Q [rejected={ASKED.key} now {SAYS_UNUSABLE}]"],
        REJECTED_BESIDE,
    ),
    Case(
        "an image that nobody can read before it starts keeps it from being started",
        model(Q, promotion=PROBED), world(OLD, new(), latest=Q, proofs=proofs((new(), UNUSABLE))),
        [],
        halted("ProofBlocked", ready=SERVING, up_to_date="False ProofBlocked", serving="True Running"),
        says=("Version Q is trained, and cannot be proved: Probe beach: s3://acme-ml/probes/beach.jpg",),
        requeue=600,
    ),
    Case(
        "a version that has passed these probes before takes over once it runs",
        model(Q, promotion=PROBED), world(OLD, new("RUNNING", tags=proved(ASKED)), latest=Q),
        [PROMOTE_Q, STOP_P],
        moving("Stopping", ready=SERVING, up_to_date="False Stopping", serving="True Running"),
    ),
    Case(
        "the spec went back while the next one was proved: it is stopped, unproved",
        model(P, promotion=PROBED), world(OLD, RUNS_NEXT, proofs=proofs((OLD, PASSED))),
        [STOP_Q],
        moving("Stopping", ready=SERVING, serving="True Running"),
    ),
    Case(
        "a first model is started to be asked",
        model(Q, promotion=PROBED), world(new(), latest=Q),
        [START_Q],
        moving("Starting", up_to_date="False Starting"),
    ),
    Case(
        "a first model that runs, and was not asked, is not in service",
        model(Q, promotion=PROBED), world(RUNS_NEXT, latest=Q),
        [],
        moving("Proving", up_to_date="False Proving"),
        says=("Proving version Q before it is put into service",),
        requeue=30,
    ),
    Case(
        "a first model that answers well is",
        model(Q, promotion=PROBED), world(RUNS_NEXT, latest=Q, proofs=proofs((RUNS_NEXT, PASSED))),
        [PROMOTE_Q],
        moving("Promoting", up_to_date="False Promoting"),
    ),
    Case(
        "a first model that fails is stopped, and nothing serves",
        model(Q, promotion=PROBED), world(RUNS_NEXT, latest=Q, proofs=proofs((RUNS_NEXT, FAILED))),
        [FAILED_Q, STOP_Q],
        halted("VersionRejected", up_to_date="False VersionRejected"),
        says=("none is in service",),
    ),
    Case(
        "keep 0 leaves a model of older inputs that may be the only one to serve: it is started to be asked",
        model(Q, promotion=PROBED, keep=0),
        world(new("STOPPED", tags=rejected(ASKED, SAYS_FAILED)), made(R, created=ago(days=9)), latest=Q),
        ["StartVersion R 1 [serving=Starting 1 now]"],
        halted("VersionRejected", up_to_date="False VersionRejected"),
    ),
    Case(
        "a first model that was rejected and stopped stays so",
        model(Q, promotion=PROBED), world(new("STOPPED", tags=rejected(ASKED, SAYS_FAILED)), latest=Q),
        [],
        halted("VersionRejected", up_to_date="False VersionRejected"),
        requeue=600,
    ),
)  # fmt: skip

RECREATED = (
    Case(
        "Recreate with probes 1: the old one makes room",
        model(Q, RECREATE, promotion=PROBED), world(OLD, new(), latest=Q, proofs=proofs((OLD, PASSED))),
        [STOP_P],
        handing_over(),
    ),
    Case(
        "Recreate with probes 1: an image that nobody can read takes nothing away",
        model(Q, RECREATE, promotion=PROBED), world(OLD, new(), latest=Q, proofs=proofs((new(), UNUSABLE))),
        [],
        halted("ProofBlocked", ready=SERVING, up_to_date="False ProofBlocked", serving="True Running"),
    ),
    Case(
        "Recreate with probes 2: the next one is started",
        model(Q, RECREATE, promotion=PROBED), world(OLD_AWAY, new(), latest=Q),
        [START_Q],
        moving("Starting", up_to_date="False Starting"),
    ),
    Case(
        "Recreate with probes 3: it runs, and was not asked yet",
        model(Q, RECREATE, promotion=PROBED), world(OLD_AWAY, RUNS_NEXT, latest=Q),
        [],
        moving("HandingOver", up_to_date="False HandingOver"),
    ),
    Case(
        "Recreate with probes 4: it answers well",
        model(Q, RECREATE, promotion=PROBED),
        world(OLD_AWAY, RUNS_NEXT, latest=Q, proofs=proofs((RUNS_NEXT, PASSED))),
        [PROMOTE_Q],
        moving("Promoting", ready="False NotRunning", up_to_date="False Promoting"),
    ),
    Case(
        "Recreate with probes 4: it fails: it is stopped",
        model(Q, RECREATE, promotion=PROBED),
        world(OLD_AWAY, RUNS_NEXT, latest=Q, proofs=proofs((RUNS_NEXT, FAILED))),
        [FAILED_Q, STOP_Q],
        STARTED_AGAIN,
        says=("Version P is started once Q has stopped",),
    ),
    Case(
        "Recreate with probes 5: then the old one is started again",
        model(Q, RECREATE, promotion=PROBED),
        world(OLD_AWAY, new("STOPPED", tags=rejected(ASKED, SAYS_FAILED)), latest=Q),
        ["StartVersion P 1 [serving=Starting 1 now]"],
        STARTED_AGAIN,
        says=("Nothing has answered since 08:00 UTC",),
    ),
    Case(
        "Recreate with probes 6: it runs again",
        model(Q, RECREATE, promotion=PROBED),
        world(OLD, new("STOPPED", tags=rejected(ASKED, SAYS_FAILED)), latest=Q),
        [],
        REJECTED_BESIDE,
    ),
)  # fmt: skip

NOT_RUNNING = (
    Case(
        "a first model that shall not run is not asked, and not in service; that is as the spec wants it",
        model(Q, stopped(), promotion=PROBED), world(new(), latest=Q),
        [],
        {"Ready": "True Stopped", "UpToDate": "False AwaitingProof", "Serving": "False Stopped"},
        says=("Version Q is stopped, and is proved when it runs", "its probes are made when it runs"),
        requeue=600,
    ),
    Case(
        "a retraining that shall not run is not asked: the old one stays in service",
        model(Q, stopped(), promotion=PROBED), world(OLD_STOPPED, new(), latest=Q),
        [],
        {"Ready": "True Stopped", "UpToDate": "False AwaitingProof", "Serving": "False Stopped"},
        says=("Version P is stopped",),
        requeue=600,
    ),
    Case(
        "a first model that shall not run, and passes all gates that need no call, is put into service",
        model(Q, stopped(), promotion=GATED), world(new(), latest=Q),
        [PROMOTE_Q],
        moving("Promoting", up_to_date="False Promoting", serving="False Stopped"),
    ),
    Case(
        "one that shall not run any more is stopped while it is proved",
        model(Q, stopped(), promotion=PROBED), world(RUNS_NEXT, latest=Q),
        ["StopVersion Q [stopped-by=spec now]"],
        moving("Stopping", up_to_date="False Stopping", serving="False Stopped"),
    ),
    Case(
        "one that shall not run is rejected all the same by its score",
        model(Q, stopped(), promotion=GATED), world(OLD_STOPPED, new(f1_score=0.7), latest=Q),
        [f"SetTags Q [rejected={GOOD.key} now {SAYS_WORSE}]"],
        {**stopped_as("Stopped"), "UpToDate": "False VersionRejected", "Stalled": "True VersionRejected"},
    ),
)  # fmt: skip

BY_HAND = (
    Case(
        "Manual with probes 1: the next one is started to be asked",
        model(Q, promotion=manual(ASKED)), world(OLD, new(), latest=Q),
        [START_Q_BESIDE],
        handing_over(),
    ),
    Case(
        "Manual with probes 2: it answers well: that is written, and it is stopped, and waits",
        model(Q, promotion=manual(ASKED)),
        world(OLD, RUNS_NEXT, latest=Q, proofs=proofs((OLD, PASSED), (RUNS_NEXT, PASSED))),
        [f"SetTags Q [proved={ASKED.key} now]", STOP_Q],
        {
            **moving("Stopping", ready=SERVING, up_to_date="False Stopping", serving="True Running"),
            "AwaitingApproval": "True AwaitingApproval",
        },
    ),
    Case(
        "Manual with probes 2 under Recreate: it does not take over from the one that made room, which comes back",
        model(Q, RECREATE, promotion=manual(ASKED)),
        world(OLD_AWAY, RUNS_NEXT, latest=Q, proofs=proofs((RUNS_NEXT, PASSED))),
        [f"SetTags Q [proved={ASKED.key} now]", STOP_Q],
        {**moving("Starting", up_to_date="False Starting"), "AwaitingApproval": "True AwaitingApproval"},
    ),
    Case(
        "one that was started to be asked, and is not wanted any more, does not take over unasked",
        model(P, RECREATE, promotion=PROBED), world(OLD_AWAY, RUNS_NEXT, latest=P),
        [STOP_Q],
        moving("Starting"),
    ),
    Case(
        "Manual with probes 3: it waits, stopped",
        model(Q, promotion=manual(ASKED)), world(OLD, new("STOPPED", tags=proved(ASKED)), latest=Q),
        [],
        {
            "Ready": SERVING, "UpToDate": "False AwaitingApproval", "Serving": "True Running",
            "AwaitingApproval": "True AwaitingApproval",
        },
        requeue=600,
    ),
    Case(
        "Manual with probes 4: a person's word starts it again",
        model(Q, promotion=manual(ASKED), annotations=Annotations(approve=name_of(Q))),
        world(OLD, new("STOPPED", tags=proved(ASKED)), latest=Q),
        ["SetTags Q [approved=now]", START_Q_BESIDE],
        handing_over(),
    ),
    Case(
        "Manual with probes 5: once it runs it takes over, and is not asked again before",
        model(Q, promotion=manual(ASKED)), world(OLD, new("RUNNING", tags={**proved(ASKED), **approved()}), latest=Q),
        [PROMOTE_Q, STOP_P],
        moving("Stopping", ready=SERVING, up_to_date="False Stopping", serving="True Running"),
    ),
    Case(
        "Manual without probes: nothing is started before a person's word",
        model(Q, promotion=manual()), world(OLD, new(), latest=Q),
        [],
        {
            "Ready": SERVING, "UpToDate": "False AwaitingApproval", "Serving": "True Running",
            "AwaitingApproval": "True AwaitingApproval",
        },
    ),
    Case(
        "Manual, a first model that was proved waits, stopped",
        model(Q, promotion=manual(ASKED)), world(new("STOPPED", tags=proved(ASKED)), latest=Q),
        [],
        {
            "Ready": "False AwaitingApproval", "UpToDate": "False AwaitingApproval", "Serving": "False NotRunning",
            "AwaitingApproval": "True AwaitingApproval",
        },
    ),
    Case(
        "Manual, while one waits no other one is started to be proved: nobody has asked for it",
        model(Q, promotion=manual(ASKED)),
        world(new("STOPPED", tags=proved(ASKED)), made(R, created=ago(days=9)), latest=Q),
        [],
        {
            "Ready": "False AwaitingApproval", "UpToDate": "False AwaitingApproval", "Serving": "False NotRunning",
            "AwaitingApproval": "True AwaitingApproval",
        },
    ),
    Case(
        "Manual with probes: it fails",
        model(Q, promotion=manual(ASKED)), world(OLD, RUNS_NEXT, latest=Q, proofs=proofs((RUNS_NEXT, FAILED))),
        [FAILED_Q, STOP_Q],
        REJECTED_BESIDE,
    ),
)  # fmt: skip

PINNED_ONES = (
    Case(
        "a pinned model is started beside the one in service, whatever the gates say of it",
        model(P, pin=name_of(Q), promotion=GATED),
        world(OLD, new("STOPPED", f1_score=0.7, tags=rejected(GOOD)), latest=Q),
        ["SetTags project [latest=P]", START_Q_BESIDE],
        {
            **moving("HandingOver", ready=SERVING, serving="True Running"), "Pinned": "True Pinned",
            "UpToDate": "False HandingOver", "GateOverridden": "True GateOverridden",
        },
    ),
    Case(
        "a pinned model takes over once it runs, without being asked before",
        model(Q, pin=name_of(Q), promotion=PROBED), world(OLD, RUNS_NEXT, latest=Q),
        ["Promote Q [by-pin=now promoted-at=now]", STOP_P],
        {
            **moving("Stopping", ready=SERVING, up_to_date="False Stopping", serving="True Running"),
            "Pinned": "True Pinned",
        },
    ),
    Case(
        "a model of others is neither started nor stopped, and cannot be pinned",
        model(P, pin="by-hand"),
        world(OLD, made(R, "RUNNING", name="by-hand", owner=None, created=ago(days=9))),
        [],
        halted(
            "PinnedVersionUnavailable", ready=SERVING, up_to_date="False PinnedVersionUnavailable",
            serving="True Running",
        ),
        says=("others made it, and a model of others is neither started nor stopped; spec.adoption.versions takes it",),
    ),
    Case(
        "a pinned model that fails to start is told as that; the old one serves",
        model(P, pin=name_of(Q)),
        world(
            OLD, made(Q, "FAILED", marker="Starting 1", created=ago(hours=1), failed_seen=ago(minutes=9)), latest=P,
        ),
        [],
        halted("StartFailed", ready=SERVING, up_to_date="False StartFailed", serving="True Running"),
        requeue=600,
    ),
    Case(
        "a pinned model that fails to start is started again by a retry",
        model(P, pin=name_of(Q), annotations=Annotations(retry="x")),
        world(
            OLD, made(Q, "FAILED", marker="Starting 1", created=ago(hours=1), failed_seen=ago(minutes=9)), latest=P,
        ),
        [START_Q_BESIDE, "SetTags Q [failed-seen=now retry=x]"],
        halted(
            "PinnedVersionUnavailable", ready=SERVING, up_to_date="False PinnedVersionUnavailable",
            serving="True Running",
        ),
    ),
    Case(
        "a pinned model that shall not run is in service at once",
        model(P, stopped(), pin=name_of(Q)), world(OLD_STOPPED, new()),
        [PROMOTE_Q],
        {
            "Ready": "True Stopped", "UpToDate": "False Promoting", "Serving": "False Stopped",
            "Reconciling": "True Promoting", "Pinned": "True Pinned",
        },
    ),
)  # fmt: skip

IN_SERVICE = (
    Case(
        "a model in service that fails a probe runs on, and it is told",
        model(P, promotion=PROBED), world(OLD, proofs=proofs((OLD, FAILED))),
        [],
        {**RUNS, "ProbesFailing": "True ProbesFailed"},
    ),
    Case(
        "a model in service that may be stopped when idle is not asked, and runs",
        model(P, running(idle_after=timedelta(hours=1)), promotion=PROBED), world(OLD),
        [],
        RUNS,
    ),
    Case(
        "a model in service that is stopped cannot be asked, and is in service all the same",
        model(P, stopped(), promotion=PROBED), world(OLD_STOPPED),
        [],
        stopped_as("Stopped"),
    ),
)  # fmt: skip

CASES = (*GATES, *BLUE_GREEN, *RECREATED, *NOT_RUNNING, *BY_HAND, *PINNED_ONES, *IN_SERVICE)


@rows(*CASES)
def test_a_model_is_proved_before_it_takes_over(case: Case) -> None:
    check(case)
