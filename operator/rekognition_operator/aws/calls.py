"""How does one call to AWS run: in a thread, at the account's rate, with its time noted and its failure classified?"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Final, TypeVar

from botocore.exceptions import ClientError

from rekognition_operator.aws.classify import SDK_FAILURES, classify
from rekognition_operator.aws.errors import PASSING, CallError, ErrorKind
from rekognition_operator.aws.fence import Fence, FencedError
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.aws.limiter import CallLimiter
from rekognition_operator.aws.servertime import ServerTime
from rekognition_operator.core.principal import OPERATOR, Principal

T = TypeVar("T")

READ_ATTEMPTS: Final = 3
"""How often a read is tried in all, where the fault passes."""
_FIRST_DELAY_SECONDS: Final = 0.4


@dataclass(frozen=True)
class Call:
    """A call to AWS that has ended, for metrics and logs.

    ``outcome`` is ``ok``, the ErrorKind's value, ``Cancelled`` (nobody waits for the answer), ``Fenced``
    (not made), or ``Bug`` (ours).
    ``seconds`` are those of the call itself; ``waited_seconds`` those that the limiter held it back before.
    ``changes`` tells a call that may change something in AWS from one that only reads.
    """

    operation: str
    outcome: str
    seconds: float
    lane: Lane
    waited_seconds: float = 0.0
    changes: bool = False
    request_id: str | None = None
    """AWS's, where there was an answer: what AWS Support asks for, and CloudTrail shows."""
    code: str | None = None
    """AWS's error code, where it was an error."""


CallObserver = Callable[[Call], None]
"""Is told of every call."""


def unobserved(_call: Call, /) -> None:
    """Take no note."""


def unprepared() -> None:
    """Need nothing before a call."""


@dataclass(frozen=True)
class Caller:
    """Runs calls in one (account, Region).

    boto3 blocks, so each call runs in a thread of ``executor``. Reads are tried a few times; a call that changes
    something never is: whether to ask again is a decision, made on a new look.
    """

    executor: Executor
    limiter: CallLimiter
    observer: CallObserver = unobserved
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = field(default=random.random)
    """A number from 0 to 1: which part of the longest delay is waited."""
    time: ServerTime = field(default_factory=ServerTime)
    """AWS's own time of its answers, also of those that are errors."""
    fence: Fence = field(default_factory=Fence)
    """Asked right before each call that changes something."""
    prepare: Callable[[], object] = unprepared
    """Run before the fence is asked: gets credentials, whose renewal may take longer than the fence stays open."""
    principal: Principal = OPERATOR
    """Who calls, for errors to name."""

    async def read(self, operation: str, lane: Lane, call: Callable[[], T]) -> T:
        """Make a call that changes nothing; a passing fault is tried again, at most twice.

        Raises
        ------
        CallError
            The last failure.
        """
        for attempt in range(READ_ATTEMPTS - 1):
            try:
                return await self._once(operation, lane, call, changes=False)
            except CallError as error:
                if error.kind not in PASSING:
                    raise
            await self.sleep(self.jitter() * _FIRST_DELAY_SECONDS * 2**attempt)
        return await self._once(operation, lane, call, changes=False)

    async def write(self, operation: str, lane: Lane, call: Callable[[], T]) -> T:
        """Make a call once.

        Raises
        ------
        CallError
            The failure; of kind LOST where the effect may have happened.
        FencedError
            This process may not change anything any more; the call was not made.
        """

        def fenced() -> T:
            self.prepare()
            with self.fence.change(operation):
                return call()

        return await self._once(operation, lane, fenced, changes=True)

    async def _once(self, operation: str, lane: Lane, call: Callable[[], T], *, changes: bool) -> T:
        asked_at = monotonic()
        await self.limiter.acquire(operation, lane)
        started_at = monotonic()
        outcome, request_id, code = "Bug", None, None
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self.executor, call)
            outcome, request_id = "ok", request_id_of(answer)
            self.time.hear(answer, asked_at=started_at, heard_at=monotonic())
            return answer  # noqa: TRY300  the finally below tells the outcome
        except SDK_FAILURES as failure:
            if isinstance(failure, ClientError):
                self.time.hear(failure.response, asked_at=started_at, heard_at=monotonic())
            error = replace(classify(operation, failure), principal=self.principal)
            outcome, request_id, code = error.kind.value, error.request_id, error.code
            if error.kind is ErrorKind.THROTTLED:
                self.limiter.throttled(operation)
            raise error from failure
        except CallError as error:  # such as that of the role which the call needed
            outcome, code = error.kind.value, error.code
            raise
        except FencedError:
            outcome = "Fenced"
            raise
        except asyncio.CancelledError:
            outcome = "Cancelled"
            raise
        finally:
            seconds, waited = monotonic() - started_at, started_at - asked_at
            self.observer(Call(operation, outcome, seconds, lane, waited, changes, request_id, code))


def request_id_of(answer: object) -> str | None:
    """Read ResponseMetadata.RequestId of an answer of boto3; None where it has none."""
    for name in ("ResponseMetadata", "RequestId"):
        answer = answer.get(name) if isinstance(answer, Mapping) else None
    return answer if isinstance(answer, str) else None
