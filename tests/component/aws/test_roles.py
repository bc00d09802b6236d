"""Is AWS called as the role of a principal, in the role's account, and as a new session once one has ended?"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from rekognition_operator.api.conditions import Reason
from rekognition_operator.aws.calls import Call
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.aws.hindrance import hindrance_of
from rekognition_operator.aws.limiter import UnlimitedCalls
from rekognition_operator.aws.permissions import PERMISSIONS, Feature
from rekognition_operator.aws.policies import Scope, permission_policy
from rekognition_operator.aws.provider import Boto3Provider
from rekognition_operator.aws.rekognition import Boto3Rekognition
from rekognition_operator.core.hindrance import Terminal, Transient
from rekognition_operator.core.principal import OPERATOR, Principal
from rekognition_operator.core.world import Feature as ProjectFeature
from rekognition_sandbox.emulator.aws_client import client_environment
from rekognition_sandbox.emulator.client import EmulatorControl
from rekognition_sandbox.emulator.process import EmulatorProcess
from rekognition_sandbox.emulator.wire import AssumeRoleRecord, RoleTrust

REGION = "us-east-1"
ARN = "arn:aws:iam::210987654321:role/trainer"
TEAM = Principal(
    identity="team",
    role_arn=ARN,
    external_id="storefront-7",
    session_name="acme-storefront",
    session_tags=(("namespace", "storefront"), ("cluster", "acme")),
)
OTHERS = Principal(identity="others", role_arn="arn:aws:iam::333344445555:role/trainer", session_name="acme-others")


@dataclass
class Roles:
    """A provider as the operator has it, and the world that it meets."""

    control: EmulatorControl
    calls: list[Call] = field(default_factory=list)
    monotonic: float = 1000.0
    ahead: timedelta = timedelta()
    """How much later it is for the operator than for AWS."""

    def __post_init__(self) -> None:
        self.provider = Boto3Provider(
            limiters=lambda _account, _region: UnlimitedCalls(),
            observer=self.calls.append,
            clock=lambda: self.monotonic,
            now=lambda: datetime.now(UTC) + self.ahead,
        )

    async def connect(self, principal: Principal = TEAM, region: str = REGION) -> Boto3Rekognition:
        return await self.provider.connect(principal, region)

    def assumed(self, role_arn: str = ARN) -> list[str]:
        return [record.outcome for record in self.control.assumed_roles(role_arn)]


@pytest.fixture
async def roles(server: EmulatorProcess, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Roles]:
    for name, value in client_environment(server.url).items():
        monkeypatch.setenv(name, value)
    server.control.reset(s3=True)
    made = Roles(server.control)
    yield made
    made.provider.close()


async def look(aws: Boto3Rekognition, name: str = "storefront") -> bool:
    found = await aws.describe_project(name, ProjectFeature.CONTENT_MODERATION, lane=Lane.CHANGE, max_age_seconds=0)
    return found is not None


async def create(aws: Boto3Rekognition, name: str = "storefront") -> str:
    return await aws.create_project(
        name, ProjectFeature.CONTENT_MODERATION, auto_update=False, tags={}, lane=Lane.CHANGE
    )


async def test_each_role_has_the_account_that_it_is_in(roles: Roles) -> None:
    team, others, operator = await roles.connect(), await roles.connect(OTHERS), await roles.connect(OPERATOR)
    assert [aws.account for aws in (team, others, operator)] == ["210987654321", "333344445555", "123456789012"]
    arn = await create(team)
    assert arn.split(":")[4] == "210987654321"
    assert [await look(aws) for aws in (team, others, operator)] == [True, False, False]
    assert {record.account for record in roles.control.calls("CreateProject")} == {"210987654321"}
    now = datetime.now(UTC)
    await team.successful_requests(since=now - timedelta(hours=1), until=now, lane=Lane.CHANGE)


async def test_a_session_says_who_asks(roles: Roles) -> None:
    await roles.connect()
    assert roles.control.assumed_roles() == [
        AssumeRoleRecord(
            role_arn=ARN,
            session_name="acme-storefront",
            external_id="storefront-7",
            tags={"namespace": "storefront", "cluster": "acme"},
            caller_account="123456789012",
            region=REGION,
            outcome="ok",
        )
    ]


async def test_a_role_is_assumed_once_for_all_its_regions_and_calls(roles: Roles) -> None:
    gateways = await asyncio.gather(*(roles.connect(region=region) for region in [REGION, "eu-west-1"] * 5))
    for aws in gateways:
        await look(aws)
    assert len({id(aws) for aws in gateways}) == 2
    assert roles.assumed() == ["ok"]
    assert [call.operation for call in roles.calls].count("AssumeRole") == 1


@pytest.mark.parametrize(
    "trust",
    [
        RoleTrust(role_arn=ARN, assumable=False),
        RoleTrust(role_arn=ARN, external_id="another"),
        RoleTrust(role_arn=ARN, tags_allowed=False),
    ],
)
async def test_a_role_that_does_not_trust_the_operator_is_a_person_s_task(roles: Roles, trust: RoleTrust) -> None:
    roles.control.set_role(trust)
    results = await asyncio.gather(*(roles.connect() for _ in range(10)), return_exceptions=True)
    assert roles.assumed() == ["AccessDenied"]  # once, for all who asked at once
    (error,) = {str(result): result for result in results}.values()
    assert isinstance(error, CallError)
    hindrance = hindrance_of(error, None)
    assert isinstance(hindrance, Terminal)
    assert hindrance.reason is Reason.ACCESS_DENIED
    for said in (ARN, "AWSIdentity team", "sts:AssumeRole", "sts:TagSession", "external id", "trust policy"):
        assert said in hindrance.message
    assert "storefront-7" not in hindrance.message

    roles.control.set_role(RoleTrust(role_arn=ARN))
    assert await look(await roles.connect()) is False
    assert roles.assumed() == ["AccessDenied", "ok"]


@pytest.mark.parametrize("missing", [None, "sts:AssumeRole", "sts:TagSession"])
async def test_the_published_policy_is_all_that_the_operator_needs_to_assume_a_role(
    roles: Roles, missing: str | None
) -> None:
    permissions = [p for p in PERMISSIONS[Feature.IDENTITIES] if p.action != missing]
    roles.control.set_rights(permission_policy(permissions, Scope("123456789012", REGION, roles=(ARN,))))
    if missing is None:
        await roles.connect()
        with pytest.raises(CallError, match="AssumeRole: AccessDenied"):
            await roles.connect(OTHERS)
        return
    with pytest.raises(CallError, match=missing):
        await roles.connect()


async def test_a_changed_principal_never_gets_the_credentials_of_the_one_before(roles: Roles) -> None:
    roles.control.set_role(RoleTrust(role_arn=ARN, external_id="storefront-7"))
    await roles.connect()
    with pytest.raises(CallError, match="AssumeRole: AccessDenied"):
        await roles.connect(replace(TEAM, external_id="storefront-8"))
    assert roles.assumed() == ["ok", "AccessDenied"]


async def test_what_sts_finds_invalid_points_to_the_identity(roles: Roles) -> None:
    with pytest.raises(CallError) as caught:
        await roles.connect(replace(TEAM, session_name="no spaces"))
    hindrance = hindrance_of(caught.value, None)
    assert isinstance(hindrance, Terminal)
    assert (hindrance.reason, "AWSIdentity team" in hindrance.message) == (Reason.INVALID_REQUEST, True)


async def test_a_fault_of_sts_passes(roles: Roles) -> None:
    roles.control.fail("AssumeRole", "ServiceUnavailable", status=503, nth=1)
    with pytest.raises(CallError) as caught:
        await roles.connect()
    assert isinstance(hindrance_of(caught.value, None), Transient)
    assert (await roles.connect()).account == "210987654321"


@pytest.mark.parametrize("call", [look, create], ids=["a look", "a change"])
async def test_a_session_that_has_ended_is_replaced_with_the_next_pass(
    roles: Roles, call: Callable[[Boto3Rekognition], object]
) -> None:
    aws = await roles.connect()
    roles.control.end_sessions(ARN)
    roles.monotonic += 60
    with pytest.raises(CallError) as caught:
        await call(aws)  # type: ignore[misc]
    assert (caught.value.kind, caught.value.code) == (ErrorKind.CREDENTIALS, "ExpiredTokenException")
    hindrance = hindrance_of(caught.value, None)
    assert isinstance(hindrance, Transient)  # not Stalled
    assert ARN in hindrance.message

    assert await look(await roles.connect()) is False
    assert roles.assumed() == ["ok", "ok"]


async def test_credentials_are_renewed_before_they_expire_also_in_gateways_that_are_held(roles: Roles) -> None:
    aws = await roles.connect()
    roles.ahead = timedelta(minutes=44)
    await look(aws)
    assert roles.assumed() == ["ok"]
    roles.ahead = timedelta(minutes=46)
    await look(aws)
    assert roles.assumed() == ["ok", "ok"]


async def test_a_change_is_made_with_renewed_credentials(roles: Roles) -> None:
    aws = await roles.connect()
    roles.ahead = timedelta(minutes=55)
    await create(aws)
    assert "ok" in roles.assumed()[1:]


async def test_a_refusal_at_renewal_stops_nothing_until_ten_minutes_before_the_end(roles: Roles) -> None:
    aws = await roles.connect()
    roles.control.set_role(RoleTrust(role_arn=ARN, assumable=False))
    roles.ahead = timedelta(minutes=46)
    for _ in range(5):
        assert await look(aws) is False
    assert roles.assumed() == ["ok", "AccessDenied"]  # and not for each call

    roles.ahead = timedelta(minutes=51)
    roles.monotonic += 60
    results = await asyncio.gather(*(look(aws, f"project-{n}") for n in range(10)), return_exceptions=True)
    assert {str(result).partition(": User")[0] for result in results} == {"AssumeRole: AccessDenied"}
    assert roles.assumed() == ["ok", "AccessDenied", "AccessDenied"]
    with pytest.raises(CallError) as caught:
        await create(aws)
    assert caught.value.kind is ErrorKind.CREDENTIALS  # it says nothing of the call that was not made
    assert roles.control.calls("CreateProject") == []
