"""Does the table of IAM actions hold every call that the code makes, and are the published policies current?"""

import json
import re
from pathlib import Path
from typing import Final

import botocore.session
import pytest
from botocore import xform_name
from typer.testing import CliRunner

from rekognition_operator.aws.hindrance import iam_action
from rekognition_operator.aws.permissions import PERMISSIONS, WITHOUT_RIGHT, Feature, Target, permissions_of
from rekognition_operator.aws.policies import MANAGED_POLICY_CHARACTERS, NAMES, Scope, document
from rekognition_operator.cli.iam import files
from rekognition_operator.cli.main import app

ROOT: Final = Path(__file__).parents[3]
SOURCES: Final = sorted((ROOT / "operator" / "rekognition_operator").rglob("*.py"))
ALL: Final = permissions_of(tuple(Feature))


def operations_by_method() -> dict[str, str]:
    session = botocore.session.get_session()
    models = [session.get_service_model(name) for name in ("rekognition", "s3", "cloudwatch", "sts")]
    return {xform_name(operation): operation for model in models for operation in model.operation_names}


def called() -> set[str]:
    """Return the operations that the code calls on a client of boto3."""
    methods = operations_by_method()
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    found = re.findall(r"\b(?:client|_client|sts|rekognition|s3|cloudwatch)\.([a-z_0-9]+)\b", text)
    return {methods[name] for name in found if name in methods}


def actions_of(name: str) -> set[str]:
    statements = json.loads(files()[f"{name}.json"])["Statement"]
    return {action for statement in statements for action in statement["Action"]}


def test_every_call_of_the_code_stands_in_the_table() -> None:
    needed = {iam_action(operation) for operation in called()} - WITHOUT_RIGHT
    assert len(needed) > 15, "the search found too few calls to be right"
    assert needed <= {permission.action for permission in ALL}


def test_every_action_of_a_direct_call_is_called_by_the_code() -> None:
    """A right that nothing uses is a right too many."""
    direct = {permission.action for permission in ALL if permission.use == "the operator calls it"}
    with_version = {"s3:GetObjectVersion"}
    assert direct - with_version <= {iam_action(operation) for operation in called()}


def test_what_is_no_call_names_its_source() -> None:
    assert [p.action for p in ALL if p.use != "the operator calls it" and p.source is None] == []


def test_the_published_policies_are_current() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "iam").iterdir()}
    assert committed == files(), "iam/ differs from the table: run make crds, and commit what it writes"


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_fits_into_a_managed_policy(name: str) -> None:
    scope = Scope(
        account="111122223333",
        region="ap-southeast-2",
        project_prefix="production-cluster.",
        buckets=("acme-training-data-sydney", "acme-training-output-sydney"),
        kms_keys=("arn:aws:kms:ap-southeast-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",) * 2,
    )
    minified = json.dumps(document(name, scope), separators=(",", ":"))
    assert len(minified) <= MANAGED_POLICY_CHARACTERS


def test_no_policy_has_a_wildcard_in_an_action_or_every_resource_without_need() -> None:
    for name in NAMES:
        for statement in json.loads(files()[f"{name}.json"])["Statement"]:
            assert "*" not in str(statement["Action"])
    at_any = {permission.action for permission in ALL if permission.target is Target.ANY}
    assert at_any == {
        "rekognition:CreateProject",
        "rekognition:DescribeProjects",
        "rekognition:DetectModerationLabels",
        "cloudwatch:GetMetricData",
        "cloudwatch:ListMetrics",
    }


def test_the_operators_policy_is_all_features_together_but_what_no_kind_uses_yet() -> None:
    together: set[str] = set()
    for feature in Feature:
        if feature is not Feature.DETECT:
            together |= actions_of(feature.value)
    assert actions_of("operator") == together - actions_of("identities")


def test_the_read_only_policy_changes_nothing() -> None:
    reading = ("Describe", "List", "Get")
    assert all(action.partition(":")[2].startswith(reading) for action in actions_of("read-only"))


def test_an_application_may_only_detect_and_read_its_images() -> None:
    assert actions_of("application") == {
        "rekognition:DetectModerationLabels",
        "rekognition:DetectCustomLabels",
        "s3:GetObject",
        "s3:GetObjectVersion",
    }


def test_an_identitys_role_trusts_one_namespace_and_the_external_id() -> None:
    assume, tag = json.loads(files()["trust-identity.json"])["Statement"]
    assert assume["Condition"]["StringEquals"] == {
        "sts:ExternalId": "EXTERNAL-ID",
        "aws:RequestTag/namespace": "NAMESPACE",
    }
    assert tag["Action"] == "sts:TagSession"
    assert tag["Condition"]["StringEquals"] == {"aws:RequestTag/namespace": "NAMESPACE"}


def test_the_command_prints_a_policy_with_no_placeholder_left() -> None:
    arguments = ["iam", "adapters", "--account", "111122223333", "--region", "us-gov-west-1", "--bucket", "acme-ml"]
    result = CliRunner().invoke(app, [*arguments, "--project-prefix", "prod."])
    assert result.exit_code == 0
    resources = {one for statement in json.loads(result.stdout)["Statement"] for one in statement["Resource"]}
    assert resources == {
        "*",
        "arn:aws-us-gov:rekognition:us-gov-west-1:111122223333:project/prod.*/*",
        "arn:aws-us-gov:rekognition:us-gov-west-1:111122223333:project/prod.*/version/*/*",
        "arn:aws-us-gov:s3:::acme-ml",
        "arn:aws-us-gov:s3:::acme-ml/*",
    }


def test_the_command_names_the_policies_there_are() -> None:
    result = CliRunner().invoke(app, ["iam", "everything"])
    assert "There is no policy 'everything'. Use one of: operator, read-only, application" in str(result.exception)


def test_the_table_has_every_feature() -> None:
    assert set(PERMISSIONS) == set(Feature)
