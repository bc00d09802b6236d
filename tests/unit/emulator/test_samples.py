"""What sample data does the sandbox make, and how does it get into S3?"""

import json
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from rekognition_sandbox.emulator.adapter_manifests import read_ground_truth
from rekognition_sandbox.emulator.custom_labels.manifests import read_ground_truth as read_labels
from rekognition_sandbox.emulator.detection import detect
from rekognition_sandbox.emulator.manifests import read_line
from rekognition_sandbox.emulator.taxonomy import TERMS, TOP_LEVEL
from rekognition_sandbox.samples import SampleSet, make_parts, make_samples
from rekognition_sandbox.samples.scenes import PARTS, SCENES, SCENES_BY_CODE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client

SAMPLES = make_samples()


def client(region: str) -> "S3Client":
    return boto3.client("s3", region_name=region, aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture
def s3() -> "Iterator[S3Client]":
    with mock_aws():
        yield client("us-east-1")


def errors_of(samples: SampleSet, manifest: str) -> tuple[int, int]:
    """Return how many lines the base model contradicts: with a label too much, with a label too few."""
    false_positives = false_negatives = 0
    for line in samples.manifests[manifest]:
        said = set(detect(samples.images[line.image_key], None, min_confidence=50).top_level_confidences())
        false_positives += bool(said - set(line.labels))
        false_negatives += bool(set(line.labels) - said)
    return false_positives, false_negatives


def test_scenes_use_names_of_the_taxonomy_and_codes_of_their_own() -> None:
    assert len(SCENES) + len(PARTS) == len(SCENES_BY_CODE)
    assert not set(SCENES) & set(PARTS)
    for scene in SCENES_BY_CODE.values():
        assert set(scene.shows) <= set(TOP_LEVEL)
        assert {belief.label for belief in scene.base_sees} <= set(TERMS)
        assert 0 <= scene.code <= 255


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    again, other = make_samples(), make_samples(1)
    assert dict(again.images) == dict(SAMPLES.images)
    assert dict(again.manifests) == dict(SAMPLES.manifests)
    assert set(other.images) == set(SAMPLES.images)
    assert all(other.images[key] != content for key, content in SAMPLES.images.items())


def test_the_data_is_small_and_every_image_is_another() -> None:
    assert len(set(SAMPLES.images.values())) == len(SAMPLES.images)
    total = sum(map(len, SAMPLES.images.values()))
    total += sum(len(SAMPLES.manifest(name, bucket="acme-ml")) for name in SAMPLES.manifests)
    assert total < 500_000


def test_manifests_have_the_documented_format() -> None:
    first = SAMPLES.manifest("train.manifest", bucket="acme-ml").decode().splitlines()[0]
    assert json.loads(first) == {
        "source-ref": "s3://acme-ml/storefront/images/beach-01.png",
        "content-moderation-groundtruth": {"ModerationLabels": []},
    }


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("train.manifest", 120),
        ("train-large.manifest", 240),
        ("train-noisy.manifest", 120),
        ("test.manifest", 48),
    ],
)
def test_each_usable_manifest_names_images_that_are_there(name: str, lines: int) -> None:
    read = [
        read_line(text, read_ground_truth) for text in SAMPLES.manifest(name, bucket="acme-ml").decode().splitlines()
    ]
    assert len(read) == lines
    for line in read:
        assert line.usable
        assert line.image is not None
        assert line.image.name.removeprefix("storefront/") in SAMPLES.images


def test_training_manifests_have_enough_mistakes_of_the_base_model() -> None:
    assert errors_of(SAMPLES, "train.manifest") == (40, 25)
    assert errors_of(SAMPLES, "train-large.manifest") == (80, 50)


def test_the_test_set_shares_no_image_with_training() -> None:
    trained = {
        line.image_key for name in SAMPLES.manifests if name.startswith("train") for line in SAMPLES.manifests[name]
    }
    tested = {line.image_key for line in SAMPLES.manifests["test.manifest"]}
    assert not trained & tested
    assert trained | tested == set(SAMPLES.images)


def test_a_third_of_the_noisy_manifest_is_wrong() -> None:
    right, noisy = SAMPLES.manifests["train.manifest"], SAMPLES.manifests["train-noisy.manifest"]
    assert [line.image_key for line in right] == [line.image_key for line in noisy]
    assert sum(good.labels != bad.labels for good, bad in zip(right, noisy, strict=True)) == 40


