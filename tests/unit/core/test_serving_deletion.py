"""What becomes of a running model when its resource is deleted or suspended, and of one whose project has datasets?"""

from dataclasses import replace
from typing import Literal

from fakes.builders import ago, foreign
from fakes.models import MODEL_OWNER, P, Q, made, model, models_project, running, stopped, windows, world
from rekognition_operator.core import tags as t
from rekognition_operator.core.world import Annotations, Desired, ObservedDataset, ObservedVersion
from unit.core.table import RUNS, SERVING, Case, Conditions, check, halted, rows, stopped_as

LONG_AGO = ago(days=9)
RUNNING = made(status="RUNNING", marker="Running 1", promoted=LONG_AGO)
STARTING = made(status="STARTING", marker="Starting 1", promoted=LONG_AGO)
STOPPING = made(status="STOPPING", marker="Running 1", stop="deletion", promoted=LONG_AGO)
STOPPED = made(status="STOPPED", marker="Stopped", stop="deletion", promoted=LONG_AGO)
BY_HAND = replace(foreign("by-hand", "RUNNING", created=ago(days=10)), min_inference_units=1)
DATASET = ObservedDataset("arn:aws:rekognition:us-east-1:123456789012:project/x/dataset/train/1", "TRAIN", "CREATED")
FORCED = Annotations(force_release=True)
STOP = "StopVersion P [stopped-by=deletion now]"
RELEASE_TAG = f"released={t.released_value(MODEL_OWNER)}"
RELEASE = [
    f"SetTags P [{RELEASE_TAG}]",
    "RemoveTags P [owner]",
    f"SetTags project [{RELEASE_TAG}]",
    "RemoveTags project [owner]",
    "ReleaseFinalizer",
]


def deleted(
    policy: Literal["Delete", "Retain", "Orphan"],
    foreign_versions: Literal["Block", "Delete", "Release"] = "Block",
    *,
    forced: bool = False,
) -> Desired:
    return model(
        deleting=True,
        deletion_policy=policy,
        foreign_versions=foreign_versions,
        annotations=FORCED if forced else Annotations(),
    )


def going(reason: str = "Deleting", *, serving: str = "False Deleting") -> Conditions:
    return {
        "Ready": f"False {reason}",
        "UpToDate": f"False {reason}",
        "Serving": serving,
        "Reconciling": f"True {reason}",
    }


BLOCKED = {
    "Ready": "False ForeignVersions",
    "UpToDate": "False ForeignVersions",
    "Serving": "False Deleting",
    "Stalled": "True ForeignVersions",
}


def stopping_first(
    policy: Literal["Delete", "Retain"], what: str, version: ObservedVersion, actions: list[str], serving: str
) -> Case:
    forced = policy == "Delete"
    name = f"{policy}{' forced' if forced else ''}: {what}"
    return Case(name, deleted(policy, forced=forced), world(version), actions, going("Stopping", serving=serving))


STOPS_FIRST = tuple(
    case
    for policy in ("Retain", "Delete")
    for case in (
        stopping_first(policy, "a running model is stopped", RUNNING, [STOP], "True Deleting"),
        stopping_first(
            policy, "one that starts is waited for, until it can be stopped", STARTING, [], "False Deleting"
        ),
        stopping_first(policy, "one that stops is waited for", STOPPING, [], "False Deleting"),
    )
)

