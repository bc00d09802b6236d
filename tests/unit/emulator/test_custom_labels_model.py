"""What does a trained Custom Labels model answer for an image?"""

from dataclasses import replace

import pytest

from rekognition_sandbox.emulator.custom_labels.model import (
    CUSTOM_LABELS_IMAGES,
    CustomLabelsKnowledge,
    FoundLabel,
    answer,
    recognise,
)
from rekognition_sandbox.emulator.custom_labels.training import train_custom_labels
from rekognition_sandbox.emulator.detection import Look, look
from rekognition_sandbox.samples.memory import MemoryStore, cached_parts, parts_request
from rekognition_sandbox.samples.picture import draw, shape_box
from rekognition_sandbox.samples.scenes import PARTS, SCENES

LARGE = "train-large.manifest"


def trained(manifest: str = LARGE, testing: str = "test.manifest") -> CustomLabelsKnowledge:
    outcome = train_custom_labels(parts_request(manifest, testing=testing), MemoryStore.with_parts())
    assert outcome.custom_labels is not None
    return outcome.custom_labels


@pytest.fixture(scope="module")
def model() -> CustomLabelsKnowledge:
    return trained()


def seen(scene: str, number: int = 4711) -> Look:
    return look(draw({**SCENES, **PARTS}[scene], number), CUSTOM_LABELS_IMAGES)


def names(found: tuple[FoundLabel, ...]) -> list[str]:
    return [label.name for label in found]


@pytest.mark.parametrize("scene", PARTS)
def test_a_new_picture_of_a_taught_kind_gets_its_label_and_no_other(model: CustomLabelsKnowledge, scene: str) -> None:
    assert names(answer(seen(scene), model, min_confidence=None, max_results=None)) == [PARTS[scene].part]


def test_a_picture_of_a_kind_never_taught_gets_no_label(model: CustomLabelsKnowledge) -> None:
    assert answer(seen("coffee-mug"), model, min_confidence=None, max_results=None) == ()


def test_min_confidence_zero_returns_every_label_the_surest_first(model: CustomLabelsKnowledge) -> None:
    found = answer(seen("hex-bolt"), model, min_confidence=0, max_results=None)
    assert sorted(names(found)) == ["bearing", "bolt", "gear", "washer"]
    assert found[0].name == "bolt"
    assert [label.confidence for label in found] == sorted((label.confidence for label in found), reverse=True)


def test_min_confidence_takes_the_place_of_the_assumed_thresholds(model: CustomLabelsKnowledge) -> None:
    found = answer(seen("hex-bolt"), model, min_confidence=0, max_results=None)
    surest = found[0].confidence
    assert names(answer(seen("hex-bolt"), model, min_confidence=surest, max_results=None)) == ["bolt"]
    assert answer(seen("hex-bolt"), model, min_confidence=surest + 0.1, max_results=None) == ()


def test_without_min_confidence_each_label_has_its_own_threshold(model: CustomLabelsKnowledge) -> None:
    found = {label.name: label.confidence for label in recognise(seen("hex-bolt"), model)}
    strict = replace(
        model,
        thresholds=tuple(
            replace(assumed, confidence=100.0 if assumed.label == "bolt" else found[assumed.label])
            for assumed in model.thresholds
        ),
    )
    assert set(names(answer(seen("hex-bolt"), strict, min_confidence=None, max_results=None))) == {
        "bearing",
        "gear",
        "washer",
    }


def test_max_results_keeps_the_surest(model: CustomLabelsKnowledge) -> None:
    every = answer(seen("hex-bolt"), model, min_confidence=0, max_results=None)
    assert answer(seen("hex-bolt"), model, min_confidence=0, max_results=2) == every[:2]
    assert answer(seen("hex-bolt"), model, min_confidence=0, max_results=9) == every
    assert answer(seen("hex-bolt"), model, min_confidence=0, max_results=0) == ()


def test_only_object_detection_says_where(model: CustomLabelsKnowledge) -> None:
    detector = trained("boxes.manifest", "boxes-test.manifest")
    (whole,) = answer(seen("steel-gear"), model, min_confidence=None, max_results=None)
    (placed,) = answer(seen("steel-gear"), detector, min_confidence=None, max_results=None)
    assert whole.box is None
    assert placed.box is not None
    assert placed.box.overlap(shape_box(PARTS["steel-gear"], 4711)) > 0.7


def test_on_an_image_that_is_no_sample_an_object_is_where_its_kind_usually_had_it() -> None:
    store = MemoryStore.with_parts()
    detector = trained("boxes.manifest", "boxes-test.manifest")
    sample = next(line for line in cached_parts().manifests["boxes.manifest"] if line.part == "gear")
    image = store.objects["acme-ml", f"parts/{sample.image_key}"]
    known = look(image, CUSTOM_LABELS_IMAGES)
    stranger = replace(known, subject=None)
    (found,) = answer(stranger, detector, min_confidence=None, max_results=1)
    assert found.name == "gear"
    assert found.box is not None
    assert found.box != answer(known, detector, min_confidence=None, max_results=1)[0].box


def test_the_answer_is_the_same_every_time(model: CustomLabelsKnowledge) -> None:
    assert recognise(seen("flat-washer"), model) == recognise(seen("flat-washer"), trained())
