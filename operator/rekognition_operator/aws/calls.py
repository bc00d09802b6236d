"""How does one call to AWS run: in a thread, at the account's rate, with its time noted and its failure classified?"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from time import monotonic
from typing import Final, TypeVar

from botocore.exceptions import ClientError

from rekognition_operator.aws.classify import SDK_FAILURES, classify
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.fence import Fence, FencedError
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.aws.limiter import CallLimiter
from rekognition_operator.aws.servertime import ServerTime

T = TypeVar("T")

READ_ATTEMPTS: Final = 3
"""How often a read is tried in all, where the fault passes."""
_PASSING: Final = frozenset({ErrorKind.THROTTLED, ErrorKind.SERVER, ErrorKind.LOST})
_FIRST_DELAY_SECONDS: Final = 0.4


CallObserver = Callable[[str, str, float, Lane], None]
"""Is told of every call, for metrics and logs: operation, outcome, seconds (without those in the queue), lane.

The outcome is ``ok``, the ErrorKind's value, ``Cancelled`` (nobody waits for the answer), ``Fenced``
(not made), or ``Bug`` (ours).
"""


def unobserved(_operation: str, _outcome: str, _seconds: float, _lane: Lane, /) -> None:
    """Take no note."""


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

    async def read(self, operation: str, lane: Lane, call: Callable[[], T]) -> T:
        """Make a call that changes nothing; a passing fault is tried again, at most twice.

        Raises
        ------
        CallError
            The last failure.
        """
        for attempt in range(READ_ATTEMPTS - 1):
            try:
                return await self._make(operation, lane, call)
            except CallError as error:
                if error.kind not in _PASSING:
                    raise
            await self.sleep(self.jitter() * _FIRST_DELAY_SECONDS * 2**attempt)
        return await self._make(operation, lane, call)

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
            with self.fence.change(operation):
                return call()

        return await self._make(operation, lane, fenced)

    async def _make(self, operation: str, lane: Lane, call: Callable[[], T]) -> T:
        await self.limiter.acquire(operation, lane)
        started_at = monotonic()
        outcome = "Bug"
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self.executor, call)
            outcome = "ok"
            self.time.hear(answer, asked_at=started_at, heard_at=monotonic())
            return answer  # noqa: TRY300  the finally below tells the outcome
        except SDK_FAILURES as failure:
            if isinstance(failure, ClientError):
                self.time.hear(failure.response, asked_at=started_at, heard_at=monotonic())
            error = classify(operation, failure)
            outcome = error.kind.value
            if error.kind is ErrorKind.THROTTLED:
                self.limiter.throttled(operation)
            raise error from failure
        except FencedError:
            outcome = "Fenced"
            raise
        except asyncio.CancelledError:
            outcome = "Cancelled"
            raise
        finally:
            self.observer(operation, outcome, monotonic() - started_at, lane)
