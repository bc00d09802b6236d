"""What ends the bill of a model where something else is wrong: its project, its tags, its hours, or its list?"""

from dataclasses import replace

from fakes.builders import ago
from fakes.models import P, Q, made, model, models_project, running, stopped, windows, world
from unit.core.table import RUNS, SERVING, Case, check, halted, moving, rows

LONG_AGO = ago(days=9)
RUNNING = made(status="RUNNING", marker="Running 1", promoted=LONG_AGO)
STOP = "StopVersion P [stopped-by=spec now]"
ZONE = "spec.serving.schedule.timeZone: 'Europe/Berln' is not in the IANA time zone database. Set it to another"
UNKNOWN_HOURS = running(problem=ZONE)
UNOWNED = replace(models_project(), tags={})

HOURS = (
    Case(
        "a model whose time zone is unknown runs on, and the message has what it costs",
        model(serving=UNKNOWN_HOURS),
        world(RUNNING),
        [],
        halted("InvalidSpec", ready=SERVING, up_to_date=SERVING, serving="True Running"),
        says=(f"{ZONE}. The model runs on meanwhile, for 4.00 USD an hour",),
    ),
    Case(
        "one that is stopped is not started while its time zone is unknown",
        model(serving=UNKNOWN_HOURS),
        world(made(status="STOPPED", marker="Stopped", stop="spec", promoted=LONG_AGO)),
        [],
        halted("InvalidSpec", up_to_date=SERVING),
        says=(ZONE,),
    ),
    Case(
        "state Stopped stops a model whatever its time zone is",
        model(serving=stopped(problem=ZONE)),
        world(RUNNING),
        [STOP],
        moving("Stopping", up_to_date=SERVING, serving="True Running"),
    ),
    Case(
        "an unknown time zone holds up no deletion",
        model(serving=UNKNOWN_HOURS, deleting=True),
        world(RUNNING),
        ["StopVersion P [stopped-by=deletion now]"],
        {
            "Ready": "False Stopping",
            "UpToDate": "False Stopping",
            "Serving": "True Deleting",
            "Reconciling": "True Stopping",
        },
    ),
)

PROJECTS = (
    Case(
        "a model that shall not run is stopped, though its project has lost the tags that say whose it is",
        model(serving=stopped()),
        replace(world(RUNNING), project=UNOWNED),
        [STOP],
        {
            "Ready": "False Stopping",
            "UpToDate": "False ProjectOwnedByAnother",
            "Serving": "True Running",
            "Stalled": "True ProjectOwnedByAnother",
        },
    ),
    Case(
        "one that shall run is let run there",
        model(),
        replace(world(RUNNING), project=UNOWNED),
        [],
        {
            "Ready": SERVING,
            "UpToDate": "False ProjectOwnedByAnother",
            "Serving": "True Running",
            "Stalled": "True ProjectOwnedByAnother",
        },
    ),
    Case(
        "a deleted resource stops its model first, though the project has lost its tags",
        model(deleting=True),
        replace(world(RUNNING), project=UNOWNED),
        ["StopVersion P [stopped-by=deletion now]"],
        {
            "Ready": "False Stopping",
            "UpToDate": "False Stopping",
            "Serving": "True Deleting",
            "Reconciling": "True Stopping",
        },
    ),
)

TAGS = (
    Case(
        "a tag of a time to come is as good as none: it is dated anew, once",
        model(),
        world(made(status="RUNNING", marker="Running 1", stop="spec", stop_at=ago(days=-300), promoted=LONG_AGO)),
        [],
        RUNS,
    ),
    Case(
        "AWS may list a version as it was before it was started: that is no stop",
        model(serving=running(schedule=windows("Mon 08:00-08:59"))),
        world(made(status="STOPPED", marker="Starting 1", since=ago(minutes=2), stop="spec", promoted=LONG_AGO)),
        [],
        {"Ready": "True OutsideWindow", "UpToDate": SERVING, "Serving": "False OutsideWindow"},
    ),
)

UNITS = (
    Case(
        "units of others beyond the budget are not left so under Report",
        model(serving=running(max_usd_per_hour=4), correct_drift=False),
        world(made(status="RUNNING", units=5, marker="Running 1", promoted=LONG_AGO)),
        ["StopVersion P [stopped-by=units now]"],
        moving("ChangingUnits", ready=SERVING, up_to_date=SERVING, serving="True Running"),
    ),
    Case(
        "while another version trains, Ready says with how many units that one is started",
        model(Q, running(min_units=2)),
        world(
            made(P, "RUNNING", marker="Running 1", promoted=LONG_AGO),
            made(Q, "TRAINING_IN_PROGRESS", created=ago(hours=1)),
            latest=Q,
        ),
        [],
        moving("Training", ready=SERVING, up_to_date="False Training", serving="True Running"),
        says=("runs with 1 inference unit; the version that is trained is started with 2",),
    ),
)

CASES = (*HOURS, *PROJECTS, *TAGS, *UNITS)


@rows(*HOURS)
def test_an_unknown_time_zone_starts_nothing_and_keeps_nothing_running(case: Case) -> None:
    check(case)


@rows(*PROJECTS)
def test_a_model_is_stopped_by_its_own_tags_whatever_those_of_its_project_say(case: Case) -> None:
    check(case)


@rows(*TAGS)
def test_tags_that_cannot_be_true_yet_and_lists_that_lag_mislead_nobody(case: Case) -> None:
    check(case)


@rows(*UNITS)
def test_no_more_units_are_billed_than_the_budget_has_and_what_is_deferred_is_said(case: Case) -> None:
    check(case)
