"""What happens where others start a model, stop it, or run it with other units?"""

from dataclasses import replace

from fakes.builders import ago
from fakes.models import P, Q, made, model, running, stopped, windows, world
from unit.core.table import RUNS, SERVING, Case, Conditions, check, halted, moving, rows, stopped_as

LONG_AGO = ago(days=9)
KEEP_OFF = model(correct_drift=False)
OFF = model(serving=stopped(), correct_drift=False)
STOPPED_BY_HAND = made(status="STOPPED", units=1, marker="Running 1", promoted=LONG_AGO)
STARTED_BY_HAND = made(status="RUNNING", marker="Stopped", stop="spec", stop_at=ago(hours=3), promoted=LONG_AGO)
THREE_BY_HAND = made(status="RUNNING", units=3, marker="Running 1", promoted=LONG_AGO)
ACTIVE_Q = made(Q, "RUNNING", marker="Running 1", promoted=ago(hours=9), created=ago(hours=10))
OLD_BY_HAND = made(
    P, "RUNNING", marker="Stopped", stop="rollout", stop_at=ago(hours=8), promoted=LONG_AGO, created=ago(days=10)
)
START = "StartVersion P 1 [serving=Starting 1 now]"


def corrected(conditions: Conditions) -> Conditions:
    return {**conditions, "Drifted": "True Correcting"}


def reported(conditions: Conditions) -> Conditions:
    return {**conditions, "Drifted": "True Reported"}


STATE, UNITS = ("spec.serving.state",), ("spec.serving.minInferenceUnits",)

CORRECT = (
    Case(
        "others have stopped it: it is started again",
        model(),
        world(STOPPED_BY_HAND),
        [START],
        corrected(moving("Starting")),
        drift=STATE,
    ),
    Case(
        "others are stopping it: it is started once it has stopped",
        model(),
        world(made(status="STOPPING", marker="Running 1", promoted=LONG_AGO)),
        [],
        corrected(moving("Starting")),
        drift=STATE,
    ),
    Case(
        "others have started it: it is stopped again",
        model(serving=stopped()),
        world(STARTED_BY_HAND),
        ["StopVersion P [stopped-by=spec now]"],
        corrected(moving("Stopping", serving="True Running")),
        drift=STATE,
    ),
    Case(
        "others are starting it: it is stopped once it runs",
        model(serving=stopped()),
        world(replace(STARTED_BY_HAND, status="STARTING")),
        [],
        corrected(moving("Stopping", serving="False Stopped")),
        drift=STATE,
    ),
    Case(
        "others have started it outside of its windows",
        model(serving=running(schedule=windows("Tue 08:00-19:00"))),
        world(replace(STARTED_BY_HAND)),
        ["StopVersion P [stopped-by=schedule now]"],
        corrected(moving("Stopping", serving="True Running")),
        drift=STATE,
    ),
    Case(
        "others have changed its units: it is stopped and started with those of the spec",
        model(),
        world(THREE_BY_HAND),
        ["StopVersion P [stopped-by=units now]"],
        corrected(moving("ChangingUnits", ready=SERVING, serving="True Running")),
        drift=UNITS,
    ),
    Case(
        "others have started a superseded version: it is stopped",
        model(Q),
        world(ACTIVE_Q, OLD_BY_HAND, latest=Q),
        ["StopVersion P [stopped-by=rollout now]"],
        corrected(moving("Stopping", ready=SERVING, serving="True Running")),
        drift=("versions[P].status",),
    ),
    Case(
        "a superseded version that others run is not deleted while it does",
        model(Q, keep=0),
        world(ACTIVE_Q, OLD_BY_HAND, latest=Q),
        ["StopVersion P [stopped-by=rollout now]"],
        corrected(moving("Stopping", ready=SERVING, serving="True Running")),
        drift=("versions[P].status",),
    ),
)

REPORT = (
    Case(
        "others have stopped it: it is left so, and Stalled says it",
        KEEP_OFF,
        world(STOPPED_BY_HAND),
        [],
        reported(halted("ServingDrift")),
        drift=STATE,
        says=(
            "Others have changed version P in AWS: it is STOPPED, and the spec asks for Running. driftPolicy is Report",
            "Put it right in AWS, or set spec.driftPolicy: Correct",
        ),
        requeue=600,
    ),
    Case(
        "others have started it: it is left so, and what it costs is said",
        OFF,
        world(STARTED_BY_HAND),
        [],
        reported(halted("ServingDrift", serving="True Running")),
        drift=STATE,
        says=("it is RUNNING, and costs 4.00 USD an hour, and the spec asks for Stopped",),
    ),
    Case(
        "others have changed its units: it is left so",
        KEEP_OFF,
        world(THREE_BY_HAND),
        [],
        reported(halted("ServingDrift", ready=SERVING, serving="True Running")),
        drift=UNITS,
        says=("it runs with 3 inference units, and costs 12.00 USD an hour, and the spec asks for 1",),
    ),
    Case(
        "others have started a superseded version: it is left so",
        model(Q, correct_drift=False),
        world(ACTIVE_Q, OLD_BY_HAND, latest=Q),
        [],
        reported(halted("ServingDrift", ready=SERVING, serving="True Running")),
        drift=("versions[P].status",),
    ),
)

