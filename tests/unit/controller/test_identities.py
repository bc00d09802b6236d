"""As whom does a pass call AWS, and what does a change of an identity or a namespace start?"""

import pytest

from fakes.identities import identities_of
from fakes.kube import FakeKube
from fakes.rekognition import FakeRekognition
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.kube.errors import KubeForbiddenError
from rekognition_operator.kube.resource import JsonObject, Resource, ResourceKey
from unit.controller.stage import KEY, SPEC, Stage, edited

IDENTITY = ResourceKey("AWSIdentity", "", "team-a")
OTHER = ResourceKey("AWSIdentity", "", "team-b")
NAMESPACE = ResourceKey("Namespace", "", KEY.namespace)
ACCOUNT, OTHER_ACCOUNT = "111122223333", "444455556666"
NAMED: JsonObject = {**SPEC, "identityRef": {"name": "team-a"}}


def role(account: str) -> str:
    return f"arn:aws:iam::{account}:role/rekognition"


def spec_of(account: str = ACCOUNT, **members: object) -> JsonObject:
    allowed: JsonObject = {"names": [KEY.namespace]}
    return {"roleArn": role(account), "allowedNamespaces": allowed, **members}  # type: ignore[dict-item]  # JSON


class Accounts(Stage):
    """A stage with two more accounts, each with an identity, and the namespace of the resource."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.theirs, self.others = self.account(ACCOUNT), self.account(OTHER_ACCOUNT)
        self.kube.create(NAMESPACE, {})
        self.kube.label(NAMESPACE, team="a")

    def account(self, number: str) -> FakeRekognition:
        fake = FakeRekognition(account=number, now=self.clock.now)
        fake.on_call = self.log.append
        self.provider.add(fake)
        return fake

    async def settled(self, passes: int = 10) -> None:
        for _ in range(passes):
            await self.run()
            for fake in (self.aws, self.theirs, self.others):
                fake.advance()
                for version in fake.versions:
                    if version.status == "TRAINING_IN_PROGRESS":
                        fake.complete(version.arn)
            self.clock.seconds += 2
        assert self.condition("Ready") == "True", self.resource.status


@pytest.fixture
def stage() -> Accounts:
    return Accounts()


async def test_a_resource_is_trained_in_the_account_of_its_identity(stage: Accounts) -> None:
    stage.kube.create(IDENTITY, spec_of())
    stage.create(NAMED)

    await stage.settled()

    assert [len(fake.versions) for fake in (stage.aws, stage.theirs)] == [0, 1]
    principal, region = stage.provider.connected[-1]
    assert (principal.identity, principal.role_arn, region) == ("team-a", role(ACCOUNT), "us-east-1")
    assert principal.session_name == f"test-{KEY.namespace}"


async def test_the_region_is_the_identitys_where_the_resource_has_none(stage: Accounts) -> None:
    stage.kube.create(IDENTITY, spec_of(region="eu-west-1"))
    stage.create(NAMED)
    await stage.run()
    assert stage.provider.connected[-1][1] == "eu-west-1"

    stage.kube.delete(KEY)
    stage.kube.set_finalizers(KEY)
    stage.create({**NAMED, "region": "us-east-1"})
    await stage.run()
    assert stage.provider.connected[-1][1] == "us-east-1"


@pytest.mark.parametrize(
    ("identity", "spec", "reason"),
    [
        (None, NAMED, "IdentityNotFound"),
        (spec_of(allowedNamespaces={"names": ["other"]}), NAMED, "IdentityNotAllowed"),
        (spec_of(allowedNamespaces={"selector": {"matchLabels": {"team": "b"}}}), NAMED, "IdentityNotAllowed"),
        (spec_of(allowedBuckets=["other-*"]), NAMED, "BucketNotAllowed"),
        (spec_of(allowedBuckets=[], roleArn=None), NAMED, "BucketNotAllowed"),
        (spec_of(region=7), NAMED, "IdentityUnknown"),
    ],
)
async def test_who_is_refused_is_stalled_before_aws_is_even_connected_to(
    stage: Accounts, identity: JsonObject | None, spec: JsonObject, reason: str
) -> None:
    if identity is not None:
        stage.kube.create(IDENTITY, identity)
    stage.create(spec)

    for _ in range(3):
        await stage.run()

    found = stage.finding("Stalled")
    assert found is not None
    assert found[0] == reason
    assert "kubectl" not in found[1]
    assert stage.provider.connected == []
    assert stage.kube.writes == []  # the third time there is nothing new to say


async def test_the_operators_own_credentials_are_for_nobody_where_they_are_denied(stage: Accounts) -> None:
    stage.default_identity = "deny"
    stage.start()
    stage.kube.create(IDENTITY, spec_of())
    stage.create()

    await stage.run()
    found = stage.finding("Stalled")
    assert found is not None
    assert found[0] == "DefaultIdentityDenied"
    assert stage.provider.connected == []

    stage.kube.edit_spec(KEY, NAMED)
    await stage.settled()
    assert len(stage.theirs.versions) == 1


async def test_a_label_that_goes_stops_everything_and_one_that_comes_back_trains_nothing(stage: Accounts) -> None:
    stage.kube.create(IDENTITY, spec_of(allowedNamespaces={"selector": {"matchLabels": {"team": "a"}}}))
    stage.create(NAMED)
    await stage.settled()
    stage.requeued.clear()

    stage.kube.label(NAMESPACE)
    assert stage.requeued == [KEY]
    stage.kube.edit_spec(KEY, {**edited(70), "identityRef": {"name": "team-a"}})
    before = len(stage.provider.connected)
    await stage.run()
    found = stage.finding("Stalled")
    assert found is not None
    assert found[0] == "IdentityNotAllowed"
    assert len(stage.provider.connected) == before
    assert stage.condition("Ready") == "True"  # what serves, serves

    stage.kube.edit_spec(KEY, NAMED)
    stage.kube.label(NAMESPACE, team="a")
    await stage.settled()
    assert stage.finding("Stalled") is None
    assert len(stage.theirs.versions) == 1


async def test_a_resource_does_not_move_to_another_account_by_its_identity(stage: Accounts) -> None:
    stage.kube.create(IDENTITY, spec_of())
    stage.kube.create(OTHER, spec_of(OTHER_ACCOUNT))
    stage.create(NAMED)
    await stage.settled()

    stage.kube.edit_spec(KEY, {**SPEC, "identityRef": {"name": "team-b"}})
    for fake in (stage.theirs, stage.others):
        fake.effects.clear()
    for _ in range(3):
        await stage.run()
        assert stage.theirs.effects == []
        assert stage.others.effects == []
    found = stage.finding("Stalled")
    assert found is not None
    assert found[0] == "ProjectMoved"
    assert "spec.identityRef" in found[1]
    assert f"accept-move={OTHER_ACCOUNT}/us-east-1" in found[1]

    stage.kube.annotate(KEY, accept_move=f"{OTHER_ACCOUNT}/us-east-1")
    await stage.settled()
    assert len(stage.others.versions) == 1


async def test_another_identity_of_the_same_account_goes_on_with_the_same_project(stage: Accounts) -> None:
    stage.kube.create(IDENTITY, spec_of())
    stage.kube.create(OTHER, spec_of())
    stage.create(NAMED)
    await stage.settled()

    stage.kube.edit_spec(KEY, {**SPEC, "identityRef": {"name": "team-b"}})
    await stage.settled()

    assert len(stage.theirs.versions) == 1
    assert stage.provider.connected[-1][0].identity == "team-b"


async def test_a_deleted_resource_whose_identity_is_gone_waits_and_says_how_to_let_it_go(stage: Accounts) -> None:
    stage.kube.create(IDENTITY, spec_of())
    stage.create(NAMED)
    await stage.settled()

    stage.kube.delete(IDENTITY)
    stage.kube.delete(KEY)
    await stage.run()

    found = stage.finding("Stalled")
    assert found is not None
    assert found[0] == "IdentityNotFound"
    assert "force-release=true" in found[1]
    assert stage.resource.claimed

    stage.kube.annotate(KEY, force_release="true")
    await stage.run()
    assert stage.kube.read(KEY) is None
    assert stage.theirs.versions


async def test_a_bucket_that_is_no_longer_allowed_keeps_no_resource_from_being_deleted(stage: Accounts) -> None:
    stage.kube.create(IDENTITY, spec_of())
    stage.create({**NAMED, "deletion": {"policy": "Delete"}})
    await stage.settled()

    stage.kube.edit_spec(IDENTITY, spec_of(allowedBuckets=[]))
    await stage.run()
    found = stage.finding("Stalled")
    assert found is not None
    assert found[0] == "BucketNotAllowed"
    stage.kube.delete(KEY)
    for _ in range(10):
        await stage.run()
        stage.theirs.advance()

    assert stage.kube.read(KEY) is None
    assert not stage.theirs.versions


async def test_a_change_of_an_identity_concerns_only_those_who_name_it(stage: Accounts) -> None:
    stage.kube.create(IDENTITY, spec_of())
    stage.kube.create(OTHER, spec_of())
    stage.create(NAMED)
    stage.requeued.clear()

    stage.kube.edit_spec(OTHER, spec_of(externalId="x-1"))
    assert stage.requeued == [OTHER]
    assert stage.provider.forgotten == ["team-b"]
    stage.requeued.clear()
    stage.kube.set_status(IDENTITY, {"usedBy": 1})
    assert stage.requeued == []
    stage.kube.edit_spec(IDENTITY, spec_of(externalId="x-2"))
    assert stage.requeued == [IDENTITY, KEY]
    stage.requeued.clear()
    stage.kube.delete(IDENTITY)
    assert stage.requeued == [IDENTITY, KEY]
    assert stage.provider.forgotten == ["team-b", "team-a", "team-a"]


async def test_an_identity_that_the_watch_has_not_told_of_is_read(stage: Accounts) -> None:
    stage.stop_watching()
    stage.kube.create(IDENTITY, spec_of(allowedNamespaces={"selector": {"matchLabels": {"team": "a"}}}))
    stage.learn(stage.create(NAMED))

    await stage.run()

    assert stage.finding("Stalled") is None
    assert stage.provider.connected != []
    await stage.run()
    assert [call.key for call in stage.kube.calls if call.method == "get" and call.key in {IDENTITY, NAMESPACE}] == []


async def test_a_list_brings_what_is_there_and_takes_away_what_is_gone(stage: Accounts) -> None:
    stage.stop_watching()
    stage.kube.create(IDENTITY, spec_of())
    stage.learn(stage.create(NAMED))
    await stage.identities.list_once()
    assert stage.requeued == [IDENTITY, KEY]
    assert stage.identities.get(IDENTITY) is not None

    stage.requeued.clear()
    await stage.identities.list_once()
    assert stage.requeued == []
    stage.kube.delete(IDENTITY)
    await stage.identities.list_once()
    assert stage.requeued == [IDENTITY, KEY]
    assert stage.identities.get(IDENTITY) is None


def forbid(kube: FakeKube) -> None:
    """Let the first two lists, of identities and of namespaces, be refused."""
    kube.fail("list_all", KubeForbiddenError("list", "forbidden", 403), times=2)


async def test_without_the_rights_only_those_who_name_an_identity_are_stalled(stage: Accounts) -> None:
    stage.kube.create(IDENTITY, spec_of())
    stage.start()
    forbid(stage.kube)
    await stage.identities.list_once()
    assert stage.identities.readable == ()

    stage.create(NAMED)
    await stage.run()
    found = stage.finding("Stalled")
    assert found is not None
    assert found[0] == "IdentityUnknown"
    assert "awsidentities" in found[1]
    assert stage.provider.connected == []

    stage.kube.edit_spec(KEY, SPEC)
    await stage.settled()


async def test_no_resource_is_judged_before_the_identities_are_listed(stage: Accounts) -> None:
    waiting = stage.identities.listed()
    waiting.send(None)
    await stage.identities.list_once()
    with pytest.raises(StopIteration):
        waiting.send(None)


def test_a_resource_says_which_identity_it_names() -> None:
    kube = FakeKube()
    plain: Resource = kube.create(KEY, SPEC)
    assert plain.identity is None
    assert kube.edit_spec(KEY, NAMED).identity == "team-a"


async def test_an_identity_is_told_when_a_resource_names_it_and_when_it_does_no_longer(stage: Accounts) -> None:
    asked: list[tuple[ResourceKey, Lane]] = []
    identities = identities_of(stage.kube, stage.cache, requeue=lambda key, lane: asked.append((key, lane)))
    identities.used(stage.create(NAMED))
    identities.used(stage.kube.edit_spec(KEY, SPEC))
    assert asked == [(IDENTITY, Lane.CHANGE)]
