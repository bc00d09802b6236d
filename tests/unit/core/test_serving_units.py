"""What happens where a model runs with other units than the spec asks for, and what does its budget let run?"""

from dataclasses import replace

from fakes.builders import ago
from fakes.models import Q, made, model, running, stopped, world
from rekognition_operator.core.decision import Policy
from unit.core.table import RUNS, SERVING, Case, check, halted, moving, rows, stopped_as

LONG_AGO = ago(days=9)
RUNNING = made(status="RUNNING", marker="Running 1", promoted=LONG_AGO)
STOPPED = made(status="STOPPED", marker="Stopped", stop="spec", stop_at=ago(hours=3), promoted=LONG_AGO)
TWO = model(serving=running(min_units=2))
STOP_UNITS = "StopVersion P [stopped-by=units now]"
CHANGING = moving("ChangingUnits", ready=SERVING, serving="True Running")
IN_TRAINING = made(Q, "TRAINING_IN_PROGRESS", created=ago(hours=1))
TRAINED = made(Q, created=ago(hours=1))


UNITS = (
    Case(
        "a running model is stopped for other units, since AWS cannot change them; that is said before",
        TWO,
        world(RUNNING),
        [STOP_UNITS],
        CHANGING,
        says=(
            "Version P runs with 1 inference unit, and the spec asks for 2: AWS cannot change a running model",
            "so it is stopped and started again, and answers nothing for 10 to 20 minutes",
        ),
    ),
    Case(
        "then it is waited for while it stops",
        TWO,
        world(made(status="STOPPING", marker="Running 1", stop="units", promoted=LONG_AGO)),
        [],
        moving("Starting"),
    ),
    Case(
        "then it is started with the new ones",
        TWO,
        world(made(status="STOPPED", units=1, marker="Running 1", stop="units", promoted=LONG_AGO)),
        ["StartVersion P 2 [serving=Starting 2 now]"],
        moving("Starting"),
        says=("Nothing has answered since 08:00 UTC",),
    ),
    Case(
        "then it is as asked",
        TWO,
        world(made(status="RUNNING", units=2, marker="Starting 2", stop="units", promoted=LONG_AGO)),
        ["SetTags P [serving=Running 2 now]"],
        RUNS,
    ),
    Case(
        "to what AWS may scale it, and to what not, are other units",
        model(serving=running(max_units=2)),
        world(RUNNING),
        [STOP_UNITS],
        CHANGING,
    ),
    Case(
        "no longer scaling it is a change",
        model(),
        world(made(status="RUNNING", units=1, max_units=2, marker="Running 1-2", promoted=LONG_AGO)),
        [STOP_UNITS],
        CHANGING,
    ),
    Case(
        "units that AWS does not show are not guessed at",
        TWO,
        world(replace(RUNNING, min_inference_units=None)),
        ["SetTags P [serving=Running 2 now]"],
        RUNS,
    ),
    Case(
        "the edit was taken back before the stop came to AWS: nothing is stopped",
        model(),
        world(made(status="RUNNING", marker="Running 1", stop="units", promoted=LONG_AGO)),
        ["SetTags P [serving=Running 1 now]"],
        RUNS,
    ),
    Case(
        "the edit was taken back while it stopped: it is started as it was",
        model(),
        world(made(status="STOPPED", units=1, marker="Running 1", stop="units", promoted=LONG_AGO)),
        ["StartVersion P 1 [serving=Starting 1 now]"],
        moving("Starting"),
    ),
    Case(
        "the same least and most is no scaling, however AWS tells it",
        model(serving=running(max_units=1)),
        world(RUNNING),
        [],
        RUNS,
    ),
    Case(
        "nor is it where AWS shows the most",
        model(),
        world(replace(RUNNING, max_inference_units=1)),
        [],
        RUNS,
    ),
    Case(
        "a restart that AWS answers by other units all the same is not done again and again",
        TWO,
        world(
            made(
                status="RUNNING",
                units=1,
                marker="Starting 2",
                since=ago(minutes=30),
                stop="units",
                stop_at=ago(hours=1),
                promoted=LONG_AGO,
            )
        ),
        [],
        halted("ServingDrift", ready=SERVING, serving="True Running"),
        says=("Version P was started with 2 inference units, and AWS shows 1",),
        requeue=600,
    ),
    Case(
        "a stop for other units that AWS refused is tried again",
        model(),
        world(
            made(
                status="RUNNING",
                units=2,
                marker="Starting 1",
                since=ago(hours=1),
                stop="units",
                stop_at=ago(minutes=1),
                promoted=LONG_AGO,
            )
        ),
        [STOP_UNITS],
        CHANGING,
    ),
    Case(
        "units of a model that starts are changed once it runs",
        TWO,
        world(made(status="STARTING", marker="Starting 1", promoted=LONG_AGO)),
        [],
        moving("Starting"),
    ),
    Case(
        "units of a stopped model are changed without a word",
        model(serving=stopped(min_units=3)),
        world(STOPPED),
        [],
        stopped_as("Stopped"),
    ),
    Case(
        "a new version is in training: the old one is not taken away for its units",
        model(Q, running(min_units=2)),
        world(RUNNING, IN_TRAINING, latest=Q),
        [],
        moving("Training", ready=SERVING, up_to_date="False Training", serving="True Running"),
    ),
    Case(
        "that training failed: the old one gets the new units",
        model(Q, running(min_units=2)),
        world(RUNNING, made(Q, "TRAINING_FAILED", created=ago(hours=1), message="No."), latest=Q),
        [STOP_UNITS],
        {
            "Ready": SERVING,
            "UpToDate": "False TrainingFailed",
            "Serving": "True Running",
            "Stalled": "True TrainingFailed",
        },
    ),
    Case(
        "Recreate: the old one is not restarted for units that the next one gets anyway",
        model(Q, running(min_units=2, blue_green=False)),
        world(RUNNING, TRAINED, latest=Q),
        ["StopVersion P [stopped-by=rollout now]"],
        moving("HandingOver", ready=SERVING, up_to_date="False HandingOver", serving="True Running"),
    ),
)

