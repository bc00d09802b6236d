"""Which tags in AWS must be written: our own records, and what spec.tags asks for?"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from rekognition_operator.core import tags as t
from rekognition_operator.core.actions import Action, RemoveTags, SetTags
from rekognition_operator.core.decision import DriftItem
from rekognition_operator.core.expiry import needs_dating
from rekognition_operator.core.inputs import VersionName, digests, parse_version_name
from rekognition_operator.core.refresh import Stage, refresh_of, seen_attempts
from rekognition_operator.core.report import remembered_keys
from rekognition_operator.core.training import is_missing, speaks_against, unanswered_retry
from rekognition_operator.core.versions import IN_TRAINING, Fleet, OwnVersion
from rekognition_operator.core.world import Desired, ObservedProject, VersionState


@dataclass(frozen=True)
class Tagging:
    """What to write, in three parts, and the drift that the last part corrects (or only reports)."""

    adopt: tuple[Action, ...]
    """Versions that become ours, or have lost the tags that say so: before anything else is done with them."""
    records: tuple[Action, ...]
    """Our own memory; written whatever the drift policy says."""
    corrections: tuple[Action, ...]
    drift: tuple[DriftItem, ...]
    tag_keys: tuple[str, ...]
    """Keys of spec.tags that stand in AWS because of us: what status.project.tagKeys remembers."""


def plan_tags(desired: Desired, project: ObservedProject, fleet: Fleet, at: datetime) -> Tagging:
    """Compare the tags of the project and of our versions with what they should be. Keys of others are left alone.

    ``at`` is AWS's time, where it is known.
    """
    wanted = {**desired.tags, **t.owner_tags(desired.owner)}
    versions = [own for own in fleet.own if own.version.state is not VersionState.DELETING]
    adopt: list[Action] = []
    corrections: list[Action] = []
    drift: list[DriftItem] = []

    remembered = remembered_keys(desired, project)
    dropped = tuple(key for key in remembered if key not in desired.tags)
    for own in versions:
        changes = _differing(own.version.tags, {**wanted, **_adopted(own)})
        # Beside our owner tags the released tag tells that taking over, or letting go, was cut short.
        freed = _removal(own.version.arn, own.version.tags, (t.RELEASED,))
        if t.ownership(own.version.tags, desired.owner) is not t.Ownership.OURS:
            adopt += [SetTags(own.version.arn, changes), *freed]
            if not freed and not own.by_aws and own.version.name not in desired.adopt_versions:
                items = _items(f"versions[{own.version.name}].tags", own.version.tags, changes, desired)
                drift += [replace(item, corrected=True) for item in items]
            continue
        adopt += freed
        if changes:
            corrections.append(SetTags(own.version.arn, changes))
            drift += _items(f"versions[{own.version.name}].tags", own.version.tags, changes, desired)
        corrections += _removal(own.version.arn, own.version.tags, dropped)
    changes = _differing(project.tags, wanted)
    if changes:
        corrections.append(SetTags(project.arn, changes))
        drift += _items("spec.tags", project.tags, changes, desired)
    # The project last: as long as it has a dropped key, status remembers that the key is ours.
    corrections += _removal(project.arn, project.tags, dropped)
    if not desired.correct_drift:
        corrections = [action for action in corrections if isinstance(action, RemoveTags)]
    set_now = desired.tags.keys() if desired.correct_drift else ()
    ours = {key for key in {*remembered, *desired.tags} if key in project.tags} | set(set_now)
    return Tagging(
        adopt=tuple(adopt),
        records=_records(desired, project, fleet, at),
        corrections=tuple(corrections),
        drift=tuple(drift),
        # What is to be removed first: status has room for 40 keys, and the wanted ones are known from the spec.
        tag_keys=(*sorted(ours - desired.tags.keys()), *sorted(ours & desired.tags.keys())),
    )


def _adopted(own: OwnVersion) -> dict[str, str]:
    """Return the tags by which a version whose name is not ours stays known."""
    if own.by_aws:  # whatever it counts for, where the data is followed
        known = own.version.tags.get(t.DIGEST)
        shown = digests(own.version.inputs)[0] if own.version.inputs is not None else own.digest
        return {t.DIGEST: known or shown, t.ADDED_BY: t.AWS}
    return {t.DIGEST: own.digest} if own.adopted else {}


def _records(desired: Desired, project: ObservedProject, fleet: Fleet, at: datetime) -> tuple[Action, ...]:
    records: list[Action] = [
        SetTags(own.version.arn, {t.DEPRECATED_SEEN: t.time_value(at)})
        for own in fleet.own
        if needs_dating(own.version, at)
    ]
    records += seen_attempts(fleet)
    changes: dict[str, str] = {}
    wanted = [own for own in fleet.of(desired.digests) if own.version.state is not VersionState.DELETING]
    latest = parse_version_name(project.tags.get(t.LATEST, ""))
    if wanted and (latest is None or not is_missing(latest, tuple(wanted), desired.digests)):
        # By digest and attempt, since an adopted version has another name. It never goes back: no n is used twice.
        newest = str(VersionName(wanted[0].digest, wanted[0].attempt))
        if project.tags.get(t.LATEST) != newest:
            changes[t.LATEST] = newest
    if desired.annotations.retry is not None:
        token = t.token_value(desired.annotations.retry)
        # A token is answered by the version created under it, or because there is nothing to try again.
        refresh = refresh_of(desired, fleet)
        failed = refresh is not None and refresh.stage is Stage.FAILED
        failed = failed or any(own.start_failed or speaks_against(own) for own in wanted[:1])
        failed = failed or any(own.start_failed for own in fleet.own if own.pinned)
        idle = not failed and any(own.acceptable or own.version.state in IN_TRAINING for own in wanted)
        if project.tags.get(t.RETRY) != token and (idle or unanswered_retry(desired, project, fleet) is None):
            changes[t.RETRY] = token
    if changes:
        records.append(SetTags(project.arn, changes))
    records += _returned(project, fleet)
    return tuple(records)


def _returned(project: ObservedProject, fleet: Fleet) -> tuple[Action, ...]:
    """Take back the losses of versions that are listed again: a later loss is confirmed anew."""
    listed = {own.version.name for own in fleet.own}
    losses = t.read_losses(project.tags.get(t.LOST))
    still = [loss for loss in losses if loss.version_name not in listed]
    if len(still) == len(losses):
        return ()
    return (SetTags(project.arn, {t.LOST: t.losses_value(still)}) if still else RemoveTags(project.arn, (t.LOST,)),)


def _differing(observed: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in wanted.items() if observed.get(key) != value}


def _items(path: str, observed: Mapping[str, str], changes: Mapping[str, str], desired: Desired) -> list[DriftItem]:
    return [
        DriftItem(f"{path}[{key}]", value, observed.get(key, "(absent)"), corrected=desired.correct_drift)
        for key, value in sorted(changes.items())
    ]


def _removal(arn: str, observed: Mapping[str, str], dropped: tuple[str, ...]) -> tuple[Action, ...]:
    keys = tuple(key for key in dropped if key in observed)
    return (RemoveTags(arn, keys),) if keys else ()
