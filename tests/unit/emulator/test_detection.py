"""What must the emulated DetectModerationLabels answer, and which images must it refuse?"""

import io
import json
import zlib

import pytest
from PIL import Image

from rekognition_sandbox.emulator.detection import (
    AdapterKnowledge,
    Detection,
    ImageError,
    KindLesson,
    TaughtLabel,
    detect,
    look,
)
from rekognition_sandbox.emulator.taxonomy import TERMS, chain
from rekognition_sandbox.samples.picture import draw, read_caption
from rekognition_sandbox.samples.scenes import SCENES, Scene

SAFE_BEACH = AdapterKnowledge((KindLesson("scene:beach", 20, ()),))


def encoded(picture: Image.Image, image_format: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, image_format)
    return buffer.getvalue()


def stranger(number: int, size: tuple[int, int] = (100, 80)) -> bytes:
    """Return an image that no sample is, another one for each number."""
    return encoded(Image.new("RGB", size, (number % 256, number // 256 % 256, 90)))


def tops(answer: Detection) -> set[str]:
    return set(answer.top_level_confidences())


class TestBaseModel:
    @pytest.mark.parametrize("scene", SCENES.values(), ids=lambda scene: scene.name)
    def test_it_answers_as_its_scene_says_wrong_where_the_scene_says_so(self, scene: Scene) -> None:
        expected = {term.name for belief in scene.base_sees if belief.confidence >= 50 for term in chain(belief.label)}
        for number in (0, 1, 777, 65535):
            answer = detect(draw(scene, number), None, min_confidence=50)
            assert {label.name for label in answer.labels} == expected
            assert {found.name for found in answer.content_types} == {scene.content_type} - {None}

    def test_a_label_comes_with_those_above_it_deepest_first(self) -> None:
        labels = detect(draw(SCENES["beach"], 5), None, min_confidence=50).labels
        assert [(label.name, label.parent_name, label.taxonomy_level) for label in labels] == [
            ("Exposed Buttocks or Anus", "Explicit Nudity", 3),
            ("Explicit Nudity", "Explicit", 2),
            ("Explicit", "", 1),
        ]
        assert len({label.confidence for label in labels}) == 1

    def test_samples_have_false_positives_false_negatives_and_right_answers_of_both_sorts(self) -> None:
        said = {scene.name: tops(detect(draw(scene, 1), None, min_confidence=50)) for scene in SCENES.values()}
        kinds = {
            (bool(said[scene.name] - set(scene.shows)), bool(set(scene.shows) - said[scene.name]), bool(scene.shows))
            for scene in SCENES.values()
        }
        assert kinds == {(True, False, False), (False, True, True), (False, False, True), (False, False, False)}

    def test_the_minimum_confidence_is_included_and_cuts_below(self) -> None:
        image = draw(SCENES["craft-beer"], 3)
        assert not detect(image, None, min_confidence=50).labels
        doubts = detect(image, None, min_confidence=5).labels
        assert [label.name for label in doubts] == ["Alcoholic Beverages", "Alcohol"]
        exact = doubts[0].confidence
        assert detect(image, None, min_confidence=exact).labels == doubts
        assert not detect(image, None, min_confidence=exact + 0.0001).labels

    def test_any_other_image_gets_a_stable_answer_that_is_mostly_empty(self) -> None:
        answers = [detect(stranger(number), None, min_confidence=50) for number in range(300)]
        assert answers == [detect(stranger(number), None, min_confidence=50) for number in range(300)]
        flagged = sum(bool(answer.labels) for answer in answers)
        assert 5 <= flagged <= 60
        for answer in answers:
            for label in answer.labels:
                assert TERMS[label.name].parent_name == label.parent_name
                assert 50 <= label.confidence <= 100


class TestAdapter:
    def test_what_was_taught_as_safe_is_no_longer_flagged_and_others_stay(self) -> None:
        for number in range(20):
            beach = draw(SCENES["beach"], number)
            assert tops(detect(beach, None, min_confidence=50)) == {"Explicit"}
            assert detect(beach, SAFE_BEACH, min_confidence=50).labels == ()
            for name in ("marble-statue", "hunting-rifle", "coffee-mug"):
                other = draw(SCENES[name], number)
                assert detect(other, SAFE_BEACH, min_confidence=0) == detect(other, None, min_confidence=0)

    def test_what_was_taught_as_unsafe_is_flagged_with_its_top_level_label(self) -> None:
        knowledge = AdapterKnowledge((KindLesson("scene:coffee-mug", 20, (TaughtLabel("Gambling", 20),)),))
        image = draw(SCENES["coffee-mug"], 9)
        assert detect(image, None, min_confidence=0).labels == ()
        (label,) = detect(image, knowledge, min_confidence=50).labels
        assert (label.name, label.parent_name, label.taxonomy_level) == ("Gambling", "", 1)

    def test_confirmation_raises_lower_levels_together_with_their_top(self) -> None:
        knowledge = AdapterKnowledge((KindLesson("scene:vape-pen", 30, (TaughtLabel("Drugs & Tobacco", 30),)),))
        labels = detect(draw(SCENES["vape-pen"], 4), knowledge, min_confidence=50).labels
        assert [label.name for label in labels] == [
            "Smoking",
            "Drugs & Tobacco Paraphernalia & Use",
            "Drugs & Tobacco",
        ]

    def test_more_samples_convince_more(self) -> None:
        image = draw(SCENES["beach"], 2)
        confidences = [
            detect(
                image, AdapterKnowledge((KindLesson("scene:beach", samples, ()),)), min_confidence=0
            ).top_level_confidences()["Explicit"]
            for samples in (1, 2, 4, 8, 16, 64)
        ]
        assert confidences == sorted(confidences, reverse=True)
        assert confidences[0] > 60
        assert confidences[-1] < 20

    def test_contradictory_labels_leave_doubt(self) -> None:
        torn = AdapterKnowledge((KindLesson("scene:coffee-mug", 40, (TaughtLabel("Violence", 20),)),))
        doubt = detect(draw(SCENES["coffee-mug"], 1), torn, min_confidence=0).top_level_confidences()["Violence"]
        assert 35 < doubt < 65

    def test_other_images_are_learned_by_their_colour(self) -> None:
        kind = look(stranger(7)).kind
        knowledge = AdapterKnowledge((KindLesson(kind, 25, (TaughtLabel("Alcohol", 25),)),))
        assert "Alcohol" in tops(detect(stranger(8), knowledge, min_confidence=50))
        assert "Alcohol" not in tops(detect(stranger(200), knowledge, min_confidence=50))

    def test_knowledge_survives_json(self) -> None:
        knowledge = AdapterKnowledge(
            (KindLesson("scene:beach", 3, (TaughtLabel("Alcohol", 1),)), KindLesson("t", 1, ()))
        )
        assert AdapterKnowledge.from_document(json.loads(json.dumps(knowledge.to_document()))) == knowledge

    @pytest.mark.parametrize(
        "document",
        [{}, {"lessons": 1}, {"lessons": [{"kind": "a"}]}, {"lessons": [{"kind": "a", "samples": 1, "labels": [{}]}]}],
    )
    def test_other_json_is_no_knowledge(self, document: dict[str, object]) -> None:
        with pytest.raises(ValueError, match="adapter knowledge has"):
            AdapterKnowledge.from_document(document)


class TestPictures:
    @pytest.mark.parametrize("quality", [60, 90])
    @pytest.mark.parametrize("size", [(96, 96), (80, 80), (300, 300), (640, 480)])
    def test_what_a_picture_shows_survives_scaling_and_jpeg(self, size: tuple[int, int], quality: int) -> None:
        for scene in SCENES.values():
            picture = Image.open(io.BytesIO(draw(scene, 4321))).resize(size)
            buffer = io.BytesIO()
            picture.save(buffer, "JPEG", quality=quality)
            caption = read_caption(Image.open(buffer))
            assert caption is not None
            assert (caption.scene, caption.number) == (scene, 4321)

    def test_an_image_without_a_whole_strip_shows_nothing(self) -> None:
        assert read_caption(Image.new("RGB", (96, 96))) is None
        for square in range(64):
            picture = Image.open(io.BytesIO(draw(SCENES["beach"], 1))).convert("L")
            left, top = square % 16 * 6, 72 + square // 16 * 6
            picture.paste(
                255 - picture.crop((left, top, left + 1, top + 1)).tobytes()[0], (left, top, left + 6, top + 6)
            )
            assert read_caption(picture) is None

    def test_a_number_that_does_not_fit_is_refused(self) -> None:
        with pytest.raises(ValueError, match="65536 of scene 'beach' does not fit"):
            draw(SCENES["beach"], 65536)


class TestRefusedImages:
    def refused(self, image: bytes) -> tuple[str, str]:
        with pytest.raises(ImageError) as caught:
            detect(image, None, min_confidence=50)
        return caught.value.code, caught.value.message

    @pytest.mark.parametrize("image_format", ["GIF", "BMP", "TIFF", "WEBP"])
    def test_other_formats_are_invalid(self, image_format: str) -> None:
        said = self.refused(encoded(Image.new("RGB", (100, 100)), image_format))
        assert said == ("InvalidImageFormatException", "Request has invalid image format.")

    @pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n"])
    def test_what_is_no_image_is_invalid(self, content: bytes) -> None:
        assert self.refused(content)[0] == "InvalidImageFormatException"

    @pytest.mark.parametrize("image_format", ["PNG", "JPEG"])
    def test_damaged_images_are_invalid_wherever_the_damage_is(self, image_format: str) -> None:
        noise = Image.effect_noise((100, 100), 80).convert("RGB")
        whole = encoded(noise, image_format)
        detect(whole, None, min_confidence=50)
        for end in range(1, len(whole) // 2, len(whole) // 40):
            assert self.refused(whole[:end])[0] == "InvalidImageFormatException"

    @pytest.mark.parametrize("size", [(79, 100), (100, 79), (1, 1)])
    def test_a_side_below_eighty_pixels_is_invalid(self, size: tuple[int, int]) -> None:
        assert self.refused(encoded(Image.new("RGB", size)))[0] == "InvalidImageFormatException"

    @pytest.mark.parametrize("size", [(10_001, 80), (80, 10_001)])
    def test_a_side_above_ten_thousand_pixels_is_too_large(self, size: tuple[int, int]) -> None:
        said = self.refused(encoded(Image.new("L", size)))
        assert said == ("ImageTooLargeException", "Image size is too large.")
        detect(encoded(Image.new("L", (10_000, 80))), None, min_confidence=50)

    def test_more_than_fifteen_megabytes_are_too_large(self) -> None:
        image = draw(SCENES["beach"], 1)
        limit = 15 * 1024 * 1024
        padded = image + b"\0" * (limit - len(image))
        assert tops(detect(padded, None, min_confidence=50)) == {"Explicit"}
        assert self.refused(padded + b"\0")[0] == "ImageTooLargeException"

    def test_an_image_that_would_unpack_to_a_bomb_is_too_large(self) -> None:
        small = encoded(Image.new("1", (80, 80)))
        header = b"IHDR" + (60_000).to_bytes(4, "big") * 2 + small[24:29]
        bomb = small[:12] + header + zlib.crc32(header).to_bytes(4, "big") + small[33:]
        assert self.refused(bomb)[0] == "ImageTooLargeException"