DELETE = (
    Case(
        "Delete: a running model is stopped",
        deleted("Delete"), world(RUNNING), [STOP], going(serving="True Deleting"),
    ),
    Case("Delete: one that starts is waited for", deleted("Delete"), world(STARTING), [], going()),
    Case("Delete: one that stops is waited for", deleted("Delete"), world(STOPPING), [], going()),
    Case(
        "Delete: what has stopped is deleted",
        deleted("Delete"), world(STOPPED), ["DeleteVersion P [owner]"], going(),
    ),
    Case(
        "Delete: what has stopped does not wait for what runs yet",
        deleted("Delete"),
        world(RUNNING, made(Q, "STOPPED", created=ago(days=2))),
        [STOP, "DeleteVersion Q [owner]"],
        going(serving="True Deleting"),
    ),
    Case(
        "Delete: a model that failed to start is deleted",
        deleted("Delete"),
        world(made(status="FAILED", promoted=LONG_AGO)),
        ["DeleteVersion P [owner]"],
        going(),
    ),
    Case(
        "Delete: a running model whose tags were lost is marked before it is stopped",
        deleted("Delete"),
        world(made(status="RUNNING", owner=None)),
        ["SetTags P [owner]", STOP],
        going(serving="True Deleting"),
    ),
    Case(
        "Delete, forced: what has stopped is deleted, and the project stays",
        deleted("Delete", forced=True),
        world(STOPPED, BY_HAND),
        ["DeleteVersion P [owner]"],
        going(),
    ),
    Case(
        "Delete: a running version of others blocks, and is not stopped; ours is, since nobody wants it any more",
        deleted("Delete"),
        world(RUNNING, BY_HAND),
        [STOP],
        {**BLOCKED, "Serving": "True Deleting"},
    ),
    Case(
        "Delete with foreignVersions Delete: theirs is stopped, too",
        deleted("Delete", "Delete"),
        world(RUNNING, BY_HAND),
        [STOP, "StopVersion by-hand foreign []"],
        going(serving="True Deleting"),
    ),
    Case(
        "Delete with foreignVersions Delete: theirs that starts is waited for",
        deleted("Delete", "Delete"),
        world(replace(BY_HAND, status="STARTING")),
        [],
        going(),
    ),
    Case(
        "Delete with foreignVersions Release: ours is stopped, theirs runs on",
        deleted("Delete", "Release"),
        world(RUNNING, BY_HAND),
        [STOP],
        going("Stopping", serving="True Deleting"),
    ),
    Case(
        "Delete with foreignVersions Release: then ours is deleted",
        deleted("Delete", "Release"),
        world(STOPPED, BY_HAND),
        ["DeleteVersion P [owner]"],
        going(),
    ),
    Case(
        "Delete: datasets block, but ours is stopped",
        deleted("Delete"),
        world(RUNNING, of=models_project(datasets=(DATASET,))),
        [STOP],
        {**BLOCKED, "Serving": "True Deleting"},
        says=("has 1 dataset;",),
    ),
)  # fmt: skip

KEEP = (
    Case("Retain: what has stopped is released", deleted("Retain"), world(STOPPED), RELEASE, going()),
    Case(
        "Retain: a model that failed to start costs nothing and is released",
        deleted("Retain"),
        world(made(status="FAILED", promoted=LONG_AGO)),
        RELEASE,
        going(),
    ),
    Case(
        "Retain: what the message says of a model that runs yet",
        deleted("Retain"),
        world(made(status="STARTING", marker="Starting 1", promoted=LONG_AGO, created=ago(days=8))),
        [],
        going("Stopping"),
        says=("waiting until its model has stopped: P (STARTING)", "set spec.deletion.policy: Orphan"),
        requeue=30,
    ),
    Case(
        "Retain: a running version of others is none of ours",
        deleted("Retain"),
        world(STOPPED, BY_HAND),
        RELEASE,
        going(),
    ),
    *(
        Case(
            f"Orphan leaves a model as it is, also one that is {version.status}",
            deleted("Orphan"),
            world(version),
            ["ReleaseFinalizer"],
            {**going(), "Serving": "Unknown Progressing"},
        )
        for version in (RUNNING, STARTING, STOPPING)
    ),
)

