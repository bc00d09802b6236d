"""Does every definition keep the rules of structural schemas, and the stricter ones of ours?"""

import copy
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from rekognition_operator.api.crd import COLUMNS, all_crds, crd_of
from rekognition_operator.api.kinds import ALL_KINDS, Kind
from rekognition_operator.api.moderationadapter import ModerationAdapter
from rekognition_operator.cli.crds import files

ROOT = Path(__file__).parents[3]

Schema = dict[str, Any]

KEYWORDS = {
    "type", "format", "description", "default", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum",
    "minItems", "maxItems", "minProperties", "maxProperties", "required", "properties", "items", "additionalProperties",
    "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-validations",
}  # fmt: skip
SCALARS = {"string", "integer", "number", "boolean"}
ONLY_ONE_DIALECT = re.compile(r"\(\?|\\[pPAzZQ]|\\[1-9]|\{\d{4,}|,\d{4,}\}|[*+?}]\+")
"""What RE2 or ECMA lacks: look-around, Unicode classes, backreferences, more than 1000 repetitions ..."""


def problems(crd: Schema) -> list[str]:
    """Return what is wrong with a definition, each with the path of the field."""
    [version] = crd["spec"]["versions"]
    return list(_problems(version["schema"]["openAPIV3Schema"], ""))


