"""What of a resource stays in AWS, and is billed, once nobody looks after it any more? By its status."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from rekognition_operator.api.customlabelsmodel import CustomLabelsModel, CustomLabelsModelStatus
from rekognition_operator.api.kinds import BY_NAME
from rekognition_operator.core.versions import IN_TRAINING, OCCUPYING
from rekognition_operator.core.wording import counted
from rekognition_operator.kube.resource import Resource

if TYPE_CHECKING:
    from rekognition_operator.api.resource import ResourceStatus


@dataclass(frozen=True)
class Leftover:
    """What a resource leaves in AWS.

    Attributes
    ----------
    billed
        Why AWS goes on to bill for it, or may do so; None where nothing of it runs.
    usd_per_hour
        What it costs an hour by the status, an estimate; None where the status does not say.
    """

    resource: Resource
    project: str
    versions: tuple[str, ...] = ()
    billed: str | None = None
    usd_per_hour: float | None = None
    training: bool = False

    def lines(self) -> Sequence[str]:
        """Tell it to a person."""
        state = "deleted, held by the finalizer" if self.resource.deleting else "NOT deleted"
        told = [f"{self.resource.key} ({state})", f"  {self.project}"]
        told += [f"  {version}" for version in self.versions]
        return told if self.billed is None else [*told, f"  BILLED: {self.billed}"]


def leftover(resource: Resource) -> Leftover:
    """Read from the status what stays; where it says too little, a model counts as one that may run."""
    kind = BY_NAME[resource.key.kind]
    try:
        status: ResourceStatus = kind.status.model_validate(resource.status)
    except ValidationError:
        return _unknown(resource, "its status has not the form that this release knows")
    if status.project is None:
        return _unknown(resource, "its status names no project: none was made, or the status was lost")
    versions = status.versions or []
    running = [version for version in versions if version.status in OCCUPYING]
    shown = tuple(f"version {version.name}, {version.status}: {version.arn}" for version in versions)
    cost = status.serving.usd_per_hour if isinstance(status, CustomLabelsModelStatus) and status.serving else None
    return Leftover(
        resource,
        f"project {status.project.arn}",
        shown,
        _billed([version.name for version in running], cost),
        cost,
        training=any(version.status in IN_TRAINING for version in versions),
    )


def total(found: Sequence[Leftover]) -> str:
    """Say in one line what all of them leave."""
    billed = [one for one in found if one.billed is not None]
    if not billed:
        training = any(one.training for one in found)
        more = " What is in training ends by itself, and is billed until then." if training else ""
        return f"{counted(len(found), 'resource')}; by their status no model of theirs runs.{more}"
    known = sum(one.usd_per_hour or 0 for one in billed)
    price = f" ({known:.2f} USD/h by their status)" if known else ""
    return f"{counted(len(found), 'resource')}; {len(billed)} may go on to be billed{price}: nobody will stop them."


def _unknown(resource: Resource, why: str) -> Leftover:
    model = resource.key.kind == CustomLabelsModel.kind
    return Leftover(
        resource,
        f"project unknown: {why}. Look in AWS.",
        billed="it cannot be known whether its model runs" if model else None,
    )


def _billed(running: Sequence[str], usd_per_hour: float | None) -> str | None:
    if not running and not usd_per_hour:
        return None
    names = ", ".join(running) or "a version that the status does not list"
    price = f", {usd_per_hour:.2f} USD/h" if usd_per_hour else ""
    return f"{names} runs{price}, and runs on until somebody stops it (aws rekognition stop-project-version)"
