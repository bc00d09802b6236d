"""What does a person do with rekognition-operator on the command line?"""

import subprocess
import sys
from dataclasses import dataclass

from e2e.harness.scene import Scene
from rekognition_sandbox.controlplane.environment import process_environment, sandbox_environment

COMMAND_SECONDS = 120


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


def command(scene: Scene, *arguments: str) -> Ended:
    """Run rekognition-operator against the cluster and the AWS of a scene, and wait for its end."""
    environment = sandbox_environment(scene.cluster.plane.kubeconfig, scene.aws.control.url)
    ended = subprocess.run(
        [sys.executable, "-m", "rekognition_operator", *arguments, "--namespace", scene.namespace],
        env=process_environment(environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_SECONDS,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)
