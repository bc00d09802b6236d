"""Which manifests do the tests of the definitions begin with, and what is a bad one?"""

import copy
from dataclasses import dataclass
from typing import Any

from rekognition_operator.api.kinds import Kind
from rekognition_operator.api.schema import API_VERSION

REMOVED = object()
MANIFEST = {"bucket": "acme-ml", "name": "storefront/train.manifest"}
TESTING_RULE = "exactly one of manifests and autoSplit: true; set one of them"
TAG_KEY_RULE = "tag keys must have 1 to 128 characters: letters, digits, spaces"
ADOPTION_RULE = "adoption.versions needs adoption.policy: IfUnowned; set it, or remove versions"


def smallest(kind: Kind, name: str = "storefront") -> dict[str, Any]:
    """Return a manifest with nothing but what is required."""
    return {
        "apiVersion": API_VERSION,
        "kind": kind.kind,
        "metadata": {"name": name},
        "spec": {"training": {"trainingData": {"manifests": [dict(MANIFEST)]}}, "output": {"bucket": "acme-ml"}},
    }


def good(kind: Kind) -> dict[str, Any]:
    """Return a manifest that is accepted and that has every part which a case edits."""
    manifest = smallest(kind)
    manifest["spec"]["training"]["testingData"] = {"autoSplit": True}
    manifest["spec"]["output"]["prefix"] = "storefront/out/"
    return manifest


def edited(kind: Kind, path: str, value: object) -> dict[str, Any]:
    """Return the good manifest with the member at a dotted path set, or removed."""
    manifest = copy.deepcopy(good(kind))
    *parents, last = path.split(".")
    part = manifest
    for name in parents:
        part = part.setdefault(name, {})
    if value is REMOVED:
        del part[last]
    else:
        part[last] = value
    return manifest


@dataclass(frozen=True)
class Bad:
    """One edit that makes the good manifest bad; ``field`` and ``remedy`` must stand in the message."""

    what: str
    path: str
    value: object
    field: str
    remedy: str


def below(path: str, what: str, value: object, remedy: str) -> Bad:
    """Return a case whose message names the very field that was edited."""
    return Bad(what, path, value, f"{path}: ", remedy)
