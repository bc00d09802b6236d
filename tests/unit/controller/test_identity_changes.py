"""What if an identity, or which one a resource names, changes at the worst moment?"""

from typing import Any

import pytest

from fakes.kube import Call
from rekognition_operator.aws.errors import ErrorKind
from rekognition_operator.kube.errors import KubeForbiddenError, KubeUnavailableError
from rekognition_operator.kube.resource import FINALIZER
from unit.controller.stage import KEY, SPEC
from unit.controller.test_identities import ACCOUNT, IDENTITY, NAMED, OTHER, OTHER_ACCOUNT, Accounts, spec_of


@pytest.fixture
def stage() -> Accounts:
    made = Accounts()
    made.kube.create(IDENTITY, spec_of())
    return made


async def passes(stage: Accounts, count: int = 8) -> None:
    for _ in range(count):
        await stage.run()
        for fake in (stage.theirs, stage.others):
            fake.advance()
        stage.clock.seconds += 2


def why(stage: Accounts) -> str | None:
    finding = stage.finding("Stalled")
    return None if finding is None else finding[0]


async def test_nothing_is_paid_for_before_status_says_in_which_account(stage: Accounts) -> None:
    stage.kube.create(OTHER, spec_of(OTHER_ACCOUNT))
    stage.create(NAMED)

    def on_call(call: Call) -> None:
        if call.method == "patch_status" and stage.theirs.projects:
            raise KubeUnavailableError("patch_status", "the API server did not answer")

    stage.kube.on_call = on_call
    await passes(stage)
    assert stage.theirs.projects
    assert stage.theirs.versions == ()
    stage.kube.on_call = None

    stage.kube.edit_spec(KEY, {**SPEC, "identityRef": {"name": "team-b"}})
    await passes(stage)
    assert (len(stage.theirs.versions), len(stage.others.versions)) == (0, 1)


async def test_what_is_not_allowed_any_more_right_before_a_training_is_not_trained(stage: Accounts) -> None:
    stage.create(NAMED)
    done: list[Any] = []

    def on_call(call: Call) -> None:
        if call.method == "get" and call.key == KEY and stage.theirs.projects and not done:
            done.append(call)
            stage.kube.edit_spec(IDENTITY, spec_of(allowedBuckets=["others"]))

    stage.kube.on_call = on_call
    await passes(stage)
    assert done
    assert stage.theirs.versions == ()
    assert why(stage) == "BucketNotAllowed"


async def test_what_aws_refused_to_one_role_is_asked_for_by_the_next_one_at_once(stage: Accounts) -> None:
    stage.create(NAMED)
    stage.theirs.inject("CreateProjectVersion", ErrorKind.INVALID)
    await passes(stage)
    assert why(stage) == "TrainingRefused"

    stage.kube.edit_spec(IDENTITY, spec_of(roleArn=f"arn:aws:iam::{ACCOUNT}:role/better"))
    await passes(stage)
    assert len(stage.theirs.versions) == 1


async def test_no_project_is_made_with_an_identity_that_is_being_deleted_also_not_by_a_move(stage: Accounts) -> None:
    stage.kube.create(OTHER, spec_of(OTHER_ACCOUNT), finalizers=(FINALIZER,))
    stage.create(NAMED)
    await stage.settled()

    stage.kube.delete(OTHER)
    stage.kube.edit_spec(KEY, {**SPEC, "identityRef": {"name": "team-b"}})
    stage.kube.annotate(KEY, accept_move=f"{OTHER_ACCOUNT}/us-east-1")
    await passes(stage)
    assert stage.others.projects == ()
    assert why(stage) == "IdentityDeleting"


async def test_rights_that_are_written_anew_take_no_identity_away(stage: Accounts) -> None:
    await stage.identities.list_once()
    stage.create(NAMED)
    stage.kube.fail("list_all", KubeForbiddenError("list", "RBAC: clusterrole not found", 403), times=1)
    with pytest.raises(KubeForbiddenError):
        await stage.identities.list_once()
    await stage.settled()


async def test_rights_that_come_later_need_no_restart(stage: Accounts) -> None:
    stage.kube.fail("list_all", KubeForbiddenError("list", "forbidden", 403), times=2)
    await stage.identities.list_once()
    stage.create(NAMED)
    await stage.run()
    assert why(stage) == "IdentityUnknown"

    stage.requeued.clear()
    await stage.identities.list_once()
    assert KEY in stage.requeued
    await stage.settled()
