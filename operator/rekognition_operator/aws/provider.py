"""Which Rekognition does the operator's identity have in a Region, and with which SDK settings?"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Final

import boto3
import botocore.session
from botocore.config import Config
from botocore.loaders import Loader, create_loader

from rekognition_operator import __version__
from rekognition_operator.aws.calls import Caller, CallObserver, unobserved
from rekognition_operator.aws.detection import RekognitionDetection
from rekognition_operator.aws.errors import CallError
from rekognition_operator.aws.fence import Fence
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.aws.limiter import CallLimiter, TokenBucketLimiter, UnlimitedCalls
from rekognition_operator.aws.objects import S3Objects
from rekognition_operator.aws.rekognition import Boto3Rekognition
from rekognition_operator.aws.threads import CallThreads
from rekognition_operator.aws.usage import CloudWatchUsage
from rekognition_operator.core.principal import Principal

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_rekognition.client import RekognitionClient
    from mypy_boto3_s3.client import S3Client

USER_AGENT: Final = f"rekognition-operator/{__version__}"
MAX_CONNECTIONS: Final = 24
"""Calls under way at a time, and threads: enough for the sum of all operations' rates at a second for each answer."""
CONNECT_TIMEOUT_SECONDS: Final = 5.0
READ_TIMEOUT_SECONDS: Final = 30.0

LimiterFactory = Callable[[str, str], CallLimiter]
"""Makes the limiter of an (account, Region)."""
SessionFactory = Callable[[Loader], boto3.Session]
"""Makes the SDK session of an identity, over the loader that all of them share."""


def sdk_config(*, max_connections: int, connect_timeout_seconds: float, read_timeout_seconds: float) -> Config:
    """Return the SDK's settings. It tries nothing twice by itself.

    Its standard mode counts LimitExceededException as throttling (``botocore/retries/standard.py``), so it would hide
    a full quota; and it would repeat a CreateProjectVersion whose answer got lost. S3 is asked in the Region itself:
    the endpoint that us-east-1 has by default serves buckets of every Region.
    """
    return Config(
        retries={"mode": "standard", "total_max_attempts": 1},
        connect_timeout=connect_timeout_seconds,
        read_timeout=read_timeout_seconds,
        max_pool_connections=max_connections,
        tcp_keepalive=True,
        user_agent_extra=USER_AGENT,
        s3={"us_east_1_regional_endpoint": "regional"},
    )


def default_session(loader: Loader) -> boto3.Session:
    """Return a session with the credentials that the SDK finds by itself.

    All sessions share one loader of the API models: 0.7 instead of 14.3 MiB for each further one (measured).
    """
    session = botocore.session.Session()
    session.register_component("data_loader", loader)
    return boto3.Session(botocore_session=session)


