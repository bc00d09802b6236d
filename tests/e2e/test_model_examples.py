"""Does each example of a CustomLabelsModel do what its comments promise, applied as it stands?"""

from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from e2e.harness.examples import EXAMPLES, apply_example, restore, tools_of_git_agree, where_examples_play
from e2e.harness.hours import told
from e2e.harness.reading import message_of, reason_of, serving_of
from e2e.harness.resource import Model
from e2e.harness.stage import Alone
from e2e.harness.watching import Sighting
from rekognition_sandbox.controlplane.sandbox import EXAMPLES_NAMESPACE, SAMPLES_BUCKET
from rekognition_sandbox.emulator.wire import QuotaChange
from rekognition_sandbox.samples import make_parts

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]

BERLIN = ZoneInfo("Europe/Berlin")


def test_each_example_does_what_it_promises(alone: Alone) -> None:
    room = QuotaChange(running_models=5, concurrent_trainings=5)
    with (
        alone(NAMESPACES=EXAMPLES_NAMESPACE, RUNNING_MODEL_SLOTS="5", TRAINING_SLOTS="5") as own,
        own.aws.quotas(room),
    ):
        scene = where_examples_play(own)
        make_parts().upload(scene.aws.s3, SAMPLES_BUCKET)
        monday = next_monday(scene.aws.now)
        scene.aws.travel_to(monday - timedelta(days=2))  # no window is open for as long
        scene.operator.start()
        models = {name_of(path): apply_example(scene, path, Model) for path in paths()}
        always, full, idle, office, stopped = (
            models[name] for name in ("", "full", "idle-stop", "office-hours", "stopped")
        )

        stopped.wait_at_rest("Stopped")
        always.wait("serving", lambda seen: seen.holds("Serving"))
        unproved = full.wait("it is asked first", lambda seen: why_not_up_to_date(seen) == "AwaitingProof")
        assert reason_of(unproved, "Ready") == "OutsideWindow"
        for closed in (office.wait_at_rest("OutsideWindow"), unproved):
            assert serving_of(closed)["nextTransition"] == told(monday.replace(tzinfo=None))
        scene.aws.travel_to(monday + timedelta(minutes=1))
        for model in (office, full):
            model.wait_running()
        assert serving_of(full.now)["units"] == "1-2"

        asleep = idle.wait("nobody asks it", lambda seen: reason_of(seen, "Ready") == "Idle")
        assert "rekognition-operator.io/wake=" in message_of(asleep, "Ready")
        scene.aws.travel_to(monday + timedelta(hours=11, minutes=1))
        office.wait_at_rest("OutsideWindow")
        assert always.now.holds("Serving")
        assert stopped.moves() == []
        for path in paths():
            tools_of_git_agree(scene, path, models[name_of(path)])
        states = {model.name: model.states() for model in models.values()}
        trained = {model.name: model.trainings() for model in models.values()}
        restore(scene, models.values())
        for model in models.values():
            model.wait("it is as it was", lambda seen: seen.holds("UpToDate"))
            assert model.trainings() == trained[model.name]
        for model in (always, full, office, stopped):  # who creates an idle one asks for it anew
            assert model.states() == states[model.name]


def paths() -> list[Path]:
    return sorted(EXAMPLES.glob("customlabelsmodel*.yaml"))


def name_of(path: Path) -> str:
    return path.stem.removeprefix("customlabelsmodel").lstrip("-")


def why_not_up_to_date(seen: Sighting) -> str | None:
    condition = seen.condition("UpToDate") or {"status": "True"}
    return None if condition["status"] == "True" else str(condition["reason"])


def next_monday(now: datetime) -> datetime:
    """Return 08:00 in Berlin of a Monday that is more than two days away."""
    day = now.astimezone(BERLIN).date() + timedelta(days=3)
    while day.weekday() != 0:
        day += timedelta(days=1)
    return datetime.combine(day, time(8), BERLIN).astimezone(ZoneInfo("UTC"))
