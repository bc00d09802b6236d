"""What does a pass see in AWS, and how old may it be?"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from rekognition_operator.aws.gateway import Lane, Rekognition
from rekognition_operator.core.decision import Policy
from rekognition_operator.core.world import Desired, Observed, ProjectStatus

SWEEP_AGE_SECONDS: Final = 60.0
"""How old a shared listing of projects may be for a look at what was settled."""
TAG_SWEEP_SECONDS: Final = 6 * 3600.0
"""How often all tags of a resource's project and versions are read again: a call each, which nobody waits for."""


def max_age_seconds(lane: Lane, policy: Policy) -> float:
    """Return how old a listing of projects may be for a pass in this lane."""
    return {Lane.CHANGE: 0.0, Lane.FLIGHT: policy.moving_seconds / 2}.get(lane, SWEEP_AGE_SECONDS)


async def observe(
    aws: Rekognition, desired: Desired, *, lane: Lane, max_age_seconds: float, all_tags: bool
) -> Observed:
    """Look at the project and its versions. That there is no project is never believed from an old listing.

    Parameters
    ----------
    max_age_seconds
        How old the listing of projects may be; versions are always listed now.
    all_tags
        Whether tags are read now, too, instead of taken from memory: others may have changed them. Those of a project
        that is to be deleted or let go always are.

    Raises
    ------
    CallError
        AWS could not be looked at.
    """
    name, feature = desired.place.project_name, desired.feature
    project = await aws.describe_project(name, feature, lane=lane, max_age_seconds=max_age_seconds)
    if project is None and max_age_seconds > 0:
        project = await aws.describe_project(name, feature, lane=lane, max_age_seconds=0)
    if project is None:
        return Observed(None)
    if (all_tags or desired.deleting) and project.status is not ProjectStatus.DELETING:
        project = replace(project, tags=await aws.fresh_tags(project.arn, lane=lane))
    versions = await aws.describe_versions(project.arn, lane=lane)
    if all_tags:
        versions = tuple([replace(v, tags=await aws.fresh_tags(v.arn, lane=lane)) for v in versions])
    return Observed(project, versions, at=aws.time)


def less_than_a_sweep(policy: Policy) -> timedelta:
    """Return, in AWS's time, for how long what a person must mend counts: so that each sweep looks again."""
    return timedelta(seconds=policy.sweep_seconds * policy.aws_time_scale / 2)
