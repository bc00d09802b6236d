"""How did the versions of a resource come into service: what was started, asked, written down and stopped, in order?"""

from typing import TYPE_CHECKING, Any, cast

from e2e.harness.aws import Aws
from e2e.harness.reading import changes
from e2e.harness.resource import Resource
from rekognition_operator.core import tags as t

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rekognition_sandbox.emulator.wire import CallRecord

_WRITTEN = {t.PROMOTED_AT: "Promote", t.REJECTED: "Reject", t.PROVED: "Prove", t.APPROVED: "Approve"}
_MOVES = {"StartProjectVersion": "Start", "StopProjectVersion": "Stop"}
_QUESTIONS = frozenset({"DetectModerationLabels", "DetectCustomLabels"})


def course(of: Resource, *, since: int = 0) -> list[str]:
    """Return the operator's steps by the call log, such as ``Ask v1-...``; those that were repeated at once are one."""
    steps = (step for call in of.scene.aws.calls(since=since) for step in _steps(call, of.project_name))
    return changes(steps)


def asked(aws: Aws, arn: str, *, since: int = 0) -> "list[CallRecord]":
    """Return the operator's questions to a version."""
    return [call for call in aws.calls(since=since) if call.operation in _QUESTIONS and _arn(call) == arn]


def probes(aws: Aws, image: str, *, interval: str = "168h", **expect: list[str]) -> dict[str, Any]:
    """Return spec.promotion.probes with one case; by default it is not asked again within a story.

    Parameters
    ----------
    image
        Key in the bucket.
    expect
        Labels that must be ``present`` and ``absent``.
    """
    place = {"bucket": aws.bucket, "name": image}
    return {"interval": interval, "cases": [{"name": "picture", "image": place, "expect": expect}]}


def _steps(call: "CallRecord", project_name: str) -> list[str]:
    arn = _arn(call)
    if f":project/{project_name}/version/" not in arn:
        return []
    name = arn.split("/")[3]
    if call.operation in _QUESTIONS:
        return [f"Ask {name}"]
    if call.effect is None:
        return []
    if call.operation in _MOVES:
        return [f"{_MOVES[call.operation]} {name}"]
    tags = cast("Mapping[str, str]", call.parameters.get("Tags", {})) if call.operation == "TagResource" else {}
    return [f"{verb} {name}" for key, verb in _WRITTEN.items() if key in tags]


def _arn(call: "CallRecord") -> str:
    """Return the ARN of the version that a call is about, whatever the operation calls it."""
    given = call.parameters
    return str(given.get("ProjectVersionArn") or given.get("ProjectVersion") or given.get("ResourceArn") or "")
