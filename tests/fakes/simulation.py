"""How does the operator live while the world changes between any two of its calls? Its real passes, simulated.

What every kind has in common: one resource, one account, an operator that may be killed and started again, and what
people do to any resource. :mod:`fakes.adapter_simulation` and :mod:`fakes.model_simulation` have what each kind adds.
"""

from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, TypeVar, cast

from fakes.clock import FakeClock
from fakes.identities import identities_of
from fakes.kube import WRITES, Call, FakeKube
from fakes.rekognition import FakeProvider, FakeRekognition
from rekognition_operator.api.kinds import BY_NAME
from rekognition_operator.api.resource import ResourceStatus
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.aws.slots import SlotKind, Slots
from rekognition_operator.controller.cache import ResourceCache
from rekognition_operator.controller.metrics import Metrics
from rekognition_operator.controller.queue import Requeue
from rekognition_operator.controller.reconcile import OperatorIdentity, Reconciler
from rekognition_operator.core import tags as t
from rekognition_operator.core.decision import Policy
from rekognition_operator.core.inputs import ManifestRef, TrainingInputs, parse_version_name
from rekognition_operator.core.world import ObservedVersion, ProjectStatus, VersionState
from rekognition_operator.kube.resource import JsonObject, Resource, ResourceKey

T = TypeVar("T")

CLUSTER: Final = "test"


class Crash(BaseException):
    """kill -9: nothing of the operator catches it."""


@dataclass(frozen=True)
class Move:
    """Something that happens: at once, or right before the n-th call (1 ..) that the operator makes from now."""

    kind: str
    number: int = 0
    at_call: int = 0


@dataclass
class Causes:
    """What may justify a training, counted as it happens."""

    removed: Counter[str] = field(default_factory=Counter)
    """By version name: how often one was deleted, by others or by the operator."""
    tokens: set[str] = field(default_factory=set)
    service_faults: int = 0
    expired: int = 0
    projects_lost: int = 0
    refreshes: int = 0


class StrictReconciler(Reconciler):
    """A pass that meets an error nobody expected is a bug: the simulation ends."""

    async def _unexpected(self, key: ResourceKey, memory: object, error: Exception) -> tuple[str, Requeue]:
        if isinstance(error, AssertionError):  # what the simulation found during a call
            raise error
        raise AssertionError(f"{key}, {memory}") from error


def _drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends, since nothing in the simulation waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return cast("T", done.value)
    raise AssertionError("the pass waited for something")


