"""What do log lines carry?"""

import json
import logging
import sys

import pytest

from rekognition_operator.aws.calls import Call
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.controller.awscalls import CallTeller
from rekognition_operator.controller.logs import (
    JsonFormatter,
    TextFormatter,
    configure_logging,
    pass_context,
    without_tracebacks_of_the_framework,
)
from rekognition_operator.controller.metrics import Metrics
from unit.controller.stage import KEY


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


@pytest.mark.parametrize(
    ("outcome", "changes", "level"),
    [
        ("ok", False, "DEBUG"),
        ("ok", True, "INFO"),
        ("Throttled", False, "DEBUG"),
        ("AccessDenied", False, "WARNING"),
        ("Credentials", False, "WARNING"),
        ("Limit", True, "WARNING"),
        ("Lost", True, "WARNING"),
    ],
)
def test_a_call_that_changes_something_is_told_and_one_that_reads_only_to_those_who_debug(
    outcome: str, changes: bool, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "rekognition_operator")
    CallTeller(Metrics())(
        Call("StopProjectVersion", outcome, 0.25, Lane.CHANGE, changes=changes, request_id="4f1c", code="Because")
    )
    (told,) = caplog.records
    assert told.levelname == level
    line = json.loads(JsonFormatter().format(told))
    assert {name: line[name] for name in ("message", "operation", "outcome", "code", "aws_request_id", "seconds")} == {
        "message": "Called AWS",
        "operation": "StopProjectVersion",
        "outcome": outcome,
        "code": "Because",
        "aws_request_id": "4f1c",
        "seconds": 0.25,
    }
