"""Do answers and errors look on the wire as AWS's do, and does botocore read all of them?"""

from __future__ import annotations

import http.client
import json
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from component.emulator.conftest import STARTING_SECONDS, part
from rekognition_sandbox.emulator.aws_client import aws_session
from rekognition_sandbox.emulator.dispatch import HANDLERS
from rekognition_sandbox.emulator.model import operation_model

if TYPE_CHECKING:
    from botocore.model import Shape

    from component.emulator.conftest import Aws

SIGNATURE = (
    "AWS4-HMAC-SHA256 Credential=emulated/20261123/us-east-1/rekognition/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=0"
)


ABSENT = "arn:aws:rekognition:us-east-1:123456789012:project/absent"

Ask = Callable[[str, dict[str, object]], dict[str, object]]


def is_uuid(text: str) -> bool:
    return str(uuid.UUID(text)) == text


def post(url: str, operation: str, body: bytes, *, signed: bool = True) -> tuple[http.client.HTTPResponse, str]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"RekognitionService.{operation}"}
    connection.request("POST", "/", body, {**headers, **({"Authorization": SIGNATURE} if signed else {})})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def test_an_error_has_the_members_headers_and_status_of_the_reference(aws: Aws) -> None:
    answer, text = post(aws.control.url, "CreateProject", b'{"ProjectName": "a b"}')

    error = json.loads(text)
    assert answer.status == 400
    assert answer.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert is_uuid(answer.headers["x-amzn-RequestId"])
    assert set(error) == {"__type", "Code", "Logref", "Message"}
    assert error["__type"] == error["Code"] == "ValidationException"
    assert is_uuid(error["Logref"])
    assert error["Message"].startswith("1 validation error detected: Value 'a b' at 'projectName' failed to satisfy")


def test_an_answer_has_content_type_and_request_id_and_timestamps_as_numbers(aws: Aws) -> None:
    arn = aws.custom_labels_project()

    answer, text = post(aws.control.url, "DescribeProjects", b"{}")

    (project,) = json.loads(text)["ProjectDescriptions"]
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert is_uuid(answer.headers["x-amzn-RequestId"])
    assert project["CreationTimestamp"] == int(arn.rpartition("/")[2]) / 1000


def dated(answer: Mapping[str, Any]) -> datetime:
    """Return the Date header of an answer to boto3, or of an error's."""
    return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).astimezone(UTC)


def test_answers_and_errors_of_rekognition_and_cloudwatch_tell_the_emulated_time(aws: Aws) -> None:
    aws.control.advance(400 * 86400)
    now = aws.control.clock().now.replace(microsecond=0)
    cloudwatch = aws_session().client("cloudwatch", endpoint_url=aws.control.url)

    with pytest.raises(ClientError) as refused:
        aws.rekognition.describe_project_versions(ProjectArn=f"{ABSENT}/1690556751958")
    with pytest.raises(ClientError) as invalid:
        cloudwatch.get_metric_data(StartTime=now, EndTime=now, MetricDataQueries=[])
    unsigned, _ = post(aws.control.url, "DescribeProjects", b"{}", signed=False)

    answers: list[Any] = [
        aws.rekognition.describe_projects(),
        cloudwatch.list_metrics(Namespace="AWS/Rekognition"),
        refused.value.response,
        invalid.value.response,
    ]
    assert [dated(answer) for answer in answers] == [now] * 4
    assert unsigned.headers.get_all("Date") == [format_datetime(now, usegmt=True)]


def test_the_emulated_time_is_told_once_and_as_http_writes_it(aws: Aws) -> None:
    answer, _ = post(aws.control.url, "DescribeProjects", b"{}")

    now = aws.control.clock().now.replace(microsecond=0)
    assert answer.headers.get_all("Date") == [format_datetime(now, usegmt=True)]


def test_s3_and_sts_stay_on_our_time(aws: Aws) -> None:
    aws.control.advance(400 * 86400)

    sts = aws_session().client("sts", endpoint_url=aws.control.url)

    for answer in (aws.s3.list_buckets(), sts.get_caller_identity()):
        assert abs(dated(answer) - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("operation", "status", "code"),
    [
        ("PutProjectPolicy", 501, "NotImplementedException"),
        ("MakeCoffee", 400, "UnknownOperationException"),
        ("GetFaceSearch", 200, None),
    ],
)
def test_operations_that_are_not_ours_are_moto_s_or_a_clear_error(
    aws: Aws, operation: str, status: int, code: str | None
) -> None:
    answer, text = post(aws.control.url, operation, b"{}")

    assert answer.status == status
    assert json.loads(text).get("__type") == code


def test_a_request_without_a_signature_is_refused(aws: Aws) -> None:
    answer, text = post(aws.control.url, "DescribeProjects", b"{}", signed=False)

    assert answer.status == 400
    assert json.loads(text)["__type"] == "MissingAuthenticationTokenException"


