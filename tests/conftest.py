"""In which order, and together with which others, do the tests run?

Under xdist a group stays on one worker, so that a control plane or an emulator is started once for all who share it.
The end-to-end stories, which take longest, go first.
"""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent
ORDER = ("e2e", "component", "unit")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: ORDER.index(_parts(item)[0]) if _parts(item)[0] in ORDER else len(ORDER))
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))


def _parts(item: pytest.Item) -> tuple[str, ...]:
    return item.path.relative_to(ROOT).parts


def _group(item: pytest.Item) -> str:
    """Name what shares its servers: all stories, one folder of component tests, or one file."""
    kind, *rest = _parts(item)
    if kind == "e2e" and item.path.name != "test_demo.py":
        return kind
    return f"{kind}/{rest[0]}" if kind == "component" and rest else "/".join(_parts(item))
