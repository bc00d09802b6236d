"""How does a pass carry out what cannot be undone, and what does it do when AWS answers something else?"""

import pytest

from fakes.kube import Call
from rekognition_operator.aws.errors import ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.aws.slots import SlotKind
from rekognition_operator.core import tags as t
from rekognition_operator.core.decision import Policy
from rekognition_operator.kube.resource import JsonObject, ResourceKey
from unit.controller.stage import KEY, PROJECT, SPEC, VERSION, Stage, edited, owner

OTHER = ResourceKey("ModerationAdapter", "trust-safety", "marketplace")


async def project_made(stage: Stage, spec: JsonObject | None = None) -> None:
    """Bring the resource to the pass that trains."""
    stage.create(spec)
    await stage.run()
    stage.aws.advance()


# Training


async def test_a_version_is_looked_for_by_name_right_before_it_is_trained(stage: Stage) -> None:
    await project_made(stage)
    await stage.run()
    asked = stage.aws_calls.index("CreateProjectVersion")
    assert stage.aws_calls[asked - 1] == "DescribeProjectVersions"
    assert stage.aws.calls[asked - 1].subject == VERSION


async def test_a_version_that_appears_right_before_is_followed_instead(stage: Stage) -> None:
    await project_made(stage)

    def appear(call: Call) -> None:
        if call.method == "get":
            stage.aws.add_version(PROJECT, VERSION, status="TRAINING_IN_PROGRESS", tags=t.owner_tags(owner()))

    stage.kube.on_call = appear
    requeue = await stage.run()
    assert stage.aws.count("CreateProjectVersion") == 0
    assert requeue.after_seconds == pytest.approx(1)
    assert stage.slots.waiting(SlotKind.TRAINING) == 0
    stage.kube.on_call = None
    await stage.run()
    assert stage.aws.created == []
    assert stage.slots.in_use(SlotKind.TRAINING) == 1


async def test_a_lost_answer_whose_training_runs_is_followed_and_not_asked_again(stage: Stage) -> None:
    await project_made(stage)
    stage.aws.inject("CreateProjectVersion", ErrorKind.LOST, code="AnswerLost", after_effect=True)
    await stage.run()
    for _ in range(5):
        await stage.run(Lane.FLIGHT)
        stage.clock.seconds += 60
    assert stage.aws.created == [(PROJECT, VERSION)]
    assert stage.aws.count("CreateProjectVersion") == 0
    assert stage.slots.in_use(SlotKind.TRAINING) == 1


async def test_a_lost_request_is_asked_again_only_after_the_version_was_looked_for_long_enough(stage: Stage) -> None:
    await project_made(stage)
    stage.aws.inject("CreateProjectVersion", ErrorKind.LOST, code="AnswerLost")
    requeue = await stage.run()
    assert requeue.after_seconds is not None
    assert requeue.after_seconds < 1
    stage.clock.seconds += 1
    await stage.run()
    assert stage.aws.count("CreateProjectVersion") == 0
    assert stage.finding("Reconciling") is not None
    assert stage.finding("Reconciling")[0] == "ConfirmingCreate"  # type: ignore[index]  # not None, as just seen
    stage.clock.seconds += 30
    await stage.run()
    assert stage.aws.created == [(PROJECT, VERSION)]


@pytest.mark.parametrize("runs", [True, False])
async def test_a_training_at_which_aws_failed_is_looked_for_before_it_is_asked_again(stage: Stage, runs: bool) -> None:
    await project_made(stage)
    stage.aws.inject("CreateProjectVersion", ErrorKind.SERVER, message="Try again.", after_effect=runs)
    stage.aws.on_call = lambda operation: hide(stage) if operation == "DescribeProjectVersions" else None
    await stage.run()
    stage.clock.seconds += 1
    await stage.run()
    assert stage.aws.count("CreateProjectVersion") == 0
    reconciling = stage.finding("Reconciling")
    assert reconciling is not None
    assert reconciling[0] == "ConfirmingCreate"
    assert f"no clear answer (Try again) to the training of version {VERSION}, which it does not" in reconciling[1]
    stage.aws.on_call = None
    for version in stage.aws.versions:
        stage.aws.hide(version.arn, hidden=False)
    stage.clock.seconds += 30
    await stage.run()
    assert stage.aws.created == [(PROJECT, VERSION)]
    assert stage.aws.count("CreateProjectVersion") == (0 if runs else 1)