BUDGET = (
    Case(
        "within the budget it is started",
        model(serving=running(min_units=2, max_usd_per_hour=8)),
        world(STOPPED),
        ["StartVersion P 2 [serving=Starting 2 now]"],
        moving("Starting"),
    ),
    Case(
        "beyond it, it is refused with the arithmetic, and what to change",
        model(serving=running(min_units=3, max_usd_per_hour=8)),
        world(STOPPED),
        [],
        halted("OverBudget"),
        says=(
            "3 inference units x 4.00 USD = 12.00 USD an hour, and spec.serving.budget.maxUSDPerHour is 8: nothing is",
            "started with so many. Lower spec.serving.minInferenceUnits, or raise the budget",
        ),
        requeue=600,
    ),
    Case(
        "what AWS may scale it to counts",
        model(serving=running(max_units=5, max_usd_per_hour=16)),
        world(STOPPED),
        [],
        halted("OverBudget"),
        says=("5 inference units x 4.00 USD = 20.00 USD", "Lower spec.serving.maxInferenceUnits"),
    ),
    Case(
        "the price is that of the Region",
        model(serving=running(max_usd_per_hour=4)),
        world(STOPPED),
        [],
        halted("OverBudget"),
        says=("1 inference unit x 4.80 USD = 4.80 USD an hour",),
        policy=Policy(usd_per_unit_hour_by_region={"us-east-1": 4.8}),
    ),
    Case(
        "units that the budget does not allow: what runs within it stays as it is",
        model(serving=running(min_units=3, max_usd_per_hour=8)),
        world(RUNNING),
        [],
        halted("OverBudget", ready=SERVING, serving="True Running"),
    ),
    Case(
        "the budget was lowered below what runs: it is stopped",
        model(serving=running(min_units=3, max_usd_per_hour=8)),
        world(made(status="RUNNING", units=3, marker="Running 3", promoted=LONG_AGO)),
        ["StopVersion P [stopped-by=budget now]"],
        halted("OverBudget", serving="True Running"),
    ),
    Case(
        "and while it stops",
        model(serving=running(min_units=3, max_usd_per_hour=8)),
        world(made(status="STOPPING", units=3, marker="Running 3", stop="budget", promoted=LONG_AGO)),
        [],
        halted("OverBudget", serving="False OverBudget"),
        requeue=30,
    ),
    Case(
        "and stays stopped, which a person must put right",
        model(serving=running(min_units=3, max_usd_per_hour=8)),
        world(made(status="STOPPED", units=3, marker="Running 3", stop="budget", promoted=LONG_AGO)),
        [],
        halted("OverBudget"),
    ),
    Case(
        "within a budget that was raised again it is started",
        model(serving=running(min_units=3, max_usd_per_hour=12)),
        world(made(status="STOPPED", units=3, marker="Running 3", stop="budget", promoted=LONG_AGO)),
        ["StartVersion P 3 [serving=Starting 3 now]"],
        moving("Starting"),
    ),
    Case(
        "a model that shall not run is not measured against its budget",
        model(serving=stopped(min_units=3, max_usd_per_hour=8)),
        world(STOPPED),
        [],
        stopped_as("Stopped"),
    ),
    Case(
        "a hand-over beyond the budget waits, and says what would let it go on",
        model(Q, running(max_usd_per_hour=4)),
        world(RUNNING, TRAINED, latest=Q),
        [],
        {
            **moving("HandingOver", ready=SERVING, up_to_date="False HandingOver", serving="True Running"),
            "NoRoomForBlueGreen": "True Budget",
        },
        says=(
            "Version Q cannot start beside what runs: 4.00 USD + 4.00 USD an hour, and spec.serving.budget",
            "maxUSDPerHour is 4. Raise the budget, or set spec.serving.rollout: Recreate",
        ),
    ),
    Case(
        "Recreate needs no room for two",
        model(Q, running(max_usd_per_hour=4, blue_green=False)),
        world(RUNNING, TRAINED, latest=Q),
        ["StopVersion P [stopped-by=rollout now]"],
        moving("HandingOver", ready=SERVING, up_to_date="False HandingOver", serving="True Running"),
    ),
    Case(
        "Recreate does not stop the old one for a next one that it may not start",
        model(Q, running(min_units=2, max_usd_per_hour=4, blue_green=False)),
        world(RUNNING, TRAINED, latest=Q),
        [],
        halted("OverBudget", ready=SERVING, up_to_date="False OverBudget", serving="True Running"),
    ),
    Case(
        "the budget was lowered while two run: the one that takes over is within it, the old one is stopped",
        model(Q, running(max_usd_per_hour=4)),
        world(RUNNING, made(Q, "RUNNING", marker="Starting 1", created=ago(hours=1)), latest=Q),
        ["Promote Q [promoted-at=now]", "StopVersion P [stopped-by=rollout now]"],
        moving("Stopping", ready=SERVING, up_to_date="False Stopping", serving="True Running"),
    ),
)

