"""What does a pass learn of followed manifests, and what does it cost?"""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from fakes.builders import A, desired
from fakes.rekognition import FakeRekognition
from rekognition_operator.aws.errors import ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.controller.data import observe_data
from rekognition_operator.controller.memory import DataMemory
from rekognition_operator.core.inputs import ManifestRef, TrainingInputs
from rekognition_operator.core.world import DataSeen, Desired, Follow, SeenManifest
from unit.controller.stage import SPEC, Stage

BUCKET, NAME = "acme-ml", "storefront/a.manifest"
UPLOADED = datetime(2026, 1, 1, tzinfo=UTC)
"""The fake's time, which stands still."""
FOLLOWED = desired(A, follow=Follow())


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Looks:
    """A look at a manifest after another, by one process."""

    def __init__(self) -> None:
        self.aws = FakeRekognition()
        self.memory = DataMemory()

    async def look(self, wanted: Desired = FOLLOWED) -> DataSeen:
        self.aws.calls.clear()
        seen = await observe_data(self.aws, wanted, self.memory, lane=Lane.SWEEP)
        assert seen is not None
        return seen

    async def content(self) -> str:
        (manifest,) = (await self.look()).manifests
        return manifest.content

    async def problem(self, wanted: Desired = FOLLOWED) -> str:
        seen = await self.look(wanted)
        assert seen.problem is not None
        assert not seen.manifests
        return seen.problem.message

    @property
    def asked(self) -> list[str]:
        return [call.operation for call in self.aws.calls]


@pytest.fixture
def looks() -> Looks:
    return Looks()


@pytest.mark.parametrize("wanted", [desired(A), desired(A, follow=Follow(), deleting=True)], ids=["pinned", "deleting"])
async def test_data_that_is_not_followed_is_not_looked_at(looks: Looks, wanted: Desired) -> None:
    assert await observe_data(looks.aws, wanted, looks.memory, lane=Lane.SWEEP) is None
    assert looks.asked == []


async def test_a_manifest_is_read_once_for_each_upload(looks: Looks) -> None:
    looks.aws.objects.put(BUCKET, NAME, b"x")
    assert await looks.content() == sha(b"x")
    assert looks.asked == ["HeadObject", "GetObject"]
    assert await looks.content() == sha(b"x")
    assert looks.asked == ["HeadObject"]
    looks.aws.objects.put(BUCKET, NAME, b"y")
    assert await looks.content() == sha(b"y")
    assert looks.asked == ["HeadObject", "GetObject"]
    assert len(looks.memory.read) == 1


async def test_what_s3_knows_of_the_content_is_not_read(looks: Looks) -> None:
    looks.aws.objects.put(BUCKET, NAME, b"x", checksum=True)
    assert await looks.content() == sha(b"x")
    assert looks.asked == ["HeadObject"]


async def test_equal_content_is_equal_however_it_was_uploaded(looks: Looks) -> None:
    looks.aws.objects.put(BUCKET, NAME, b"x", etag="0123-2")
    in_parts = await looks.content()
    looks.aws.objects.put(BUCKET, NAME, b"x", checksum=True)
    assert await looks.content() == in_parts


async def test_an_etag_that_stays_while_the_object_changes_hides_nothing(looks: Looks) -> None:
    looks.aws.objects.add_bucket(BUCKET, versioned=True)
    looks.aws.objects.put(BUCKET, NAME, b"x", etag="same")
    assert await looks.content() == sha(b"x")
    looks.aws.objects.put(BUCKET, NAME, b"y", etag="same")
    assert await looks.content() == sha(b"y")


async def test_the_version_that_was_looked_at_is_told(looks: Looks) -> None:
    looks.aws.objects.add_bucket(BUCKET, versioned=True)
    version = looks.aws.objects.put(BUCKET, NAME, b"x")
    assert (await looks.look()).manifests == (SeenManifest(sha(b"x"), version, UPLOADED),)


async def test_a_version_that_the_spec_names_is_the_one_that_is_followed(looks: Looks) -> None:
    looks.aws.objects.add_bucket(BUCKET, versioned=True)
    version = looks.aws.objects.put(BUCKET, NAME, b"x")
    looks.aws.objects.put(BUCKET, NAME, b"y")
    (manifest,) = A.training
    named = desired(TrainingInputs((ManifestRef(manifest.bucket, manifest.name, version),)), follow=Follow())
    assert [m.content for m in (await looks.look(named)).manifests] == [sha(b"x")]


@pytest.mark.parametrize("versioned", [True, False], ids=["versions", "no versions"])
async def test_an_upload_between_head_and_read_is_never_taken_for_the_one_before(
    looks: Looks, *, versioned: bool
) -> None:
    looks.aws.objects.add_bucket(BUCKET, versioned=versioned)
    looks.aws.objects.put(BUCKET, NAME, b"x")

    def upload(operation: str) -> None:
        if operation == "GetObject":
            looks.aws.on_call = None
            looks.aws.objects.put(BUCKET, NAME, b"y")

    looks.aws.on_call = upload
    seen = await looks.look()
    if versioned:
        assert [m.content for m in seen.manifests] == [sha(b"x")]
    else:
        assert seen.problem is not None
        assert seen.problem.passing
    assert await looks.content() == sha(b"y")


