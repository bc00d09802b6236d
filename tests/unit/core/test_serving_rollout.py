"""How does the next version of a model take over? One table, step by step, as long as a hand-over has steps."""

from dataclasses import replace

from fakes.builders import NOW, ago
from fakes.models import P, Q, R, made, model, running, stopped, world
from rekognition_operator.core.world import Annotations, ObservedVersion
from unit.core.table import RUNS, SERVING, Case, check, halted, moving, rows

OLD = made(P, "RUNNING", marker="Running 1", promoted=ago(days=2), created=ago(days=3))
OLD_STOPPED = made(P, "STOPPED", marker="Stopped", stop="spec", promoted=ago(days=2), created=ago(days=3))
OLD_AWAY = made(P, "STOPPED", marker="Running 1", stop="rollout", promoted=ago(days=2), created=ago(days=3))
"""What Recreate has stopped to make room."""
TRAINING = made(Q, "TRAINING_IN_PROGRESS", created=ago(hours=1))
RECREATE = running(blue_green=False)
NEXT = model(Q)
NEXT_ALONE = model(Q, RECREATE)
OVER_Q = "False HandingOver"
START_Q = "StartVersion Q 1 [serving=Starting 1 now]"
PROMOTE_Q = "Promote Q [promoted-at=now]"


def new(status: str = "TRAINING_COMPLETED", *, marker: str | None = None, **fields: object) -> ObservedVersion:
    """Return the next version, which has not served yet."""
    return replace(made(Q, status, marker=marker, created=ago(hours=1)), **fields)  # type: ignore[arg-type]


def handing_over(up_to_date: str = OVER_Q) -> dict[str, str]:
    """Say that the next version is on its way while the old one answers."""
    return dict(moving("HandingOver", ready=SERVING, up_to_date=up_to_date, serving="True Running"))


