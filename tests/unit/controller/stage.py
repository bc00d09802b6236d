"""What do the tests of passes run on? One resource, one account, and an operator whose clock stands still."""

from dataclasses import dataclass, field

from fakes.clock import FakeClock
from fakes.identities import identities_of
from fakes.kube import Change, FakeKube
from fakes.rekognition import FakeProvider, FakeRekognition
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.aws.slots import SlotKind, Slots
from rekognition_operator.controller.cache import ResourceCache
from rekognition_operator.controller.metrics import Metrics
from rekognition_operator.controller.queue import Requeue
from rekognition_operator.controller.reconcile import OperatorIdentity, Reconciler
from rekognition_operator.core.decision import Policy
from rekognition_operator.core.identity import DefaultIdentity
from rekognition_operator.core.inputs import ManifestRef, TrainingInputs, digests
from rekognition_operator.core.world import Owner
from rekognition_operator.kube.resource import CLUSTER_SCOPED, JsonObject, Resource, ResourceKey

KEY = ResourceKey("ModerationAdapter", "trust-safety", "storefront")
PROJECT = "test.trust-safety.storefront"
SPEC: JsonObject = {
    "training": {
        "trainingData": {"manifests": [{"bucket": "acme-ml", "name": "storefront/train.manifest"}]},
        "confidenceThreshold": 60,
    },
    "output": {"bucket": "acme-ml", "prefix": "out/"},
}
VERSION = digests(
    TrainingInputs(training=(ManifestRef("acme-ml", "storefront/train.manifest"),), confidence_threshold=60)
)[0]


def edited(threshold: int) -> JsonObject:
    """Return the spec with another threshold, which asks for another version."""
    training = SPEC["training"]
    assert isinstance(training, dict)
    return {**SPEC, "training": {**training, "confidenceThreshold": threshold}}


def owner() -> Owner:
    """Return whose the resource's project and versions are."""
    return Owner("test", KEY.kind, KEY.namespace, KEY.name)


@dataclass
class Stage:
    """An operator's passes over fakes of the API server and of AWS."""

    key: ResourceKey = field(default_factory=lambda: KEY)
    clock: FakeClock = field(default_factory=FakeClock)
    kube: FakeKube = field(default_factory=FakeKube)
    cache: ResourceCache = field(default_factory=ResourceCache)
    policy: Policy = field(default_factory=Policy)
    draw: float = 0.5
    log: list[str] = field(default_factory=list)
    """Every call to either side, in order."""
    nudged: list[ResourceKey] = field(default_factory=list)
    requeued: list[ResourceKey] = field(default_factory=list)
    """What a change of an identity or a namespace has asked a pass for."""
    default_identity: DefaultIdentity = "allow"
    training_slots: int = 2
    running_model_slots: int = 2

    def __post_init__(self) -> None:
        self.aws = FakeRekognition(now=self.clock.now)
        self.provider = FakeProvider(self.aws)
        self.aws.on_call = self.log.append
        self.kube.on_call = lambda call: self.log.append(call.method)
        self.start()

    def start(self) -> None:
        """Start an operator that remembers nothing."""
        self.cache = ResourceCache()
        self.kube.watchers = [self.hear]
        for resource in list(self.resources()):
            self.cache.learn(resource)
        self.metrics = Metrics()
        self.identities = identities_of(
            self.kube,
            self.cache,
            default=self.default_identity,
            requeue=lambda key, _: self.requeued.append(key),
            changed=self.provider.forget,
        )
        capacities = {SlotKind.TRAINING: self.training_slots, SlotKind.RUNNING_MODEL: self.running_model_slots}
        self.slots = Slots(capacities, self.clock.monotonic)
        self.reconciler = Reconciler(
            kube=self.kube,
            provider=self.provider,
            slots=lambda _account, _region: self.slots,
            cache=self.cache,
            identities=self.identities,
            identity=OperatorIdentity("test", "us-east-1"),
            policy=self.policy,
            clock=self.clock,
            metrics=self.metrics,
            draw=lambda: self.draw,
            nudge=self.nudged.append,
        )

    def resources(self) -> list[Resource]:
        found = self.kube.read(self.key)
        return [] if found is None else [found]

    def learn(self, resource: Resource) -> None:
        self.cache.learn(resource)

    def hear(self, change: Change, resource: Resource) -> None:
        if resource.key.kind in CLUSTER_SCOPED:
            self.identities.learn(resource, gone=change == "DELETED")
        else:
            self.learn(resource)

    def stop_watching(self) -> None:
        """Let the watch fall behind: the cache hears of no change by others."""
        self.kube.watchers = []

    def create(self, spec: JsonObject | None = None, **annotations: str) -> Resource:
        named = {f"rekognition-operator.io/{name.replace('_', '-')}": value for name, value in annotations.items()}
        return self.kube.create(self.key, SPEC if spec is None else spec, annotations=named)

    async def run(self, lane: Lane = Lane.CHANGE) -> Requeue:
        """Run one pass, and forget the calls of those before."""
        self.log.clear()
        self.kube.calls.clear()
        self.aws.calls.clear()
        self.aws.effects.clear()
        return await self.reconciler.run(self.key, lane)

    async def settle(self, passes: int = 10) -> None:
        """Run passes, and let AWS finish what it does, until one writes nothing."""
        for _ in range(passes):
            await self.run()
            self.aws.advance()
            self.clock.seconds += 2
            self.finish_trainings()
            if not self.kube.writes and not self.aws.effects and self.condition("Ready") == "True":
                return
        raise AssertionError(f"not settled after {passes} passes: {self.resource.status}")

    def finish_trainings(self) -> None:
        """Let every training succeed."""
        for version in self.aws.versions:
            if version.status == "TRAINING_IN_PROGRESS":
                self.aws.complete(version.arn)

    @property
    def resource(self) -> Resource:
        found = self.kube.read(self.key)
        assert found is not None
        return found

    def finding(self, type_: str) -> tuple[str, str] | None:
        """Reason and message of a condition; None where it is absent."""
        conditions = self.resource.status.get("conditions")
        assert isinstance(conditions, list)
        for condition in conditions:
            assert isinstance(condition, dict)
            if condition["type"] == type_:
                return str(condition["reason"]), str(condition["message"])
        return None

    def condition(self, type_: str) -> str | None:
        """Status of a condition; None where it is absent."""
        conditions = self.resource.status.get("conditions") or []
        assert isinstance(conditions, list)
        found = [c["status"] for c in conditions if isinstance(c, dict) and c["type"] == type_]
        return str(found[0]) if found else None

    @property
    def aws_calls(self) -> list[str]:
        return [call.operation for call in self.aws.calls]

    @property
    def effects(self) -> list[str]:
        return [effect.operation for effect in self.aws.effects]
