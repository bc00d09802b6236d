"""Of what is the page made? Sections of text, plots and tables, without a word of HTML."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Line:
    """One line of a plot: its points from left to right; gaps where there is no value."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class LinePlot:
    """Lines over a confidence threshold, 0 to 100. ``marks`` are vertical lines: where, and what is there."""

    title: str
    description: str
    y_label: str
    lines: tuple[Line, ...]
    marks: tuple[tuple[float, str], ...] = ()
    highest: float | None = None


@dataclass(frozen=True)
class TimePlot:
    """Scores, 0 to 1, at moments; those of a group look alike."""

    title: str
    description: str
    y_label: str
    groups: tuple[tuple[str, tuple[tuple[datetime, float], ...]], ...]


@dataclass(frozen=True)
class BarPlot:
    """A score, 0 to 1, for each name; the first stands on top."""

    title: str
    description: str
    x_label: str
    bars: tuple[tuple[str, float], ...]


Plot = LinePlot | TimePlot | BarPlot


@dataclass(frozen=True)
class Table:
    """Cells of text; a line break within a cell stays one. The first cell of a row names it."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """What belongs under one heading. ``code`` is text to copy."""

    id: str
    title: str
    paragraphs: tuple[str, ...] = ()
    plots: tuple[Plot, ...] = ()
    tables: tuple[Table, ...] = ()
    code: str | None = None


@dataclass(frozen=True)
class Page:
    """The whole page. ``warning`` stands out above all else."""

    title: str
    lead: str
    made_at: datetime
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    warning: str | None = None


def number(score: float | None) -> str:
    """Return a score from 0 to 1; a dash where there is none."""
    return f"{score:.3f}" if score is not None else "–"  # noqa: RUF001  # a dash for people