THREE = made(status="RUNNING", units=3, marker="Running 3", promoted=LONG_AGO)
LOWERED = (
    Case(
        "fewer units and a lower budget: what runs beyond it is not left running for hours until a training ends",
        model(Q, running(max_usd_per_hour=4)),
        world(THREE, IN_TRAINING, latest=Q),
        [STOP_UNITS],
        moving("ChangingUnits", ready=SERVING, up_to_date="False ChangingUnits", serving="True Running"),
    ),
    Case(
        "fewer units and a lower budget: what runs beyond it does not wait for a hand-over that has no room",
        model(Q, running(max_usd_per_hour=4)),
        world(THREE, TRAINED, latest=Q),
        ["StopVersion P [stopped-by=rollout now]"],
        moving("HandingOver", ready=SERVING, up_to_date="False HandingOver", serving="True Running"),
        says=("Version P is stopped to make room for Q (spec.serving.budget does not allow its units)",),
    ),
    Case(
        "fewer units, and no room in the budget for both: the old one does not run on with more than the spec asks for",
        model(Q, running(max_usd_per_hour=12)),
        world(THREE, TRAINED, latest=Q),
        ["StopVersion P [stopped-by=rollout now]"],
        moving("HandingOver", ready=SERVING, up_to_date="False HandingOver", serving="True Running"),
        says=("Version P is stopped to make room for Q (spec.serving.budget does not allow its units)",),
    ),
    Case(
        "fewer units, and room for both: the old one serves until the next one runs",
        model(Q, running(max_usd_per_hour=16)),
        world(THREE, TRAINED, latest=Q),
        ["StartVersion Q 1 beside [serving=Starting 1 now]"],
        moving("HandingOver", ready=SERVING, up_to_date="False HandingOver", serving="True Running"),
    ),
    Case(
        "more units, and no room in the budget for both: the old one serves on, and it says so",
        model(Q, running(min_units=2, max_usd_per_hour=8)),
        world(RUNNING, TRAINED, latest=Q),
        [],
        {
            **moving("HandingOver", ready=SERVING, up_to_date="False HandingOver", serving="True Running"),
            "NoRoomForBlueGreen": "True Budget",
        },
    ),
    Case(
        "a failed model beyond the budget is not looked at in vain",
        model(serving=running(min_units=3, max_usd_per_hour=8)),
        world(made(status="FAILED", marker="Starting 3", promoted=LONG_AGO, failed_seen=ago(hours=3))),
        [],
        halted("OverBudget", up_to_date="False OverBudget"),
        requeue=600,
    ),
)

CASES = (*UNITS, *BUDGET, *LOWERED)


@rows(*UNITS)
def test_other_units_take_a_stop_and_a_start_which_is_not_done_needlessly(case: Case) -> None:
    check(case)


@rows(*BUDGET, *LOWERED)
def test_nothing_is_started_beyond_the_budget_and_nothing_runs_on_beyond_it(case: Case) -> None:
    check(case)


def test_only_what_takes_the_model_away_is_announced() -> None:
    assert {case.name for case in CASES if case.decide().announce} == {
        case.name
        for case in CASES
        if any(why in action for action in case.actions for why in ("stopped-by=units", "stopped-by=rollout"))
        and "Promote" not in case.actions[0]
    }