def test_botocore_finds_no_unknown_and_no_missing_member_in_any_answer(aws: Aws) -> None:
    seen: dict[str, set[str]] = {operation: set() for operation in HANDLERS}
    for operation, answer in every_answer(aws).items():
        collect(operation_model(operation).output_shape, answer, "", seen[operation])

    assert {operation: members_of(operation) - seen[operation] - NEVER[operation] for operation in HANDLERS} == {
        operation: set() for operation in HANDLERS
    }
    # What is promised never to appear does not appear either.
    assert {operation: NEVER[operation] & seen[operation] for operation in HANDLERS} == {
        operation: set() for operation in HANDLERS
    }


#: Members that no answer of ours has, each with its reason.
NEVER: dict[str, set[str]] = {operation: set() for operation in HANDLERS} | {
    # AWS's examples of Custom Labels show bounding boxes only.
    "DetectCustomLabels": {f"CustomLabels.Geometry.Polygon{member}" for member in ("", ".X", ".Y")},
    "DescribeProjectVersions": {
        # The outputs that a training writes have no S3 version in the answer: the outcome does not know one.
        f"ProjectVersionDescriptions.{path}.S3Object.Version"
        for path in (
            "EvaluationResult.Summary",
            "ManifestSummary",
            *(
                f"{kind}DataResult.{part}.Assets.GroundTruthManifest"
                for kind in ("Training", "Testing")
                for part in ("Output", "Validation")
            ),
        )
    },
}


def every_answer(aws: Aws) -> dict[str, object]:
    """Call every operation so that its answer is as full as it can be; return the bodies as they came."""
    aws.s3.create_bucket(Bucket="acme-contract")
    aws.s3.put_bucket_versioning(Bucket="acme-contract", VersioningConfiguration={"Status": "Enabled"})
    places = {}
    for name in ("train", "test"):
        content = aws.s3.get_object(Bucket="acme-samples", Key=f"storefront/{name}.manifest")["Body"].read()
        put = aws.s3.put_object(Bucket="acme-contract", Key=f"{name}.manifest", Body=content)
        places[name] = {"Bucket": "acme-contract", "Name": f"{name}.manifest", "Version": put["VersionId"]}

    def ask(operation: str, request: dict[str, object]) -> dict[str, object]:
        answer, text = post(aws.control.url, operation, json.dumps(request).encode())
        assert answer.status == 200, f"{operation}: {text}"
        body: dict[str, object] = json.loads(text)
        return body

    answers: dict[str, object] = {}
    labels = aws.custom_labels_project("labels")
    aws.control.add_dataset(labels, "TRAIN")
    answers["CreateProject"] = created = ask(
        "CreateProject",
        {"ProjectName": "contract", "Feature": "CONTENT_MODERATION", "AutoUpdate": "ENABLED", "Tags": {"a": "b"}},
    )
    project = created["ProjectArn"]
    answers["DescribeProjects"] = ask(
        "DescribeProjects", {"MaxResults": 1, "Features": ["CONTENT_MODERATION", "CUSTOM_LABELS"]}
    )
    with_datasets = ask("DescribeProjects", {})
    aws.settle()
    version_request = {
        "ProjectArn": project,
        "OutputConfig": {"S3Bucket": "acme-output", "S3KeyPrefix": "contract"},
        "TrainingData": {"Assets": [{"GroundTruthManifest": {"S3Object": places["train"]}}]},
        "TestingData": {"Assets": [{"GroundTruthManifest": {"S3Object": places["test"]}}], "AutoCreate": False},
        "KmsKeyId": "alias/rekognition",
        "VersionDescription": "full",
        "FeatureConfig": {"ContentModeration": {"ConfidenceThreshold": 50}},
    }
    ask("CreateProjectVersion", {**version_request, "VersionName": "v0"})
    answers["CreateProjectVersion"] = trained = ask("CreateProjectVersion", {**version_request, "VersionName": "v1"})
    aws.finish_training()
    answers["DescribeProjectVersions"] = ask("DescribeProjectVersions", {"ProjectArn": project, "MaxResults": 1})
    answers |= serving_answers(aws, ask)
    answers["DescribeProjectVersions"] = merged(
        answers["DescribeProjectVersions"], answers.pop("models"), "ProjectVersionDescriptions"
    )
    answers["DetectModerationLabels"] = ask(
        "DetectModerationLabels", unsure_detection(aws, trained["ProjectVersionArn"])
    )
    answers["TagResource"] = ask("TagResource", {"ResourceArn": project, "Tags": {"c": "d"}})
    answers["ListTagsForResource"] = ask("ListTagsForResource", {"ResourceArn": project})
    answers["UntagResource"] = ask("UntagResource", {"ResourceArn": project, "TagKeys": ["c"]})
    answers |= dataset_answers(ask, labels)
    answers["DeleteProjectVersion"] = ask("DeleteProjectVersion", {"ProjectVersionArn": trained["ProjectVersionArn"]})
    answers["DeleteProject"] = ask("DeleteProject", {"ProjectArn": aws.custom_labels_project("short-lived")})
    answers["DescribeProjects"] = merged(answers["DescribeProjects"], with_datasets, "ProjectDescriptions")
    assert set(answers) == set(HANDLERS)
    return answers


