"""What does an evaluation summary say of a version, and how does an adapter compare with the base model?

AWS writes the summary to Amazon S3 when training ends (EvaluationResult.Summary). Sources: for adapters the Rekognition
guide, "Manifest file formats" ("Evaluation summary"); for models the Custom Labels guide, "Summary file".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Final, TypeAlias

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_pascal

from rekognition_operator.core.wording import counted
from rekognition_operator.core.world import Feature

DEFAULT_CONFIDENCE = 50.0
"""MinConfidence of DetectModerationLabels where a call names none (API reference)."""

MAX_SUMMARY_BYTES: Final = 16 * 1024 * 1024
"""More than any summary has: 21 thresholds times the labels of the taxonomy, or 250 labels of a model."""

_THAN, _AS = " than the base model", " as the base model"


class UnreadableSummaryError(ValueError):
    """What was read is no evaluation summary; the message says what is wrong, and where."""


@dataclass(frozen=True)
class Confusion:
    """How often a model was right and wrong, over (image, label) pairs."""

    true_positives: int
    true_negatives: int
    false_positives: int
    false_negatives: int

    @property
    def precision(self) -> float | None:
        """The share of right ones among the found; None where nothing was found."""
        return _share(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float | None:
        """The share of found ones among the true; None where nothing was to be found."""
        return _share(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both; None where nothing was found and nothing was to be found."""
        right = 2 * self.true_positives
        return _share(right, right + self.false_positives + self.false_negatives)


@dataclass(frozen=True)
class LabelComparison:
    """How the base model and the adapter did on one label."""

    base: Confusion
    adapter: Confusion


@dataclass(frozen=True)
class Comparison:
    """How the base model and the adapter did at one confidence threshold, 0 to 100."""

    threshold: float
    base: Confusion
    adapter: Confusion
    by_label: Mapping[str, LabelComparison] = field(default_factory=dict)


@dataclass(frozen=True)
class LabelMetrics:
    """How a Custom Labels model did on one label.

    ``assumed_threshold`` (confidence, 0 to 100) is what DetectCustomLabels takes where a call names no MinConfidence.
    """

    f1_score: float | None
    precision: float | None
    recall: float | None
    assumed_threshold: float | None
    testing_images: int | None


@dataclass(frozen=True)
class Evaluation:
    """What the summary says. Scores are 0 to 1; None where the summary has none.

    ``at_threshold`` is the comparison at the threshold that the adapter was trained for, ``all_thresholds`` are those
    at 5, 10, ... 100, the lowest first: both of adapters only. ``labels`` are of Custom Labels models only. Precision
    and recall of an adapter are those at its threshold.
    """

    f1_score: float | None
    precision: float | None
    recall: float | None
    training_images: int | None
    testing_images: int | None
    at_threshold: Comparison | None = None
    all_thresholds: tuple[Comparison, ...] = ()
    labels: Mapping[str, LabelMetrics] = field(default_factory=dict)


