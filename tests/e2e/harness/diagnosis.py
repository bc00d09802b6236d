"""Why did something not happen? What a failed wait shows: resource, events, the operator's log, AWS's calls."""

from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from e2e.harness.resource import Resource

_LAST_CALLS = 30


def diagnosis(about: "Resource") -> str:
    """Return all that there is to see about one resource."""
    scene = about.scene
    latest = scene.cluster.watcher.latest(about.key)
    body = None if latest is None else {**latest.body, "metadata": _readable(latest.body["metadata"])}
    resource = "(it is not there)" if body is None else yaml.safe_dump(body, sort_keys=False, width=160)
    events = "\n".join(
        f"{event['firstTimestamp']} {event['type']:<8} {event['reason']:<24} {event['message']}"
        for event in scene.cluster.events(scene.namespace, about.name)
    )
    calls = "\n".join(
        f"{call.arrived_at:%H:%M:%S.%f} {call.operation:<24} {call.outcome:<28} {call.effect or ''}"
        for call in scene.aws.calls()[-_LAST_CALLS:]
    )
    sections = {
        "The resource": resource,
        "Events": events,
        f"The operator's last calls to AWS in {scene.aws.region}": calls,
        "The end of the operator's log": scene.operator.log(),
    }
    return "\n".join(f"--- {title}:\n{text or '(none)'}" for title, text in sections.items())


def _readable(metadata: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in metadata.items() if key != "managedFields"}
