"""Which version shall be in service?"""

from datetime import datetime, timedelta

from rekognition_operator.core import tags as t
from rekognition_operator.core.actions import Promote
from rekognition_operator.core.versions import Fleet, OwnVersion
from rekognition_operator.core.world import Desired, ObservedProject


def choose(desired: Desired, fleet: Fleet) -> OwnVersion | None:
    """Return the version that shall serve: the wanted one once it can, else the one that does, else the newest usable.

    A version that has not been trained, failed or expired is never chosen, so a bad retraining replaces nothing.
    """
    wanted = [own for own in fleet.of(desired.digests) if own.usable]
    if wanted:
        return wanted[0]
    if fleet.active is not None:
        return fleet.active
    usable = [own for own in fleet.own if own.usable]
    return max(usable, key=lambda own: own.version.created_at) if usable else None


def promote(project: ObservedProject, fleet: Fleet, chosen: OwnVersion | None, now: datetime) -> Promote | None:
    """Put the chosen version into service, unless it is. The tag's time is later than that of every other version."""
    last = fleet.last_promoted
    # A model that failed to start may come back: what took its place is promoted anew, or it would lose it by that.
    may_come_back = last is not None and last != chosen and last.start_failed and chosen is not None and chosen.usable
    if chosen is None or (chosen == fleet.active and not may_come_back):
        return None
    at = now
    if last is not None and last.promoted_at is not None and last.promoted_at >= at:
        at = last.promoted_at + timedelta(milliseconds=1)
    return Promote(
        arn=chosen.version.arn,
        project_arn=project.arn,
        version_name=chosen.version.name,
        tags={t.PROMOTED_AT: t.time_value(at)},
    )
