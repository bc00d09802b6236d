"""Which trainings have ended since status was last written?"""

from dataclasses import dataclass

from rekognition_operator.api.resource import ResourceStatus, VersionRole
from rekognition_operator.core.decision import Report
from rekognition_operator.core.versions import IN_TRAINING
from rekognition_operator.core.world import VersionState

_NOT_ENDED = IN_TRAINING | {VersionState.UNKNOWN, VersionState.DELETING}


@dataclass(frozen=True)
class TrainingEnded:
    """How a training ended, and the seconds that AWS bills for it."""

    completed: bool
    billed_seconds: int


def trainings_ended(before: ResourceStatus, report: Report | None) -> list[TrainingEnded]:
    """Return those that status showed in training, or asked for and did not show yet, and that this pass shows ended.

    Status is the memory: an end that came while no operator ran is told by the next one, and once.
    """
    shown = {version.arn: version.status for version in before.versions or ()}
    asked_for = before.desired.version_name if before.desired is not None else None
    ended = []
    for entry in report.versions if report is not None else ():
        version = entry.version
        known = shown.get(version.arn)
        was_training = version.name == asked_for if known is None else known in IN_TRAINING
        if was_training and version.state not in _NOT_ENDED and entry.role is not VersionRole.FOREIGN:
            completed = version.state is not VersionState.TRAINING_FAILED
            ended.append(TrainingEnded(completed, version.billable_training_seconds or 0))
    return ended
