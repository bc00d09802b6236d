"""What is remembered of a resource between passes?"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rekognition_operator.aws.slots import Slots
from rekognition_operator.controller.clock import Clock
from rekognition_operator.core.actions import Action
from rekognition_operator.core.evaluation import Evaluation
from rekognition_operator.core.hindrance import CreateAttempt, Terminal
from rekognition_operator.core.principal import Principal
from rekognition_operator.core.proof import ProbeResult, Proof
from rekognition_operator.core.world import Probe
from rekognition_operator.kube.resource import Resource, ResourceKey


@dataclass(frozen=True)
class Held:
    """Actions that AWS refused for a reason that only a person can mend: not tried again before ``until``."""

    actions: tuple[Action, ...]
    hindrance: Terminal
    until: float


@dataclass(frozen=True)
class RequestsAnswer:
    """What CloudWatch said of requests: about which version and span, and when (monotonic seconds)."""

    subject: tuple[str, timedelta]
    read_at: float
    requests: float | None
    alone: bool | None
    refused: bool = False
    interrupted: bool = False
    """Whether the model did not run in all of the span."""

    @property
    def keeps_running(self) -> bool:
        """Whether the answer gives no reason to stop the model."""
        return self.refused or self.interrupted or bool(self.requests)


@dataclass
class UsageMemory:
    """When CloudWatch was asked for a resource's hours and requests. Losing it costs a few calls."""

    hours_read_at: datetime | None = None
    """In AWS's time, as the next."""
    hours_again_at: datetime | None = None
    month: str | None = None
    running: frozenset[tuple[str, str]] = frozenset()
    requests: RequestsAnswer | None = None


@dataclass(frozen=True)
class Asked:
    """How a probe of a version ended, and when, in AWS's time."""

    at: datetime
    result: ProbeResult
    missed: bool = False
    """Whether it could not be made when it was due again."""
    suspected: bool = False
    """Whether the base model gave the last answer: one more, and it is believed."""


@dataclass
class ProofMemory:
    """What was read and asked of a resource's versions, by ARN."""

    evaluations: dict[str, Evaluation] = field(default_factory=dict)
    unreadable: dict[str, tuple[datetime, Proof]] = field(default_factory=dict)
    """Of summaries that a person must make readable: since when, in AWS's time, and why they are not."""
    asked: dict[str, dict[Probe, Asked]] = field(default_factory=dict)
    """By probe, so that one that was not edited is not made anew."""

    def forget_all_but(self, arns: AbstractSet[str]) -> None:
        """Forget the versions that are gone."""
        for arn in self.evaluations.keys() - arns:
            del self.evaluations[arn]
        for arn in self.unreadable.keys() - arns:
            del self.unreadable[arn]
        for arn in self.asked.keys() - arns:
            del self.asked[arn]


@dataclass
class PublishMemory:
    """What became of the ConfigMap. Losing it costs one list."""

    failures: int = 0
    """In a row, of those that pass by themselves."""
    alone_with: frozenset[str] | None = None
    """The names that were wanted when the ConfigMaps of all other names were last looked for and deleted."""
    spared: bool = False
    """Whether a pass has left the data to the next one, and none has seen a version in service since."""


@dataclass
class DataMemory:
    """What was read of followed manifests. Losing it costs reading them once more."""

    read: dict[tuple[object, ...], str] = field(default_factory=dict)
    """SHA-256 of the content, by what tells an upload from every other one."""
    failures: int = 0
    """How often in a row S3 could not be asked."""


@dataclass
class Memory:
    """What one resource has been through. Losing it costs a call or two, never a training.

    ``failures`` and ``conflicts`` count those in a row; times are of the monotonic clock, in seconds.
    """

    uid: str
    tags_read_at: float
    looked_at: datetime
    """When the last complete look at AWS was; before the first, when the resource was first heard of."""
    failures: int = 0
    conflicts: int = 0
    attempt: CreateAttempt | None = None
    held: Held | None = None
    place_in_queue_written_at: float | None = None
    slots: Slots | None = None
    principal: Principal | None = None
    usage: UsageMemory = field(default_factory=UsageMemory)
    data: DataMemory = field(default_factory=DataMemory)
    proofs: ProofMemory = field(default_factory=ProofMemory)
    publishing: PublishMemory = field(default_factory=PublishMemory)

    def use(self, slots: Slots, principal: Principal, key: ResourceKey) -> Slots:
        """Take slots from here on, and call AWS as this principal.

        Slots of another account or Region are let go of, and so is what was asked for there. What AWS refused to
        another principal may be asked for again.
        """
        if self.slots is not None and self.slots is not slots:
            self.slots.forget(str(key))
            self.attempt = None
        if self.principal is not None and self.principal != principal:
            self.held = None
            if self.attempt is not None and self.attempt.refused:
                self.attempt = None
        self.slots, self.principal = slots, principal
        return slots


class Memories:
    """The memories of all resources. A resource that was created anew under an old name begins with an empty one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._memories: dict[ResourceKey, Memory] = {}

    def of(self, resource: Resource) -> Memory:
        """Return what is remembered of a resource."""
        memory = self._memories.get(resource.key)
        if memory is None or memory.uid != resource.uid:
            self.forget(resource.key)
            memory = self._memories[resource.key] = Memory(resource.uid, self._clock.monotonic(), self._clock.now())
        return memory

    def last_look(self, key: ResourceKey) -> datetime | None:
        """Return when AWS was last looked at for a resource; None where nothing is remembered of it."""
        memory = self._memories.get(key)
        return None if memory is None else memory.looked_at

    def forget(self, key: ResourceKey) -> None:
        """Forget a resource that is gone, and let go of what it held or waited for."""
        memory = self._memories.pop(key, None)
        if memory is not None and memory.slots is not None:
            memory.slots.forget(str(key))
