"""How are answers shown to people?"""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rekognition_operator.cli.answers import Answer, AnsweredBy
from rekognition_operator.core.detected import DetectedLabel, ModerationAnswer

_SILENT = "-"
"""Stands where a model did not name the label, or with less confidence than was asked for."""


def show(console: Console, answer: Answer) -> None:
    """Print an answer: who answered, the labels, and what else there is."""
    console.print(Text(answer.image, style="bold"), soft_wrap=True)
    console.print(Text(f"  {_who(answer)}"), soft_wrap=True)
    if answer.base is not None:
        console.print(_compared(answer, answer.base))
    elif answer.labels:
        console.print(_found(answer))
    else:
        console.print(Text(f"  No label{_bound(answer)}."))
    if answer.moderation is not None:
        _also(console, answer, answer.moderation)


def _who(answer: Answer) -> str:
    version = answer.question.version
    base = answer.moderation.model_version if answer.moderation is not None else None
    match answer.answered_by:
        case AnsweredBy.BASE_MODEL:
            return f"Answered by the base model{f' {base}' if base else ''}, not by version {version.name}"
        case AnsweredBy.ADAPTER:
            return f"Answered by version {version.name}{f', base model {base}' if base else ''}"
        case AnsweredBy.MODEL:
            return f"Answered by version {version.name}"


def _bound(answer: Answer) -> str:
    confidence = answer.question.min_confidence
    return f" with a confidence of {confidence:g} or more" if confidence is not None else ""


def _found(answer: Answer) -> Table:
    moderation = answer.moderation is not None
    table = Table("Label", *(["Below"] if moderation else []))
    table.add_column("Confidence", justify="right")
    for label in _by_confidence(answer.labels):
        parent = [Text(label.parent_name or _SILENT)] if moderation else []
        table.add_row(_name(label), *parent, f"{label.confidence:.1f}")
    return table


def _compared(answer: Answer, base: ModerationAnswer) -> Table:
    """Return both models' confidences side by side, in the order of the version's."""
    table = Table("Label", "Below")
    table.add_column("Adapter", justify="right")
    table.add_column("Base model", justify="right")
    ours = {label.name: label for label in _by_confidence(answer.labels)}
    theirs = {label.name: label for label in _by_confidence(base.labels)}
    for name, label in (ours | {name: label for name, label in theirs.items() if name not in ours}).items():
        table.add_row(
            _name(label), Text(label.parent_name or _SILENT), _confidence(ours.get(name)), _confidence(theirs.get(name))
        )
    if not ours and not theirs:
        table.caption = f"Neither names a label{_bound(answer)}."
    return table


def _also(console: Console, answer: Answer, moderation: ModerationAnswer) -> None:
    """Tell what comes with moderation labels."""
    for content in moderation.content_types:
        console.print(Text(f"  Content type {content.name}: {content.confidence:.1f}"), soft_wrap=True)
    loop = answer.question.human_loop
    if loop is None:
        return
    if moderation.human_loop_arn is None:
        console.print(Text("  No human loop was started: the conditions of its flow are not met."), soft_wrap=True)
        return
    why = f" ({', '.join(moderation.human_loop_reasons)})" if moderation.human_loop_reasons else ""
    console.print(Text(f"  Human loop started{why}: {moderation.human_loop_arn}"), soft_wrap=True)


def _by_confidence(labels: tuple[DetectedLabel, ...]) -> list[DetectedLabel]:
    return sorted(labels, key=lambda label: (-label.confidence, label.taxonomy_level, label.name))


def _name(label: DetectedLabel) -> Text:
    return Text(label.name)


def _confidence(label: DetectedLabel | None) -> str:
    return f"{label.confidence:.1f}" if label is not None else _SILENT
