"""What does the page tell of a resource, and of the version that it looks at closely?"""

import pytest

from rekognition_operator.core.evaluation import Comparison, Confusion, Evaluation, LabelMetrics
from rekognition_operator.report.content import Looked
from rekognition_operator.report.parts import BarPlot, LinePlot, Page, Section, TimePlot
from unit.report.pages import ACTIVE, OLD, WORSE, adapter_page, model_page


def section(page: Page, name: str) -> Section:
    return next(section for section in page.sections if section.id == name)


def names(page: Page) -> list[str]:
    return [section.id for section in page.sections]


def test_the_page_of_an_adapter_has_everything_in_its_order() -> None:
    page = adapter_page()
    assert names(page) == ["state", "comparison", "labels", "threshold", "versions"]
    assert page.lead == (
        f"Version {ACTIVE} is in service since 2026-05-02 10:30 UTC: 12 % fewer false positives than the base model."
    )
    assert dict(page.facts)["Region"] == "eu-west-1"
    assert page.warning is None
    assert section(page, "state").tables[0].rows == (("Ready", "True", "InService", f"Version {ACTIVE} is in service"),)


def test_nothing_in_service_is_told_with_its_reason() -> None:
    expired = {
        "type": "Ready",
        "status": "False",
        "reason": "AdapterExpired",
        "message": "It has expired",
        "lastTransitionTime": "2026-05-02T10:30:00Z",
    }
    page = adapter_page(active=None, conditions=[expired])
    assert page.lead == "No version is in service (AdapterExpired): It has expired"
    assert "Its F1" not in dict(page.facts)


def test_a_resource_that_nobody_has_looked_at_has_a_page_all_the_same() -> None:
    page = adapter_page(Looked(ACTIVE, problem="x"), active=None, conditions=None, project=None, versions=None)
    assert page.facts == ()
    assert section(page, "state").paragraphs == ("The operator has not looked at it yet.",)
    assert section(page, "versions").paragraphs == ("No version has been trained yet.",)


def test_an_evaluation_that_could_not_be_read_is_said_and_nothing_else_missed() -> None:
    page = adapter_page(Looked(ACTIVE, problem="There is no object s3://b/k."))
    assert page.warning == "The evaluation of this version is not shown. There is no object s3://b/k."
    assert names(page) == ["state", "versions"]


# --- versions -------------------------------------------------------------------------------------------------------


def test_versions_show_the_gates_that_they_met_or_failed() -> None:
    table = section(adapter_page(), "versions").tables[0]
    gates = {row[0]: row[-1] for row in table.rows}
    assert gates[ACTIVE] == "✓ minF1Score: wanted 0.8 or more, got 0.84"
    assert gates[WORSE] == ("✗ minF1Score: wanted 0.8 or more, got 0.7\nRejected: minF1Score: wanted 0.8, got 0.7")
    assert gates[OLD] == "none"


def test_versions_are_plotted_over_time_if_they_have_a_score() -> None:
    (plot,) = section(adapter_page(), "versions").plots
    assert isinstance(plot, TimePlot)
    assert {group: [score for _, score in points] for group, points in plot.groups} == {
        "Active": [0.84],
        "Rejected": [0.7],
        "Superseded": [0.78],
    }
    assert plot.description.index(OLD) < plot.description.index(ACTIVE) < plot.description.index(WORSE)


# --- against the base model -----------------------------------------------------------------------------------------


def test_every_measure_is_plotted_at_every_threshold() -> None:
    compared = section(adapter_page(), "comparison")
    plots = [plot for plot in compared.plots if isinstance(plot, LinePlot)]
    assert [plot.y_label for plot in plots] == ["False positives", "False negatives", "Precision", "Recall", "F1"]
    for plot in plots:
        assert [line.name for line in plot.lines] == ["Base model", "Adapter"]
    assert [x for x, _ in plots[0].lines[0].points] == [float(x) for x in range(5, 101, 5)]
    assert plots[0].marks == ((60.0, "evaluation"), (55.0, "best F1"))
    assert len(compared.tables[0].rows) == 20


def test_the_best_threshold_comes_with_the_line_and_with_what_it_costs() -> None:
    best = section(adapter_page(), "threshold")
    assert best.code == "spec:\n  training:\n    confidenceThreshold: 55\n"
    told = " ".join(best.paragraphs)
    assert "highest at a confidence of 55: 1.000. At 60, that of the evaluation, it is 0.952." in told
    assert "pass MinConfidence: 55 with each call" in told
    assert "trains a new version, for which AWS charges" in told
    assert "48 testing images" in told


def test_where_the_threshold_is_the_best_one_there_is_no_line_to_copy() -> None:
    at = Comparison(60, Confusion(1, 1, 1, 1), Confusion(2, 1, 0, 0))
    best = section(adapter_page(Looked(ACTIVE, Evaluation(1.0, 1.0, 1.0, 8, 4, at, (at,)))), "threshold")
    assert best.code is None
    assert best.paragraphs[0] == "That of the evaluation, 60: at no other is the adapter's F1 higher than 1.000."


def test_labels_are_compared_at_the_threshold_of_the_evaluation() -> None:
    table = section(adapter_page(), "labels").tables[0]
    assert "at a confidence of 60" in table.caption
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["Explicit"] == ("4", "0", "0", "0", "0.000", "–")  # noqa: RUF001


def test_a_summary_without_comparison_leaves_its_sections_out() -> None:
    assert names(adapter_page(Looked(ACTIVE, Evaluation(0.5, None, None, None, None)))) == ["state", "versions"]


# --- models ---------------------------------------------------------------------------------------------------------


def test_the_page_of_a_model_has_its_labels_and_what_it_costs() -> None:
    page = model_page()
    assert names(page) == ["state", "labels", "versions"]
    assert dict(page.facts)["Serving"] == (
        "RUNNING with 1-2 inference units (Running); 4.00 USD an hour now; 12.5 inference-unit hours in 2026-07, about "
        "50.00 USD; Stopped from 2026-07-01 17:00 UTC. Costs are estimates, not AWS's bill."
    )
    labels = section(page, "labels")
    (plot,) = labels.plots
    assert isinstance(plot, BarPlot)
    assert plot.bars == (("hex-bolt", 0.5), ("steel-gear", 0.9))
    assert ("steel-gear", "0.900", "1.000", "0.820", "57.0", "13") in labels.tables[0].rows
    assert "F1 0.700, precision 0.750, recall 0.660" in labels.paragraphs[0]


@pytest.mark.parametrize(("count", "told"), [(40, "all labels"), (41, "the 40 worst of 41 labels")])
def test_of_many_labels_the_worst_are_plotted(count: int, told: str) -> None:
    labels = {f"label-{n:03}": LabelMetrics(n / 100, None, None, None, None) for n in range(count)}
    (plot,) = section(model_page(Evaluation(0.5, None, None, None, None, labels=labels)), "labels").plots
    assert isinstance(plot, BarPlot)
    assert len(plot.bars) == 40
    assert plot.bars[0] == ("label-000", 0.0)
    assert told in plot.description
