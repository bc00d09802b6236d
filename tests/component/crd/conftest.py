"""What do the tests of the definitions share? One control plane with the definitions applied, and kubectl on it."""

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from rekognition_operator.api.kinds import ALL_DEFINITIONS
from rekognition_operator.api.schema import GROUP
from rekognition_sandbox.controlplane.kubectl import kubectl_path
from rekognition_sandbox.controlplane.plane import ControlPlane
from rekognition_sandbox.testing import control_plane, namespace

__all__ = ["control_plane", "namespace"]

ROOT = Path(__file__).parents[3]
CRD_NAMES = tuple(f"crd/{kind.plural}.{GROUP}" for kind in ALL_DEFINITIONS)

Answer = subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def bare_kubectl(
    control_plane: ControlPlane,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., Answer]:
    """Run kubectl with arguments and, as ``stdin``, one manifest; nothing is raised when it fails."""
    home = tmp_path_factory.mktemp("home")  # discovery is cached by address, and another sandbox may have had ours

    def run(*arguments: str, stdin: Mapping[str, object] | None = None) -> Answer:
        return subprocess.run(
            [str(kubectl_path()), *arguments],
            input=None if stdin is None else yaml.safe_dump(dict(stdin)),
            env={**os.environ, "HOME": str(home), "KUBECONFIG": str(control_plane.kubeconfig)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


@pytest.fixture(scope="session")
def applied_crds(bare_kubectl: Callable[..., Answer]) -> Answer:
    """Apply the committed definitions, wait until they are served, and return what kubectl said."""
    answer = bare_kubectl("apply", "-f", str(ROOT / "crds"))
    assert answer.returncode == 0, answer.stderr
    served = bare_kubectl("wait", "--for=condition=Established", "--timeout=30s", *CRD_NAMES)
    assert served.returncode == 0, served.stderr
    return answer


@pytest.fixture(scope="session")
def kubectl(bare_kubectl: Callable[..., Answer], applied_crds: Answer) -> Callable[..., Answer]:  # noqa: ARG001  # order
    """Run kubectl, as ``bare_kubectl``, once the definitions are served."""
    return bare_kubectl
