"""Which files does a successful emulated training leave, and do their numbers agree?"""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rekognition_sandbox.emulator.detection import detect
from rekognition_sandbox.emulator.training import S3Location, TrainingOutcome, train
from rekognition_sandbox.samples.memory import (
    BUCKET,
    PROJECT_VERSION_ARN,
    MemoryStore,
    sample_lines,
    sample_request,
)


@pytest.fixture
def world() -> MemoryStore:
    return MemoryStore.with_samples()


def manifest_half(world: MemoryStore, outcome: TrainingOutcome, half: str) -> Any:
    return json.loads(world.text(outcome.manifest_summary))["statistics"][half]


def json_lines(world: MemoryStore, location: S3Location) -> list[Any]:
    return [json.loads(entry) for entry in world.text(location).splitlines()]


def summary_of(world: MemoryStore, outcome: TrainingOutcome) -> Any:
    return json.loads(world.text(outcome.evaluation_summary))


def scored(outcome: TrainingOutcome) -> float:
    assert outcome.succeeded, outcome.status_message
    assert outcome.f1_score is not None
    return outcome.f1_score


class TestOutputs:
    """What a successful training leaves behind."""

    @pytest.mark.parametrize(
        ("prefix", "folder"), [("out/", "out/"), ("out", "out/"), ("a/b", "a/b/"), ("", ""), (None, "")]
    )
    def test_files_carry_the_documented_names_below_the_prefix(
        self, world: MemoryStore, prefix: str | None, folder: str
    ) -> None:
        outcome = train(replace(sample_request(), output_prefix=prefix), world)
        assert outcome.succeeded
        assert outcome.status_message == "The model is ready to run."

        def named(kind: str) -> S3Location:
            return S3Location(BUCKET, f"{folder}{kind}-storefront-v1-abc.json")

        assert outcome.evaluation_summary == named("EvaluationResultSummary")
        assert outcome.manifest_summary == named("ManifestSummary")
        assert outcome.training_output == (named("TrainingGroundTruth"),)
        assert outcome.testing_output == (named("TestingGroundTruth"),)
        assert outcome.training_validation == (named("TrainingManifestWithValidation"),)
        assert outcome.testing_validation == (named("TestingManifestWithValidation"),)
        assert outcome.training_input == sample_request().training_manifests
        assert outcome.testing_input == sample_request().testing_manifests
        assert len(world.written()) == 6

    def test_the_evaluation_summary_adds_up(self, world: MemoryStore) -> None:
        outcome = train(sample_request(), world)
        summary = summary_of(world, outcome)
        assert summary["EvaluationDetails"] == {
            "EvaluationEndTimestamp": "2026-03-01T09:30:00.000000",
            "Labels": summary["EvaluationDetails"]["Labels"],
            "NumberOfTestingImages": 48,
            "NumberOfTrainingImages": 120,
            "ProjectVersionArn": PROJECT_VERSION_ARN,
        }
        moderation = summary["ContentModeration"]
        given, every = (
            moderation["InputConfidenceThresholdEvalResults"],
            moderation["AllConfidenceThresholdsEvalResults"],
        )
        assert [at["ConfidenceThreshold"] for at in every] == list(range(5, 101, 5))
        assert given == next(at for at in every if at["ConfidenceThreshold"] == 60.0)
        for at in every:
            assert [result["Label"] for result in at["LabelEvaluationResults"]] == sorted(
                {
                    "Alcohol",
                    "Drugs & Tobacco",
                    "Explicit",
                    "Gambling",
                    "Rude Gestures",
                    "Swimwear or Underwear",
                    "Violence",
                }
            )
            for name in ("TruePositive", "TrueNegative", "FalsePositive", "FalseNegative"):
                total = at["AggregatedEvaluationResults"]
                assert total["BaseModel"][name] == sum(r["BaseModel"][name] for r in at["LabelEvaluationResults"])
                assert total["Adapter"][name] == sum(r["Adapter"][name] for r in at["LabelEvaluationResults"])
            for result in at["LabelEvaluationResults"]:
                assert sum(result["BaseModel"].values()) == sum(result["Adapter"].values()) == 48

    def test_f1_is_that_of_the_summary_and_of_the_testing_output(self, world: MemoryStore) -> None:
        outcome = train(sample_request(), world)
        counts = summary_of(world, outcome)["ContentModeration"]["InputConfidenceThresholdEvalResults"][
            "AggregatedEvaluationResults"
        ]["Adapter"]
        tp, fp, fn = counts["TruePositive"], counts["FalsePositive"], counts["FalseNegative"]
        assert tp > 0
        assert scored(outcome) == pytest.approx(2 * tp / (2 * tp + fp + fn), abs=1e-6)
        assert summary_of(world, outcome)["AggregatedEvaluationResults"] == {"F1Score": scored(outcome)}
        # The same counts from the testing output manifest, as a reader of AWS's files would compute them.
        hits = misses = inventions = 0
        for entry in json_lines(world, outcome.testing_output[0]):
            truth = top_names(entry, "content-moderation-groundtruth", 0)
            said = top_names(entry, "detect-moderation-labels", 60)
            hits, misses, inventions = (
                hits + len(truth & said),
                misses + len(truth - said),
                inventions + len(said - truth),
            )
        assert (hits, inventions, misses) == (tp, fp, fn)

    def test_output_manifests_show_predictions_on_testing_lines_only(self, world: MemoryStore) -> None:
        outcome = train(sample_request(), world)
        for entry in json_lines(world, outcome.training_output[0]):
            assert set(entry) == {"source-ref", "content-moderation-groundtruth"}
        testing = json_lines(world, outcome.testing_output[0])
        assert len(testing) == 48
        for entry in testing:
            adapter, base = entry["detect-moderation-labels"], entry["detect-moderation-labels-base-model"]
            assert isinstance(adapter, dict)
            assert isinstance(base, dict)
            assert (adapter["ModerationModelVersion"], adapter["ProjectVersion"]) == ("7.0", PROJECT_VERSION_ARN)
            assert set(base) == {"ModerationLabels", "ModerationModelVersion"}
            for label in (*adapter["ModerationLabels"], *base["ModerationLabels"]):
                assert set(label) == {"Confidence", "Name", "ParentName"}
                assert 5.0 <= label["Confidence"] <= 100.0

    def test_an_automatic_split_holds_back_a_fifth_and_always_the_same(self, world: MemoryStore) -> None:
        asked = sample_request(testing=None)
        outcome = train(asked, world)
        assert outcome.testing_input == ()
        trained = {str(entry["source-ref"]) for entry in json_lines(world, outcome.training_output[0])}
        tested = {str(entry["source-ref"]) for entry in json_lines(world, outcome.testing_output[0])}
        assert (len(trained), len(tested)) == (96, 24)
        assert not trained & tested
        assert manifest_half(world, outcome, "testing")["total_json_lines"] == 24
        assert manifest_half(world, outcome, "training")["total_json_lines"] == 120
        world.put_manifest(*reversed(sample_lines()))
        reordered = train(replace(sample_request("own.manifest", testing=None), version_name="v2"), world)
        assert {str(entry["source-ref"]) for entry in json_lines(world, reordered.testing_output[0])} == tested

    def test_several_manifests_are_one_set(self, world: MemoryStore) -> None:
        lines = sample_lines()
        world.put_manifest(*lines[:70], name="a.manifest")
        world.put_manifest(*lines[70:], name="b.manifest")
        halves = (S3Location(BUCKET, "storefront/a.manifest"), S3Location(BUCKET, "storefront/b.manifest"))
        whole, parts = (
            train(sample_request(), world),
            train(replace(sample_request(), training_manifests=halves), world),
        )
        assert replace(parts, training_input=whole.training_input) == whole

    def test_equal_requests_give_equal_outcomes_and_equal_files(self) -> None:
        first, second = MemoryStore.with_samples(), MemoryStore.with_samples()
        assert train(sample_request(), first) == train(sample_request(), second)
        assert first.objects == second.objects

    def test_each_image_is_read_once(self, world: MemoryStore) -> None:
        lines = sample_lines()
        world.put_manifest(*lines, *lines)
        assert train(sample_request("own.manifest"), world).succeeded
        assert len(world.reads) == len(set(world.reads)) == 2 + 120 + 48

    def test_billable_seconds_follow_time_and_size_as_in_the_example_of_aws(self, world: MemoryStore) -> None:
        def billed(manifest: str, minutes: float, images: int) -> int | None:
            ended = sample_request().started_at + timedelta(minutes=minutes)
            world.put_manifest(*sample_lines("test.manifest")[:20], name="twenty.manifest")
            world.put_manifest(*sample_lines("train-large.manifest")[:images], name=manifest)
            asked = replace(sample_request(manifest, testing="twenty.manifest"), ended_at=ended)
            return train(asked, world).billable_seconds

        assert billed("hundred.manifest", 27 + 19 / 60, 80) == 1899
        small, large, longer = (
            billed("a.manifest", 30, 100),
            billed("b.manifest", 30, 200),
            billed("c.manifest", 60, 100),
        )
        assert small is not None
        assert large is not None
        assert small < large
        assert longer == pytest.approx(2 * small, abs=1)

    def test_the_testing_output_shows_what_detection_then_answers(self, world: MemoryStore) -> None:
        outcome = train(sample_request(), world)
        assert outcome.knowledge is not None
        for entry in json_lines(world, outcome.testing_output[0]):
            image = world.objects[BUCKET, entry["source-ref"].removeprefix(f"s3://{BUCKET}/")]
            answer = detect(image, outcome.knowledge, min_confidence=60)
            assert set(answer.top_level_confidences()) == top_names(entry, "detect-moderation-labels", 60)


def top_names(entry: dict[str, object], attribute: str, threshold: float) -> set[str]:
    """Return the top-level labels of one attribute of an output line, at or above a confidence where it has one."""
    value = entry[attribute]
    assert isinstance(value, dict)
    return {
        label["Name"]
        for label in value["ModerationLabels"]
        if not label.get("ParentName") and label.get("Confidence", 100.0) >= threshold
    }
