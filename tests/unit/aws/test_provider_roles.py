"""Which sessions, clients and credentials does the provider keep for the roles of principals, and for how long?"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config
from botocore.hooks import HierarchicalEmitter
from botocore.loaders import Loader

from fakes.boto3_client import refusal
from rekognition_operator.aws.calls import Call
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.aws.limiter import CallLimiter, UnlimitedCalls
from rekognition_operator.aws.provider import IDLE_SECONDS, Boto3Provider
from rekognition_operator.aws.roles import RoleCredentials, role_session
from rekognition_operator.core.principal import OPERATOR, Principal
from rekognition_operator.core.world import Feature

if TYPE_CHECKING:
    from mypy_boto3_sts.client import STSClient

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TEAM = Principal(identity="team", role_arn="arn:aws:iam::210987654321:role/trainer", session_name="acme-one")
SAME_ROLE = replace(TEAM, session_name="acme-two")
OTHERS = Principal(identity="others", role_arn="arn:aws:iam::333344445555:role/trainer", session_name="acme-others")


class FakeSession:
    """Gives clients; as STS, who we are, and the credentials of roles; as Rekognition, no projects."""

    def __init__(self) -> None:
        self.clients: list[tuple[str, str, str | None]] = []
        self.assumed: list[str] = []
        self.failures: list[Exception] = []
        self.meta = SimpleNamespace(events=HierarchicalEmitter())

    def client(self, service: str, *, region_name: str, config: Config, endpoint_url: str | None) -> "FakeSession":  # noqa: ARG002
        self.clients.append((service, region_name, endpoint_url))
        return self

    def get_credentials(self) -> None:
        """Have none to renew."""

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "123456789012"}

    def assume_role(self, **request: str) -> dict[str, Any]:
        self.assumed.append(request["RoleSessionName"])
        given = {
            "AccessKeyId": "a",
            "SecretAccessKey": "b",
            "SessionToken": "c",
            "Expiration": NOW + timedelta(hours=1),
        }
        return {"Credentials": given}

    def describe_projects(self, **_: object) -> dict[str, Any]:
        if self.failures:
            raise self.failures.pop(0)
        return {"ProjectDescriptions": []}


@dataclass
class Setup:
    own: FakeSession = field(default_factory=FakeSession)
    sessions: list[FakeSession] = field(default_factory=list)
    loaders: list[Loader] = field(default_factory=list)
    limited: list[tuple[str, str]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    monotonic: float = 1000.0

    def __post_init__(self) -> None:
        self.provider = Boto3Provider(
            limiters=self.limiter,
            observer=self.calls.append,
            session_factory=self.own_session,
            role_session_factory=self.role_session,
            clock=lambda: self.monotonic,
            now=lambda: NOW,
        )

    def own_session(self, loader: Loader) -> boto3.Session:
        self.loaders.append(loader)
        return cast("boto3.Session", self.own)

    def role_session(self, loader: Loader, _: RoleCredentials) -> boto3.Session:
        self.loaders.append(loader)
        self.sessions.append(FakeSession())
        return cast("boto3.Session", self.sessions[-1])

    def limiter(self, account: str, region: str) -> CallLimiter:
        self.limited.append((account, region))
        return UnlimitedCalls()


@pytest.fixture
async def setup() -> AsyncIterator[Setup]:
    made = Setup()
    yield made
    made.provider.close()


async def test_a_principal_has_one_session_for_all_regions_and_all_share_one_loader(setup: Setup) -> None:
    for principal in (TEAM, OTHERS, OPERATOR):
        for region in ("us-east-1", "eu-west-1"):
            await setup.provider.connect(principal, region)
    assert len(setup.sessions) == 2
    assert len({id(loader) for loader in setup.loaders}) == 1
    assert setup.own.assumed == ["acme-one", "acme-others"]


async def test_what_has_no_role_is_called_as_the_operator(setup: Setup) -> None:
    aws = await setup.provider.connect(Principal(identity="plain"), "us-east-1")
    assert (aws.account, setup.sessions, setup.own.assumed) == ("123456789012", [], [])


async def test_what_is_remembered_of_an_account_is_known_to_all_who_call_there(setup: Setup) -> None:
    one = await setup.provider.connect(TEAM, "us-east-1")
    await one.describe_project("a", Feature.CONTENT_MODERATION, lane=Lane.SWEEP, max_age_seconds=60)
    calls = len(setup.calls)
    same = await setup.provider.connect(SAME_ROLE, "us-east-1")
    other = await setup.provider.connect(OTHERS, "us-east-1")

    def described() -> int:
        return sum(call.operation == "DescribeProjects" for call in setup.calls[calls:])

    await same.describe_project("a", Feature.CONTENT_MODERATION, lane=Lane.SWEEP, max_age_seconds=60)
    assert described() == 0
    await other.describe_project("a", Feature.CONTENT_MODERATION, lane=Lane.SWEEP, max_age_seconds=60)
    assert described() == 1


async def test_the_limits_are_those_of_the_account_whoever_calls(setup: Setup) -> None:
    one = await setup.provider.connect(TEAM, "us-east-1")
    assert await setup.provider.connect(SAME_ROLE, "us-east-1") is not one
    await setup.provider.connect(OTHERS, "us-east-1")
    assert setup.limited == [("210987654321", "us-east-1"), ("333344445555", "us-east-1")]


async def test_each_service_may_have_another_endpoint(setup: Setup) -> None:
    endpoints = {name: f"https://{name}.internal" for name in ("rekognition", "cloudwatch", "s3", "sts")}
    await setup.provider.connect(replace(TEAM, endpoints=tuple(endpoints.items())), "us-east-1")
    await setup.provider.connect(OTHERS, "us-east-1")
    assert setup.own.clients == [("sts", "us-east-1", endpoints["sts"]), ("sts", "us-east-1", None)]
    services = ("rekognition", "cloudwatch", "s3")
    assert setup.sessions[0].clients == [(service, "us-east-1", endpoints[service]) for service in services]
    assert setup.sessions[1].clients == [(service, "us-east-1", None) for service in services]


async def test_a_forgotten_identity_is_assumed_anew_and_no_other(setup: Setup) -> None:
    held = [await setup.provider.connect(principal, "us-east-1") for principal in (TEAM, SAME_ROLE, OTHERS)]
    setup.provider.forget("team")
    again = [await setup.provider.connect(principal, "us-east-1") for principal in (TEAM, SAME_ROLE, OTHERS)]
    assert [new is old for new, old in zip(again, held, strict=True)] == [False, False, True]
    assert setup.own.assumed == ["acme-one", "acme-two", "acme-others", "acme-one", "acme-two"]


async def test_who_is_not_used_for_hours_is_dropped_and_who_is_used_stays(setup: Setup) -> None:
    held = [await setup.provider.connect(principal, "us-east-1") for principal in (TEAM, OTHERS)]
    setup.monotonic += IDLE_SECONDS
    assert await setup.provider.connect(OTHERS, "us-east-1") is held[1]
    setup.monotonic += 1
    await setup.provider.connect(OTHERS, "eu-west-1")  # it is looked at when something is added
    assert await setup.provider.connect(OTHERS, "us-east-1") is held[1]
    assert await setup.provider.connect(TEAM, "us-east-1") is not held[0]
    assert setup.own.assumed == ["acme-one", "acme-others", "acme-one"]


async def test_errors_name_the_principal_that_called(setup: Setup) -> None:
    team, own = [await setup.provider.connect(principal, "us-east-1") for principal in (TEAM, OPERATOR)]
    setup.sessions[0].failures = setup.own.failures = [refusal("AccessDeniedException")] * 2
    for aws, principal in ((team, TEAM), (own, OPERATOR)):
        with pytest.raises(CallError) as caught:
            await aws.describe_project("a", Feature.CONTENT_MODERATION, lane=Lane.CHANGE, max_age_seconds=0)
        assert (caught.value.kind, caught.value.principal) == (ErrorKind.ACCESS_DENIED, principal)


async def test_a_region_that_cannot_be_is_refused_before_anything_is_asked() -> None:
    provider = Boto3Provider()
    with pytest.raises(CallError) as caught:
        await provider.connect(TEAM, "not a region")
    provider.close()
    assert (caught.value.kind, caught.value.principal) == (ErrorKind.INVALID, TEAM)


def test_a_session_calls_with_the_role_s_credentials_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-the-operator")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    loader, sts = Loader(), FakeSession()
    credentials = RoleCredentials(TEAM, str(TEAM.role_arn), cast("STSClient", sts), lambda _: None, now=lambda: NOW)
    session = role_session(loader, credentials)
    assert session.get_credentials() is credentials
    assert sts.assumed == []  # only when a call needs it
    session.client("rekognition", region_name="us-east-1")
    assert any("boto" in path for path in loader.search_paths)


async def test_sts_is_asked_in_the_region_of_the_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    asked: list[str] = []

    def session(loader: Loader) -> boto3.Session:  # noqa: ARG001
        made = boto3.Session()
        made.events.register("before-send.sts.AssumeRole", refuse)
        return made

    def refuse(request: AWSPreparedRequest, **_: object) -> None:
        asked.append(request.url)
        raise refusal("AccessDenied")

    provider = Boto3Provider(session_factory=session)
    with pytest.raises(CallError):
        await provider.connect(TEAM, "eu-west-1")
    provider.close()
    assert asked == ["https://sts.eu-west-1.amazonaws.com/"]
