"""Which trainings are told to have ended, and how often?"""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fakes.builders import A, version
from rekognition_operator.api.conditions import Reason
from rekognition_operator.api.resource import DesiredVersion, ResourceStatus, VersionRole, VersionStatus
from rekognition_operator.core.decision import ReadyState, Report, VersionReport
from rekognition_operator.core.trained import TrainingEnded, trainings_ended

UNKNOWN = ReadyState(holds=None, reason=Reason.PROGRESSING, message="")
ENDED = version(A)


def report(status: str, role: VersionRole = VersionRole.CANDIDATE, billed: int | None = 3600) -> Report:
    seen = replace(version(A, status=status), billable_training_seconds=billed)
    return Report(UNKNOWN, UNKNOWN, versions=(VersionReport(seen, role),))


def showing(status: str) -> ResourceStatus:
    shown = VersionStatus(
        name=ENDED.name,
        arn=ENDED.arn,
        status=status,
        role=VersionRole.CANDIDATE,
        created_at=datetime(2026, 11, 1, tzinfo=UTC),
    )
    return ResourceStatus(versions=[shown], desired=DesiredVersion(version_name=ENDED.name, inputs="d"))


ASKED_FOR = ResourceStatus(desired=DesiredVersion(version_name=ENDED.name, inputs="d"))
TRAINING = showing("TRAINING_IN_PROGRESS")


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (TRAINING, report("TRAINING_COMPLETED"), [TrainingEnded(True, 3600)]),
        (TRAINING, report("TRAINING_FAILED", billed=None), [TrainingEnded(False, 0)]),
        (TRAINING, report("TRAINING_IN_PROGRESS", billed=None), []),
        (TRAINING, report("NOBODY_KNOWS_THIS"), []),
        (TRAINING, report("DELETING"), []),
        (TRAINING, report("TRAINING_COMPLETED", VersionRole.FOREIGN), []),
        (TRAINING, None, []),
        (showing("TRAINING_COMPLETED"), report("TRAINING_COMPLETED"), []),
        (showing("TRAINING_COMPLETED"), report("DEPRECATED"), []),
        (ASKED_FOR, report("TRAINING_COMPLETED"), [TrainingEnded(True, 3600)]),
        (ResourceStatus(), report("TRAINING_COMPLETED"), []),
    ],
    ids=[
        "completed",
        "failed",
        "still under way",
        "a state of a later day",
        "deleted in training",
        "of somebody else",
        "not looked at",
        "told before",
        "told before, and deprecated since",
        "so quick that no pass has seen it train",
        "restored from a backup, without status",
    ],
)
def test_the_end_of_a_training_is_told_once(
    before: ResourceStatus, now: Report | None, told: list[TrainingEnded]
) -> None:
    assert trainings_ended(before, now) == told
