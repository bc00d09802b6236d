"""Do alerts and dashboard ask only for metrics, labels and reasons that there are, and does a page explain each?"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from rekognition_operator.api.conditions import ConditionType, Reason
from rekognition_operator.controller.metric_table import METRICS, PREFIX

ROOT: Final = Path(__file__).parents[2]
FILES: Final = ROOT / "charts" / "rekognition-operator" / "files"
OPERATING: Final = ROOT / "docs" / "operating.md"
TARGET_LABELS: Final = {"job", "instance", "cluster", "namespace", "pod"}
"""Labels that Prometheus adds, or the people who run it."""
LABELS: Final = {
    series: {*metric.labels, *TARGET_LABELS, *({"le"} if metric.type == "histogram" else ())}
    for metric in METRICS
    for series in (
        [f"{metric.name}_{end}" for end in ("bucket", "sum", "count")] if metric.type == "histogram" else [metric.name]
    )
}
SELECTOR: Final = re.compile(rf"({PREFIX}_\w+)(?:\{{([^}}]*)\}})?")
MATCHER: Final = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')
GROUPING: Final = re.compile(r"\b(?:by|on)\s*\(([^)]*)\)")


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FILES / "alerts.yaml").read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FILES / "dashboard.json").read_text("utf-8"))
    return read


def queries() -> Iterator[tuple[str, str]]:
    """Give where a query stands, and the query."""
    yield from ((alert["alert"], alert["expr"]) for alert in alerts())
    for panel in dashboard()["panels"]:
        yield from ((panel["title"], target["expr"]) for target in panel.get("targets", []))
    for variable in dashboard()["templating"]["list"][1:]:
        yield variable["label"], variable["definition"]


ALL_QUERIES: Final = list(queries())


@pytest.mark.parametrize(("title", "query"), ALL_QUERIES)
def test_a_query_asks_for_metrics_and_labels_that_there_are(title: str, query: str) -> None:
    selectors = SELECTOR.findall(query)
    assert selectors, title
    for series, matchers in selectors:
        assert series in LABELS
        assert {label for label, _ in MATCHER.findall(matchers)} <= LABELS[series]
    asked = set().union(*(LABELS[series] for series, _ in selectors))
    for labels in GROUPING.findall(query):
        assert {label.strip() for label in labels.split(",")} <= asked


@pytest.mark.parametrize(("title", "query"), ALL_QUERIES)
def test_a_query_asks_for_reasons_and_conditions_that_there_are(title: str, query: str) -> None:
    known: dict[str, set[str]] = {"reason": set(Reason), "condition": set(ConditionType)}
    for label, value in MATCHER.findall(query):
        assert set(value.split("|")) <= known.get(label, {*value.split("|")}), title


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: str(alert["alert"]))
def test_an_alert_says_how_bad_it_is_and_where_to_read_on(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"warning", "critical"}
    assert alert["for"]
    name = alert["alert"]
    assert alert["annotations"]["runbook"] == f"docs/operating.md#{name.lower()}"
    assert f"### {name}\n" in OPERATING.read_text("utf-8")


def test_each_alert_is_tested_to_fire_by_promtool() -> None:
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests" / "data" / "alerts").glob("*.yaml"))
    assert {alert["alert"] for alert in alerts()} == set(re.findall(r'alertname="(\w+)"', tests))


def test_the_page_explains_no_alert_that_there_is_not() -> None:
    explained = set(re.findall(r"^### (Rekognition\w+)$", OPERATING.read_text("utf-8"), re.MULTILINE))
    assert explained == {alert["alert"] for alert in alerts()}


def test_panels_of_the_dashboard_do_not_lie_upon_each_other() -> None:
    places = [panel["gridPos"] for panel in dashboard()["panels"]]
    cells = [(x, y) for p in places for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in dashboard()["panels"]}) == len(places)
