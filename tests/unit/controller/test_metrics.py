"""What do the operator's metrics tell, and with which labels?"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from fakes.kube import FakeKube
from rekognition_operator.aws.calls import Call
from rekognition_operator.aws.errors import ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.controller.metric_table import METRICS
from rekognition_operator.controller.metrics import Metrics
from rekognition_operator.controller.queue import Depth
from rekognition_operator.core.trained import TrainingEnded
from rekognition_operator.kube.resource import IDENTITIES, JsonObject, Resource, ResourceKey
from unit.controller.stage import KEY, SPEC, Stage

if TYPE_CHECKING:
    from pydantic import JsonValue

AT = datetime(2026, 5, 1, tzinfo=UTC)
MODEL = "CustomLabelsModel"
SERVING: JsonObject = {
    "state": "RUNNING",
    "units": "1-2",
    "reason": "Running",
    "usdPerHour": 8.0,
    "month": "2026-11",
    "hoursThisMonth": 12.5,
    "estimatedUSDThisMonth": 50.0,
}


def condition(kind: str, status: str = "True", reason: str = "InService") -> "JsonValue":
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": "",
        "lastTransitionTime": "2026-11-01T00:00:00Z",
    }


async def exposed(*statuses: tuple[str, str, JsonObject]) -> list[str]:
    """Return the lines that are exposed of resources with these kinds, names and statuses."""
    kube = FakeKube()
    resources = []
    for kind, name, status in statuses:
        resource = kube.create(ResourceKey(kind, KEY.namespace, name), SPEC)
        resources.append(await kube.patch_status(resource, status) if status else resource)
    return exposition(resources).splitlines()


def exposition(resources: Iterable[Resource], identities: Iterable[Resource] = ()) -> str:
    metrics = Metrics()
    kept, identities = list(resources), list(identities)
    metrics.watch(
        lambda: Depth(dict.fromkeys(Lane, 2), 5, 1, oldest_ready_seconds=3.5, adds=dict.fromkeys(Lane, 7)),
        lambda: kept,
        lambda: identities,
        lambda _: AT,
    )
    return metrics.exposition().decode()


async def test_resources_are_counted_by_their_ready_condition_with_bounded_labels() -> None:
    lines = await exposed(
        (KEY.kind, "a", {"conditions": [condition("Ready")]}),
        (KEY.kind, "b", {"conditions": [condition("Ready")]}),
        (KEY.kind, "c", {"conditions": [condition("Ready", reason="NobodyKnowsThis")]}),
        (KEY.kind, "d", {}),
    )
    of = 'kind="ModerationAdapter"'
    for line in (
        f'rekognition_operator_resources{{{of},ready="True",reason="InService"}} 2.0',
        f'rekognition_operator_resources{{{of},ready="True",reason="Other"}} 1.0',
        f'rekognition_operator_resources{{{of},ready="Unknown",reason="NotSeen"}} 1.0',
        f'rekognition_operator_resource_ready{{{of},name="a",namespace="trust-safety",reason="InService"}} 1.0',
        f'rekognition_operator_resource_ready{{{of},name="d",namespace="trust-safety",reason="NotSeen"}} 0.0',
        "rekognition_operator_resource_observed_timestamp_seconds"
        f'{{{of},name="a",namespace="trust-safety"}} {AT.timestamp()!r}'.replace("1777593600.0", "1.7775936e+09"),
    ):
        assert line in lines


async def test_identities_tell_whether_aws_can_be_called_as_them() -> None:
    kube = FakeKube()
    refused = [condition("Ready", "False", "Refused"), condition("Stalled", "True", "Refused")]
    made = kube.create(ResourceKey(IDENTITIES.kind, "", "team-a"), {})
    shown = await kube.patch_status(made, {"conditions": list(refused), "usedBy": 2})
    lines = exposition([], [shown]).splitlines()
    of = 'kind="AWSIdentity",name="team-a",namespace="",reason="Refused"'
    assert f"rekognition_operator_resource_ready{{{of}}} 0.0" in lines
    assert 'rekognition_operator_resources{kind="AWSIdentity",ready="False",reason="Refused"} 1.0' in lines
    assert f'rekognition_operator_resource_condition{{condition="Stalled",{of}}} 1.0' in lines


async def test_each_true_condition_is_one_series_and_unknown_ones_are_none() -> None:
    lines = await exposed(
        (
            KEY.kind,
            "a",
            {
                "conditions": [
                    condition("Ready", "False", "TrainingFailed"),
                    condition("UpToDate", "False", "TrainingFailed"),
                    condition("Stalled", "True", "TrainingFailed"),
                    condition("OfAnotherRelease", "True", "X"),
                ]
            },
        )
    )
    told = [line for line in lines if line.startswith("rekognition_operator_resource_condition")]
    (series,) = told
    assert 'condition="Stalled",kind="ModerationAdapter",name="a"' in series
    assert 'reason="TrainingFailed"' in series


async def test_versions_are_counted_by_status_and_the_one_in_service_tells_its_score() -> None:
    def version(name: str, status: str) -> "JsonValue":
        return {"name": name, "arn": name, "status": status, "role": "Candidate", "createdAt": "2026-11-01T00:00:00Z"}

    lines = await exposed(
        (
            KEY.kind,
            "a",
            {
                "active": {"versionName": "v1", "arn": "v1", "f1Score": 0.93},
                "versions": [version("v1", "TRAINING_COMPLETED"), version("v2", "NEW_IN_AWS")],
            },
        )
    )
    assert 'rekognition_operator_versions{kind="ModerationAdapter",status="TRAINING_COMPLETED"} 1.0' in lines
    assert 'rekognition_operator_versions{kind="ModerationAdapter",status="UNKNOWN"} 1.0' in lines
    of = 'kind="ModerationAdapter",name="a",namespace="trust-safety"'
    assert f"rekognition_operator_resource_f1_score{{{of}}} 0.93" in lines


@pytest.mark.parametrize(
    ("reason", "usd", "unwanted"),
    [
        ("Running", 8.0, 0.0),
        ("OutsideWindow", 8.0, 1.0),
        ("Idle", 4.0, 1.0),
        ("OverBudget", 4.0, 1.0),
        ("Stopped", 0.0, 0.0),
    ],
)
async def test_a_model_that_is_billed_against_its_spec_is_told(reason: str, usd: float, unwanted: float) -> None:
    lines = await exposed((MODEL, "parts", {"serving": {**SERVING, "reason": reason, "usdPerHour": usd}}))
    of = f'name="parts",namespace="trust-safety",reason="{reason}"'
    assert f"rekognition_operator_model_running_unwanted{{{of}}} {unwanted}" in lines


async def test_what_each_model_costs_is_told_and_that_a_suspended_one_is_billed() -> None:
    lines = await exposed(
        (MODEL, "parts", {"conditions": [condition("Serving")], "serving": SERVING}),
        (MODEL, "forgotten", {"conditions": [condition("Serving"), condition("Suspended")], "serving": SERVING}),
        (MODEL, "untrained", {}),
    )
    of = 'name="parts",namespace="trust-safety"'
    for line in (
        f"rekognition_operator_model_running{{{of}}} 1.0",
        f"rekognition_operator_model_inference_units{{{of}}} 2.0",
        f"rekognition_operator_model_running_suspended{{{of}}} 0.0",
        'rekognition_operator_model_running_suspended{name="forgotten",namespace="trust-safety"} 1.0',
        f"rekognition_operator_model_usd_per_hour{{{of}}} 8.0",
        f"rekognition_operator_model_month_unit_hours{{{of}}} 12.5",
        f"rekognition_operator_model_month_usd{{{of}}} 50.0",
    ):
        assert line in lines
    assert not [line for line in lines if "_model_" in line and 'name="untrained"' in line]


async def test_an_adapter_whose_base_model_is_superseded_tells_when_it_may_expire_and_no_other_does() -> None:
    lines = await exposed(
        (KEY.kind, "old", {"active": {"versionName": "v1", "arn": "a", "expiryEstimate": "2026-05-01T00:00:00Z"}}),
        (KEY.kind, "current", {"active": {"versionName": "v1", "arn": "b"}}),
    )
    metric = "rekognition_operator_adapter_expiry_estimate_timestamp_seconds"
    told = [line for line in lines if line.startswith(metric)]
    assert told == [metric + '{name="old",namespace="trust-safety"} 1.7775936e+09']


def test_an_operator_that_stands_by_knows_no_resource_and_tells_of_none() -> None:
    text = exposition([])
    samples = [line for line in text.splitlines() if not line.startswith("#")]
    for metric in METRICS:
        if metric.of_resources:
            assert not [line for line in samples if line.startswith(metric.name + "{")]
    assert 'rekognition_operator_queue_depth{state="ready_change"} 2.0' in samples
    assert "rekognition_operator_queue_oldest_ready_seconds 3.5" in samples
    assert 'rekognition_operator_queue_adds_total{lane="change"} 7.0' in samples


def test_calls_to_aws_and_trainings_are_counted() -> None:
    metrics = Metrics()
    metrics.aws_called(Call("DescribeProjects", "ok", 0.2, Lane.SWEEP, waited_seconds=4.0))
    metrics.aws_called(Call("DescribeProjects", "Throttled", 0.1, Lane.SWEEP))
    metrics.training_ended(MODEL, TrainingEnded(completed=False, billed_seconds=90))
    metrics.training_ended(MODEL, TrainingEnded(completed=True, billed_seconds=3600))
    lines = metrics.exposition().decode().splitlines()
    for line in (
        'rekognition_operator_aws_calls_total{operation="DescribeProjects",outcome="Throttled"} 1.0',
        'rekognition_operator_aws_call_duration_seconds_count{operation="DescribeProjects"} 2.0',
        'rekognition_operator_aws_limiter_wait_seconds_sum{lane="sweep"} 4.0',
        'rekognition_operator_trainings_ended_total{kind="CustomLabelsModel",result="failed"} 1.0',
        'rekognition_operator_training_billed_seconds_total{kind="CustomLabelsModel"} 3690.0',
    ):
        assert line in lines


async def test_the_last_look_grows_older_while_aws_cannot_be_looked_at() -> None:
    stage = Stage()
    stage.create()
    await stage.settle()
    seen = stage.reconciler.last_look(stage.key)
    assert seen is not None
    stage.clock.seconds += 3600
    stage.aws.inject("DescribeProjects", ErrorKind.SERVER, times=9)
    await stage.run(Lane.SWEEP)
    assert stage.reconciler.last_look(stage.key) == seen