def parse_evaluation(document: bytes | str, feature: Feature) -> Evaluation:
    """Read an evaluation summary.

    Raises
    ------
    UnreadableSummaryError
        It is no JSON, or has not the form that AWS documents.
    """
    try:
        summary = _SUMMARY.validate_json(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        wrong = f"{where}: {first['msg']}" if where else first["msg"]
        raise UnreadableSummaryError(f"The evaluation summary has not the form that AWS documents: {wrong}") from error
    return _adapter(summary) if feature is Feature.CONTENT_MODERATION else _model(summary)


def improvement(base: int, adapter: int) -> float | None:
    """Return which fraction of the base model's errors the adapter does not make: negative where it makes more.

    None where the base model makes none, since then there is nothing to be fewer than.
    """
    return (base - adapter) / base if base else None


def versus_base(comparison: Comparison) -> str:
    """Say how the adapter errs against the base model, such as "12 % fewer false positives ... than the base model"."""
    base, adapter = comparison.base, comparison.adapter
    first, first_end = _errors(base.false_positives, adapter.false_positives, "false positive")
    second, second_end = _errors(base.false_negatives, adapter.false_negatives, "false negative")
    if first_end and first_end == second_end:
        return f"{first} and {second}{second_end}"
    joint = " and " if first_end and second_end else "; "
    return f"{first}{first_end}{joint}{second}{second_end}"


def best_threshold(evaluation: Evaluation) -> Comparison | None:
    """Return the threshold at which the adapter's F1 is highest; None where the summary compares at none.

    Among equals the one closest to the threshold that the adapter was trained for, then the lower, which finds more.
    """
    current = evaluation.at_threshold
    around = current.threshold if current is not None else DEFAULT_CONFIDENCE
    candidates = (*evaluation.all_thresholds, *([current] if current is not None else []))
    scored = [(f1, c) for c in candidates if (f1 := c.adapter.f1) is not None]
    if not scored:
        return None
    return min(scored, key=lambda s: (-s[0], abs(s[1].threshold - around), s[1].threshold))[1]


def _errors(base: int, adapter: int, noun: str) -> tuple[str, str]:
    """Say how many errors of a kind there are, and what ends the sentence, which two kinds may share."""
    if base == adapter:
        return (f"as many {noun}s", _AS) if base else (f"no {noun}s, and the base model none", "")
    better = improvement(base, adapter)
    if better is None or not adapter:
        return f"{counted(adapter, noun) if adapter else f'no {noun}s'}, the base model {base or 'none'}", ""
    return f"{_percent(abs(better))} {'fewer' if better > 0 else 'more'} {noun}s", _THAN


def _percent(fraction: float) -> str:
    """Return a fraction in whole percent, never rounded to nothing or, short of all, to all."""
    percent = round(fraction * 100)
    if percent < 1:
        return "less than 1 %"
    return "more than 99 %" if percent == 100 and fraction < 1 else f"{percent} %"


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


# --- the file -------------------------------------------------------------------------------------------------------

_AWS = ConfigDict(alias_generator=to_pascal)
_Count: TypeAlias = Annotated[int, Field(ge=0)]
_Score: TypeAlias = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


@dataclass(frozen=True)
class _Counts:
    __pydantic_config__: ClassVar[ConfigDict] = _AWS
    true_positive: _Count
    true_negative: _Count
    false_positive: _Count
    false_negative: _Count


@dataclass(frozen=True)
class _Both:
    __pydantic_config__: ClassVar[ConfigDict] = _AWS
    base_model: _Counts
    adapter: _Counts


@dataclass(frozen=True)
class _LabelBoth(_Both):
    label: str


@dataclass(frozen=True)
class _AtThreshold:
    __pydantic_config__: ClassVar[ConfigDict] = _AWS
    confidence_threshold: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
    aggregated_evaluation_results: _Both
    label_evaluation_results: tuple[_LabelBoth, ...] = ()


@dataclass(frozen=True)
class _ContentModeration:
    __pydantic_config__: ClassVar[ConfigDict] = _AWS
    input_confidence_threshold_eval_results: _AtThreshold | None = None
    all_confidence_thresholds_eval_results: tuple[_AtThreshold, ...] = ()


@dataclass(frozen=True)
class _Scores:
    __pydantic_config__: ClassVar[ConfigDict] = _AWS
    f1_score: Annotated[_Score | None, Field(alias="F1Score")] = None
    precision: _Score | None = None
    recall: _Score | None = None


@dataclass(frozen=True)
class _LabelScores(_Scores):
    threshold: _Score | None = None


@dataclass(frozen=True)
class _Label:
    __pydantic_config__: ClassVar[ConfigDict] = _AWS
    label: str
    metrics: _LabelScores
    number_of_testing_images: _Count | None = None


@dataclass(frozen=True)
class _Details:
    __pydantic_config__: ClassVar[ConfigDict] = _AWS
    number_of_training_images: _Count | None = None
    number_of_testing_images: _Count | None = None


@dataclass(frozen=True)
class _Summary:
    __pydantic_config__: ClassVar[ConfigDict] = _AWS
    aggregated_evaluation_results: _Scores
    evaluation_details: _Details = _Details()
    content_moderation: _ContentModeration = _ContentModeration()
    label_evaluation_results: tuple[_Label, ...] = ()


_SUMMARY = TypeAdapter(_Summary)


def _adapter(summary: _Summary) -> Evaluation:
    moderation = summary.content_moderation
    at_input = moderation.input_confidence_threshold_eval_results
    at_threshold = _comparison(at_input) if at_input is not None else None
    every = [_comparison(at) for at in moderation.all_confidence_thresholds_eval_results]
    return Evaluation(
        f1_score=summary.aggregated_evaluation_results.f1_score,
        precision=at_threshold.adapter.precision if at_threshold is not None else None,
        recall=at_threshold.adapter.recall if at_threshold is not None else None,
        training_images=summary.evaluation_details.number_of_training_images,
        testing_images=summary.evaluation_details.number_of_testing_images,
        at_threshold=at_threshold,
        all_thresholds=tuple(sorted(every, key=lambda comparison: comparison.threshold)),
    )


def _model(summary: _Summary) -> Evaluation:
    return Evaluation(
        f1_score=summary.aggregated_evaluation_results.f1_score,
        precision=summary.aggregated_evaluation_results.precision,
        recall=summary.aggregated_evaluation_results.recall,
        training_images=summary.evaluation_details.number_of_training_images,
        testing_images=summary.evaluation_details.number_of_testing_images,
        labels={entry.label: _metrics(entry) for entry in summary.label_evaluation_results},
    )


def _comparison(at: _AtThreshold) -> Comparison:
    both = at.aggregated_evaluation_results
    return Comparison(
        threshold=at.confidence_threshold,
        base=_confusion(both.base_model),
        adapter=_confusion(both.adapter),
        by_label={
            entry.label: LabelComparison(_confusion(entry.base_model), _confusion(entry.adapter))
            for entry in at.label_evaluation_results
        },
    )


def _confusion(counts: _Counts) -> Confusion:
    return Confusion(counts.true_positive, counts.true_negative, counts.false_positive, counts.false_negative)


def _metrics(entry: _Label) -> LabelMetrics:
    threshold = entry.metrics.threshold
    return LabelMetrics(
        f1_score=entry.metrics.f1_score,
        precision=entry.metrics.precision,
        recall=entry.metrics.recall,
        assumed_threshold=threshold * 100 if threshold is not None else None,
        testing_images=entry.number_of_testing_images,
    )
