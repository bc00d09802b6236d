"""What does an evaluation summary say of a version, against the base model?"""

import json
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from rekognition_operator.core.evaluation import (
    Comparison,
    Confusion,
    Evaluation,
    LabelMetrics,
    UnreadableSummaryError,
    best_threshold,
    improvement,
    parse_evaluation,
    versus_base,
)
from rekognition_operator.core.world import Feature
from rekognition_sandbox.emulator.training import train
from rekognition_sandbox.samples.memory import MemoryStore, sample_request

THAN = "than the base model"
ADAPTER, MODEL = Feature.CONTENT_MODERATION, Feature.CUSTOM_LABELS

counts = st.integers(min_value=0, max_value=10_000)
confusions = st.builds(Confusion, counts, counts, counts, counts)
comparisons = st.builds(
    Comparison, st.floats(min_value=0, max_value=100), base=confusions, adapter=confusions, by_label=st.just({})
)


def counted(tp: int, tn: int, fp: int, fn: int) -> dict[str, int]:
    return {"TruePositive": tp, "TrueNegative": tn, "FalsePositive": fp, "FalseNegative": fn}


def at(threshold: float, base: dict[str, int], adapter: dict[str, int]) -> dict[str, Any]:
    both = {"BaseModel": base, "Adapter": adapter}
    return {
        "ConfidenceThreshold": threshold,
        "AggregatedEvaluationResults": both,
        "LabelEvaluationResults": [{"Label": "Violence", **both}],
    }


def adapter_summary() -> dict[str, Any]:
    """Return a summary in the form of the Rekognition guide, "Manifest file formats"."""
    low = at(5.0, counted(9, 1, 9, 1), counted(9, 5, 5, 1))
    high = at(70.0, counted(6, 8, 2, 4), counted(8, 9, 1, 2))
    return {
        "AggregatedEvaluationResults": {"F1Score": 0.84},
        "EvaluationDetails": {
            "EvaluationEndTimestamp": "2023-08-30T19:06:18.171000",
            "Labels": ["Violence"],
            "NumberOfTestingImages": 20,
            "NumberOfTrainingImages": 80,
            "ProjectVersionArn": "arn:aws:rekognition:us-east-1:123456789012:project/p/version/v/1690556751958",
        },
        "ContentModeration": {
            "InputConfidenceThresholdEvalResults": high,
            "AllConfidenceThresholdsEvalResults": [high, low],
        },
    }


def model_summary() -> dict[str, Any]:
    """Return a summary in the form of the Custom Labels guide, "Summary file"."""
    metrics = {"F1Score": 0.9, "Precision": 1.0, "Recall": 0.82, "Threshold": 0.5}
    return {
        "Version": 1,
        "AggregatedEvaluationResults": {"ConfusionMatrix": [], "F1Score": 0.9, "Precision": 1.0, "Recall": 0.82},
        "EvaluationDetails": {"NumberOfTestingImages": 61, "NumberOfTrainingImages": 61},
        "LabelEvaluationResults": [{"Label": "bicycle", "Metrics": metrics, "NumberOfTestingImages": 13}],
    }


def parsed(document: dict[str, Any], feature: Feature = ADAPTER) -> Evaluation:
    return parse_evaluation(json.dumps(document), feature)


# --- reading --------------------------------------------------------------------------------------------------------


def test_an_adapters_summary_compares_it_with_the_base_model_at_every_threshold() -> None:
    evaluation = parsed(adapter_summary())
    assert (evaluation.f1_score, evaluation.training_images, evaluation.testing_images) == (0.84, 80, 20)
    assert [comparison.threshold for comparison in evaluation.all_thresholds] == [5.0, 70.0]
    assert evaluation.at_threshold is not None
    assert evaluation.at_threshold.base == Confusion(6, 8, 2, 4)
    assert evaluation.at_threshold.by_label["Violence"].adapter == Confusion(8, 9, 1, 2)
    assert evaluation.precision == pytest.approx(8 / 9)
    assert evaluation.recall == pytest.approx(8 / 10)
    assert evaluation.labels == {}