def _problems(schema: Schema, path: str) -> Iterator[str]:
    checks: tuple[Callable[[Schema, str], Iterator[str]], ...] = (_shape, _bounds, _lists, _objects, _rules)
    for check in checks:
        yield from (f"{path or '.'}: {problem}" for problem in check(schema, path))
    for name, member in schema.get("properties", {}).items():
        if not member.get("description"):
            yield f"{path}.{name}: has no description"
        yield from _problems(member, f"{path}.{name}")
    if "items" in schema:
        yield from _problems(schema["items"], f"{path}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _problems(schema["additionalProperties"], f"{path}{{}}")


def _shape(schema: Schema, path: str) -> Iterator[str]:
    if unknown := schema.keys() - KEYWORDS:
        yield f"{sorted(unknown)} is not structural"
    if schema.get("type") not in {"object", "array", *SCALARS}:
        yield f"type is {schema.get('type')}"
    if path.startswith(".spec.training") and "default" in schema:
        yield "a digest input has a default"
    if "default" in schema and schema["default"] is None:
        yield "the default is null"
    if "pattern" in schema and ONLY_ONE_DIALECT.search(schema["pattern"]):
        yield "RE2 and ECMA do not both have this pattern"


def _bounds(schema: Schema, path: str) -> Iterator[str]:
    bounded = "enum" in schema or "maxLength" in schema or schema.get("format") == "date-time"
    if schema.get("type") == "string" and not bounded:
        yield "the string is unbounded"
    if schema.get("type") == "string" and path.startswith(".spec") and schema.get("format") == "date-time":
        yield "a time in the spec is unbounded"
    if schema.get("type") == "integer" and schema.get("format") not in {"int32", "int64"}:
        yield "the integer has no width"


def _lists(schema: Schema, _path: str) -> Iterator[str]:
    if schema.get("type") != "array":
        return
    item, list_type = schema["items"], schema.get("x-kubernetes-list-type")
    if "maxItems" not in schema:
        yield "the list is unbounded"
    if list_type not in {"atomic", "set", "map"}:
        yield f"list-type is {list_type}"
    if list_type == "set" and item["type"] not in SCALARS:
        yield "a set is of objects"
    keys = schema.get("x-kubernetes-list-map-keys", [])
    if (list_type == "map") != bool(keys):
        yield "list-map-keys go with list-type map, and only with it"
    for key in keys:
        if key not in item.get("required", []) or item["properties"][key]["type"] not in SCALARS:
            yield f"the map key {key} is not a required scalar"


def _objects(schema: Schema, _path: str) -> Iterator[str]:
    if schema.get("type") != "object":
        return
    if ("properties" in schema) == ("additionalProperties" in schema):
        yield "the object has not exactly one of properties and additionalProperties"
    if "additionalProperties" in schema and "maxProperties" not in schema:
        yield "the map is unbounded"
    if missing := set(schema.get("required", [])) - schema.get("properties", {}).keys():
        yield f"{sorted(missing)} is required but not there"
    for name in schema.get("required", []):
        if "default" in schema["properties"].get(name, {}):
            yield f"{name} is required and has a default"


def _rules(schema: Schema, _path: str) -> Iterator[str]:
    for rule in schema.get("x-kubernetes-validations", []):
        if not rule.get("message") or "\n" in rule["message"]:
            yield f"the rule {rule['rule']} has no message of one line"
        name = rule.get("fieldPath", "").removeprefix(".")
        if name and name not in schema["properties"]:
            yield f"fieldPath {name} does not exist"


@pytest.mark.parametrize("crd", all_crds(), ids=lambda crd: str(crd["metadata"]["name"]))
def test_every_definition_keeps_the_rules(crd: Schema) -> None:
    assert problems(crd) == []


def _member(schema: Schema, path: str) -> Schema:
    for name in path.split("."):
        schema = schema["properties"][name]
    return schema


MANIFESTS = "spec.training.trainingData.manifests"
BREAKS: dict[str, tuple[str, Callable[[Schema], object], str]] = {
    "a list without list-type": (MANIFESTS, lambda s: s.pop("x-kubernetes-list-type"), "list-type is None"),
    "an unbounded list": (MANIFESTS, lambda s: s.pop("maxItems"), "the list is unbounded"),
    "a set of objects": (MANIFESTS, lambda s: s.update({"x-kubernetes-list-type": "set"}), "a set is of objects"),
    "a map without keys": (MANIFESTS, lambda s: s.update({"x-kubernetes-list-type": "map"}), "list-map-keys go with"),
    "an optional map key": ("status.conditions", lambda s: s["items"]["required"].remove("type"), "not a required sc"),
    "no description": ("spec.suspend", lambda s: s.pop("description"), "has no description"),
    "an unbounded string": ("spec.output.prefix", lambda s: s.pop("maxLength"), "the string is unbounded"),
    "a time in the spec": ("spec.output.prefix", lambda s: s.update({"format": "date-time"}), "a time in the spec"),
    "an unbounded map": ("spec.tags", lambda s: s.pop("maxProperties"), "the map is unbounded"),
    "an open object": ("spec.retention", lambda s: s.pop("properties"), "not exactly one of properties"),
    "a default of a digest input": (
        "spec.training.confidenceThreshold", lambda s: s.update(default=50), "a digest input has a default",
    ),
    "a null default": ("spec.output.prefix", lambda s: s.update(default=None), "the default is null"),
    "a required field with a default": (
        "spec.output", lambda s: s["properties"]["bucket"].update(default="x"), "bucket is required and has a default",
    ),
    "a required field that is missing": ("spec.output", lambda s: s["required"].append("x"), "required but not there"),
    "a title": ("spec.output", lambda s: s.update(title="Output"), "['title'] is not structural"),
    "no type": ("spec.output.bucket", lambda s: s.pop("type"), "type is None"),
    "an integer of any width": ("spec.retention.keep", lambda s: s.pop("format"), "the integer has no width"),
    "a look-ahead": ("spec.output.bucket", lambda s: s.update(pattern="^(?!aws:)"), "do not both have this pattern"),
    "2000 repetitions": ("spec.output.bucket", lambda s: s.update(pattern="^a{0,2047}$"), "do not both have"),
    "a rule without message": (
        "spec.adoption", lambda s: s["x-kubernetes-validations"][0].pop("message"), "no message of one line",
    ),
    "a rule about a field that is not there": (
        "spec.adoption", lambda s: s["x-kubernetes-validations"][0].update(fieldPath=".x"), "fieldPath x does not",
    ),
}  # fmt: skip


@pytest.mark.parametrize("broken", BREAKS)
def test_the_check_finds(broken: str) -> None:
    path, break_it, told = BREAKS[broken]
    crd: Schema = copy.deepcopy(crd_of(ModerationAdapter))
    break_it(_member(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"], path))
    [problem] = problems(crd)
    assert problem.startswith(f".{path}: ")
    assert told in problem


def test_the_committed_files_are_what_the_models_say() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "crds").iterdir()}
    assert committed == files(), "crds/ differs from the models: run make crds, and commit what it writes"


def test_the_committed_files_are_the_definitions() -> None:
    committed = [yaml.safe_load((ROOT / "crds" / name).read_text(encoding="utf-8")) for name in files()]
    assert committed == all_crds()


@pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: kind.kind)
def test_every_column_shows_a_field_that_the_schema_has(kind: Kind) -> None:
    crd: Schema = crd_of(kind)
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    for column in COLUMNS[kind]:
        first, _, rest = column.json_path.removeprefix(".").partition(".")
        if first == "metadata" or rest.startswith("conditions["):
            continue
        field = _member(schema, f"{first}.{rest}")
        assert field["type"] == column.type, column.name


def test_both_kinds_have_the_same_columns_for_what_they_share() -> None:
    shown = [{column.name: column.json_path for column in COLUMNS[kind]} for kind in ALL_KINDS]
    shared = set.intersection(*({*columns} for columns in shown))
    assert shared >= {"Ready", "Status", "Version", "F1", "Age", "Project ARN", "Region", "Latest", "Message"}
    assert all(len({columns[name] for columns in shown}) == 1 for name in shared)


def test_each_call_returns_a_definition_of_its_own() -> None:
    first = all_crds()
    first[0]["spec"] = None
    assert all_crds()[0]["spec"] is not None


def test_no_deployment_tool_may_prune_a_definition() -> None:
    for crd in all_crds():
        metadata: Any = crd["metadata"]
        assert metadata["annotations"] == {
            "argocd.argoproj.io/sync-options": "Prune=false",
            "helm.sh/resource-policy": "keep",
            "kustomize.toolkit.fluxcd.io/prune": "disabled",
        }
