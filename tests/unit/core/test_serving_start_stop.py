"""When is a model started, when is it stopped, and what is said meanwhile?"""

from dataclasses import replace

from fakes.builders import ago
from fakes.models import MODEL_OWNER, P, made, model, models_project, running, stopped, windows, world
from rekognition_operator.core import tags as t
from rekognition_operator.core.actions import StartVersion
from rekognition_operator.core.world import Annotations, Desired, ObservedVersion
from unit.core.table import RUNS, SERVING, Case, check, halted, moving, rows, stopped_as

LONG_AGO = ago(days=2)
RUNNING = made(status="RUNNING", marker="Running 1", promoted=LONG_AGO)
STOPPED = made(status="STOPPED", marker="Stopped", stop="spec", stop_at=ago(hours=3), promoted=LONG_AGO)
NEVER_RAN = made(marker="Stopped", promoted=LONG_AGO)
START_1 = "StartVersion P 1 [serving=Starting 1 now]"
MARK_RUNNING = "SetTags P [serving=Running 1 now]"
MARK_STOPPED = "SetTags P [serving=Stopped now]"
STOP = "StopVersion P [stopped-by=spec now]"


def in_state(status: str, *, marker: str = "Starting 1") -> ObservedVersion:
    """Return the version in service in a state into which the operator has brought it."""
    return made(status=status, marker=marker, promoted=LONG_AGO)


START = (
    Case(
        "a version that was just trained is put into service and started in one pass",
        model(),
        world(made()),
        ["Promote P [promoted-at=now]", START_1],
        moving("Starting", up_to_date="False Starting"),
        says=("Starting version P with 1 inference unit, 4.00 USD an hour",),
        requeue=1,
    ),
    Case(
        "a stopped one is started when the state becomes Running",
        model(),
        world(STOPPED),
        [START_1],
        moving("Starting"),
    ),
    Case(
        "it is started with the units of the spec",
        model(serving=running(min_units=2, max_units=5)),
        world(STOPPED),
        ["StartVersion P 2-5 [serving=Starting 2-5 now]"],
        moving("Starting"),
        says=("with 2-5 inference units, 20.00 USD an hour",),
    ),
    Case(
        "a version that was copied into the project is started like one that was trained",
        model(),
        world(made(status="COPYING_COMPLETED", promoted=LONG_AGO, marker="Stopped")),
        [START_1],
        moving("Starting"),
    ),
    Case(
        "while it starts, it is waited for",
        model(),
        world(in_state("STARTING")),
        [],
        moving("Starting"),
        says=("is starting with 1 inference unit; that takes 10 to 20 minutes",),
        requeue=30,
    ),
    Case(
        "once it runs, that is written down, and it is Ready",
        model(),
        world(in_state("RUNNING")),
        [MARK_RUNNING],
        RUNS,
        says=("Version P is in service, and runs with 1 inference unit",),
    ),
    Case("then there is nothing to do", model(), world(RUNNING), [], RUNS, requeue=600),
    Case(
        "one that stops is started again once it has stopped",
        model(),
        world(made(status="STOPPING", marker="Running 1", stop="spec", promoted=LONG_AGO)),
        [],
        moving("Starting"),
        says=("is stopping; it is started once it has stopped",),
        requeue=30,
    ),
    Case(
        "a start that was written down, and did not come to AWS, is asked for",
        model(),
        world(made(status="STOPPED", marker="Starting 1", promoted=LONG_AGO)),
        [START_1],
        moving("Starting"),
    ),
    Case(
        "a stop that was written down, and did not come to AWS, is forgotten where it shall run after all",
        model(),
        world(made(status="RUNNING", marker="Running 1", stop="spec", promoted=LONG_AGO)),
        [MARK_RUNNING],
        RUNS,
    ),
    Case(
        "without a clock of AWS that of the operator counts",
        model(),
        world(STOPPED, at=None),
        [START_1],
        moving("Starting"),
    ),
    Case(
        "a version whose tags were lost is marked as ours again before it is started",
        model(),
        world(made(owner=None, promoted=LONG_AGO)),
        ["SetTags P [owner]", START_1],
        {**moving("Starting"), "Drifted": "True Correcting"},
        drift=tuple(f"versions[P].tags[{key}]" for key in sorted(t.OWNER_KEYS)),
    ),
    Case(
        "no start is asked for while nothing is trained",
        model(),
        world(made(status="TRAINING_IN_PROGRESS")),
        [],
        {**moving("Training", up_to_date="False Training")},
    ),
    Case(
        "a failed training starts nothing",
        model(),
        world(made(status="TRAINING_FAILED", message="The manifest file is empty.")),
        [],
        halted("TrainingFailed", up_to_date="False TrainingFailed"),
    ),
    Case(
        "a version of others is not started",
        model(),
        world(made(name="by-hand", owner=None), latest=None, of=models_project(None)),
        ["CreateVersion P [owner]"],
        moving("Training", up_to_date="False Training"),
    ),
    Case(
        "readyWhen Accepted: a model that is being trained is Ready, one that starts is not",
        model(ready_when_accepted=True),
        world(STOPPED),
        [START_1],
        moving("Starting"),
    ),
)

