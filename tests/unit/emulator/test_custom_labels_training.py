"""When does training a Custom Labels model succeed, which files does it leave, and how good is the model?"""

import io
import json
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from rekognition_sandbox.emulator.custom_labels.training import (
    CustomLabelsLimits,
    limits_in,
    train_custom_labels,
)
from rekognition_sandbox.emulator.manifests import S3Location
from rekognition_sandbox.emulator.training_steps import TrainingOutcome, TrainingRequest
from rekognition_sandbox.samples.memory import BUCKET, PROJECT_VERSION_ARN, MemoryStore, parts_request
from rekognition_sandbox.samples.parts import PARTS_PREFIX, PartLine, make_parts

PARTS = make_parts()


@pytest.fixture
def world() -> MemoryStore:
    return MemoryStore.with_parts()


def lines(manifest: str) -> list[str]:
    return [line.render(BUCKET, PARTS_PREFIX) for line in PARTS.manifests[manifest]]


def own(world: MemoryStore, *texts: str, name: str = "own.manifest") -> TrainingRequest:
    """Write a training manifest and return a request for it."""
    world.put_manifest(*texts, name=name, prefix=PARTS_PREFIX)
    return parts_request(name)


def scored(outcome: TrainingOutcome) -> float:
    assert outcome.succeeded, outcome.status_message
    assert outcome.f1_score is not None
    return outcome.f1_score


def document(world: MemoryStore, location: S3Location | None) -> Any:
    return json.loads(world.text(location))


def json_lines(world: MemoryStore, location: S3Location) -> list[Any]:
    return [json.loads(entry) for entry in world.text(location).splitlines()]


