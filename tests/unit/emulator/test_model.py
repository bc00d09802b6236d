"""Is an answer written as the service model says, and nothing else?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rekognition_sandbox.emulator.dispatch import HANDLERS
from rekognition_sandbox.emulator.model import ModelMismatchError, serialise, service_model


def test_timestamps_are_epoch_seconds_with_milliseconds() -> None:
    moment = datetime(2023, 7, 28, 15, 5, 51, 958000, tzinfo=UTC)

    assert serialise("DescribeProjects", {"ProjectDescriptions": [{"CreationTimestamp": moment}]}) == {
        "ProjectDescriptions": [{"CreationTimestamp": 1690556751.958}]
    }


def test_members_that_are_none_are_left_out() -> None:
    assert serialise("DescribeProjects", {"ProjectDescriptions": [], "NextToken": None}) == {"ProjectDescriptions": []}


@pytest.mark.parametrize(
    ("operation", "output", "text"),
    [
        ("CreateProject", {"ProjectName": "a"}, "CreateProjectResponse has no member ProjectName"),
        ("CreateProject", {"ProjectArn": 7}, "int does not fit ProjectArn"),
        ("DeleteProject", {"Status": "GONE"}, "'GONE' is none of CREATING, CREATED, DELETING"),
        ("DescribeProjects", {"ProjectDescriptions": [{"Datasets": "none"}]}, "str does not fit DatasetMetadataList"),
    ],
)
def test_what_the_model_does_not_have_is_a_bug(operation: str, output: dict[str, object], text: str) -> None:
    with pytest.raises(ModelMismatchError, match=text):
        serialise(operation, output)


def test_every_operation_of_the_emulator_is_one_of_the_service() -> None:
    assert set(HANDLERS) <= set(service_model().operation_names)
