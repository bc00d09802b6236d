"""What do the tests of the control plane share?"""

import threading
import time
from collections.abc import Callable

import pytest

from rekognition_sandbox.testing import control_plane, namespace

__all__ = ["control_plane", "namespace"]

WaitUntil = Callable[[Callable[[], bool]], None]


@pytest.fixture(scope="session")
def wait_until() -> WaitUntil:
    """Give a function that returns when a condition holds and fails when it does not within half a minute."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline, "the condition did not come true in time"
            threading.Event().wait(0.02)

    return wait
