"""When does a model with hours start and stop, and what is said of the hours to come?"""

from dataclasses import replace

from fakes.builders import NOW, ago
from fakes.models import made, model, running, stopped, windows, world
from rekognition_operator.core.status import compose
from unit.core.table import RUNS, Case, check, empty_status, moving, rows, stopped_as

LONG_AGO = ago(days=9)
RUNNING = made(status="RUNNING", marker="Running 1", promoted=LONG_AGO)
STOPPED = made(
    status="STOPPED", marker="Stopped", stop="schedule", stop_at=ago(hours=62), since=ago(hours=61), promoted=LONG_AGO
)
OPEN = model(serving=running(schedule=windows("Mon-Fri 08:00-19:00")))
CLOSED = model(serving=running(schedule=windows("Mon-Fri 10:00-19:00")))
CLOSED_SOON = model(serving=running(schedule=windows("Mon-Fri 08:00-09:05")))
ENDED = model(serving=running(schedule=windows("Mon-Fri 06:00-08:55")))
ENDED_LONG_AGO = model(serving=running(schedule=windows("Sun 18:00-22:00", "Fri 08:00-19:00")))
ALWAYS = model(serving=running(schedule=windows("Mon-Sun 00:00-00:00")))
STOP = "StopVersion P [stopped-by=schedule now]"
START = "StartVersion P 1 [serving=Starting 1 now]"

HOURS = (
    Case(
        "within a window it runs",
        OPEN,
        world(RUNNING),
        [],
        RUNS,
        requeue=600,
    ),
    Case(
        "it is looked at again when the window ends",
        CLOSED_SOON,
        world(RUNNING),
        [],
        RUNS,
        requeue=300,
    ),
    Case(
        "a window that ends within the second is looked at after it",
        model(serving=running(schedule=windows("Mon 08:00-09:01"))),
        world(RUNNING, at=ago(seconds=-59.5)),
        [],
        RUNS,
        requeue=1,
    ),
    Case("a window begins: it is started", OPEN, world(STOPPED), [START], moving("Starting")),
    Case(
        "a window ends: it is stopped",
        ENDED,
        world(RUNNING),
        [STOP],
        moving("Stopping", serving="True Running"),
        says=("No window of spec.serving.schedule is open; Mon begins at 2026-03-03 06:00 UTC",),
    ),
    Case(
        "outside of its windows it is Ready, and says when it starts next",
        CLOSED,
        world(STOPPED),
        [],
        stopped_as("OutsideWindow"),
        says=("Version P is stopped. No window of spec.serving.schedule is open; Mon begins at 2026-03-02 10:00 UTC",),
    ),
    Case(
        "the state Stopped counts more than a window",
        model(serving=stopped(schedule=windows("Mon-Fri 08:00-19:00"))),
        world(RUNNING),
        ["StopVersion P [stopped-by=spec now]"],
        moving("Stopping", serving="True Running"),
    ),
    Case("windows without a gap are no schedule", ALWAYS, world(RUNNING), [], RUNS, requeue=600),
    Case(
        "one that was just trained outside of the windows goes into service and is not started",
        CLOSED,
        world(made()),
        ["Promote P [promoted-at=now]"],
        {
            "Ready": "False Promoting",
            "UpToDate": "False Promoting",
            "Serving": "False OutsideWindow",
            "Reconciling": "True Promoting",
        },
    ),
    Case(
        "a window that ends while it starts: it is stopped once it runs",
        ENDED,
        world(made(status="STARTING", marker="Starting 1", since=ago(minutes=10), promoted=LONG_AGO)),
        [],
        moving("Stopping", serving="False OutsideWindow"),
        requeue=30,
    ),
    Case(
        "AWS's clock counts, not the operator's",
        OPEN,
        world(RUNNING, at=ago(hours=2)),
        ["StopVersion P [stopped-by=schedule 2026-03-02T07:00:00.000Z]"],
        moving("Stopping", serving="True Running"),
    ),
    Case(
        "a failed start is not tried again outside of the windows",
        CLOSED,
        world(made(status="FAILED", marker="Starting 1", promoted=LONG_AGO, failed_seen=ago(hours=9))),
        [],
        {"Ready": "False NoVersionInService", "UpToDate": "False NoVersionInService", "Serving": "False OutsideWindow"},
    ),
)  # fmt: skip