STOPS = (
    Case(
        "a running model is stopped when the state becomes Stopped; why is written before",
        model(serving=stopped()),
        world(RUNNING),
        [STOP],
        moving("Stopping", serving="True Running"),
        says=("Stopping version P. spec.serving.state is Stopped",),
        requeue=1,
    ),
    Case(
        "while it stops, it is waited for",
        model(serving=stopped()),
        world(made(status="STOPPING", marker="Running 1", stop="spec", promoted=LONG_AGO)),
        [],
        moving("Stopping", serving="False Stopped"),
        requeue=30,
    ),
    Case(
        "once it has stopped, that is written down, and it is Ready: this is what the spec wants",
        model(serving=stopped()),
        world(made(status="STOPPED", marker="Running 1", stop="spec", promoted=LONG_AGO)),
        [MARK_STOPPED],
        stopped_as("Stopped"),
        says=("Version P is stopped. spec.serving.state is Stopped",),
    ),
    Case("then there is nothing to do with it", model(serving=stopped()), world(STOPPED), [], stopped_as("Stopped")),
    Case(
        "one that starts is stopped once it runs, since AWS can stop it only then",
        model(serving=stopped()),
        world(in_state("STARTING")),
        [],
        moving("Stopping", serving="False Stopped"),
        says=("is starting; AWS can stop it only once it runs",),
        requeue=30,
    ),
    Case(
        "a start that ran on past its Stopped is stopped",
        model(serving=stopped()),
        world(in_state("RUNNING")),
        [STOP],
        moving("Stopping", serving="True Running"),
    ),
    Case(
        "a stop that was written down, and did not come to AWS, is asked for once more",
        model(serving=stopped()),
        world(made(status="RUNNING", marker="Running 1", stop="spec", promoted=LONG_AGO)),
        [STOP],
        moving("Stopping", serving="True Running"),
    ),
    Case(
        "a version that was just trained goes into service without being started",
        model(serving=stopped()),
        world(made()),
        ["Promote P [promoted-at=now]"],
        {
            "Ready": "False Promoting",
            "UpToDate": "False Promoting",
            "Serving": "False Stopped",
            "Reconciling": "True Promoting",
        },
    ),
    Case(
        "and is Ready then, though it has never run",
        model(serving=stopped()),
        world(made(promoted=LONG_AGO)),
        [MARK_STOPPED],
        stopped_as("Stopped"),
    ),
    Case(
        "one that ran before it became this resource's is stopped too",
        model(serving=stopped(), adopt_versions=("autumn",)),
        world(made(name="autumn", status="RUNNING", owner=None), latest=None),
        [
            "SetTags autumn [owner digest=P]",
            "Promote autumn [promoted-at=now]",
            "StopVersion autumn [stopped-by=spec now]",
            "SetTags project [latest=P]",
        ],
        {
            "Ready": "False Stopping",
            "UpToDate": "False Stopping",
            "Serving": "False Stopped",
            "Reconciling": "True Stopping",
            "Drifted": "True Correcting",
        },
        drift=("versions[autumn].status",),
    ),
)

