"""Which pytest fixtures does a test need that runs on a real control plane?

Import them in a conftest.py: `from rekognition_sandbox.testing import control_plane, namespace`. Mark the tests that
use them `controlplane`.
"""

import uuid
from collections.abc import Iterator

import pytest

from rekognition_sandbox.controlplane.plane import ControlPlane


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Give a control plane of its own to each test process, started with the first test that asks for it."""
    with ControlPlane(tmp_path_factory.mktemp("controlplane")) as plane:
        yield plane


@pytest.fixture
def namespace(control_plane: ControlPlane) -> str:
    """Make a namespace for one test and return its name (namespaces are never finally deleted there)."""
    name = f"test-{uuid.uuid4().hex[:10]}"
    control_plane.create_namespace(name)
    return name
