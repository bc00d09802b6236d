"""What does `rekognition-operator detect` ask, print, and exit with?"""

import json
from pathlib import Path

import pytest

from rekognition_operator.api.annotations import LAST_USED_AT
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.core.detected import ContentType, DetectedLabel, HumanLoop, ModerationAnswer, S3Image
from rekognition_operator.kube.errors import KubeForbiddenError, KubeUnavailableError
from rekognition_operator.kube.resource import ResourceKey
from unit.cli.conftest import NAMESPACE, OLD, REGION, VERSION, Run, World, condition, version_status

SWIM = DetectedLabel("Female Swimwear or Underwear", 91.25, "Swimwear or Underwear", 2)
BEACH = DetectedLabel("Swimwear or Underwear", 91.25)
S3 = "s3://acme-ml/beach.jpg"
FLOW = "arn:aws:sagemaker:eu-west-1:123456789012:flow-definition/review"

Capture = pytest.CaptureFixture[str]


def lines(capsys: Capture) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


# --- who answers ----------------------------------------------------------------------------------------------------


def test_the_adapter_in_service_answers(world: World, run: Run, capsys: Capture, tmp_path: Path) -> None:
    arn = world.adapter()
    world.aws.detection.script(arn, BEACH, SWIM)
    image = tmp_path / "beach.jpg"
    image.write_bytes(b"jpeg")
    assert run("detect", "modad/storefront", str(image)) == 0
    told = capsys.readouterr()
    assert f"Answered by version {VERSION}, base model 7.0" in told.out
    assert "Female Swimwear or Underwear" in told.out
    assert "91.2" in told.out
    assert told.err == ""
    assert world.aws.detection.asked[0].image == b"jpeg"
    assert world.asked_regions == [REGION]


def test_the_base_model_in_its_place_is_told_loudly_and_exits_with_3(world: World, run: Run, capsys: Capture) -> None:
    arn = world.adapter()
    world.aws.set_status(arn, "EXPIRED")
    world.aws.detection.script(None, BEACH)
    assert run("detect", "storefront", S3) == 3
    told = capsys.readouterr()
    assert f"Answered by the base model 7.0, not by version {VERSION}" in told.out
    assert told.err.startswith(f"WARNING: {S3}: the BASE MODEL answered, not version {VERSION}.")
    assert f"kubectl describe moderationadapter -n {NAMESPACE} storefront" in told.err


def test_a_version_that_is_not_in_service_can_be_asked_by_its_name(world: World, run: Run, capsys: Capture) -> None:
    active = world.adapter()
    old = world.aws.add_version("storefront", OLD)
    world.kube.set_status(
        ResourceKey("ModerationAdapter", NAMESPACE, "storefront"),
        {
            "active": {"versionName": VERSION, "arn": active},
            "versions": [version_status(VERSION, active, "Active"), version_status(OLD, old, "Superseded")],
        },
    )
    assert run("detect", "storefront", S3, "--version", OLD, "-o", "json") == 0
    (answer,) = lines(capsys)
    assert (answer["versionName"], answer["projectVersionArn"]) == (OLD, old)

    world.aws.set_status(old, "EXPIRED")
    assert run("detect", "storefront", S3, "--version", OLD) == 3
    assert "Ask the one in service: leave --version out." in capsys.readouterr().err

    assert run("detect", "storefront", S3, "--version", "v9") == 1
    assert f"has no version v9. It has: {VERSION}, {OLD}" in capsys.readouterr().err


def test_where_no_version_is_in_service_the_reason_is_told(world: World, run: Run, capsys: Capture) -> None:
    world.adapter(
        active=None, conditions=[condition("Ready", "False", "AdapterExpired", "Version v1 has expired: train it")]
    )
    assert run("detect", "storefront", S3) == 1
    told = capsys.readouterr().err
    assert "No version of ModerationAdapter trust-safety/storefront is in service (AdapterExpired)" in told
    assert "Version v1 has expired: train it" in told
    assert world.aws.detection.asked == []


