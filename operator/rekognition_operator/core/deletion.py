"""The resource is being deleted: what is removed in AWS, what is kept, and when may the resource go?"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from rekognition_operator.api.conditions import Reason
from rekognition_operator.core import tags as t
from rekognition_operator.core.actions import (
    Action,
    DeleteDataset,
    DeleteProject,
    DeleteVersion,
    ReleaseFinalizer,
    RemoveTags,
    SetTags,
    StopVersion,
)
from rekognition_operator.core.decision import Finding
from rekognition_operator.core.ownership import moved
from rekognition_operator.core.serving_memory import Why, stop_tags
from rekognition_operator.core.versions import OCCUPYING, Fleet, of_our_tags, sort_out
from rekognition_operator.core.wording import counted, force_release_line
from rekognition_operator.core.world import (
    Desired,
    Observed,
    ObservedProject,
    ObservedVersion,
    ProjectStatus,
    VersionState,
)

_BUSY = OCCUPYING | {VersionState.TRAINING_IN_PROGRESS, VersionState.COPYING_IN_PROGRESS}
"""AWS refuses to delete a version in these states."""


@dataclass(frozen=True)
class DeletionPlan:
    """What deletion asks for, and what to say of it."""

    actions: tuple[Action, ...] = ()
    reconciling: Finding | None = None
    stalled: Finding | None = None
    fleet: Fleet = field(default_factory=lambda: Fleet((), ()))
    ours: bool = False


def plan_deletion(desired: Desired, observed: Observed, at: datetime) -> DeletionPlan:
    """Decide on the deletion at a time; the finalizer goes last, when nothing of the policy is left to do."""
    release = DeletionPlan(
        (ReleaseFinalizer(),),
        reconciling=Finding(Reason.DELETING, "Nothing is left to do in AWS; letting the resource go"),
    )
    forced = desired.annotations.force_release
    if desired.deletion_policy == "Orphan" or (forced and desired.suspend):
        return release
    elsewhere = moved(desired)
    if elsewhere is not None:
        if forced:
            return release
        message = (
            f"{elsewhere.message}. To let the resource go and leave AWS as it is: {force_release_line(desired.owner)}"
        )
        return DeletionPlan(stalled=Finding(elsewhere.reason, message))
    project = observed.project
    if project is None:
        return release
    ownership = t.ownership(project.tags, desired.owner)
    if ownership is t.Ownership.ANOTHER:
        return release
    if ownership is not t.Ownership.OURS:
        # Never ours, released already, or its tags are lost. A model of ours in it, by its own tags, is stopped still.
        return _stop_models(desired, project, of_our_tags(desired, observed.versions), at) or release
    fleet = sort_out(desired, observed.versions)
    return replace(_plan_ours(desired, project, _updates_as_foreign(fleet), at, forced=forced), fleet=fleet)


def _updates_as_foreign(fleet: Fleet) -> Fleet:
    """Leave what AWS has added to deletion.foreignVersions: the operator did not make it."""
    updates = tuple(own.version for own in fleet.own if own.by_aws)
    return Fleet(tuple(own for own in fleet.own if not own.by_aws), (*fleet.foreign, *updates))


def _plan_ours(desired: Desired, project: ObservedProject, fleet: Fleet, at: datetime, *, forced: bool) -> DeletionPlan:
    stopping = _stop_models(desired, project, fleet, at)
    if stopping is not None and (forced or desired.deletion_policy == "Retain"):
        return stopping  # a model that no resource declares any more would bill for ever
    if desired.deletion_policy == "Retain":
        return DeletionPlan(
            (*_let_go(desired, project, fleet, [own.version for own in fleet.own]), ReleaseFinalizer()),
            reconciling=Finding(
                Reason.DELETING, f"Keeping project {project.name} and its versions in AWS, marked as released"
            ),
            fleet=fleet,
            ours=True,
        )
    if forced:
        return _delete_ours_keep_project(desired, project, fleet, wait=False)
    return _delete(desired, project, fleet, stopping, at)


def _delete(
    desired: Desired, project: ObservedProject, fleet: Fleet, stopping: DeletionPlan | None, at: datetime
) -> DeletionPlan:
    foreign = [version for version in fleet.foreign if version.state is not VersionState.DELETING]
    if foreign or project.datasets:
        if desired.foreign_versions == "Release":
            return stopping or _delete_ours_keep_project(desired, project, fleet, wait=True)
        if desired.foreign_versions == "Block":
            own_stops = stopping.actions if stopping is not None else ()
            return DeletionPlan(own_stops, stalled=_blocked(desired, project, foreign), fleet=fleet, ours=True)
    versions = [*(own.version for own in fleet.own), *fleet.foreign]
    foreign_arns = {version.arn for version in fleet.foreign}
    stops = [_stop(project, v, at, foreign=True) for v in fleet.foreign if v.state is VersionState.RUNNING]
    actions = [*(stopping.actions if stopping is not None else ()), *stops]
    actions += _delete_versions(desired, versions, foreign_arns)
    if versions:
        return DeletionPlan(tuple(actions), reconciling=_progress(project, versions), fleet=fleet, ours=True)
    datasets = [dataset for dataset in project.datasets if dataset.status != "DELETE_IN_PROGRESS"]
    actions += [DeleteDataset(dataset.arn) for dataset in datasets]
    if not project.datasets and project.status is not ProjectStatus.DELETING:
        actions.append(DeleteProject(project.arn))
    return DeletionPlan(
        tuple(actions),
        reconciling=Finding(Reason.DELETING, f"Deleting project {project.name} in AWS; waiting until it is gone"),
        fleet=fleet,
        ours=True,
    )


def _delete_ours_keep_project(desired: Desired, project: ObservedProject, fleet: Fleet, *, wait: bool) -> DeletionPlan:
    own = [own.version for own in fleet.own]
    left = own if wait else [v for v in own if v.state not in _BUSY and v.state is not VersionState.DELETING]
    if left:
        return DeletionPlan(
            tuple(_delete_versions(desired, left, set())), reconciling=_progress(project, left), fleet=fleet, ours=True
        )
    return DeletionPlan(
        (*_let_go(desired, project, fleet, own), ReleaseFinalizer()),
        reconciling=Finding(Reason.DELETING, f"Keeping project {project.name} in AWS, marked as released"),
        fleet=fleet,
        ours=True,
    )


def _stop_models(desired: Desired, project: ObservedProject, fleet: Fleet, at: datetime) -> DeletionPlan | None:
    """Stop the models that run, and wait until they have stopped; None where none runs.

    AWS can stop a model that starts only once it runs.
    """
    busy = [own.version for own in fleet.own if own.occupies]
    if not busy:
        return None
    actions: list[Action] = []
    for version in busy:
        if version.state is VersionState.RUNNING:
            actions += [*_marked(desired, version), _stop(project, version, at)]
    shown = ", ".join(f"{version.name} ({version.status})" for version in busy)
    return DeletionPlan(
        tuple(actions),
        reconciling=Finding(
            Reason.STOPPING,
            f"The resource is being deleted; waiting until its model has stopped: {shown}. To let the resource go now "
            "and leave the model as it is, running and billed, set spec.deletion.policy: Orphan",
        ),
        fleet=fleet,
        ours=True,
    )


def _stop(project: ObservedProject, version: ObservedVersion, at: datetime, *, foreign: bool = False) -> StopVersion:
    tags = {} if foreign else stop_tags(Why.DELETION, at)
    return StopVersion(version.arn, project.arn, version.name, tags, foreign=foreign, tags_matter=False)


def _marked(desired: Desired, version: ObservedVersion) -> list[Action]:
    """Mark a version that is known by its name alone: nothing is stopped or deleted that does not say whose it is."""
    if t.ownership(version.tags, desired.owner) is t.Ownership.OURS:
        return []
    return [SetTags(version.arn, t.owner_tags(desired.owner))]


def _delete_versions(desired: Desired, versions: list[ObservedVersion], foreign_arns: set[str]) -> list[Action]:
    ready = [v for v in versions if v.state not in _BUSY and v.state is not VersionState.DELETING]
    ready.sort(key=lambda version: version.created_at)
    owner_tags = t.owner_tags(desired.owner)
    actions: list[Action] = []
    for v in ready:
        foreign = v.arn in foreign_arns
        if not foreign:
            actions += _marked(desired, v)
        actions.append(DeleteVersion(v.arn, v.name, owner_tags={} if foreign else owner_tags, foreign=foreign))
    return actions


def _let_go(desired: Desired, project: ObservedProject, fleet: Fleet, versions: list[ObservedVersion]) -> list[Action]:
    """Replace the owner tags by the released tag; the project last, since it says that the rest is done.

    Also on what AWS has added, where it carries them.
    """
    tagged = [v for v in fleet.foreign if t.ownership(v.tags, desired.owner) is t.Ownership.OURS]
    released = {t.RELEASED: t.released_value(desired.owner)}
    actions: list[Action] = []
    kept = [(v.arn, v.tags) for v in (*versions, *tagged) if v.state is not VersionState.DELETING]
    for arn, tags in (*kept, (project.arn, project.tags)):
        if tags.get(t.RELEASED) != released[t.RELEASED]:
            actions.append(SetTags(arn, released))
        keys = tuple(key for key in (*t.OWNER_KEYS, t.CLAIMED_AT) if key in tags)
        if keys:
            actions.append(RemoveTags(arn, keys))
    return actions


def _progress(project: ObservedProject, versions: list[ObservedVersion]) -> Finding:
    training = [version.name for version in versions if version.state is VersionState.TRAINING_IN_PROGRESS]
    if training:
        return Finding(
            Reason.WAITING_FOR_TRAINING,
            f"{'Version' if len(training) == 1 else 'Versions'} {', '.join(training)} "
            f"{'is' if len(training) == 1 else 'are'} in training, which AWS can neither cancel nor delete; project "
            f"{project.name} is deleted when it ends. To let the resource go now, set spec.deletion.policy to "
            f"Retain or "
            "Orphan",
        )
    return Finding(Reason.DELETING, f"Deleting {counted(len(versions), 'version')} of project {project.name} in AWS")


def _blocked(desired: Desired, project: ObservedProject, foreign: list[ObservedVersion]) -> Finding:
    names = ", ".join(version.name for version in foreign[:5]) + (" ..." if len(foreign) > 5 else "")
    what = f"{counted(len(foreign), 'version')} that this resource did not create ({names})" if foreign else ""
    datasets = counted(len(project.datasets), "dataset") if project.datasets else ""
    owner = desired.owner
    return Finding(
        Reason.FOREIGN_VERSIONS,
        f"Project {project.name} has {' and '.join(filter(None, (what, datasets)))}; nothing is deleted. Set "
        "spec.deletion.foreignVersions to Delete (them too) or Release (ours only, the project stays): kubectl patch "
        f"{owner.kind.lower()} -n {owner.namespace} {owner.name} --type merge "
        '-p \'{"spec":{"deletion":{"foreignVersions":"Release"}}}\'; for a resource no longer in git the same '
        f"as Release: {force_release_line(desired.owner)}",
    )


def is_suspended_deletion(desired: Desired) -> bool:
    """Tell whether the deletion must wait because the resource is suspended."""
    return desired.suspend and desired.deletion_policy != "Orphan" and not desired.annotations.force_release
