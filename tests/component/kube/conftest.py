"""What do the tests of the client share? One control plane with the definitions applied."""

import os
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
import pytest_asyncio
import yaml

from rekognition_operator.api.crd import all_crds
from rekognition_operator.kube.client import KubeClient
from rekognition_sandbox.controlplane.kubectl import kubectl_path
from rekognition_sandbox.controlplane.plane import ControlPlane
from rekognition_sandbox.testing import control_plane, namespace

__all__ = ["control_plane", "namespace"]

Kubectl = Callable[..., str]


@pytest.fixture(scope="session")
def served_plane(control_plane: ControlPlane) -> ControlPlane:
    """Give the control plane once it serves our kinds."""
    control_plane.client.apply_crds(all_crds())
    return control_plane


@pytest.fixture
def kubectl(served_plane: ControlPlane, namespace: str, tmp_path_factory: pytest.TempPathFactory) -> Kubectl:
    """Run kubectl in the test's namespace and return what it prints."""
    home = tmp_path_factory.mktemp("home")

    def run(*arguments: str, stdin: Mapping[str, object] | None = None) -> str:
        answer = subprocess.run(
            [str(kubectl_path()), "--namespace", namespace, *arguments],
            input=None if stdin is None else yaml.safe_dump(dict(stdin)),
            env={**os.environ, "HOME": str(home), "KUBECONFIG": str(served_plane.kubeconfig)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    return run


@pytest_asyncio.fixture
async def kube(served_plane: ControlPlane) -> AsyncIterator[KubeClient]:
    """Give the client as the administrator."""
    async with KubeClient(Path(served_plane.kubeconfig)) as client:
        yield client
