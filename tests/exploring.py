"""How many histories do the property tests draw, and are they the same each time?

By default they are the same in each run, so that a rare history fails no run of an unrelated change. With
``HYPOTHESIS_PROFILE=explore``, as ``make fuzz`` sets it, they are drawn anew, and many more of them.
"""

import os
from typing import Final

from hypothesis import settings

EXPLORE: Final = "explore"
PROFILE: Final = os.environ.get("HYPOTHESIS_PROFILE", "ci")
_TIMES: Final = 20

settings.register_profile("ci", derandomize=True, database=None)
settings.register_profile(EXPLORE, derandomize=False, print_blob=True)


def examples(number: int) -> int:
    """Return how many examples a test draws that draws so many by default."""
    return number * _TIMES if PROFILE == EXPLORE else number
