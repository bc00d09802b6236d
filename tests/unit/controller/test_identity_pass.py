"""What does the operator write into an AWSIdentity, and when may one that is deleted go?"""

from typing import Any

import pytest

from fakes.identities import identities_of
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.fence import Fence
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.controller.identity_pass import IdentityReconciler
from rekognition_operator.controller.queue import Requeue
from rekognition_operator.kube.errors import KubeConflictError
from rekognition_operator.kube.resource import FINALIZER, JsonObject, Resource
from unit.controller.stage import KEY, SPEC, Stage
from unit.controller.test_identities import ACCOUNT, IDENTITY, NAMED, NAMESPACE, role, spec_of

REFUSED = CallError(ErrorKind.ACCESS_DENIED, "AssumeRole", "AccessDenied", "not authorized to perform: sts:AssumeRole")
LOST = CallError(ErrorKind.SERVER, "AssumeRole", "ServiceUnavailable", "try again")


class Passes(Stage):
    """A stage whose passes are those over the identity; none has run over a resource."""

    default_region: str | None = "us-east-1"

    def start(self) -> None:
        super().start()
        self.passes = IdentityReconciler(
            kube=self.kube,
            identities=self.identities,
            provider=self.provider,
            clock=self.clock,
            default_region=self.default_region,
            sweep_seconds=600,
            fence=Fence(),
        )

    async def look(self) -> Requeue:
        self.kube.calls.clear()
        return await self.passes.run(IDENTITY, Lane.CHANGE)

    @property
    def identity(self) -> Resource:
        found = self.kube.read(IDENTITY)
        assert found is not None
        return found

    @property
    def status(self) -> Any:
        return self.identity.status

    @property
    def ready(self) -> tuple[str, str]:
        condition, *others = self.status["conditions"]
        assert condition["type"] == "Ready"
        assert all(other == {**condition, "type": "Stalled", "status": "True"} for other in others)
        return condition["status"], condition["reason"]

    @property
    def stalled(self) -> bool:
        return len(self.status["conditions"]) > 1

    @property
    def message(self) -> str:
        return str(self.status["conditions"][0]["message"])


@pytest.fixture
def stage() -> Passes:
    return Passes()


async def test_an_identity_that_works_says_so_once_and_is_left_alone_then(stage: Passes) -> None:
    stage.kube.create(IDENTITY, spec_of())

    requeue = await stage.look()

    assert stage.ready == ("True", "Usable")
    assert (stage.status["account"], stage.status["usedBy"], stage.status["observedGeneration"]) == (ACCOUNT, 0, 1)
    assert [call.method for call in stage.kube.writes] == ["patch_status"]
    assert requeue.lane is Lane.SWEEP
    stage.clock.seconds += 600
    await stage.look()
    assert stage.kube.writes == []


async def test_it_is_tried_as_a_namespace_that_may_use_it(stage: Passes) -> None:
    stage.kube.create(NAMESPACE, {})
    stage.kube.label(NAMESPACE, team="a")
    stage.kube.create(IDENTITY, spec_of(allowedNamespaces={"selector": {"matchLabels": {"team": "a"}}}))
    await stage.look()
    assert stage.ready == ("True", "Usable")
    assert dict(stage.provider.connected[-1][0].session_tags)["namespace"] == KEY.namespace


async def test_an_identity_that_fences_the_operators_own_credentials_shows_their_account(stage: Passes) -> None:
    stage.kube.create(IDENTITY, {"allowedNamespaces": {"names": [KEY.namespace]}})
    await stage.look()
    assert (stage.status["account"], stage.ready) == (stage.aws.account, ("True", "Usable"))


async def test_an_identity_for_nobody_is_not_tried(stage: Passes) -> None:
    stage.kube.create(IDENTITY, {"roleArn": role(ACCOUNT)})
    stage.create(NAMED)
    await stage.look()
    assert (stage.ready, stage.stalled) == (("True", "NotTried"), False)
    assert "spec.allowedNamespaces" in stage.message
    assert stage.provider.connected == []


async def test_without_a_region_it_is_tried_in_that_of_a_resource_or_not_at_all(stage: Passes) -> None:
    stage.default_region = None
    stage.start()
    stage.kube.create(IDENTITY, spec_of())
    await stage.look()
    assert (stage.ready, stage.stalled) == (("True", "NotTried"), False)
    assert stage.provider.connected == []

    stage.create({**NAMED, "region": "eu-west-1"})
    await stage.look()
    assert [region for _, region in stage.provider.connected] == ["eu-west-1"]


