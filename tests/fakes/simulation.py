"""What becomes of a resource when anything happens at any time? The operator's real passes over a simulated world."""

from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar, cast

from fakes.clock import FakeClock
from fakes.kube import FakeKube
from fakes.rekognition import FakeProvider, FakeRekognition
from rekognition_operator.api.moderationadapter import ModerationAdapterStatus
from rekognition_operator.aws.errors import ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.aws.slots import SlotKind, Slots
from rekognition_operator.controller.cache import ResourceCache
from rekognition_operator.controller.metrics import Metrics
from rekognition_operator.controller.queue import Requeue
from rekognition_operator.controller.reconcile import OperatorIdentity, Reconciler
from rekognition_operator.core import tags as t
from rekognition_operator.core.decision import Policy
from rekognition_operator.core.inputs import ManifestRef, TrainingInputs, digests, parse_version_name
from rekognition_operator.core.world import ObservedVersion, ProjectStatus, VersionState
from rekognition_operator.kube.resource import JsonObject, Resource, ResourceKey

T = TypeVar("T")

KEY = ResourceKey("ModerationAdapter", "trust-safety", "storefront")
CLUSTER = "test"
PROJECT = "test.trust-safety.storefront"
THRESHOLDS = (60, 70, 80)
USABLE = {VersionState.TRAINING_COMPLETED, VersionState.DEPRECATED}
MAX_SETTLING_PASSES = 150


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


class StrictReconciler(Reconciler):
    """A pass that meets an error nobody expected is a bug: the simulation ends."""

    async def _unexpected(self, key: ResourceKey, memory: object, error: Exception) -> tuple[str, Requeue]:
        raise AssertionError(f"{key}, {memory}") from error


def _drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends, since nothing in the simulation waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return cast("T", done.value)
    raise AssertionError("the pass waited for something")


