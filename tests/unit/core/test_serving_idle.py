"""When is a model stopped because nobody uses it, and what starts it again?"""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from fakes.builders import NOW, POLICY, ago
from fakes.models import Q, made, model, running, stopped, windows, world
from rekognition_operator.core.idle import idle_span
from rekognition_operator.core.serving_memory import idle_key
from rekognition_operator.core.versions import sort_out
from rekognition_operator.core.world import Annotations, Desired, ObservedVersion, Usage
from unit.core.table import RUNS, SERVING, Case, check, moving, rows, stopped_as

HOUR = timedelta(hours=1)
LONG_AGO = ago(days=9)
IDLE = running(idle_after=HOUR)
WANTED = model(serving=IDLE)
RUNNING = made(status="RUNNING", marker="Running 1", since=ago(hours=3), promoted=LONG_AGO)


def key(wanted: Desired = WANTED) -> str:
    """Return what an idle stop of this resource is remembered with."""
    assert wanted.serving is not None
    return idle_key(wanted, wanted.serving)


def asleep(wanted: Desired = WANTED, *, at: datetime | None = None, **fields: datetime) -> ObservedVersion:
    """Return the version in service, which was stopped an hour ago because nobody used it."""
    promoted = fields.get("promoted", LONG_AGO)
    return made(
        status="STOPPED",
        marker="Stopped",
        since=at or ago(minutes=50),
        stop=f"idle {key(wanted)}",
        stop_at=at,
        promoted=promoted,
    )


def used(requests: float | None = None, *, alone: bool | None = None, refused: bool = False) -> Usage:
    return Usage("2026-03", None, refused, requests, alone=alone)


def last_used(**before: float) -> Annotations:
    return Annotations(last_used_at=ago(**before))


STOP = f"StopVersion P [stopped-by=idle now {key()}]"
START = "StartVersion P 1 [serving=Starting 1 now]"
STOPPING = moving("Stopping", serving="True Running")
WAKE = 'kubectl annotate customlabelsmodel -n vision parts --overwrite rekognition-operator.io/wake="$(date +%s)"'

STOPS = (
    Case(
        "no request of anybody in the whole time: it is stopped",
        WANTED,
        world(RUNNING, usage=used(0)),
        [STOP],
        STOPPING,
        says=(f"Nobody has used the model for 1 h. To start it: {WAKE}",),
    ),
    Case(
        "some requests, and others ran: the annotation says that it was not asked",
        replace(WANTED, annotations=last_used(hours=2)),
        world(RUNNING, usage=used(7, alone=False)),
        [f"StopVersion P [stopped-by=idle now {key()}]"],
        STOPPING,
    ),
    Case(
        "CloudWatch may not be read: the annotation says that it was not asked",
        replace(WANTED, annotations=last_used(hours=2)),
        world(RUNNING, usage=used(refused=True)),
        [f"StopVersion P [stopped-by=idle now {key()}]"],
        STOPPING,
    ),
    Case(
        "while it stops",
        WANTED,
        world(made(status="STOPPING", marker="Running 1", since=ago(hours=3), stop=f"idle {key()}", promoted=LONG_AGO)),
        [],
        moving("Stopping", serving="False Idle"),
    ),
    Case(
        "once it has stopped it is Ready, and says how to start it",
        WANTED,
        world(made(status="STOPPED", marker="Running 1", since=ago(hours=3), stop=f"idle {key()}", promoted=LONG_AGO)),
        ["SetTags P [serving=Stopped now]"],
        stopped_as("Idle"),
        says=(f"since nobody had used it for 1 h. To start it: {WAKE}", "stopped at 2026-03-02 08:00 UTC"),
    ),
    Case(
        "no request of anybody, and an annotation far in the future: it is stopped",
        replace(WANTED, annotations=last_used(days=-900)),
        world(RUNNING, usage=used(0)),
        [STOP],
        STOPPING,
    ),
    Case("it stays stopped", WANTED, world(asleep()), [], stopped_as("Idle"), requeue=600),
    Case(
        "a stop that was written down, and did not come to AWS, is asked for once more",
        WANTED,
        world(made(status="RUNNING", marker="Running 1", since=ago(hours=3), stop=f"idle {key()}", promoted=LONG_AGO)),
        [STOP],
        STOPPING,
    ),
)