BLUE_GREEN = (
    Case(
        "while the next version trains, the old one runs on",
        NEXT,
        world(OLD, TRAINING, latest=Q),
        [],
        moving("Training", ready=SERVING, up_to_date="False Training", serving="True Running"),
    ),
    Case(
        "1: the next one is started beside the old one",
        NEXT,
        world(OLD, new(), latest=Q),
        ["StartVersion Q 1 beside [serving=Starting 1 now]"],
        handing_over(),
        says=("Starting version Q with 1 inference unit, 4.00 USD an hour, beside P, which serves until it runs",),
    ),
    Case(
        "2: it is waited for while it starts; the old one is in service",
        NEXT,
        world(OLD, new("STARTING", marker="Starting 1"), latest=Q),
        [],
        handing_over(),
        says=("Version Q is starting; it takes over from P once it runs",),
        requeue=30,
    ),
    Case(
        "3: once it runs, it is put into service, and the old one is stopped, in this order",
        NEXT,
        world(OLD, new("RUNNING", marker="Starting 1"), latest=Q),
        [PROMOTE_Q, "StopVersion P [stopped-by=rollout now]"],
        moving("Stopping", ready=SERVING, up_to_date="False Stopping", serving="True Running"),
    ),
    Case(
        "4: while the old one stops, the new one is Ready",
        NEXT,
        world(
            made(P, "STOPPING", marker="Running 1", stop="rollout", promoted=ago(days=2), created=ago(days=3)),
            made(Q, "RUNNING", marker="Starting 1", promoted=ago(minutes=1), created=ago(hours=1)),
            latest=Q,
        ),
        ["SetTags Q [serving=Running 1 now]"],
        moving("Stopping", ready=SERVING, serving="True Running"),
    ),
    Case(
        "5: then all is as the spec asks",
        NEXT,
        world(
            OLD_AWAY, made(Q, "RUNNING", marker="Running 1", promoted=ago(minutes=9), created=ago(hours=1)), latest=Q
        ),
        ["SetTags P [serving=Stopped now]"],
        RUNS,
    ),
    Case(
        "a pass that ended after the promotion is gone on with: the old one is stopped",
        NEXT,
        world(OLD, made(Q, "RUNNING", marker="Running 1", promoted=ago(minutes=1), created=ago(hours=1)), latest=Q),
        ["StopVersion P [stopped-by=rollout now]"],
        moving("Stopping", ready=SERVING, serving="True Running"),
    ),
    Case(
        "a start that was written down, and did not come to AWS, is asked for",
        NEXT,
        world(OLD, new(marker="Starting 1"), latest=Q),
        ["StartVersion Q 1 beside [serving=Starting 1 now]"],
        handing_over(),
    ),
    Case(
        "the new units are the next version's: the old one is not restarted for them",
        model(Q, running(min_units=2)),
        world(OLD, new(), latest=Q),
        ["StartVersion Q 2 beside [serving=Starting 2 now]"],
        handing_over(),
    ),
    Case(
        "a version that stops is waited for before it is started",
        NEXT,
        world(OLD, new("STOPPING", marker="Running 1"), latest=Q),
        [],
        handing_over(),
        says=("Version Q is stopping; it is started once it has stopped",),
    ),
    Case(
        "no third version runs: one that is of neither is stopped first",
        model(R),
        world(OLD, new("RUNNING", marker="Starting 1"), made(R, created=ago(minutes=9)), latest=R),
        ["StopVersion Q [stopped-by=rollout now]"],
        handing_over(),
        says=("Version R is started once Q",),
    ),
    Case(
        "the spec went back while the next one started: it is stopped once it runs, the old one serves on",
        model(P),
        world(OLD, new("STARTING", marker="Starting 1")),
        [],
        moving("Stopping", ready=SERVING, serving="True Running"),
    ),
    Case(
        "the spec went back, and it runs by now: it is stopped",
        model(P),
        world(OLD, new("RUNNING", marker="Starting 1")),
        ["StopVersion Q [stopped-by=rollout now]"],
        moving("Stopping", ready=SERVING, serving="True Running"),
    ),
    Case(
        "the old one was stopped meanwhile by the operator: the next one is started, not both",
        NEXT,
        world(OLD_STOPPED, new(), latest=Q),
        [START_Q],
        moving("Starting", up_to_date="False Starting"),
    ),
    Case(
        "outside of its hours the next one is put into service without being started",
        model(Q, stopped()),
        world(OLD_STOPPED, new(), latest=Q),
        [PROMOTE_Q],
        {
            "Ready": "True Stopped",
            "UpToDate": "False Promoting",
            "Serving": "False Stopped",
            "Reconciling": "True Promoting",
        },
    ),
    Case(
        "the model shall stop in the middle of it: both are stopped",
        model(Q, stopped()),
        world(OLD, new("RUNNING", marker="Starting 1"), latest=Q),
        ["StopVersion Q [stopped-by=spec now]", "StopVersion P [stopped-by=spec now]", PROMOTE_Q],
        moving("Stopping", up_to_date="False Stopping", serving="True Running"),
    ),
    Case(
        "the model shall stop while the next one starts: the old one is stopped, the next one once it runs",
        model(Q, stopped()),
        world(OLD, new("STARTING", marker="Starting 1"), latest=Q),
        ["StopVersion P [stopped-by=spec now]", PROMOTE_Q],
        moving("Stopping", up_to_date="False Stopping", serving="True Running"),
    ),
)

RECREATED = (
    Case(
        "1: the old one is stopped first, and the message says for how long nothing answers",
        NEXT_ALONE,
        world(OLD, new(), latest=Q),
        ["StopVersion P [stopped-by=rollout now]"],
        handing_over(),
        says=("Version P is stopped to make room for Q", "nothing answers for 10 to 20 minutes"),
    ),
    Case(
        "2: it is waited for while it stops",
        NEXT_ALONE,
        world(
            made(P, "STOPPING", marker="Running 1", stop="rollout", promoted=ago(days=2), created=ago(days=3)),
            new(), latest=Q,
        ),
        [],
        moving("HandingOver", up_to_date=OVER_Q),
        says=("Version P is STOPPING; Q is started after that",),
    ),
    Case(
        "3: then the next one is started",
        NEXT_ALONE,
        world(OLD_AWAY, new(), latest=Q),
        [START_Q],
        moving("Starting", up_to_date="False Starting"),
    ),
    Case(
        "4: while it starts, nothing answers",
        NEXT_ALONE,
        world(OLD_AWAY, new("STARTING", marker="Starting 1"), latest=Q),
        [],
        moving("HandingOver", up_to_date=OVER_Q),
    ),
    Case(
        "5: once it runs, it is put into service",
        NEXT_ALONE,
        world(OLD_AWAY, new("RUNNING", marker="Starting 1"), latest=Q),
        [PROMOTE_Q],
        {
            "Ready": "False NotRunning",
            "UpToDate": "False Promoting",
            "Serving": "False NotRunning",
            "Reconciling": "True Promoting",
        },
    ),
    Case(
        "6: then all is as the spec asks",
        NEXT_ALONE,
        world(
            replace(OLD_STOPPED),
            made(Q, "RUNNING", marker="Starting 1", promoted=ago(minutes=1), created=ago(hours=1)), latest=Q,
        ),
        ["SetTags Q [serving=Running 1 now]"],
        RUNS,
    ),
    Case(
        "the old one starts yet: it is waited for, since AWS can stop it only once it runs",
        NEXT_ALONE,
        world(made(P, "STARTING", marker="Starting 1", promoted=ago(days=2), created=ago(days=3)), new(), latest=Q),
        [],
        moving("HandingOver", up_to_date=OVER_Q),
    ),
)  # fmt: skip

