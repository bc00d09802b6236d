"""How long is waited before the next pass?"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

FIRST_SECONDS: Final = 1.0
LONGEST_SECONDS: Final = 300.0
SHORTEST_SECONDS: Final = 0.2
JITTER: Final = 0.1


@dataclass(frozen=True)
class Backoff:
    """Delays that spread: what failed together must not come back together. ``draw`` gives numbers from 0 to 1."""

    draw: Callable[[], float] = random.random

    def after_failures(self, failures: int) -> float:
        """Return exponential backoff with full jitter: at most 1 s after the first failure, 5 min after the 10th."""
        longest: float = min(FIRST_SECONDS * 2.0 ** min(failures - 1, 30), LONGEST_SECONDS)
        return max(longest * self.draw(), SHORTEST_SECONDS)

    def around(self, seconds: float) -> float:
        """Return about so many seconds: 10 % more or less."""
        return seconds * (1 - JITTER + 2 * JITTER * self.draw())
