"""Is the page one file that needs nothing else, says what it is told, and is the same each time?"""

import re
from html.parser import HTMLParser

import pytest

from rekognition_operator.core.evaluation import Comparison, Confusion, Evaluation, LabelMetrics
from rekognition_operator.report.content import Looked
from rekognition_operator.report.page import render
from rekognition_operator.report.parts import Page
from unit.report.pages import ACTIVE, adapter_page, model_page, version

HOSTILE = "<script>alert('1')</script>\"&$x^2$"
LOADING = {"src", "href", "xlink:href", "action", "data", "poster", "srcset", "formaction", "background"}


class Seen(HTMLParser):
    """What is in a page: elements, ids, and what its attributes refer to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.loads: list[str] = []
        self.labelled_by: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name in LOADING:
                self.loads.append(value or "")
            elif name == "aria-labelledby":
                self.labelled_by += (value or "").split()

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(params=[adapter_page, model_page], ids=["adapter", "model"])
def page(request: pytest.FixtureRequest) -> Page:
    made = request.param()
    assert isinstance(made, Page)
    return made


def test_the_page_loads_nothing_from_anywhere(page: Page) -> None:
    html = render(page)
    seen = Seen(html)
    assert [place for place in seen.loads if not place.startswith("#")] == []
    assert not {"script", "link", "img", "iframe", "object", "embed"} & set(seen.tags)
    assert "://" not in html
    assert re.findall(r"url\((?!#)|@import", html) == []


def test_ids_are_unique_and_what_is_referred_to_is_there(page: Page) -> None:
    html = render(page)
    seen = Seen(html)
    assert sorted(set(seen.ids)) == sorted(seen.ids)
    referred = {place.removeprefix("#") for place in seen.loads} | set(re.findall(r"url\(#([^)]+)\)", html))
    assert (referred | set(seen.labelled_by)) - set(seen.ids) == set()


def test_every_drawing_has_a_name_and_every_table_a_caption(page: Page) -> None:
    seen = Seen(render(page))
    plots = [plot for section in page.sections for plot in section.plots]
    assert seen.tags.count("svg") == seen.tags.count("desc") == len(plots) > 0
    assert seen.tags.count("caption") == seen.tags.count("table") > 0
    for plot in plots:
        assert plot.description in seen.text


def test_the_page_is_the_same_each_time(page: Page) -> None:
    assert render(page) == render(page)


def test_whatever_text_there_is_stays_text() -> None:
    both = Comparison(60, Confusion(1, 1, 1, 1), Confusion(1, 1, 1, 1))
    from_aws = Evaluation(0.5, 0.5, 0.5, 8, 4, both, (both,))
    condition = {
        "type": "Ready",
        "status": "True",
        "reason": "InService",
        "message": HOSTILE,
        "lastTransitionTime": "2026-05-02T10:30:00Z",
    }
    html = render(adapter_page(Looked(HOSTILE, from_aws, problem=HOSTILE), conditions=[condition]))
    seen = Seen(html)
    assert "script" not in seen.tags
    assert seen.text.count(HOSTILE) == 3


def test_names_of_labels_are_drawn_as_they_are() -> None:
    odd = "<b>&$x^2$</b>"
    labels = {odd: LabelMetrics(0.5, None, None, None, None)}
    seen = Seen(render(model_page(Evaluation(0.5, None, None, None, None, labels=labels))))
    assert "b" not in seen.tags
    assert seen.text.count(odd) == 3  # the drawing, its description, the table


def test_one_version_alone_is_drawn() -> None:
    assert "F1 of the versions over time" in render(adapter_page(versions=[version(ACTIVE, "Active", 5, 0.84)]))
