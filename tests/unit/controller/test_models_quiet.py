"""Does an operator that has nothing to do with a model write nothing, however much time goes by?"""

from collections.abc import Callable

import pytest
from pydantic import JsonValue

from rekognition_operator.aws.gateway import Lane
from rekognition_operator.controller.usage import HOURS_EVERY
from rekognition_operator.core.world import Feature
from rekognition_operator.kube.resource import JsonObject
from unit.controller.models import MODEL_KEY, MODEL_PROJECT, ModelStage, spec, version_name

SWEEPS = 3
DAYS: list[JsonValue] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def hours(begins: str, ends: str) -> JsonObject:
    return {"timeZone": "UTC", "windows": [{"name": "day", "days": DAYS, "from": begins, "to": ends}]}


async def settle(stage: ModelStage, made: JsonObject) -> None:
    stage.create(made)
    await stage.until_settled()


async def runs(stage: ModelStage) -> None:
    await settle(stage, spec())


async def stopped(stage: ModelStage) -> None:
    await settle(stage, spec(state="Stopped"))


async def within_a_window(stage: ModelStage) -> None:
    await settle(stage, spec(schedule=hours("08:00", "19:00")))


async def within_windows_without_a_gap(stage: ModelStage) -> None:
    await settle(stage, spec(schedule=hours("00:00", "00:00")))


async def outside_of_its_windows(stage: ModelStage) -> None:
    await settle(stage, spec(schedule=hours("18:00", "19:00")))


async def ran_over(stage: ModelStage) -> None:
    await settle(stage, spec(schedule=hours("08:00", "10:00")))
    stage.clock.seconds += 5 * 3600
    await stage.until_settled()
    finding = stage.finding("Ready")
    assert finding is not None
    assert "longer, since the operator did not look in time" in finding[1]


async def idle(stage: ModelStage) -> None:
    await settle(stage, spec(idleStop={"after": "1h"}))
    stage.clock.seconds += 2 * 3600
    await stage.until_settled()
    assert stage.state() == "STOPPED"


async def not_idle(stage: ModelStage) -> None:
    await settle(stage, spec(idleStop={"after": "24h"}))


async def idle_is_unknown(stage: ModelStage) -> None:
    await settle(stage, spec(idleStop={"after": "1h"}))
    stage.aws.add_project("others", feature=Feature.CUSTOM_LABELS)
    stage.aws.run(stage.aws.add_version("others", "v"))
    stage.clock.seconds += 2 * 3600
    for minutes in range(0, 120, 10):
        stage.aws.add_requests(1, at=stage.clock.now().replace(minute=minutes % 60))
    await stage.until_settled()
    assert stage.finding("IdleUnknown") is not None


async def over_budget(stage: ModelStage) -> None:
    stage.create(spec(minInferenceUnits=3, budget={"maxUSDPerHour": 8}))
    await stage.until_settled()
    assert stage.finding("Stalled") is not None


async def within_a_budget_that_its_new_units_exceed(stage: ModelStage) -> None:
    await settle(stage, spec())
    stage.kube.edit_spec(MODEL_KEY, spec(minInferenceUnits=3, budget={"maxUSDPerHour": 8}))
    await stage.until_settled()


async def stopped_by_others(stage: ModelStage) -> None:
    await settle(stage, {**spec(), "driftPolicy": "Report"})
    stage.aws.set_status(version_name(), "STOPPED")
    await stage.until_settled()
    assert stage.finding("Drifted") is not None


async def started_by_others(stage: ModelStage) -> None:
    await settle(stage, {**spec(state="Stopped"), "driftPolicy": "Report"})
    stage.aws.run(version_name(), min_units=2)
    await stage.until_settled()
    assert stage.finding("Drifted") is not None


async def scaled_by_others(stage: ModelStage) -> None:
    await settle(stage, {**spec(), "driftPolicy": "Report"})
    stage.aws.run(version_name(), min_units=2)
    await stage.until_settled()
    assert stage.finding("Drifted") is not None


async def the_next_one_failed_to_start(stage: ModelStage) -> None:
    await settle(stage, spec())
    stage.kube.edit_spec(MODEL_KEY, spec("second"))
    await stage.turn()
    stage.aws.fail_next_start()
    await stage.until_settled()
    assert stage.finding("Stalled") is not None


async def has_no_room_in_its_budget(stage: ModelStage) -> None:
    await settle(stage, spec(budget={"maxUSDPerHour": 4}))
    stage.kube.edit_spec(MODEL_KEY, spec("second", budget={"maxUSDPerHour": 4}))
    await stage.until_settled()
    assert stage.finding("NoRoomForBlueGreen") is not None


