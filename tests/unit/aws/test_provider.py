"""Is AWS asked once who we are, are gateways shared, and do the SDK's settings keep it from trying twice?"""

import asyncio
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore import exceptions as sdk
from botocore.config import Config
from botocore.hooks import HierarchicalEmitter
from botocore.loaders import Loader

from rekognition_operator import __version__
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.fence import Fence, FencedError
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.aws.limiter import CallLimiter, UnlimitedCalls
from rekognition_operator.aws.provider import (
    CONNECT_TIMEOUT_SECONDS,
    MAX_CONNECTIONS,
    READ_TIMEOUT_SECONDS,
    Boto3Provider,
    default_session,
    sdk_config,
)
from rekognition_operator.core.principal import OPERATOR

if TYPE_CHECKING:
    from rekognition_operator.aws.gateway import RekognitionProvider


class FakeSession:
    """Gives clients, and says who we are."""

    def __init__(self) -> None:
        self.clients: list[tuple[str, str, Config]] = []
        self.asked = 0
        self.failures: list[Exception] = []
        self.meta = SimpleNamespace(events=HierarchicalEmitter())

    def client(
        self,
        service: str,
        *,
        region_name: str,
        config: Config,
        endpoint_url: str | None,  # noqa: ARG002
    ) -> "FakeSession":
        self.clients.append((service, region_name, config))
        return self

    def get_credentials(self) -> None:
        """Have none to renew."""

    def get_caller_identity(self) -> dict[str, str]:
        self.asked += 1
        if self.failures:
            raise self.failures.pop(0)
        return {"Account": "210987654321"}


class Setup:
    def __init__(self) -> None:
        self.session = FakeSession()
        self.loaders: list[Loader] = []
        self.limited: list[tuple[str, str]] = []
        self.provider = Boto3Provider(limiters=self.limiter, session_factory=self.make)

    def make(self, loader: Loader) -> boto3.Session:
        self.loaders.append(loader)
        return cast("boto3.Session", self.session)

    def limiter(self, account: str, region: str) -> CallLimiter:
        self.limited.append((account, region))
        return UnlimitedCalls()


@pytest.fixture
async def setup() -> AsyncIterator[Setup]:
    made = Setup()
    yield made
    made.provider.close()


async def test_the_provider_is_a_rekognition_provider(setup: Setup) -> None:
    provider: RekognitionProvider = setup.provider
    aws = await provider.connect(OPERATOR, "us-east-1")
    assert (aws.account, aws.region) == ("210987654321", "us-east-1")


async def test_who_we_are_is_asked_once_and_each_region_has_one_gateway(setup: Setup) -> None:
    first = await setup.provider.connect(OPERATOR, "us-east-1")
    assert await setup.provider.connect(OPERATOR, "us-east-1") is first
    assert await setup.provider.connect(OPERATOR, "eu-west-1") is not first
    assert setup.session.asked == 1
    assert [(service, region) for service, region, _ in setup.session.clients] == [
        ("sts", "us-east-1"),
        ("rekognition", "us-east-1"),
        ("cloudwatch", "us-east-1"),
        ("s3", "us-east-1"),
        ("rekognition", "eu-west-1"),
        ("cloudwatch", "eu-west-1"),
        ("s3", "eu-west-1"),
    ]
    assert setup.limited == [("210987654321", "us-east-1"), ("210987654321", "eu-west-1")]
    assert len(setup.loaders) == 1


async def test_all_who_ask_at_once_share_one_answer(setup: Setup) -> None:
    gateways = await asyncio.gather(*(setup.provider.connect(OPERATOR, "us-east-1") for _ in range(20)))
    assert len({id(gateway) for gateway in gateways}) == 1
    assert setup.session.asked == 1


async def test_credentials_that_do_not_work_fail_all_who_wait_and_are_tried_again_later(setup: Setup) -> None:
    setup.session.failures = [sdk.NoCredentialsError()]
    results = await asyncio.gather(
        *(setup.provider.connect(OPERATOR, "us-east-1") for _ in range(3)), return_exceptions=True
    )
    kinds = [(r.kind, r.operation, r.code) for r in results if isinstance(r, CallError)]
    assert kinds == [(ErrorKind.CREDENTIALS, "GetCallerIdentity", "NoCredentialsError")] * 3
    assert setup.session.asked == 1
    assert (await setup.provider.connect(OPERATOR, "us-east-1")).account == "210987654321"


async def test_who_leaves_does_not_keep_the_others_from_their_answer(setup: Setup) -> None:
    first = asyncio.create_task(setup.provider.connect(OPERATOR, "us-east-1"))
    second = asyncio.create_task(setup.provider.connect(OPERATOR, "us-east-1"))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).region == "us-east-1"
    assert setup.session.asked == 1


async def test_every_client_has_the_settings_that_forbid_the_sdk_to_try_twice(setup: Setup) -> None:
    await setup.provider.connect(OPERATOR, "us-east-1")
    for _, _, given in setup.session.clients:
        config = cast("Any", given)
        assert config.retries["total_max_attempts"] == 1
        assert (config.connect_timeout, config.read_timeout) == (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS)
        assert config.max_pool_connections == MAX_CONNECTIONS
        assert config.user_agent_extra == f"rekognition-operator/{__version__}"


def test_s3_is_asked_in_us_east_1_itself() -> None:
    config = sdk_config(max_connections=1, connect_timeout_seconds=1, read_timeout_seconds=1)
    client = boto3.client("s3", region_name="us-east-1", config=config)
    assert client.meta.endpoint_url == "https://s3.us-east-1.amazonaws.com"


def test_the_sdk_makes_one_attempt_and_shares_its_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "7")  # what the environment says does not weaken it
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1/")
    loader = Loader()
    config = sdk_config(max_connections=1, connect_timeout_seconds=1, read_timeout_seconds=1)
    client = default_session(loader).client("rekognition", region_name="us-east-1", config=config)
    sent: list[Callable[..., Any]] = []
    client.meta.events.register("before-send.rekognition", lambda **_: sent.append(client.describe_projects))
    with pytest.raises(sdk.EndpointConnectionError):
        client.describe_projects()
    assert len(sent) == 1
    assert client.meta.endpoint_url == "http://127.0.0.1:1/"
    assert any("boto" in path for path in loader.search_paths)


async def test_a_gateway_asks_the_fence_of_its_provider() -> None:
    session = cast("boto3.Session", FakeSession())
    provider = Boto3Provider(fence=Fence(10.0), session_factory=lambda _: session)
    try:
        aws = await provider.connect(OPERATOR, "us-east-1")
        with pytest.raises(FencedError):
            await aws.stop_version("arn:aws:rekognition:us-east-1:1:project/p/version/v/1", lane=Lane.CHANGE)
    finally:
        provider.close()
