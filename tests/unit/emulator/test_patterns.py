"""Do the model's Java patterns match in Python what they match at AWS?"""

from __future__ import annotations

import pytest

from rekognition_sandbox.emulator.model import service_model
from rekognition_sandbox.emulator.patterns import compile_pattern

TAG_KEY = r"^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]*$"


@pytest.mark.parametrize("text", ["team", "Größe", "東京", "a b", "rekognition-operator.io/cluster", "٣", ""])
def test_tag_keys_may_have_letters_spaces_and_digits_of_every_script(text: str) -> None:
    assert compile_pattern(TAG_KEY).fullmatch(text)


@pytest.mark.parametrize("text", ["aws:team", "a,b", "a;b", "tab\there", "smile\N{GRINNING FACE}", "a\n"])
def test_tag_keys_have_neither_the_prefix_of_aws_nor_other_signs(text: str) -> None:
    assert compile_pattern(TAG_KEY).fullmatch(text) is None


def test_every_pattern_of_the_service_model_compiles() -> None:
    model = service_model()
    patterns = {model.shape_for(name).metadata.get("pattern") for name in model.shape_names} - {None}

    assert len(patterns) > 20
    for pattern in patterns:
        compile_pattern(pattern)
