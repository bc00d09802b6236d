"""What do the tests of passes over Custom Labels models run on?"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import JsonValue

from fakes.clock import FakeClock
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.controller.queue import Requeue
from rekognition_operator.core.inputs import ManifestRef, TrainingInputs, digests
from rekognition_operator.core.world import VersionState
from rekognition_operator.kube.resource import JsonObject, Resource, ResourceKey
from unit.controller.stage import Stage

MODEL_KEY = ResourceKey("CustomLabelsModel", "vision", "parts")
MODEL_PROJECT = "test.vision.parts"
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OCCUPYING = {VersionState.STARTING, VersionState.RUNNING, VersionState.STOPPING}


def spec(manifest: str = "first", **serving: JsonValue) -> JsonObject:
    """Return the spec of a model that runs, unless told otherwise."""
    return {
        "training": {"trainingData": {"manifests": [{"bucket": "acme-ml", "name": f"parts/{manifest}.manifest"}]}},
        "output": {"bucket": "acme-ml"},
        "serving": {"state": "Running", **serving},
    }


def version_name(manifest: str = "first") -> str:
    """Return the name of the version that is trained on a manifest."""
    return digests(TrainingInputs(training=(ManifestRef("acme-ml", f"parts/{manifest}.manifest"),)))[0]


@dataclass
class ModelStage(Stage):
    """A stage for models; more than one resource may stand on it."""

    key: ResourceKey = field(default_factory=lambda: MODEL_KEY)
    clock: FakeClock = field(default_factory=lambda: FakeClock(MONDAY))
    others: tuple[ResourceKey, ...] = ()

    def resources(self) -> list[Resource]:
        found = (self.kube.read(key) for key in (self.key, *self.others))
        return [resource for resource in found if resource is not None]

    def add(self, name: str, made: JsonObject | None = None) -> ResourceKey:
        """Create another model beside the first."""
        key = ResourceKey(MODEL_KEY.kind, MODEL_KEY.namespace, name)
        self.others = (*self.others, key)
        self.kube.create(key, made if made is not None else spec())
        return key

    async def turn(self, *, seconds: float = 31, lane: Lane = Lane.FLIGHT) -> Requeue:
        """Run a pass over the first resource, and let AWS finish what it does."""
        requeue = await self.run(lane)
        self.go_on(seconds)
        return requeue

    def go_on(self, seconds: float = 31) -> None:
        """Let time go by, and AWS finish what it does."""
        self.clock.seconds += seconds
        self.finish_trainings()
        self.aws.advance()

    async def until_settled(self, key: ResourceKey | None = None, passes: int = 30) -> None:
        """Run passes until one neither changes anything in AWS nor writes."""
        first, self.key = self.key, key or self.key
        try:
            for _ in range(passes):
                await self.turn()
                if not self.kube.writes and not self.aws.effects:
                    return
        finally:
            key, self.key = self.key, first
        raise AssertionError(f"not settled after {passes} passes: {self.kube.read(key)}")

    async def sweep(self) -> Requeue:
        """Let ten minutes go by, and run a pass."""
        self.clock.seconds += 601
        return await self.run(Lane.SWEEP)

    def state(self, manifest: str = "first") -> str:
        """Return AWS's status of the first resource's version that was trained on a manifest."""
        (found,) = [v for v in self.aws.project(MODEL_PROJECT).versions if v.name == version_name(manifest)]
        return found.status

    def occupying(self) -> list[str]:
        """Return the names of the first resource's versions that take a running model."""
        return [v.name for v in self.aws.project(MODEL_PROJECT).versions if v.state in OCCUPYING]

    def active(self) -> str | None:
        """Return the version that status says is in service."""
        active = self.resource.status.get("active")
        return str(active["versionName"]) if isinstance(active, dict) else None

    def serving_status(self) -> JsonObject:
        """Return status.serving."""
        serving = self.resource.status.get("serving")
        assert isinstance(serving, dict)
        return serving