async def test_a_role_that_is_refused_is_told_with_the_remedy_and_asked_for_in_each_sweep(stage: Passes) -> None:
    stage.kube.create(IDENTITY, spec_of())
    stage.provider.refused[role(ACCOUNT)] = REFUSED
    assert (await stage.look()).lane is Lane.SWEEP
    assert (stage.ready, stage.stalled) == (("False", "Refused"), True)
    assert "trust policy" in stage.message
    assert stage.status["account"] == ACCOUNT
    await stage.look()
    assert stage.kube.writes == []

    stage.provider.refused.clear()
    await stage.look()
    assert (stage.ready, stage.stalled) == (("True", "Usable"), False)


async def test_a_passing_fault_takes_nothing_back_and_is_tried_again_soon(stage: Passes) -> None:
    stage.kube.create(IDENTITY, spec_of())
    await stage.look()
    stage.provider.error = LOST
    requeue = await stage.look()
    assert requeue.lane is Lane.FLIGHT
    assert stage.kube.writes == []

    stage.kube.edit_spec(IDENTITY, spec_of(externalId="x-1"))
    await stage.look()
    assert stage.ready == ("Unknown", "Retrying")


async def test_it_is_held_while_a_resource_names_it_and_only_then(stage: Passes) -> None:
    stage.kube.create(IDENTITY, spec_of())
    stage.create(NAMED)
    await stage.look()
    assert stage.identity.claimed
    assert stage.status["usedBy"] == 1

    stage.kube.edit_spec(KEY, SPEC)
    await stage.look()
    assert not stage.identity.claimed
    assert stage.status["usedBy"] == 0


async def test_a_deleted_identity_goes_once_nobody_names_it_any_more(stage: Passes) -> None:
    stage.kube.create(IDENTITY, spec_of())
    stage.kube.set_finalizers(stage.create(NAMED).key, FINALIZER)
    await stage.look()
    stage.kube.delete(IDENTITY)
    stage.kube.delete(KEY)  # a resource under deletion needs it, too

    await stage.look()
    assert stage.ready == ("False", "InUse")
    assert str(KEY) in stage.message
    await stage.look()
    assert stage.kube.writes == []

    stage.kube.set_finalizers(KEY)
    stage.cache.forget(KEY, "uid-2")
    await stage.look()
    assert stage.kube.read(IDENTITY) is None
    assert (await stage.look()).after_seconds is None


async def test_an_identity_that_only_others_hold_is_not_said_to_be_in_use(stage: Passes) -> None:
    stage.kube.create(IDENTITY, spec_of(), finalizers=("example.com/theirs",))
    stage.kube.delete(IDENTITY)
    await stage.look()
    assert stage.kube.writes == []


async def test_a_finalizer_of_others_stays(stage: Passes) -> None:
    stage.kube.create(IDENTITY, spec_of(), finalizers=("example.com/theirs",))
    stage.create(NAMED)
    await stage.look()
    assert list(stage.identity.finalizers) == ["example.com/theirs", FINALIZER]
    stage.kube.edit_spec(KEY, SPEC)
    await stage.look()
    assert list(stage.identity.finalizers) == ["example.com/theirs"]


async def test_a_spec_that_cannot_be_read_names_the_field(stage: Passes) -> None:
    broken: JsonObject = {"roleArn": 7}
    stage.kube.create(IDENTITY, broken)
    await stage.look()
    assert stage.ready == ("False", "Refused")
    assert "spec.roleArn" in stage.message


async def test_after_a_conflict_the_identity_is_read_anew(stage: Passes) -> None:
    stage.kube.create(IDENTITY, spec_of())
    stage.kube.fail("patch_status", KubeConflictError("patch", "modified", 409))
    requeue = await stage.look()
    assert requeue.after_seconds is not None
    await stage.look()
    assert stage.ready == ("True", "Usable")


async def test_who_does_not_lead_writes_nothing(stage: Passes) -> None:
    stage.kube.create(IDENTITY, spec_of())
    passes = IdentityReconciler(
        kube=stage.kube,
        identities=identities_of(stage.kube, stage.cache),
        provider=stage.provider,
        clock=stage.clock,
        default_region="us-east-1",
        sweep_seconds=600,
        fence=Fence(10.0),
    )
    stage.kube.calls.clear()
    assert (await passes.run(IDENTITY, Lane.CHANGE)).after_seconds is None
    assert stage.kube.calls == []