async def suspended_while_it_runs(stage: ModelStage) -> None:
    await settle(stage, spec())
    stage.kube.edit_spec(MODEL_KEY, {**spec(state="Stopped"), "suspend": True})
    await stage.until_settled()
    assert stage.state() == "RUNNING"


async def has_datasets(stage: ModelStage) -> None:
    await settle(stage, spec())
    stage.aws.add_dataset(MODEL_PROJECT)
    stage.kube.edit_spec(MODEL_KEY, spec("second"))
    await stage.until_settled()
    assert stage.finding("Stalled") is not None


async def was_superseded(stage: ModelStage) -> None:
    await settle(stage, spec())
    stage.kube.edit_spec(MODEL_KEY, spec("second"))
    await stage.until_settled()


SETTLED = (
    runs,
    stopped,
    within_a_window,
    within_windows_without_a_gap,
    outside_of_its_windows,
    ran_over,
    idle,
    not_idle,
    idle_is_unknown,
    over_budget,
    within_a_budget_that_its_new_units_exceed,
    stopped_by_others,
    started_by_others,
    scaled_by_others,
    the_next_one_failed_to_start,
    has_no_room_in_its_budget,
    suspended_while_it_runs,
    has_datasets,
    was_superseded,
)


@pytest.mark.parametrize("settled", SETTLED, ids=lambda settled: settled.__name__)
async def test_a_settled_model_is_looked_at_in_each_sweep_and_nothing_is_written(
    settled: Callable[[ModelStage], object],
) -> None:
    stage = ModelStage()
    await settled(stage)  # type: ignore[misc]  # each is a coroutine function
    before = stage.resource
    read_at = stage.clock.seconds
    for _ in range(SWEEPS):
        stage.aws.add_requests(1)
        requeue = await stage.sweep()
        assert stage.clock.seconds - read_at < HOURS_EVERY.total_seconds()
        assert stage.kube.calls == []
        assert stage.effects == []
        assert "DescribeProjectVersions" in stage.aws_calls
        assert requeue.after_seconds is not None
        assert requeue.after_seconds >= 25
    assert stage.resource == before


@pytest.mark.parametrize("settled", SETTLED, ids=lambda settled: settled.__name__)
async def test_an_operator_that_was_restarted_changes_nothing_of_a_settled_model(
    settled: Callable[[ModelStage], object],
) -> None:
    stage = ModelStage()
    await settled(stage)  # type: ignore[misc]  # each is a coroutine function
    before = stage.resource.status["conditions"]
    stage.aws.restart()
    stage.start()
    for _ in range(SWEEPS):
        stage.aws.add_requests(1)
        await stage.run(Lane.SWEEP)
        assert stage.effects == []
    assert stage.resource.status["conditions"] == before


async def test_hours_of_a_running_model_are_written_once_an_hour() -> None:
    stage = ModelStage()
    await settle(stage, spec())
    writes: list[int] = []
    for _ in range(36):
        await stage.sweep()
        assert stage.effects == []
        writes.append(len(stage.kube.writes))
    assert sum(writes) in {5, 6}
    assert set(writes) == {0, 1}
    hours_shown = stage.serving_status()["hoursThisMonth"]
    assert isinstance(hours_shown, float)
    assert 5 <= hours_shown <= 6.1
    assert stage.serving_status()["estimatedUSDThisMonth"] == pytest.approx(4 * hours_shown, abs=0.03)


@pytest.mark.parametrize("edit", [spec(), spec(state="Stopped"), spec("second"), spec("second", rollout="Recreate")])
async def test_while_aws_moves_a_model_nothing_is_written(edit: JsonObject) -> None:
    stage = ModelStage()
    await settle(stage, spec(state="Stopped" if edit == spec() else "Running"))
    stage.kube.edit_spec(MODEL_KEY, edit)
    for _ in range(4):  # until a start or a stop is under way
        await stage.run()
        stage.finish_trainings()
    for _ in range(40):  # 20 minutes
        stage.clock.seconds += 30
        await stage.run(Lane.FLIGHT)
        assert stage.effects == []
        assert stage.kube.calls == []
        assert set(stage.aws_calls) <= {"DescribeProjects", "DescribeProjectVersions", "ListMetrics", "GetMetricData"}


async def test_a_place_in_the_queue_that_stays_is_not_written_again() -> None:
    stage = ModelStage()
    for name in ("one", "two"):
        await stage.until_settled(stage.add(name))
    stage.create(spec())
    for _ in range(6):
        await stage.turn()
    for _ in range(20):
        stage.clock.seconds += 61
        await stage.run(Lane.FLIGHT)
        assert stage.effects == []
        assert stage.kube.writes == []
