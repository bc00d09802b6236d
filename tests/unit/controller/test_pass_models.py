"""How do passes start, stop and hand over models, and share out the account's running models?"""

import pytest

from rekognition_operator.aws.errors import ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.core.world import Feature
from rekognition_operator.kube.resource import JsonObject, ResourceKey
from unit.controller.models import MODEL_KEY, MODEL_PROJECT, ModelStage, spec, version_name

FIRST, SECOND = version_name(), version_name("second")


@pytest.fixture
def stage() -> ModelStage:
    """Set up a model's world and an operator."""
    return ModelStage()


async def test_a_model_is_trained_started_and_ready_once_it_runs(stage: ModelStage) -> None:
    stage.create(spec())
    await stage.until_settled()
    assert stage.state() == "RUNNING"
    assert [stage.condition(kind) for kind in ("Ready", "UpToDate", "Serving")] == ["True"] * 3
    assert stage.serving_status()["units"] == "1"
    assert stage.serving_status()["usdPerHour"] == 4.0
    assert [e.reason for e in stage.kube.events] == ["CreatingProject", "Starting", "InService", "Running"]


async def test_a_model_that_shall_not_run_costs_nothing_and_is_ready(stage: ModelStage) -> None:
    stage.create(spec(state="Stopped"))
    await stage.until_settled()
    assert stage.state() == "TRAINING_COMPLETED"
    assert stage.condition("Ready") == "True"
    assert stage.finding("Serving") is not None
    assert "StartProjectVersion" not in {effect.operation for effect in stage.aws.effects}


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (spec(minInferenceUnits=2), "AWS cannot change a running model"),
        (spec("second", rollout="Recreate"), "is stopped to make room for"),
    ],
)
async def test_that_the_model_goes_away_for_a_while_is_told_before_it_does(
    stage: ModelStage, edit: dict[str, object], says: str
) -> None:
    stage.create(spec())
    await stage.until_settled()
    stage.kube.edit_spec(MODEL_KEY, edit)  # type: ignore[arg-type]  # a spec
    for _ in range(5):
        await stage.run()
        if "StopProjectVersion" in stage.effects:
            break
        stage.go_on()
    stop = stage.log.index("StopProjectVersion")
    assert "patch_status" in stage.log[:stop]
    assert "create_event" in stage.log[:stop]
    assert any(says in event.message for event in stage.kube.events)


async def test_why_it_is_stopped_is_written_down_before_it_is(stage: ModelStage) -> None:
    stage.create(spec())
    await stage.until_settled()
    stage.kube.edit_spec(MODEL_KEY, spec(state="Stopped"))
    await stage.run()
    assert stage.effects == ["TagResource", "StopProjectVersion"]
    assert stage.aws.effects[0].keys == ("rekognition-operator.io/stopped-by",)


async def test_blue_green_goes_on_answering_and_recreate_does_not_run_two(stage: ModelStage) -> None:
    stage.create(spec())
    await stage.until_settled()
    stage.kube.edit_spec(MODEL_KEY, spec("second"))
    seen: list[int] = []
    for _ in range(8):
        await stage.turn()
        seen.append(len(stage.occupying()))
        assert stage.condition("Serving") == "True"
    assert max(seen) == 2
    assert (stage.active(), stage.occupying()) == (SECOND, [SECOND])

    stage.kube.edit_spec(MODEL_KEY, spec("third", rollout="Recreate"))
    seen = []
    for _ in range(10):
        await stage.turn()
        seen.append(len(stage.occupying()))
    assert max(seen) == 1
    assert (stage.active(), stage.occupying()) == (version_name("third"), [version_name("third")])


@pytest.mark.parametrize("rollout", ["BlueGreen", "Recreate"])
async def test_a_version_that_fails_to_start_leaves_the_old_one_in_service(stage: ModelStage, rollout: str) -> None:
    stage.create(spec(rollout=rollout))
    await stage.until_settled()
    stage.kube.edit_spec(MODEL_KEY, spec("second", rollout=rollout))
    await stage.turn()
    stage.aws.fail_next_start("No capacity.")
    await stage.until_settled()
    assert stage.active() == FIRST
    assert stage.occupying() == [FIRST]
    finding = stage.finding("Stalled")
    assert finding is not None
    assert finding[0] == "StartFailed"
    assert "No capacity" in finding[1]
    assert stage.condition("Ready") == "True"

    stage.kube.annotate(MODEL_KEY, retry="monday")
    await stage.until_settled()
    assert stage.active() == SECOND
    assert stage.occupying() == [SECOND]
    assert stage.finding("Stalled") is None


