"""How does the tour look, on a terminal and in a log?"""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

INDENT = "    "


@dataclass(frozen=True)
class Shown:
    """A chapter that was told to its end, and how long it took, in seconds."""

    title: str
    seconds: float


class Waiting(Protocol):
    """Something that is waited for; what is known of it changes."""

    def update(self, state: str, detail: str = "") -> None:
        """Say how it stands now; ``detail`` changes so often that only a terminal shows it."""


class _PlainWaiting:
    """A line for each change of state, so that a log stays readable."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = ""

    def update(self, state: str, detail: str = "") -> None:  # noqa: ARG002  # the other one shows it
        if state != self._last:
            self._last = state
            self._console.print(Text(f"{INDENT}... {state}"), soft_wrap=True)


class _LiveWaiting:
    """One line that is overwritten."""

    def __init__(self, status: Status) -> None:
        self._status = status
        self._started = time.monotonic()

    def update(self, state: str, detail: str = "") -> None:
        self._status.update(Text(f"{time.monotonic() - self._started:3.0f} s  {state}   {detail}", style="dim"))


class Screen:
    """Prints the tour: titles, told text, commands with their real output, results of checks.

    Parameters
    ----------
    plain
        No colours and nothing that moves, also on a terminal. A pipe or a file gets that in any case.
    """

    def __init__(self, *, plain: bool = False) -> None:
        self.console = Console(
            file=sys.stdout, highlight=False, force_terminal=False if plain else None, no_color=plain or None
        )
        unicode = self.console.encoding.lower().replace("-", "").startswith("utf8")
        self._tick = "✓" if unicode else "ok:"
        self._cross = "✗" if unicode else "FAILED:"

    def title(self, text: str) -> None:
        """Begin a chapter."""
        self.console.print()
        self.console.rule(Text(text, style="bold cyan"), align="left")

    def tell(self, text: str) -> None:
        """Tell in the tour's own words what comes now."""
        self.console.print(Text(text), style="italic")

    def command(self, command: str) -> None:
        """Print a command as one would type it."""
        self.console.print()
        self.console.print(Text("$ ", style="green").append(command, style="bold"), soft_wrap=True)

    def output(self, text: str) -> None:
        """Print what a command printed, unfolded, so that its columns stay columns."""
        if text.strip():
            self.console.print(Text(text.rstrip("\n")), soft_wrap=True)

    def edit(self, path: str, before: str, after: str) -> None:
        """Show one changed line of a file."""
        self.console.print()
        self.console.print(Text(f"# in {path}, as a commit would:", style="dim"))
        self.console.print(Text(f"-{before}", style="red"), soft_wrap=True)
        self.console.print(Text(f"+{after}", style="green"), soft_wrap=True)

    def passed(self, text: str) -> None:
        """Say that a check held."""
        self.console.print(Text(f"{self._tick} ", style="bold green").append(text, style="default"), soft_wrap=True)

    def failed(self, text: str) -> None:
        """Say in which way the tour failed."""
        self.console.print()
        self.console.print(Text(f"{self._cross} ", style="bold red").append(text, style="default"), soft_wrap=True)

    @contextmanager
    def waiting(self) -> Iterator[Waiting]:
        """Show how something stands that is waited for: one moving line on a terminal, else a line for each change."""
        if not self.console.is_terminal:
            yield _PlainWaiting(self.console)
            return
        with self.console.status("") as status:
            yield _LiveWaiting(status)

    def summary(self, chapters: Sequence[Shown], seconds: float) -> None:
        """Say what was shown, and how long it took."""
        self.title("What you have seen")
        table = Table(box=None, show_header=False, pad_edge=False)
        for chapter in chapters:
            table.add_row(self._tick, chapter.title, Text(f"{chapter.seconds:.0f} s", justify="right"))
        table.add_row("", "In all", Text(f"{seconds:.0f} s", justify="right"))
        self.console.print(table)
