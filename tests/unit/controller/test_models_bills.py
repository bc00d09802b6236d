"""Does a pass end the bill of a model, and train the next version, although something else is hindered?"""

import pytest

from rekognition_operator.aws.errors import ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.core.decision import Policy
from rekognition_operator.core.world import VersionState
from unit.controller.models import MODEL_KEY, ModelStage, spec


@pytest.fixture
def stage() -> ModelStage:
    return ModelStage()


async def test_a_model_is_stopped_though_aws_refuses_the_tag_that_says_why(stage: ModelStage) -> None:
    stage.create(spec())
    await stage.until_settled()
    stage.kube.edit_spec(MODEL_KEY, spec(state="Stopped"))
    stage.aws.inject("TagResource", ErrorKind.ACCESS_DENIED, times=50)
    await stage.run()
    assert stage.state() == VersionState.STOPPING


async def test_a_model_that_nobody_uses_is_not_stopped_without_the_memory_of_it(stage: ModelStage) -> None:
    stage.create(spec(idleStop={"after": "1h"}))
    await stage.until_settled()
    stage.clock.seconds += 4000
    stage.aws.inject("TagResource", ErrorKind.ACCESS_DENIED, times=50)
    await stage.run(Lane.SWEEP)
    assert stage.state() == VersionState.RUNNING  # else the next pass would start it again
    assert stage.condition("Stalled") == "True"


async def test_a_start_that_waits_keeps_no_other_version_from_being_trained(stage: ModelStage) -> None:
    for name in ("one", "two"):
        await stage.until_settled(stage.add(name))
    stage.create(spec(state="Stopped"))
    await stage.until_settled()
    stage.kube.edit_spec(MODEL_KEY, spec("second"))
    await stage.run()
    assert [effect.operation for effect in stage.aws.effects if effect.operation != "TagResource"] == [
        "CreateProjectVersion"
    ]
    assert stage.resource.status["queue"] == {"waitingFor": "RunningModelSlot", "position": 1}


async def test_the_end_of_a_window_is_kept_though_a_training_is_denied(stage: ModelStage) -> None:
    week = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    window = {"name": "day", "days": week, "from": "08:00", "to": "10:00"}
    hours = {"timeZone": "UTC", "windows": [window]}
    stage.create(spec(schedule=hours))  # type: ignore[arg-type]  # JSON all the same
    await stage.until_settled()
    stage.aws.inject("CreateProjectVersion", ErrorKind.ACCESS_DENIED, times=9)
    stage.kube.edit_spec(MODEL_KEY, spec("second", schedule=hours))  # type: ignore[arg-type]  # as above
    await stage.run()
    assert stage.condition("Stalled") == "True"
    stage.clock.seconds += 3300 - stage.clock.seconds % 3600  # five minutes before the end
    requeue = await stage.run(Lane.FLIGHT)
    assert requeue.after_seconds is not None
    assert requeue.after_seconds <= 330
    assert Policy().sweep_seconds > 330
