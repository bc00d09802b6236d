"""Can a deleted resource always be let go, whatever holds it?"""

import pytest

from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.controller import reconcile
from unit.controller.stage import KEY, SPEC, VERSION, Stage

DENIED = CallError(ErrorKind.ACCESS_DENIED, "DescribeProjects", "AccessDeniedException", "User is not authorized")
BAD_CREDENTIALS = CallError(ErrorKind.CREDENTIALS, "GetCallerIdentity", "ExpiredToken", "The token has expired")
LINE = "kubectl annotate moderationadapter -n trust-safety storefront rekognition-operator.io/force-release=true"


async def settled(stage: Stage) -> None:
    stage.create()
    await stage.settle()


@pytest.mark.parametrize("fault", ["credentials", "denied", "spec"])
async def test_a_deleted_resource_is_forced_out_although_aws_cannot_be_cleaned_up(stage: Stage, fault: str) -> None:
    await settled(stage)
    stage.kube.delete(KEY)
    match fault:
        case "credentials":
            stage.provider.error = BAD_CREDENTIALS
        case "denied":
            stage.aws.inject("DescribeProjects", ErrorKind.ACCESS_DENIED, times=100)
        case _:
            stage.reconciler._identity = reconcile.OperatorIdentity("test", None)
    await stage.run()
    stalled = stage.finding("Stalled")
    assert stalled is not None
    assert LINE in stalled[1]
    stage.kube.annotate(KEY, force_release="true")
    requeue = await stage.run()
    assert stage.kube.read(KEY) is None
    assert requeue.after_seconds is None
    assert stage.effects == []


async def test_a_passing_fault_does_not_force_a_deleted_resource_out(stage: Stage) -> None:
    await settled(stage)
    stage.kube.annotate(KEY, force_release="true")
    stage.kube.delete(KEY)
    stage.aws.inject("DescribeProjects", ErrorKind.SERVER)
    await stage.run()
    assert stage.kube.read(KEY) is not None


@pytest.mark.parametrize("error", [DENIED, BAD_CREDENTIALS])
async def test_an_orphaned_resource_needs_no_aws_to_go(stage: Stage, error: CallError) -> None:
    await settled(stage)
    stage.kube.edit_spec(KEY, {**SPEC, "deletion": {"policy": "Orphan"}})
    stage.kube.delete(KEY)
    stage.provider.error = error
    await stage.run()
    assert stage.kube.read(KEY) is None


@pytest.mark.parametrize("fault", ["unreachable", "refused", "bug"])
async def test_a_fault_that_stays_tells_the_way_out_and_holds_nobody_who_takes_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    stage.create({**SPEC, "deletion": {"policy": "Delete"}})
    await stage.settle()
    stage.kube.delete(KEY)
    match fault:
        case "unreachable":
            stage.aws.inject("DescribeProjects", ErrorKind.SERVER, times=1000)
        case "refused":
            stage.aws.inject("DeleteProjectVersion", ErrorKind.IN_USE, times=1000)
        case _:
            monkeypatch.setattr(reconcile, "decide", lambda *_: 1 / 0)
    for _ in range(4):
        await stage.run()
    reconciling = stage.finding("Reconciling")
    assert reconciling is not None
    assert reconciling[0] == "Retrying"
    assert LINE in reconciling[1]
    await stage.run()
    assert stage.kube.writes == [], "the same thing is not written twice"
    stage.kube.annotate(KEY, force_release="true")
    await stage.run()
    assert stage.kube.read(KEY) is None
    assert stage.effects == []
    assert len(stage.cache) == 0


async def test_a_refusal_that_stays_is_told_in_the_words_of_aws(stage: Stage) -> None:
    stage.create({**SPEC, "deletion": {"policy": "Delete"}})
    await stage.settle()
    stage.kube.delete(KEY)
    stage.aws.inject("DeleteProjectVersion", ErrorKind.IN_USE, message="The model is in use.", times=1000)
    for _ in range(3):
        await stage.run()
    reconciling = stage.finding("Reconciling")
    assert reconciling is not None
    assert "The model is in use" in reconciling[1]
    assert stage.aws.version(VERSION).status == "TRAINING_COMPLETED"
    stage.aws.clear_faults()
    await stage.run()
    assert stage.effects == ["DeleteProjectVersion"]
