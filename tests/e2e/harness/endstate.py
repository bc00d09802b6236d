"""Where did a resource end? Its status and what it has in AWS, without what differs from run to run."""

import json
import re

from e2e.harness.resource import Resource

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d+)?(Z|\+00:00)?")
_CREATED = re.compile(r"/\d{13}\b")
_ESTIMATE = re.compile(r'("(?:hours|estimatedUSD)ThisMonth": )[0-9.]+')
_DIGEST = re.compile(r"v1-[0-9a-f]{16}")


def end_state(of: Resource) -> str:
    """Return the end state as JSON, to be compared with that of a resource of another name, in another Region."""
    aws = of.scene.aws
    body = of.now.body
    (project,) = aws.project_arns(of.project_name)
    versions = aws.versions(project)
    state = {
        "finalizers": body["metadata"]["finalizers"],
        "status": body["status"],
        "project": {"arn": project, "tags": aws.tags(project)},
        "versions": [{**version, "tags": aws.tags(version["ProjectVersionArn"])} for version in versions],
    }
    text = json.dumps(state, indent=1, sort_keys=True, default=str)
    text = text.replace(aws.region, "REGION").replace(of.name, "NAME")
    text = _ESTIMATE.sub(r"\1N", text)
    text = _CREATED.sub("/CREATED", _TIME.sub("TIME", text))
    names = dict.fromkeys(_DIGEST.findall(text))  # the data's bucket is part of a digest
    for number, name in enumerate(names, start=1):
        text = text.replace(name, f"DIGEST-{number}")
    return text
