"""What does a pass do when AWS, the API server, the spec or the operator itself fails?"""

import pytest

from fakes.kube import Call
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.fence import FencedError
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.controller import reconcile
from rekognition_operator.core.tags import owner_tags
from rekognition_operator.core.world import Owner
from rekognition_operator.kube.errors import (
    KubeConflictError,
    KubeForbiddenError,
    KubeInvalidError,
    KubeUnavailableError,
)
from unit.controller.stage import KEY, PROJECT, SPEC, Stage

DENIED = CallError(ErrorKind.ACCESS_DENIED, "DescribeProjects", "AccessDeniedException", "User is not authorized")
BAD_CREDENTIALS = CallError(ErrorKind.CREDENTIALS, "GetCallerIdentity", "ExpiredToken", "The token has expired")


async def settled(stage: Stage) -> None:
    stage.create()
    await stage.settle()


# The lease


async def test_a_pass_ends_without_a_word_where_the_lease_was_lost_before_its_change(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fenced(*_: object, **__: object) -> str:
        raise FencedError("CreateProject was not called: this operator is not sure to be the leader any more")

    stage.create()
    monkeypatch.setattr(stage.aws, "create_project", fenced)
    requeue = await stage.run()
    assert requeue.after_seconds is None, "the process ends"
    assert stage.aws.effects == []


# AWS


async def test_one_passing_fault_is_nobodys_business(stage: Stage) -> None:
    await settled(stage)
    stage.aws.inject("DescribeProjects", ErrorKind.SERVER)
    requeue = await stage.run()
    assert stage.kube.calls == []
    assert requeue.after_seconds == pytest.approx(0.5), "the first delay is up to a second"
    await stage.run()
    assert stage.condition("Reconciling") is None


async def test_a_fault_that_stays_is_shown_while_the_last_good_version_stays_ready(stage: Stage) -> None:
    await settled(stage)
    stage.aws.inject("DescribeProjects", ErrorKind.THROTTLED, times=100)
    delays = [(await stage.run()).after_seconds for _ in range(4)]
    assert delays == pytest.approx([0.5, 1, 2, 4])
    finding = stage.finding("Reconciling")
    assert finding is not None
    assert finding[0] == "Retrying"
    assert stage.condition("Ready") == "True"
    await stage.run()
    assert stage.kube.writes == [], "the same thing is not written twice"
    stage.aws.clear_faults()
    await stage.run()
    assert stage.condition("Reconciling") is None


async def test_delays_grow_to_five_minutes_and_begin_anew_after_a_good_pass(stage: Stage) -> None:
    stage.draw = 1.0
    await settled(stage)
    stage.aws.inject("DescribeProjects", ErrorKind.SERVER, times=12)
    delays = [(await stage.run()).after_seconds for _ in range(12)]
    assert delays == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    await stage.run()
    stage.aws.inject("DescribeProjects", ErrorKind.SERVER)
    assert (await stage.run()).after_seconds == 1


async def test_a_fault_keeps_the_lane_of_the_pass(stage: Stage) -> None:
    await settled(stage)
    stage.aws.inject("DescribeProjectVersions", ErrorKind.SERVER, times=2)
    assert (await stage.run(Lane.CHANGE)).lane is Lane.CHANGE
    assert (await stage.run(Lane.SWEEP)).lane is Lane.SWEEP


async def test_a_denied_call_is_stalled_with_the_permission_it_needs_and_keeps_ready(stage: Stage) -> None:
    await settled(stage)
    stage.aws.inject("DescribeProjects", ErrorKind.ACCESS_DENIED, times=100)
    requeue = await stage.run()
    stalled = stage.finding("Stalled")
    assert stalled is not None
    assert stalled[0] == "AccessDenied"
    assert "rekognition:DescribeProjects" in stalled[1]
    assert stage.condition("Ready") == "True"
    assert requeue.lane is Lane.SWEEP
    assert requeue.after_seconds is not None
    assert requeue.after_seconds == pytest.approx(600)
    await stage.run()
    assert stage.kube.writes == []


async def test_credentials_that_do_not_work_are_stalled(stage: Stage) -> None:
    stage.provider.error = BAD_CREDENTIALS
    stage.create()
    await stage.run()
    stalled = stage.finding("Stalled")
    assert stalled is not None
    assert stalled[0] == "CredentialsInvalid"
    assert stage.condition("Ready") == "Unknown"
    stage.provider.error = None
    await stage.run()
    assert stage.condition("Stalled") is None
    assert stage.effects == ["CreateProject"]


async def test_a_full_quota_of_projects_is_looked_at_in_each_sweep_and_asked_for_every_half_hour(stage: Stage) -> None:
    stage.aws.max_projects = 0
    stage.create()
    requeue = await stage.run()
    stalled = stage.finding("Stalled")
    assert stalled is not None
    assert stalled[0] == "ProjectQuotaReached"
    assert requeue.after_seconds == stage.policy.sweep_seconds
    asked = []
    for _ in range(4):
        stage.clock.seconds += stage.policy.sweep_seconds
        await stage.run(Lane.SWEEP)
        assert "DescribeProjects" in stage.log
        asked.append("CreateProject" in stage.log)
        assert asked[-1] or stage.kube.writes == []
    assert asked == [False, False, True, False]
    await stage.run(Lane.CHANGE)
    assert "CreateProject" in stage.log, "a person's change is tried at once"


async def test_what_was_done_before_a_fault_is_reported(stage: Stage) -> None:
    stage.create()
    stage.aws.inject("CreateProject", ErrorKind.ACCESS_DENIED)
    await stage.run()
    stalled = stage.finding("Stalled")
    assert stalled is not None
    assert "rekognition:CreateProject" in stalled[1]
    requeue = await stage.run()
    assert stage.effects == ["CreateProject"]
    assert stage.condition("Stalled") is None
    assert requeue.after_seconds == pytest.approx(1)


async def test_a_project_name_taken_meanwhile_is_looked_at_again_at_once(stage: Stage) -> None:
    stage.create()

    def take(call: Call) -> None:
        if call.method == "get":
            stage.aws.add_project(PROJECT)

    stage.kube.on_call = take
    requeue = await stage.run()
    assert requeue.after_seconds == pytest.approx(1)
    assert stage.condition("Stalled") is None
    stage.kube.on_call = None
    await stage.run()
    stalled = stage.finding("Stalled")
    assert stalled is not None
    assert stalled[0] == "ProjectOwnedByAnother"


async def test_conflicts_that_do_not_end_take_their_time_and_are_reported_at_last(stage: Stage) -> None:
    await settled(stage)
    stage.aws.inject("DescribeProjectVersions", ErrorKind.NOT_FOUND, times=100)
    delays = [(await stage.run()).after_seconds for _ in range(5)]
    assert delays == pytest.approx([1, 1, 2, 4, 8])


async def test_an_old_listing_is_not_believed_when_it_lacks_the_project(stage: Stage) -> None:
    stage.create({**SPEC, "suspend": True})
    await stage.run()
    stage.aws.add_project(PROJECT, tags=owner_tags(Owner("test", KEY.kind, KEY.namespace, KEY.name)))
    stage.kube.edit_spec(KEY, SPEC)
    await stage.run(Lane.SWEEP)
    assert stage.aws.count("CreateProject") == 0
    assert stage.effects == ["CreateProjectVersion"]


async def test_an_old_listing_is_not_believed_after_a_conflict(stage: Stage) -> None:
    await settled(stage)
    stage.aws.vanish_project(PROJECT)
    await stage.run(Lane.SWEEP)
    assert stage.condition("Stalled") is None, "the versions of a listed project are not found: a conflict"
    await stage.run(Lane.SWEEP)
    stalled = stage.finding("Stalled")
    assert stalled is not None
    assert stalled[0] == "ProjectDeleted"


# The spec


async def test_a_resource_without_a_region_is_stalled_without_a_call_to_aws(stage: Stage) -> None:
    stage.reconciler._identity = reconcile.OperatorIdentity("test", None)
    stage.create()
    await stage.run()
    stalled = stage.finding("Stalled")
    assert stalled is not None
    assert stalled[0] == "InvalidSpec"
    assert "spec.region" in stalled[1]
    assert stage.aws_calls == []
    stage.kube.edit_spec(KEY, {**SPEC, "region": "us-east-1"})
    await stage.run()
    assert stage.effects == ["CreateProject"]


# The API server


async def test_a_conflict_reads_the_resource_anew_and_comes_back_at_once(stage: Stage) -> None:
    await settled(stage)
    stage.stop_watching()
    stage.kube.set_finalizers(KEY)
    stage.kube.annotate(KEY, reconcile_requested_at="now")
    stage.cache.forget(KEY, stage.resource.uid)
    stage.cache.learn(stage.resource)
    stage.kube.fail("patch_finalizers", KubeConflictError("patch", "the object has been modified", 409))
    requeue = await stage.run()
    assert requeue.after_seconds == 0
    assert stage.aws_calls == []
    await stage.run()
    assert stage.resource.claimed


async def test_conflicts_of_the_api_server_that_do_not_end_take_their_time(stage: Stage) -> None:
    stage.create()
    stage.kube.fail("patch_finalizers", KubeConflictError("patch", "the object has been modified", 409), times=5)
    delays = [(await stage.run()).after_seconds for _ in range(5)]
    assert delays == pytest.approx([0, 0, 2, 4, 8])


@pytest.mark.parametrize(
    "error",
    [
        KubeUnavailableError("patch the status", "the API server did not answer"),
        KubeForbiddenError("patch the status", "forbidden", 403),
        KubeInvalidError("patch the status", "invalid", 422),
    ],
)
async def test_a_status_that_cannot_be_written_is_written_by_a_later_pass(
    stage: Stage, error: KubeUnavailableError, caplog: pytest.LogCaptureFixture
) -> None:
    await settled(stage)
    stage.kube.edit_spec(KEY, {**SPEC, "tags": {"team": "shop"}})
    stage.kube.fail("patch_status", error, times=2)
    delays = [(await stage.run()).after_seconds for _ in range(2)]
    assert delays == pytest.approx([0.5, 1])
    assert str(error) in caplog.text
    assert stage.resource.status["observedGeneration"] == 1
    await stage.run()
    assert stage.resource.status["observedGeneration"] == 2


async def test_a_status_patch_whose_answer_was_lost_is_not_written_again(stage: Stage) -> None:
    await settled(stage)
    stage.kube.edit_spec(KEY, {**SPEC, "description": "nudity rules"})
    stage.kube.fail("patch_status", KubeUnavailableError("patch", "no answer"), after_effect=True)
    await stage.run()
    await stage.run()
    assert stage.kube.writes == []


async def test_a_resource_that_vanishes_during_the_pass_is_forgotten(stage: Stage) -> None:
    await settled(stage)
    stage.stop_watching()
    stage.kube.edit_spec(KEY, {**SPEC, "description": "nudity rules"})
    stage.cache.learn(stage.resource)
    stage.kube.set_finalizers(KEY)
    stage.kube.delete(KEY)
    requeue = await stage.run()
    assert requeue.after_seconds is None
    assert len(stage.cache) == 0


# The operator itself


async def test_an_error_nobody_expected_is_logged_shown_and_tried_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await settled(stage)
    stage.kube.annotate(KEY, reconcile_requested_at="now")

    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(reconcile, "decide", broken)
    requeue = await stage.run()
    assert requeue.after_seconds == pytest.approx(0.5)
    finding = stage.finding("Reconciling")
    assert finding is not None
    assert finding[0] == "Retrying"
    assert "ZeroDivisionError" in finding[1]
    assert "secret detail" not in finding[1]
    assert "Traceback" in caplog.text
    assert "lastHandledReconcileAt" not in stage.resource.status
    assert stage.condition("Ready") == "True"
    await stage.run()
    assert stage.kube.writes == [], "the same status is not written again"
    monkeypatch.undo()
    await stage.run()
    assert stage.condition("Reconciling") is None


async def test_a_status_that_this_release_cannot_read_is_written_anew(stage: Stage) -> None:
    await settled(stage)
    live = stage.resource
    await stage.kube.patch_status(live, {"conditions": [{"type": "Ready", "status": "Perhaps"}], "obsolete": 1})
    await stage.run()
    await stage.run()
    assert stage.condition("Ready") == "True"
    assert "obsolete" not in stage.resource.status
