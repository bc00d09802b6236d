"""How do all who need the same thing at once share one attempt to get it?"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, Generic, TypeVar

from rekognition_operator.aws.errors import CallError

K = TypeVar("K")
T = TypeVar("T")


class SingleFlight(Generic[K, T]):
    """Runs one attempt for each key at a time. Who leaves does not end it for the others."""

    def __init__(self) -> None:
        self._under_way: dict[K, asyncio.Task[T]] = {}

    async def get(self, key: K, attempt: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Wait for the attempt that is under way for the key; begin one where there is none.

        Raises
        ------
        CallError
            The attempt's own; each who waits has a copy, since each has its own traceback.
        """
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(attempt())
            task.add_done_callback(lambda done: self._ended(key, done))
        try:
            return await asyncio.shield(task)
        except CallError as error:
            raise replace(error) from error

    def _ended(self, key: K, task: asyncio.Task[T]) -> None:
        self._under_way.pop(key, None)
        if not task.cancelled():
            task.exception()  # it is raised to those who wait; who was cancelled does not miss it
