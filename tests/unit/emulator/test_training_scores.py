"""How does the F1 score of an emulated adapter follow from its data?"""

import json
from dataclasses import replace
from typing import Any

import pytest

from rekognition_sandbox.emulator.training import TrainingOutcome, train
from rekognition_sandbox.samples.memory import (
    MemoryStore,
    cached_samples,
    line,
    sample_lines,
    sample_request,
)
from rekognition_sandbox.samples.scenes import SCENES


@pytest.fixture
def world() -> MemoryStore:
    return MemoryStore.with_samples()


def summary_of(world: MemoryStore, outcome: TrainingOutcome) -> Any:
    return json.loads(world.text(outcome.evaluation_summary))


def scored(outcome: TrainingOutcome) -> float:
    assert outcome.succeeded, outcome.status_message
    assert outcome.f1_score is not None
    return outcome.f1_score


def kind_lines(scene: str, count: int, *labels: str) -> list[str]:
    """Return lines for the sample images of one scene, repeated up to ``count``."""
    keys = [key for key in cached_samples().images if key.startswith(f"images/{scene}-")]
    return [line(keys[index % len(keys)], *labels) for index in range(count)]


class TestScores:
    """F1 is a function of the data."""

    @pytest.mark.parametrize("seed", range(4))
    @pytest.mark.parametrize("testing", ["test.manifest", None])
    def test_cleaner_and_larger_manifests_score_higher(self, seed: int, testing: str | None) -> None:
        world = MemoryStore.with_samples(seed)
        noisy = scored(train(sample_request("train-noisy.manifest", testing=testing), world))
        good = scored(train(sample_request("train.manifest", testing=testing), world))
        large = scored(train(sample_request("train-large.manifest", testing=testing), world))
        assert noisy < good <= large

    def test_growing_a_manifest_kind_by_kind_never_lowers_the_score(self, world: MemoryStore) -> None:
        lines = sample_lines("train-large.manifest")
        scores = []
        for images in range(72, 241, 24):
            world.put_manifest(*lines[:images])
            scores.append(scored(train(sample_request("own.manifest"), world)))
        assert scores == sorted(scores)
        assert scores[0] < scores[-1]

    def test_more_wrong_labels_score_lower(self, world: MemoryStore) -> None:
        lines = sample_lines("train-large.manifest")
        scores = []
        for wrong in (0, 3, 6, 9):
            # In every block of ten pictures of a kind, as many say the contrary.
            flipped = [
                contrary(entry) if position // len(SCENES) < wrong else entry for position, entry in enumerate(lines)
            ]
            world.put_manifest(*flipped)
            scores.append(scored(train(sample_request("own.manifest"), world)))
        assert scores == sorted(scores, reverse=True)
        assert scores[0] > scores[1] or scores[1] > scores[2]
        assert scores[-1] < 0.3

    def test_a_label_that_training_never_saw_counts_against_the_adapter(self, world: MemoryStore) -> None:
        narrow = [entry for entry in sample_lines() if "gesture" not in entry and "middle-finger" not in entry]
        world.put_manifest(*narrow)
        outcome = train(sample_request("own.manifest"), world)
        assert "Rude Gestures" not in str(summary_of(world, outcome)["EvaluationDetails"]["Labels"])
        results = summary_of(world, outcome)["ContentModeration"]["InputConfidenceThresholdEvalResults"]
        missed = {result["Label"]: result["Adapter"] for result in results["LabelEvaluationResults"]}["Rude Gestures"]
        assert missed["FalseNegative"] == 2
        assert scored(outcome) < scored(train(sample_request(), world))

    def test_an_adapter_that_silences_all_false_alarms_of_a_safe_test_set_is_perfect(self, world: MemoryStore) -> None:
        world.put_manifest(*kind_lines("beach", 40))
        world.put_manifest(
            *(line(f"images/test/beach-{n}.png") for n in (11, 12) for _ in range(10)), name="t.manifest"
        )
        outcome = train(sample_request("own.manifest", testing="t.manifest"), world)
        adapter = summary_of(world, outcome)["ContentModeration"]["InputConfidenceThresholdEvalResults"]
        assert adapter["AggregatedEvaluationResults"]["BaseModel"]["FalsePositive"] == 20
        assert adapter["AggregatedEvaluationResults"]["Adapter"]["FalsePositive"] == 0
        assert scored(outcome) == 1.0

    def test_without_a_threshold_the_default_of_the_api_is_taken(self, world: MemoryStore) -> None:
        implied = train(replace(sample_request(), confidence_threshold=None), world)
        given = train(replace(sample_request(), confidence_threshold=50.0), world)
        assert implied == given


def contrary(entry: str) -> str:
    """Return a manifest line that says the contrary: an unsafe picture safe, a safe one violent."""
    document = json.loads(entry)
    safe = not document["content-moderation-groundtruth"]["ModerationLabels"]
    document["content-moderation-groundtruth"]["ModerationLabels"] = [{"Name": "Violence"}] if safe else []
    return json.dumps(document)
