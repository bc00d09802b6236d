"""May a deleted resource go although AWS cannot be looked at or cleaned up? There is always a way out."""

from dataclasses import replace

from rekognition_operator.core.hindrance import Hindrance, Terminal, Waiting
from rekognition_operator.core.resolve import InvalidSpecError, annotations_of, parse_spec
from rekognition_operator.core.wording import clause, force_release_line
from rekognition_operator.kube.resource import Resource


def may_go(resource: Resource, hindrance: Hindrance | None, *, persists: bool) -> bool:
    """Whether the finalizer is removed in spite of a hindrance.

    Under policy Orphan nothing is to be done in AWS, so nothing there can hold the resource. Else a person must have
    asked for it, and the hindrance must be more than a fault that has just come up (``persists``: it has stayed).
    """
    if not resource.deleting or hindrance is None:
        return False
    return _orphaned(resource) or (_holds(hindrance, persists=persists) and annotations_of(resource.body).force_release)


def with_way_out(resource: Resource, hindrance: Hindrance | None, *, persists: bool) -> Hindrance | None:
    """Add to what holds a deleted resource how to let it go."""
    if not resource.deleting or hindrance is None or not _holds(hindrance, persists=persists):
        return hindrance
    line = force_release_line(resource.key)
    return replace(
        hindrance, message=f"{clause(hindrance.message)}. To let the resource go and leave AWS as it is: {line}"
    )


def _holds(hindrance: Hindrance, *, persists: bool) -> bool:
    return persists or isinstance(hindrance, Terminal | Waiting)


def _orphaned(resource: Resource) -> bool:
    try:
        return parse_spec(resource.body).deletion.policy == "Orphan"
    except InvalidSpecError:
        return False
