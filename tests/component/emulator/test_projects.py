"""Do CreateProject, DescribeProjects and DeleteProject behave as the reference says?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from rekognition_sandbox.emulator.wire import QuotaChange

if TYPE_CHECKING:
    from collections.abc import Callable

    from component.emulator.conftest import Aws

    Refused = Callable[[Callable[[], object]], tuple[str, str]]


def test_a_project_is_creating_then_created_then_deleting_then_absent(aws: Aws) -> None:
    arn = aws.rekognition.create_project(ProjectName="a", Feature="CONTENT_MODERATION", AutoUpdate="ENABLED")[
        "ProjectArn"
    ]
    assert aws.project_statuses("CONTENT_MODERATION") == {"a": "CREATING"}

    aws.settle()
    assert aws.project_statuses("CONTENT_MODERATION") == {"a": "CREATED"}

    assert aws.rekognition.delete_project(ProjectArn=arn)["Status"] == "DELETING"
    assert aws.project_statuses("CONTENT_MODERATION") == {"a": "DELETING"}

    aws.settle()
    assert aws.project_statuses("CONTENT_MODERATION") == {}


def test_the_arn_ends_in_the_creation_timestamp_in_milliseconds(aws: Aws) -> None:
    arn = aws.adapter_project("storefront")

    (project,) = aws.rekognition.describe_projects(Features=["CONTENT_MODERATION"])["ProjectDescriptions"]

    prefix, _, created_ms = arn.rpartition("/")
    assert prefix == "arn:aws:rekognition:us-east-1:123456789012:project/storefront"
    assert project["ProjectArn"] == arn
    assert project["CreationTimestamp"].timestamp() * 1000 == pytest.approx(int(created_ms), abs=0.4)


def test_arns_never_collide_even_when_time_stands_still(aws: Aws) -> None:
    created = [aws.rekognition.create_project(ProjectName=f"p{n}")["ProjectArn"] for n in range(5)]

    times = [int(arn.rpartition("/")[2]) for arn in created]
    assert times == sorted(set(times))


@pytest.mark.parametrize("feature", ["CONTENT_MODERATION", "CUSTOM_LABELS"])
def test_a_project_name_is_unique_in_account_and_region(aws: Aws, refused: Refused, feature: str) -> None:
    aws.adapter_project("storefront")

    def again() -> object:
        if feature == "CUSTOM_LABELS":
            return aws.rekognition.create_project(ProjectName="storefront")
        return aws.rekognition.create_project(
            ProjectName="storefront", Feature="CONTENT_MODERATION", AutoUpdate="DISABLED"
        )

    assert refused(again)[0] == "ResourceInUseException"


def test_a_name_is_free_again_only_when_its_project_is_gone_and_gets_another_arn(aws: Aws, refused: Refused) -> None:
    first = aws.custom_labels_project("parts")
    aws.rekognition.delete_project(ProjectArn=first)

    code, _ = refused(lambda: aws.rekognition.create_project(ProjectName="parts"))
    aws.settle()

    assert code == "ResourceInUseException"
    assert aws.custom_labels_project("parts") != first


def test_adapters_need_auto_update_and_custom_labels_refuses_it(aws: Aws, refused: Refused) -> None:
    create = aws.rekognition.create_project

    assert refused(lambda: create(ProjectName="a", Feature="CONTENT_MODERATION"))[0] == "InvalidParameterException"
    assert refused(lambda: create(ProjectName="b", AutoUpdate="DISABLED"))[0] == "InvalidParameterException"
    assert aws.project_statuses("CONTENT_MODERATION") == aws.project_statuses("CUSTOM_LABELS") == {}


def test_adapters_are_listed_only_where_features_asks_for_them(aws: Aws) -> None:
    aws.adapter_project("adapter")
    aws.custom_labels_project("labels")

    def listed(**filters: object) -> list[str]:
        answer = aws.rekognition.describe_projects(**filters)  # type: ignore[arg-type]  # three literal filters below
        return [project["ProjectArn"].split("/")[1] for project in answer["ProjectDescriptions"]]

    assert listed() == ["labels"]
    assert listed(Features=["CONTENT_MODERATION"]) == ["adapter"]
    assert listed(Features=["CONTENT_MODERATION", "CUSTOM_LABELS"]) == ["labels", "adapter"]


def test_custom_labels_projects_show_neither_feature_nor_auto_update(aws: Aws) -> None:
    aws.custom_labels_project("labels")
    aws.adapter_project("adapter")

    labels, adapter = (
        aws.rekognition.describe_projects(Features=[feature])["ProjectDescriptions"][0]
        for feature in ("CUSTOM_LABELS", "CONTENT_MODERATION")
    )

    assert not {"Feature", "AutoUpdate"} & set(labels)
    assert (adapter["Feature"], adapter["AutoUpdate"]) == ("CONTENT_MODERATION", "DISABLED")


def test_projects_are_listed_newest_first_and_unknown_names_are_left_out(aws: Aws) -> None:
    for name in ("first", "second", "third"):
        aws.rekognition.create_project(ProjectName=name)

    everything = aws.rekognition.describe_projects()["ProjectDescriptions"]
    named = aws.rekognition.describe_projects(ProjectNames=["first", "third", "nobody"])["ProjectDescriptions"]

    assert [project["ProjectArn"].split("/")[1] for project in everything] == ["third", "second", "first"]
    assert [project["ProjectArn"].split("/")[1] for project in named] == ["third", "first"]
    assert aws.rekognition.describe_projects(ProjectNames=["nobody"])["ProjectDescriptions"] == []


def test_pages_have_a_token_until_the_last_one(aws: Aws) -> None:
    for number in range(5):
        aws.rekognition.create_project(ProjectName=f"p{number}")

    first = aws.rekognition.describe_projects(MaxResults=3)
    last = aws.rekognition.describe_projects(MaxResults=3, NextToken=first["NextToken"])

    assert len(first["ProjectDescriptions"]) == 3
    assert len(last["ProjectDescriptions"]) == 2
    assert "NextToken" not in last
    pages = aws.rekognition.get_paginator("describe_projects").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["ProjectDescriptions"]) for page in pages] == [2, 2, 1]


def test_a_token_that_nobody_gave_is_an_error(aws: Aws, refused: Refused) -> None:
    code, message = refused(lambda: aws.rekognition.describe_projects(NextToken="made-up"))

    assert code == "InvalidPaginationTokenException"
    assert message == "Invalid Pagination Token"


def test_a_project_with_versions_is_not_deleted_until_the_last_one_is_gone(aws: Aws, refused: Refused) -> None:
    project = aws.adapter_project()
    version = aws.train(project)

    assert refused(lambda: aws.rekognition.delete_project(ProjectArn=project))[0] == "ResourceInUseException"
    aws.rekognition.delete_project_version(ProjectVersionArn=version)
    code, message = refused(lambda: aws.rekognition.delete_project(ProjectArn=project))
    aws.settle()

    assert (code, "1 versions" in message) == ("ResourceInUseException", True)
    assert aws.rekognition.delete_project(ProjectArn=project)["Status"] == "DELETING"


def test_a_project_with_datasets_shows_them_and_is_not_deleted(aws: Aws, refused: Refused) -> None:
    project = aws.custom_labels_project()
    dataset = aws.control.add_dataset(project, "TRAIN")

    (described,) = aws.rekognition.describe_projects()["ProjectDescriptions"]
    code, message = refused(lambda: aws.rekognition.delete_project(ProjectArn=project))

    assert [(found["DatasetArn"], found["DatasetType"]) for found in described["Datasets"]] == [(dataset, "TRAIN")]
    assert (code, "1 datasets" in message) == ("ResourceInUseException", True)


def test_projects_that_are_absent_creating_or_deleting_are_not_deleted(aws: Aws, refused: Refused) -> None:
    arn = aws.rekognition.create_project(ProjectName="a")["ProjectArn"]
    absent = f"{arn.rpartition('/')[0]}/1"

    assert refused(lambda: aws.rekognition.delete_project(ProjectArn=absent))[0] == "ResourceNotFoundException"
    assert refused(lambda: aws.rekognition.delete_project(ProjectArn=arn))[0] == "ResourceInUseException"
    aws.settle()
    aws.rekognition.delete_project(ProjectArn=arn)
    assert refused(lambda: aws.rekognition.delete_project(ProjectArn=arn))[0] == "ResourceInUseException"


def test_the_hundred_and_first_project_is_over_the_quota(aws: Aws, refused: Refused) -> None:
    for number in range(100):
        aws.rekognition.create_project(ProjectName=f"p{number}")

    code, message = refused(lambda: aws.rekognition.create_project(ProjectName="one-more"))

    assert code == "LimitExceededException"
    assert message == "100 Projects for User arn:aws:iam::123456789012:root Maximum limit: 100"


def test_the_project_quota_can_be_set(aws: Aws, refused: Refused) -> None:
    aws.control.set_quotas(QuotaChange(projects=1))
    aws.rekognition.create_project(ProjectName="a")

    assert refused(lambda: aws.rekognition.create_project(ProjectName="b"))[0] == "LimitExceededException"


def test_regions_and_accounts_do_not_see_each_other(aws: Aws, refused: Refused) -> None:
    arn = aws.custom_labels_project("parts")
    elsewhere = aws.client("eu-west-1")
    role = aws.role_client("210987654321")

    assert elsewhere.describe_projects()["ProjectDescriptions"] == []
    assert role.describe_projects()["ProjectDescriptions"] == []
    assert refused(lambda: elsewhere.delete_project(ProjectArn=arn))[0] == "ResourceNotFoundException"
    there = elsewhere.create_project(ProjectName="parts")["ProjectArn"]
    assert there.startswith("arn:aws:rekognition:eu-west-1:123456789012:project/parts/")
    other = role.create_project(ProjectName="parts")["ProjectArn"]
    assert other.startswith("arn:aws:rekognition:us-east-1:210987654321:project/parts/")


def test_creation_times_are_emulated_ones(aws: Aws) -> None:
    before = aws.control.clock().now
    aws.control.advance(timedelta(days=90).total_seconds())

    aws.rekognition.create_project(ProjectName="later")

    (project,) = aws.rekognition.describe_projects()["ProjectDescriptions"]
    assert project["CreationTimestamp"] - before >= timedelta(days=90)