def test_the_broken_manifest_is_broken_in_several_ways() -> None:
    texts = SAMPLES.manifest("train-broken.manifest", bucket="acme-ml").decode().splitlines()
    problems = [
        line.error.code for line in (read_line(text, read_ground_truth) for text in texts) if line.error is not None
    ]
    assert len(texts) == 120
    assert set(problems) == {
        "ERROR_INVALID_JSON_LINE",
        "ERROR_MISSING_SOURCE_REF",
        "ERROR_INVALID_SOURCE_REF_FORMAT",
        "ERROR_NO_VALID_LABEL_ATTRIBUTES",
        "ERROR_NO_LABEL_ATTRIBUTES",
    }
    assert len(problems) > 24


def test_upload_makes_the_bucket_and_puts_everything_below_the_prefix(s3: "S3Client") -> None:
    manifests = SAMPLES.upload(s3, "acme-ml", "shop/")
    assert manifests == tuple(
        f"shop/{name}.manifest" for name in ("train", "train-large", "train-noisy", "train-broken", "test")
    )
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="acme-ml")
    keys = {item["Key"] for page in pages for item in page["Contents"]}
    assert keys == set(manifests) | {f"shop/{key}" for key in SAMPLES.images}
    body = s3.get_object(Bucket="acme-ml", Key="shop/train.manifest")["Body"].read()
    assert body == SAMPLES.manifest("train.manifest", bucket="acme-ml", prefix="shop/")
    assert b"s3://acme-ml/shop/images/" in body


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_upload_again_changes_nothing_and_the_bucket_is_in_the_region_of_the_client(region: str) -> None:
    with mock_aws():
        s3 = client(region)
        few = SampleSet(dict(list(SAMPLES.images.items())[:3]), SAMPLES.manifests)
        assert few.upload(s3, "acme-ml") == few.upload(s3, "acme-ml")
        assert s3.list_objects_v2(Bucket="acme-ml")["KeyCount"] == 3 + 5
        found = s3.get_bucket_location(Bucket="acme-ml").get("LocationConstraint")
        assert (found or "us-east-1") == region


class TestParts:
    """The sample data for Custom Labels."""

    PARTS = make_parts()

    def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(self) -> None:
        again, other = make_parts(), make_parts(1)
        assert dict(again.images) == dict(self.PARTS.images)
        assert dict(again.manifests) == dict(self.PARTS.manifests)
        assert all(other.images[key] != content for key, content in self.PARTS.images.items())

    def test_parts_are_safe_to_the_base_model(self) -> None:
        for content in self.PARTS.images.values():
            assert detect(content, None, min_confidence=0).labels == ()

    @pytest.mark.parametrize(
        ("name", "lines"),
        [
            ("train.manifest", 40),
            ("train-large.manifest", 80),
            ("train-noisy.manifest", 40),
            ("test.manifest", 24),
            ("boxes.manifest", 80),
            ("boxes-test.manifest", 24),
        ],
    )
    def test_each_usable_manifest_is_in_a_documented_format_and_names_images_that_are_there(
        self, name: str, lines: int
    ) -> None:
        texts = self.PARTS.manifest(name, bucket="acme-ml").decode().splitlines()
        read = [read_line(text, read_labels) for text in texts]
        assert len(read) == lines
        for line in read:
            assert line.usable
            assert line.image is not None
            assert line.image.name.removeprefix("parts/") in self.PARTS.images
            assert bool(line.boxes) == name.startswith("boxes")
            assert bool(line.labels) != bool(line.boxes)

    def test_a_third_of_the_noisy_manifest_is_wrong_and_of_the_broken_one_unusable(self) -> None:
        right, noisy = self.PARTS.manifests["train.manifest"], self.PARTS.manifests["train-noisy.manifest"]
        assert sum(good.part != bad.part for good, bad in zip(right, noisy, strict=True)) == 13
        texts = self.PARTS.manifest("train-broken.manifest", bucket="acme-ml").decode().splitlines()
        problems = [line.error.code for line in (read_line(text, read_labels) for text in texts) if line.error]
        assert len(problems) == 14
        assert set(problems) == {
            "ERROR_INVALID_JSON_LINE",
            "ERROR_MISSING_SOURCE_REF",
            "ERROR_INVALID_SOURCE_REF_FORMAT",
            "ERROR_NO_VALID_LABEL_ATTRIBUTES",
            "ERROR_NO_LABEL_ATTRIBUTES",
        }

    def test_upload_puts_everything_below_the_prefix(self, s3: "S3Client") -> None:
        manifests = self.PARTS.upload(s3, "acme-ml", "factory/")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket="acme-ml")
        keys = {item["Key"] for page in pages for item in page["Contents"]}
        assert keys == set(manifests) | {f"factory/{key}" for key in self.PARTS.images}
        body = s3.get_object(Bucket="acme-ml", Key="factory/boxes.manifest")["Body"].read()
        assert body == self.PARTS.manifest("boxes.manifest", bucket="acme-ml", prefix="factory/")
