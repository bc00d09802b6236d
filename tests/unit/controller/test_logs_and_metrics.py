"""What do log lines and metrics carry?"""

import json
import logging
import sys
from typing import TYPE_CHECKING

import pytest

from fakes.kube import FakeKube
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.controller.logs import (
    JsonFormatter,
    TextFormatter,
    configure_logging,
    pass_context,
    without_tracebacks_of_the_framework,
)
from rekognition_operator.controller.metrics import Metrics
from rekognition_operator.controller.queue import Depth
from rekognition_operator.kube.resource import JsonObject, ResourceKey
from unit.controller.stage import KEY, SPEC

if TYPE_CHECKING:
    from pydantic import JsonValue


def record(message: str = "Reconciled", **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("controller", logging.INFO, __file__, 1, message, (), None)
    for name, value in extra.items():
        setattr(made, name, value)
    return made


def test_a_json_line_carries_the_pass_and_what_it_did() -> None:
    token = pass_context.set({"object": str(KEY), "pass": "1a2b3c4d"})
    try:
        line = json.loads(JsonFormatter().format(record(generation=3, actions=["CreateProject"], hindrance=None)))
    finally:
        pass_context.reset(token)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "controller",
        "message": "Reconciled",
        "object": "ModerationAdapter trust-safety/storefront",
        "pass": "1a2b3c4d",
        "generation": 3,
        "actions": ["CreateProject"],
    }


def test_a_line_outside_a_pass_names_none() -> None:
    assert "pass" not in json.loads(JsonFormatter().format(record()))


def test_a_traceback_stays_in_its_json_line_and_follows_the_text_line() -> None:
    failed = record("It failed")
    try:
        len(3)  # type: ignore[arg-type]  # it is to fail
    except TypeError:
        failed.exc_info = sys.exc_info()
    assert "TypeError" in json.loads(JsonFormatter().format(failed))["exception"]
    first, *rest = TextFormatter().format(failed).splitlines()
    assert first.endswith("It failed")
    assert rest[0] == "Traceback (most recent call last):"


def test_a_text_line_reads_as_key_and_value() -> None:
    line = TextFormatter().format(record(generation=3, actions=["CreateProject"]))
    assert line.endswith('INFO    Reconciled  generation=3 actions=["CreateProject"]')


def test_libraries_are_quiet_but_for_warnings() -> None:
    root = logging.getLogger()
    before = (root.level, root.handlers[:], logging.getLogger("kopf").level)
    try:
        configure_logging("text", "DEBUG")
        assert logging.getLogger("kopf").getEffectiveLevel() == logging.WARNING
        assert logging.getLogger("rekognition_operator").getEffectiveLevel() == logging.DEBUG
    finally:
        logging.captureWarnings(False)
        root.handlers[:] = before[1]
        root.setLevel(before[0])
        for name in ("kopf", "aiohttp", "asyncio", "botocore", "boto3", "urllib3", "kubernetes"):
            logging.getLogger(name).setLevel(before[2])


@pytest.mark.parametrize(("logger", "kept"), [("kopf._core.reactor.running", False), ("kopf.objects", True)])
def test_the_end_of_the_watch_is_told_by_kopf_without_a_traceback(logger: str, kept: bool) -> None:
    failed = record("Watcher has failed")
    failed.name = logger
    failed.exc_info = (LookupError, LookupError("404 page not found"), None)
    assert without_tracebacks_of_the_framework(failed)
    assert ("LookupError" in TextFormatter().format(failed)) == kept


