"""Is the price table read as it is written, and refused in words that say what is wrong?"""

import pytest

from rekognition_operator.controller.prices import UnitPrices


@pytest.mark.parametrize(
    ("text", "prices"),
    [
        ("4.00", UnitPrices(4.0)),
        ("4", UnitPrices(4.0)),
        (" 3.5 , eu-central-1 = 4.80,", UnitPrices(3.5, {"eu-central-1": 4.8})),
        ("ap-northeast-1=5,us-gov-west-1=6", UnitPrices(4.0, {"ap-northeast-1": 5.0, "us-gov-west-1": 6.0})),
    ],
)
def test_one_price_is_for_all_regions_that_have_none_of_their_own(text: str, prices: UnitPrices) -> None:
    assert UnitPrices.parse(text) == prices
    assert UnitPrices.parse(str(prices)) == prices


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it names no price"),
        ("four", "'four' is not a price in USD"),
        ("0", "'0' is not a price in USD"),
        ("-4", "'-4' is not a price in USD"),
        ("nan", "'nan' is not a price in USD"),
        ("inf", "'inf' is not a price in USD"),
        ("eu-central-1=", "'eu-central-1=' is not a price in USD"),
        ("Frankfurt=4", "'Frankfurt=4' does not begin with a Region"),
        ("=4", "'=4' does not begin with a Region"),
        ("4,5", "the price of all other Regions is given twice"),
        ("us-east-1=4,us-east-1=4", "us-east-1 is given twice"),
    ],
)
def test_what_is_no_price_table_is_refused_by_the_entry_that_is_wrong(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        UnitPrices.parse(text)