class TestOutputs:
    """What a successful training leaves behind."""

    def test_files_carry_the_documented_names(self, world: MemoryStore) -> None:
        outcome = train_custom_labels(parts_request(), world)
        assert outcome.succeeded
        assert outcome.status_message == "The model is ready to run."
        assert world.written() == {
            f"out/{kind}-storefront-v1-abc.json"
            for kind in (
                "EvaluationResultSummary",
                "ManifestSummary",
                "TrainingGroundTruth",
                "TestingGroundTruth",
                "TrainingManifestWithValidation",
                "TestingManifestWithValidation",
            )
        }
        assert (outcome.billable_seconds or 0) >= 1800
        assert outcome.knowledge is None

    def test_the_summary_has_the_documented_shape_and_adds_up(self, world: MemoryStore) -> None:
        outcome = train_custom_labels(parts_request(), world)
        summary = document(world, outcome.evaluation_summary)
        assert list(summary) == [
            "Version",
            "AggregatedEvaluationResults",
            "EvaluationDetails",
            "LabelEvaluationResults",
        ]
        assert summary["Version"] == 1
        assert summary["EvaluationDetails"] == {
            "EvaluationEndTimestamp": "2026-03-01T09:30:00.000000",
            "Labels": ["bearing", "bolt", "gear", "washer"],
            "NumberOfTestingImages": 24,
            "NumberOfTrainingImages": 40,
            "ProjectVersionArn": PROJECT_VERSION_ARN,
        }
        results = summary["LabelEvaluationResults"]
        assert [(result["Label"], result["NumberOfTestingImages"]) for result in results] == [
            ("bearing", 6),
            ("bolt", 6),
            ("gear", 6),
            ("washer", 6),
        ]
        total = summary["AggregatedEvaluationResults"]
        assert set(total) == {"ConfusionMatrix", "F1Score", "Precision", "Recall"}
        for metric in ("F1Score", "Precision", "Recall"):
            mean = sum(result["Metrics"][metric] for result in results) / len(results)
            assert total[metric] == pytest.approx(mean, abs=1e-6)
        assert total["F1Score"] == scored(outcome)
        assert all(0 < result["Metrics"]["Threshold"] < 1 for result in results)
        diagonal = [cell for cell in total["ConfusionMatrix"] if cell["GroundTruthLabel"] == cell["PredictedLabel"]]
        assert [cell["GroundTruthLabel"] for cell in diagonal] == ["bearing", "bolt", "gear", "washer"]
        recalls = {result["Label"]: result["Metrics"]["Recall"] for result in results}
        assert {cell["GroundTruthLabel"]: cell["Value"] for cell in diagonal} == pytest.approx(recalls)

    def test_the_summary_agrees_with_the_testing_output(self, world: MemoryStore) -> None:
        outcome = train_custom_labels(parts_request("train-noisy.manifest"), world)
        counts: dict[str, list[int]] = {}
        for entry in json_lines(world, outcome.testing_output[0]):
            for key, value in entry.items():
                if key.startswith("rekognition-custom-labels-evaluation") and key.endswith("-metadata"):
                    details = value["rekognition-custom-labels-evaluation-details"]
                    tally = counts.setdefault(value["class-name"], [0, 0, 0])
                    kinds = ("is-true-positive", "is-false-positive", "is-false-negative")
                    for position, kind in enumerate(kinds):
                        tally[position] += details[kind]
        results = document(world, outcome.evaluation_summary)["LabelEvaluationResults"]
        assert len(results) == len(counts) == 4
        for result in results:
            hits, inventions, misses = counts[result["Label"]]
            assert result["Metrics"]["F1Score"] == pytest.approx(2 * hits / (2 * hits + inventions + misses))

    def test_the_training_output_is_the_renamed_ground_truth(self, world: MemoryStore) -> None:
        outcome = train_custom_labels(parts_request(), world)
        first = json_lines(world, outcome.training_output[0])[0]
        assert set(first) == {
            "source-ref",
            "rekognition-custom-labels-training-0",
            "rekognition-custom-labels-training-0-metadata",
        }
        assert first["rekognition-custom-labels-training-0-metadata"]["class-name"] == "gear"
        assert len(json_lines(world, outcome.training_output[0])) == 40

    def test_equal_requests_give_equal_outcomes_and_equal_files(self) -> None:
        first, second = MemoryStore.with_parts(), MemoryStore.with_parts()
        assert train_custom_labels(parts_request(), first) == train_custom_labels(parts_request(), second)
        assert first.objects == second.objects

    def test_an_automatic_split_holds_back_a_fifth_of_each_kind_of_label(self, world: MemoryStore) -> None:
        outcome = train_custom_labels(parts_request("train-large.manifest", testing=None), world)
        tested = json_lines(world, outcome.testing_output[0])
        trained = json_lines(world, outcome.training_output[0])
        assert (len(trained), len(tested)) == (64, 16)
        assert not {entry["source-ref"] for entry in trained} & {entry["source-ref"] for entry in tested}
        results = document(world, outcome.evaluation_summary)["LabelEvaluationResults"]
        assert [result["NumberOfTestingImages"] for result in results] == [4, 4, 4, 4]

    def test_entries_of_datasets_train_like_a_manifest_of_the_same_lines(self, world: MemoryStore) -> None:
        by_manifest = train_custom_labels(parts_request(), world)
        by_entries = train_custom_labels(
            replace(
                parts_request(),
                training_manifests=(),
                testing_manifests=(),
                training_entries=tuple(lines("train.manifest")),
                testing_entries=tuple(lines("test.manifest")),
            ),
            world,
        )
        assert by_entries == replace(by_manifest, training_input=(), testing_input=())