RUNS_ON = (
    Case(
        "no request of anybody, and by CloudWatch it has not run for all of the time: others have restarted it",
        WANTED,
        world(RUNNING, usage=replace(used(0), interrupted=True)),
        [],
        RUNS,
    ),
    Case(
        "an old use by the annotation, and it has not run for all of the time",
        replace(WANTED, annotations=last_used(hours=5)),
        world(RUNNING, usage=replace(used(7, alone=False), interrupted=True)),
        [],
        RUNS,
    ),
    Case("requests, and no other model ran", WANTED, world(RUNNING, usage=used(7, alone=True)), [], RUNS),
    Case(
        "none by CloudWatch, which is late, but the annotation is young",
        replace(WANTED, annotations=last_used(minutes=59)),
        world(RUNNING, usage=used(0)),
        [],
        RUNS,
    ),
    Case(
        "the annotation is of the future, by somebody's wrong clock",
        replace(WANTED, annotations=last_used(minutes=-9)),
        world(RUNNING, usage=used(0)),
        [],
        RUNS,
    ),
    Case(
        "the annotation is far in the future: it does not count, and requests are of several models",
        replace(WANTED, annotations=last_used(days=-900)),
        world(RUNNING, usage=used(7, alone=False)),
        [],
        {**RUNS, "IdleUnknown": "True SeveralModelsRun"},
    ),
    Case("CloudWatch was not asked", WANTED, world(RUNNING), [], RUNS),
    Case("CloudWatch did not answer", WANTED, world(RUNNING, usage=used()), [], RUNS),
    Case(
        "it has not run for the whole time: absent data is not idleness",
        WANTED,
        world(made(status="RUNNING", marker="Running 1", since=ago(minutes=64), promoted=LONG_AGO), usage=used(0)),
        [],
        RUNS,
    ),
    Case(
        "it was only just seen to run",
        WANTED,
        world(made(status="RUNNING", marker="Starting 1", since=ago(hours=3), promoted=LONG_AGO), usage=used(0)),
        ["SetTags P [serving=Running 1 now]"],
        RUNS,
    ),
    Case("the spec has no idleStop", model(), world(RUNNING, usage=used(0)), [], RUNS),
    Case(
        "several models ran: which was asked cannot be told, and it says so",
        WANTED,
        world(RUNNING, usage=used(7, alone=False)),
        [],
        {**RUNS, "IdleUnknown": "True SeveralModelsRun"},
        says=("nothing tells whether this one is used; it runs on", "rekognition-operator.io/last-used-at"),
    ),
    Case(
        "CloudWatch may not be read, and it says so",
        WANTED,
        world(RUNNING, usage=used(refused=True)),
        [],
        {**RUNS, "IdleUnknown": "True MetricsRefused"},
        says=("cloudwatch:GetMetricData and cloudwatch:ListMetrics",),
    ),
    Case(
        "a hand-over is under way: the old one is asked until it is over",
        replace(WANTED, inputs=Q),
        world(
            RUNNING, made(Q, "STARTING", marker="Starting 1", created=ago(hours=1)), latest=Q, usage=used(3, alone=True)
        ),
        [],
        moving("HandingOver", ready=SERVING, up_to_date="False HandingOver", serving="True Running"),
    ),
)

WOKEN = (
    Case(
        "the annotation wake",
        replace(WANTED, annotations=Annotations(wake="monday")),
        world(asleep()),
        [START],
        moving("Starting"),
    ),
    Case(
        "another idleStop.after",
        model(serving=running(idle_after=2 * HOUR)),
        world(asleep()),
        [START],
        moving("Starting"),
    ),
    Case("no idleStop any more", model(), world(asleep()), [START], moving("Starting")),
    Case(
        "other units",
        model(serving=running(idle_after=HOUR, min_units=2)),
        world(asleep()),
        ["StartVersion P 2 [serving=Starting 2 now]"],
        moving("Starting"),
    ),
    Case(
        "wake while it stops: it is started once it has",
        replace(WANTED, annotations=Annotations(wake="monday")),
        world(made(status="STOPPING", marker="Running 1", since=ago(hours=3), stop=f"idle {key()}", promoted=LONG_AGO)),
        [],
        moving("Starting"),
    ),
    Case(
        "new inputs, once they are trained: their version is started",
        replace(WANTED, inputs=Q),
        world(asleep(), made(Q, created=ago(minutes=5), promoted=ago(minutes=1)), latest=Q),
        ["StartVersion Q 1 [serving=Starting 1 now]"],
        moving("Starting"),
    ),
    Case(
        "back to inputs whose version was stopped for being idle: it was put into service since",
        WANTED,
        world(
            asleep(promoted=ago(minutes=1)), made(Q, "STOPPED", marker="Stopped", stop="idle x", promoted=ago(days=1))
        ),
        [START],
        moving("Starting"),
    ),
)

ASLEEP = (
    Case(
        "an edit that was taken back before it was started changes nothing",
        WANTED,
        world(asleep()),
        [],
        stopped_as("Idle"),
    ),
    Case(
        "new inputs in training do not start the old version",
        replace(WANTED, inputs=Q),
        world(asleep(), made(Q, "TRAINING_IN_PROGRESS", created=ago(minutes=5)), latest=Q),
        [],
        {**stopped_as("Idle"), "UpToDate": "False Training", "Reconciling": "True Training"},
    ),
    Case(
        "a version that was promoted before it was stopped sleeps on",
        WANTED,
        world(asleep(promoted=ago(hours=2))),
        [],
        stopped_as("Idle"),
    ),
    Case(
        "a promotion dated ahead by a wrong clock wakes nothing",
        WANTED,
        world(asleep(promoted=ago(days=-1))),
        [],
        stopped_as("Idle"),
    ),
)

