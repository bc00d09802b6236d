"""Does the server refuse what the service model forbids, in AWS's words?"""

from __future__ import annotations

import json

import pytest

from rekognition_sandbox.emulator.errors import AwsError
from rekognition_sandbox.emulator.validation import parse_request

PROJECT = "arn:aws:rekognition:us-east-1:123456789012:project/storefront/1690556751958"
VERSION = f"{PROJECT.rpartition('/')[0]}/version/v1/1690556751958"
OUTPUT = {"S3Bucket": "acme-ml"}


def refuse(operation: str, request: object) -> AwsError:
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    with pytest.raises(AwsError) as caught:
        parse_request(operation, body)
    return caught.value


@pytest.mark.parametrize(
    ("operation", "request_", "texts"),
    [
        ("CreateProject", {}, ["Value null at 'projectName' failed to satisfy constraint: Member must not be null"]),
        (
            "CreateProject",
            {"ProjectName": "a b"},
            ["'a b' at 'projectName'", r"Member must satisfy regular expression pattern: [a-zA-Z0-9_.\-]+"],
        ),
        (
            "CreateProject",
            {"ProjectName": "a" * 256},
            ["at 'projectName'", "Member must have length less than or equal to 255"],
        ),
        ("CreateProject", {"ProjectName": ""}, ["'projectName'", "length greater than or equal to 1"]),
        (
            "CreateProject",
            {"ProjectName": "a", "Feature": "FACES"},
            ["'FACES' at 'feature'", "Member must satisfy enum value set: [CONTENT_MODERATION, CUSTOM_LABELS]"],
        ),
        ("CreateProject", {"ProjectName": "a", "AutoUpdate": "YES"}, ["'autoUpdate'", "[ENABLED, DISABLED]"]),
        (
            "CreateProject",
            {"ProjectName": "a", "Tags": {"aws:team": "x"}},
            ["Value '{aws:team=x}' at 'tags'", "Map keys must satisfy constraint: ["],
        ),
        (
            "CreateProject",
            {"ProjectName": "a", "Tags": {"team": "x" * 257}},
            ["at 'tags'", "Map value must satisfy constraint: [Member must have length less than or equal to 256"],
        ),
        (
            "CreateProject",
            {"ProjectName": "a", "Tags": {f"k{n}": "" for n in range(201)}},
            ["at 'tags'", "Member must have length less than or equal to 200"],
        ),
        ("DescribeProjects", {"MaxResults": 101}, ["Value '101' at 'maxResults'", "value less than or equal to 100"]),
        ("DescribeProjects", {"MaxResults": 0}, ["'maxResults'", "value greater than or equal to 1"]),
        (
            "DescribeProjects",
            {"ProjectNames": []},
            ["Value '[]' at 'projectNames'", "length greater than or equal to 1"],
        ),
        (
            "DescribeProjects",
            {"ProjectNames": [f"p{n}" for n in range(11)]},
            ["[p0, p1, ", "at 'projectNames'", "length less than or equal to 10"],
        ),
        (
            "DescribeProjects",
            {"ProjectNames": ["a b"]},
            ["Value '[a b]' at 'projectNames'", "Member must satisfy constraint: [Member must have length less"],
        ),
        ("DescribeProjects", {"NextToken": "x" * 1025}, ["'nextToken'", "less than or equal to 1024"]),
        (
            "DescribeProjectVersions",
            {"ProjectArn": PROJECT, "VersionNames": [f"v{n}" for n in range(11)]},
            ["'versionNames'", "length less than or equal to 10"],
        ),
        ("DescribeProjectVersions", {"ProjectArn": VERSION}, ["'projectArn'", "regular expression pattern: (^arn:"]),
        ("DeleteProject", {"ProjectArn": "short"}, ["'projectArn'", "length greater than or equal to 20"]),
        ("DeleteProjectVersion", {"ProjectVersionArn": PROJECT}, ["'projectVersionArn'", "regular expression"]),
        (
            "CreateProjectVersion",
            {"ProjectArn": PROJECT, "VersionName": "v", "OutputConfig": {"S3Bucket": "a!"}},
            ["at 'outputConfig.s3Bucket'", "regular expression", "length greater than or equal to 3"],
        ),
        (
            "CreateProjectVersion",
            {
                "ProjectArn": PROJECT,
                "VersionName": "v",
                "OutputConfig": OUTPUT,
                "TrainingData": {"Assets": [{"GroundTruthManifest": {"S3Object": {"Bucket": "acme-ml", "Name": ""}}}]},
            },
            ["at 'trainingData.assets.1.member.groundTruthManifest.s3Object.name'", "greater than or equal to 1"],
        ),
        (
            "CreateProjectVersion",
            {
                "ProjectArn": PROJECT,
                "VersionName": "v",
                "OutputConfig": OUTPUT,
                "FeatureConfig": {"ContentModeration": {"ConfidenceThreshold": 100.5}},
            },
            ["'featureConfig.contentModeration.confidenceThreshold'", "value less than or equal to 100"],
        ),
        (
            "CreateProjectVersion",
            {"ProjectArn": PROJECT, "VersionName": "v", "OutputConfig": OUTPUT, "KmsKeyId": "alias key"},
            ["'kmsKeyId'", "regular expression"],
        ),
        (
            "CreateProjectVersion",
            {"ProjectArn": PROJECT, "VersionName": "v", "OutputConfig": OUTPUT, "VersionDescription": "a <b>"},
            ["'versionDescription'", "regular expression"],
        ),
        (
            "DetectModerationLabels",
            {"Image": {}, "MinConfidence": -1},
            ["'minConfidence'", "greater than or equal to 0"],
        ),
        ("DetectModerationLabels", {"Image": {"Bytes": ""}}, ["'image.bytes'", "length greater than or equal to 1"]),
        (
            "DetectModerationLabels",
            {
                "Image": {},
                "HumanLoopConfig": {
                    "HumanLoopName": "Bad",
                    "FlowDefinitionArn": "arn",
                    "DataAttributes": {"ContentClassifiers": ["FreeOfCats"]},
                },
            },
            ["'humanLoopConfig.humanLoopName'", "'humanLoopConfig.dataAttributes.contentClassifiers'"],
        ),
        ("TagResource", {"ResourceArn": PROJECT}, ["Value null at 'tags'"]),
        (
            "UntagResource",
            {"ResourceArn": PROJECT, "TagKeys": ["aws:x"]},
            ["'tagKeys'", "Member must satisfy constraint"],
        ),
        (
            "CreateProject",
            {"ProjectName": "a", "Autoupdate": "ENABLED"},
            ["'autoupdate'", "Member must be one of [Proj"],
        ),
    ],
)
def test_a_violated_constraint_is_a_validation_exception_that_names_the_member(
    operation: str, request_: dict[str, object], texts: list[str]
) -> None:
    error = refuse(operation, request_)

    assert error.code == "ValidationException"
    assert error.status == 400
    for text in texts:
        assert text in error.message


