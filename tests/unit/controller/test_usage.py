"""When is CloudWatch asked of a model's hours and requests, and what does its answer come to?"""

import pytest

from rekognition_operator.aws.errors import ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.core.world import Feature
from rekognition_operator.kube.resource import JsonObject
from unit.controller.models import MODEL_KEY, ModelStage, spec, version_name
from unit.controller.stage import Stage

IDLE: JsonObject = {"after": "1h"}
CLOUDWATCH = ("ListMetrics", "GetMetricData")


@pytest.fixture
def stage() -> ModelStage:
    """Set up a model's world and an operator."""
    return ModelStage()


def asked(stage: ModelStage) -> list[str]:
    """Return what the last pass has asked CloudWatch about: a project, or all requests."""
    return [call.subject for call in stage.aws.calls if call.operation == "GetMetricData"]


async def run_for(stage: ModelStage, minutes: int) -> list[list[str]]:
    """Sweep every ten minutes, and return what was asked in each."""
    found = []
    for _ in range(minutes // 10):
        await stage.sweep()
        found.append(asked(stage))
    return found


# --- hours ----------------------------------------------------------------------------------------------------------


async def test_nothing_is_asked_before_there_is_anything_that_could_have_run(stage: ModelStage) -> None:
    stage.create(spec())
    for _ in range(2):
        await stage.run()
        assert not {call.operation for call in stage.aws.calls} & set(CLOUDWATCH)
        stage.aws.advance()


async def test_hours_are_asked_for_when_a_model_starts_runs_and_stops(stage: ModelStage) -> None:
    stage.create(spec())
    await stage.until_settled()
    assert stage.serving_status()["month"] == "2026-03"
    stage.kube.edit_spec(MODEL_KEY, spec(state="Stopped"))
    found = []
    for _ in range(5):
        await stage.run()
        found.append((stage.state(), bool(asked(stage))))
        stage.go_on()
    assert found == [("STOPPING", False), ("STOPPED", True), ("STOPPED", False), ("STOPPED", False), ("STOPPED", False)]


async def test_hours_of_a_running_model_are_asked_for_once_an_hour_and_of_a_stopped_one_no_more(
    stage: ModelStage,
) -> None:
    stage.create(spec())
    await stage.until_settled()
    assert sum(map(bool, await run_for(stage, 180))) == 3
    stage.kube.edit_spec(MODEL_KEY, spec(state="Stopped"))
    await stage.until_settled()
    # Once more when CloudWatch has the last minutes, too; then never.
    assert sum(map(bool, await run_for(stage, 20))) == 1
    assert not any(await run_for(stage, 180))


async def test_a_passing_fault_of_cloudwatch_leaves_no_hours_out(stage: ModelStage) -> None:
    stage.create(spec())
    await stage.until_settled()
    stage.clock.seconds += 2 * 3600
    stage.kube.edit_spec(MODEL_KEY, spec(state="Stopped"))
    await stage.run()
    stage.aws.advance()
    stage.aws.inject("GetMetricData", ErrorKind.THROTTLED)
    await stage.run()
    await stage.run()
    hours = stage.serving_status()["hoursThisMonth"]
    assert isinstance(hours, float)
    assert hours > 2


async def test_a_month_begins_with_a_look_also_at_a_stopped_model(stage: ModelStage) -> None:
    stage.create(spec(state="Stopped"))
    await stage.until_settled()
    assert stage.serving_status()["hoursThisMonth"] == 0
    stage.clock.seconds += 30 * 86400
    await stage.run(Lane.SWEEP)
    assert stage.serving_status()["month"] == "2026-04"
    assert not any(await run_for(stage, 60))


async def test_an_operator_that_was_restarted_asks_nothing_of_a_stopped_model_whose_month_is_known(
    stage: ModelStage,
) -> None:
    stage.create(spec(state="Stopped"))
    await stage.until_settled()
    stage.aws.restart()
    stage.start()
    assert not any(await run_for(stage, 60))


async def test_an_operator_that_was_restarted_asks_once_where_it_runs_or_status_is_lost(stage: ModelStage) -> None:
    stage.create(spec())
    await stage.until_settled()
    stage.aws.restart()
    stage.start()
    assert [bool(found) for found in await run_for(stage, 30)] == [True, False, False]
    stage.kube.edit_spec(MODEL_KEY, spec(state="Stopped"))
    await stage.until_settled()
    stage.kube.lose_status(MODEL_KEY)
    stage.aws.restart()
    stage.start()
    await stage.run()
    assert asked(stage)
    assert stage.serving_status()["month"] == "2026-03"


async def test_hours_are_those_of_all_versions_of_the_month(stage: ModelStage) -> None:
    stage.create(spec())
    await stage.until_settled()
    await run_for(stage, 120)
    stage.kube.edit_spec(MODEL_KEY, spec("second"))
    await stage.until_settled()
    stage.aws.vanish_version(version_name())
    await run_for(stage, 120)
    shown = stage.serving_status()["hoursThisMonth"]
    assert isinstance(shown, float)
    assert 3.5 < shown < 4.2


@pytest.mark.parametrize("kind", [ErrorKind.ACCESS_DENIED, ErrorKind.THROTTLED, ErrorKind.LOST, ErrorKind.SERVER])
async def test_what_cloudwatch_does_not_tell_is_absent_and_no_failure(stage: ModelStage, kind: ErrorKind) -> None:
    for operation in CLOUDWATCH:
        stage.aws.inject(operation, kind, times=99)
    stage.create(spec())
    await stage.until_settled()
    assert stage.state() == "RUNNING"
    assert stage.condition("Ready") == "True"
    assert stage.finding("Stalled") is None
    assert not {"month", "hoursThisMonth", "estimatedUSDThisMonth"} & set(stage.serving_status())


async def test_hours_that_may_not_be_read_any_more_are_taken_back(stage: ModelStage) -> None:
    stage.create(spec())
    await stage.until_settled()
    assert "hoursThisMonth" in stage.serving_status()
    for operation in CLOUDWATCH:
        stage.aws.inject(operation, ErrorKind.ACCESS_DENIED, times=99)
    await run_for(stage, 60)
    assert "hoursThisMonth" not in stage.serving_status()


async def test_hours_that_could_not_be_read_for_once_stay(stage: ModelStage) -> None:
    stage.create(spec())
    await stage.until_settled()
    for operation in CLOUDWATCH:
        stage.aws.inject(operation, ErrorKind.THROTTLED, times=99)
    await run_for(stage, 60)
    assert "hoursThisMonth" in stage.serving_status()


async def test_an_adapter_is_never_asked_about() -> None:
    stage = Stage()
    stage.create()
    await stage.settle()
    stage.clock.seconds += 7200
    await stage.run(Lane.SWEEP)
    assert not {call.operation for call in stage.aws.calls} & set(CLOUDWATCH)


# --- requests -------------------------------------------------------------------------------------------------------


async def test_requests_are_asked_for_once_it_has_run_for_the_whole_time_and_then_it_is_stopped(
    stage: ModelStage,
) -> None:
    stage.create(spec(idleStop=IDLE))
    await stage.until_settled()
    found = await run_for(stage, 60)
    assert not any("requests" in subjects for subjects in found)
    assert stage.state() == "RUNNING"
    await run_for(stage, 10)
    assert "requests" in asked(stage)
    assert stage.state() == "STOPPING"
    await stage.until_settled()
    assert stage.finding("Ready") is not None
    assert stage.condition("Ready") == "True"
    assert stage.serving_status()["reason"] == "Idle"


async def test_a_model_that_is_asked_runs_on_and_is_stopped_an_hour_after_the_last_request(stage: ModelStage) -> None:
    stage.create(spec(idleStop=IDLE))
    await stage.until_settled()
    for _ in range(18):
        stage.aws.add_requests(1)
        await stage.sweep()
    assert stage.state() == "RUNNING"
    last = stage.clock.seconds
    while stage.state() == "RUNNING":
        await stage.sweep()
    assert 3600 <= stage.clock.seconds - last <= 3600 + 300 + 2 * 601


async def test_that_there_were_no_requests_is_never_believed_from_memory(stage: ModelStage) -> None:
    stage.create(spec(idleStop=IDLE))
    await stage.until_settled()
    await run_for(stage, 60)
    stage.aws.inject("StopProjectVersion", ErrorKind.THROTTLED)
    await run_for(stage, 10)
    assert stage.state() == "RUNNING"
    stage.aws.untag(stage.aws.version(version_name()).arn, ["rekognition-operator.io/stopped-by"])
    stage.aws.restart()
    stage.aws.add_requests(1)
    stage.clock.seconds += 1
    await stage.run()
    assert "requests" in asked(stage)
    assert stage.state() == "RUNNING"


async def test_that_there_were_requests_is_believed_for_half_a_sweep(stage: ModelStage) -> None:
    stage.create(spec(idleStop=IDLE))
    await stage.until_settled()
    stage.clock.seconds += 7200
    stage.aws.add_requests(1)
    stage.clock.seconds += 60
    found = []
    for seconds in (0, 10, 280, 20):
        stage.clock.seconds += seconds
        await stage.run(Lane.SWEEP)
        found.append("requests" in asked(stage))
    assert found == [True, False, False, True]
    assert stage.state() == "RUNNING"


async def test_requests_of_other_models_keep_it_running_and_that_is_said_until_somebody_tells_them_apart(
    stage: ModelStage,
) -> None:
    stage.create(spec(idleStop=IDLE))
    await stage.until_settled()
    stage.aws.add_project("others", feature=Feature.CUSTOM_LABELS)
    stage.aws.run(stage.aws.add_version("others", "v"))
    for _ in range(9):
        stage.aws.add_requests(5)
        await stage.sweep()
    assert stage.state() == "RUNNING"
    finding = stage.finding("IdleUnknown")
    assert finding is not None
    assert finding[0] == "SeveralModelsRun"
    stage.kube.annotate(MODEL_KEY, last_used_at="2026-03-02T09:10:00Z")
    stage.aws.add_requests(5)
    await stage.turn()
    assert stage.state() == "STOPPED"


async def test_a_throttled_look_at_requests_stops_nothing_and_takes_nothing_back(stage: ModelStage) -> None:
    stage.create(spec(idleStop=IDLE))
    await stage.until_settled()
    stage.aws.add_project("others", feature=Feature.CUSTOM_LABELS)
    stage.aws.run(stage.aws.add_version("others", "v"))
    for _ in range(9):
        stage.aws.add_requests(5)
        await stage.sweep()
    assert stage.finding("IdleUnknown") is not None
    stage.aws.inject("GetMetricData", ErrorKind.THROTTLED, times=9)
    events = len(stage.kube.events)
    await stage.sweep()
    assert stage.state() == "RUNNING"
    stage.aws.clear_faults()
    await stage.sweep()
    assert stage.finding("IdleUnknown") is not None
    assert len(stage.kube.events) == events


async def test_requests_that_may_not_be_read_keep_it_running_and_that_is_said(stage: ModelStage) -> None:
    stage.create(spec(idleStop=IDLE))
    await stage.until_settled()
    for operation in CLOUDWATCH:
        stage.aws.inject(operation, ErrorKind.ACCESS_DENIED, times=999)
    await run_for(stage, 120)
    assert stage.state() == "RUNNING"
    finding = stage.finding("IdleUnknown")
    assert finding is not None
    assert finding[0] == "MetricsRefused"


async def test_a_model_that_was_stopped_for_being_idle_is_woken_and_sleeps_again(stage: ModelStage) -> None:
    stage.create(spec(idleStop=IDLE))
    await stage.until_settled()
    await run_for(stage, 70)
    await stage.until_settled()
    assert stage.state() == "STOPPED"
    stage.kube.annotate(MODEL_KEY, wake="monday")
    await stage.until_settled()
    assert stage.state() == "RUNNING"
    await run_for(stage, 60)
    assert stage.state() == "RUNNING", "it has its whole time again"
    await run_for(stage, 10)
    await stage.until_settled()
    assert stage.state() == "STOPPED"
    starts = list(stage.aws.meter.runs)
    assert len(starts) == 2
