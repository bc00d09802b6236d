"""How is a version put into service?"""

from datetime import datetime, timedelta

from rekognition_operator.core import tags as t
from rekognition_operator.core.actions import Promote
from rekognition_operator.core.versions import Fleet, OwnVersion
from rekognition_operator.core.world import ObservedProject


def promote(
    project: ObservedProject, fleet: Fleet, chosen: OwnVersion | None, now: datetime, *, by_pin: bool = False
) -> Promote | None:
    """Put the chosen version into service, unless it is. The tag's time is later than that of every other version.

    ``by_pin``: it has not passed the gates, and is in service only as long as spec.pin names it.
    """
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
        tags={t.PROMOTED_AT: t.time_value(at), **({t.BY_PIN: t.time_value(at)} if by_pin else {})},
    )
