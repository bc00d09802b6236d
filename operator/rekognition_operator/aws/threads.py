"""In which threads do calls to AWS wait, and what becomes of them when the process ends?"""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class _Call:
    future: "Future[Any]"
    run: Callable[[], None]


class CallThreads(Executor):
    """Threads for calls that block: as many as there are calls at a time, and no more than a limit.

    Unlike those of ThreadPoolExecutor they do not keep the process alive. An operator that is told to end would else
    wait for the answers of calls that nobody waits for any more, as long as their read timeout (30 s): about as long as
    Kubernetes waits before it kills.

    Parameters
    ----------
    limit
        The most calls at a time; further ones wait.
    name
        What the threads' names begin with.
    """

    def __init__(self, limit: int, name: str) -> None:
        self._limit: Final = limit
        self._name: Final = name
        self._work: SimpleQueue[_Call | None] = SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._closed = False

    def submit(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Make a call in a thread.

        Raises
        ------
        RuntimeError
            No call is accepted any more.
        """
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(call(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001  # whoever waits for the call gets it
                future.set_exception(error)

        with self._lock:
            if self._closed:
                raise RuntimeError(f"The threads {self._name} are shut down: no call is accepted any more")
            self._work.put(_Call(future, run))
            if not self._idle.acquire(blocking=False) and len(self._threads) < self._limit:
                thread = threading.Thread(target=self._serve, name=f"{self._name}_{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Accept no further call; those under way go on, and are waited for with ``wait``.

        Calls that still wait for a thread are made, too; with ``cancel_futures`` they are cancelled.
        """
        with self._lock:
            self._closed = True
            if cancel_futures:
                self._cancel_waiting()
            for _ in self._threads:
                self._work.put(None)
        if wait:
            for thread in self._threads:
                thread.join()

    def _serve(self) -> None:
        while (call := self._work.get()) is not None:
            if call.future.set_running_or_notify_cancel():
                call.run()
            del call  # or its answer would be kept until the next one
            self._idle.release()

    def _cancel_waiting(self) -> None:
        while True:
            try:
                call = self._work.get_nowait()
            except Empty:
                return
            if call is not None:
                call.future.cancel()
