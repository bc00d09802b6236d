"""How many inference units does a version run with, and what do they cost?"""

from rekognition_operator.api.conditions import Reason
from rekognition_operator.core.decision import Finding, Policy
from rekognition_operator.core.versions import Fleet
from rekognition_operator.core.wording import usd
from rekognition_operator.core.world import Desired, ObservedVersion, Serving


def units_of(version: ObservedVersion) -> str:
    """Return the inference units that AWS shows of a version: ``1``, or ``1-2`` where AWS may scale it."""
    return _text(version.min_inference_units, version.max_inference_units)


def units_wanted(serving: Serving) -> str:
    """Return the inference units that the spec asks for."""
    return _text(serving.min_units, serving.max_units)


def in_words(units: str) -> str:
    """Return units as part of a sentence, such as ``1 inference unit``."""
    return f"{units} inference unit{'' if units == '1' else 's'}"


def most_units(version: ObservedVersion) -> int:
    """Return how many inference units a version may run with; AWS may scale it up to this."""
    return version.max_inference_units or version.min_inference_units or 1


def runs_as_asked(serving: Serving, version: ObservedVersion) -> bool:
    """Whether a version runs with the units that the spec asks for; where AWS shows none, nothing says otherwise."""
    return version.min_inference_units is None or units_of(version) == units_wanted(serving)


def usd_per_hour(fleet: Fleet, price: float) -> float:
    """Return what the running versions of a resource cost an hour, by the most units that they may have."""
    return price * sum(most_units(own.version) for own in fleet.own if own.occupies)


def wanted_usd_per_hour(serving: Serving, price: float) -> float:
    """Return what a version costs an hour that runs as the spec asks, by the most units that it may have."""
    return price * (serving.max_units or serving.min_units)


def beyond_budget(serving: Serving, version: ObservedVersion, price: float) -> bool:
    """Whether a version alone costs more an hour than the budget, by the most units that it may have."""
    limit = serving.max_usd_per_hour
    return limit is not None and most_units(version) * price > limit


def over_budget(desired: Desired, serving: Serving, policy: Policy) -> Finding | None:
    """Say why the units of the spec are refused, if they cost more than its budget."""
    limit, units = serving.max_usd_per_hour, serving.max_units or serving.min_units
    price = policy.price(desired.place.region)
    if limit is None or wanted_usd_per_hour(serving, price) <= limit:
        return None
    return Finding(
        Reason.OVER_BUDGET,
        f"{in_words(str(units))} x {usd(price)} = {usd(units * price)} an hour, and "
        f"spec.serving.budget.maxUSDPerHour is {limit:g}: nothing is started with so many. Lower "
        f"spec.serving.{'maxInferenceUnits' if serving.max_units else 'minInferenceUnits'}, or raise the budget",
    )


def _text(least: int | None, most: int | None) -> str:
    if least is None:
        return "?"
    return (
        str(least) if most is None or most == least else f"{least}-{most}"
    )  # however AWS tells one that it may not scale
