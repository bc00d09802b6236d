"""How does an emulated training fail: with which of AWS's texts, and leaving which files?"""

import json
from dataclasses import replace
from typing import Any

import pytest

from rekognition_sandbox.emulator.adapter_manifests import AdapterLimits
from rekognition_sandbox.emulator.training import S3Location, TrainingOutcome, TrainingRequest, train
from rekognition_sandbox.samples.dataset import DEFAULT_PREFIX, SampleLine
from rekognition_sandbox.samples.memory import (
    BUCKET,
    REGION,
    MemoryStore,
    cached_samples,
    line,
    sample_lines,
    sample_request,
)
from rekognition_sandbox.samples.picture import draw
from rekognition_sandbox.samples.scenes import SCENES


@pytest.fixture
def world() -> MemoryStore:
    return MemoryStore.with_samples()


def manifest_half(world: MemoryStore, outcome: TrainingOutcome, half: str) -> Any:
    return json.loads(world.text(outcome.manifest_summary))["statistics"][half]


def json_lines(world: MemoryStore, location: S3Location) -> list[Any]:
    return [json.loads(entry) for entry in world.text(location).splitlines()]


def kind_lines(scene: str, count: int, *labels: str) -> list[str]:
    """Return lines for the sample images of one scene, repeated up to ``count``."""
    keys = [key for key in cached_samples().images if key.startswith(f"images/{scene}-")]
    return [line(keys[index % len(keys)], *labels) for index in range(count)]


class TestManifestFileErrors:
    """Errors of a file or bucket as a whole: AWS's text, and nothing written."""

    @pytest.mark.parametrize(
        ("location", "content", "message"),
        [
            (S3Location(BUCKET, "storefront/absent.manifest"), None, "extension or contents are invalid."),
            (S3Location("no-such-bucket", "train.manifest"), None, "extension or contents are invalid."),
            (S3Location(BUCKET, "storefront/train.manifest", "gone"), None, "extension or contents are invalid."),
            (S3Location(BUCKET, "storefront/manifest"), b"{}\n", "extension or contents are invalid."),
            (S3Location(BUCKET, "v1.2/manifest"), b"{}\n", "extension or contents are invalid."),
            (S3Location(BUCKET, "storefront/own.manifest"), b"\x89PNG\xff\xfe", "extension or contents are invalid."),
            (S3Location(BUCKET, "storefront/own.manifest"), b"a,b\n1,2\n", "extension or contents are invalid."),
            (S3Location(BUCKET, "storefront/own.manifest"), b"", "is empty."),
            (S3Location(BUCKET, "storefront/own.manifest"), b" \n\n", "is empty."),
        ],
    )
    @pytest.mark.parametrize("role", ["training", "testing"])
    def test_a_manifest_of_no_use_fails_with_the_text_of_aws_and_writes_nothing(
        self, world: MemoryStore, location: S3Location, content: bytes | None, message: str, role: str
    ) -> None:
        if content is not None:
            world.put(location.bucket, location.name, content)
        before = set(world.objects)
        if role == "training":
            outcome = train(replace(sample_request(), training_manifests=(location,)), world)
        else:
            outcome = train(replace(sample_request(), testing_manifests=(location,)), world)
        assert not outcome.succeeded
        assert outcome.status_message == f"The manifest file {message}"
        assert outcome.manifest_summary is None
        assert outcome.training_validation == outcome.testing_validation == ()
        assert set(world.objects) == before

    def test_a_manifest_above_the_size_limit_is_refused(self, world: MemoryStore) -> None:
        size = len(world.objects[BUCKET, "storefront/train.manifest"])
        assert train(sample_request(), world, AdapterLimits(manifest_bytes=size)).succeeded
        outcome = train(sample_request(), world, AdapterLimits(manifest_bytes=size - 1))
        assert outcome.status_message == "The manifest file size exceeds the maximum supported size."
        assert AdapterLimits().manifest_bytes == 10**9

    def test_a_manifest_bucket_in_another_region_reads_as_missing_permissions(self, world: MemoryStore) -> None:
        world.regions["far-away"] = "us-west-2"
        world.put("far-away", "train.manifest", world.objects[BUCKET, "storefront/train.manifest"])
        far = replace(sample_request(), training_manifests=(S3Location("far-away", "train.manifest"),))
        assert train(far, world).status_message == "The S3 bucket permissions are incorrect."

    @pytest.mark.parametrize("fault", ["missing", "another region", "refuses writes"])
    def test_an_output_bucket_that_cannot_be_written_fails_the_training(self, world: MemoryStore, fault: str) -> None:
        world.regions["far-away"] = "us-west-2"
        world.writable = fault != "refuses writes"
        bucket = {"missing": "no-such-bucket", "another region": "far-away"}.get(fault, BUCKET)
        outcome = train(replace(sample_request(), output_bucket=bucket), world)
        assert not outcome.succeeded
        assert outcome.status_message == "Unable to write to output S3 bucket."
        assert outcome.manifest_summary is None


