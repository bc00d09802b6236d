"""What does a status say about what is in service, to those who want to use it?"""

from rekognition_operator.api.conditions import ConditionType
from rekognition_operator.api.resource import ResourceStatus
from rekognition_operator.core.world import VersionState

UNSEEN = "The operator has not looked at it yet: see that it runs, and that it watches this namespace"


def why_none(status: ResourceStatus) -> tuple[str, str]:
    """Return reason and message of the condition Ready: why no version is in service. No reason: it is not known."""
    ready = next((c for c in status.conditions or () if c.type == ConditionType.READY), None)
    return (ready.reason, ready.message) if ready is not None else ("", UNSEEN)


def region_of(arn: str) -> str:
    """Return the Region of an ARN: ``arn:<partition>:rekognition:<region>:<account>:...``."""
    return arn.split(":")[3]


def account_of(arn: str) -> str:
    """Return the account of an ARN: the fifth part of it. A role acts in that of its own ARN."""
    return arn.split(":")[4]


def answers(state: str) -> bool:
    """Whether a model in this state answers: only a running one does (API reference, DetectCustomLabels)."""
    return state == VersionState.RUNNING
