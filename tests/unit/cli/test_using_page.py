"""Does docs/using.md say what the commands and the client library do?"""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
from typer.main import get_command

from rekognition_operator import client
from rekognition_operator.api.moderationadapter import ModerationAdapter
from rekognition_operator.cli.answers import Answer, Question
from rekognition_operator.cli.detect import CONTENT_CLASSIFIERS
from rekognition_operator.cli.main import app
from rekognition_operator.cli.resources import Version
from rekognition_operator.core.detected import ContentType, DetectedLabel, HumanLoop, ModerationAnswer

PAGE = (Path(__file__).parents[3] / "docs" / "using.md").read_text(encoding="utf-8")


def test_every_option_of_detect_is_on_the_page() -> None:
    detect = get_command(app).commands["detect"]  # type: ignore[attr-defined]  # a group
    options = [max(parameter.opts, key=len) for parameter in detect.params if parameter.opts[0].startswith("-")]
    assert [option for option in options if option not in PAGE and option != "--help"] == []
    assert [word for word in CONTENT_CLASSIFIERS if word not in PAGE] == []


def test_the_json_on_the_page_has_the_members_of_an_answer() -> None:
    found = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    label, drawn = DetectedLabel("Violence", 80.0), ContentType("Illustrated", 95.5)
    moderation = ModerationAnswer((label,), (drawn,), "7.0", "arn:aws:rekognition:eu-west-1:1:project/p/version/v/1")
    question = Question(
        ModerationAdapter,
        Version("v", "arn", in_service=True),
        compare_base=True,
        human_loop=HumanLoop("l", "arn"),
    )
    answer = json.loads(Answer("beach.jpg", question, moderation.labels, moderation, ModerationAnswer()).as_json())
    assert shape(json.loads(found.group(1))) == shape(answer)


def shape(value: object) -> object:
    """Return the members of a document, without their values."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    return [shape(item) for item in value] if isinstance(value, list) else None


@pytest.mark.parametrize("name", client.__all__)
def test_everything_of_the_library_is_on_the_page(name: str) -> None:
    assert name in PAGE or name == "NoActiveVersionError"


@pytest.mark.parametrize("kind", [client.ActiveAdapter, client.ActiveModel])
def test_every_member_of_what_the_library_returns_is_on_the_page(kind: type) -> None:
    (line,) = [line for line in PAGE.splitlines() if f"`{kind.__name__}`:" in line]
    assert re.findall(r"`(\w+)`", line.partition(f"`{kind.__name__}`:")[2]) == [f.name for f in fields(kind)]