RAN_OVER = (
    Case(
        "the operator was down while a window ended: it is stopped at once, and that is said",
        ENDED_LONG_AGO,
        world(RUNNING),
        [STOP],
        moving("Stopping", serving="True Running"),
        says=("Window Sun ended at 2026-03-01 22:00 UTC, and it runs on, since the operator did not look in time",),
    ),
    Case(
        "by how much it ran over is said until the next window",
        ENDED_LONG_AGO,
        world(made(status="STOPPED", marker="Stopped", stop="schedule", since=ago(minutes=50), promoted=LONG_AGO)),
        [],
        stopped_as("OutsideWindow"),
        says=("Window Sun ended at 2026-03-01 22:00 UTC, and it ran 10 h longer, since the operator did not look",),
    ),
)


NOT_OVER = (
    Case(
        "a stop within two looks is in time",
        ENDED,
        world(made(status="STOPPED", marker="Stopped", stop="schedule", stop_at=ago(minutes=4), since=ago(minutes=1))),
        ["Promote P [promoted-at=now]"],
        {
            "Ready": "False Promoting",
            "UpToDate": "False Promoting",
            "Serving": "False OutsideWindow",
            "Reconciling": "True Promoting",
        },
    ),
    Case(
        "what others started after its hours is drift, not a fault of the operator",
        ENDED_LONG_AGO,
        world(made(status="RUNNING", marker="Stopped", since=ago(hours=9), promoted=LONG_AGO)),
        [STOP],
        {**moving("Stopping", serving="True Running"), "Drifted": "True Correcting"},
        drift=("spec.serving.state",),
    ),
    Case(
        "nor is it one when the operator has stopped it again",
        ENDED_LONG_AGO,
        world(made(status="STOPPED", marker="Stopped", since=ago(hours=9), stop="schedule", promoted=LONG_AGO)),
        [],
        stopped_as("OutsideWindow"),
    ),
    Case(
        "a model that was stopped for another reason did not run over",
        ENDED_LONG_AGO,
        world(made(status="STOPPED", marker="Stopped", stop="spec", since=ago(minutes=50), promoted=LONG_AGO)),
        [],
        stopped_as("OutsideWindow"),
    ),
)

CASES = (*HOURS, *RAN_OVER, *NOT_OVER)


@rows(*HOURS)
def test_a_model_runs_in_its_windows_and_costs_nothing_outside_of_them(case: Case) -> None:
    check(case)


@rows(*RAN_OVER)
def test_hours_that_the_operator_missed_are_owned_up_to(case: Case) -> None:
    check(case)


@rows(*NOT_OVER)
def test_nothing_else_is_called_running_over(case: Case) -> None:
    check(case)
    messages = [c.message for c in case.status().conditions or ()]
    assert not any("did not look in time" in message for message in messages)


def next_of(case: Case) -> tuple[str | None, str | None]:
    """Return what status.serving says of the next transition."""
    said = compose(empty_status(case.desired), 1, case.decide().report, None, NOW).model_dump(
        mode="json", by_alias=True
    )
    serving = said["serving"]
    assert isinstance(serving, dict)
    return serving["nextTransition"], serving["nextState"]


def test_status_says_when_it_changes_next_and_to_what() -> None:
    assert next_of(Case("", OPEN, world(RUNNING), [], {})) == ("2026-03-02T19:00:00Z", "Stopped")
    assert next_of(Case("", CLOSED, world(STOPPED), [], {})) == ("2026-03-02T10:00:00Z", "Running")
    assert next_of(Case("", ALWAYS, world(RUNNING), [], {})) == (None, None)
    assert next_of(Case("", model(), world(RUNNING), [], {})) == (None, None)
    off = model(serving=stopped(schedule=windows("Mon-Fri 08:00-19:00")))
    assert next_of(Case("", off, world(STOPPED), [], {})) == (None, None)


def test_what_is_said_outside_of_the_windows_does_not_change_with_time() -> None:
    for wanted, version in ((ENDED_LONG_AGO, RUNNING), (CLOSED, STOPPED), (OPEN, RUNNING), (ALWAYS, RUNNING)):
        first, later = (
            Case("", wanted, world(version, at=at), [], {}).decide().report for at in (NOW, ago(minutes=-50))
        )
        assert replace(first, serving=None) == replace(later, serving=None)
        assert first.serving == later.serving
