"""Does each example of a CustomLabelsModel do what its comments promise, applied as it stands?"""

from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

import rekognition_sandbox
from e2e.harness.hours import told
from e2e.harness.reading import message_of, reason_of, serving_of
from e2e.harness.resource import Model
from e2e.harness.scene import Scene
from e2e.harness.stage import Alone
from rekognition_sandbox.controlplane.sandbox import EXAMPLES_NAMESPACE, SAMPLES_BUCKET
from rekognition_sandbox.emulator.wire import QuotaChange
from rekognition_sandbox.samples import make_parts

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]

EXAMPLES = Path(rekognition_sandbox.__file__).parents[2] / "examples"
BERLIN = ZoneInfo("Europe/Berlin")


def test_each_example_does_what_it_promises(alone: Alone) -> None:
    room = QuotaChange(running_models=5, concurrent_trainings=5)
    with (
        alone(NAMESPACES=EXAMPLES_NAMESPACE, RUNNING_MODEL_SLOTS="5", TRAINING_SLOTS="5") as own,
        own.aws.quotas(room),
    ):
        scene = replace(own, namespace=EXAMPLES_NAMESPACE, aws=replace(own.aws, region="us-east-1"))
        scene.cluster.plane.create_namespace(EXAMPLES_NAMESPACE)
        make_parts().upload(scene.aws.s3, SAMPLES_BUCKET)
        monday = next_monday(scene.aws.now)
        scene.aws.travel_to(monday - timedelta(days=2))  # no window is open for as long
        scene.operator.start()
        models = {path.stem.removeprefix("customlabelsmodel").lstrip("-"): apply(scene, path) for path in paths()}
        always, full, idle, office, stopped = (
            models[name] for name in ("", "full", "idle-stop", "office-hours", "stopped")
        )

        stopped.wait_at_rest("Stopped")
        always.wait("serving", lambda seen: seen.holds("Serving"))
        for model in (office, full):
            closed = model.wait_at_rest("OutsideWindow")
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


def paths() -> list[Path]:
    return sorted(EXAMPLES.glob("customlabelsmodel*.yaml"))


def apply(scene: Scene, path: Path) -> Model:
    """Apply an example with kubectl, as its reader does."""
    scene.cluster.kubectl("apply", "-f", str(path))
    manifest = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Model(scene, manifest["metadata"]["name"], manifest["spec"])


def next_monday(now: datetime) -> datetime:
    """Return 08:00 in Berlin of a Monday that is more than two days away."""
    day = now.astimezone(BERLIN).date() + timedelta(days=3)
    while day.weekday() != 0:
        day += timedelta(days=1)
    return datetime.combine(day, time(8), BERLIN).astimezone(ZoneInfo("UTC"))
