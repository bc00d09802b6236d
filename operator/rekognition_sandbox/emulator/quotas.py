"""How many may there be, how fast may one call, and is this call too fast?"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_TAG_OPERATIONS = frozenset({"TagResource", "UntagResource", "ListTagsForResource"})
_DETECT_OPERATIONS = frozenset({"DetectModerationLabels", "DetectCustomLabels"})
#: Regions in which DetectModerationLabels starts with 50 calls a second; elsewhere 5 (AWS General Reference).
_FAST_DETECT_REGIONS = frozenset({"us-east-1", "us-west-2", "eu-west-1"})


@dataclass(frozen=True)
class Quotas:
    """Limits per account and Region; the defaults are AWS's (General Reference), rates in calls a second.

    `detect_calls_per_second` None means 50; for DetectModerationLabels outside us-east-1, us-west-2 and eu-west-1 it
    means 5. Adapters have no published quotas of their own; they are taken to share those of Custom Labels.
    """

    projects: int = 100
    versions_per_project: int = 100
    concurrent_trainings: int = 2
    running_models: int = 2
    inference_units_per_model: int = 5
    concurrent_copies: int = 5
    control_calls_per_second: float = 5
    tag_calls_per_second: float = 10
    detect_calls_per_second: float | None = None
    throttling: bool = True

    def calls_per_second(self, operation: str, region: str) -> float:
        """Return the rate of one operation in one Region."""
        if operation in _TAG_OPERATIONS:
            return self.tag_calls_per_second
        if operation in _DETECT_OPERATIONS:
            if self.detect_calls_per_second is not None:
                return self.detect_calls_per_second
            return 50 if operation == "DetectCustomLabels" or region in _FAST_DETECT_REGIONS else 5
        return self.control_calls_per_second


@dataclass
class _Bucket:
    tokens: float
    filled_at: float


class RateLimiter:
    """A token bucket for each (account, Region, operation), one second deep, on real time.

    Parameters
    ----------
    monotonic
        Real seconds, for tests.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str, str], _Bucket] = {}

    def admits(self, account: str, region: str, operation: str, calls_per_second: float) -> bool:
        """Take a token; False when there is none and AWS would throttle."""
        with self._lock:
            now = self._monotonic()
            depth = max(calls_per_second, 1.0)
            bucket = self._buckets.setdefault((account, region, operation), _Bucket(depth, now))
            bucket.tokens = min(depth, bucket.tokens + (now - bucket.filled_at) * calls_per_second)
            bucket.filled_at = now
            if bucket.tokens < 1:
                return False
            bucket.tokens -= 1
            return True

    def reset(self) -> None:
        """Fill every bucket."""
        with self._lock:
            self._buckets.clear()
