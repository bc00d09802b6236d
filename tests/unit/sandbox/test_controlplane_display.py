"""Is waiting shown as a bar on a terminal and as a few plain lines elsewhere?"""

import io

import pytest
from rich.console import Console

from rekognition_sandbox.controlplane.display import PLAIN_LINE_EVERY_SECONDS, Display


def test_without_a_terminal_there_is_one_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("rekognition_sandbox.controlplane.display.time.monotonic", lambda: now)
    output = io.StringIO()

    with Display(Console(file=output, width=200)).step("Compiling", 100) as step:
        for package in range(100):
            now += PLAIN_LINE_EVERY_SECONDS / 40
            step.advance(f"package-{package}")

    assert output.getvalue().splitlines() == [
        "Compiling (100)",
        "  40 of 100 after 20 s: package-39",
        "  80 of 100 after 40 s: package-79",
    ]


def test_on_a_terminal_a_bar_counts_and_names_what_is_at_work() -> None:
    output = io.StringIO()

    with Display(Console(file=output, width=200, force_terminal=True)).step("Compiling", 2) as step:
        step.advance("first")
        step.advance("second")

    assert "2/2" in output.getvalue()
    assert "second" in output.getvalue()


def test_words_in_brackets_are_printed_as_they_are() -> None:
    output = io.StringIO()

    Display(Console(file=output)).say("[Errno -2] no [bold]name[/bold]")

    assert output.getvalue() == "[Errno -2] no [bold]name[/bold]\n"
