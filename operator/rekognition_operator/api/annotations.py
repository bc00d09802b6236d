"""By which annotations does a person ask the operator for something?"""

from dataclasses import dataclass
from typing import Final

from rekognition_operator.api.schema import GROUP


@dataclass(frozen=True)
class AnnotationSpec:
    """An annotation of a resource: its name, what its value may be, and what the operator does upon it."""

    name: str
    value: str
    meaning: str


RECONCILE_REQUESTED_AT: Final = f"{GROUP}/reconcile-requested-at"
RETRY: Final = f"{GROUP}/retry"
ACCEPT_MOVE: Final = f"{GROUP}/accept-move"
FORCE_RELEASE: Final = f"{GROUP}/force-release"

ANNOTATIONS: Final = (
    AnnotationSpec(
        RECONCILE_REQUESTED_AT,
        "any text that is new, such as the time",
        "The operator looks at AWS at once. Answered in status.lastHandledReconcileAt.",
    ),
    AnnotationSpec(
        RETRY,
        "any text that is new, such as the time",
        "What is stalled is tried again: a failed training is trained anew, a deleted project is created again. "
        "The same text never repeats anything. Answered in status.lastHandledRetry.",
    ),
    AnnotationSpec(
        ACCEPT_MOVE,
        "<account>/<region>",
        "The resource may leave the account, Region or project that it had, for the one named here. "
        "What it had stays in AWS as it is.",
    ),
    AnnotationSpec(
        FORCE_RELEASE,
        '"true"',
        "A resource under deletion is let go as soon as AWS allows: under deletion.policy Delete its own "
        "versions are deleted "
        "and the project stays, as by foreignVersions: Release; what AWS refuses is left as it is.",
    ),
)