HELD = (
    Case(
        "suspended: a running model runs on, and what it costs is said",
        model(suspend=True),
        world(RUNNING),
        [],
        {**RUNS, "Suspended": "True Suspended"},
        says=("spec.suspend is true: nothing is changed in AWS. The model runs, and costs 4.00 USD an hour",),
    ),
    Case(
        "suspended: not even a stop",
        model(serving=stopped(), suspend=True),
        world(RUNNING),
        [],
        {
            "Ready": "False Suspended",
            "UpToDate": "True InService",
            "Serving": "True Running",
            "Suspended": "True Suspended",
        },
        says=("Waiting to be done: StopVersion. The model runs, and costs 4.00 USD an hour",),
    ),
    Case(
        "suspended: nothing is started",
        model(suspend=True),
        world(made(status="STOPPED", marker="Stopped", promoted=LONG_AGO)),
        [],
        {
            "Ready": "False Suspended",
            "UpToDate": "True InService",
            "Serving": "False NotRunning",
            "Suspended": "True Suspended",
        },
        says=("Waiting to be done: StartVersion",),
    ),
    Case(
        "suspended: a stopped model costs nothing, and nothing is said of that",
        model(serving=stopped(), suspend=True),
        world(made(status="STOPPED", marker="Stopped", promoted=LONG_AGO)),
        [],
        {**stopped_as("Stopped"), "Suspended": "True Suspended"},
    ),
    Case(
        "suspended and deleted: a running model runs on, and what it costs is said with the ways out",
        model(suspend=True, deleting=True),
        world(RUNNING),
        [],
        {
            "Ready": "False Suspended",
            "UpToDate": "False Suspended",
            "Serving": "True Deleting",
            "Suspended": "True Suspended",
        },
        says=("Set suspend: false, or deletion.policy: Orphan", "costs 4.00 USD an hour"),
    ),
)

DATASETS = (
    Case(
        "nothing is trained from manifests while the project has datasets; the message says how to be rid of them",
        model(),
        world(of=models_project(None, datasets=(DATASET,))),
        [],
        halted("ProjectHasDatasets", up_to_date="False ProjectHasDatasets"),
        says=("has datasets, for instance because somebody opened it in the console", "aws rekognition delete-dataset"),
    ),
    Case(
        "what serves serves on",
        model(Q),
        world(RUNNING, of=models_project(P, datasets=(DATASET,))),
        [],
        halted("ProjectHasDatasets", ready=SERVING, up_to_date="False ProjectHasDatasets", serving="True Running"),
    ),
    Case(
        "and is stopped and started as the spec says",
        model(Q, stopped()),
        world(RUNNING, of=models_project(P, datasets=(DATASET,))),
        ["StopVersion P [stopped-by=spec now]"],
        {
            "Ready": "False Stopping",
            "UpToDate": "False ProjectHasDatasets",
            "Serving": "True Running",
            "Stalled": "True ProjectHasDatasets",
        },
    ),
    Case(
        "datasets are of no account while nothing is to be trained",
        model(),
        world(RUNNING, of=models_project(P, datasets=(DATASET,))),
        [],
        RUNS,
    ),
)

CASES = (*STOPS_FIRST, *DELETE, *KEEP, *HELD, *DATASETS)


@rows(*STOPS_FIRST)
def test_a_model_that_no_resource_declares_any_more_is_stopped_before_it_is_let_go(case: Case) -> None:
    check(case)


@rows(*DELETE)
def test_delete_stops_then_deletes(case: Case) -> None:
    check(case)


@rows(*KEEP)
def test_retain_stops_and_keeps_and_orphan_leaves_all_as_it_is(case: Case) -> None:
    check(case)


@rows(*HELD)
def test_suspended_no_model_is_started_or_stopped_and_its_cost_is_told(case: Case) -> None:
    check(case)


@rows(*DATASETS)
def test_a_project_with_datasets_refuses_manifests_and_is_said_to(case: Case) -> None:
    check(case)


def test_who_is_suspended_gives_no_running_model_back_by_itself() -> None:
    hours = model(serving=running(schedule=windows("Mon 08:00-19:00")))
    frees = [Case("", wanted, world(RUNNING), [], {}).decide().frees_models for wanted in (model(), hours)]
    assert frees == [False, True]
    assert not Case("", replace(hours, suspend=True), world(RUNNING), [], {}).decide().frees_models
