"""How does a test say in a word or two what is asked of a Custom Labels model, and how its versions stand?"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypedDict, Unpack
from zoneinfo import ZoneInfo

from fakes.builders import (
    NOW,
    DesiredFields,
    ago,
    desired,
    inputs,
    name_of,
    observed,
    project,
    version,
)
from rekognition_operator.core import tags as t
from rekognition_operator.core.inputs import TrainingInputs
from rekognition_operator.core.proof import Proof
from rekognition_operator.core.schedule import Schedule, Window, minute_of_day
from rekognition_operator.core.world import (
    Desired,
    Feature,
    Observed,
    ObservedDataset,
    ObservedProject,
    ObservedVersion,
    Owner,
    Serving,
    Usage,
)

MODEL_OWNER = Owner("prod", "CustomLabelsModel", "vision", "parts")
P, Q, R = (inputs(name, threshold=None) for name in "pqr")
MODEL_INPUTS = {"P": P, "Q": Q, "R": R}
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class ServingFields(TypedDict, total=False):
    """What a test may ask of serving besides whether the model runs."""

    min_units: int
    max_units: int | None
    blue_green: bool
    schedule: Schedule | None
    idle_after: timedelta | None
    max_usd_per_hour: float | None
    problem: str | None


def running(**fields: Unpack[ServingFields]) -> Serving:
    """Return spec.serving with state Running."""
    return replace(Serving(running=True), **fields)


def stopped(**fields: Unpack[ServingFields]) -> Serving:
    """Return spec.serving with state Stopped."""
    return replace(Serving(running=False), **fields)


def model(training: TrainingInputs = P, serving: Serving | None = None, **fields: Unpack[DesiredFields]) -> Desired:
    """Ask for a model of these inputs, which runs with one unit unless told otherwise."""
    base = replace(
        desired(training),
        owner=MODEL_OWNER,
        feature=Feature.CUSTOM_LABELS,
        serving=serving if serving is not None else running(),
        created_at="2026-01-01T00:00:00Z",
    )
    return replace(base, **fields)


def windows(*texts: str, zone: str = "UTC") -> Schedule:
    """Return a schedule: each window as ``Mon-Fri 08:00-19:00`` or ``Sat,Sun 22:00-02:00``, named by its first day."""
    return Schedule(ZoneInfo(zone), tuple(_window(text) for text in texts))


def _window(text: str) -> Window:
    days, times = text.split()
    begins, ends = times.split("-")
    return Window(days.split("-")[0].split(",")[0], frozenset(_days(days)), minute_of_day(begins), minute_of_day(ends))


def _days(text: str) -> Iterable[int]:
    first, _, last = text.partition("-")
    if last:
        return range(_WEEKDAYS.index(first), _WEEKDAYS.index(last) + 1)
    return (_WEEKDAYS.index(day) for day in text.split(","))


def made(
    training: TrainingInputs = P,
    status: str = "TRAINING_COMPLETED",
    *,
    n: int = 1,
    units: int | None = None,
    max_units: int | None = None,
    marker: str | None = None,
    since: datetime | None = None,
    stop: str | None = None,
    stop_at: datetime | None = None,
    promoted: datetime | None = None,
    created: datetime | None = None,
    failed_seen: datetime | None = None,
    message: str | None = None,
    owner: Owner | None = MODEL_OWNER,
    name: str | None = None,
    retry: str | None = None,
    tags: Mapping[str, str] | None = None,
    f1_score: float | None = None,
) -> ObservedVersion:
    """Return a version of a model, ours unless told otherwise.

    ``marker`` is what the tag serving says before its time, such as ``Running 1``, two hours ago unless ``since`` says
    otherwise; ``stop`` what the tag stopped-by does, such as ``schedule``, one hour ago unless ``stop_at`` does. A
    version in a state in which it runs has one unit.
    """
    word, _, key = (stop or "").partition(" ")
    carried = {
        t.SERVING: marker and f"{marker} {t.time_value(since or ago(hours=2))}",
        t.STOPPED_BY: stop and f"{word} {t.time_value(stop_at or ago(hours=1))} {key}".strip(),
        t.FAILED_SEEN: t.time_value(failed_seen) if failed_seen is not None else None,
        t.RETRY: retry,
    }
    seen = version(
        training,
        n,
        status=status,
        owner=owner,
        name=name,
        promoted=promoted,
        created=created,
        tags={**{key: value for key, value in carried.items() if value is not None}, **(tags or {})},
        status_message=message,
        f1_score=f1_score,
    )
    least = units or (1 if status in {"STARTING", "RUNNING", "STOPPING"} else None)
    return replace(seen, min_inference_units=least, max_inference_units=max_units)


def models_project(
    latest: TrainingInputs | None = P,
    *,
    n: int = 1,
    datasets: tuple[ObservedDataset, ...] = (),
    retry: str | None = None,
    owner: Owner | None = MODEL_OWNER,
) -> ObservedProject:
    """Return the project of a model; ``latest`` and ``n`` are of the version that it remembers."""
    return project(
        owner=owner,
        latest=name_of(latest, n) if latest is not None else None,
        feature=Feature.CUSTOM_LABELS,
        datasets=datasets,
        tags={t.RETRY: retry} if retry is not None else None,
    )


def world(
    *versions: ObservedVersion,
    latest: TrainingInputs | None = P,
    usage: Usage | None = None,
    at: datetime | None = NOW,
    of: ObservedProject | None = None,
    proofs: Mapping[str, Proof] | None = None,
) -> Observed:
    """One look at AWS, at NOW unless told otherwise."""
    seen = observed(*versions, project=of if of is not None else models_project(latest), proofs=proofs)
    return replace(seen, at=at, usage=usage)
