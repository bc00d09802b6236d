"""Which Rekognition does a principal have in a Region, and with which SDK settings?"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeVar

import boto3
import botocore.session
from botocore.config import Config
from botocore.loaders import Loader, create_loader

from rekognition_operator import __version__
from rekognition_operator.aws.calls import Call, Caller, CallObserver, unobserved, unprepared
from rekognition_operator.aws.classify import SDK_FAILURES, classify
from rekognition_operator.aws.detection import RekognitionDetection
from rekognition_operator.aws.errors import ErrorKind
from rekognition_operator.aws.fence import Fence
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.aws.limiter import CallLimiter, TokenBucketLimiter, UnlimitedCalls
from rekognition_operator.aws.memory import RegionMemory
from rekognition_operator.aws.objects import S3Objects
from rekognition_operator.aws.rekognition import Boto3Rekognition
from rekognition_operator.aws.roles import RoleCredentials, role_session, utc_now
from rekognition_operator.aws.single_flight import SingleFlight
from rekognition_operator.aws.threads import CallThreads
from rekognition_operator.aws.usage import CloudWatchUsage
from rekognition_operator.core.in_service import account_of
from rekognition_operator.core.principal import Principal

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_rekognition.client import RekognitionClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sts.client import STSClient

T = TypeVar("T")

USER_AGENT: Final = f"rekognition-operator/{__version__}"
MAX_CONNECTIONS: Final = 24
"""Calls under way at a time, and threads: enough for the sum of all operations' rates at a second for each answer."""
CONNECT_TIMEOUT_SECONDS: Final = 5.0
READ_TIMEOUT_SECONDS: Final = 30.0
IDLE_SECONDS: Final = 6 * 3600.0
"""How long a principal is kept that nobody connects as: much longer than any resource goes unlooked at."""

LimiterFactory = Callable[[str, str], CallLimiter]
"""Makes the limiter of an (account, Region)."""
SessionFactory = Callable[[Loader], boto3.Session]
"""Makes the SDK session of the operator itself, over the loader that all sessions share."""
RoleSessionFactory = Callable[[Loader, RoleCredentials], boto3.Session]
"""Makes the SDK session of a role, over the same loader."""


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


@dataclass(frozen=True)
class _Clients:
    rekognition: "RekognitionClient"
    cloudwatch: "CloudWatchClient"
    s3: "S3Client"


@dataclass(frozen=True)
class _Login:
    """Who a principal turned out to be, and by which session it calls."""

    session: boto3.Session
    account: str
    renew: Callable[[], object]
    """Renews the credentials where that is due."""
    observer: CallObserver