FAILURES = (
    Case(
        "the only version failed to start: Stalled with AWS's message, and it is written down when that was seen",
        model(),
        world(made(status="FAILED", marker="Starting 1", promoted=LONG_AGO, message="Insufficient capacity.")),
        ["SetTags P [failed-seen=now]"],
        halted("StartFailed", up_to_date="False StartFailed"),
        says=("Version P failed to run: Insufficient capacity. It is started again every 30 minutes; to do so now:",),
    ),
    Case(
        "it is looked at again when it is due",
        model(),
        world(made(status="FAILED", marker="Starting 1", promoted=LONG_AGO, failed_seen=ago(minutes=29))),
        [],
        halted("StartFailed", up_to_date="False StartFailed"),
        requeue=60,
    ),
    Case(
        "after half an hour it is started once more, since nothing else can serve",
        model(),
        world(made(status="FAILED", marker="Starting 1", promoted=LONG_AGO, failed_seen=ago(minutes=30))),
        [START_1, "SetTags P [failed-seen=now]"],
        moving("Starting", up_to_date="False Starting"),
    ),
    *(
        Case(
            f"where the time of the failure cannot be read, for it is {seen}, it is dated anew",
            model(),
            world(
                replace(
                    made(status="FAILED", promoted=LONG_AGO),
                    tags={**t.owner_tags(MODEL_OWNER), t.PROMOTED_AT: t.time_value(LONG_AGO), t.FAILED_SEEN: seen},
                )
            ),
            ["SetTags P [failed-seen=now]"],
            halted("StartFailed", up_to_date="False StartFailed"),
        )
        for seen in ("yesterday", t.time_value(ago(days=-3)))
    ),
    Case(
        "a retry token starts it now, and is answered by that",
        model(annotations=Annotations(retry="monday")),
        world(made(status="FAILED", marker="Starting 1", promoted=LONG_AGO, failed_seen=ago(minutes=1))),
        [START_1, "SetTags P [failed-seen=now retry=monday]"],
        moving("Starting", up_to_date="False Starting"),
    ),
    Case(
        "a token that was answered starts nothing",
        model(annotations=Annotations(retry="monday")),
        world(
            made(status="FAILED", marker="Starting 1", promoted=LONG_AGO, failed_seen=ago(minutes=1)),
            of=models_project(retry="monday"),
        ),
        [],
        halted("StartFailed", up_to_date="False StartFailed"),
    ),
    Case(
        "a token under which the version was trained starts nothing",
        model(annotations=Annotations(retry="monday")),
        world(
            made(status="FAILED", marker="Starting 1", failed_seen=ago(minutes=1), retry="monday"),
            of=models_project(retry="monday"),
        ),
        [],
        halted("StartFailed", up_to_date="False StartFailed"),
    ),
    Case(
        "a version that never served and failed to start is started again, too, where it is the only one",
        model(),
        world(made(status="FAILED", marker="Starting 1", failed_seen=ago(hours=1))),
        [START_1, "SetTags P [failed-seen=now]"],
        moving("Starting", up_to_date="False Starting"),
    ),
    Case(
        "a token is not answered by an older attempt that is well",
        model(annotations=Annotations(retry="monday"), serving=running(max_usd_per_hour=4)),
        world(
            made(status="RUNNING", marker="Running 1", promoted=LONG_AGO),
            made(n=2, status="FAILED", marker="Starting 1", failed_seen=ago(hours=1)),
            of=models_project(latest=P, n=2),
        ),
        [],
        {
            **halted("StartFailed", ready=SERVING, serving="True Running"),
            "NoRoomForBlueGreen": "True Budget",
        },
    ),
    Case(
        "once it starts, the failure is forgotten",
        model(),
        world(made(status="STARTING", marker="Starting 1", promoted=LONG_AGO, failed_seen=ago(hours=1))),
        ["RemoveTags P [failed-seen]"],
        moving("Starting"),
    ),
    Case(
        "a model that failed is neither started nor complained of while it shall not run",
        model(serving=stopped()),
        world(made(status="FAILED", marker="Starting 1", promoted=LONG_AGO, failed_seen=ago(hours=1))),
        [],
        {"Ready": "False NoVersionInService", "UpToDate": "False NoVersionInService", "Serving": "False Stopped"},
        requeue=600,
    ),
    Case(
        "while a new version trains, the failed one is tried again in its time",
        model(),
        world(
            made(status="FAILED", marker="Starting 1", promoted=LONG_AGO, failed_seen=ago(minutes=29)),
            latest=P,
        ),
        [],
        halted("StartFailed", up_to_date="False StartFailed"),
    ),
)

CASES = (*START, *STOPS, *FAILURES)


@rows(*START)
def test_a_model_that_shall_run_is_started_and_ready_once_it_answers(case: Case) -> None:
    check(case)


@rows(*STOPS)
def test_a_model_that_shall_not_run_is_stopped_and_ready_once_it_costs_nothing(case: Case) -> None:
    check(case)


@rows(*FAILURES)
def test_a_failure_to_start_is_told_and_tried_again_only_where_nothing_else_serves(case: Case) -> None:
    check(case)


def test_who_shall_always_run_goes_before_who_has_hours_and_among_them_the_oldest_resource() -> None:
    def rank(wanted: Desired) -> tuple[int, str]:
        (start,) = Case("", wanted, world(STOPPED), [], {}).decide().actions
        assert isinstance(start, StartVersion)
        return start.rank

    hours = model(serving=running(schedule=windows("Mon-Sun 00:00-23:59")))
    assert rank(model()) == (0, "2026-01-01T00:00:00Z")
    assert rank(hours) == (1, "2026-01-01T00:00:00Z")
