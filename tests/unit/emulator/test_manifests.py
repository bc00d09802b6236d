"""What does the emulator make of one manifest line, and of the taxonomy's names in it?"""

import json

import pytest

from rekognition_sandbox.emulator.adapter_manifests import read_ground_truth
from rekognition_sandbox.emulator.manifests import (
    S3Location,
    UseCase,
    read_line,
    statistics,
    to_json_lines,
)
from rekognition_sandbox.emulator.taxonomy import TERMS, TOP_LEVEL, chain, manifest_label, top_level

IMAGE = "s3://foo/bar/1.jpg"


def truth(*names: str) -> dict[str, object]:
    return {
        "source-ref": IMAGE,
        "content-moderation-groundtruth": {"ModerationLabels": [{"Name": name} for name in names]},
    }


class TestLines:
    @pytest.mark.parametrize(
        ("names", "labels"),
        [
            ((), set()),
            (("Rude Gesture",), {"Rude Gestures"}),
            (("Rude Gesture", "Nudity"), {"Rude Gestures", "Explicit"}),
            (("Violence", "Violence"), {"Violence"}),
            (("Drugs & Tobacco", "Smoking"), {"Drugs & Tobacco"}),
        ],
    )
    def test_lines_in_the_documented_format_are_understood(self, names: tuple[str, ...], labels: set[str]) -> None:
        line = read_line(json.dumps(truth(*names)), read_ground_truth)
        assert line.usable
        assert line.image == S3Location("foo", "bar/1.jpg")
        assert line.labels == labels
        assert line.with_validation() == truth(*names)

    @pytest.mark.parametrize(
        ("text", "code", "message"),
        [
            ("{", "ERROR_INVALID_JSON_LINE", "The JSON Line has an invalid format."),
            ("[]", "ERROR_INVALID_JSON_LINE", "The JSON Line has an invalid format."),
            ("{}", "ERROR_MISSING_SOURCE_REF", "The source-ref key is missing."),
            (
                '{"source-ref": "https://foo/1.jpg"}',
                "ERROR_INVALID_SOURCE_REF_FORMAT",
                "The format of the source-ref value is invalid.",
            ),
            (
                '{"source-ref": 7}',
                "ERROR_INVALID_SOURCE_REF_FORMAT",
                "The format of the source-ref value is invalid.",
            ),
            (
                '{"source-ref": "s3://foo/"}',
                "ERROR_INVALID_SOURCE_REF_FORMAT",
                "The format of the source-ref value is invalid.",
            ),
            (f'{{"source-ref": "{IMAGE}"}}', "ERROR_NO_LABEL_ATTRIBUTES", "No label attributes found."),
            *(
                (
                    f'{{"source-ref": "{IMAGE}", "content-moderation-groundtruth": {attribute}}}',
                    "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT",
                    "The format of the label attribute content-moderation-groundtruth is invalid.",
                )
                for attribute in (
                    "[]",
                    "null",
                    "{}",
                    '{"ModerationLabels": "Violence"}',
                    '{"ModerationLabels": ["Violence"]}',
                    '{"ModerationLabels": [{"name": "Violence"}]}',
                    '{"ModerationLabels": [{"Name": 1}]}',
                )
            ),
            (json.dumps(truth("Nakedness")), "ERROR_NO_VALID_LABEL_ATTRIBUTES", "No valid label attributes found."),
            (json.dumps(truth("violence")), "ERROR_NO_VALID_LABEL_ATTRIBUTES", "No valid label attributes found."),
            (
                json.dumps(truth("Violence", "Nakedness")),
                "ERROR_NO_VALID_LABEL_ATTRIBUTES",
                "No valid label attributes found.",
            ),
        ],
    )
    def test_a_bad_line_carries_the_code_and_text_of_aws(self, text: str, code: str, message: str) -> None:
        line = read_line(text, read_ground_truth)
        assert not line.usable
        assert line.with_validation()["errors"] == [{"code": code, "message": message}]

    def test_the_validation_of_a_bad_line_keeps_what_was_written(self) -> None:
        marked = read_line(json.dumps(truth("Nakedness")), read_ground_truth).with_validation()
        assert {key: value for key, value in marked.items() if key != "errors"} == truth("Nakedness")

    @pytest.mark.parametrize("name", ["Weapons", "Blood & Gore", "Explicit Nudity"])
    def test_a_line_with_names_of_lower_levels_only_is_ignored_with_a_warning(self, name: str) -> None:
        line = read_line(json.dumps(truth(name)), read_ground_truth)
        assert not line.usable
        assert line.error is None
        assert line.with_validation()["warnings"] == [
            {"code": "WARNING_NO_ANNOTATIONS", "message": "No annotations were found."}
        ]


class TestStatistics:
    def test_every_line_is_counted_once_and_bad_ones_are_named_by_number(self) -> None:
        texts = [json.dumps(truth()), "{", json.dumps(truth("Weapons")), "{}", json.dumps(truth("Violence"))]
        half = statistics(tuple(read_line(text, read_ground_truth) for text in texts), (), UseCase.IMAGE_LEVEL_LABELS)
        assert half == {
            "use_case": "IMAGE_LEVEL_LABELS",
            "total_json_lines": 5,
            "valid_json_lines": 2,
            "invalid_json_lines": 2,
            "ignored_json_lines": 1,
            "error_json_line_indices": [2, 4],
            "errors": [],
        }

    def test_json_lines_are_one_document_a_line(self) -> None:
        assert to_json_lines([{"a": "é\n"}, {}]).decode() == '{"a": "é\\n"}\n{}\n'


class TestTaxonomy:
    def test_it_has_the_ten_categories_of_model_seven(self) -> None:
        assert set(TOP_LEVEL) == {
            "Explicit",
            "Non-Explicit Nudity of Intimate parts and Kissing",
            "Swimwear or Underwear",
            "Violence",
            "Visually Disturbing",
            "Drugs & Tobacco",
            "Alcohol",
            "Rude Gestures",
            "Gambling",
            "Hate Symbols",
        }

    def test_each_term_stands_one_level_below_its_parent(self) -> None:
        for term in TERMS.values():
            parent = TERMS.get(term.parent_name)
            assert term.level == (1 if parent is None else parent.level + 1)
            assert (term.parent_name == "") == (parent is None)
            assert [link.level for link in chain(term.name)] == list(range(1, term.level + 1))
            assert top_level(term.name) in TOP_LEVEL
        assert {term.level for term in TERMS.values()} == {1, 2, 3}

    def test_the_chain_of_the_documented_example(self) -> None:
        assert [term.name for term in chain("Implied Nudity")] == [
            "Non-Explicit Nudity of Intimate parts and Kissing",
            "Non-Explicit Nudity",
            "Implied Nudity",
        ]

    def test_every_top_level_name_is_taken_in_manifests_as_it_is(self) -> None:
        for name in TOP_LEVEL:
            term = manifest_label(name)
            assert term is not None
            assert term.name == name
        assert manifest_label("Nakedness") is None