async def test_a_retry_is_one_try_however_soon_it_fails(stage: ModelStage) -> None:
    stage.create(spec())
    await stage.run()
    stage.go_on()
    await stage.run()
    stage.finish_trainings()
    starts = 0
    for _ in range(40):  # each start fails before the operator looks again
        stage.aws.fail_next_start("No capacity.")
        await stage.run()
        starts += stage.effects.count("StartProjectVersion")
        stage.go_on(1)
    assert starts == 1

    stage.kube.annotate(MODEL_KEY, retry="monday")
    for _ in range(40):
        stage.aws.fail_next_start("No capacity.")
        await stage.run()
        starts += stage.effects.count("StartProjectVersion")
        stage.go_on(1)
    assert starts == 2


# --- the account's running models -----------------------------------------------------------------------------------


async def test_a_third_model_waits_with_its_place_and_starts_when_one_stops(stage: ModelStage) -> None:
    first, second = stage.add("one"), stage.add("two")
    await stage.until_settled(first)
    await stage.until_settled(second)
    stage.create(spec())
    for _ in range(4):
        await stage.turn()
    assert stage.state() == "TRAINING_COMPLETED"
    assert stage.resource.status["queue"] == {"waitingFor": "RunningModelSlot", "position": 1}
    finding = stage.finding("Reconciling")
    assert finding is not None
    assert finding[0] == "WaitingForQuota"
    assert stage.finding("NoRoomForBlueGreen") is None

    stage.kube.edit_spec(first, spec(state="Stopped"))
    await stage.until_settled(first)
    assert MODEL_KEY in stage.nudged
    await stage.until_settled()
    assert stage.state() == "RUNNING"
    assert "queue" not in stage.resource.status


async def test_who_shall_always_run_starts_before_who_has_hours(stage: ModelStage) -> None:
    first, second = stage.add("one"), stage.add("two")
    await stage.until_settled(first)
    await stage.until_settled(second)
    hours: JsonObject = {
        "timeZone": "UTC",
        "windows": [{"name": "day", "days": ["Mon"], "from": "08:00", "to": "19:00"}],
    }
    scheduled = stage.add("hours", spec(schedule=hours))
    stage.create(spec())
    for key in (scheduled, MODEL_KEY) * 5:
        await stage.reconciler.run(key, Lane.FLIGHT)
        stage.go_on()

    def place(key: ResourceKey) -> object:
        resource = stage.kube.read(key)
        assert resource is not None
        queue = resource.status["queue"]
        assert isinstance(queue, dict)
        return queue["position"]

    assert (place(MODEL_KEY), place(scheduled)) == (1, 2)
    stage.nudged.clear()
    stage.kube.edit_spec(first, spec(state="Stopped"))
    await stage.until_settled(first)
    assert set(stage.nudged) == {MODEL_KEY}


async def test_a_hand_over_without_room_says_so_until_there_is(stage: ModelStage) -> None:
    other = stage.add("one")
    await stage.until_settled(other)
    stage.create(spec())
    await stage.until_settled()
    stage.kube.edit_spec(MODEL_KEY, spec("second"))
    for _ in range(4):
        await stage.turn()
    finding = stage.finding("NoRoomForBlueGreen")
    assert finding is not None
    assert "Recreate" in finding[1]
    assert stage.condition("Serving") == "True"
    assert stage.active() == FIRST

    stage.kube.edit_spec(other, spec(state="Stopped"))
    await stage.until_settled(other)
    await stage.until_settled()
    assert stage.finding("NoRoomForBlueGreen") is None
    assert stage.active() == SECOND


async def test_recreate_needs_no_room(stage: ModelStage) -> None:
    other = stage.add("one")
    await stage.until_settled(other)
    stage.create(spec(rollout="Recreate"))
    await stage.until_settled()
    stage.kube.edit_spec(MODEL_KEY, spec("second", rollout="Recreate"))
    await stage.until_settled()
    assert stage.active() == SECOND
    assert stage.occupying() == [SECOND]


@pytest.mark.parametrize("edit", [spec(minInferenceUnits=2), spec("second", rollout="Recreate")])
async def test_a_model_that_is_only_restarted_does_not_lose_its_place_to_one_that_waits(
    stage: ModelStage, edit: JsonObject
) -> None:
    stage.create(spec())
    await stage.until_settled()
    await stage.until_settled(stage.add("one"))
    waits = stage.add("two")
    for _ in range(4):
        await stage.reconciler.run(waits, Lane.FLIGHT)
        stage.go_on()
    stage.kube.edit_spec(MODEL_KEY, edit)
    for _ in range(12):
        await stage.reconciler.run(waits, Lane.FLIGHT)
        await stage.run()
        await stage.reconciler.run(waits, Lane.FLIGHT)
        stage.go_on()
    assert stage.condition("Ready") == "True"
    assert len(stage.occupying()) == 1
    assert stage.aws.project("test.vision.two").versions[0].status == "TRAINING_COMPLETED"
    stage.kube.edit_spec(MODEL_KEY, {**edit, "serving": {"state": "Stopped"}})
    await stage.until_settled()
    assert waits in stage.nudged