async def test_resources_are_counted_by_their_ready_condition_with_bounded_labels() -> None:
    kube = FakeKube()
    for number, reason in enumerate(("InService", "InService", "NobodyKnowsThis")):
        key = ResourceKey(KEY.kind, KEY.namespace, f"a{number}")
        await kube.patch_status(
            kube.create(key, SPEC), {"conditions": [{"type": "Ready", "status": "True", "reason": reason}]}
        )
    kube.create(KEY, SPEC)
    listing = await kube.list_all(KEY.kind, None)
    metrics = Metrics()
    metrics.watch(lambda: Depth(dict.fromkeys(Lane, 2), delayed=5, running=1), lambda: listing.resources)
    metrics.aws_called("DescribeProjects", "ok")
    metrics.aws_called("DescribeProjects", "Throttled")
    text = metrics.exposition().decode()
    for line in (
        'rekognition_operator_resources{kind="ModerationAdapter",reason="InService",status="True"} 2.0',
        'rekognition_operator_resources{kind="ModerationAdapter",reason="Other",status="True"} 1.0',
        'rekognition_operator_resources{kind="ModerationAdapter",reason="NotSeen",status="Unknown"} 1.0',
        'rekognition_operator_queue_depth{state="ready_change"} 2.0',
        'rekognition_operator_queue_depth{state="delayed"} 5.0',
        'rekognition_operator_aws_calls_total{operation="DescribeProjects",outcome="Throttled"} 1.0',
    ):
        assert line in text


async def test_what_each_model_costs_is_told_and_that_a_suspended_one_is_billed() -> None:
    kube = FakeKube()
    serving: JsonObject = {
        "state": "RUNNING",
        "reason": "Running",
        "usdPerHour": 8.0,
        "month": "2026-11",
        "hoursThisMonth": 12.5,
        "estimatedUSDThisMonth": 50.0,
    }
    conditions: dict[str, list[str]] = {"parts": ["Serving"], "forgotten": ["Serving", "Suspended"], "untrained": []}
    for name, true in conditions.items():
        resource = kube.create(ResourceKey("CustomLabelsModel", "vision", name), SPEC)
        told: list[JsonValue] = [
            {"type": kind, "status": "True", "reason": "X", "message": "", "lastTransitionTime": "2026-11-01T00:00:00Z"}
            for kind in true
        ]
        await kube.patch_status(resource, {"conditions": told, **({"serving": serving} if true else {})})
    listing = await kube.list_all("CustomLabelsModel", None)
    metrics = Metrics()
    metrics.watch(lambda: Depth({}, delayed=0, running=0), lambda: listing.resources)
    text = metrics.exposition().decode()
    for line in (
        'rekognition_operator_model_running{name="parts",namespace="vision"} 1.0',
        'rekognition_operator_model_running_suspended{name="parts",namespace="vision"} 0.0',
        'rekognition_operator_model_running_suspended{name="forgotten",namespace="vision"} 1.0',
        'rekognition_operator_model_usd_per_hour{name="parts",namespace="vision"} 8.0',
        'rekognition_operator_model_month_unit_hours{name="parts",namespace="vision"} 12.5',
        'rekognition_operator_model_month_usd{name="parts",namespace="vision"} 50.0',
    ):
        assert line in text
    assert 'name="untrained"' not in text


async def test_an_adapter_whose_base_model_is_superseded_tells_when_it_may_expire_and_no_other_does() -> None:
    kube = FakeKube()
    estimates: dict[str, JsonObject] = {"old": {"expiryEstimate": "2026-05-01T00:00:00Z"}, "current": {}}
    for name, estimate in estimates.items():
        resource = kube.create(ResourceKey("ModerationAdapter", "trust-safety", name), SPEC)
        await kube.patch_status(resource, {"active": {"versionName": "v1", "arn": "arn", **estimate}})
    listing = await kube.list_all("ModerationAdapter", None)
    metrics = Metrics()
    metrics.watch(lambda: Depth({}, delayed=0, running=0), lambda: listing.resources)
    metric = "rekognition_operator_adapter_expiry_estimate_timestamp_seconds"
    told = [line for line in metrics.exposition().decode().splitlines() if line.startswith(metric)]
    assert told == [metric + '{name="old",namespace="trust-safety"} 1.7775936e+09']
