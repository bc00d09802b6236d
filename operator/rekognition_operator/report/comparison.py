"""How does an adapter compare with the base model, and at which confidence would it serve best?"""

from collections.abc import Callable

from rekognition_operator.core.evaluation import Comparison, Confusion, Evaluation, best_threshold, versus_base
from rekognition_operator.core.wording import counted
from rekognition_operator.report.parts import Line, LinePlot, Section, Table, number

Measure = Callable[[Confusion], float | None]

_MEASURES: tuple[tuple[str, str, Measure, float | None], ...] = (
    (
        "False positives",
        "what a model flags and should not: fewer is better",
        lambda counts: counts.false_positives,
        None,
    ),
    (
        "False negatives",
        "what a model should flag and does not: fewer is better",
        lambda counts: counts.false_negatives,
        None,
    ),
    ("Precision", "which part of what a model flags should be flagged: more is better", lambda c: c.precision, 1.0),
    ("Recall", "which part of what should be flagged a model flags: more is better", lambda c: c.recall, 1.0),
    ("F1", "the harmonic mean of precision and recall: more is better", lambda c: c.f1, 1.0),
)
_RETRAINING = (
    "The lines below tell Rekognition for which confidence the next version is to be trained and evaluated. They "
    "change spec.training, so the operator trains a new version, for which AWS charges and whose scores may be others. "
    "They do not change what a call answers: that is MinConfidence."
)
_COLUMNS = (
    "False positives, base model",
    "False positives, adapter",
    "False negatives, base model",
    "False negatives, adapter",
    "F1, base model",
    "F1, adapter",
)


def comparison(version_name: str, evaluation: Evaluation) -> tuple[Section, ...]:
    """Return the sections about an adapter; none where its summary compares it with nothing."""
    current, every = evaluation.at_threshold, evaluation.all_thresholds
    if current is None and not every:
        return ()
    best = best_threshold(evaluation)
    sections = [_thresholds(version_name, evaluation, best)]
    if current is not None and current.by_label:
        sections.append(_labels(current))
    if best is not None:
        sections.append(_best(evaluation, best))
    return tuple(sections)


def _thresholds(version_name: str, evaluation: Evaluation, best: Comparison | None) -> Section:
    current = evaluation.at_threshold
    paragraphs = [
        "Each (image, label) pair of the testing data counts once. Below a threshold, a label does not count."
    ]
    if current is not None:
        paragraphs.insert(
            0, f"At a confidence of {current.threshold:g}, that of the evaluation: {versus_base(current)}."
        )
    every = evaluation.all_thresholds
    marks = [(current.threshold, "evaluation")] if current is not None else []
    if best is not None and (current is None or best.threshold != current.threshold):
        marks.append((best.threshold, "best F1"))
    return Section(
        id="comparison",
        title=f"Version {version_name} against the base model",
        paragraphs=tuple(paragraphs),
        plots=tuple(_plot(measure, every, tuple(marks)) for measure in _MEASURES) if every else (),
        tables=(
            Table(
                caption="Adapter and base model at every confidence threshold",
                columns=("Threshold", *_COLUMNS),
                rows=tuple((f"{at.threshold:g}", *_cells(at.base, at.adapter)) for at in every),
            ),
        )
        if every
        else (),
    )


def _plot(
    measure: tuple[str, str, Measure, float | None],
    every: tuple[Comparison, ...],
    marks: tuple[tuple[float, str], ...],
) -> LinePlot:
    name, meaning, value, highest = measure

    def line(who: str, counts: Callable[[Comparison], Confusion]) -> Line:
        points = [(at.threshold, value(counts(at))) for at in every]
        return Line(who, tuple((threshold, y) for threshold, y in points if y is not None))

    lines = (line("Base model", lambda at: at.base), line("Adapter", lambda at: at.adapter))
    return LinePlot(
        title=f"{name} by confidence threshold",
        description=f"{name}: {meaning}. {' '.join(map(_ends, lines))}",
        y_label=name,
        lines=lines,
        marks=marks,
        highest=highest,
    )


def _ends(line: Line) -> str:
    """Tell a line to those who cannot see it; the table has all of its points."""
    if not line.points:
        return f"{line.name}: no values."
    (low, first), (high, last) = line.points[0], line.points[-1]
    return f"{line.name}: from {first:.3g} at {low:g} to {last:.3g} at {high:g}."


def _labels(current: Comparison) -> Section:
    return Section(
        id="labels",
        title="By label",
        tables=(
            Table(
                caption=f"Adapter and base model by label, at a confidence of {current.threshold:g}",
                columns=("Label", *_COLUMNS),
                rows=tuple((label, *_cells(both.base, both.adapter)) for label, both in current.by_label.items()),
            ),
        ),
    )


def _cells(base: Confusion, adapter: Confusion) -> tuple[str, ...]:
    return (
        str(base.false_positives),
        str(adapter.false_positives),
        str(base.false_negatives),
        str(adapter.false_negatives),
        number(base.f1),
        number(adapter.f1),
    )


def _best(evaluation: Evaluation, best: Comparison) -> Section:
    current = evaluation.at_threshold
    title, chance = "The threshold that would serve best", _chance(evaluation)
    if current is not None and best.threshold == current.threshold:
        already = f"That of the evaluation, {best.threshold:g}: at no other is the adapter's F1 higher than "
        return Section("threshold", title, (f"{already}{number(best.adapter.f1)}.", _min_confidence(best), *chance))
    now = f" At {current.threshold:g}, that of the evaluation, it is {number(current.adapter.f1)}." if current else ""
    highest = f"The adapter's F1 is highest at a confidence of {best.threshold:g}: {number(best.adapter.f1)}.{now}"
    return Section(
        id="threshold",
        title=title,
        paragraphs=(f"{highest} There, it makes {versus_base(best)}.", _min_confidence(best), _RETRAINING, *chance),
        code=f"spec:\n  training:\n    confidenceThreshold: {best.threshold:g}\n",
    )


def _min_confidence(best: Comparison) -> str:
    return (
        f"To use it now, pass MinConfidence: {best.threshold:g} with each call of DetectModerationLabels (with the "
        f"command detect: --min-confidence {best.threshold:g}). That only leaves out labels of less confidence: "
        "nothing is trained, and it costs nothing."
    )


def _chance(evaluation: Evaluation) -> tuple[str, ...]:
    images = evaluation.testing_images
    if images is None:
        return ()
    return (f"All of this was measured on {counted(images, 'testing image')}: on few, small differences are chance.",)
