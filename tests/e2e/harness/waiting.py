"""How does a test wait for something without sleeping blindly?"""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

LOOK_AGAIN_SECONDS = 0.1
"""AWS tells nobody that something changed: its side is looked at this often."""


def wait_for(
    what: str,
    look: Callable[[], Found | None],
    *,
    deadline_seconds: float,
    diagnose: Callable[[], str],
    changed: threading.Condition | None = None,
) -> Found:
    """Look until there is something, and return it.

    Parameters
    ----------
    what
        What is waited for, as the failure says it: "storefront is Ready".
    look
        Returns what was found, or something false (None, an empty list) as long as it is not there.
    diagnose
        Tells, once, why it may not have come.
    changed
        Notified when it is worth looking again at once; AWS is looked at every 0.1 s in any case.

    Raises
    ------
    AssertionError
        The deadline passed; the message has what was waited for and the diagnosis.
    """
    bell = changed or threading.Condition()
    deadline = time.monotonic() + deadline_seconds
    while True:
        found = look()
        if found:
            return found
        left = deadline - time.monotonic()
        if left <= 0:
            raise AssertionError(f"Waited {deadline_seconds:g} s in vain: {what}.\n{diagnose()}")
        with bell:
            bell.wait(min(left, LOOK_AGAIN_SECONDS))
