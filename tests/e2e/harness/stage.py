"""Where does a story play? One control plane and one emulator for the session, and one operator at a time on them."""

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Protocol

from e2e.harness.aws import Aws
from e2e.harness.cluster import Cluster
from e2e.harness.operator import OperatorProcess
from e2e.harness.proxy import Proxy
from e2e.harness.replicas import Replicas
from e2e.harness.scene import Scene
from e2e.harness.secrets import assert_nothing_secret
from e2e.harness.watching import Watcher
from rekognition_sandbox.controlplane.operator_setup import install_operator_rights_and_crds
from rekognition_sandbox.controlplane.plane import ControlPlane
from rekognition_sandbox.emulator.engine import EmulatorSettings
from rekognition_sandbox.emulator.process import EmulatorProcess

TIME_SCALE = 900.0
"""A training takes 2 s, a start of a model 1 s, and an hour 4 s."""
_LONGEST_NAMESPACE = 40
QUICK_LEASE = {
    "LEADER_ELECT": "true",
    "LEASE_SECONDS": "4",
    "RENEW_DEADLINE_SECONDS": "3",
    "RETRY_SECONDS": "0.5",
}
"""Settings with which a test need not wait long for another leader."""


@dataclass
class Stage:
    """What all stories share.

    Attributes
    ----------
    directory
        Where operators keep kubeconfig and logs.
    """

    cluster: Cluster
    emulator: EmulatorProcess
    directory: Path
    _scenes: dict[str, Scene] = field(default_factory=dict)
    _operators: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _regions: Iterator[int] = field(default_factory=lambda: count(1))
    _common: OperatorProcess | None = None

    @property
    def common_operator(self) -> OperatorProcess:
        """The operator of the stories that play at the same time; it works in all namespaces, and is started once."""
        with self._lock:
            if self._common is None:
                self._common = self._new_operator()
            if not self._common.running:
                self._common.start()
            return self._common

    def end_common_operator(self) -> None:
        """Make room for a story that needs the operator to itself."""
        with self._lock:
            if self._common is not None:
                self._common.stop()

    def scene(self, title: str) -> Scene:
        """Return the scene of a story: made with the first call, the same with the next."""
        if title not in self._scenes:
            operator = self.common_operator
            with self._lock:
                self._scenes[title] = self._new_scene(title, operator)
        return self._scenes[title]

    @contextmanager
    def alone(self, title: str, **settings: str) -> Iterator[Scene]:
        """Give a scene whose operator works in no other namespace and is the only one; it is not started yet."""
        self.end_common_operator()
        with self._lock:
            operator = self._new_operator(**{"NAMESPACES": namespace_of(title), **settings})
            scene = self._new_scene(title, operator)
        try:
            yield scene
        finally:
            operator.stop()

    @contextmanager
    def replicas(self, title: str, **settings: str) -> Iterator[Replicas]:
        """Give a scene with two operators, of which one leads; neither is started yet."""
        self.end_common_operator()
        own = {"NAMESPACES": namespace_of(title), "LEASE_NAME": namespace_of(title), **QUICK_LEASE, **settings}
        with Proxy(self.cluster.plane.url) as network:
            with self._lock:
                first, second = self._new_operator(**own), self._new_operator(**own)
                first.api_url = network.url
                replicas = Replicas(self._new_scene(title, first), first, second, network)
            try:
                yield replicas
            finally:
                replicas.stop()

    def another(self, scene: Scene) -> Scene:
        """Return a scene in the same namespace, with the same operator, and in another Region."""
        with self._lock:
            return Scene(scene.cluster, self._new_region(), scene.namespace, scene.operator)

    def elsewhere(self, cluster: Cluster, operator: OperatorProcess, namespace: str) -> Scene:
        """Return a scene on another cluster, with the same emulator."""
        cluster.plane.create_namespace(namespace)
        with self._lock:
            return Scene(cluster, self._new_region(), namespace, operator)

    def _new_operator(self, **settings: str) -> OperatorProcess:
        self._operators += 1
        directory = self.directory / f"operator-{self._operators}"
        pace = {"AWS_TIME_SCALE": f"{TIME_SCALE:g}"}
        return OperatorProcess(self.cluster.plane, self.emulator.url, directory, {**pace, **settings})

    def _new_scene(self, title: str, operator: OperatorProcess) -> Scene:
        namespace = namespace_of(title)
        self.cluster.plane.create_namespace(namespace)
        return Scene(self.cluster, self._new_region(), namespace, operator)

    def _new_region(self) -> Aws:
        # Made-up Regions: neither the SDK nor the emulator minds, and there are as many as stories.
        return Aws(self.emulator.control, f"eu-story-{next(self._regions)}")


@dataclass
class StageBuilder:
    """Brings the stage up, and takes it down."""

    plane: ControlPlane
    directory: Path
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Stage:
        install_operator_rights_and_crds(self.plane)
        settings = EmulatorSettings(time_scale=TIME_SCALE)
        emulator = self._stack.enter_context(EmulatorProcess(settings, log_path=self.directory / "emulator.log"))
        watcher = self._stack.enter_context(Watcher(self.plane.client))
        stage = Stage(Cluster(self.plane, watcher, self.directory), emulator, self.directory)
        self._stack.callback(assert_nothing_secret, stage.cluster, self.directory)
        self._stack.callback(stage.end_common_operator)
        return stage

    def __exit__(self, *_: object) -> None:
        self._stack.close()


class Alone(Protocol):
    """The fixture `alone`: gives a scene with an operator of its own, not started yet; the only one that runs."""

    def __call__(self, **settings: str) -> AbstractContextManager[Scene]:
        """Play; settings are those of the operator, by the end of their variable's name."""


def namespace_of(title: str) -> str:
    """Return the namespace of a story: its title without what a namespace's name cannot have."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-").removeprefix("test-")
    digest = hashlib.sha256(title.encode()).hexdigest()[:6]  # two titles may begin alike
    return f"{words[:_LONGEST_NAMESPACE].strip('-')}-{digest}"