def test_a_models_summary_has_metrics_by_label_with_the_threshold_as_a_confidence() -> None:
    evaluation = parsed(model_summary(), MODEL)
    assert (evaluation.f1_score, evaluation.precision, evaluation.recall) == (0.9, 1.0, 0.82)
    assert evaluation.labels == {"bicycle": LabelMetrics(0.9, 1.0, 0.82, 50.0, 13)}
    assert evaluation.at_threshold is None
    assert best_threshold(evaluation) is None


def test_what_the_emulator_writes_of_an_adapter_can_be_read() -> None:
    world = MemoryStore.with_samples()
    outcome = train(sample_request(), world)
    evaluation = parse_evaluation(world.text(outcome.evaluation_summary), ADAPTER)
    assert evaluation.f1_score == pytest.approx(outcome.f1_score)
    assert len(evaluation.all_thresholds) == 20
    assert evaluation.at_threshold is not None
    assert evaluation.at_threshold.adapter.f1 == pytest.approx(outcome.f1_score, abs=1e-6)


def test_a_summary_without_comparison_is_read_all_the_same() -> None:
    evaluation = parsed({"AggregatedEvaluationResults": {"F1Score": 0.5}})
    assert evaluation == Evaluation(0.5, None, None, None, None)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"", "Invalid JSON"),
        (b"\xff\xfe", "Invalid JSON"),
        ("[]", "Input should be an object"),
        ("{}", "AggregatedEvaluationResults: Field required"),
        (
            '{"AggregatedEvaluationResults": {"F1Score": 84}}',
            "AggregatedEvaluationResults.F1Score: Input should be les",
        ),
        (
            '{"AggregatedEvaluationResults": {"F1Score": NaN}}',
            "AggregatedEvaluationResults.F1Score: Input should be a f",
        ),
        (
            '{"AggregatedEvaluationResults": {}, "ContentModeration": {"AllConfidenceThresholdsEvalResults": [{}]}}',
            "ContentModeration.AllConfidenceThresholdsEvalResults.0.ConfidenceThreshold: Field required",
        ),
    ],
)
def test_what_is_no_summary_is_refused_with_the_place_that_is_wrong(document: bytes | str, said: str) -> None:
    with pytest.raises(UnreadableSummaryError) as refused:
        parse_evaluation(document, ADAPTER)
    assert said in str(refused.value)
    assert str(refused.value).startswith("The evaluation summary has not the form that AWS documents: ")


@given(st.binary(max_size=200) | st.text(max_size=200), st.sampled_from(Feature))
def test_no_file_whatever_makes_reading_fail_in_another_way(document: bytes | str, feature: Feature) -> None:
    with pytest.raises(UnreadableSummaryError):
        parse_evaluation(document, feature)


# --- scores ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("confusion", "precision", "recall", "f1"),
    [
        (Confusion(8, 9, 2, 2), 0.8, 0.8, 0.8),
        (Confusion(0, 9, 0, 0), None, None, None),
        (Confusion(0, 9, 1, 0), 0.0, None, 0.0),
        (Confusion(0, 9, 0, 1), None, 0.0, 0.0),
        (Confusion(1, 0, 0, 0), 1.0, 1.0, 1.0),
    ],
)
def test_scores_are_undefined_where_there_is_nothing_to_divide_by(
    confusion: Confusion, precision: float | None, recall: float | None, f1: float | None
) -> None:
    assert (confusion.precision, confusion.recall, confusion.f1) == (precision, recall, f1)


@given(confusions)
def test_f1_lies_between_precision_and_recall(confusion: Confusion) -> None:
    precision, recall, f1 = confusion.precision, confusion.recall, confusion.f1
    if precision is not None and recall is not None:
        assert f1 is not None
        assert min(precision, recall) - 1e-9 <= f1 <= max(precision, recall) + 1e-9


