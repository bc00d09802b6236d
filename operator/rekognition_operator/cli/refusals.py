"""Why did a version give no answer for an image, and what is there to do?"""

from typing import Final

from rekognition_operator.api.conditions import Reason
from rekognition_operator.api.customlabelsmodel import CustomLabelsModelStatus, ServingStatus
from rekognition_operator.aws.errors import CallError
from rekognition_operator.cli.aws import told
from rekognition_operator.cli.resources import Shown, Version
from rekognition_operator.core.in_service import answers
from rekognition_operator.core.wording import to_the_minute, wake_line

_REMEDIES: Final = {
    "InvalidS3ObjectException": "See that the object exists, that its bucket is in the Region of the version, and that "
    "your own AWS account may read it (s3:GetObject).",
    "ImageTooLargeException": "Make it smaller: at most 15 MB and 10000 pixels a side in S3, less as a file.",
    "InvalidImageFormatException": "Only JPEG and PNG are read: convert it.",
    "HumanLoopQuotaExceededException": "Let people finish some of the open human loops, or ask without one.",
    "ResourceNotFoundException": "The version is gone from AWS: ask the one in service, without --version.",
}


def explained(error: CallError, shown: Shown, version: Version) -> str:
    """Say why there was no answer, and what to do now."""
    if error.code == "ResourceNotReadyException":
        return _not_ready(shown, version)
    remedy = _REMEDIES.get(error.code)
    return f"{told(error)} {remedy}" if remedy is not None else told(error)


def _not_ready(shown: Shown, version: Version) -> str:
    status = shown.status
    serving = status.serving if isinstance(status, CustomLabelsModelStatus) else None
    if version.in_service and serving is not None and not answers(serving.state):
        why = f"Version {version.name} is {serving.state}, and only a model that is RUNNING answers."
        return f"{why} {_how_to_run(serving, shown)}"
    state = next((known.status for known in status.versions or () if known.arn == version.arn), None)
    is_ = f"is {state}" if state is not None else "is in no state"
    return f"Version {version.name} {is_}, in which it does not answer. Ask the one in service, without --version."


def _how_to_run(serving: ServingStatus, shown: Shown) -> str:
    match serving.reason:
        case Reason.IDLE:
            return f"It was stopped because nobody asked it anything. Wake it: {wake_line(shown.key)}"
        case Reason.OUTSIDE_WINDOW:
            then = serving.next_transition
            when = f" It is started at {to_the_minute(then)}." if then is not None else ""
            return f"It is outside the windows of spec.serving.schedule.{when} To run it now, change the schedule."
        case Reason.STOPPED:
            return "Set spec.serving.state: Running; it is then billed by the hour, and starts within 10 to 20 minutes."
        case Reason.OVER_BUDGET:
            return "It would cost more than spec.serving.budget allows: raise the budget, or ask for fewer units."
        case _:
            return f"It is to run: wait until kubectl get {shown.kind.plural} shows it as RUNNING (10 to 20 minutes)."
