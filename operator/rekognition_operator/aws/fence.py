"""May this process still change anything in AWS? Only while it is sure to be the one leader."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from time import monotonic


class FencedError(Exception):
    """A call was not made, since another operator may lead by now."""


class Fence:
    """Lets changes through as long as the last renewal of the lease is young enough.

    Calls run in threads, and a thread may start late: so it is asked right before each call, in the call's own thread.

    Parameters
    ----------
    open_seconds
        How long a renewal holds; infinity where nobody else can lead.
    clock
        Monotonic seconds.
    """

    def __init__(self, open_seconds: float = inf, clock: Callable[[], float] = monotonic) -> None:
        self._open_seconds = open_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._renewed_at: float | None = None if open_seconds < inf else clock()
        self._under_way = 0

    @property
    def open(self) -> bool:
        """Whether changes are let through."""
        return self.remaining_seconds > 0

    @property
    def remaining_seconds(self) -> float:
        """How long changes are let through without another renewal; 0 or less: not any more."""
        renewed_at = self._renewed_at
        return 0.0 if renewed_at is None else renewed_at + self._open_seconds - self._clock()

    @property
    def changes_under_way(self) -> int:
        """How many changes have been let through whose calls have not ended."""
        return self._under_way

    def renewed(self, asked_at: float) -> None:
        """Open it: the lease was renewed by a request that was sent at this time of the clock."""
        with self._lock:
            self._renewed_at = asked_at

    def close(self) -> None:
        """Let nothing through any more."""
        with self._lock:
            self._renewed_at = None

    @contextmanager
    def change(self, operation: str) -> Iterator[None]:
        """Surround a call that changes something.

        Raises
        ------
        FencedError
            The fence is closed: the call must not be made.
        """
        with self._lock:
            if not self.open:
                raise FencedError(f"{operation} was not called: this operator is not sure to be the leader any more")
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1
