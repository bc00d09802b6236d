"""Which versions were there, how good were they, and which gates did they pass?"""

from collections.abc import Sequence

from rekognition_operator.api.resource import VersionStatus
from rekognition_operator.core.wording import to_the_minute
from rekognition_operator.report.parts import Section, Table, TimePlot, number


def history(versions: Sequence[VersionStatus]) -> Section:
    """Return the section about all versions that status shows, the newest first."""
    newest_first = sorted(versions, key=lambda version: version.created_at, reverse=True)
    paragraphs = ["F1 is the score that Rekognition computed on each version's own testing data: 1 is without error."]
    if not newest_first:
        paragraphs = ["No version has been trained yet."]
    return Section(
        id="versions",
        title="Versions",
        paragraphs=tuple(paragraphs),
        plots=_plot(newest_first),
        tables=(_table(newest_first),) if newest_first else (),
    )


def _plot(newest_first: Sequence[VersionStatus]) -> tuple[TimePlot, ...]:
    scored = [(version, version.f1_score) for version in reversed(newest_first) if version.f1_score is not None]
    if not scored:
        return ()
    roles = sorted({version.role for version, _ in scored})
    told = "; ".join(f"{version.name} ({version.role}) {score:.3f}" for version, score in scored)
    return (
        TimePlot(
            title="F1 of the versions over time",
            description=f"F1 by when training started, the oldest first: {told}.",
            y_label="F1",
            groups=tuple(
                (role.value, tuple((version.created_at, score) for version, score in scored if version.role is role))
                for role in roles
            ),
        ),
    )


def _table(newest_first: Sequence[VersionStatus]) -> Table:
    return Table(
        caption="All versions, the newest first, with the gates of spec.promotion that they met (✓) or failed (✗)",
        columns=("Version", "Role", "AWS says", "Training started", "F1", "Gates"),
        rows=tuple(
            (
                version.name,
                version.role.value,
                version.status,
                to_the_minute(version.created_at),
                number(version.f1_score),
                _gates(version),
            )
            for version in newest_first
        ),
    )


def _gates(version: VersionStatus) -> str:
    lines = [
        f"{'✓' if gate.passed else '✗'} {gate.gate}: wanted {gate.wanted}, got {gate.got}"
        for gate in version.gates or ()
    ]
    if version.rejected is not None:
        lines.append(f"Rejected: {version.rejected}")
    return "\n".join(lines) or "none"