class Boto3Provider:
    """Rekognition by principal and Region; implements ``RekognitionProvider``.

    A principal with a role has a session of its own, whose credentials renew themselves; all others share that of the
    operator. Gateways are kept by (principal, Region), limiters and what is remembered of AWS by (account, Region): who
    calls changes neither how much an account may nor what is there. AWS_ENDPOINT_URL and the other AWS_* variables work
    as in every AWS SDK.

    What is kept of a principal goes when its AWSIdentity is forgotten, or when nobody has connected as it for six
    hours: so neither identities that changed nor namespaces that are gone fill the memory. Whoever holds a gateway
    of it may use it on. A changed principal is another key: it never gets the credentials of the one before.

    Parameters
    ----------
    limiters
        AWS's default quotas, unless given.
    observer
        Is told of every call to Rekognition, CloudWatch, S3 and STS, also from other threads.
    fence
        Asked before every call that changes something; open for ever, unless given.
    max_connections
        Calls under way at a time: connections, and threads.
    session_factory
        How the operator's session is made; the default finds credentials as every AWS SDK does.
    role_session_factory
        How the session of a role is made.
    clock
        Monotonic seconds.
    now
        The time, against which credentials expire.
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
        role_session_factory: RoleSessionFactory = role_session,
        clock: Callable[[], float] = monotonic,
        now: Callable[[], datetime] = utc_now,
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
        self._role_session_factory = role_session_factory
        self._clock = clock
        self._now = now
        self._loader = create_loader()
        self._making = threading.Lock()  # to make a session or client is not thread-safe in boto3
        self._own_session: boto3.Session | None = None
        self._logins: dict[Principal, _Login] = {}
        self._used_at: dict[Principal, float] = {}
        self._limiters: dict[tuple[str, str], CallLimiter] = {}
        self._memories: dict[tuple[str, str], RegionMemory] = {}
        self._gateways: dict[tuple[Principal, str], Boto3Rekognition] = {}
        self._logging_in = SingleFlight[Principal, _Login]()
        self._opening = SingleFlight[tuple[Principal, str], Boto3Rekognition]()

    async def connect(self, principal: Principal, region: str) -> Boto3Rekognition:
        """Return the Rekognition of a Region, called as this principal.

        The first time, its role is assumed by STS of this Region; however many ask at once, it is assumed once.

        Raises
        ------
        CallError
            The credentials do not work (sts:GetCallerIdentity), the role cannot be assumed (sts:AssumeRole), or the
            Region's name cannot be used.
        """
        self._used_at[principal] = self._clock()
        known = self._gateways.get((principal, region))
        if known is not None:
            return known
        return await self._opening.get((principal, region), lambda: self._open(principal, region))

    def forget(self, identity: str) -> None:
        """Drop what is kept for principals of an AWSIdentity that changed or is gone; a later connect starts anew."""
        self._drop([principal for principal in self._used_at if principal.identity == identity])

    def close(self) -> None:
        """Start no further call; those under way end in their threads, or with the process."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _drop(self, principals: list[Principal]) -> None:
        for principal in principals:
            self._used_at.pop(principal, None)
            self._logins.pop(principal, None)
        for key in [key for key in self._gateways if key[0] in principals]:
            del self._gateways[key]

    def _drop_idle(self) -> None:
        now = self._clock()
        self._drop([principal for principal, at in self._used_at.items() if now - at > IDLE_SECONDS])

    async def _open(self, principal: Principal, region: str) -> Boto3Rekognition:
        self._drop_idle()
        login = self._logins.get(principal)
        if login is None:
            login = await self._logging_in.get(principal, lambda: self._log_in(principal, region))
        unlimited = Caller(self._executor, UnlimitedCalls(), login.observer, principal=principal)
        clients = await self._in_thread(lambda: self._clients(login.session, principal, region))
        limiter = self._limiters.get((login.account, region))
        if limiter is None:
            limiter = self._limiters[login.account, region] = self._limiter_factory(login.account, region)
        caller = Caller(
            self._executor, limiter, login.observer, fence=self._fence, prepare=login.renew, principal=principal
        )
        gateway = Boto3Rekognition(
            clients.rekognition,
            account=login.account,
            region=region,
            caller=caller,
            usage=CloudWatchUsage(clients.cloudwatch, caller),
            objects=S3Objects(clients.s3, region=region, caller=unlimited),
            detection=RekognitionDetection(clients.rekognition, caller),
            memory=self._memories.setdefault((login.account, region), RegionMemory()),
            clock=self._clock,
        )
        self._used_at.setdefault(principal, self._clock())  # it may have been forgotten meanwhile
        self._logins[principal] = login
        self._gateways[principal, region] = gateway
        return gateway

    async def _log_in(self, principal: Principal, region: str) -> _Login:
        sts = await self._in_thread(lambda: self._sts(principal, region))
        if principal.role_arn is None:
            caller = Caller(self._executor, UnlimitedCalls(), self._observer, principal=principal)
            answer = await caller.read("GetCallerIdentity", Lane.CHANGE, sts.get_caller_identity)
            session = self._operator_session()
            own = await self._in_thread(session.get_credentials)
            renew = unprepared if own is None else own.get_frozen_credentials
            return _Login(session, answer["Account"], renew, self._observer)
        credentials = RoleCredentials(
            principal, principal.role_arn, sts, self._observer, clock=self._clock, now=self._now
        )
        await self._in_thread(credentials.get_frozen_credentials)
        session = await self._in_thread(lambda: self._role_session(credentials))

        def observe(call: Call) -> None:
            if call.outcome == ErrorKind.CREDENTIALS:
                credentials.distrust()
            self._observer(call)

        account = account_of(principal.role_arn)  # a role acts in its own account
        return _Login(session, account, credentials.get_frozen_credentials, observe)

    async def _in_thread(self, make: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, make)

    def _sts(self, principal: Principal, region: str) -> "STSClient":
        """Return STS as the operator itself calls it, in the Region."""
        with self._making, _classified("GetCallerIdentity", principal):
            endpoint = dict(principal.endpoints).get("sts")
            return self._operator_session().client(
                "sts", region_name=region, config=self._config, endpoint_url=endpoint
            )

    def _role_session(self, credentials: RoleCredentials) -> boto3.Session:
        with self._making:
            return self._role_session_factory(self._loader, credentials)

    def _operator_session(self) -> boto3.Session:
        if self._own_session is None:
            self._own_session = self._session_factory(self._loader)
        return self._own_session

    def _clients(self, session: boto3.Session, principal: Principal, region: str) -> _Clients:
        endpoints = dict(principal.endpoints)
        with self._making, _classified("DescribeProjects", principal):
            return _Clients(
                session.client(
                    "rekognition", region_name=region, config=self._config, endpoint_url=endpoints.get("rekognition")
                ),
                session.client(
                    "cloudwatch", region_name=region, config=self._config, endpoint_url=endpoints.get("cloudwatch")
                ),
                session.client("s3", region_name=region, config=self._config, endpoint_url=endpoints.get("s3")),
            )


@contextmanager
def _classified(operation: str, principal: Principal) -> Iterator[None]:
    """Let a client that cannot be made fail as the first call that it is for."""
    try:
        yield
    except SDK_FAILURES as failure:
        raise replace(classify(operation, failure), principal=principal) from failure