class WatchedRekognition(FakeRekognition):
    """Remembers the last complete listing that the operator saw: what it may be held to."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now=now)
        self.last_listing: tuple[ObservedVersion, ...] = ()
        self.looked = False

    async def describe_versions(self, project_arn: str, *, lane: Lane) -> tuple[ObservedVersion, ...]:
        self.last_listing = await super().describe_versions(project_arn, lane=lane)
        self.looked = True
        return self.last_listing


class Simulation:
    """One resource, one account, and an operator that may be killed and started again."""

    def __init__(self, *, lose_status_before_every_pass: bool = False) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.lose_status = lose_status_before_every_pass
        self.aws = WatchedRekognition(lambda: self.now)
        self.kube = FakeKube()
        self.causes = Causes()
        self.foreign: dict[str, dict[str, str]] = {}
        self.pending: list[Move] = []
        self.crash_at: int | None = None
        self.calls = 0
        self.calls_before = 0
        self.spec: dict[str, object] = {
            "training": {
                "trainingData": {"manifests": [{"bucket": "acme-ml", "name": "storefront/train.manifest"}]},
                "confidenceThreshold": THRESHOLDS[0],
            },
            "output": {"bucket": "acme-ml", "prefix": "out/"},
        }
        self.kube.create(KEY, self._json(self.spec))
        self.aws.on_call = self._between_calls
        self.kube.on_call = lambda call: self._between_calls(call.method)
        self._start()

    # --- the operator -----------------------------------------------------------------------------------------------

    def _start(self) -> None:
        """Start an operator process: nothing in memory, everything listed anew."""
        self.aws.restart()
        self.cache = ResourceCache()
        self.kube.watchers = [self._watch]
        found = self.kube.read(KEY)
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
            identity=OperatorIdentity(CLUSTER, "us-east-1"),
            policy=Policy(),
            clock=clock,
            metrics=Metrics(),
            draw=lambda: 0.5,
        )

    def _monotonic(self) -> float:
        return self.now.timestamp()

    def _watch(self, change: str, resource: Resource) -> None:
        if change == "DELETED":
            self.cache.forget(resource.key, resource.uid)
        else:
            self.cache.learn(resource)

    def run_pass(self) -> float | None:
        """Run one pass; returns how soon the next one is due, in seconds. A crash starts the operator anew."""
        if self.lose_status and self.kube.read(KEY) is not None:
            self.kube.lose_status(KEY)
        self.calls_before = len(self.kube.calls)
        self.aws.looked = False
        try:
            requeue = _drive(self.reconciler.run(KEY))
        except Crash:
            self._start()
            return 0.0
        self.check_trainings()
        self.check_foreign()
        self.check_published()
        return requeue.after_seconds

    def _status_written_in_this_pass(self) -> bool:
        return self.aws.looked and any(call.method == "patch_status" for call in self.kube.calls[self.calls_before :])

    def settle(self) -> None:
        """Let AWS finish whatever it does, and the operator run until nothing changes any more."""
        self.pending, self.crash_at = [], None
        self.aws.clear_faults()
        self._start()  # also stands for the tag sweep: what others did to tags is seen by now
        for _ in range(MAX_SETTLING_PASSES):
            before = (len(self.aws.effects), len(self.kube.writes))
            seconds = self.run_pass()
            moving = [v.arn for v in self.aws.versions if v.status == VersionState.TRAINING_IN_PROGRESS]
            for arn in moving:
                self.aws.complete(arn)
            states = [(v.arn, v.status) for v in self.aws.versions]
            self._count_gone(self.aws.advance)
            still = states == [(v.arn, v.status) for v in self.aws.versions] and not moving
            quiet = before == (len(self.aws.effects), len(self.kube.writes))
            if seconds is None:
                return
            settled = seconds >= 0.8 * Policy().sweep_seconds
            if still and quiet and settled and all(c.type != "Reconciling" for c in self.status().conditions or ()):
                return
            self.pass_time(seconds)
        raise AssertionError(f"it does not settle: {self.aws.effects[-5:]}, {self.status()}")

    def status(self) -> ModerationAdapterStatus:
        """Read the resource's status."""
        resource = self.kube.read(KEY)
        assert resource is not None
        return ModerationAdapterStatus.model_validate(resource.status)

    def _between_calls(self, operation: str) -> None:
        """Let the world change, or the operator die, right before a call."""
        self.calls += 1
        due = [move for move in self.pending if move.at_call <= self.calls]
        self.pending = [move for move in self.pending if move.at_call > self.calls]
        for move in due:
            self._apply(move)
        if self.crash_at is not None and self.calls >= self.crash_at:
            self.crash_at = None
            raise Crash(operation)

    # --- the world --------------------------------------------------------------------------------------------------

    def apply(self, move: Move) -> None:
        """Let something happen: now, or between two calls that the operator is going to make."""
        if move.at_call:
            self.pending.append(Move(move.kind, move.number, self.calls + move.at_call))
        else:
            self._apply(move)

    def _apply(self, move: Move) -> None:  # noqa: C901, PLR0912, PLR0915  # a table of what may happen
        number = move.number
        match move.kind:
            case "wait":
                self.now += timedelta(seconds=(1, 31, 700, 8 * 86400)[number % 4])
            case "train other inputs":
                self._edit(training={**self._training(), "confidenceThreshold": THRESHOLDS[number % 3]})
            case "describe":
                self._edit(description=f"attempt {number % 2}")
            case "tag":
                self._edit(tags={"team": f"t{number % 2}"} if number % 3 else None)
            case "output":
                self._edit(output={"bucket": "acme-ml", "prefix": f"out{number % 2}/"})
            case "suspend":
                self._edit(suspend=number % 2 == 0)
            case "drift policy":
                self._edit(driftPolicy=("Correct", "Report")[number % 2])
            case "keep":
                self._edit(retention={"keep": number % 3, "keepFailed": number % 2})
            case "deletion policy":
                policy = ("Delete", "Retain", "Orphan")[number % 3]
                self._edit(deletion={"policy": policy, "foreignVersions": ("Block", "Release")[number % 2]})
            case "delete resource":
                if self.kube.read(KEY) is not None:
                    self.kube.delete(KEY)
            case "create resource":
                if self.kube.read(KEY) is None:
                    self.kube.create(KEY, self._json(self.spec))
            case "retry":
                self.causes.tokens.add(f"token-{number % 3}")
                if self.kube.read(KEY) is not None:
                    self.kube.annotate(KEY, retry=f"token-{number % 3}")
            case "lose status":
                if self.kube.read(KEY) is not None:
                    self.kube.lose_status(KEY)
            case "crash":
                self.crash_at = self.calls + 1 + number
            case "advance":
                self._count_gone(self.aws.advance)
            case "complete":
                for version in self._pick(number, VersionState.TRAINING_IN_PROGRESS):
                    self.aws.complete(version)
            case "fail":
                for version in self._pick(number, VersionState.TRAINING_IN_PROGRESS):
                    self.aws.fail(version, "The manifest file is empty.")
            case "service fault":
                for version in self._pick(number, VersionState.TRAINING_IN_PROGRESS):
                    self.causes.service_faults += 1
                    self.aws.fail(version, "Internal server error.")
            case "deprecate":
                for version in self._pick(number, VersionState.TRAINING_COMPLETED):
                    self.aws.deprecate(version)
            case "expire":
                for version in self._pick(number, *USABLE):
                    self.causes.expired += 1
                    self.aws.expire(version)
            case "delete version":
                for version in self._pick(number, *USABLE, VersionState.TRAINING_FAILED, VersionState.EXPIRED):
                    self._count_gone(partial(self.aws.vanish_version, version))
            case "add foreign version":
                self._add_foreign(number)
            case "lose version tag":
                for version in self._pick(number, *USABLE, VersionState.TRAINING_IN_PROGRESS):
                    self.aws.untag(version, [t.OWNER_KEYS[number % 4]])
            case "lose project tag":
                for project in self.aws.projects:
                    self.aws.untag(project.arn, [t.OWNER_KEYS[number % 4]])
            case "fault":
                operation = (
                    "CreateProject",
                    "CreateProjectVersion",
                    "DescribeProjects",
                    "DescribeProjectVersions",
                    "TagResource",
                    "DeleteProjectVersion",
                    "ListTagsForResource",
                )[number % 7]
                kind = (ErrorKind.SERVER, ErrorKind.LOST, ErrorKind.THROTTLED, ErrorKind.LOST)[number % 4]
                lost = kind is ErrorKind.LOST
                self.aws.inject(
                    operation, kind, code="AnswerLost" if lost else None, after_effect=lost and number % 3 > 0
                )
            case _:
                raise AssertionError(move)

    def _training(self) -> dict[str, object]:
        training = self.spec["training"]
        assert isinstance(training, dict)
        return training

    def _edit(self, **fields: object) -> None:
        self.spec = {key: value for key, value in {**self.spec, **fields}.items() if value is not None}
        if self.kube.read(KEY) is not None:
            self.kube.edit_spec(KEY, self._json(self.spec))

    @staticmethod
    def _json(spec: dict[str, object]) -> JsonObject:
        return cast("JsonObject", spec)

    def _pick(self, number: int, *states: VersionState) -> list[str]:
        """Return one of the versions in these states, ours or not, if there is any."""
        arns = [v.arn for v in self.aws.versions if v.status in states and v.arn not in self.foreign]
        return [arns[number % len(arns)]] if arns else []

    def _count_gone(self, change: Callable[[], None]) -> None:
        before = Counter(version.name for version in self.aws.versions)
        change()
        self.causes.removed += before - Counter(version.name for version in self.aws.versions)

    def _add_foreign(self, number: int) -> None:
        """Add a version as others would: without tags, with another's, or under a name that the operator wants."""
        if not any(project.status is ProjectStatus.CREATED for project in self.aws.projects):
            return
        tags = {} if number % 2 else {**dict.fromkeys(t.OWNER_KEYS, "another"), "who": "a person"}
        other = TrainingInputs((ManifestRef("other-bucket", "other.manifest"),))
        name = f"by-hand-{len(self.foreign)}"
        if number % 5 == 0:
            name = digests(self.inputs(THRESHOLDS[number % 3]))[0]
        if any(version.name == name for version in self.aws.versions):
            return
        arn = self.aws.add_version(PROJECT, name, inputs=other, tags=tags)
        self.foreign[arn] = dict(tags)

    def inputs(self, threshold: float) -> TrainingInputs:
        """Return the training inputs that the spec has at a threshold."""
        return TrainingInputs((ManifestRef("acme-ml", "storefront/train.manifest"),), confidence_threshold=threshold)

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
            assert effects <= 1 + causes, f"{digest} was trained {effects} times with {causes} causes"
        for version in self.aws.versions:
            parsed = parse_version_name(version.name)
            if version.arn not in self.foreign and parsed is not None and parsed.attempt > 1:
                assert t.CAUSE in version.tags, f"{version.name} has no recorded cause"

    def check_published(self) -> None:
        """See that status names no version in service that the last look at AWS showed to be unfit."""
        resource = self.kube.read(KEY)
        if resource is None or resource.deleting or not self._status_written_in_this_pass():
            return
        active = self.status().active
        if active is None:
            return
        seen = {version.arn: version.status for version in self.aws.last_listing}
        assert seen.get(active.arn) in USABLE, f"{active.version_name} is published, and it was {seen.get(active.arn)}"

    def check_foreign(self) -> None:
        """See that what is not ours is as others left it."""
        touched = {effect.arn for effect in self.aws.effects} & self.foreign.keys()
        assert not touched
        present = {version.arn: version.tags for version in self.aws.versions}
        assert {arn: present.get(arn) for arn in self.foreign} == self.foreign

    def pass_time(self, seconds: float | None) -> None:
        """Let time go by until the next pass is due."""
        self.now += timedelta(seconds=1 if seconds is None else seconds + 1)

    def check_settled(self) -> None:
        """See that the best version there is serves, or the resource says what a person must do."""
        resource = self.kube.read(KEY)
        if resource is None:
            return
        status = self.status()
        conditions = {condition.type: condition for condition in status.conditions or ()}
        if resource.deleting:
            assert conditions.keys() & {"Stalled", "Suspended"}, conditions
            return
        wanted = digests(self.inputs(cast("float", self._training()["confidenceThreshold"])))
        own = [v for v in self.aws.versions if v.arn not in self.foreign]
        usable = [v for v in own if v.status in USABLE]
        if self.spec.get("suspend"):
            assert "Suspended" in conditions
            return
        if "Stalled" in conditions and conditions["Stalled"].reason == "ProjectOwnedByAnother":
            return  # its owner tags are gone: nothing tells any more that it is ours
        assert "Reconciling" not in conditions, conditions["Reconciling"]
        active = next((v for v in own if status.active is not None and v.arn == status.active.arn), None)
        if any((parsed := parse_version_name(v.name)) is not None and parsed.digest in wanted for v in usable):
            assert active is not None
            parsed = parse_version_name(active.name)
            assert parsed is not None
            assert parsed.digest in wanted
            assert conditions["Ready"].status == conditions["UpToDate"].status == "True"
            assert "Stalled" not in conditions
        else:
            assert "Stalled" in conditions, conditions
            assert conditions["UpToDate"].status == "False"
        if usable:
            assert active is not None
            assert active.status in USABLE
            assert conditions["Ready"].status == "True"
        else:
            assert status.active is None