class TestManifestContentErrors:
    """Errors of what manifests say: StatusMessage, and a manifest summary with the code."""

    def fail(self, world: MemoryStore, asked: TrainingRequest, half: str = "training") -> str:
        outcome = train(asked, world)
        assert not outcome.succeeded
        given = (outcome.f1_score, outcome.billable_seconds, outcome.knowledge, outcome.evaluation_summary)
        assert given == (None, None, None, None)
        assert outcome.training_output == outcome.testing_output == ()
        assert world.written() == {
            "out/ManifestSummary-storefront-v1-abc.json",
            "out/TrainingManifestWithValidation-storefront-v1-abc.json",
            "out/TestingManifestWithValidation-storefront-v1-abc.json",
        }
        read = manifest_half(world, outcome, half)
        assert read["errors"][0]["message"] == outcome.status_message
        assert read["use_case"] == "NOT_DETERMINED"
        return f"{read['errors'][0]['code']}: {outcome.status_message}"

    def test_more_than_a_fifth_of_bad_lines_fails_and_the_summary_says_which(self, world: MemoryStore) -> None:
        said = self.fail(world, sample_request("train-broken.manifest"))
        assert said == "ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST: The manifest file contains too many invalid rows."
        outcome = train(sample_request("train-broken.manifest"), world)
        half = manifest_half(world, outcome, "training")
        assert half["total_json_lines"] == 120
        assert (half["valid_json_lines"], half["invalid_json_lines"], half["ignored_json_lines"]) == (80, 40, 0)
        assert half["error_json_line_indices"] == list(range(1, 121, 3))
        marked = json_lines(world, outcome.training_validation[0])
        assert [number for number, entry in enumerate(marked, start=1) if "errors" in entry] == list(range(1, 121, 3))
        assert marked[0] == {
            "errors": [{"code": "ERROR_INVALID_JSON_LINE", "message": "The JSON Line has an invalid format."}]
        }
        assert manifest_half(world, outcome, "testing")["invalid_json_lines"] == 0

    def test_exactly_a_fifth_of_bad_lines_still_trains_on_the_others(self, world: MemoryStore) -> None:
        good = sample_lines("train-large.manifest")[:160]
        world.put_manifest(*good, *["{}"] * 40)
        outcome = train(sample_request("own.manifest"), world)
        assert outcome.succeeded
        assert manifest_half(world, outcome, "training")["error_json_line_indices"] == list(range(161, 201))
        assert len(json_lines(world, outcome.training_output[0])) == 160
        world.put_manifest(*good, *["{}"] * 41)
        too_many = train(sample_request("own.manifest"), world)
        assert too_many.status_message == "The manifest file contains too many invalid rows."

    def test_ignored_lines_do_not_count_towards_the_fifth(self, world: MemoryStore) -> None:
        second_level = line("images/beach-01.png", "Weapons")
        world.put_manifest(*sample_lines(), *[second_level] * 200)
        outcome = train(sample_request("own.manifest"), world)
        assert outcome.succeeded
        assert manifest_half(world, outcome, "training")["ignored_json_lines"] == 200
        assert len(json_lines(world, outcome.training_output[0])) == 120

    def test_images_in_several_buckets_fail(self, world: MemoryStore) -> None:
        world.regions["other-ml"] = REGION
        world.put("other-ml", "storefront/a.png", draw(SCENES["beach"], 1))
        world.put_manifest(*sample_lines(), SampleLine("a.png", ()).render("other-ml", DEFAULT_PREFIX))
        said = self.fail(world, sample_request("own.manifest"))
        assert (
            said == "ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS: The manifest file contains images from multiple S3 buckets."
        )

    def test_an_image_bucket_in_another_region_fails(self, world: MemoryStore) -> None:
        world.regions["far-away"] = "us-west-2"
        world.put_manifest(*(entry.replace(f"s3://{BUCKET}/", "s3://far-away/") for entry in sample_lines()))
        said = self.fail(world, sample_request("own.manifest"))
        assert (
            said == "ERROR_INVALID_PERMISSIONS_IMAGES_S3_BUCKET: The permissions for the images S3 bucket are invalid."
        )

    @pytest.mark.parametrize("place", ["s3://no-such-bucket/", f"s3://{BUCKET}/elsewhere/"])
    def test_no_image_at_all_in_s3_fails(self, world: MemoryStore, place: str) -> None:
        world.put_manifest(*(entry.replace(f"s3://{BUCKET}/", place) for entry in sample_lines()))
        said = self.fail(world, sample_request("own.manifest"))
        assert said == "ERROR_FAILED_IMAGES_S3_COPY: Failed to copy images from S3 bucket."

    def test_missing_and_unreadable_images_are_errors_of_their_lines_only(self, world: MemoryStore) -> None:
        world.put(BUCKET, "storefront/text.png", b"no image")
        world.put_manifest(*sample_lines(), line("images/absent.png"), line("text.png"))
        outcome = train(sample_request("own.manifest"), world)
        assert outcome.succeeded
        marked = json_lines(world, outcome.training_validation[0])
        problem = {
            "code": "ERROR_INVALID_IMAGE",
            "message": "The image is invalid. Check S3 path and/or image properties.",
        }
        assert [entry.get("errors") for entry in marked[119:]] == [None, [problem], [problem]]

    def test_more_than_ten_thousand_images_fail(self, world: MemoryStore) -> None:
        world.put_manifest(*[line("images/beach-01.png")] * 10_001)
        said = self.fail(world, sample_request("own.manifest"))
        assert said == "ERROR_MANIFEST_ROWS_EXCEEDS_MAXIMUM: The manifest file has too many rows."

    @pytest.mark.parametrize(
        ("false_positives", "false_negatives", "enough"),
        [(19, 0, False), (20, 0, True), (0, 49, False), (0, 50, True), (19, 49, False), (0, 0, False)],
    )
    def test_training_needs_twenty_false_positives_or_fifty_false_negatives(
        self, world: MemoryStore, false_positives: int, false_negatives: int, enough: bool
    ) -> None:
        world.put_manifest(
            *kind_lines("coffee-mug", 30),
            *kind_lines("beach", false_positives),
            *kind_lines("vape-pen", false_negatives, "Drugs & Tobacco"),
        )
        if enough:
            assert train(sample_request("own.manifest"), world).succeeded
        else:
            said = self.fail(world, sample_request("own.manifest"))
            assert said == "ERROR_MANIFEST_TOO_FEW_USABLE_LABELS: The manifest file has too few usable labels."

    @pytest.mark.parametrize(("images", "enough"), [(19, False), (20, True)])
    def test_testing_needs_twenty_images(self, world: MemoryStore, images: int, enough: bool) -> None:
        world.put_manifest(*sample_lines("test.manifest")[:images], name="few.manifest")
        if enough:
            assert train(sample_request(testing="few.manifest"), world).succeeded
        else:
            said = self.fail(world, sample_request(testing="few.manifest"), half="testing")
            assert said == "ERROR_MANIFEST_TOO_FEW_USABLE_LABELS: The manifest file has too few usable labels."

    def test_a_set_too_small_to_hold_back_twenty_images_cannot_be_split(self, world: MemoryStore) -> None:
        world.put_manifest(*sample_lines()[:96])
        said = self.fail(world, sample_request("own.manifest", testing=None))
        assert said == (
            "ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT: "
            "The manifest file contains insufficient labeled images per label to perform auto-split."
        )
