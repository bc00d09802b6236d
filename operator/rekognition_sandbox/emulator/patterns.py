"""How is a pattern of the service model (a Java regular expression) matched in Python?"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache

_UNICODE_CLASS = re.compile(r"\\p\{(\w+)\}")


@cache
def compile_pattern(pattern: str) -> re.Pattern[str]:
    r"""Translate a pattern; use `fullmatch`, as AWS does.

    Python's `re` lacks only `\p{L}` and its kin, which the model uses inside character classes (tags).
    """
    return re.compile(_UNICODE_CLASS.sub(lambda found: _ranges_of(found.group(1)), pattern))


@cache
def _ranges_of(category: str) -> str:
    """Return the code points of a Unicode general category as the inside of a character class."""
    ranges: list[str] = []
    first: int | None = None
    for code in range(sys.maxunicode + 2):
        inside = code <= sys.maxunicode and unicodedata.category(chr(code)).startswith(category)
        if inside and first is None:
            first = code
        elif not inside and first is not None:
            ranges.append(f"\\U{first:08x}-\\U{code - 1:08x}")
            first = None
    return "".join(ranges)
