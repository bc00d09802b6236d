"""What does the operator do when somebody uploads new training data under the old name?"""

from datetime import timedelta
from typing import Any

import pytest

from e2e.harness.data import TRAIN
from e2e.harness.reading import reason_of
from e2e.harness.resource import Adapter, Model
from e2e.harness.scene import Scene
from rekognition_operator.core.tags import CONTENT, DATA_CHANGED, MANIFESTS

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]

SETTLE = timedelta(hours=2)
TRACK = {"follow": "Track", "settle": "2h"}


def more_of(content: bytes) -> bytes:
    """Return other content that trains: one line more."""
    return content + content.splitlines(keepends=True)[0]


def in_aws(resource: Adapter | Model, name: str) -> dict[str, Any]:
    """Return a version as DescribeProjectVersions shows it."""
    versions = resource.scene.aws.versions(resource.project_arn)
    return next(v for v in versions if v["ProjectVersionArn"].split("/")[3] == name)


@pytest.mark.story
def test_new_content_trains_once_after_it_has_settled_and_old_content_brings_its_version_back(scene: Scene) -> None:
    adapter = scene.adapter(data=TRACK).apply()
    adapter.wait_ready()
    first, manifest = adapter.active, scene.aws.pictures + TRAIN
    old = scene.aws.read(manifest)

    scene.aws.upload(manifest, old)
    adapter.look_now("the-same-once-more")
    assert adapter.wait_ready().condition("Reconciling") is None
    assert adapter.trainings() == [first]

    uploaded_at = scene.aws.upload(manifest, more_of(old))
    adapter.annotate(reconcile_requested_at="something-new")
    settling = adapter.wait_seen("settling", lambda seen: reason_of(seen, "Reconciling") == "DataSettling")
    assert settling.holds("Ready")
    assert not settling.holds("UpToDate")
    adapter.wait("another version serves", lambda seen: seen.holds("UpToDate") and adapter.active != first)
    second = adapter.active
    assert adapter.trainings() == [first, second]
    assert in_aws(adapter, str(second))["CreationTimestamp"] - uploaded_at >= SETTLE
    assert scene.aws.tags(adapter.active_arn)[DATA_CHANGED] == first
    adapter.wait_events("DataSettling")

    scene.aws.upload(manifest, old)
    adapter.wait("the first version serves again", lambda _: adapter.active == first)
    adapter.wait_ready()
    assert adapter.trainings() == [first, second]


@pytest.mark.story
def test_data_that_vanishes_trains_nothing_and_the_version_in_service_stays(scene: Scene) -> None:
    adapter = scene.adapter(data=TRACK).apply()
    adapter.wait_ready()
    first, manifest = adapter.active, scene.aws.pictures + TRAIN
    content = scene.aws.read(manifest)

    scene.aws.s3.delete_object(Bucket=scene.aws.bucket, Key=manifest)
    message = adapter.wait_stalled("DataUnreadable")["message"]
    assert f"s3://{scene.aws.bucket}/{manifest} is not there" in message
    assert adapter.now.holds("Ready")
    assert adapter.now.holds("UpToDate")

    scene.aws.upload(manifest, content)
    adapter.wait_ready()
    assert adapter.trainings() == [first]


@pytest.mark.story
def test_beginning_and_ending_to_follow_the_data_trains_nothing(scene: Scene) -> None:
    adapter = scene.adapter().apply()
    adapter.wait_ready()
    first = adapter.active

    adapter.edit(data=TRACK)
    adapter.wait_until("its content is noted", lambda: CONTENT in scene.aws.tags(adapter.active_arn) or None)
    adapter.wait_ready()
    adapter.edit(data={"follow": "Pinned"})
    adapter.look_now("pinned-again")
    adapter.wait_ready()

    assert adapter.active == first
    assert adapter.trainings() == [first]


@pytest.mark.story
def test_a_model_is_trained_on_the_very_version_of_the_object_that_was_looked_at(scene: Scene) -> None:
    manifest = scene.aws.parts + TRAIN
    scene.aws.s3.put_bucket_versioning(Bucket=scene.aws.bucket, VersioningConfiguration={"Status": "Enabled"})
    content = scene.aws.read(manifest)
    scene.aws.upload(manifest, more_of(content))
    looked_at = scene.aws.s3.head_object(Bucket=scene.aws.bucket, Key=manifest)["VersionId"]

    model = scene.model(data=TRACK, serving={"state": "Stopped"}).apply()
    model.wait_ready()

    (asset,) = in_aws(model, str(model.active))["TrainingDataResult"]["Input"]["Assets"]
    assert asset["GroundTruthManifest"]["S3Object"]["Version"] == looked_at
    assert MANIFESTS in scene.aws.tags(model.active_arn)
