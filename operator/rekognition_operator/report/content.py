"""What does the page tell of a resource, and of the version that it looks at closely?"""

from dataclasses import dataclass
from datetime import datetime

from rekognition_operator.api.customlabelsmodel import CustomLabelsModelStatus
from rekognition_operator.api.resource import ActiveVersion, ResourceStatus
from rekognition_operator.core.evaluation import Evaluation
from rekognition_operator.core.in_service import region_of, why_none
from rekognition_operator.core.wording import to_the_minute
from rekognition_operator.report.comparison import comparison
from rekognition_operator.report.history import history
from rekognition_operator.report.parts import Page, Section, Table, number
from rekognition_operator.report.scores import cost, scores


@dataclass(frozen=True)
class Looked:
    """The version that the page looks at closely, and its evaluation; or why there is none to show."""

    version_name: str
    evaluation: Evaluation | None = None
    problem: str | None = None


def content(key: str, status: ResourceStatus, looked: Looked | None, made_at: datetime) -> Page:
    """Put the page together. ``key`` names the resource: kind, namespace and name."""
    active = status.active
    problem = looked.problem if looked is not None else None
    return Page(
        title=key,
        lead=_lead(status, active),
        made_at=made_at,
        facts=_facts(status, active),
        warning=f"The evaluation of this version is not shown. {problem}" if problem is not None else None,
        sections=(_conditions(status), *_evaluated(looked), history(status.versions or ())),
    )


def _lead(status: ResourceStatus, active: ActiveVersion | None) -> str:
    if active is None:
        reason, message = why_none(status)
        return f"No version is in service{f' ({reason})' if reason else ''}: {message}"
    since = f" since {to_the_minute(active.since)}" if active.since is not None else ""
    versus = active.evaluation.versus_base if active.evaluation is not None else None
    return f"Version {active.version_name} is in service{since}{f': {versus}' if versus is not None else ''}."


def _facts(status: ResourceStatus, active: ActiveVersion | None) -> tuple[tuple[str, str], ...]:
    project = status.project
    facts: list[tuple[str, str | None]] = []
    if project is not None:
        facts += [
            ("Project", project.name),
            ("Project ARN", project.arn),
            ("Region", project.region or region_of(project.arn)),
        ]
    if active is not None:
        facts += [
            ("Version in service", active.version_name),
            ("Its ARN, for the application's calls", active.arn),
            ("Its F1", number(active.f1_score)),
            ("Its base model", active.base_model_version),
        ]
    if isinstance(status, CustomLabelsModelStatus) and status.serving is not None:
        facts.append(("Serving", cost(status.serving)))
    return tuple((name, value) for name, value in facts if value is not None)


def _conditions(status: ResourceStatus) -> Section:
    conditions = status.conditions or []
    table = Table(
        caption="Conditions of the resource, as kubectl describe shows them",
        columns=("Condition", "Status", "Reason", "Message"),
        rows=tuple((c.type, c.status, c.reason, c.message) for c in conditions),
    )
    return Section(
        id="state",
        title="What is in service, and why",
        paragraphs=() if conditions else ("The operator has not looked at it yet.",),
        tables=(table,) if conditions else (),
    )


def _evaluated(looked: Looked | None) -> tuple[Section, ...]:
    if looked is None or looked.evaluation is None:
        return ()
    name, evaluation = looked.version_name, looked.evaluation
    return comparison(name, evaluation) + scores(name, evaluation)
