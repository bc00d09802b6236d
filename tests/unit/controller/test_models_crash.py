"""Does an operator that dies at any call of a start, a stop or a hand-over leave it to the next one to go on right?

Each story is told once without a crash, and then once for each call to AWS or the API server, with an operator that
dies right before that call, and another one that knows nothing but what stands in AWS and in the resource.
"""

from dataclasses import dataclass

import pytest

from rekognition_operator.kube.resource import JsonObject
from unit.controller.models import MODEL_KEY, OCCUPYING, ModelStage, spec

PASSES = 16
WRITES = {"patch_status", "patch_finalizers", "create_event"}


class Crash(BaseException):
    """The process is gone."""


@dataclass(frozen=True)
class Story:
    """What happens to a settled model; ``at_most`` is how many versions may run at a time."""

    name: str
    before: JsonObject
    after: JsonObject | None
    at_most: int = 1


STORIES = (
    Story("start", spec(state="Stopped"), spec()),
    Story("stop", spec(), spec(state="Stopped")),
    Story("other units", spec(), spec(minInferenceUnits=2)),
    Story("BlueGreen", spec(), spec("second"), at_most=2),
    Story("BlueGreen with other units", spec(), spec("second", maxInferenceUnits=3), at_most=2),
    Story("Recreate", spec(), spec("second", rollout="Recreate")),
    Story("Retain", spec(), None),
    Story("Delete", {**spec(), "deletion": {"policy": "Delete"}}, None),
)


@dataclass
class Outcome:
    """What a story came to."""

    effects: list[str]
    versions: list[tuple[str, str]]
    conditions: list[tuple[str, str, str]]
    calls: list[str]


async def tell(story: Story, crash_at: int | None) -> Outcome:
    """Tell a story, with an operator that dies before the call of this number."""
    stage = ModelStage()
    stage.create(story.before)
    await stage.until_settled()
    if story.after is None:
        stage.kube.delete(MODEL_KEY)
    else:
        stage.kube.edit_spec(MODEL_KEY, story.after)
    calls: list[str] = []
    effects: list[str] = []

    def count(call: str) -> None:
        calls.append(call)
        if len(calls) - 1 == crash_at:
            raise Crash

    stage.aws.on_call = count
    stage.kube.on_call = lambda call: count(call.method)
    for _ in range(PASSES):
        try:
            await stage.run()
        except Crash:
            stage.aws.restart()
            stage.start()
        effects += [
            e.operation for e in stage.aws.effects if e.operation in ("StartProjectVersion", "StopProjectVersion")
        ]
        occupying = [v for v in stage.aws.versions if v.state in OCCUPYING]
        assert len(occupying) <= story.at_most, f"{[v.name for v in occupying]} run"
        stage.go_on()
    left = stage.kube.read(MODEL_KEY)
    conditions = left.status.get("conditions") if left is not None else []
    assert isinstance(conditions, list)
    return Outcome(
        effects,
        [(v.name, v.status) for v in stage.aws.versions],
        [(str(c["type"]), str(c["status"]), str(c["reason"])) for c in conditions if isinstance(c, dict)],
        calls,
    )


def changes(call: str) -> bool:
    return call in WRITES or not call.startswith(("Describe", "List", "Get", "get"))


def worth_dying_at(calls: list[str]) -> list[int]:
    """Return the calls right before and right after which something has changed."""
    return [n for n, call in enumerate(calls) if changes(call) or (n > 0 and changes(calls[n - 1]))]


@pytest.mark.parametrize("story", [pytest.param(story, id=story.name) for story in STORIES])
async def test_the_next_operator_goes_on_where_the_last_one_died(story: Story) -> None:
    told = await tell(story, None)
    assert told.effects
    for crash_at in worth_dying_at(told.calls):
        again = await tell(story, crash_at)
        where = f"died before call {crash_at}, {told.calls[crash_at]}"
        assert again.effects == told.effects, where
        assert again.versions == told.versions, where
        assert again.conditions == told.conditions, where
