"""Does Prometheus take our metrics, alerts and queries, and do the alerts fire when they must, and only then?"""

import json
from pathlib import Path
from typing import Final

import pytest

from component.monitoring.promtool import lint_metrics, promtool
from rekognition_operator.controller.metrics import Metrics

ROOT: Final = Path(__file__).parents[3]
FILES: Final = ROOT / "charts" / "rekognition-operator" / "files"
ALERT_TESTS: Final = ROOT / "tests" / "data" / "alerts"
GRAFANA: Final = {"$__rate_interval": "5m"}
"""What Grafana puts in place of its variables."""


def test_prometheus_reads_the_metrics_without_complaint() -> None:
    assert lint_metrics(Metrics().exposition().decode()) == ""


def test_prometheus_takes_the_alerts() -> None:
    checked = promtool("check", "rules", "--lint-fatal", FILES / "alerts.yaml")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests" / "data" / "alerts").glob("*.yaml")), ids=lambda path: path.stem
)
def test_alerts_fire_when_they_must_and_only_then(path: Path) -> None:
    tested = promtool("test", "rules", path)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_prometheus_can_read_every_query_of_the_dashboard(tmp_path: Path) -> None:
    dashboard = json.loads((FILES / "dashboard.json").read_text("utf-8"))
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    for variable, value in GRAFANA.items():
        queries = [query.replace(variable, value) for query in queries]
    rules = [{"record": f"query_{number}", "expr": query} for number, query in enumerate(queries)]
    as_rules = tmp_path / "queries.yaml"
    as_rules.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}), "utf-8")  # JSON is YAML
    checked = promtool("check", "rules", as_rules)
    assert checked.returncode == 0, checked.stdout + checked.stderr
