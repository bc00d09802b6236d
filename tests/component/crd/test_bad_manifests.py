"""Which manifests does ``kubectl apply`` refuse, and does the message name the field and the remedy?"""

import subprocess
from collections.abc import Callable

import pytest

from component.crd.manifests import (
    ADOPTION_RULE,
    MANIFEST,
    REMOVED,
    TAG_KEY_RULE,
    TESTING_RULE,
    Bad,
    below,
    edited,
    good,
)
from rekognition_operator.api.kinds import ALL_KINDS, Kind
from rekognition_operator.api.moderationadapter import ModerationAdapter

pytestmark = pytest.mark.controlplane

Kubectl = Callable[..., subprocess.CompletedProcess[str]]

TRAIN = "spec.training.trainingData.manifests"
NAME_RULE = "have letters, digits, and _ . - only; write another one"
BUCKET_RULE = "bucket must be a bucket's name, not a URL or an ARN"


CASES = (
    Bad("no spec", "spec", REMOVED, "spec: ", "Required value"),
    Bad("an empty spec", "spec", {}, "spec.training: ", "Required value"),
    below("spec.projectName", "a project name with a space", "store front", NAME_RULE),
    below("spec.projectName", "an empty project name", "", "should be at least 1 chars long"),
    below("spec.projectName", "a project name that is too long", "x" * 256, "may not be more than 255"),
    below("spec.region", "an availability zone", "us-east-1a", "must be the code of an AWS Region, such as us-east-1"),
    below("spec.region", "a Region without its number", "us-east", "must be the code of an AWS Region"),
    below("spec.region", "a short Region", "eu", "should be at least 5 chars long"),
    below("spec.autoUpdate", "AWS's own spelling", "ENABLED", 'supported values: "Enabled", "Disabled"'),
    below("spec.autoUpdate", "a boolean for an enum", True, "must be of type string"),
    below("spec.training", "no training", REMOVED, "Required value"),
    below("spec.training.trainingData", "no training data", REMOVED, "Required value"),
    below(TRAIN, "no manifests", REMOVED, "Required value"),
    below(TRAIN, "an empty list of manifests", [], "should have at least 1 items"),
    below(TRAIN, "a URL for the list of manifests", "s3://acme-ml/train.manifest", "must be of type array"),
    below(TRAIN, "too many manifests", [MANIFEST] * 17, "must have at most 16 items"),
    Bad("a manifest without a bucket", TRAIN, [{"name": "a.manifest"}], f"{TRAIN}[0].bucket: ", "Required value"),
    Bad("a manifest without a name", TRAIN, [{"bucket": "acme-ml"}], f"{TRAIN}[0].name: ", "Required value"),
    Bad("a URL for a bucket", TRAIN, [MANIFEST | {"bucket": "s3://acme-ml"}], f"{TRAIN}[0].bucket: ", BUCKET_RULE),
    Bad("a short bucket", TRAIN, [MANIFEST | {"bucket": "ml"}], f"{TRAIN}[0].bucket: ", "at least 3 chars long"),
    Bad(
        "a second manifest without an extension",
        TRAIN,
        [MANIFEST, MANIFEST | {"name": "storefront/train"}],
        f"{TRAIN}[1].name: ",
        "name must end in a file extension, such as train.manifest",
    ),
    Bad("a key that is too long", TRAIN, [MANIFEST | {"name": "x" * 1024 + ".a"}], f"{TRAIN}[0].name: ", "than 1024"),
    Bad("an empty object version", TRAIN, [MANIFEST | {"version": ""}], f"{TRAIN}[0].version: ", "at least 1 chars"),
    Bad("AWS's name of a member", TRAIN, [MANIFEST | {"versionId": "3"}], f"{TRAIN}[0].versionId", "unknown field"),
    below("spec.training.testingData", "empty testing data", {}, TESTING_RULE),
    below("spec.training.testingData", "a split that is switched off", {"autoSplit": False}, TESTING_RULE),
    below("spec.training.testingData", "both testing data", {"autoSplit": True, "manifests": [MANIFEST]}, TESTING_RULE),
    below("spec.training.confidenceThreshold", "a threshold above 100", 100.5, "less than or equal to 100"),
    below("spec.training.confidenceThreshold", "a negative threshold", -1, "greater than or equal to 0"),
    below("spec.training.confidenceThreshold", "a quoted threshold", "60", "must be of type number"),
    Bad(
        "a typing mistake", "spec.training.confidenceTreshold", 60, "spec.training.confidenceTreshold", "unknown field"
    ),
    below("spec.training.kmsKeyID", "a key with a space", "alias rekognition", "such as alias/rekognition"),
    below("spec.training.kmsKeyID", "a key that is too long", "k" * 2049, "may not be more than 2048"),
    below("spec.output", "no output", REMOVED, "Required value"),
    below("spec.output.bucket", "no output bucket", REMOVED, "Required value"),
    below("spec.output.bucket", "an ARN for a bucket", "arn:aws:s3:::acme-ml", BUCKET_RULE),
    below("spec.output.prefix", "a prefix that is too long", "x" * 1025, "may not be more than 1024"),
    below("spec.description", "a description with quotes", 'the "new" rules', "remove the other characters"),
    below("spec.description", "an empty description", "", "should be at least 1 chars long"),
    below("spec.description", "a description that is too long", "x" * 256, "may not be more than 255"),
    below("spec.retention.keep", "a negative number", -1, "greater than or equal to 0"),
    below("spec.retention.keep", "more versions than AWS allows", 91, "less than or equal to 90"),
    below("spec.retention.keep", "half a version", 1.5, "must be of type int32"),
    below("spec.retention.keepFailed", "too many failed versions", 21, "less than or equal to 20"),
    below("spec.adoption.policy", "an unknown policy", "Always", 'supported values: "Never", "IfUnowned"'),
    Bad("versions that nothing adopts", "spec.adoption.versions", ["1"], "spec.adoption.versions: ", ADOPTION_RULE),
    Bad(
        "a version twice",
        "spec.adoption",
        {"policy": "IfUnowned", "versions": ["1", "1"]},
        "spec.adoption.versions[1]: ",
        'Duplicate value: "1"',
    ),
    Bad(
        "the ARN of a version",
        "spec.adoption",
        {"policy": "IfUnowned", "versions": ["arn:aws:rekognition"]},
        "spec.adoption.versions[0]: ",
        NAME_RULE,
    ),
    Bad(
        "too many versions",
        "spec.adoption",
        {"policy": "IfUnowned", "versions": [str(number) for number in range(21)]},
        "spec.adoption.versions: ",
        "must have at most 20 items",
    ),
    below("spec.deletion.policy", "an unknown policy", "Keep", 'supported values: "Delete", "Retain", "Orphan"'),
    below("spec.deletion.foreignVersions", "an unknown answer", "Keep", '"Block", "Delete", "Release"'),
    below("spec.driftPolicy", "an unknown policy", "Ignore", 'supported values: "Correct", "Report"'),
    below("spec.readyWhen", "an unknown moment", "Trained", 'supported values: "Accepted", "InService"'),
    below("spec.suspend", "a word for a boolean", "yes", "must be of type boolean"),
    below("spec.tags", "a list of tags", ["team"], "must be of type object"),
    below("spec.tags", "a tag that AWS reserves", {"aws:team": "x"}, "must not start with aws:"),
    below(
        "spec.tags", "a tag of the operator", {"rekognition-operator.io/name": "x"}, "rekognition-operator.io/: those"
    ),
    below("spec.tags", "a tag key with a bad character", {"te#am": "x"}, TAG_KEY_RULE),
    below("spec.tags", "an empty tag key", {"": "x"}, TAG_KEY_RULE),
    below("spec.tags", "a tag key that is too long", {"k" * 129: "x"}, TAG_KEY_RULE),
    below("spec.tags", "too many tags", {f"key{number}": "x" for number in range(41)}, "must have at most 40 items"),
    Bad(
        "a tag value with a tab", "spec.tags", {"team": "a\tb"}, "spec.tags[team]: ", "tag values have letters, digits"
    ),
    Bad(
        "a tag value that is too long", "spec.tags", {"team": "x" * 257}, "spec.tags.team: ", "may not be more than 256"
    ),
    Bad("a number as tag value", "spec.tags", {"team": 5}, "spec.tags.team: ", "must be of type string"),
)


@pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: kind.kind)
def test_the_manifest_that_the_cases_edit_is_accepted(kubectl: Kubectl, namespace: str, kind: Kind) -> None:
    answer = kubectl("apply", "-n", namespace, "-f", "-", stdin=good(kind))
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.path}: {case.what}")
def test_apply_refuses_and_names_field_and_remedy(kubectl: Kubectl, case: Bad) -> None:
    answer = kubectl("apply", "-n", "default", "-f", "-", stdin=edited(ModerationAdapter, case.path, case.value))
    assert answer.returncode == 1, answer.stdout
    assert case.field in answer.stderr
    assert case.remedy in answer.stderr


PROJECT_NAME, REGION = ("projectName", "storefront", "storefront-2"), ("region", "us-east-1", "eu-west-1")
IMMUTABLE = (
    *((kind, *field) for kind in ALL_KINDS for field in (PROJECT_NAME, REGION)),
    (ModerationAdapter, "autoUpdate", "Disabled", "Enabled"),
)


@pytest.mark.parametrize(("kind", "field", "old", "new"), IMMUTABLE, ids=lambda value: getattr(value, "kind", value))
@pytest.mark.parametrize("change", ["changed", "added", "removed"])
def test_apply_refuses_to_move_an_existing_resource(
    kubectl: Kubectl, namespace: str, kind: Kind, field: str, old: str, new: str, change: str
) -> None:
    with_old, with_new = edited(kind, f"spec.{field}", old), edited(kind, f"spec.{field}", new)
    first, second = {
        "changed": (with_old, with_new),
        "added": (good(kind), with_old),
        "removed": (with_old, good(kind)),
    }[change]

    created = kubectl("apply", "-n", namespace, "-f", "-", stdin=first)
    assert created.returncode == 0, created.stderr
    answer = kubectl("apply", "-n", namespace, "-f", "-", stdin=second)
    again = kubectl("apply", "-n", namespace, "-f", "-", stdin=first)

    assert answer.returncode == 1, answer.stdout
    assert f"spec.{field}: Forbidden: {field} is immutable" in answer.stderr
    assert "restore what it was, or create another resource" in answer.stderr
    assert again.returncode == 0, again.stderr
    assert "unchanged" in again.stdout


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec.training.confidenceThreshold", 60.5),
        ("spec.output.prefix", "elsewhere/"),
        ("spec.deletion.policy", "Orphan"),
        ("spec.tags", {"team": "trust-safety", "größe": "µ = 4 @ home"}),
        ("spec.adoption", {"policy": "IfUnowned", "versions": ["1", "spring_2026.b"]}),
        ("spec.training.kmsKeyID", "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
    ],
)
def test_everything_else_may_change(kubectl: Kubectl, namespace: str, path: str, value: object) -> None:
    created = kubectl("apply", "-n", namespace, "-f", "-", stdin=good(ModerationAdapter))
    assert created.returncode == 0, created.stderr
    answer = kubectl("apply", "-n", namespace, "-f", "-", stdin=edited(ModerationAdapter, path, value))
    assert answer.returncode == 0, answer.stderr
    assert "configured" in answer.stdout