class WatchedRekognition(FakeRekognition):
    """Remembers the last complete listing that the operator saw, and its failed calls: what it may be held to."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now=now)
        self.last_listing: tuple[ObservedVersion, ...] = ()
        self.looked = False
        self.refusals: list[CallError] = []
        """The calls that failed in this pass."""

    async def describe_versions(self, project_arn: str, *, lane: Lane) -> tuple[ObservedVersion, ...]:
        self.last_listing = await super().describe_versions(project_arn, lane=lane)
        self.looked = True
        return self.last_listing

    def _run(self, operation: str, subject: str, lane: Lane, effect: Callable[[], T]) -> T:
        try:
            return super()._run(operation, subject, lane, effect)
        except CallError as error:
            self.refusals.append(error)
            raise


class Simulation:
    """One resource, one account, and an operator that may be killed and started again."""

    key: ClassVar[ResourceKey]
    project_name: ClassVar[str]
    usable: ClassVar[frozenset[VersionState]]
    """States of a version that may be in service."""
    fallible: ClassVar[tuple[str, ...]]
    """Operations that the move "fault" lets fail."""

    def __init__(
        self,
        spec: dict[str, object],
        start: datetime,
        *,
        policy: Policy | None = None,
        lose_status_before_every_pass: bool = False,
    ) -> None:
        self.now = start
        self.policy = policy or Policy()
        self.lose_status = lose_status_before_every_pass
        self.aws = self.make_aws()
        self.kube = FakeKube()
        self.causes = Causes()
        self.foreign: dict[str, dict[str, str]] = {}
        self.pending: list[Move] = []
        self.crash_at: int | None = None
        self.calls = 0
        self.calls_before = 0
        self.status_before: Mapping[str, object] | None = None
        self.spec = spec
        self.kube.create(self.key, self._json(self.spec))
        self.aws.on_call = self._between_calls
        self.kube.on_call = self._kube_called
        self.start_operator()

    def make_aws(self) -> WatchedRekognition:
        """Make the account."""
        return WatchedRekognition(lambda: self.now)

    # --- the operator -----------------------------------------------------------------------------------------------

    def start_operator(self) -> None:
        """Start an operator process: nothing in memory, everything listed anew."""
        self.aws.restart()
        self.cache = ResourceCache()
        self.kube.watchers = [self._watch]
        found = self.kube.read(self.key)
        if found is not None:
            self.cache.learn(found)
        clock = FakeClock()
        clock.now = lambda: self.now  # type: ignore[method-assign]  # the simulation's own time
        clock.monotonic = self._monotonic  # type: ignore[method-assign]
        self.slots = Slots(dict.fromkeys(SlotKind, 2), self._monotonic)
        self.reconciler = StrictReconciler(
            kube=self.kube,
            provider=FakeProvider(self.aws),
            slots=lambda _account, _region: self.slots,
            cache=self.cache,
            identities=identities_of(self.kube, self.cache, cluster_name=CLUSTER),
            identity=OperatorIdentity(CLUSTER, "us-east-1"),
            policy=self.policy,
            clock=clock,
            metrics=Metrics(),
            draw=self.draw,
        )

    def draw(self) -> float:
        """Return a number from 0 to 1, by which delays are jittered."""
        return 0.5

    def _monotonic(self) -> float:
        return self.now.timestamp()

    def _watch(self, change: str, resource: Resource) -> None:
        if change == "DELETED":
            self.cache.forget(resource.key, resource.uid)
        else:
            self.cache.learn(resource)

    def run_pass(self, lane: Lane = Lane.CHANGE) -> Requeue | None:
        """Run one pass; returns when the next one is due; None: the operator was killed."""
        if self.lose_status and self.kube.read(self.key) is not None:
            self.kube.lose_status(self.key)
        self.calls_before = len(self.kube.calls)
        resource = self.kube.read(self.key)
        self.status_before = resource.status if resource is not None else None
        self.aws.looked = False
        self.aws.refusals.clear()
        try:
            requeue = _drive(self.reconciler.run(self.key, lane))
        except Crash:
            return None
        self.check_trainings()
        self.check_foreign()
        self.check_published()
        return requeue

    def writes_of_this_pass(self) -> list[Call]:
        """Return what the operator wrote to the API server in the pass that ran last."""
        return [call for call in self.kube.calls[self.calls_before :] if call.method in WRITES]

    def status(self) -> ResourceStatus:
        """Read the resource's status."""
        resource = self.kube.read(self.key)
        assert resource is not None
        return BY_NAME[self.key.kind].status.model_validate(resource.status)

    def _kube_called(self, call: Call) -> None:
        self.check_config_map(call)
        self._between_calls(call.method)

    def _between_calls(self, operation: str) -> None:
        """Let the world change, or the operator die, right before a call."""
        self.calls += 1
        due = [move for move in self.pending if move.at_call <= self.calls]
        self.pending = [move for move in self.pending if move.at_call > self.calls]
        for move in due:
            self.happen(move.kind, move.number)
        if self.crash_at is not None and self.calls >= self.crash_at:
            self.crash_at = None
            raise Crash(operation)

    # --- the world --------------------------------------------------------------------------------------------------

    def apply(self, move: Move) -> None:
        """Let something happen: now, or between two calls that the operator is going to make."""
        if move.at_call:
            self.pending.append(Move(move.kind, move.number, self.calls + move.at_call))
        else:
            self.happen(move.kind, move.number)

    def happen(self, kind: str, number: int) -> None:  # noqa: C901, PLR0912  # a table of what may happen
        """Let something happen now."""
        match kind:
            case "describe":
                self.edit(description=f"attempt {number % 2}")
            case "tag":
                self.edit(tags={"team": f"t{number % 2}"} if number % 3 else None)
            case "suspend":
                self.edit(suspend=number % 2 == 0)
            case "drift policy":
                self.edit(driftPolicy=("Correct", "Report")[number % 2])
            case "keep":
                self.edit(retention={"keep": number % 3, "keepFailed": number % 2})
            case "retry":
                self.causes.tokens.add(f"token-{number % 3}")
                if self.kube.read(self.key) is not None:
                    self.kube.annotate(self.key, retry=f"token-{number % 3}")
            case "lose status":
                if self.kube.read(self.key) is not None:
                    self.kube.lose_status(self.key)
            case "crash":
                self.crash_at = self.calls + 1 + number
            case "add foreign version":
                self._add_foreign(number)
            case "lose version tag":
                for version in self.pick(number, *self.usable, VersionState.TRAINING_IN_PROGRESS):
                    self.aws.untag(version, [t.OWNER_KEYS[number % 4]])
            case "fault":
                kinds = (ErrorKind.SERVER, ErrorKind.LOST, ErrorKind.THROTTLED, ErrorKind.LOST)
                self.break_call(self.fallible[number % len(self.fallible)], kinds[number % 4], done=number % 3 > 0)
            case _:
                raise AssertionError(kind)

    def break_call(self, operation: str, kind: ErrorKind, *, done: bool) -> None:
        """Let the next call of an operation fail; ``done``: of a lost answer, that the call had its effect."""
        lost = kind is ErrorKind.LOST
        self.aws.inject(operation, kind, code="AnswerLost" if lost else None, after_effect=lost and done)

    def edit(self, **fields: object) -> None:
        """Edit the spec; None removes a field."""
        self.spec = {key: value for key, value in {**self.spec, **fields}.items() if value is not None}
        if self.kube.read(self.key) is not None:
            self.kube.edit_spec(self.key, self._json(self.spec))

    @staticmethod
    def _json(spec: dict[str, object]) -> JsonObject:
        return cast("JsonObject", spec)

    def pick(self, number: int, *states: VersionState) -> list[str]:
        """Return one of our versions in these states, if there is any."""
        arns = [v.arn for v in self.aws.versions if v.status in states and v.arn not in self.foreign]
        return [arns[number % len(arns)]] if arns else []

    def count_gone(self, change: Callable[[], None]) -> None:
        """Let something happen that may make versions vanish, and count them."""
        before = Counter(version.name for version in self.aws.versions)
        change()
        self.causes.removed += before - Counter(version.name for version in self.aws.versions)

    def wanted(self, number: int) -> str:
        """Return the name of the first version of inputs that the spec may have."""
        raise NotImplementedError

    def _add_foreign(self, number: int) -> None:
        """Add a version as others would: without tags, with another's, or under a name that the operator wants."""
        if not any(p.status is ProjectStatus.CREATED and p.name == self.project_name for p in self.aws.projects):
            return
        tags = {} if number % 2 else {**dict.fromkeys(t.OWNER_KEYS, "another"), "who": "a person"}
        other = TrainingInputs((ManifestRef("other-bucket", "other.manifest"),))
        name = self.wanted(number) if number % 5 == 0 else f"by-hand-{len(self.foreign)}"
        if any(version.name == name for version in self.aws.versions):
            return
        arn = self.aws.add_version(self.project_name, name, inputs=other, tags=tags)
        self.foreign[arn] = dict(tags)

    def pass_time(self, seconds: float | None) -> None:
        """Let time go by until the next pass is due."""
        self.now += timedelta(seconds=1 if seconds is None else seconds + 1)

    # --- what must hold ---------------------------------------------------------------------------------------------

    def check_trainings(self) -> None:
        """No training without a cause: at most one effect per name while it exists, and a cause tag on every n > 1."""
        created: Counter[tuple[str, str]] = Counter(self.aws.created)
        for (_, name), effects in created.items():
            assert effects <= 1 + self.causes.removed[name], f"{name} was trained {effects} times"
        for digest in {parsed.digest for _, name in created if (parsed := parse_version_name(name))}:
            effects = sum(n for (_, name), n in created.items() if name.startswith(digest))
            removed = sum(n for name, n in self.causes.removed.items() if name.startswith(digest))
            causes = removed + len(self.causes.tokens) + self.causes.service_faults + self.causes.expired
            causes += self.causes.refreshes
            assert effects <= 1 + causes, f"{digest} was trained {effects} times with {causes} causes"
        for version in self.aws.versions:
            parsed = parse_version_name(version.name)
            if version.arn not in self.foreign and parsed is not None and parsed.attempt > 1:
                assert t.CAUSE in version.tags, f"{version.name} has no recorded cause"

    def check_published(self) -> None:
        """See that status names no version in service that the last look at AWS showed to be unfit."""
        resource = self.kube.read(self.key) if self.aws.looked else None
        # A patch that the API server refused, since the spec has changed meanwhile, has written nothing.
        if resource is None or resource.deleting or resource.status == self.status_before:
            return
        active = self.status().active
        if active is None:
            return
        seen = {version.arn: version.status for version in self.aws.last_listing}
        assert seen.get(active.arn) in self.usable, (
            f"{active.version_name} is published, and it was {seen.get(active.arn)}"
        )

    def check_config_map(self, call: Call) -> None:
        """See that no write of a ConfigMap names a version that the last look at AWS showed to be unfit."""
        if call.method not in {"create_config_map", "patch_config_map"}:
            return
        assert isinstance(call.patch, dict)
        arn = call.patch["projectVersionArn"]
        seen = {version.arn: version.status for version in self.aws.last_listing}
        assert not arn or (self.aws.looked and seen.get(str(arn)) in self.usable), (
            f"{arn} is published, and it was {seen.get(str(arn))}"
        )

    def check_foreign(self) -> None:
        """See that what is not ours is as others left it."""
        touched = {effect.arn for effect in self.aws.effects} & self.foreign.keys()
        assert not touched
        present = {version.arn: version.tags for version in self.aws.versions}
        assert {arn: present.get(arn) for arn in self.foreign} == self.foreign
