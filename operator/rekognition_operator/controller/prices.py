"""What does an inference unit cost in an hour, and in which Region? The price table that the operator is told."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

USD_PER_UNIT_HOUR: Final = 4.0
"""AWS's price of an inference unit running for an hour (Amazon Rekognition pricing, Custom Labels)."""
_REGION: Final = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+")
_DEAREST_USD: Final = 10_000.0


@dataclass(frozen=True)
class UnitPrices:
    """USD for one inference unit and hour: one price for all Regions but those that have their own."""

    default_usd: float = USD_PER_UNIT_HOUR
    usd_by_region: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``4.00`` or ``4.00,eu-central-1=4.80``: the entry without a Region is for all others.

        Raises
        ------
        ValueError
            An entry is not a price, names no Region, or stands twice. The text says which.
        """
        prices: dict[str, float] = {}
        for entry in filter(None, (part.strip() for part in text.split(","))):
            region, equals, price = (part.strip() for part in entry.rpartition("="))
            if equals and not _REGION.fullmatch(region):
                raise ValueError(f"{entry!r} does not begin with a Region, such as eu-central-1=4.80")
            if region in prices:
                raise ValueError(f"{region or 'the price of all other Regions'} is given twice")
            prices[region] = _usd(entry, price)
        if not prices:
            raise ValueError("it names no price; give one such as 4.00")
        return cls(prices.pop("", USD_PER_UNIT_HOUR), prices)

    def __str__(self) -> str:
        others = (f"{region}={usd:.2f}" for region, usd in self.usd_by_region.items())
        return ",".join((f"{self.default_usd:.2f}", *others))


def _usd(entry: str, price: str) -> float:
    try:
        usd = float(price)
    except ValueError:
        usd = math.nan
    if not 0 < usd <= _DEAREST_USD:  # nan, too, is not
        raise ValueError(f"{entry!r} is not a price in USD above 0 and up to {_DEAREST_USD:.0f}, such as 4.00")
    return usd
