"""How does a model stand: which version serves, which one shall, and may it run?"""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from rekognition_operator.core import tags as t
from rekognition_operator.core.decision import Finding, Policy
from rekognition_operator.core.intent import Intent
from rekognition_operator.core.proving import Proving
from rekognition_operator.core.serving_memory import Mark, read_marker
from rekognition_operator.core.units import beyond_budget
from rekognition_operator.core.versions import Fleet, OwnVersion
from rekognition_operator.core.world import Desired, ObservedProject, Serving, VersionState


@dataclass(frozen=True)
class Situation:
    """What the serving of a model is decided on.

    Attributes
    ----------
    at
        AWS's time.
    refused
        Why the units of the spec are beyond its budget, if they are.
    retry
        A person asks for another try, and was not answered yet.
    training
        A version of the wanted inputs is on its way: what serves is not restarted for it needlessly.
    proving
        Which version may serve by the gates.
    """

    desired: Desired
    serving: Serving
    project: ObservedProject
    fleet: Fleet
    policy: Policy
    at: datetime
    intent: Intent
    refused: Finding | None
    retry: bool
    training: bool
    proving: Proving

    @property
    def price(self) -> float:
        """What one inference unit costs, in USD an hour."""
        return self.policy.price(self.desired.place.region)

    def beyond_budget(self, own: OwnVersion) -> bool:
        """Whether a version alone costs more an hour than the budget, by the most units that it may have."""
        return beyond_budget(self.serving, own.version, self.price)

    @cached_property
    def active(self) -> OwnVersion | None:
        """The version in service."""
        return self.fleet.active

    @cached_property
    def failed(self) -> OwnVersion | None:
        """The version that should serve, and failed to start: the newest of the wanted inputs, or else the only one."""
        pinned = [own for own in self.fleet.own if own.pinned]
        newest = pinned if self.desired.pin is not None else self.fleet.of(self.desired.digests)[:1]
        if newest and newest[0].start_failed:
            return newest[0]
        last = self.fleet.last_promoted
        nothing_else = not any(own.usable for own in self.fleet.own)
        return last if nothing_else and last is not None and last.start_failed else None

    @cached_property
    def target(self) -> OwnVersion | None:
        """The version that shall serve, as soon as it can; one that failed to start only when that is tried again."""
        if self.failed is not None and (self.retry or self.start_again_due):
            return self.failed
        return self.proving.chosen or self.taking_over or self.active or self.proving.fallback

    @cached_property
    def taking_over(self) -> OwnVersion | None:
        """The version that the operator has started to take over from one that has stopped for it.

        It goes on, though yet another one is wanted by now, and is in training: stopped for the old one to come back,
        nothing would answer for all the longer. Not one that is still to be proved, or waits for a person's word.
        """
        if self.active is None or self.active.occupies:
            return None
        good = (own for own in self.fleet.own if own.version.arn in self.proving.good)
        started = (own for own in good if own.version.state in {VersionState.STARTING, VersionState.RUNNING})
        markers = ((own, read_marker(own.version)) for own in started)
        return next((own for own, marker in markers if marker is not None and marker.mark is Mark.STARTING), None)

    @cached_property
    def start_again_due(self) -> bool:
        """Whether a failed start is tried again by itself: only where nothing else can serve, and now and then."""
        if self.failed is None or any(own.usable for own in self.fleet.own):
            return False
        seen = t.read_time(self.failed.version.tags.get(t.FAILED_SEEN))
        return seen is not None and (self.at - seen).total_seconds() >= self.policy.start_retry_seconds

    @cached_property
    def in_service(self) -> OwnVersion | None:
        """The version that shall be in service by now: the next one only once it runs, if anything is to run at all."""
        target = self.target
        if target is None or not target.usable or not self.proving.admits(target):
            return self.active
        nothing_to_lose = self.active is None or not self.intent.runs
        return target if nothing_to_lose or target.version.state is VersionState.RUNNING else self.active
