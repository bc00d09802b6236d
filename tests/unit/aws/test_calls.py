"""Does a call run once where it changes something, and a few times where it only looks?"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import pytest
from botocore import exceptions as sdk

from fakes.clock import settle
from rekognition_operator.aws.calls import READ_ATTEMPTS, Call, Caller
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.fence import Fence, FencedError
from rekognition_operator.aws.gateway import Lane


def refused(code: str) -> sdk.ClientError:
    return sdk.ClientError({"Error": {"Code": code, "Message": "no"}}, "Operation")


class Limiter:
    def __init__(self) -> None:
        self.acquired: list[tuple[str, Lane]] = []
        self.slowed: list[str] = []

    async def acquire(self, operation: str, lane: Lane) -> None:
        self.acquired.append((operation, lane))

    def throttled(self, operation: str) -> None:
        self.slowed.append(operation)


class Setup:
    def __init__(self, executor: ThreadPoolExecutor) -> None:
        self.limiter = Limiter()
        self.slept: list[float] = []
        self.observed: list[tuple[str, str, Lane]] = []
        self.calls: list[Call] = []
        self.caller = Caller(executor, self.limiter, self.observe, self.sleep, lambda: 1.0)

    def observe(self, call: Call) -> None:
        assert call.seconds >= 0
        assert call.waited_seconds >= 0
        self.calls.append(call)
        self.observed.append((call.operation, call.outcome, call.lane))

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def setup() -> Setup:
    return Setup(ThreadPoolExecutor(max_workers=1))


def failing(times: int, failure: Exception) -> Callable[[], str]:
    """Make a call that fails so many times."""
    left = [failure] * times

    def call() -> str:
        if left:
            raise left.pop()
        return "answer"

    return call


async def test_credentials_are_renewed_before_the_fence_is_asked(setup: Setup) -> None:
    """Else a change could be sent long after the moment in which this operator surely led."""
    fence = Fence(open_seconds=10)
    fence.renewed(monotonic())
    caller = replace(setup.caller, fence=fence, prepare=fence.close)  # the renewal outlasts the lead
    with pytest.raises(FencedError):
        await caller.write("CreateProject", Lane.CHANGE, lambda: pytest.fail("was called"))


async def test_the_failure_of_the_role_that_a_call_needs_stays_what_it_is(setup: Setup) -> None:
    failure = CallError(ErrorKind.CREDENTIALS, "AssumeRole", "AccessDenied", "no")
    for make in (setup.caller.read, setup.caller.write):
        with pytest.raises(CallError) as caught:
            await make("CreateProject", Lane.CHANGE, failing(1, failure))
        assert caught.value is failure
    assert [(call.operation, call.outcome, call.code) for call in setup.calls] == [
        ("CreateProject", "Credentials", "AccessDenied")
    ] * 2


async def test_a_call_runs_in_a_thread_after_the_limiter_let_it_go(setup: Setup) -> None:
    thread = await setup.caller.read("DescribeProjects", Lane.SWEEP, threading.current_thread)
    assert thread is not threading.main_thread()
    assert setup.limiter.acquired == [("DescribeProjects", Lane.SWEEP)]
    assert setup.observed == [("DescribeProjects", "ok", Lane.SWEEP)]


async def test_the_request_id_of_an_answer_and_of_an_error_is_told_and_whether_the_call_changes_something(
    setup: Setup,
) -> None:
    answer = {"ResponseMetadata": {"RequestId": "answer-1"}}
    await setup.caller.read("DescribeProjects", Lane.SWEEP, lambda: answer)
    await setup.caller.write("CreateProject", Lane.CHANGE, lambda: answer)
    failure = sdk.ClientError(
        {"Error": {"Code": "AccessDeniedException", "Message": "no"}, "ResponseMetadata": {"RequestId": "error-1"}},  # type: ignore[typeddict-item]
        "CreateProject",
    )
    with pytest.raises(CallError):
        await setup.caller.write("CreateProject", Lane.CHANGE, failing(1, failure))
    assert [(call.changes, call.request_id, call.code) for call in setup.calls] == [
        (False, "answer-1", None),
        (True, "answer-1", None),
        (True, "error-1", "AccessDeniedException"),
    ]


@pytest.mark.parametrize("failure", [refused("ThrottlingException"), refused("InternalServerError")])
async def test_a_read_is_tried_again_with_growing_delays_and_each_time_at_the_rate(
    setup: Setup, failure: Exception
) -> None:
    assert await setup.caller.read("TheRead", Lane.FLIGHT, failing(2, failure)) == "answer"
    assert setup.slept == [0.4, 0.8]
    assert len(setup.limiter.acquired) == READ_ATTEMPTS


async def test_a_read_whose_answer_is_lost_is_tried_again(setup: Setup) -> None:
    lost = sdk.ReadTimeoutError(endpoint_url="https://aws")
    assert await setup.caller.read("TheRead", Lane.FLIGHT, failing(1, lost)) == "answer"


async def test_a_read_gives_up_after_three_attempts(setup: Setup) -> None:
    with pytest.raises(CallError) as raised:
        await setup.caller.read("TheRead", Lane.FLIGHT, failing(9, refused("InternalServerError")))
    assert raised.value.kind is ErrorKind.SERVER
    assert [outcome for _, outcome, _ in setup.observed] == ["Server"] * READ_ATTEMPTS


@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "ResourceNotFoundException", "InvalidParameterException", "ExpiredToken"]
)
async def test_a_read_that_will_not_get_better_is_not_repeated(setup: Setup, code: str) -> None:
    with pytest.raises(CallError) as raised:
        await setup.caller.read("TheRead", Lane.FLIGHT, failing(9, refused(code)))
    assert raised.value.code == code
    assert len(setup.limiter.acquired) == 1


@pytest.mark.parametrize(
    "failure",
    [
        refused("ThrottlingException"),
        refused("LimitExceededException"),
        refused("InternalServerError"),
        sdk.ConnectionClosedError(endpoint_url="https://aws"),
        sdk.ConnectTimeoutError(endpoint_url="https://aws"),
    ],
)
async def test_a_call_that_changes_something_is_never_repeated(setup: Setup, failure: Exception) -> None:
    with pytest.raises(CallError):
        await setup.caller.write("CreateProjectVersion", Lane.CHANGE, failing(1, failure))
    assert len(setup.limiter.acquired) == 1
    assert setup.slept == []


async def test_a_throttled_call_slows_its_operation_down(setup: Setup) -> None:
    with pytest.raises(CallError):
        await setup.caller.write("CreateProject", Lane.CHANGE, failing(1, refused("ThrottlingException")))
    with pytest.raises(CallError):
        await setup.caller.write("CreateProject", Lane.CHANGE, failing(1, refused("LimitExceededException")))
    assert setup.limiter.slowed == ["CreateProject"]


async def test_a_fault_of_our_own_is_not_taken_for_one_of_aws(setup: Setup) -> None:
    with pytest.raises(KeyError):
        await setup.caller.read("TheRead", Lane.CHANGE, failing(1, KeyError("ours")))
    assert setup.observed == [("TheRead", "Bug", Lane.CHANGE)]


def dated(date: str) -> dict[str, object]:
    return {"ResponseMetadata": {"HTTPHeaders": {"date": date}}}


async def test_the_time_of_answers_and_of_errors_is_noted(setup: Setup) -> None:
    assert setup.caller.time.latest is None
    await setup.caller.read("DescribeProjects", Lane.SWEEP, lambda: dated("Fri, 23 Oct 2026 09:00:00 GMT"))
    assert setup.caller.time.latest == datetime(2026, 10, 23, 9, tzinfo=UTC)

    def refuse() -> None:
        answer: Any = {"Error": {"Code": "AccessDeniedException"}, **dated("Fri, 23 Oct 2026 10:00:00 GMT")}
        raise sdk.ClientError(answer, "CreateProject")

    with pytest.raises(CallError):
        await setup.caller.write("CreateProject", Lane.CHANGE, refuse)
    assert setup.caller.time.latest == datetime(2026, 10, 23, 10, tzinfo=UTC)
    with pytest.raises(CallError):
        await setup.caller.write("CreateProject", Lane.CHANGE, failing(1, sdk.ReadTimeoutError(endpoint_url="")))
    assert setup.caller.time.latest == datetime(2026, 10, 23, 10, tzinfo=UTC)


# the fence


class Fenced(Setup):
    """A setup of an operator that led when it was made."""

    def __init__(self) -> None:
        self.threads = ThreadPoolExecutor(max_workers=1)
        super().__init__(self.threads)
        self.fence = Fence(10.0, lambda: 0.0)
        self.fence.renewed(0.0)
        self.caller = replace(self.caller, fence=self.fence)
        self.made: list[str] = []

    def call(self) -> None:
        self.made.append(threading.current_thread().name)


async def test_without_the_lease_nothing_is_changed_and_everything_can_be_read() -> None:
    setup = Fenced()
    setup.fence.close()
    with pytest.raises(FencedError, match=r"^CreateProjectVersion was not called"):
        await setup.caller.write("CreateProjectVersion", Lane.CHANGE, setup.call)
    assert setup.made == []
    await setup.caller.read("DescribeProjects", Lane.SWEEP, setup.call)
    assert len(setup.made) == 1
    assert [outcome for _, outcome, _ in setup.observed] == ["Fenced", "ok"]


async def test_a_change_that_waited_for_a_thread_is_not_made_where_the_lease_was_lost_meanwhile() -> None:
    setup, threads_are_free = Fenced(), threading.Event()
    setup.threads.submit(threads_are_free.wait)
    waiting = asyncio.create_task(setup.caller.write("CreateProjectVersion", Lane.CHANGE, setup.call))
    await settle()
    assert setup.limiter.acquired, "it waits for its thread only"
    setup.fence.close()
    threads_are_free.set()
    with pytest.raises(FencedError):
        await waiting
    assert setup.made == []


async def test_a_change_is_under_way_until_its_call_has_ended_even_where_nobody_waits_for_it() -> None:
    setup, begun, answered = Fenced(), threading.Event(), threading.Event()

    def call() -> None:
        begun.set()
        answered.wait()

    waiting = asyncio.create_task(setup.caller.write("CreateProjectVersion", Lane.CHANGE, call))
    await asyncio.to_thread(begun.wait)
    waiting.cancel()
    await settle()
    assert setup.fence.changes_under_way == 1
    answered.set()
    setup.threads.shutdown()
    assert setup.fence.changes_under_way == 0