def hide(stage: Stage) -> None:
    """Let AWS's lists lag: no version is listed."""
    for version in stage.aws.versions:
        stage.aws.hide(version.arn)


async def test_a_taken_name_that_is_not_listed_is_waited_for(stage: Stage) -> None:
    await project_made(stage)
    stage.aws.inject("CreateProjectVersion", ErrorKind.IN_USE)
    await stage.run()
    await stage.run()
    assert stage.aws.count("CreateProjectVersion") == 0
    finding = stage.finding("Reconciling")
    assert finding is not None
    assert finding[0] == "ConfirmingCreate"


async def test_a_refused_training_is_stalled_with_what_aws_says(stage: Stage) -> None:
    await project_made(stage)
    stage.aws.inject("CreateProjectVersion", ErrorKind.INVALID, code="InvalidParameterException", message="Bad bucket.")
    await stage.run()
    requeue = await stage.run()
    assert stage.aws.count("CreateProjectVersion") == 0
    stalled = stage.finding("Stalled")
    assert stalled is not None
    assert stalled[0] == "TrainingRefused"
    assert "Bad bucket." in stalled[1]
    assert requeue.lane is Lane.SWEEP
    assert stage.slots.in_use(SlotKind.TRAINING) == 0


async def test_a_changed_spec_is_trained_although_the_one_before_was_refused(stage: Stage) -> None:
    await project_made(stage)
    stage.aws.inject("CreateProjectVersion", ErrorKind.INVALID, code="InvalidParameterException")
    await stage.run()
    await stage.run()
    stage.kube.edit_spec(KEY, edited(80))
    await stage.run()
    assert len(stage.aws.created) == 1


async def test_who_finds_no_slot_waits_in_the_queue_and_shows_its_place(stage: Stage) -> None:
    await project_made(stage)
    for number in range(2):
        stage.slots.request(SlotKind.TRAINING, str(ResourceKey("ModerationAdapter", "shop", f"a{number}")))
    requeue = await stage.run()
    assert stage.effects == []
    assert stage.kube.calls[0].method == "patch_status", "who only waits costs no live read"
    assert stage.resource.status["queue"] == {"waitingFor": "TrainingSlot", "position": 1}
    finding = stage.finding("Reconciling")
    assert finding is not None
    assert finding[0] == "WaitingForQuota"
    assert requeue.lane is Lane.FLIGHT
    stage.slots.forget("ModerationAdapter shop/a0")
    await stage.run()
    assert stage.effects == ["CreateProjectVersion"]
    assert "queue" not in stage.resource.status


async def test_who_waits_in_the_queue_is_still_looked_at_in_each_sweep(stage: Stage) -> None:
    stage.policy = Policy(sweep_seconds=20)
    stage.start()
    await project_made(stage)
    for number in range(2):
        stage.slots.request(SlotKind.TRAINING, str(ResourceKey("ModerationAdapter", "shop", f"a{number}")))
    requeue = await stage.run()
    assert stage.finding("Reconciling") is not None
    assert requeue.after_seconds == pytest.approx(20, rel=0.1)


async def test_a_place_in_the_queue_that_changes_alone_is_written_at_most_once_a_minute(stage: Stage) -> None:
    await project_made(stage)
    for number in range(7):
        stage.slots.request(SlotKind.TRAINING, f"ModerationAdapter shop/a{number}")
    await stage.run()
    assert stage.resource.status["queue"] == {"waitingFor": "TrainingSlot", "position": 10}
    for number in (3, 4, 5):
        stage.slots.forget(f"ModerationAdapter shop/a{number}")
    await stage.run()
    assert stage.kube.writes == []
    stage.clock.seconds += 61
    await stage.run()
    assert stage.resource.status["queue"] == {"waitingFor": "TrainingSlot", "position": 3}