FAILED_Q = new("FAILED", marker="Starting 1", status_message="Insufficient capacity.")
FAILED_KNOWN = made(Q, "FAILED", marker="Starting 1", failed_seen=ago(days=1), created=ago(hours=1), message="No.")

CANDIDATE_FAILS = (
    Case(
        "BlueGreen: the old one runs on; Stalled with AWS's message, and how to try again",
        NEXT,
        world(OLD, FAILED_Q, latest=Q),
        ["SetTags Q [failed-seen=now]"],
        halted("StartFailed", ready=SERVING, up_to_date="False StartFailed", serving="True Running"),
        says=(
            "Version Q failed to run: Insufficient capacity. Version P serves. To start it once more:",
            "kubectl annotate customlabelsmodel -n vision parts --overwrite",
            'rekognition-operator.io/retry="$(date +%s)"',
        ),
    ),
    Case(
        "it is not tried again by itself, however long ago it failed",
        NEXT,
        world(OLD, FAILED_KNOWN, latest=Q),
        [],
        halted("StartFailed", ready=SERVING, up_to_date="False StartFailed", serving="True Running"),
    ),
    Case(
        "a retry token starts it once more beside the old one",
        model(Q, annotations=Annotations(retry="monday")),
        world(OLD, FAILED_KNOWN, latest=Q),
        ["StartVersion Q 1 beside [serving=Starting 1 now]", "SetTags Q [failed-seen=now retry=monday]"],
        handing_over(),
    ),
    Case(
        "Recreate: the old one is started again",
        NEXT_ALONE,
        world(OLD_AWAY, FAILED_KNOWN, latest=Q),
        ["StartVersion P 1 [serving=Starting 1 now]"],
        moving("Starting", up_to_date="False Starting"),
        says=("Nothing has answered since 08:00 UTC",),
    ),
    Case(
        "Recreate: while the old one comes back",
        NEXT_ALONE,
        world(
            made(P, "STARTING", marker="Starting 1", stop="rollout", promoted=ago(days=2), created=ago(days=3)),
            FAILED_KNOWN,
            latest=Q,
        ),
        [],
        halted("StartFailed", up_to_date="False StartFailed"),
    ),
    Case(
        "Recreate: the old one is back",
        NEXT_ALONE,
        world(OLD, FAILED_KNOWN, latest=Q),
        [],
        halted("StartFailed", ready=SERVING, up_to_date="False StartFailed", serving="True Running"),
    ),
    Case(
        "the version in service fails while it runs: the one before takes its place",
        NEXT,
        world(
            replace(OLD_STOPPED),
            made(
                Q, "FAILED", marker="Running 1", promoted=ago(hours=9), created=ago(hours=10), failed_seen=ago(hours=1)
            ),
            latest=Q,
        ),
        ["Promote P [promoted-at=now]", "StartVersion P 1 [serving=Starting 1 now]"],
        moving("Starting", up_to_date="False Starting"),
    ),
    Case(
        "and stays in service: the failed one does not come back by itself",
        NEXT,
        world(
            made(P, "RUNNING", marker="Running 1", promoted=ago(hours=1), created=ago(days=3)),
            made(
                Q, "FAILED", marker="Running 1", promoted=ago(hours=9), created=ago(hours=10), failed_seen=ago(hours=1)
            ),
            latest=Q,
        ),
        [],
        halted("StartFailed", ready=SERVING, up_to_date="False StartFailed", serving="True Running"),
    ),
    Case(
        "a failed version of inputs that are not wanted any more is nobody's business",
        model(P),
        world(OLD, FAILED_KNOWN),
        [],
        RUNS,
    ),
    Case(
        "the next version cannot be trained: the old one runs on",
        NEXT,
        world(OLD, made(Q, "TRAINING_FAILED", created=ago(hours=1), message="No."), latest=Q),
        [],
        halted("TrainingFailed", ready=SERVING, up_to_date="False TrainingFailed", serving="True Running"),
    ),
    Case(
        "other inputs while the next version starts: it goes on until theirs are trained, and is not taken away",
        model(R, RECREATE),
        world(OLD_AWAY, new("STARTING", marker="Starting 1"), made(R, "TRAINING_IN_PROGRESS", created=NOW), latest=R),
        [],
        moving("HandingOver", up_to_date="False HandingOver"),
    ),
    Case(
        "other inputs when the next version has just started: it takes over",
        model(R, RECREATE),
        world(OLD_AWAY, new("RUNNING", marker="Starting 1"), made(R, "TRAINING_IN_PROGRESS", created=NOW), latest=R),
        ["Promote Q [promoted-at=now]"],
        moving("Training", ready="False NotRunning", up_to_date="False Training"),
    ),
)

