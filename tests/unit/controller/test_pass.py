"""What does a pass do, in which order, and when does it do nothing?"""

import pytest

from rekognition_operator.aws.gateway import Lane
from rekognition_operator.kube.resource import FINALIZER
from unit.controller.stage import KEY, PROJECT, SPEC, VERSION, Stage


async def test_a_new_resource_is_claimed_and_has_conditions_before_the_first_call_to_aws(stage: Stage) -> None:
    stage.create()
    await stage.run()
    first_aws_call = next(index for index, call in enumerate(stage.log) if call[0].isupper())
    assert stage.log[:first_aws_call] == ["patch_finalizers", "patch_status"]
    first_status = stage.kube.calls[1].patch
    assert isinstance(first_status, dict)
    assert first_status["observedGeneration"] == 1
    conditions = first_status["conditions"]
    assert isinstance(conditions, list)
    assert [(c["type"], c["status"]) for c in conditions if isinstance(c, dict)] == [
        ("Ready", "Unknown"),
        ("UpToDate", "Unknown"),
        ("Reconciling", "True"),
    ]


@pytest.mark.parametrize("lost", ["patch_finalizers", "patch_status"])
async def test_nothing_is_asked_of_aws_while_the_resource_cannot_be_claimed(stage: Stage, lost: str) -> None:
    from rekognition_operator.kube.errors import KubeUnavailableError

    stage.create()
    stage.kube.fail(lost, KubeUnavailableError(lost, "no answer"))  # type: ignore[arg-type]  # a method's name
    requeue = await stage.run()
    assert stage.aws_calls == []
    assert requeue.after_seconds == pytest.approx(0.5)
    await stage.run()
    assert stage.effects == ["CreateProject"]


async def test_the_finalizers_of_others_stay(stage: Stage) -> None:
    stage.kube.create(KEY, SPEC, finalizers=("example.org/keep",))
    await stage.run()
    assert stage.resource.finalizers == ("example.org/keep", FINALIZER)


async def test_a_resource_becomes_ready_and_a_further_pass_writes_nothing(stage: Stage) -> None:
    stage.create()
    await stage.settle()
    assert stage.aws.created == [(PROJECT, VERSION)]
    assert stage.condition("Ready") == "True"
    before = stage.resource
    for lane in (Lane.CHANGE, Lane.FLIGHT, Lane.SWEEP):
        await stage.run(lane)
        assert stage.kube.calls == []
        assert stage.effects == []
        assert "DescribeProjectVersions" in stage.aws_calls
    assert stage.resource == before


async def test_a_settled_resource_is_looked_at_again_after_the_sweep_interval_give_or_take_a_tenth(
    stage: Stage,
) -> None:
    stage.create()
    await stage.settle()
    for stage.draw, seconds in ((0.0, 540), (0.5, 600), (1.0, 660)):  # draw is what the operator draws
        requeue = await stage.run(Lane.SWEEP)
        assert requeue.after_seconds == pytest.approx(seconds)
        assert requeue.lane is Lane.SWEEP


async def test_a_training_is_followed_in_the_lane_of_work_in_flight(stage: Stage) -> None:
    stage.create()
    await stage.run()
    stage.aws.advance()
    await stage.run()
    await stage.run()
    requeue = await stage.run(Lane.FLIGHT)
    assert stage.aws.version(VERSION).status == "TRAINING_IN_PROGRESS"
    assert requeue.lane is Lane.FLIGHT
    assert requeue.after_seconds == pytest.approx(30)
    assert {call.lane for call in stage.aws.calls} == {Lane.FLIGHT}


async def test_the_resource_is_read_live_right_before_the_first_change_in_aws_and_only_once(stage: Stage) -> None:
    stage.create()
    await stage.settle()
    stage.aws.untag(stage.aws.project(PROJECT).arn, ["rekognition-operator.io/name"])
    stage.aws.untag(stage.aws.version(VERSION).arn, ["rekognition-operator.io/name"])
    stage.start()  # tags are remembered for hours, but not across a start
    stage.aws.restart()
    await stage.run()
    assert stage.log.count("get") == 1
    changes = [index for index, call in enumerate(stage.log) if call == "TagResource"]
    assert len(changes) == 2
    assert stage.log[changes[0] - 2 : changes[0]] == ["get", "ListTagsForResource"], "whose it is, is looked up last"


async def test_a_change_of_the_spec_that_the_watch_has_not_told_of_stops_the_pass_before_any_change_in_aws(
    stage: Stage,
) -> None:
    stage.create()
    stage.stop_watching()
    await stage.run()
    stage.aws.advance()
    edited = {**SPEC, "training": {**SPEC["training"], "confidenceThreshold": 80}}  # type: ignore[dict-item]  # a dict
    stage.kube.edit_spec(KEY, edited)
    requeue = await stage.run()
    assert stage.effects == []
    assert requeue.after_seconds == 0
    assert requeue.lane is Lane.CHANGE
    await stage.run()
    assert stage.aws.created != [(PROJECT, VERSION)], "the old inputs are not trained"
    assert len(stage.aws.created) == 1


@pytest.mark.parametrize("by", ["delete", "annotate", "unclaim", "replace"])
async def test_any_other_change_that_matters_stops_the_pass_as_well(stage: Stage, by: str) -> None:
    stage.create()
    await stage.run()
    stage.aws.advance()
    stage.stop_watching()
    match by:
        case "delete":
            stage.kube.delete(KEY)
        case "annotate":
            stage.kube.annotate(KEY, retry="again")
        case "unclaim":
            stage.kube.set_finalizers(KEY)
        case _:
            stage.kube.set_finalizers(KEY)
            stage.kube.delete(KEY)
            stage.create()
    await stage.run()
    assert stage.effects == []


