"""What time is it, and how does the controller wait? Injected, so that tests need not."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Time as the controller sees it."""

    def now(self) -> datetime:
        """Return the time of day, with a time zone."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back, from an arbitrary start."""
        ...

    async def wait(self, event: asyncio.Event, timeout_seconds: float | None) -> None:
        """Return when the event is set, or after so many seconds (None: never)."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """Return the time of day in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return the seconds of the monotonic clock."""
        return time.monotonic()

    async def wait(self, event: asyncio.Event, timeout_seconds: float | None) -> None:
        """Wait for the event on the running loop."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await event.wait()
        except TimeoutError:
            return