async def test_a_start_that_aws_refuses_for_the_quota_waits_and_is_asked_again(stage: ModelStage) -> None:
    stage.create(spec())
    stage.aws.max_running_models = 1
    stage.aws.add_project("by-hand", feature=Feature.CUSTOM_LABELS)
    stage.aws.run(stage.aws.add_version("by-hand", "v"))
    for _ in range(4):
        await stage.turn()
    assert stage.state() == "TRAINING_COMPLETED"
    assert stage.resource.status["queue"] == {"waitingFor": "RunningModelSlot", "position": 1}
    assert stage.finding("Stalled") is None
    asked = []
    for seconds in (61, 1, 29, 1):
        stage.clock.seconds += seconds
        await stage.run(Lane.FLIGHT)
        asked.append(stage.aws.count("StartProjectVersion"))
    assert asked == [1, 0, 0, 0], "once a minute, not in each pass"
    stage.aws.vanish_project("by-hand")
    stage.clock.seconds += 61
    await stage.until_settled()
    assert stage.state() == "RUNNING"


async def test_more_units_than_a_model_may_have_hold_up_nobody_else(stage: ModelStage) -> None:
    stage.create(spec(minInferenceUnits=9))
    for _ in range(4):
        await stage.turn()
    finding = stage.finding("Reconciling")
    assert finding is not None
    assert "lower spec.serving.minInferenceUnits" in finding[1]
    other = stage.add("one")
    for _ in range(6):
        await stage.turn()
        await stage.reconciler.run(other, Lane.FLIGHT)
    assert stage.aws.project("test.vision.one").versions[0].status == "RUNNING"


async def test_a_version_that_moved_meanwhile_is_looked_at_again(stage: ModelStage) -> None:
    stage.create(spec(state="Stopped"))
    await stage.until_settled()
    stage.kube.edit_spec(MODEL_KEY, spec())
    stage.aws.inject("StartProjectVersion", ErrorKind.IN_USE)
    requeue = await stage.run()
    assert requeue.after_seconds is not None
    assert requeue.after_seconds <= 2
    assert stage.finding("Stalled") is None
    await stage.until_settled()
    assert stage.state() == "RUNNING"


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize(
    ("operation", "state"), [("StartProjectVersion", "Running"), ("StopProjectVersion", "Stopped")]
)
async def test_a_lost_answer_starts_and_stops_nothing_twice(
    stage: ModelStage, operation: str, state: str, *, after_effect: bool
) -> None:
    stage.create(spec(state="Stopped" if state == "Running" else "Running"))
    await stage.until_settled()
    stage.kube.edit_spec(MODEL_KEY, spec(state=state))
    stage.aws.inject(operation, ErrorKind.LOST, after_effect=after_effect)
    effects: list[str] = []
    for _ in range(6):
        await stage.turn()
        effects += [effect.operation for effect in stage.aws.effects if effect.operation == operation]
    assert effects == [operation]
    assert stage.state() == state.upper()
    assert stage.condition("Ready") == "True"


async def test_a_deleted_model_is_stopped_and_kept_by_default(stage: ModelStage) -> None:
    stage.create(spec())
    await stage.until_settled()
    stage.kube.delete(MODEL_KEY)
    await stage.turn()
    assert stage.kube.read(MODEL_KEY) is not None
    for _ in range(3):
        await stage.turn()
    assert stage.kube.read(MODEL_KEY) is None
    assert stage.state() == "STOPPED"
    assert stage.occupying() == []


async def test_an_orphaned_model_runs_on(stage: ModelStage) -> None:
    stage.create({**spec(), "deletion": {"policy": "Orphan"}})
    await stage.until_settled()
    stage.kube.delete(MODEL_KEY)
    await stage.turn()
    assert stage.kube.read(MODEL_KEY) is None
    assert stage.effects == []
    assert stage.state() == "RUNNING"


async def test_delete_removes_all_of_it(stage: ModelStage) -> None:
    stage.create({**spec(), "deletion": {"policy": "Delete"}})
    await stage.until_settled()
    stage.kube.delete(MODEL_KEY)
    for _ in range(8):
        await stage.turn()
    assert stage.kube.read(MODEL_KEY) is None
    assert MODEL_PROJECT not in [project.name for project in stage.aws.projects]
