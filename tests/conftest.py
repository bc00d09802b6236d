"""In which order, and together with which others, do the tests run?

Under xdist a group stays on one worker, so that a control plane or an emulator is started once for all who share it.
The end-to-end stories, which take longest, go first. :mod:`exploring` says what the property tests draw.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from exploring import PROFILE
from scheduling import GroupScheduling

if TYPE_CHECKING:
    from xdist.remote import Producer

ROOT = Path(__file__).parent
ORDER = ("e2e", "component", "unit")

settings.load_profile(PROFILE)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: ORDER.index(_kind(item)) if _kind(item) in ORDER else len(ORDER))


@pytest.hookimpl(optionalhook=True)  # of xdist, which may be switched off
def pytest_xdist_make_scheduler(config: pytest.Config, log: "Producer") -> GroupScheduling:
    return GroupScheduling(config, log)


def _kind(item: pytest.Item) -> str:
    return item.path.relative_to(ROOT).parts[0]
