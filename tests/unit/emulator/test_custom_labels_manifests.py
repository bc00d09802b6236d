"""What does the emulator make of one line of a Custom Labels manifest?"""

import json
from typing import Any

import pytest

from rekognition_sandbox.emulator.boxes import Box, LabelledBox
from rekognition_sandbox.emulator.custom_labels.manifests import read_ground_truth
from rekognition_sandbox.emulator.manifests import ManifestLine, S3Location, read_line
from rekognition_sandbox.samples.parts import classification

SOURCE = "s3://foo/bar/1.jpg"


def read(document: dict[str, Any]) -> ManifestLine:
    return read_line(json.dumps({"source-ref": SOURCE, **document}), read_ground_truth)


def boxes(*annotations: dict[str, int], **metadata: Any) -> dict[str, Any]:
    """Return a label attribute for object detection on an image of 640 x 480 with the classes Echo and Echo Dot."""
    return {
        "bounding-box": {
            "image_size": [{"width": 640, "height": 480, "depth": 3}],
            "annotations": list(annotations),
        },
        "bounding-box-metadata": {
            "objects": [{"confidence": 1} for _ in annotations],
            "class-map": {"0": "Echo", "1": "Echo Dot"},
            "type": "groundtruth/object-detection",
            "human-annotated": "yes",
            "creation-date": "2013-11-18T02:53:27",
            **metadata,
        },
    }


def box(class_id: int = 0, left: int = 64, top: int = 48, width: int = 320, height: int = 240) -> dict[str, int]:
    return {"class_id": class_id, "left": left, "top": top, "width": width, "height": height}


class TestClassification:
    def test_the_line_of_the_guide_has_its_class_name_as_label(self) -> None:
        line = read(
            {
                "TestCLConsoleBucket": 0,
                "TestCLConsoleBucket-metadata": {
                    "confidence": 0.95,
                    "job-name": "labeling-job/testclconsolebucket",
                    "class-name": "Echo Dot",
                    "human-annotated": "yes",
                    "creation-date": "2020-04-15T20:17:23.433061",
                    "type": "groundtruth/image-classification",
                },
            }
        )
        assert line.usable
        assert line.image == S3Location("foo", "bar/1.jpg")
        assert line.labels == {"Echo Dot"}
        assert line.boxes == ()
        assert line.marked is None

    def test_an_image_may_have_several_labels(self) -> None:
        assert read(classification("football", "ball")).labels == {"football", "ball"}

    @pytest.mark.parametrize(
        "wrong",
        [
            {"class-name": None},
            {"class-name": ""},
            {"confidence": 2},
            {"confidence": "1"},
            {"human-annotated": "perhaps"},
            {"creation-date": "yesterday"},
            {"creation-date": None},
        ],
    )
    def test_faulty_metadata_is_told_in_its_place_and_spoils_a_line_without_another_label(
        self, wrong: dict[str, object]
    ) -> None:
        document = classification("football", "ball")
        document["part-1-metadata"] = {**json.loads(json.dumps(document["part-1-metadata"])), **wrong}
        line = read(document)
        assert line.usable
        assert line.labels == {"football"}
        told = line.with_validation()["part-1-metadata"]
        assert isinstance(told, dict)
        assert told["errors"] == [
            {
                "code": "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT",
                "message": "The format of the label attribute metadata is invalid.",
            }
        ]
        alone = read({key: value for key, value in document.items() if key.startswith("part-1")})
        assert alone.error is not None
        assert alone.error.code == "ERROR_NO_VALID_LABEL_ATTRIBUTES"
        assert alone.document == {
            "source-ref": SOURCE,
            **{key: value for key, value in document.items() if key.startswith("part-1")},
        }

    @pytest.mark.parametrize("identifier", ["one", None, 0.5, True])
    def test_a_label_attribute_is_a_whole_number(self, identifier: object) -> None:
        line = read({**classification("gear"), "part-0": identifier})
        assert line.error is not None
        assert line.error.code == "ERROR_NO_VALID_LABEL_ATTRIBUTES"
        marked = json.dumps(line.with_validation())
        assert "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT" in marked
        assert "The format of the label attribute part-0 is invalid." in marked

    @pytest.mark.parametrize(
        ("document", "code"),
        [
            ({"part-0": 0}, "ERROR_NO_LABEL_ATTRIBUTES"),
            ({"part-0-metadata": {"type": "groundtruth/image-classification"}}, "ERROR_NO_LABEL_ATTRIBUTES"),
            ({"part-0": 0, "part-0-metadata": {"type": "groundtruth/text"}}, "ERROR_NO_VALID_LABEL_ATTRIBUTES"),
            ({"part-0": 0, "part-0-metadata": 7}, "ERROR_NO_VALID_LABEL_ATTRIBUTES"),
        ],
    )
    def test_a_line_without_supported_attributes_is_an_error(self, document: dict[str, Any], code: str) -> None:
        line = read(document)
        assert line.error is not None
        assert line.error.code == code

    @pytest.mark.parametrize("document", [{}, {"cl-metadata": {"is_labeled": False}}])
    def test_an_image_without_labels_is_ignored(self, document: dict[str, Any]) -> None:
        line = read(document)
        assert line.error is None
        assert line.with_validation()["warnings"] == [
            {"code": "WARNING_UNANNOTATED_RECORD", "message": "Record is unannotated."}
        ]


