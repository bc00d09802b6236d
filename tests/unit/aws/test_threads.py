"""Do calls run in threads, at most so many at a time, without keeping the process alive?"""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError

import pytest

from rekognition_operator.aws.threads import CallThreads

DEADLINE_SECONDS = 30


@pytest.fixture
def threads() -> Iterator[CallThreads]:
    threads = CallThreads(2, "test-aws")
    yield threads
    threads.shutdown(wait=False, cancel_futures=True)


def test_an_answer_and_an_error_reach_whoever_waits(threads: CallThreads) -> None:
    def fail() -> None:
        raise LookupError("gone")

    assert threads.submit(pow, 2, 10).result(DEADLINE_SECONDS) == 1024
    with pytest.raises(LookupError, match="gone"):
        threads.submit(fail).result(DEADLINE_SECONDS)
    assert threads.submit(pow, 2, 11).result(DEADLINE_SECONDS) == 2048


def test_no_more_calls_than_the_limit_run_at_a_time_and_all_are_made(threads: CallThreads) -> None:
    go, both_run = threading.Event(), threading.Barrier(3)

    def call(number: int) -> str:
        if number < 2:
            both_run.wait(DEADLINE_SECONDS)
        go.wait(DEADLINE_SECONDS)
        return threading.current_thread().name

    calls = [threads.submit(call, number) for number in range(6)]
    both_run.wait(DEADLINE_SECONDS)
    waiting = [future.running() for future in calls]
    go.set()

    assert {future.result(DEADLINE_SECONDS) for future in calls} == {"test-aws_0", "test-aws_1"}
    assert waiting == [True, True, False, False, False, False]


def test_a_thread_that_is_free_takes_the_next_call(threads: CallThreads) -> None:
    names = {threads.submit(threading.current_thread).result(DEADLINE_SECONDS).name for _ in range(20)}

    assert len(names) <= 2


def test_after_the_end_no_call_is_accepted_and_those_that_wait_are_cancelled(threads: CallThreads) -> None:
    go, both_run = threading.Event(), threading.Barrier(3)

    def call() -> str:
        both_run.wait(DEADLINE_SECONDS)
        go.wait(DEADLINE_SECONDS)
        return "made"

    under_way = [threads.submit(call) for _ in range(2)]
    both_run.wait(DEADLINE_SECONDS)
    late = threads.submit(call)

    threads.shutdown(wait=False, cancel_futures=True)
    go.set()

    assert [future.result(DEADLINE_SECONDS) for future in under_way] == ["made", "made"]
    with pytest.raises(CancelledError):
        late.result(DEADLINE_SECONDS)
    with pytest.raises(RuntimeError, match="test-aws"):
        threads.submit(call)


def test_waiting_for_the_end_returns_when_every_call_was_made() -> None:
    threads = CallThreads(1, "test-aws")
    calls = [threads.submit(pow, 2, power) for power in range(5)]

    threads.shutdown(wait=True)

    assert [future.result(0) for future in calls] == [1, 2, 4, 8, 16]


def test_a_call_under_way_does_not_keep_the_process_alive() -> None:
    program = (
        "import threading\n"
        "from rekognition_operator.aws.threads import CallThreads\n"
        "began = threading.Event()\n"
        "CallThreads(1, 'aws').submit(lambda: (began.set(), threading.Event().wait()))\n"
        "began.wait()\n"
        "print('ended')\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=DEADLINE_SECONDS
    )

    assert ended.stdout == "ended\n"
