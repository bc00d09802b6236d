"""How does the sandbox show what it is doing while somebody waits?"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

PLAIN_LINE_EVERY_SECONDS = 20.0


class Step(Protocol):
    """A piece of work whose advance is shown."""

    def advance(self, detail: str) -> None:
        """Count one more part as done and name what is at work now."""


class Display:
    """Says what is happening on standard error: a progress bar on a terminal, a few plain lines elsewhere.

    Parameters
    ----------
    console
        Where to write; standard error by default, so that standard output stays a command's answer.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)

    def say(self, line: str) -> None:
        """Print one line."""
        self._console.print(line, markup=False, soft_wrap=True)

    @contextmanager
    def step(self, title: str, total: int) -> Iterator[Step]:
        """Show `title` with a count up to `total` until the block ends."""
        if not self._console.is_terminal:
            yield _PlainStep(self, title, total)
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[detail]}"),
        )
        with Progress(*columns, console=self._console) as progress:
            yield _BarStep(progress, title, total)


class _BarStep:
    def __init__(self, progress: Progress, title: str, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task(title, total=total, detail="")

    def advance(self, detail: str) -> None:
        self._progress.update(self._task, advance=1, detail=detail)


class _PlainStep:
    """At most one line in `PLAIN_LINE_EVERY_SECONDS`, so that a CI log stays readable."""

    def __init__(self, display: Display, title: str, total: int) -> None:
        self._display, self._title, self._total = display, title, total
        self._done = 0
        self._started = self._last_line = time.monotonic()
        display.say(f"{title} ({total})")

    def advance(self, detail: str) -> None:
        self._done += 1
        now = time.monotonic()
        if now - self._last_line >= PLAIN_LINE_EVERY_SECONDS:
            self._last_line = now
            self._display.say(f"  {self._done} of {self._total} after {now - self._started:.0f} s: {detail}")