OUR_OWN = (
    Case(
        "what the operator has started and did not see run yet is not of others",
        OFF,
        world(made(status="RUNNING", marker="Starting 1", promoted=LONG_AGO)),
        ["StopVersion P [stopped-by=spec now]"],
        moving("Stopping", serving="True Running"),
    ),
    Case(
        "what ran as the spec asked is stopped when it asks for that",
        OFF,
        world(made(status="RUNNING", marker="Running 1", promoted=LONG_AGO)),
        ["StopVersion P [stopped-by=spec now]"],
        moving("Stopping", serving="True Running"),
    ),
    Case(
        "what the operator has stopped is started when the spec asks for that",
        KEEP_OFF,
        world(made(status="STOPPED", marker="Stopped", stop="spec", promoted=LONG_AGO)),
        [START],
        moving("Starting"),
    ),
    Case(
        "a stop that the operator saw no end of is no stop of others",
        KEEP_OFF,
        world(made(status="STOPPED", marker="Running 1", stop="schedule", promoted=LONG_AGO)),
        [START],
        moving("Starting"),
    ),
    Case(
        "other units in the spec are an edit, whatever the drift policy",
        model(serving=running(min_units=2), correct_drift=False),
        world(made(status="RUNNING", marker="Running 1", promoted=LONG_AGO)),
        ["StopVersion P [stopped-by=units now]"],
        moving("ChangingUnits", ready=SERVING, serving="True Running"),
    ),
    Case(
        "what others changed to what the spec asks for by now is as asked",
        model(serving=running(min_units=3), correct_drift=False),
        world(THREE_BY_HAND),
        ["SetTags P [serving=Running 3 now]"],
        RUNS,
    ),
    Case(
        "a failure to start is no change by others",
        KEEP_OFF,
        world(made(status="FAILED", marker="Running 1", promoted=LONG_AGO, failed_seen=ago(hours=1))),
        [START, "SetTags P [failed-seen=now]"],
        moving("Starting", up_to_date="False Starting"),
    ),
    Case(
        "what others stopped outside of its windows is as the spec asks",
        model(serving=running(schedule=windows("Tue 08:00-19:00")), correct_drift=False),
        world(STOPPED_BY_HAND),
        ["SetTags P [serving=Stopped now]"],
        stopped_as("OutsideWindow"),
    ),
    Case(
        "and is started when the next window begins",
        model(serving=running(schedule=windows("Mon 08:00-19:00")), correct_drift=False),
        world(made(status="STOPPED", marker="Stopped", promoted=LONG_AGO)),
        [START],
        moving("Starting"),
    ),
    Case(
        "a hand-over is the operator's own doing under Report too",
        model(Q, correct_drift=False),
        world(
            made(P, "RUNNING", marker="Running 1", promoted=LONG_AGO, created=ago(days=10)),
            made(Q, "RUNNING", marker="Starting 1", created=ago(hours=1)),
            latest=Q,
        ),
        ["Promote Q [promoted-at=now]", "StopVersion P [stopped-by=rollout now]"],
        moving("Stopping", ready=SERVING, up_to_date="False Stopping", serving="True Running"),
    ),
    Case(
        "a version that others run, and that nobody of ours ever saw stopped, is of others as well",
        model(Q, correct_drift=False),
        world(ACTIVE_Q, made(P, "RUNNING", created=ago(days=10)), latest=Q),
        [],
        reported(halted("ServingDrift", ready=SERVING, serving="True Running")),
        drift=("versions[P].status",),
    ),
    Case(
        "nor is it stopped for the next one under Recreate, or announced to be",
        model(Q, running(blue_green=False), correct_drift=False),
        world(made(P, "RUNNING", units=3, promoted=LONG_AGO, created=ago(days=10)), made(Q), latest=Q),
        [],
        reported(halted("ServingDrift", ready=SERVING, up_to_date="False ServingDrift", serving="True Running")),
        drift=("spec.serving.state",),
    ),
)

CASES = tuple(
    replace(case, name=f"{what}: {case.name}")
    for what, cases in (("Correct", CORRECT), ("Report", REPORT), ("ours", OUR_OWN))
    for case in cases
)


@rows(*CORRECT)
def test_what_others_changed_is_put_right_and_told(case: Case) -> None:
    check(case)


@rows(*REPORT)
def test_under_report_what_others_changed_is_left_so_and_told_with_what_it_costs(case: Case) -> None:
    check(case)


@rows(*OUR_OWN)
def test_what_the_operator_did_itself_is_never_taken_for_the_doing_of_others(case: Case) -> None:
    check(case)


def test_a_stop_that_is_left_to_others_is_not_announced() -> None:
    assert [case.name for case in CASES if case.decide().announce and not case.actions] == []