def test_all_violations_are_told_at_once() -> None:
    error = refuse("CreateProject", {"ProjectName": "a b", "Feature": "FACES"})

    assert error.message.startswith("2 validation errors detected: Value 'a b' at 'projectName'")
    assert "; Value 'FACES' at 'feature'" in error.message


@pytest.mark.parametrize(
    ("operation", "body", "text"),
    [
        ("CreateProject", b'{"ProjectName": 7}', "NUMBER_VALUE at 'projectName' can not be converted to a string"),
        ("CreateProject", b"[]", "LIST_VALUE can not be converted to a structure"),
        ("CreateProject", b"{", "not JSON"),
        ("CreateProject", b'{"ProjectName": "a", "Tags": ["x"]}', "LIST_VALUE at 'tags' can not be converted to a map"),
        ("CreateProject", b'{"ProjectName": "a", "Tags": {"x": null}}', "NULL_VALUE at 'tags.x'"),
        ("DescribeProjects", b'{"MaxResults": 1.5}', "DECIMAL_VALUE at 'maxResults' can not be converted to a integer"),
        ("DescribeProjects", b'{"MaxResults": true}', "BOOLEAN_VALUE at 'maxResults'"),
        ("DescribeProjects", b'{"ProjectNames": "p"}', "STRING_VALUE at 'projectNames' can not be converted to a list"),
        ("DetectModerationLabels", b'{"Image": {"Bytes": "%%%"}}', "'image.bytes' is not base64"),
        ("DetectModerationLabels", b'{"Image": {}, "MinConfidence": NaN}', "NaN is not a JSON number"),
    ],
)
def test_a_wrong_type_is_a_serialization_exception(operation: str, body: bytes, text: str) -> None:
    error = refuse(operation, body)

    assert error.code == "SerializationException"
    assert text in error.message


def test_an_image_over_five_megabytes_is_refused() -> None:
    # 5 242 881 bytes: one more than the model allows
    error = refuse("DetectModerationLabels", {"Image": {"Bytes": "QUFB" * 1_747_627}})

    assert "at 'image.bytes' failed to satisfy constraint: Member must have length less than or equal to 5242880" in (
        error.message
    )


def test_a_request_at_every_limit_passes_and_blobs_become_bytes() -> None:
    created = {"ProjectName": "a" * 255, "Tags": {f"k{n}": "Grüße 東京" for n in range(200)}}

    assert parse_request("CreateProject", json.dumps(created).encode()) == created
    assert parse_request("DetectModerationLabels", b'{"Image": {"Bytes": "aGk="}, "MinConfidence": 100}') == {
        "Image": {"Bytes": b"hi"},
        "MinConfidence": 100.0,
    }


def test_members_that_are_null_count_as_left_out() -> None:
    assert parse_request("CreateProject", b'{"ProjectName": "a", "Feature": null}') == {"ProjectName": "a"}


def test_an_empty_body_is_an_empty_request() -> None:
    assert parse_request("DescribeProjects", b"") == {}
