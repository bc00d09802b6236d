"""Which Events tell of a model that starts, stops, changes its units or hands over?"""

from dataclasses import dataclass, replace

import pytest

from fakes.builders import NOW, ago
from fakes.models import Q, made, model, running, stopped, windows, world
from rekognition_operator.api.resource import ResourceStatus
from rekognition_operator.core.events import events
from rekognition_operator.core.status import compose
from rekognition_operator.core.world import Desired, Observed
from unit.core.table import Case, empty_status, short

LONG_AGO = ago(days=1)
RUNS = made(status="RUNNING", marker="Running 1", promoted=LONG_AGO)
STARTS = made(status="STARTING", marker="Starting 1", promoted=LONG_AGO)
STOPS = made(status="STOPPING", marker="Running 1", stop="spec", promoted=LONG_AGO)
STOPPED = made(status="STOPPED", marker="Stopped", stop="spec", promoted=LONG_AGO)
BY_HAND = made(status="STOPPED", marker="Running 1", promoted=LONG_AGO)
FAILED = made(status="FAILED", marker="Starting 1", promoted=LONG_AGO, failed_seen=ago(minutes=1), message="No.")
OFF, UNITS = model(serving=stopped()), model(serving=running(min_units=2))
CLOSED = model(serving=running(schedule=windows("Tue 08:00-19:00")))


@dataclass(frozen=True)
class Step:
    """Two looks in a row, what was wanted at each, and the events that the second one posts."""

    name: str
    before: tuple[Desired, Observed]
    after: tuple[Desired, Observed]
    events: list[str]
    says: tuple[str, ...] = ()


STEPS = (
    Step(
        "it is being started",
        (OFF, world(STOPPED)), (model(), world(STOPPED)), ["Normal Starting"],
        ("Starting version P with 1 inference unit, 4.00 USD an hour",),
    ),
    Step("while it starts, nothing is news", (model(), world(STOPPED)), (model(), world(STARTS)), []),
    Step("it runs", (model(), world(STARTS)), (model(), world(RUNS)), ["Normal Running"], ("Version P runs with 1",)),
    Step("while it runs, nothing is news", (model(), world(RUNS)), (model(), world(RUNS)), []),
    Step(
        "its window has ended",
        (model(), world(RUNS)), (CLOSED, world(RUNS)), ["Normal Stopping"], ("No window of spec.serving.schedule",),
    ),
    Step("it no longer answers, as asked", (OFF, world(RUNS)), (OFF, world(STOPS)), ["Normal NotRunning"]),
    Step("it has stopped", (OFF, world(STOPS)), (OFF, world(STOPPED)), []),
    Step(
        "its units change",
        (model(), world(RUNS)), (UNITS, world(RUNS)), ["Normal ChangingUnits"], ("for 10 to 20 minutes",),
    ),
    Step(
        "it no longer answers, though it should: others have stopped it",
        (model(), world(RUNS)), (model(), world(BY_HAND)),
        ["Warning NotRunning", "Warning Correcting", "Normal Starting"],
    ),
    Step(
        "others have stopped it, and it is left so",
        (model(correct_drift=False), world(RUNS)), (model(correct_drift=False), world(BY_HAND)),
        ["Warning NotRunning", "Warning ServingDrift", "Warning Reported"],
    ),
    Step("it failed to start", (model(), world(STARTS)), (model(), world(FAILED)),
        ["Warning OutOfService", "Warning StartFailed"], ("failed to run: No",)),
    Step(
        "the next version is started beside it",
        (model(Q), world(RUNS, made(Q, "TRAINING_IN_PROGRESS", created=ago(hours=1)), latest=Q)),
        (model(Q), world(RUNS, made(Q, created=ago(hours=1)), latest=Q)),
        ["Normal TrainingCompleted", "Normal HandingOver"], ("Version Q is trained", "beside P"),
    ),
    Step(
        "the next version has taken over, without a moment in which nothing answered",
        (model(Q), world(RUNS, made(Q, "RUNNING", marker="Starting 1", created=ago(hours=1)), latest=Q)),
        (model(Q), world(
            replace(STOPS), made(Q, "RUNNING", marker="Running 1", promoted=NOW, created=ago(hours=1)), latest=Q,
        )),
        ["Normal InService"], ("Version Q is in service instead of P",),
    ),
    Step(
        "beyond its budget",
        (model(), world(RUNS)), (model(serving=running(min_units=3, max_usd_per_hour=8)), world(RUNS)),
        ["Warning OverBudget"], ("3 inference units x 4.00 USD = 12.00 USD an hour",),
    ),
    Step(
        "suspended while it runs, and for how much",
        (model(), world(RUNS)), (model(suspend=True), world(RUNS)), ["Normal Suspended"], ("4.00 USD an hour",),
    ),
)  # fmt: skip


def seen(look: tuple[Desired, Observed], previous: ResourceStatus | None = None) -> ResourceStatus:
    wanted, world_ = look
    report = Case("", wanted, world_, [], {}).decide().report
    return compose(previous or empty_status(wanted), wanted.generation, report, None, NOW)


@pytest.mark.parametrize("step", [pytest.param(step, id=step.name) for step in STEPS])
def test_each_step_of_a_model_is_told_once(step: Step) -> None:
    before = seen(step.before)
    after = seen(step.after, before)
    notes = events(before, after)
    assert [f"{note.type} {note.reason}" for note in notes] == step.events
    messages = short(" ".join(note.message for note in notes))
    for text in step.says:
        assert text in messages
    assert events(after, seen(step.after, after)) == ()
