"""Do the definitions stay usable for those who have the last release's?"""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops.evolution import breaking_changes

ROOT = Path(__file__).parents[3]
LAST = max((ROOT / "tests/data/crds").iterdir(), key=lambda path: [int(n) for n in path.name[1:].split(".")])
"""The definitions of the last release: a release copies crds/ here, into a folder of its own name."""

Edit = Callable[[dict[str, Any]], object]


def load(path: Path) -> dict[str, Any]:
    crd: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return crd


@pytest.mark.parametrize("path", sorted(LAST.glob("*.yaml")), ids=lambda path: path.stem)
def test_nothing_breaks_since_the_last_release(path: Path) -> None:
    assert breaking_changes(load(path), load(ROOT / "crds" / path.name)) == []


def small() -> dict[str, Any]:
    name = {"type": "string", "minLength": 1, "maxLength": 9, "enum": ["a", "b"], "default": "a"}
    item = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "minimum": 1}}}
    listed = {"type": "array", "items": item, "maxItems": 3, "x-kubernetes-list-type": "atomic"}
    rules = [{"rule": "self.x", "message": "m"}]
    props = {"name": name, "list": listed}
    schema = {"type": "object", "properties": props, "x-kubernetes-validations": rules}
    version = {"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}}
    names = {"kind": "K", "listKind": "KL", "plural": "ks", "singular": "k", "shortNames": ["kk"]}
    versions = [{**version, "schema": {"openAPIV3Schema": schema}}]
    return {"spec": {"group": "g", "scope": "Namespaced", "names": names, "versions": versions}}


def root(crd: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def field(crd: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = root(crd)["properties"][name]
    return found


BREAKING: dict[str, Edit] = {
    "scope": lambda c: c["spec"].update(scope="Cluster"),
    "names.plural": lambda c: c["spec"]["names"].update(plural="x"),
    "names.shortNames lost kk": lambda c: c["spec"]["names"].update(shortNames=[]),
    "version v1 was removed": lambda c: c["spec"].update(versions=[]),
    "no longer served": lambda c: c["spec"]["versions"][0].update(served=False),
    "stored version changed": lambda c: c["spec"]["versions"][0].update(storage=False),
    "subresource status": lambda c: c["spec"]["versions"][0].pop("subresources"),
    ".name: was removed": lambda c: root(c)["properties"].pop("name"),
    "type was string": lambda c: field(c, "name").update(type="integer"),
    "maxLength was 9": lambda c: field(c, "name").update(maxLength=8),
    "minLength was 1": lambda c: field(c, "name").update(minLength=2),
    "pattern was None": lambda c: field(c, "name").update(pattern="a"),
    "enum no longer has b": lambda c: field(c, "name").update(enum=["a", "c"]),
    "default was a": lambda c: field(c, "name").pop("default"),
    ".: name is now required": lambda c: root(c).update(required=["name"]),
    ".list[].n: minimum was 1": lambda c: field(c, "list")["items"]["properties"]["n"].update(minimum=2),
    "x-kubernetes-list-type was atomic": lambda c: field(c, "list").update({"x-kubernetes-list-type": "set"}),
    "items changed": lambda c: field(c, "list").pop("items"),
    "new rule self.y": lambda c: root(c)["x-kubernetes-validations"].append({"rule": "self.y"}),
}
ALLOWED: dict[str, Edit] = {
    "an optional field": lambda c: root(c)["properties"].update(more={"type": "string", "maxLength": 5}),
    "a longer text": lambda c: field(c, "name").update(maxLength=10),
    "no bound": lambda c: field(c, "name").pop("maxLength"),
    "one more value": lambda c: field(c, "name").update(enum=["a", "b", "c"]),
    "a rule less": lambda c: root(c).pop("x-kubernetes-validations"),
    "another message": lambda c: root(c)["x-kubernetes-validations"][0].update(message="better"),
    "no longer required": lambda c: field(c, "list")["items"].pop("required"),
    "one more version": lambda c: c["spec"]["versions"].append({"name": "v2"}),
}


@pytest.mark.parametrize("told", BREAKING)
def test_a_change_that_breaks_is_told_with_its_place(told: str) -> None:
    new = copy.deepcopy(small())
    BREAKING[told](new)
    [change] = breaking_changes(small(), new)
    assert told in change


@pytest.mark.parametrize("name", ALLOWED)
def test_a_change_that_only_widens_is_allowed(name: str) -> None:
    new = copy.deepcopy(small())
    ALLOWED[name](new)
    assert breaking_changes(small(), new) == []