def test_a_resource_that_the_operator_has_not_seen_says_so(world: World, run: Run, capsys: Capture) -> None:
    world.kube.create(ResourceKey("ModerationAdapter", NAMESPACE, "new"), {})
    assert run("detect", "new", S3) == 1
    assert "The operator has not looked at it yet" in capsys.readouterr().err


# --- which resource -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["storefront", "modad/storefront", "moderationadapter/storefront", "ModerationAdapters/storefront"]
)
def test_a_resource_is_named_as_for_kubectl(world: World, run: Run, name: str) -> None:
    world.adapter()
    assert run("detect", name, S3) == 0


def test_namespace_and_context_are_those_asked_for(world: World, run: Run, capsys: Capture) -> None:
    world.adapter()
    assert run("detect", "storefront", S3, "-n", "elsewhere", "--context", "prod") == 1
    assert world.asked_contexts == ["prod"]
    assert "There is no ModerationAdapter storefront in namespace elsewhere" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("pods/storefront", S3), "none of the kinds"),
        (("modad/", S3), "has no name"),
        (("storefront",), "IMAGE"),
        (("storefront", "https://example.org/a.jpg"), "download the image"),
        (("storefront", "s3://bucket"), "no object in S3"),
        (("storefront", S3, "--min-confidence", "101"), "--min-confidence"),
        (("storefront", S3, "-o", "yaml"), "--output"),
        (("storefront", S3, "--human-loop-name", "l"), "needs both its name and its flow"),
        (("storefront", S3, "--flow-definition-arn", FLOW), "needs both its name and its flow"),
        (("storefront", S3, "--content-classifiers", "FreeOfAdultContent"), "go with a human loop"),
        (("storefront", S3, "--content-classifiers", "FreeOfCharge"), "there are only"),
        (("storefront", S3, S3, "--human-loop-name", "l", "--flow-definition-arn", FLOW), "one image at a time"),
        (("clm/parts", S3, "--compare-base"), "no base model"),
        (("clm/parts", S3, "--human-loop-name", "l", "--flow-definition-arn", FLOW), "no human loops"),
    ],
)
def test_wrong_usage_is_said_before_anything_is_asked(
    world: World, run: Run, capsys: Capture, arguments: tuple[str, ...], told: str
) -> None:
    world.adapter()
    world.model()
    assert run("detect", *arguments) == 2
    assert told in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert world.aws.detection.asked == []


# --- what is asked --------------------------------------------------------------------------------------------------


def test_the_base_model_is_asked_as_well_and_stands_beside(world: World, run: Run, capsys: Capture) -> None:
    arn = world.adapter()
    world.aws.detection.script(arn, DetectedLabel("Violence", 80), BEACH)
    world.aws.detection.script(None, BEACH, DetectedLabel("Alcohol", 60))
    assert run("detect", "storefront", S3, "--compare-base", "--min-confidence", "40") == 0
    rows = [" ".join(line.replace("│", " ").split()) for line in capsys.readouterr().out.splitlines()]
    assert "Violence - 80.0 -" in rows
    assert "Swimwear or Underwear - 91.2 91.2" in rows
    assert "Alcohol - - 60.0" in rows
    assert [(asked.arn, asked.min_confidence) for asked in world.aws.detection.asked] == [(arn, 40), (None, 40)]


def test_a_human_loop_is_asked_for_in_full(world: World, run: Run, capsys: Capture) -> None:
    arn = world.adapter()
    loop = "arn:aws:sagemaker:eu-west-1:123456789012:human-loop/l"
    world.aws.detection.script(
        arn,
        BEACH,
        rest=ModerationAnswer(
            human_loop_arn=loop, human_loop_reasons=("ConditionsEvaluation",), human_loop_conditions='{"met": true}'
        ),
    )
    told = ("--human-loop-name", "l", "--flow-definition-arn", FLOW)
    classifiers = ("--content-classifiers", "FreeOfAdultContent, FreeOfPersonallyIdentifiableInformation")
    assert run("detect", "storefront", S3, *told, *classifiers, "-o", "json") == 0
    (answer,) = lines(capsys)
    assert answer["humanLoop"] == {"arn": loop, "reasons": ["ConditionsEvaluation"], "conditions": {"met": True}}
    asked = world.aws.detection.asked[0].human_loop
    assert asked == HumanLoop("l", FLOW, ("FreeOfAdultContent", "FreeOfPersonallyIdentifiableInformation"))

    assert run("detect", "storefront", S3, *told) == 0
    assert f"Human loop started (ConditionsEvaluation): {loop}" in capsys.readouterr().out


