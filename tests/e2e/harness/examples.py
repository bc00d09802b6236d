"""How does a story apply an example as its reader does, and run what its comments say?"""

import json
import shlex
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import yaml

import rekognition_sandbox
from e2e.harness.resource import Resource
from e2e.harness.scene import Scene
from rekognition_operator.kube.client import FIELD_MANAGER
from rekognition_sandbox.controlplane.sandbox import EXAMPLES_NAMESPACE

Kind = TypeVar("Kind", bound=Resource)

EXAMPLES = Path(rekognition_sandbox.__file__).parents[2] / "examples"


def where_examples_play(own: Scene) -> Scene:
    """Return the scene in the namespace and Region that all examples name."""
    own.cluster.plane.create_namespace(EXAMPLES_NAMESPACE)
    return replace(own, namespace=EXAMPLES_NAMESPACE, aws=replace(own.aws, region="us-east-1"))


def apply_example(scene: Scene, path: Path, kind: type[Kind]) -> Kind:
    """Apply an example with kubectl, as it stands."""
    scene.cluster.kubectl("apply", "-f", str(path))
    manifest = yaml.safe_load(path.read_text(encoding="utf-8"))
    return kind(scene, manifest["metadata"]["name"], manifest["spec"])


def told_by(scene: Scene, path: Path) -> str:
    """Return what the `kubectl get` in an example's comments prints."""
    lines = path.read_text(encoding="utf-8").splitlines()
    command = next(line for line in lines if line.startswith("#   kubectl get "))
    return scene.cluster.kubectl(*shlex.split(command.removeprefix("#"))[1:])


def tools_of_git_agree(scene: Scene, path: Path, resource: Resource) -> None:
    """Fail where a tool that applies the example again and again would find, or make, a difference."""
    kubectl, before = scene.cluster.kubectl, resource.now.body["metadata"]["generation"]
    kubectl("diff", "-f", str(path))  # fails where there is a difference
    for manager in ("kustomize-controller", "argocd-controller"):
        kubectl("apply", "--server-side", f"--field-manager={manager}", "-f", str(path))  # fails on a conflict
    kubectl("diff", "--server-side", "--field-manager=argocd-controller", "-f", str(path))
    kubectl("replace", "-f", str(path))
    stored = json.loads(
        kubectl("get", resource.key[0], resource.name, "-n", scene.namespace, "-o", "json", "--show-managed-fields")
    )
    assert stored["metadata"]["generation"] == before
    written = {
        part
        for entry in stored["metadata"]["managedFields"]
        if entry["manager"] == FIELD_MANAGER
        for part in entry["fieldsV1"]
    }
    assert written <= {"f:metadata", "f:status"}


def restore(scene: Scene, resources: Iterable[Resource]) -> None:
    """Lose the resources and bring them back from a backup, as into a new cluster: without status, with another UID."""
    kubectl = scene.cluster.kubectl
    scene.operator.stop()
    for resource in resources:
        kind, namespace, name = resource.key
        stored = json.loads(kubectl("get", kind, name, "-n", namespace, "-o", "json"))
        metadata = {
            member: stored["metadata"][member]
            for member in ("name", "namespace", "labels", "annotations", "finalizers")
            if member in stored["metadata"]
        }
        backup = {**{member: stored[member] for member in ("apiVersion", "kind", "spec")}, "metadata": metadata}
        scene.cluster.patch(resource.key, {"metadata": {"finalizers": None}})
        kubectl("delete", kind, name, "-n", namespace)
        file = scene.operator.directory / f"{name}.json"
        file.write_text(json.dumps(backup), encoding="utf-8")
        kubectl("create", "-f", str(file))
    scene.operator.start()
