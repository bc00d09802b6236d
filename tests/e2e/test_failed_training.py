"""What does a training that fails do to an adapter, and when is it tried again?"""

from dataclasses import replace

import pytest

from e2e.harness.data import BROKEN, PREFIX
from e2e.harness.reading import active_of, message_of, roles, settled
from e2e.harness.resource import Adapter
from e2e.harness.scene import Scene

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]


@pytest.mark.story
def test_a_broken_manifest_explains_itself_and_the_old_version_stays_in_service(scene: Scene) -> None:
    adapter = scene.adapter().apply()
    adapter.wait_ready()
    first, before = adapter.active, len(adapter.sightings)

    break_manifest(adapter)
    stalled = adapter.wait_stalled("TrainingFailed")
    failed = adapter.trainings()[-1]
    summary = f"{PREFIX}out/ManifestSummary-{adapter.project_name}-{failed}.json"

    assert "The manifest file contains too many invalid rows." in stalled["message"]
    assert f"s3://{scene.aws.bucket}/{summary}" in stalled["message"]
    assert scene.aws.s3.get_object(Bucket=scene.aws.bucket, Key=summary)["ContentLength"] > 0
    assert all(seen.holds("Ready") and active_of(seen) == first for seen in adapter.sightings[before:])
    assert not adapter.now.holds("UpToDate")
    assert roles(adapter.now) == {first: "Active", failed: "Failed"}
    adapter.wait_events("TrainingFailed")
    adapter.look_now("again")
    assert adapter.trainings() == [first, failed]


@pytest.mark.story
def test_the_retry_annotation_trains_exactly_once_more(scene: Scene) -> None:
    adapter = scene.adapter()
    adapter.spec["training"]["trainingData"]["manifests"][0]["name"] = PREFIX + BROKEN
    adapter.apply()
    adapter.wait_stalled("TrainingFailed")
    (name,) = adapter.trainings()

    adapter.annotate(retry="data-repaired-in-place")
    adapter.wait(
        "the second attempt has failed, too", lambda seen: f"Training {name}-2 " in message_of(seen, "Stalled")
    )
    adapter.look_now("still-the-same-token")

    assert adapter.trainings() == [name, f"{name}-2"]
    assert adapter.now.status["lastHandledRetry"] == "data-repaired-in-place"
    assert not adapter.now.holds("Ready")


@pytest.mark.story
def test_correcting_the_data_recovers_from_a_failed_training(scene: Scene) -> None:
    adapter = scene.adapter()
    adapter.spec["training"]["trainingData"]["manifests"][0]["name"] = PREFIX + BROKEN
    adapter.apply()
    adapter.wait_stalled("TrainingFailed")

    adapter.train_on(**scene.adapter().spec["training"])
    adapter.wait("Ready", settled)

    assert adapter.now.condition("Stalled") is None
    assert sorted(roles(adapter.now).values()) == ["Active", "Failed"]


@pytest.mark.story
@pytest.mark.parametrize(
    ("field", "says"),
    [
        ("output", "Unable to write to output S3 bucket."),
        ("training", "The manifest file extension or contents are invalid."),
    ],
)
def test_a_bucket_that_does_not_exist_is_told_in_the_words_of_aws(scene: Scene, field: str, says: str) -> None:
    adapter = scene.adapter()
    nobody = "nobody-made-this-bucket"
    if field == "output":
        adapter.spec["output"]["bucket"] = nobody
    else:
        adapter.spec["training"]["trainingData"]["manifests"][0]["bucket"] = nobody
    adapter.apply()

    stalled = adapter.wait_stalled("TrainingFailed")

    assert says in stalled["message"]
    assert len(adapter.trainings()) == 1


@pytest.mark.story
def test_a_bucket_in_another_region_is_told_in_the_words_of_aws(scene: Scene) -> None:
    elsewhere = replace(scene.aws, region="eu-elsewhere-1")
    elsewhere.upload_training_data()
    adapter = scene.adapter()
    adapter.spec["training"]["trainingData"]["manifests"][0]["bucket"] = elsewhere.bucket
    adapter.apply()

    stalled = adapter.wait_stalled("TrainingFailed")

    assert "The S3 bucket permissions are incorrect." in stalled["message"]


def break_manifest(adapter: Adapter) -> None:
    """Point the training at a manifest of which half the lines are unusable."""
    bucket = adapter.scene.aws.bucket
    adapter.train_on(trainingData={"manifests": [{"bucket": bucket, "name": PREFIX + BROKEN}]})
