"""By which annotations does a person ask the operator for something?"""

from dataclasses import dataclass
from typing import Final

from rekognition_operator.api.customlabelsmodel import CustomLabelsModel
from rekognition_operator.api.kinds import ALL_KINDS, Definition
from rekognition_operator.api.schema import GROUP


@dataclass(frozen=True)
class AnnotationSpec:
    """An annotation of a resource: its name, what its value may be, and what the operator does upon it.

    ``asks_for_a_pass``: whether another value is a person's word, which starts a pass at once and is seen before
    anything is changed in AWS. Else it is only read whenever there is a pass.
    """

    name: str
    value: str
    meaning: str
    kinds: tuple[Definition, ...] = ALL_KINDS
    asks_for_a_pass: bool = True


RECONCILE_REQUESTED_AT: Final = f"{GROUP}/reconcile-requested-at"
RETRY: Final = f"{GROUP}/retry"
ACCEPT_MOVE: Final = f"{GROUP}/accept-move"
FORCE_RELEASE: Final = f"{GROUP}/force-release"
APPROVE: Final = f"{GROUP}/approve"
WAKE: Final = f"{GROUP}/wake"
LAST_USED_AT: Final = f"{GROUP}/last-used-at"

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
        "What it had stays in AWS as it is: a model that runs there runs on, and nobody watches it any more.",
    ),
    AnnotationSpec(
        FORCE_RELEASE,
        '"true"',
        "A resource under deletion is let go as soon as AWS allows: under deletion.policy Delete its own "
        "versions are deleted "
        "and the project stays, as by foreignVersions: Release; what AWS refuses is left as it is.",
    ),
    AnnotationSpec(
        APPROVE,
        "the name of a version",
        "Under promotion.strategy Manual: the version is put into service, if it passes the gates. The word is kept "
        "with the version, so that the annotation may be removed.",
    ),
    AnnotationSpec(
        WAKE,
        "any text that is new, such as the time",
        "A model that spec.serving.idleStop has stopped is started again, and its idle time begins anew. It does not "
        "start a model outside the windows of its schedule.",
        kinds=(CustomLabelsModel,),
    ),
    AnnotationSpec(
        LAST_USED_AT,
        "a time (RFC 3339), such as 2026-05-04T08:00:00Z",
        "When the model was last asked something, written by whoever asks it. Where several models run in the account "
        "and Region, CloudWatch cannot tell them apart, and only this counts for spec.serving.idleStop. It starts no "
        "pass: write it as often as you like.",
        kinds=(CustomLabelsModel,),
        asks_for_a_pass=False,
    ),
)


def annotations_for(kind: Definition) -> tuple[AnnotationSpec, ...]:
    """Return the annotations that mean something on a resource of this kind."""
    return tuple(annotation for annotation in ANNOTATIONS if kind in annotation.kinds)
