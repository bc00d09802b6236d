"""Do TagResource, UntagResource and ListTagsForResource behave as the reference says?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from component.emulator.conftest import Aws

    Refused = Callable[[Callable[[], object]], tuple[str, str]]


def tags(aws: Aws, arn: str) -> dict[str, str]:
    return aws.rekognition.list_tags_for_resource(ResourceArn=arn)["Tags"]


def test_projects_and_versions_are_created_with_tags(aws: Aws) -> None:
    project = aws.adapter_project(tags={"team": "trust-safety", "rekognition-operator.io/cluster": "blue"})
    version = aws.start_training(project)

    assert tags(aws, project) == {"team": "trust-safety", "rekognition-operator.io/cluster": "blue"}
    assert tags(aws, version) == {"team": "trust-safety"}


@pytest.mark.parametrize("kind", ["project", "version"])
def test_tagging_adds_and_changes_and_untagging_removes(aws: Aws, kind: str) -> None:
    project = aws.adapter_project(tags={"team": "trust-safety"})
    arn = project if kind == "project" else aws.start_training(project)

    aws.rekognition.tag_resource(ResourceArn=arn, Tags={"team": "search", "stage": "prod"})
    added = tags(aws, arn)
    aws.rekognition.untag_resource(ResourceArn=arn, TagKeys=["team", "never-there"])

    assert added == {"team": "search", "stage": "prod"}
    assert tags(aws, arn) == {"stage": "prod"}


def test_absent_resources_and_other_arns_are_refused(aws: Aws, refused: Refused) -> None:
    absent = aws.adapter_project().rpartition("/")[0] + "/1"
    collection = "arn:aws:rekognition:us-east-1:123456789012:collection/faces"

    assert refused(lambda: tags(aws, absent))[0] == "ResourceNotFoundException"
    tag_absent = refused(lambda: aws.rekognition.tag_resource(ResourceArn=absent, Tags={"a": "b"}))
    assert tag_absent[0] == "ResourceNotFoundException"
    assert refused(lambda: tags(aws, collection))[0] == "InvalidParameterException"


def test_a_resource_holds_two_hundred_tags(aws: Aws, refused: Refused) -> None:
    project = aws.adapter_project(tags={f"k{number}": "" for number in range(200)})

    aws.rekognition.tag_resource(ResourceArn=project, Tags={"k0": "changed"})
    code, _ = refused(lambda: aws.rekognition.tag_resource(ResourceArn=project, Tags={"one": "more"}))

    assert code == "ServiceQuotaExceededException"
    assert tags(aws, project)["k0"] == "changed"
    assert len(tags(aws, project)) == 200


def test_tags_are_gone_with_their_resource(aws: Aws, refused: Refused) -> None:
    project = aws.adapter_project(tags={"team": "search"})
    aws.rekognition.delete_project(ProjectArn=project)
    aws.settle()

    assert refused(lambda: tags(aws, project))[0] == "ResourceNotFoundException"