def test_a_human_loop_that_was_not_started_is_said(world: World, run: Run, capsys: Capture) -> None:
    world.adapter()
    loop = ("--human-loop-name", "l", "--flow-definition-arn", FLOW)
    assert run("detect", "storefront", S3, *loop) == 0
    assert "No human loop was started" in capsys.readouterr().out
    assert run("detect", "storefront", S3, *loop, "-o", "json") == 0
    assert lines(capsys)[0]["humanLoop"] == {"arn": None, "reasons": [], "conditions": None}


def test_json_is_one_line_for_each_image_in_a_fixed_form(world: World, run: Run, capsys: Capture) -> None:
    arn = world.adapter()
    drawn = ModerationAnswer(content_types=(ContentType("Illustrated", 95.5),))
    world.aws.detection.script(arn, SWIM, image=S3Image("acme-ml", "beach.jpg"), rest=drawn)
    assert run("detect", "storefront", S3, "s3://acme-ml/mug.jpg", "--compare-base", "--output", "json") == 0
    beach, mug = lines(capsys)
    assert beach == {
        "image": S3,
        "versionName": VERSION,
        "projectVersionArn": arn,
        "answeredBy": "adapter",
        "baseModelVersion": "7.0",
        "labels": [
            {
                "name": "Female Swimwear or Underwear",
                "confidence": 91.25,
                "parentName": "Swimwear or Underwear",
                "taxonomyLevel": 2,
            }
        ],
        "contentTypes": [{"name": "Illustrated", "confidence": 95.5}],
        "base": {"baseModelVersion": "7.0", "labels": [], "contentTypes": []},
    }
    assert (mug["image"], mug["labels"]) == ("s3://acme-ml/mug.jpg", [])


def test_markup_in_names_is_shown_as_it_is(world: World, run: Run, capsys: Capture) -> None:
    arn = world.adapter()
    world.aws.detection.script(arn, DetectedLabel("[bold]odd[/bold]", 80))
    assert run("detect", "storefront", "s3://acme-ml/[red].jpg") == 0
    told = capsys.readouterr().out
    assert "[bold]odd[/bold]" in told
    assert "s3://acme-ml/[red].jpg" in told


# --- what goes wrong ------------------------------------------------------------------------------------------------


def test_an_image_without_answer_keeps_no_other_from_its_own(world: World, run: Run, capsys: Capture) -> None:
    world.adapter()
    code, message = "InvalidImageFormatException", "No image."
    world.aws.inject("DetectModerationLabels", ErrorKind.INVALID, code=code, message=message)
    assert run("detect", "storefront", "s3://b/text", S3, "-o", "json") == 1
    told = capsys.readouterr()
    assert [json.loads(line)["image"] for line in told.out.splitlines()] == [S3]
    assert told.err == (
        "Error: s3://b/text: DetectModerationLabels failed with InvalidImageFormatException: No image. Only JPEG and "
        "PNG are read: convert it.\n"
    )


def test_that_the_base_model_answered_outweighs_that_another_image_got_no_answer(world: World, run: Run) -> None:
    world.aws.set_status(world.adapter(), "EXPIRED")
    world.aws.inject(
        "DetectModerationLabels", ErrorKind.INVALID, code="InvalidImageFormatException", message="No image."
    )
    assert run("detect", "storefront", "s3://b/text", S3) == 3


