"""How does a story apply an example as its reader does, and run what its comments say?"""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import yaml

import rekognition_sandbox
from e2e.harness.resource import Resource
from e2e.harness.scene import Scene
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