class TestScores:
    """F1 is a function of the data."""

    @pytest.mark.parametrize("seed", range(4))
    @pytest.mark.parametrize("testing", ["test.manifest", None])
    def test_cleaner_and_larger_manifests_score_higher(self, seed: int, testing: str | None) -> None:
        world = MemoryStore.with_parts(seed)
        noisy, good, large = (
            scored(train_custom_labels(parts_request(f"train{kind}.manifest", testing=testing), world))
            for kind in ("-noisy", "", "-large")
        )
        assert noisy < 0.75 < good <= large

    def test_a_label_that_training_never_saw_counts_against_the_model(self, world: MemoryStore) -> None:
        outcome = train_custom_labels(
            own(world, *(text for text in lines("train.manifest") if "gear" not in text)), world
        )
        summary = document(world, outcome.evaluation_summary)
        assert summary["EvaluationDetails"]["Labels"] == ["bearing", "bolt", "washer"]
        missed = next(result for result in summary["LabelEvaluationResults"] if result["Label"] == "gear")
        assert (missed["Metrics"]["F1Score"], missed["Metrics"]["Recall"]) == (0.0, 0.0)
        assert scored(outcome) < scored(train_custom_labels(parts_request(), world))

    @pytest.mark.parametrize("testing", ["boxes-test.manifest", None])
    def test_boxes_make_an_object_detection_model(self, world: MemoryStore, testing: str | None) -> None:
        outcome = train_custom_labels(parts_request("boxes.manifest", testing=testing), world)
        assert scored(outcome) > 0.9
        statistics = document(world, outcome.manifest_summary)["statistics"]
        assert {half["use_case"] for half in statistics.values()} == {"OBJECT_LOCALIZATION"}
        entry = json_lines(world, outcome.testing_output[0])[0]
        assert entry["rekognition-custom-labels-evaluation"]["annotations"]
        found = entry["rekognition-custom-labels-evaluation-metadata"]["objects"][0]
        assert found["rekognition-custom-labels-evaluation-details"]["is-true-positive"] is True

    def test_objects_found_in_the_wrong_place_are_wrong(self, world: MemoryStore) -> None:
        moved = [
            replace(line, box=replace(line.box, box=replace(line.box.box, left=0.75, top=0.75, width=0.2, height=0.2)))
            for line in PARTS.manifests["boxes-test.manifest"]
            if line.box
        ]
        world.put_manifest(
            *(line.render(BUCKET, PARTS_PREFIX) for line in moved), name="moved.manifest", prefix=PARTS_PREFIX
        )
        outcome = train_custom_labels(parts_request("boxes.manifest", testing="moved.manifest"), world)
        assert scored(outcome) < 0.1