def test_files_are_read_before_anything_is_asked(world: World, run: Run, capsys: Capture, tmp_path: Path) -> None:
    world.adapter()
    large = tmp_path / "large.jpg"
    large.write_bytes(bytes(5 * 1024 * 1024 + 1))
    assert run("detect", "storefront", S3, str(tmp_path / "none.jpg")) == 1
    assert "none.jpg: No such file or directory" in capsys.readouterr().err
    assert run("detect", "storefront", S3, str(large)) == 1
    assert "large.jpg has 5.0 MiB, and at most 5 can be sent along" in capsys.readouterr().err
    assert world.aws.detection.asked == []


def test_credentials_that_do_not_work_are_told_with_the_remedy(world: World, run: Run, capsys: Capture) -> None:
    world.adapter()
    world.credentials = CallError(ErrorKind.CREDENTIALS, "GetCallerIdentity", "NoCredentials", "None were found")
    assert run("detect", "storefront", S3) == 1
    told = capsys.readouterr().err
    assert told.startswith("Error: AWS cannot be asked in eu-west-1. GetCallerIdentity failed with NoCredentials")
    assert "AWS_PROFILE" in told


def test_a_cluster_that_does_not_answer_is_told(world: World, run: Run, capsys: Capture) -> None:
    world.kube.fail("get", KubeUnavailableError("get it", "the API server did not answer"))
    assert run("detect", "storefront", S3) == 1
    assert "Cannot get it: the API server did not answer. See that kubectl works" in capsys.readouterr().err


# --- models ---------------------------------------------------------------------------------------------------------


def used_at(world: World) -> str | None:
    parts = world.kube.read(ResourceKey("CustomLabelsModel", NAMESPACE, "parts"))
    assert parts is not None
    return parts.annotations.get(LAST_USED_AT)


def test_a_model_answers_and_its_use_is_noted_once(world: World, run: Run, capsys: Capture) -> None:
    arn = world.model()
    world.aws.detection.script(arn, DetectedLabel("steel-gear", 88.5))
    assert run("detect", "clm/parts", S3, S3, "-o", "json") == 0
    assert lines(capsys)[0] == {
        "image": S3,
        "versionName": VERSION,
        "projectVersionArn": arn,
        "answeredBy": "model",
        "labels": [{"name": "steel-gear", "confidence": 88.5}],
    }
    assert used_at(world) is not None
    assert run("detect", "customlabelsmodels/parts", S3) == 0
    assert [call.method for call in world.kube.calls].count("set_annotations") == 1


def test_a_use_that_cannot_be_noted_is_only_a_warning(world: World, run: Run, capsys: Capture) -> None:
    world.model()
    world.kube.fail("set_annotations", KubeForbiddenError("annotate it", "patch is not allowed", 403))
    assert run("detect", "clm/parts", S3) == 0
    told = capsys.readouterr().err
    assert told.startswith("Warning: The use of CustomLabelsModel trust-safety/parts could not be noted")
    assert "needs patch on customlabelsmodels" in told


@pytest.mark.parametrize(
    ("serving", "told"),
    [
        ({"reason": "Idle"}, f"kubectl annotate customlabelsmodel -n {NAMESPACE} parts --overwrite"),
        (
            {"reason": "OutsideWindow", "nextTransition": "2026-05-05T06:00:00Z", "nextState": "Running"},
            "It is started at 2026-05-05 06:00 UTC.",
        ),
        ({"reason": "Stopped"}, "Set spec.serving.state: Running"),
        ({"reason": "OverBudget"}, "spec.serving.budget"),
        ({"reason": "Running"}, "wait until kubectl get customlabelsmodels shows it as RUNNING"),
    ],
)
def test_a_model_that_does_not_run_says_how_to_run_it(
    world: World, run: Run, capsys: Capture, serving: dict[str, str], told: str
) -> None:
    world.model(state="STOPPED", serving=serving)
    assert run("detect", "clm/parts", S3) == 1
    said = capsys.readouterr().err
    assert f"Version {VERSION} is STOPPED, and only a model that is RUNNING answers." in said
    assert told in said
    assert used_at(world) is None