REVERT = (
    Case(
        "back to inputs that were trained before: that version is started again, and nothing is trained",
        model(P),
        world(
            replace(OLD_STOPPED), made(Q, "RUNNING", marker="Running 1", promoted=ago(hours=1), created=ago(hours=2)),
            latest=Q,
        ),
        ["SetTags project [latest=P]", "StartVersion P 1 beside [serving=Starting 1 now]"],
        handing_over(),
    ),
    Case(
        "a superseded version that still runs is stopped before it is deleted",
        model(Q, keep=0),
        world(OLD, made(Q, "RUNNING", marker="Running 1", promoted=ago(hours=1), created=ago(hours=2)), latest=Q),
        ["StopVersion P [stopped-by=rollout now]"],
        moving("Stopping", ready=SERVING, serving="True Running"),
    ),
    Case(
        "and not deleted while it stops",
        model(Q, keep=0),
        world(
            made(P, "STOPPING", marker="Running 1", stop="rollout", promoted=ago(days=2), created=ago(days=3)),
            made(Q, "RUNNING", marker="Running 1", promoted=ago(hours=1), created=ago(hours=2)),
            latest=Q,
        ),
        [],
        moving("Stopping", ready=SERVING, serving="True Running"),
    ),
    Case(
        "it is deleted once it has stopped",
        model(Q, keep=0),
        world(
            replace(OLD_STOPPED), made(Q, "RUNNING", marker="Running 1", promoted=ago(hours=1), created=ago(hours=2)),
            latest=Q,
        ),
        ["DeleteVersion P [owner]"],
        RUNS,
    ),
    Case(
        "the version that serves is kept while the next one starts, whatever retention says",
        model(Q, keep=0),
        world(OLD, new("STARTING", marker="Starting 1"), latest=Q),
        [],
        handing_over(),
    ),
    Case(
        "a version that failed, and alone could serve, is kept while the next one trains, and tried again",
        model(Q, keep=0),
        world(
            made(P, "FAILED", marker="Running 1", promoted=ago(days=2), created=ago(days=3), failed_seen=ago(hours=1)),
            TRAINING, latest=Q,
        ),
        ["StartVersion P 1 [serving=Starting 1 now]", "SetTags P [failed-seen=now]"],
        moving("Starting", up_to_date="False Starting"),
    ),
    Case(
        "a version that Recreate has stopped is kept until the next one runs",
        model(Q, RECREATE, keep=0),
        world(OLD_AWAY, new("STARTING", marker="Starting 1"), latest=Q),
        [],
        moving("HandingOver", up_to_date=OVER_Q),
    ),
)  # fmt: skip

CASES = tuple(
    replace(case, name=f"{what}: {case.name}")
    for what, cases in (
        ("BlueGreen", BLUE_GREEN), ("Recreate", RECREATED), ("failing", CANDIDATE_FAILS), ("retention", REVERT),
    )
    for case in cases
)  # fmt: skip


@rows(*BLUE_GREEN)
def test_blue_green_starts_the_next_one_then_moves_then_stops_the_old_one(case: Case) -> None:
    check(case)


@rows(*RECREATED)
def test_recreate_runs_one_at_a_time(case: Case) -> None:
    check(case)


@rows(*CANDIDATE_FAILS)
def test_a_version_that_fails_to_start_never_takes_over(case: Case) -> None:
    check(case)


@rows(*REVERT)
def test_old_versions_come_back_or_go_once_they_cost_nothing(case: Case) -> None:
    check(case)


def test_what_takes_the_model_away_is_told_before() -> None:
    announced = {case.name for case in CASES if case.decide().announce}
    assert announced == {"Recreate: 1: the old one is stopped first, and the message says for how long nothing answers"}