async def test_a_full_quota_of_the_account_is_waiting_and_asked_once_a_minute(stage: Stage) -> None:
    await project_made(stage)
    stage.aws.inject("CreateProjectVersion", ErrorKind.LIMIT, times=2)
    requeue = await stage.run()
    assert requeue.after_seconds is not None
    assert requeue.after_seconds == pytest.approx(60, rel=0.2)
    assert stage.condition("Stalled") is None
    assert stage.resource.status["queue"] == {"waitingFor": "TrainingSlot", "position": 1}
    await stage.run()
    assert stage.aws.count("CreateProjectVersion") == 0, "a pass before its time asks nothing"
    stage.clock.seconds += 61
    await stage.run()
    assert stage.aws.count("CreateProjectVersion") == 1
    stage.clock.seconds += 61
    await stage.run()
    assert stage.aws.created == [(PROJECT, VERSION)]


async def test_a_training_that_is_denied_gives_its_slot_back_at_once(stage: Stage) -> None:
    await project_made(stage)
    stage.aws.inject("CreateProjectVersion", ErrorKind.ACCESS_DENIED)
    requeue = await stage.run()
    assert requeue.lane is Lane.SWEEP
    assert stage.slots.in_use(SlotKind.TRAINING) == 0


async def test_the_next_in_the_queue_is_called_when_a_training_ends(stage: Stage) -> None:
    stage.training_slots = 1
    stage.start()
    await project_made(stage)
    await stage.run()
    await stage.run()
    stage.slots.request(SlotKind.TRAINING, str(OTHER))
    assert stage.nudged == []
    stage.finish_trainings()
    await stage.run()
    assert stage.nudged == [OTHER]


async def test_a_reverted_spec_leaves_the_queue(stage: Stage) -> None:
    stage.create()
    await stage.settle()
    for number in range(2):
        stage.slots.request(SlotKind.TRAINING, f"ModerationAdapter shop/a{number}")
    stage.kube.edit_spec(KEY, edited(80))
    await stage.run()
    assert stage.slots.waiting(SlotKind.TRAINING) == 1
    stage.kube.edit_spec(KEY, SPEC)
    await stage.run()
    assert stage.slots.waiting(SlotKind.TRAINING) == 0
    assert "queue" not in stage.resource.status


# Promotion


async def trained(stage: Stage) -> None:
    """Bring the resource to the pass that puts its version into service."""
    await project_made(stage)
    for _ in range(3):
        await stage.run()
    stage.aws.complete(VERSION)


@pytest.mark.parametrize("change", ["expire", "delete", "steal", "replace"])
async def test_a_version_that_changed_meanwhile_is_not_put_into_service(stage: Stage, change: str) -> None:
    await trained(stage)

    def happen(call: Call) -> None:
        if call.method != "get":
            return
        arn = stage.aws.version(VERSION).arn
        match change:
            case "expire":
                stage.aws.expire(arn)
            case "steal":
                stage.aws.tag(arn, {t.NAME: "another"})
            case _:
                stage.aws.vanish_version(arn)
        if change == "replace":
            stage.aws.add_version(PROJECT, VERSION, tags=t.owner_tags(owner()))

    stage.kube.on_call = happen
    requeue = await stage.run()
    assert stage.effects == []
    assert requeue.after_seconds == pytest.approx(1)
    assert "active" not in stage.resource.status


async def test_a_version_is_put_into_service_by_a_tag_and_then_shown(stage: Stage) -> None:
    await trained(stage)
    await stage.run()
    assert stage.effects == ["TagResource"]
    assert t.PROMOTED_AT in stage.aws.version(VERSION).tags
    await stage.run()
    active = stage.resource.status["active"]
    assert isinstance(active, dict)
    assert active["versionName"] == VERSION