class TestFailures:
    """Errors of the data, as StatusMessage and in the manifest summary."""

    def fail(self, world: MemoryStore, asked: TrainingRequest, half: str = "training") -> str:
        outcome = train_custom_labels(asked, world)
        assert not outcome.succeeded
        assert (outcome.f1_score, outcome.billable_seconds, outcome.custom_labels) == (None, None, None)
        assert outcome.training_output == outcome.testing_output == ()
        summary = document(world, outcome.manifest_summary)
        errors = summary["errors"] if half == "both" else summary["statistics"][half]["errors"]
        assert errors[0]["message"] == outcome.status_message
        return str(errors[0]["code"])

    def test_more_than_a_fifth_of_bad_lines_fails(self, world: MemoryStore) -> None:
        code = self.fail(world, parts_request("train-broken.manifest"))
        assert code == "ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST"

    def test_a_missing_manifest_fails_and_writes_nothing(self, world: MemoryStore) -> None:
        outcome = train_custom_labels(parts_request("absent.manifest"), world)
        assert outcome.status_message == "The manifest file extension or contents are invalid."
        assert world.written() == set()

    def test_one_label_is_too_few_to_classify_and_enough_to_detect(self, world: MemoryStore) -> None:
        gears = [text for text in lines("train.manifest") if "gear" in text]
        assert self.fail(world, own(world, *gears)) == "ERROR_MANIFEST_TOO_FEW_LABELS"
        with_boxes = own(world, *(text for text in lines("boxes.manifest") if "gear" in text))
        assert train_custom_labels(replace(with_boxes, testing_manifests=(), auto_create=True), world).succeeded

    def test_a_testing_set_with_one_label_is_too_few_as_well(self, world: MemoryStore) -> None:
        own(world, *(text for text in lines("test.manifest") if "gear" in text), name="few.manifest")
        code = self.fail(world, parts_request(testing="few.manifest"), half="testing")
        assert code == "ERROR_MANIFEST_TOO_FEW_LABELS"

    def test_more_labels_than_allowed_fail(self, world: MemoryStore) -> None:
        outcome = train_custom_labels(parts_request(), world, CustomLabelsLimits(labels=3))
        assert outcome.status_message == "The manifest file has too many labels."
        assert train_custom_labels(parts_request(), world, CustomLabelsLimits(labels=4)).succeeded

    def test_the_limits_are_those_of_the_guide(self) -> None:
        usual, small = limits_in("us-east-1"), limits_in("eu-west-2")
        assert (usual.images, usual.testing_images, usual.labels, usual.manifest_bytes) == (
            250_000,
            250_000,
            250,
            10**9,
        )
        assert (small.images, small.testing_images) == (28_000, 7_000)
        assert limits_in("ap-south-1") == small

    def test_more_images_than_allowed_fail_in_either_set(self, world: MemoryStore) -> None:
        training = train_custom_labels(parts_request(), world, CustomLabelsLimits(images=39))
        testing = train_custom_labels(parts_request(), world, CustomLabelsLimits(testing_images=23))
        assert training.status_message == testing.status_message == "The manifest file has too many rows."
        assert train_custom_labels(parts_request(), world, CustomLabelsLimits(images=40, testing_images=24)).succeeded

    def test_a_label_with_one_image_cannot_be_split(self, world: MemoryStore) -> None:
        asked = own(
            world, *lines("train.manifest"), PartLine("images/flat-washer-01.png", "rivet").render(BUCKET, PARTS_PREFIX)
        )
        code = self.fail(world, replace(asked, testing_manifests=(), auto_create=True))
        assert code == "ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT"
        assert train_custom_labels(asked, world).succeeded

    def test_testing_on_other_labels_than_training_fails(self, world: MemoryStore) -> None:
        def labelled(part: str) -> list[str]:
            texts = lines("test.manifest")
            return [text.replace('"class-name": "gear"', f'"class-name": "{part}"') for text in texts if "gear" in text]

        own(world, *labelled("sprocket"), *labelled("gear"), name="other.manifest")
        asked = parts_request(testing="other.manifest")
        assert self.fail(world, asked, half="both") == "ERROR_INSUFFICIENT_LABEL_OVERLAP"
        outcome = train_custom_labels(asked, world)
        assert outcome.status_message == "Less than 50% label overlap between the training and testing manifest files."
        bolts = [text for text in lines("test.manifest") if "bolt" in text]
        own(world, *labelled("sprocket"), *labelled("gear"), *bolts, name="other.manifest")
        assert train_custom_labels(asked, world).succeeded

    def test_lines_in_the_other_format_are_valid_and_unused(self, world: MemoryStore) -> None:
        mixed = own(world, *lines("train.manifest"), *lines("boxes.manifest")[:10])
        outcome = train_custom_labels(mixed, world)
        assert outcome.succeeded
        assert document(world, outcome.manifest_summary)["statistics"]["training"]["valid_json_lines"] == 50
        assert len(json_lines(world, outcome.training_output[0])) == 40

    def test_a_testing_set_in_the_other_format_has_too_few_usable_labels(self, world: MemoryStore) -> None:
        code = self.fail(world, parts_request(testing="boxes-test.manifest"), half="testing")
        assert code == "ERROR_MANIFEST_TOO_FEW_USABLE_LABELS"

    def test_too_little_overlap_of_used_labels_is_told_apart(self, world: MemoryStore) -> None:
        """All four labels are in the testing set, but only one of them as boxes."""
        boxes = [text for text in lines("boxes-test.manifest") if "gear" in text]
        own(world, *boxes, *lines("test.manifest"), name="mixed.manifest")
        code = self.fail(world, parts_request("boxes.manifest", testing="mixed.manifest"), half="both")
        assert code == "ERROR_INSUFFICIENT_USABLE_LABEL_OVERLAP"

    def test_images_are_held_to_the_sizes_of_custom_labels(self, world: MemoryStore) -> None:
        for name, size in (("narrow.png", (63, 64)), ("long.png", (64, 1281)), ("wide.png", (4097, 400))):
            world.put(BUCKET, PARTS_PREFIX + name, png(*size))
        world.put(BUCKET, f"{PARTS_PREFIX}least.png", png(64, 64))
        extra = [
            PartLine(name, "gear").render(BUCKET, PARTS_PREFIX)
            for name in ("narrow.png", "long.png", "wide.png", "least.png")
        ]
        outcome = train_custom_labels(own(world, *lines("train.manifest"), *extra), world)
        assert outcome.succeeded
        half = document(world, outcome.manifest_summary)["statistics"]["training"]
        assert half["error_json_line_indices"] == [41, 42, 43]


def png(width: int, height: int) -> bytes:
    """Return a grey picture."""
    buffer = io.BytesIO()
    Image.new("L", (width, height), 128).save(buffer, "PNG")
    return buffer.getvalue()
