"""What do the tests of passes share?"""

import pytest

from unit.controller.stage import Stage


@pytest.fixture
def stage() -> Stage:
    """Set up a resource's world and an operator."""
    return Stage()