class Boto3Provider:
    """Rekognition by Region for the operator's identity; implements ``RekognitionProvider``.

    Sessions are kept by identity, gateways by (identity, account, Region), limiters by (account, Region): who calls
    does not change how much an account may. AWS_ENDPOINT_URL and the other AWS_* variables work as in every AWS SDK.

    Parameters
    ----------
    limiters
        AWS's default quotas, unless given.
    observer
        Is told of every call to Rekognition, CloudWatch and S3.
    fence
        Asked before every call that changes something; open for ever, unless given.
    max_connections
        Calls under way at a time: connections, and threads.
    session_factory
        How a session is made; the default finds credentials as every AWS SDK does.
    """

    def __init__(
        self,
        *,
        limiters: LimiterFactory = lambda _account, region: TokenBucketLimiter(region=region),
        observer: CallObserver = unobserved,
        fence: Fence | None = None,
        max_connections: int = MAX_CONNECTIONS,
        connect_timeout_seconds: float = CONNECT_TIMEOUT_SECONDS,
        read_timeout_seconds: float = READ_TIMEOUT_SECONDS,
        session_factory: SessionFactory = default_session,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._config = sdk_config(
            max_connections=max_connections,
            connect_timeout_seconds=connect_timeout_seconds,
            read_timeout_seconds=read_timeout_seconds,
        )
        self._executor = CallThreads(max_connections, "aws")
        self._limiter_factory = limiters
        self._observer = observer
        self._fence = fence or Fence()
        self._session_factory = session_factory
        self._clock = clock
        self._loader = create_loader()
        self._sessions: dict[Principal, boto3.Session] = {}
        self._accounts: dict[Principal, str] = {}
        self._limiters: dict[tuple[str, str], CallLimiter] = {}
        self._gateways: dict[tuple[Principal, str, str], Boto3Rekognition] = {}
        self._opening: dict[tuple[Principal, str], asyncio.Task[Boto3Rekognition]] = {}

    async def connect(self, principal: Principal, region: str) -> Boto3Rekognition:
        """Return the Rekognition of a Region, called as this principal.

        Raises
        ------
        CallError
            The credentials do not work (sts:GetCallerIdentity), or the Region's name cannot be used.
        """
        identity = principal
        account = self._accounts.get(identity)
        known = self._gateways.get((identity, account, region)) if account is not None else None
        if known is not None:
            return known
        opening = self._opening.get((identity, region))
        if opening is None:  # asked once for all who wait, however many resources there are
            opening = asyncio.create_task(self._open(identity, region), name=f"open-rekognition-{region}")
            opening.add_done_callback(lambda task: self._opened((identity, region), task))
            self._opening[identity, region] = opening
        try:
            return await asyncio.shield(opening)
        except CallError as error:
            raise replace(error) from error  # each waiter has its own traceback

    def forget(self, identity: str) -> None:
        """Drop what is kept for principals of an AWSIdentity that changed or is gone; a later connect starts anew."""
        for kept in (self._sessions, self._accounts):
            for principal in [p for p in kept if p.identity == identity]:
                del kept[principal]
        for key in [k for k in self._gateways if k[0].identity == identity]:
            del self._gateways[key]

    def close(self) -> None:
        """Start no further call; those under way end in their threads, or with the process."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _opened(self, key: tuple[Principal, str], task: asyncio.Task[Boto3Rekognition]) -> None:
        self._opening.pop(key, None)
        if not task.cancelled():
            task.exception()  # it is raised to those who wait; who was cancelled does not miss it

    async def _open(self, identity: Principal, region: str) -> Boto3Rekognition:
        unlimited = Caller(self._executor, UnlimitedCalls(), self._observer)

        def connect() -> "tuple[str, RekognitionClient, CloudWatchClient, S3Client]":
            session = self._sessions.get(identity)
            if session is None:
                session = self._sessions.setdefault(identity, self._session_factory(self._loader))
            account = self._accounts.get(identity)
            if account is None:
                sts = session.client("sts", region_name=region, config=self._config)
                account = sts.get_caller_identity()["Account"]
            return (
                account,
                session.client("rekognition", region_name=region, config=self._config),
                session.client("cloudwatch", region_name=region, config=self._config),
                session.client("s3", region_name=region, config=self._config),
            )

        account, client, cloudwatch, s3 = await unlimited.read("GetCallerIdentity", Lane.CHANGE, connect)
        self._accounts[identity] = account
        limiter = self._limiters.get((account, region))
        if limiter is None:
            limiter = self._limiters[account, region] = self._limiter_factory(account, region)
        caller = Caller(self._executor, limiter, self._observer, fence=self._fence)
        gateway = Boto3Rekognition(
            client,
            account=account,
            region=region,
            caller=caller,
            usage=CloudWatchUsage(cloudwatch, caller),
            objects=S3Objects(s3, region=region, caller=unlimited),
            detection=RekognitionDetection(client, caller),
            clock=self._clock,
        )
        self._gateways[identity, account, region] = gateway
        return gateway
