"""How does a story speak of one resource, an adapter or a model: what is done to it, and what does it show?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from e2e.harness.aws import SERVING
from e2e.harness.cluster import manifest_of
from e2e.harness.data import TRAIN_AGAIN
from e2e.harness.diagnosis import diagnosis
from e2e.harness.reading import active_of, reason_of, runs, settled, versions_of
from e2e.harness.waiting import wait_for
from e2e.harness.watching import Key, Object, Sighting
from rekognition_operator.api.customlabelsmodel import CustomLabelsModel
from rekognition_operator.api.kinds import Kind
from rekognition_operator.api.moderationadapter import ModerationAdapter
from rekognition_operator.api.schema import GROUP

if TYPE_CHECKING:
    from e2e.harness.scene import Scene

Found = TypeVar("Found")

WAIT_SECONDS = 60.0
"""Far more than anything takes: stories run at the same time, on as little as two cores."""


@dataclass(frozen=True)
class Resource:
    """One resource of a scene: what a person does to it, and what it shows. ``kind`` is what subclasses differ in."""

    scene: "Scene"
    name: str
    spec: dict[str, Any]
    kind: ClassVar[Kind]

    @property
    def key(self) -> Key:
        """What the API server and the watch know it by."""
        return (self.kind.plural, self.scene.namespace, self.name)

    # What a person does

    def apply(self) -> Self:
        """Apply it; return when the watch has it, so that `now` is no older."""
        self._await_watch(self.scene.cluster.apply(manifest_of(self.kind, self.scene.namespace, self.name, self.spec)))
        return self

    def edit(self, **spec: object) -> None:
        """Merge into the spec, as `kubectl patch --type merge` does; return when the watch has it."""
        self._await_watch(self.scene.cluster.patch(self.key, {"spec": spec}))

    def train_on(self, **inputs: object) -> None:
        """Edit spec.training."""
        self.edit(training=inputs)

    def data(self, manifest: str) -> dict[str, Any]:
        """Return spec.training.trainingData with another manifest of the same folder."""
        (named,) = self.spec["training"]["trainingData"]["manifests"]
        folder = str(named["name"]).rpartition("/")[0]
        return {"manifests": [{**named, "name": f"{folder}/{manifest}"}]}

    def train_on_manifest(self, name: str) -> None:
        """Edit spec.training so that it names another manifest of the same folder."""
        self.train_on(trainingData=self.data(name))

    def annotate(self, **annotations: str | None) -> None:
        """Set annotations of ours; an underscore stands for a hyphen, None removes one."""
        named = {f"{GROUP}/{key.replace('_', '-')}": value for key, value in annotations.items()}
        self.scene.cluster.patch(self.key, {"metadata": {"annotations": named}})

    def look_now(self, token: str) -> None:
        """Ask for a pass by the annotation, and return when it was answered in status."""
        self.annotate(reconcile_requested_at=token)
        self.wait(f"{self.name} has answered {token}", lambda seen: seen.status.get("lastHandledReconcileAt") == token)

    def lose_status(self) -> None:
        """Empty the status, as a restore from a backup does."""
        names = self.now.status
        self.scene.cluster.patch(self.key, {"status": dict.fromkeys(names)}, subresource="status")

    def delete(self) -> None:
        """Delete it; what AWS needs is done while the finalizer holds it."""
        self.scene.cluster.delete(self.key)

    # What it shows

    @property
    def sightings(self) -> list[Sighting]:
        """All its states so far."""
        return self.scene.cluster.watcher.sightings(self.key)

    @property
    def now(self) -> Sighting:
        """Its present state, as the watch has it."""
        latest = self.scene.cluster.watcher.latest(self.key)
        assert latest is not None, f"{self.name} does not exist (any more)"
        return latest

    @property
    def exists(self) -> bool:
        """Whether the API server has it."""
        return self.scene.cluster.watcher.latest(self.key) is not None

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

    def config_map(self, name: str) -> dict[str, str]:
        """Return what a ConfigMap beside it holds; empty where there is none."""
        found = self.scene.cluster.config_map(self.scene.namespace, name)
        return {} if found is None else dict(found["data"])

    def trainings(self) -> list[str]:
        """Return the names of the versions created for it, by effect, in order."""
        calls = self.scene.aws.calls("CreateProjectVersion")
        mine = [call for call in calls if call.effect and f":project/{self.project_name}/" in call.effect]
        return [str(call.parameters["VersionName"]) for call in mine]

    # What a test waits for

    def wait(self, what: str, holds: Callable[[Sighting], bool], *, seconds: float = WAIT_SECONDS) -> Sighting:
        """Wait until a state satisfies `holds`, and return it."""

        def look() -> Sighting | None:
            latest = self.scene.cluster.watcher.latest(self.key)
            return latest if latest is not None and holds(latest) else None

        return self.wait_until(what, look, seconds=seconds)

    def wait_seen(self, what: str, holds: Callable[[Sighting], bool]) -> Sighting:
        """Wait until a state satisfied `holds`, if only for a moment, and return the first one."""
        return self.wait_until(what, lambda: next((seen for seen in self.sightings if holds(seen)), None))

    def wait_until(self, what: str, look: Callable[[], Found | None], *, seconds: float = WAIT_SECONDS) -> Found:
        """Wait for anything; a failure tells all about this resource."""
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


@dataclass(frozen=True)
class Adapter(Resource):
    """A ModerationAdapter."""

    kind: ClassVar[Kind] = ModerationAdapter


@dataclass(frozen=True)
class Model(Resource):
    """A CustomLabelsModel."""

    kind: ClassVar[Kind] = CustomLabelsModel

    def serve(self, **serving: object) -> None:
        """Edit spec.serving."""
        self.edit(serving=serving)

    def other_data(self) -> dict[str, Any]:
        """Return training data that the version in the spec was not trained on."""
        return self.data(TRAIN_AGAIN)

    def train_on_other_data(self) -> None:
        """Edit spec.training so that another version is wanted."""
        self.train_on_manifest(TRAIN_AGAIN)

    def answers(self) -> bool:
        """Whether the version in service answers DetectCustomLabels."""
        return self.scene.aws.detect(self.active_arn)

    def states(self) -> dict[str, str]:
        """Return AWS's status of each version, by its name."""
        return {v["ProjectVersionArn"].split("/")[3]: v["Status"] for v in self.scene.aws.versions(self.project_arn)}

    def moves(self, *, since: int = 0) -> list[str]:
        """Return the operator's starts and stops that had an effect, in order: Start or Stop and the version's name."""
        return [
            f"{call.operation.removesuffix('ProjectVersion')} {str(call.parameters['ProjectVersionArn']).split('/')[3]}"
            for call in self.scene.aws.calls(since=since)
            if call.operation in SERVING
            and call.effect
            and f":project/{self.project_name}/" in str(call.parameters["ProjectVersionArn"])
        ]

    def wait_running(self) -> Sighting:
        """Wait until the wanted version is in service, runs, and nothing is under way."""
        return self.wait("it runs, as wanted", lambda seen: settled(seen) and runs(seen))

    def wait_at_rest(self, reason: str) -> Sighting:
        """Wait until it is stopped, and Ready for this reason."""
        return self.wait(
            f"stopped, and Ready {reason}",
            lambda seen: settled(seen) and not runs(seen) and reason_of(seen, "Ready") == reason,
        )
