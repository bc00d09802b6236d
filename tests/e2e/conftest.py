"""Which stage and which way of playing do the end-to-end stories have?"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import cast

import pytest

from e2e.harness.scene import Scene
from e2e.harness.stage import Alone, Stage, StageBuilder
from e2e.harness.together import MARKER, Together, selected_stories
from rekognition_sandbox.controlplane.plane import ControlPlane
from rekognition_sandbox.testing import control_plane, namespace

__all__ = ["control_plane", "namespace"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{MARKER}: plays at the same time as other stories; takes `scene` only")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Let a story tell how it ended, instead of playing it now."""
    if pyfuncitem.get_closest_marker(MARKER) is None:
        return None
    together = cast("Together", pyfuncitem.funcargs["together"])
    together.ending(pyfuncitem)
    return True


@pytest.fixture(scope="session")
def stage(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with StageBuilder(control_plane, tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@pytest.fixture(scope="session")
def together(stage: Stage, request: pytest.FixtureRequest) -> Iterator[Together]:
    together = Together(stage, selected_stories(request.session.items))
    yield together
    together.close()


@pytest.fixture
def scene(stage: Stage, together: Together, request: pytest.FixtureRequest) -> Scene:  # noqa: ARG001  # plays it
    """Give a story its namespace and Region."""
    return stage.scene(request.node.name)


@pytest.fixture
def alone(stage: Stage, together: Together, request: pytest.FixtureRequest) -> Alone:
    """Give a test a scene with an operator of its own, while no other operator runs and no story plays."""

    def play(**settings: str) -> AbstractContextManager[Scene]:
        together.wait()
        return stage.alone(request.node.name, **settings)

    return play