async def test_a_label_set_meanwhile_does_not_disturb_the_pass(stage: Stage) -> None:
    stage.create()
    await stage.run()
    stage.aws.advance()
    stage.stop_watching()
    stage.kube.set_finalizers(KEY, FINALIZER, "example.org/keep")
    await stage.run()
    assert stage.effects == ["CreateProjectVersion"]
    assert stage.condition("Ready") == "False"
    assert stage.finding("Ready") == stage.finding("Reconciling")


async def test_the_status_is_not_written_over_one_that_was_lost_meanwhile(stage: Stage) -> None:
    stage.create()
    await stage.run()
    stage.aws.advance()
    stage.stop_watching()
    stage.kube.lose_status(KEY)
    requeue = await stage.run()
    assert stage.resource.status == {"observedGeneration": -1}
    assert requeue.after_seconds == 0
    await stage.run()
    assert stage.condition("Ready") is not None
    assert "project" in stage.resource.status


async def test_losing_all_status_changes_nothing_in_aws_and_comes_back(stage: Stage) -> None:
    stage.create()
    await stage.settle()
    before = stage.resource.status
    stage.kube.lose_status(KEY)
    await stage.run()
    assert stage.effects == []
    assert stage.resource.status["active"] == before["active"]
    assert stage.condition("Ready") == "True"


async def test_events_tell_of_transitions_and_never_twice(stage: Stage) -> None:
    stage.create()
    for _ in range(4):
        await stage.run()
        stage.aws.advance()
    await stage.settle()
    told = [event.reason for event in stage.kube.events]
    assert told == ["CreatingProject", "TrainingStarted", "TrainingCompleted", "InService"]
    assert {event.about.key for event in stage.kube.events} == {KEY}
    for _ in range(3):
        await stage.run(Lane.SWEEP)
    assert [event.reason for event in stage.kube.events] == told


async def test_an_event_that_is_refused_is_no_failure(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.create()
    stage.kube.terminating.add(KEY.namespace)
    await stage.settle()
    assert stage.kube.events == []
    assert caplog.records == []


async def test_the_requested_reconciliation_is_answered(stage: Stage) -> None:
    stage.create()
    await stage.settle()
    stage.kube.annotate(KEY, reconcile_requested_at="2026-01-01T12:00:00Z")
    await stage.run()
    assert stage.resource.status["lastHandledReconcileAt"] == "2026-01-01T12:00:00Z"
    await stage.run()
    assert stage.kube.writes == []


async def test_a_requested_reconciliation_sees_tags_that_others_changed(stage: Stage) -> None:
    stage.create({**SPEC, "tags": {"team": "trust-safety"}})
    await stage.settle()
    arns = (stage.aws.projects[0].arn, stage.aws.versions[0].arn)
    for arn in arns:
        stage.aws.tag(arn, {"team": "somebody-else"})
    await stage.run()
    assert stage.effects == []

    stage.kube.annotate(KEY, reconcile_requested_at="now")
    await stage.settle()

    assert [tags["team"] for tags in (stage.aws.project(arns[0]).tags, stage.aws.version(arns[1]).tags)] == [
        "trust-safety",
        "trust-safety",
    ]


async def test_all_tags_are_read_again_every_six_hours(stage: Stage) -> None:
    stage.create()
    await stage.settle()
    await stage.run(Lane.SWEEP)
    before = asked_for_tags_of(stage)

    stage.clock.seconds += 6 * 3600
    await stage.run(Lane.SWEEP)
    then = asked_for_tags_of(stage)
    await stage.run(Lane.SWEEP)

    assert (before, asked_for_tags_of(stage)) == (set(), set())
    assert then == {stage.aws.projects[0].arn, stage.aws.versions[0].arn}


async def test_a_resource_that_is_gone_needs_nothing(stage: Stage) -> None:
    requeue = await stage.run()
    assert requeue.after_seconds is None
    assert stage.log == []


async def test_a_deleted_resource_that_was_never_claimed_needs_nothing(stage: Stage) -> None:
    stage.kube.create(KEY, SPEC, finalizers=("example.org/keep",))
    stage.kube.delete(KEY)
    requeue = await stage.run()
    assert requeue.after_seconds is None
    assert stage.log == []


async def test_a_deleted_resource_is_let_go_last(stage: Stage) -> None:
    stage.create({**SPEC, "deletion": {"policy": "Delete"}})
    await stage.settle()
    stage.kube.delete(KEY)
    for _ in range(6):
        requeue = await stage.run()
        stage.aws.advance()
        if stage.kube.read(KEY) is None:
            break
    assert stage.aws.projects == ()
    assert stage.kube.read(KEY) is None
    assert stage.log[-1] == "patch_finalizers"
    assert requeue.after_seconds is None
    assert len(stage.cache) == 0


async def test_passes_are_counted_by_how_they_end(stage: Stage) -> None:
    stage.create()
    await stage.settle()
    text = stage.metrics.exposition().decode()
    assert 'rekognition_operator_reconciles_total{kind="ModerationAdapter",outcome="changed"}' in text
    assert 'rekognition_operator_reconciles_total{kind="ModerationAdapter",outcome="unchanged"} 1.0' in text
    assert 'rekognition_operator_trainings_started_total{kind="ModerationAdapter"} 1.0' in text
    assert 'rekognition_operator_trainings_ended_total{kind="ModerationAdapter",result="completed"} 1.0' in text


def asked_for_tags_of(stage: Stage) -> set[str]:
    """Return the ARNs whose tags the last pass has read."""
    return {call.subject for call in stage.aws.calls if call.operation == "ListTagsForResource"}
