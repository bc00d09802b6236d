"""How good is a Custom Labels model by label, and what does it cost to run?"""

from rekognition_operator.api.customlabelsmodel import ServingStatus
from rekognition_operator.core.evaluation import Evaluation
from rekognition_operator.core.wording import counted, to_the_minute, usd
from rekognition_operator.report.parts import BarPlot, Section, Table, number

_MOST_BARS = 40
"""More names than this cannot be read on one plot; the table has them all."""


def scores(version_name: str, evaluation: Evaluation) -> tuple[Section, ...]:
    """Return the section about a model's labels; none where its summary has no label."""
    if not evaluation.labels:
        return ()
    worst_first = sorted(
        ((label, metrics.f1_score) for label, metrics in evaluation.labels.items() if metrics.f1_score is not None),
        key=lambda entry: (entry[1], entry[0]),
    )
    shown = worst_first[:_MOST_BARS]
    of_all = f"the {len(shown)} worst of {len(worst_first)} labels" if len(shown) < len(worst_first) else "all labels"
    plot = BarPlot(
        title="F1 by label",
        description=f"F1 of {of_all}, the worst on top: {'; '.join(f'{name} {score:.3f}' for name, score in shown)}.",
        x_label="F1",
        bars=tuple(shown),
    )
    table = Table(
        caption="Scores by label; the threshold is what DetectCustomLabels takes where a call names no MinConfidence",
        columns=("Label", "F1", "Precision", "Recall", "Threshold", "Testing images"),
        rows=tuple(
            (
                label,
                number(metrics.f1_score),
                number(metrics.precision),
                number(metrics.recall),
                f"{metrics.assumed_threshold:.1f}" if metrics.assumed_threshold is not None else "–",  # noqa: RUF001
                str(metrics.testing_images) if metrics.testing_images is not None else "–",  # noqa: RUF001
            )
            for label, metrics in evaluation.labels.items()
        ),
    )
    overall = (
        f"Over all labels: F1 {number(evaluation.f1_score)}, precision {number(evaluation.precision)}, recall "
        f"{number(evaluation.recall)}."
    )
    images = evaluation.testing_images
    measured = f" Measured on {counted(images, 'testing image')}." if images is not None else ""
    return (
        Section(
            id="labels",
            title=f"Version {version_name} by label",
            paragraphs=(overall + measured,),
            plots=(plot,) if shown else (),
            tables=(table,),
        ),
    )


def cost(serving: ServingStatus) -> str:
    """Say how the version in service runs, and what that costs."""
    units = f" with {serving.units} inference units" if serving.units is not None else ""
    told = [f"{serving.state}{units} ({serving.reason})"]
    if serving.usd_per_hour is not None:
        told.append(f"{usd(serving.usd_per_hour)} an hour now")
    if serving.month is not None and serving.hours_this_month is not None:
        spent = serving.estimated_usd_this_month
        about = f", about {usd(spent)}" if spent is not None else ""
        told.append(f"{serving.hours_this_month:g} inference-unit hours in {serving.month}{about}")
    if serving.next_transition is not None and serving.next_state is not None:
        told.append(f"{serving.next_state} from {to_the_minute(serving.next_transition)}")
    return "; ".join(told) + ". Costs are estimates, not AWS's bill."
