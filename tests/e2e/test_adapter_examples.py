"""Does each example of proving an adapter do what its comments promise, applied as it stands?

This story is alone: a base model is released in all Regions, and AWS's time jumps weeks ahead.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from e2e.harness.course import asked, course
from e2e.harness.examples import EXAMPLES, apply_example, restore, told_by, tools_of_git_agree, where_examples_play
from e2e.harness.reading import active_of, message_of, reason_of, roles, versions_of
from e2e.harness.resource import Adapter
from e2e.harness.scene import Scene
from e2e.harness.stage import Alone, Stage
from rekognition_sandbox.controlplane.sandbox import SAMPLES_BUCKET
from rekognition_sandbox.emulator.wire import QuotaChange
from rekognition_sandbox.samples import make_samples

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]

NAMES = ("full", "gated", "pinned", "probed", "published", "tracked")
FOLDER = "storefront/"


@pytest.fixture(autouse=True)
def usual_base_model(stage: Stage) -> Iterator[None]:
    """Let the next story find the base model that it expects."""
    yield
    stage.emulator.control.release_base_model("7.0")


def test_each_example_does_what_it_promises(alone: Alone) -> None:
    room, slots = QuotaChange(concurrent_trainings=len(NAMES)), str(len(NAMES))
    with alone(NAMESPACES="trust-safety", TRAINING_SLOTS=slots) as own, own.aws.quotas(room):
        scene = where_examples_play(own)
        make_samples().upload(scene.aws.s3, SAMPLES_BUCKET)
        scene.operator.start()
        adapters = {name: apply_example(scene, path_of(name), Adapter) for name in NAMES}
        for adapter in adapters.values():
            adapter.wait_ready()
            assert adapter.trainings() == [adapter.active]
        for name, adapter in adapters.items():
            tools_of_git_agree(scene, path_of(name), adapter)

        every_field_is_taken(adapters["full"])
        a_noisy_manifest_is_rejected(scene, adapters["gated"])
        a_pin_holds_until_it_is_removed(scene, adapters["pinned"])
        an_upload_trains(scene, adapters["tracked"])
        it_is_asked_every_six_hours(scene, adapters["probed"])
        a_new_base_model_is_trained_on_in_time(scene, adapters["published"])

        nothing_is_trained_for_a_restore(scene, list(adapters.values()))
        for adapter in adapters.values():
            adapter.delete()
        for adapter in adapters.values():
            adapter.wait_gone()


def every_field_is_taken(adapter: Adapter) -> None:
    name = str(adapter.active)
    assert course(adapter)[:2] == [f"Ask {name}", f"Promote {name}"]
    assert {gate["gate"] for gate in versions_of(adapter.now)[name]["gates"]} == {
        "minF1Score",
        "minImprovementOverBase.falsePositives",
        "minImprovementOverBase.falseNegatives",
        "probes",
    }
    adapter.wait_until("it is published", lambda: adapter.config_map(adapter.name).get("versionName") == name)


def a_noisy_manifest_is_rejected(scene: Scene, adapter: Adapter) -> None:
    good = str(adapter.active)
    assert "no false positives" in told_by(scene, path_of("gated"))

    adapter.train_on_manifest("train-noisy.manifest")
    message = adapter.wait_stalled("VersionRejected")["message"]
    adapter.look_now("nothing-has-changed")

    worse = adapter.trainings()[-1]
    assert f"Version {worse} is trained, and does not pass minF1Score: wanted at least 0.8 - got 0." in message
    adapter.wait_events("VersionRejected")
    assert roles(adapter.now) == {good: "Active", worse: "Rejected"}
    assert adapter.trainings() == [good, worse]


def a_pin_holds_until_it_is_removed(scene: Scene, adapter: Adapter) -> None:
    pin = str(yaml.safe_load(path_of("pinned").read_text(encoding="utf-8"))["spec"]["pin"])
    assert adapter.active == pin
    assert reason_of(adapter.now, "UpToDate") == "Pinned"
    assert told_by(scene, path_of("pinned")) == pin

    adapter.train_on_manifest("train-large.manifest")
    adapter.wait_until("another one is asked for", lambda: len(adapter.trainings()) == 2)
    other = adapter.trainings()[1]
    adapter.wait("it is trained", lambda seen: versions_of(seen).get(other, {}).get("status") == "TRAINING_COMPLETED")
    assert roles(adapter.now) == {pin: "Active", other: "Candidate"}

    adapter.edit(pin=None)
    adapter.wait("it serves", lambda seen: active_of(seen) == other)
    assert adapter.trainings() == [pin, other]


def an_upload_trains(scene: Scene, adapter: Adapter) -> None:
    first = adapter.active
    copy(scene, "train.manifest", "train.manifest.old")
    copy(scene, "train.manifest.old", "train.manifest")
    adapter.look_now("the-same-once-more")
    assert adapter.trainings() == [first]

    copy(scene, "train-large.manifest", "train.manifest")
    adapter.wait("another one serves", lambda seen: active_of(seen) not in {None, first})
    adapter.wait_ready()
    assert adapter.trainings() == [first, adapter.active]
    copy(scene, "train.manifest.old", "train.manifest")


def it_is_asked_every_six_hours(scene: Scene, adapter: Adapter) -> None:
    name, arn = adapter.active, adapter.active_arn
    assert course(adapter)[:2] == [f"Ask {name}", f"Promote {name}"]
    mark = scene.aws.mark()

    scene.aws.travel(timedelta(hours=6))
    adapter.wait_until("both pictures are asked about", lambda: len(asked(scene.aws, arn, since=mark)) >= 2)
    adapter.look_now("after-six-hours")
    assert adapter.now.condition("ProbesFailing") is None
    assert adapter.active == name


def a_new_base_model_is_trained_on_in_time(scene: Scene, adapter: Adapter) -> None:
    name = adapter.active
    assert name == adapter.config_map("storefront-adapter")["versionName"]

    scene.aws.control.release_base_model("8.0", deprecate=True)
    adapter.wait("Expiring", lambda seen: "trains the same inputs" in message_of(seen, "Expiring"))
    assert adapter.trainings() == [name]
    scene.aws.travel(timedelta(days=14))
    adapter.wait("it is refreshed", lambda seen: active_of(seen) == f"{name}-2")
    adapter.wait_until("published", lambda: adapter.config_map("storefront-adapter")["baseModelVersion"] == "8.0")
    assert adapter.trainings() == [name, f"{name}-2"]


def nothing_is_trained_for_a_restore(scene: Scene, adapters: list[Adapter]) -> None:
    before = {adapter.name: (adapter.active, adapter.trainings()) for adapter in adapters}
    restore(scene, adapters)
    for adapter in adapters:
        serving, trained = before[adapter.name]
        adapter.wait("something serves", lambda seen: active_of(seen) is not None)
        assert (adapter.active, adapter.trainings()) == (serving, trained)


def path_of(name: str) -> Path:
    return EXAMPLES / f"moderationadapter-{name}.yaml"


def copy(scene: Scene, source: str, target: str) -> None:
    """Copy a manifest of the samples, as `aws s3 cp` does."""
    place = {"Bucket": SAMPLES_BUCKET, "Key": FOLDER + source}
    scene.aws.s3.copy_object(Bucket=SAMPLES_BUCKET, Key=FOLDER + target, CopySource=place)  # type: ignore[arg-type]