async def test_training_and_testing_manifests_are_told_in_order(looks: Looks) -> None:
    both = TrainingInputs(A.training, testing=(ManifestRef(BUCKET, "test.manifest"),))
    looks.aws.objects.put(BUCKET, "test.manifest", b"test")
    looks.aws.objects.put(BUCKET, NAME, b"train")
    seen = await looks.look(desired(both, follow=Follow()))
    assert [m.content for m in seen.manifests] == [sha(b"train"), sha(b"test")]


async def test_a_manifest_that_is_not_there_is_told_with_what_to_do(looks: Looks) -> None:
    message = await looks.problem()
    assert message.startswith(f"s3://{BUCKET}/{NAME} is not there")
    assert "Upload it, or correct its place in spec.training" in message


async def test_a_manifest_that_may_not_be_read_is_told_with_the_right_that_lacks(looks: Looks) -> None:
    looks.aws.objects.put(BUCKET, NAME, b"x")
    looks.aws.inject("HeadObject", ErrorKind.ACCESS_DENIED, message="Forbidden", times=2)
    message = await looks.problem()
    assert (
        f"AWS denied s3:GetObject on s3://{BUCKET}/{NAME}: Forbidden. Allow it in the operator's IAM policy" in message
    )
    named = desired(TrainingInputs((ManifestRef(BUCKET, NAME, "v1"),)), follow=Follow())
    assert "s3:GetObjectVersion on" in await looks.problem(named)


async def test_on_a_bucket_with_versions_the_right_that_lacks_is_that_on_the_version(looks: Looks) -> None:
    looks.aws.objects.add_bucket(BUCKET, versioned=True)
    looks.aws.objects.put(BUCKET, NAME, b"x")
    looks.aws.inject("GetObject", ErrorKind.ACCESS_DENIED, message="Forbidden")
    assert f"AWS denied s3:GetObjectVersion on s3://{BUCKET}/{NAME}: Forbidden" in await looks.problem()
    looks.aws.inject("HeadObject", ErrorKind.ACCESS_DENIED, message="Forbidden")
    assert f"AWS denied s3:GetObject on s3://{BUCKET}/{NAME}" in await looks.problem(), "it named no version"


async def test_a_bucket_in_another_region_needs_a_person(looks: Looks) -> None:
    looks.aws.inject("HeadObject", ErrorKind.INVALID, code="301", message="The bucket is in eu-west-1")
    assert "cannot be read (301: The bucket is in eu-west-1)" in await looks.problem()


@pytest.mark.parametrize("operation", ["HeadObject", "GetObject"])
async def test_a_passing_fault_persists_from_the_third_in_a_row(looks: Looks, operation: str) -> None:
    looks.aws.objects.put(BUCKET, NAME, b"x")
    looks.aws.inject(operation, ErrorKind.SERVER, times=3)
    found = [(await looks.look()).problem for _ in range(3)]
    assert [problem is not None and problem.persists for problem in found] == [False, False, True]
    assert all(problem is not None and problem.passing for problem in found)
    assert (await looks.look()).problem is None
    looks.aws.inject("HeadObject", ErrorKind.SERVER)
    problem = (await looks.look()).problem
    assert problem is not None
    assert not problem.persists


# --- whole passes ---------------------------------------------------------------------------------------------------


def following(stage: Stage) -> None:
    """Create the resource with followed data, and let its first version be trained."""
    stage.aws.objects.put(BUCKET, "storefront/train.manifest", b"x")
    stage.create({**SPEC, "data": {"follow": "Track"}})


async def test_new_content_is_trained_after_it_has_settled_and_a_settled_resource_is_quiet(stage: Stage) -> None:
    following(stage)
    await stage.settle()
    stage.aws.objects.put(BUCKET, "storefront/train.manifest", b"y")
    requeue = await stage.run(Lane.SWEEP)
    assert stage.effects == []
    assert stage.finding("Reconciling") is not None
    assert stage.condition("Ready") == "True"
    assert stage.condition("UpToDate") == "False"
    assert requeue.after_seconds == pytest.approx(600, rel=0.11)

    await stage.run(Lane.SWEEP)
    assert stage.kube.writes == []

    stage.clock.seconds += 1800
    await stage.run(Lane.SWEEP)
    assert stage.effects == ["CreateProjectVersion"]
    await stage.settle()
    assert len(stage.aws.created) == 2
    await stage.run(Lane.SWEEP)
    assert (stage.effects, stage.kube.writes) == ([], [])
    assert "GetObject" not in stage.aws_calls


async def test_what_a_restarted_operator_reads_again_trains_nothing(stage: Stage) -> None:
    following(stage)
    await stage.settle()
    stage.start()
    stage.aws.restart()
    stage.clock.seconds += timedelta(days=2).total_seconds()
    await stage.run(Lane.SWEEP)
    assert "GetObject" in stage.aws_calls
    assert stage.effects == []


async def test_a_manifest_that_vanishes_leaves_the_version_in_service(stage: Stage) -> None:
    following(stage)
    await stage.settle()
    stage.aws.objects.delete(BUCKET, "storefront/train.manifest")
    await stage.run(Lane.SWEEP)
    assert stage.effects == []
    finding = stage.finding("Stalled")
    assert finding is not None
    assert finding[0] == "DataUnreadable"
    assert stage.condition("Ready") == stage.condition("UpToDate") == "True"
    stage.aws.objects.put(BUCKET, "storefront/train.manifest", b"x")
    await stage.run(Lane.SWEEP)
    assert stage.effects == []
    assert stage.finding("Stalled") is None
