"""What time is it in a test? A clock that moves only when the test says so."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

MANY_TURNS = 200
"""Turns of the event loop after which whatever could happen without time going by has happened."""


class FakeClock:
    """Implements the controller's ``Clock``."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._start = start
        self.seconds = 0.0
        self._tick = asyncio.Event()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def wait(self, event: asyncio.Event, timeout_seconds: float | None) -> None:
        deadline = None if timeout_seconds is None else self.seconds + timeout_seconds
        while not event.is_set() and (deadline is None or self.seconds < deadline):
            waiters = [asyncio.create_task(event.wait()), asyncio.create_task(self._tick.wait())]
            try:
                await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for waiter in waiters:
                    waiter.cancel()

    async def advance(self, seconds: float) -> None:
        """Let time go by, and everything happen that waited for it."""
        self.seconds += seconds
        tick, self._tick = self._tick, asyncio.Event()
        tick.set()
        await settle()


async def settle() -> None:
    """Let everything happen that needs no time."""
    for _ in range(MANY_TURNS):
        await asyncio.sleep(0)


async def until(condition: Callable[[], bool]) -> None:
    """Let things happen until the condition holds; fail where it never does."""
    for _ in range(MANY_TURNS):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("what was waited for did not happen")