WEEK = windows("Mon-Fri 08:00-19:00")
SINCE_MORNING = model(serving=running(idle_after=HOUR, schedule=WEEK))
WINDOWS = (
    Case(
        "a new window starts it again",
        SINCE_MORNING,
        world(asleep(SINCE_MORNING, at=ago(hours=20))),
        [START],
        moving("Starting"),
    ),
    Case(
        "within the same window it stays stopped, and says when the next begins",
        SINCE_MORNING,
        world(asleep(SINCE_MORNING, at=ago(minutes=30))),
        [],
        stopped_as("Idle"),
        says=("To start it before its next window, at 2026-03-03 08:00 UTC: kubectl",),
    ),
    Case(
        "outside of the windows that is why it is stopped",
        model(serving=running(idle_after=HOUR, schedule=windows("Tue 08:00-19:00"))),
        world(asleep()),
        [],
        stopped_as("OutsideWindow"),
    ),
    Case(
        "windows without a gap never begin anew",
        model(serving=running(idle_after=HOUR, schedule=windows("Mon-Sun 00:00-00:00"))),
        world(
            asleep(
                model(serving=running(idle_after=HOUR, schedule=windows("Mon-Sun 00:00-00:00"))),
                at=ago(days=30),
                promoted=ago(days=40),
            ),
        ),
        [],
        stopped_as("Idle"),
    ),
    Case(
        "the state Stopped counts more",
        model(serving=stopped(idle_after=HOUR)),
        world(asleep()),
        ["SetTags P [stopped-by=spec now]"],
        stopped_as("Stopped"),
        says=("spec.serving.state is Stopped",),
    ),
    Case(
        "and ends the idle stop: set to Running again it runs",
        WANTED,
        world(made(status="STOPPED", marker="Stopped", stop="spec", promoted=LONG_AGO)),
        [START],
        moving("Starting"),
    ),
)

CASES = tuple(
    replace(case, name=f"{what}: {case.name}")
    for what, cases in (
        ("idle", STOPS), ("not idle", RUNS_ON), ("woken", WOKEN), ("asleep", ASLEEP), ("idle in windows", WINDOWS),
    )
    for case in cases
)  # fmt: skip


@rows(*STOPS)
def test_a_model_that_nobody_uses_is_stopped(case: Case) -> None:
    check(case)


@rows(*RUNS_ON)
def test_a_model_is_never_stopped_on_a_guess(case: Case) -> None:
    check(case)


@rows(*WOKEN)
def test_it_is_started_again_when_somebody_asks_for_something_new(case: Case) -> None:
    check(case)


@rows(*ASLEEP)
def test_it_stays_stopped_where_nobody_asks_for_anything(case: Case) -> None:
    check(case)


@rows(*WINDOWS)
def test_a_new_window_wakes_it_and_the_same_one_does_not(case: Case) -> None:
    check(case)


@pytest.mark.parametrize(
    ("version", "span"),
    [
        (RUNNING, timedelta(minutes=65)),
        (made(status="RUNNING", marker="Running 1", since=ago(minutes=64), promoted=LONG_AGO), None),
        (made(status="RUNNING", marker="Starting 1", since=ago(hours=9), promoted=LONG_AGO), None),
        (made(status="RUNNING", promoted=LONG_AGO), None),
        (made(status="STOPPED", marker="Running 1", since=ago(hours=9), promoted=LONG_AGO), None),
        (made(status="STARTING", marker="Running 1", since=ago(hours=9), promoted=LONG_AGO), None),
    ],
)
def test_cloudwatch_is_asked_of_the_whole_time_and_its_lag_once_it_has_run_so_long(
    version: ObservedVersion, span: timedelta | None
) -> None:
    active = sort_out(WANTED, (version,)).active
    assert idle_span(IDLE, active, POLICY, NOW) == span


def test_an_edit_and_its_being_taken_back_each_count_once_the_model_was_started_by_it() -> None:
    started = made(
        status="STARTING",
        marker="Starting 2",
        since=ago(minutes=5),
        stop=f"idle {key()}",
        stop_at=ago(hours=1),
        promoted=LONG_AGO,
    )
    check(Case("", WANTED, world(started), [], moving("Starting")))


def test_two_resources_with_the_same_spec_remember_the_same_key_and_any_change_another() -> None:
    fields = [
        IDLE,
        running(idle_after=2 * HOUR),
        running(idle_after=HOUR, min_units=2),
        running(idle_after=HOUR, max_units=2),
        running(idle_after=HOUR, blue_green=False),
        running(idle_after=HOUR, max_usd_per_hour=8),
        running(idle_after=HOUR, schedule=WEEK),
        running(idle_after=HOUR, schedule=windows("Mon-Fri 08:00-20:00")),
        running(idle_after=HOUR, schedule=windows("Mon-Fri 08:00-19:00", zone="Europe/Berlin")),
    ]
    keys = [key(model(serving=serving)) for serving in fields] + [
        key(replace(WANTED, annotations=Annotations(wake="x")))
    ]
    assert len(set(keys)) == len(keys)
    assert key(replace(WANTED, generation=7)) == key()