def merged(one: object, other: object, member: str) -> dict[str, object]:
    """Return the first body with the second one's items behind its own."""
    assert isinstance(one, dict)
    assert isinstance(other, dict)
    return {**one, member: [*one[member], *other[member]]}


def serving_answers(aws: Aws, ask: Ask) -> dict[str, object]:
    """Call the operations of running models; return the bodies as they came, the models' descriptions as `models`."""
    answers: dict[str, object] = {}
    project = aws.custom_labels_project("served")
    version = aws.train_custom_labels(project, manifest="boxes.manifest")
    answers["StartProjectVersion"] = ask(
        "StartProjectVersion", {"ProjectVersionArn": version, "MinInferenceUnits": 1, "MaxInferenceUnits": 2}
    )
    aws.control.advance(STARTING_SECONDS)
    image = {"S3Object": part("images/hex-bolt-01.png")}
    answers["DetectCustomLabels"] = ask(
        "DetectCustomLabels", {"ProjectVersionArn": version, "Image": image, "MinConfidence": 0, "MaxResults": 3}
    )
    answers["CopyProjectVersion"] = ask(
        "CopyProjectVersion",
        {
            "SourceProjectArn": project,
            "SourceProjectVersionArn": version,
            "DestinationProjectArn": project,
            "VersionName": "copy",
            "OutputConfig": {"S3Bucket": "acme-output", "S3KeyPrefix": "copy"},
            "KmsKeyId": "alias/rekognition",
        },
    )
    answers["StopProjectVersion"] = ask("StopProjectVersion", {"ProjectVersionArn": version})
    answers["models"] = ask("DescribeProjectVersions", {"ProjectArn": project})
    return answers


def dataset_answers(ask: Ask, project: str) -> dict[str, object]:
    """Call the operations of datasets; return the bodies as they came."""
    answers: dict[str, object] = {}
    answers["CreateDataset"] = created = ask("CreateDataset", {"ProjectArn": project, "DatasetType": "TEST"})
    answers["DescribeDataset"] = ask("DescribeDataset", {"DatasetArn": created["DatasetArn"]})
    (training,) = (
        dataset["DatasetArn"]
        for described in ask("DescribeProjects", {"ProjectNames": ["labels"]})["ProjectDescriptions"]  # type: ignore[attr-defined]  # a JSON list
        for dataset in described["Datasets"]
        if dataset["DatasetType"] == "TRAIN"
    )
    answers["DeleteDataset"] = ask("DeleteDataset", {"DatasetArn": training})
    return answers


def unsure_detection(aws: Aws, adapter: object) -> dict[str, object]:
    """Return a request whose answer has labels, content types and a human loop."""
    for found in aws.s3.list_objects_v2(Bucket="acme-samples", Prefix="storefront/images/")["Contents"]:
        request: dict[str, object] = {
            "Image": {"S3Object": {"Bucket": "acme-samples", "Name": found["Key"]}},
            "MinConfidence": 0,
            "ProjectVersion": adapter,
            "HumanLoopConfig": {
                "HumanLoopName": "review",
                "FlowDefinitionArn": "arn:aws:sagemaker:us-east-1:123456789012:flow-definition/f",
                "DataAttributes": {"ContentClassifiers": ["FreeOfAdultContent"]},
            },
        }
        _, text = post(aws.control.url, "DetectModerationLabels", json.dumps(request).encode())
        answer = json.loads(text)
        if answer["ContentTypes"] and "HumanLoopArn" in answer["HumanLoopActivationOutput"]:
            return request
    raise LookupError("no sample image has content types and an unsure label")


def collect(shape: Shape | None, value: object, path: str, seen: set[str]) -> None:
    """Walk an answer along the model; fail on what the model does not have, note what there is."""
    match value:
        case dict() if shape is not None and shape.type_name == "structure":
            for name, member in value.items():
                assert name in shape.members, f"{path}: unknown member {name}"  # type: ignore[attr-defined]  # a structure
                here = f"{path}.{name}".removeprefix(".")
                seen.add(here)
                collect(shape.members[name], member, here, seen)  # type: ignore[attr-defined]  # a structure
        case list() if shape is not None and shape.type_name == "list":
            for item in value:
                collect(shape.member, item, path, seen)  # type: ignore[attr-defined]  # a list
        case dict():
            assert shape is not None
            assert shape.type_name == "map"
        case _:
            assert shape is not None
            assert shape.type_name not in {"structure", "list", "map"}


def members_of(operation: str) -> set[str]:
    """Return the path of every member that an answer can have by the model."""
    found: set[str] = set()

    def walk(shape: Shape | None, path: str) -> None:
        match shape.type_name if shape is not None else None:
            case "structure":
                for name, member in shape.members.items():  # type: ignore[union-attr]  # a structure
                    here = f"{path}.{name}".removeprefix(".")
                    found.add(here)
                    walk(member, here)
            case "list":
                walk(shape.member, path)  # type: ignore[union-attr]  # a list

    walk(operation_model(operation).output_shape, "")
    return found
