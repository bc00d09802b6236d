"""Which versions are no longer kept?"""

from rekognition_operator.core import tags as t
from rekognition_operator.core.actions import DeleteVersion
from rekognition_operator.core.versions import Fleet, OwnVersion
from rekognition_operator.core.world import Desired, VersionState


def superseded(desired: Desired, fleet: Fleet, next_in_service: OwnVersion | None) -> list[OwnVersion]:
    """Return the versions that have been of use and are not any more, the most recently used first.

    Neither the version in service, nor the one that shall be, nor the newest of the wanted inputs is among them, nor is
    one that spec.adoption.versions or spec.pin names, or that AWS has added, nor one that was rejected.
    """
    protected = _protected(desired, fleet, next_in_service)
    out = [
        own
        for own in fleet.own
        if (own.usable or own.start_failed or own.version.state is VersionState.EXPIRED)
        and not _rejected(own)
        and own.version.arn not in protected
    ]
    return sorted(out, key=lambda o: (o.promoted_at or o.version.created_at, o.version.created_at), reverse=True)


def surplus(
    desired: Desired,
    fleet: Fleet,
    next_in_service: OwnVersion | None,
    kept: frozenset[str] = frozenset(),
) -> tuple[DeleteVersion, ...]:
    """Delete superseded, failed and rejected versions beyond what retention keeps, oldest first; never a foreign one.

    A failed or rejected version is memory: the newest of the wanted inputs is never deleted, or it would be trained
    again. ``kept`` are the ARNs of others that are memory for a while, or may serve next.
    """
    protected = _protected(desired, fleet, next_in_service)
    failed = [o for o in fleet.own if (o.failed or _rejected(o)) and o.version.arn not in protected]
    failed.sort(key=lambda o: o.version.created_at, reverse=True)
    beyond = [*superseded(desired, fleet, next_in_service)[desired.keep :], *failed[desired.keep_failed :]]
    # A model that runs is stopped first.
    beyond = [own for own in beyond if not own.occupies and own.version.arn not in kept]
    beyond.sort(key=lambda o: o.version.created_at)
    return tuple(DeleteVersion(o.version.arn, o.version.name, owner_tags=t.owner_tags(desired.owner)) for o in beyond)


def _rejected(own: OwnVersion) -> bool:
    return own.usable and own.rejected is not None and not own.pinned


def _protected(desired: Desired, fleet: Fleet, next_in_service: OwnVersion | None) -> frozenset[str]:
    wanted = fleet.of(desired.digests)
    newest_failed = [*[own for own in wanted if own.failed][:1], *[own for own in wanted if _rejected(own)][:1]]
    last = fleet.last_promoted  # a model that failed to start, or that the base model answers for, may serve again
    may_come_back = last if last is not None and (last.start_failed or last.base_model_answers) else None
    keep = [fleet.active, may_come_back, next_in_service, *wanted[:1], *newest_failed]
    # Where AWS's is the newest, our newest is what tells of the names that were used.
    ours = [own for own in wanted if not own.by_aws][:1]
    names = desired.adopt_versions
    named = [own for own in fleet.own if own.pinned or own.by_aws or own.version.name in names]
    return frozenset(own.version.arn for own in (*keep, *ours, *named) if own is not None)
