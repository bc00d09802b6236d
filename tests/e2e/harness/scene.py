"""What does a story have to itself, and how does it speak of its adapters?"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from e2e.harness.aws import PREFIX, TEST, TRAIN, Aws
from e2e.harness.cluster import Cluster, adapter_manifest
from e2e.harness.diagnosis import diagnosis
from e2e.harness.operator import OperatorProcess
from e2e.harness.reading import active_of, reason_of, settled, versions_of
from e2e.harness.waiting import wait_for
from e2e.harness.watching import Object, Sighting
from rekognition_operator.api.schema import GROUP

Found = TypeVar("Found")

WAIT_SECONDS = 60.0
"""Far more than anything takes: stories run at the same time, on as little as two cores."""

Merge = dict[str, Any]


@dataclass(frozen=True)
class Scene:
    """A namespace and a Region of its own, on the common cluster and in the common emulator."""

    cluster: Cluster = field(repr=False)
    aws: Aws
    namespace: str
    operator: OperatorProcess = field(repr=False)

    def adapter(self, name: str = "storefront", **spec: object) -> "Adapter":
        """Speak of an adapter whose spec is the plain one with these members added or replaced; it is not applied."""
        return Adapter(self, name, {**self.plain_spec(), **spec})

    def plain_spec(self, *, manifest: str = TRAIN, threshold: float = 60) -> dict[str, Any]:
        """Return a spec that trains on the data in this Region."""
        bucket = self.aws.bucket
        return {
            "region": self.aws.region,
            "training": {
                "trainingData": {"manifests": [{"bucket": bucket, "name": PREFIX + manifest}]},
                "testingData": {"manifests": [{"bucket": bucket, "name": PREFIX + TEST}]},
                "confidenceThreshold": threshold,
            },
            "output": {"bucket": bucket, "prefix": f"{PREFIX}out/"},
        }


@dataclass(frozen=True)
class Adapter:
    """One ModerationAdapter of a scene: what a person does to it, and what it shows."""

    scene: Scene
    name: str
    spec: dict[str, Any]

    # What a person does

    def apply(self) -> "Adapter":
        """Apply it; return when the watch has it, so that `now` is no older."""
        self._await_watch(self.scene.cluster.apply(adapter_manifest(self.scene.namespace, self.name, self.spec)))
        return self

    def edit(self, **spec: object) -> None:
        """Merge into the spec, as `kubectl patch --type merge` does; return when the watch has it."""
        self._await_watch(self.scene.cluster.patch(self.scene.namespace, self.name, {"spec": spec}))

    def train_on(self, **inputs: object) -> None:
        """Edit spec.training."""
        self.edit(training=inputs)

    def annotate(self, **annotations: str | None) -> None:
        """Set annotations of ours; an underscore stands for a hyphen, None removes one."""
        named = {f"{GROUP}/{key.replace('_', '-')}": value for key, value in annotations.items()}
        self.scene.cluster.patch(self.scene.namespace, self.name, {"metadata": {"annotations": named}})

    def look_now(self, token: str) -> None:
        """Ask for a pass by the annotation, and return when it was answered in status."""
        self.annotate(reconcile_requested_at=token)
        self.wait(f"{self.name} has answered {token}", lambda seen: seen.status.get("lastHandledReconcileAt") == token)

    def lose_status(self) -> None:
        """Empty the status, as a restore from a backup does."""
        names = self.now.status
        self.scene.cluster.patch(
            self.scene.namespace, self.name, {"status": dict.fromkeys(names)}, subresource="status"
        )

    def delete(self) -> None:
        """Delete it; what AWS needs is done while the finalizer holds it."""
        self.scene.cluster.delete(self.scene.namespace, self.name)

    # What it shows

    @property
    def sightings(self) -> list[Sighting]:
        """All its states so far."""
        return self.scene.cluster.watcher.sightings(self.scene.namespace, self.name)

    @property
    def now(self) -> Sighting:
        """Its present state, as the watch has it."""
        latest = self.scene.cluster.watcher.latest(self.scene.namespace, self.name)
        assert latest is not None, f"{self.name} does not exist (any more)"
        return latest

    @property
    def exists(self) -> bool:
        """Whether the API server has it."""
        return self.scene.cluster.watcher.latest(self.scene.namespace, self.name) is not None

    @property
    def project_name(self) -> str:
        """The name of its project in AWS: spec.projectName, else the default."""
        default = f"sandbox.{self.scene.namespace}.{self.name}"
        return str(self.spec.get("projectName", default))

    @property
    def project_arn(self) -> str:
        """The ARN of its project, by its status."""
        return str(self.now.status["project"]["arn"])

    @property
    def active(self) -> str | None:
        """The name of the version in service."""
        return active_of(self.now)

    @property
    def active_arn(self) -> str:
        """The ARN of the version in service."""
        return str(self.now.status["active"]["arn"])

    @property
    def event_reasons(self) -> list[str]:
        """The reasons of the Events about it, oldest first."""
        return [event["reason"] for event in self.scene.cluster.events(self.scene.namespace, self.name)]

    def trainings(self) -> list[str]:
        """Return the names of the versions created for it, by effect, in order."""
        calls = self.scene.aws.calls("CreateProjectVersion")
        mine = [call for call in calls if call.effect and f":project/{self.project_name}/" in call.effect]
        return [str(call.parameters["VersionName"]) for call in mine]

    # What a test waits for

    def wait(self, what: str, holds: Callable[[Sighting], bool], *, seconds: float = WAIT_SECONDS) -> Sighting:
        """Wait until a state satisfies `holds`, and return it."""

        def look() -> Sighting | None:
            latest = self.scene.cluster.watcher.latest(self.scene.namespace, self.name)
            return latest if latest is not None and holds(latest) else None

        return self.wait_until(what, look, seconds=seconds)

    def wait_until(self, what: str, look: Callable[[], Found | None], *, seconds: float = WAIT_SECONDS) -> Found:
        """Wait for anything; a failure tells all about this adapter."""
        return wait_for(
            f"{self.scene.namespace}/{self.name}: {what}",
            look,
            deadline_seconds=seconds,
            diagnose=lambda: diagnosis(self),
            changed=self.scene.cluster.watcher.changed,
        )

    def wait_ready(self) -> Sighting:
        """Wait until the wanted version is in service and nothing is under way."""
        return self.wait("Ready and UpToDate", settled)

    def wait_stalled(self, reason: str) -> Object:
        """Wait until it is Stalled for this reason; return the condition."""
        seen = self.wait(f"Stalled {reason}", lambda seen: reason_of(seen, "Stalled") == reason)
        condition = seen.condition("Stalled")
        assert condition is not None
        return condition

    def wait_reconciling(self, reason: str) -> Object:
        """Wait until it is Reconciling for this reason; return the condition."""
        seen = self.wait(f"Reconciling {reason}", lambda seen: reason_of(seen, "Reconciling") == reason)
        condition = seen.condition("Reconciling")
        assert condition is not None
        return condition

    def wait_training(self) -> Sighting:
        """Wait until status shows a version in training; a story holds the trainings, so that this is not missed."""
        return self.wait(
            "a version in training",
            lambda seen: any(version["status"] == "TRAINING_IN_PROGRESS" for version in versions_of(seen).values()),
        )

    def wait_events(self, *reasons: str) -> None:
        """Wait until there are Events for these reasons: they are posted after the status that they are about."""
        self.wait_until(f"Events {', '.join(reasons)}", lambda: set(reasons) <= set(self.event_reasons))

    def wait_gone(self) -> None:
        """Wait until the API server has it no more."""
        self.wait_until("gone", lambda: not self.exists)

    def _await_watch(self, written: Object) -> None:
        generation = written["metadata"]["generation"]
        self.wait("the watch has what was written", lambda seen: seen.body["metadata"]["generation"] >= generation)
