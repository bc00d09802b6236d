"""How does a plot become a drawing in the page: the same on each run, and told to those who cannot see it?"""

import io
from collections.abc import Callable
from datetime import datetime
from itertools import cycle
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rekognition_operator.report.parts import BarPlot, LinePlot, Plot, TimePlot

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

_SVG: Final = "{http://www.w3.org/2000/svg}"
_XLINK_HREF: Final = "{http://www.w3.org/1999/xlink}href"
_WIDTH_INCHES: Final = 5.0
"""So that letters can still be read where the page is 360 pixels wide."""
_HEIGHT_INCHES: Final = 3.0
_INCHES_PER_BAR: Final = 0.24
_LEAST_ROOM_DAYS: Final = 0.02
"""Beside the first and the last moment, also where they are the same."""

_LINES: Final = (("#7a4b00", "--", "s"), ("#0b5fa5", "-", "o"))
"""Colour, dash and marker: told apart also without colours. The colours by Okabe and Ito, darkened for contrast."""
_GROUPS: Final = (("#0b5fa5", "o"), ("#7a4b00", "s"), ("#00664b", "^"), ("#8f2d6b", "D"), ("#444444", "v"))
_MARK: Final = "#333333"


def svg(plot: Plot, name: str) -> str:
    """Return a plot as an ``svg`` element for HTML. ``name`` makes its ids unique in the page."""
    match plot:
        case LinePlot():
            drawn = _drawn(lambda axes: _draw_lines(axes, plot), _HEIGHT_INCHES, name)
        case TimePlot():
            drawn = _drawn(lambda axes: _draw_moments(axes, plot), _HEIGHT_INCHES, name)
        case BarPlot():
            height = 1.0 + _INCHES_PER_BAR * len(plot.bars)
            drawn = _drawn(lambda axes: _draw_bars(axes, plot), height, name)
    return _for_html(drawn, name, plot.title, plot.description)


def _drawn(draw: Callable[[Axes], None], height_inches: float, salt: str) -> bytes:
    settings: dict[RcKeyType, object] = {
        "svg.hashsalt": salt,
        "svg.fonttype": "none",
        "font.family": "sans-serif",
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.color": "#dddddd",
        "text.parse_math": False,
    }
    with mpl.rc_context(settings):
        figure = Figure(figsize=(_WIDTH_INCHES, height_inches), layout="constrained")
        draw(figure.subplots())
        content = io.BytesIO()
        figure.savefig(content, format="svg", metadata={"Date": None}, transparent=True)
    return content.getvalue()


def _draw_lines(axes: Axes, plot: LinePlot) -> None:
    for line, (color, dash, marker) in zip(plot.lines, _LINES, strict=True):
        xs, ys = [x for x, _ in line.points], [y for _, y in line.points]
        axes.plot(xs, ys, color=color, linestyle=dash, marker=marker, markersize=4, label=line.name)
    for x, what in plot.marks:
        axes.axvline(x, color=_MARK, linestyle=":", linewidth=1)
        axes.annotate(
            f"{what} {x:g}",
            (x, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(2 if x < 75 else -2, 1 if what == plot.marks[0][1] else 11),
            textcoords="offset points",
            ha="left" if x < 75 else "right",
            fontsize=8,
            color=_MARK,
        )
    axes.set_xlim(0, 100)
    axes.set_xlabel("Confidence threshold")
    axes.set_ylabel(plot.y_label)
    axes.set_ylim(bottom=0, top=plot.highest * 1.04 if plot.highest is not None else None)
    if plot.highest is None:
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, fontsize=9)


def _draw_moments(axes: Axes, plot: TimePlot) -> None:
    groups = [([_day(at) for at, _ in points], [score for _, score in points]) for _, points in plot.groups]
    every = sorted(point for days, scores in groups for point in zip(days, scores, strict=True))
    axes.plot([day for day, _ in every], [score for _, score in every], color="#bbbbbb", linewidth=1, zorder=1)
    names = [name for name, _ in plot.groups]
    for name, (days, scores), (color, marker) in zip(names, groups, cycle(_GROUPS), strict=False):
        axes.scatter(days, scores, color=color, marker=marker, label=name, zorder=2)
    (first, _), (last, _) = every[0], every[-1]
    room = max((last - first) / 20, _LEAST_ROOM_DAYS)
    axes.set_xlim(first - room, last + room)
    locator = AutoDateLocator(maxticks=5)  # type: ignore[no-untyped-call]  # the library has no types there
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]  # as above
    axes.set_xlabel("Training started (UTC)")
    axes.set_ylabel(plot.y_label)
    axes.set_ylim(0, 1.04)
    axes.legend(frameon=False, fontsize=9)


def _draw_bars(axes: Axes, plot: BarPlot) -> None:
    names = [name if len(name) <= 28 else f"{name[:27]}…" for name, _ in plot.bars]
    places = range(len(names))
    axes.barh(places, [score for _, score in plot.bars], color=_LINES[1][0])
    axes.set_yticks(list(places), names)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel(plot.x_label)


def _day(moment: datetime) -> float:
    return float(date2num(moment))  # type: ignore[no-untyped-call]  # the library has no types there


def _for_html(drawn: bytes, name: str, title: str, description: str) -> str:
    """Make a file of matplotlib an element of a page: as wide as the page, named, with ids of its own."""
    root = ET.fromstring(drawn)  # noqa: S314  # matplotlib's own words
    for element in list(root):
        if element.tag == f"{_SVG}metadata":
            root.remove(element)
    for parent in list(root.iter()):
        for element in list(parent):
            if element.tag == f"{_SVG}style":  # it would hold for the whole page
                parent.remove(element)
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
        _rename(element, name)
    for attribute in ("width", "height", "version"):
        root.attrib.pop(attribute, None)
    root.attrib |= {
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-description",
        "style": "stroke-linejoin:round;stroke-linecap:butt",
    }
    for index, (tag, text) in enumerate((("title", title), ("desc", description))):
        told = ET.Element(tag, {"id": f"{name}-{'title' if tag == 'title' else 'description'}"})
        told.text = text
        root.insert(index, told)
    return ET.tostring(root, encoding="unicode")


def _rename(element: ET.Element, name: str) -> None:
    """Give ids, and what refers to them, the name of the plot."""
    reference = element.attrib.pop(_XLINK_HREF, None)
    if reference is not None:
        element.set("href", reference.replace("#", f"#{name}-", 1))
    for attribute, value in list(element.attrib.items()):
        if attribute == "id":
            element.set("id", f"{name}-{value}")
        elif "url(#" in value:
            element.set(attribute, value.replace("url(#", f"url(#{name}-"))