# Deletion of versions


async def superseded(stage: Stage) -> str:
    """Bring the resource to the pass that deletes its first version, which the second has superseded."""
    stage.create({**SPEC, "retention": {"keep": 1}})
    await stage.settle()
    stage.kube.edit_spec(KEY, {**edited(80), "retention": {"keep": 1}})
    await stage.settle()
    stage.kube.edit_spec(KEY, {**edited(80), "retention": {"keep": 0}})
    stage.aws.calls.clear()
    return stage.aws.version(VERSION).arn


async def test_a_superseded_version_is_deleted_after_its_tags_were_read_again(stage: Stage) -> None:
    arn = await superseded(stage)
    await stage.run()
    assert stage.effects == ["DeleteProjectVersion"]
    assert stage.aws_calls[-2:] == ["ListTagsForResource", "DeleteProjectVersion"]
    assert stage.aws.calls[-1].subject == arn


@pytest.mark.parametrize("change", ["steal", "promote", "deprecate"])
async def test_a_version_that_changed_meanwhile_is_not_deleted(stage: Stage, change: str) -> None:
    arn = await superseded(stage)

    def happen(call: Call) -> None:
        if call.method != "get":
            return
        match change:
            case "steal":
                stage.aws.tag(arn, {t.NAME: "another"})
            case "promote":
                stage.aws.tag(arn, {t.PROMOTED_AT: "2027-01-01T00:00:00.000Z"})
            case _:
                stage.aws.deprecate(arn)

    stage.kube.on_call = happen
    await stage.run()
    assert "DeleteProjectVersion" not in stage.effects


async def test_a_version_that_is_gone_meanwhile_is_no_conflict(stage: Stage) -> None:
    arn = await superseded(stage)
    stage.kube.on_call = lambda call: stage.aws.vanish_version(arn) if call.method == "get" else None
    await stage.run()
    assert stage.effects == []
    assert stage.metrics.exposition().decode().count('outcome="conflict"') == 0


# Adoption


async def test_a_project_claimed_by_two_at_a_time_is_left_to_the_other(stage: Stage) -> None:
    arn = stage.aws.add_project(PROJECT)
    stage.create({**SPEC, "adoption": {"policy": "IfUnowned"}})
    await stage.run()
    assert stage.effects == ["TagResource"]
    stage.clock.seconds += 31

    def claim(call: Call) -> None:
        if call.method == "get":
            stage.aws.tag(arn, {t.NAME: "another"})

    stage.kube.on_call = claim
    await stage.run()
    assert stage.effects == []
    stage.kube.on_call = None
    await stage.run()
    stalled = stage.finding("Stalled")
    assert stalled is not None
    assert stalled[0] == "ProjectOwnedByAnother"
    assert stage.effects == []


async def test_a_project_claimed_by_nobody_else_is_kept(stage: Stage) -> None:
    arn = stage.aws.add_project(PROJECT)
    stage.create({**SPEC, "adoption": {"policy": "IfUnowned"}})
    await stage.run()
    stage.clock.seconds += 31
    await stage.run()
    assert stage.effects == ["UntagResource"]
    assert t.CLAIMED_AT not in stage.aws.project(arn).tags


# What is asked for by now


async def test_a_suspension_during_the_pass_stops_the_training_although_tags_were_written_before(
    stage: Stage,
) -> None:
    stage.create()
    await stage.settle()
    stage.kube.edit_spec(KEY, {**edited(80), "tags": {"team": "ads"}})
    stage.stop_watching()
    stage.cache.learn(stage.resource)
    done: list[str] = []

    def suspend(operation: str) -> None:
        if operation == "TagResource" and not done:
            done.append(operation)
            stage.kube.edit_spec(KEY, {**edited(80), "tags": {"team": "ads"}, "suspend": True})

    stage.aws.on_call = suspend
    await stage.run()
    assert "TagResource" in stage.effects
    assert "CreateProjectVersion" not in stage.effects
