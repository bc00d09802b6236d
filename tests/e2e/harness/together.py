"""How do stories that do not disturb each other play at the same time, each still being a test of its own?

A story mostly waits: for a training, for a sweep. So all selected stories of a worker's group start with the first one
whose turn it is, in threads, each in its own namespace and Region; pytest then asks one after the other how it ended.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import pytest

from e2e.harness.stage import Stage
from scheduling import group_of

MARKER = "story"
AT_ONCE = 12
"""Stories at the same time: enough that two cores are never idle, few enough that none waits long."""


@dataclass
class Together:
    """All selected stories of a session; those of a group are started at once."""

    stage: Stage
    items: Sequence[pytest.Function]
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE, "story"))
    _endings: dict[str, Future[None]] = field(default_factory=dict)

    def ending(self, item: pytest.Function) -> None:
        """Return when a story has ended well; raise what it raised."""
        if item.nodeid not in self._endings:
            group = group_of(item.nodeid)
            mine = (story for story in self.items if group_of(story.nodeid) == group)
            self._endings |= {story.nodeid: self._pool.submit(self._play, story) for story in mine}
        self._endings[item.nodeid].result()

    def wait(self) -> None:
        """Return when no story plays any more."""
        wait(self._endings.values())

    def close(self) -> None:
        """Start no further story: the session ends."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _play(self, item: pytest.Function) -> None:
        play: Callable[..., None] = item.obj
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        play(scene=self.stage.scene(item.name), **parameters)


def selected_stories(items: Sequence[pytest.Item]) -> list[pytest.Function]:
    """Return those of the selected tests that are stories."""
    return [item for item in items if isinstance(item, pytest.Function) and item.get_closest_marker(MARKER)]