class TestObjectDetection:
    def test_boxes_become_shares_of_the_image(self) -> None:
        line = read(boxes(box(1), box(0, left=0, top=0, width=640, height=480)))
        assert line.usable
        assert line.labels == frozenset()
        assert line.boxes == (
            LabelledBox("Echo Dot", Box(0.1, 0.1, 0.5, 0.5)),
            LabelledBox("Echo", Box(0.0, 0.0, 1.0, 1.0)),
        )
        assert line.image_pixels == (640, 480)

    @pytest.mark.parametrize(
        ("wrong", "code"),
        [
            (box(left=-1), "ERROR_INVALID_BOUNDING_BOX"),
            (box(left=400), "ERROR_INVALID_BOUNDING_BOX"),
            (box(top=300), "ERROR_INVALID_BOUNDING_BOX"),
            (box(width=1), "ERROR_BOUNDING_BOX_TOO_SMALL"),
            (box(height=1), "ERROR_BOUNDING_BOX_TOO_SMALL"),
            (box(class_id=2), "ERROR_MISSING_CLASS_MAP_ID"),
            ({"class_id": 0, "left": 1}, "ERROR_INVALID_BOUNDING_BOX"),
        ],
    )
    def test_a_faulty_box_is_told_in_its_place_and_the_others_are_used(self, wrong: dict[str, int], code: str) -> None:
        line = read(boxes(wrong, box(1)))
        assert line.usable
        assert [placed.label for placed in line.boxes] == ["Echo Dot"]
        attribute = line.with_validation()["bounding-box"]
        assert isinstance(attribute, dict)
        assert [error["code"] for error in attribute["annotations"][0]["errors"]] == [code]
        assert "errors" not in attribute["annotations"][1]
        alone = read(boxes(wrong))
        assert alone.error is not None
        assert alone.error.code == "ERROR_NO_VALID_ANNOTATIONS"

    def test_a_box_must_be_larger_than_a_pixel_after_large_images_are_scaled_down(self) -> None:
        document = boxes(box(left=0, top=0, width=3, height=3))
        assert read(document).usable
        document["bounding-box"]["image_size"] = [{"width": 4096, "height": 3000, "depth": 3}]
        assert not read(document).usable

    @pytest.mark.parametrize(
        ("document", "code"),
        [
            (boxes(box(), objects=[]), "ERROR_MISSING_BOUNDING_BOX_CONFIDENCE"),
            (boxes(box(), objects=[{}]), "ERROR_MISSING_BOUNDING_BOX_CONFIDENCE"),
            (boxes(box(), **{"class-map": None}), "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"),
            (boxes(box(), **{"human-annotated": "maybe"}), "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"),
            (boxes(*[box()] * 51), "ERROR_TOO_MANY_BOUNDING_BOXES"),
            ({**boxes(box()), "bounding-box": {"annotations": [box()]}}, "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"),
            ({**boxes(box()), "bounding-box": 1}, "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"),
            (boxes(7), "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"),  # type: ignore[arg-type]  # faulty by intent
        ],
    )
    def test_a_faulty_attribute_is_told_in_its_place_and_the_line_is_invalid(
        self, document: dict[str, Any], code: str
    ) -> None:
        line = read(document)
        assert line.error is not None
        assert line.error.code == "ERROR_NO_VALID_LABEL_ATTRIBUTES"
        assert f'"code": "{code}"' in json.dumps(line.with_validation())

    def test_fifty_boxes_are_not_too_many(self) -> None:
        assert len(read(boxes(*[box()] * 50)).boxes) == 50

    def test_a_line_with_no_boxes_is_ignored_with_both_warnings(self) -> None:
        line = read(boxes())
        assert line.error is None
        assert not line.usable
        marked = line.with_validation()
        attribute = marked["bounding-box"]
        assert isinstance(attribute, dict)
        assert attribute["warnings"] == [
            {"code": "WARNING_NO_ATTRIBUTE_ANNOTATIONS", "message": "No attribute annotations were found."}
        ]
        assert marked["warnings"] == [{"code": "WARNING_NO_ANNOTATIONS", "message": "No annotations were found."}]

    def test_a_line_may_have_labels_of_both_formats(self) -> None:
        line = read({**boxes(box(1)), **classification("shelf")})
        assert line.labels == {"shelf"}
        assert [placed.label for placed in line.boxes] == ["Echo Dot"]


@pytest.mark.parametrize(
    ("left", "top", "overlap"), [(0.0, 0.0, 1.0), (0.5, 0.0, 0.0), (0.25, 0.0, 1 / 3), (0.6, 0.6, 0.0)]
)
def test_overlap_is_the_intersection_over_the_union(left: float, top: float, overlap: float) -> None:
    assert Box(0.0, 0.0, 0.5, 0.5).overlap(Box(left, top, 0.5, 0.5)) == pytest.approx(overlap)