# --- against the base model -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "adapter", "said"),
    [
        (
            (100, 100),
            (88, 103),
            "12 % fewer false positives and 3 % more false negatives than the base model",
        ),
        ((10, 10), (5, 5), "50 % fewer false positives and 50 % fewer false negatives than the base model"),
        ((4, 6), (4, 6), "as many false positives and as many false negatives as the base model"),
        ((4, 9), (4, 3), f"as many false positives as the base model and 67 % fewer false negatives {THAN}"),
        ((0, 10), (2, 9), "2 false positives, the base model none; 10 % fewer false negatives than the base model"),
        ((0, 0), (1, 0), "1 false positive, the base model none; no false negatives, and the base model none"),
        ((12, 10), (0, 20), "no false positives, the base model 12; 100 % more false negatives than the base model"),
        (
            (1000, 1000),
            (999, 1),
            f"less than 1 % fewer false positives and more than 99 % fewer false negatives {THAN}",
        ),
    ],
)
def test_an_adapter_is_told_by_its_errors_against_the_base_model(
    base: tuple[int, int], adapter: tuple[int, int], said: str
) -> None:
    assert versus_base(Comparison(50, Confusion(9, 9, *base), Confusion(9, 9, *adapter))) == said


@given(comparisons)
def test_whatever_the_numbers_the_sentence_names_both_errors_and_the_base_model(comparison: Comparison) -> None:
    said = versus_base(comparison)
    assert "false positive" in said
    assert "false negative" in said
    assert "the base model" in said
    assert " 0 %" not in f" {said}"


@pytest.mark.parametrize(("base", "adapter", "better"), [(10, 9, 0.1), (10, 20, -1.0), (3, 3, 0.0), (0, 4, None)])
def test_improvement_is_the_fraction_of_the_base_models_errors_that_is_gone(
    base: int, adapter: int, better: float | None
) -> None:
    assert improvement(base, adapter) == (None if better is None else pytest.approx(better))


# --- the best threshold ---------------------------------------------------------------------------------------------


def scoring(threshold: float, right: int) -> Comparison:
    return Comparison(threshold, Confusion(1, 1, 1, 1), Confusion(right, 0, 10 - right, 10 - right))


def evaluated(current: Comparison | None, *others: Comparison) -> Evaluation:
    return Evaluation(None, None, None, None, None, current, others)


@pytest.mark.parametrize(
    ("evaluation", "best"),
    [
        (evaluated(scoring(70, 5), scoring(30, 9), scoring(60, 8)), 30),
        (evaluated(scoring(70, 9), scoring(30, 9), scoring(60, 9)), 70),
        (evaluated(scoring(70, 5), scoring(30, 9), scoring(60, 9)), 60),
        (evaluated(scoring(70, 5), scoring(65, 9), scoring(75, 9)), 65),
        (evaluated(None, scoring(10, 9), scoring(55, 9)), 55),
        (evaluated(Comparison(70, Confusion(1, 1, 1, 1), Confusion(0, 9, 0, 0)), scoring(5, 0)), 5),
    ],
)
def test_the_best_threshold_has_the_highest_f1_and_is_closest_to_the_current_one(
    evaluation: Evaluation, best: float
) -> None:
    found = best_threshold(evaluation)
    assert found is not None
    assert found.threshold == best


@given(st.lists(comparisons, max_size=8), st.none() | comparisons)
def test_no_threshold_has_a_higher_f1_than_the_best(others: list[Comparison], current: Comparison | None) -> None:
    best = best_threshold(evaluated(current, *others))
    every = [c.adapter.f1 for c in (*others, *([current] if current else [])) if c.adapter.f1 is not None]
    assert (best.adapter.f1 if best else None) == max(every, default=None)
