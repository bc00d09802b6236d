"""What in a new definition breaks those who use the last release's?"""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

UPPER = ("maxLength", "maxItems", "maxProperties", "maximum")
LOWER = ("minLength", "minItems", "minProperties", "minimum")
SAME = ("type", "format", "default", "x-kubernetes-list-type", "x-kubernetes-list-map-keys")


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """Return what breaks, each with the path of the field; a change of a rule or pattern counts, as none can tell."""
    return list(_definition(old["spec"], new["spec"]))


def _definition(old: Schema, new: Schema) -> Iterator[str]:
    for key in ("group", "scope"):
        if old[key] != new[key]:
            yield f"{key} was {old[key]}, is {new[key]}"
    for key in ("kind", "listKind", "plural", "singular"):
        if old["names"][key] != new["names"][key]:
            yield f"names.{key} was {old['names'][key]}, is {new['names'][key]}"
    for key in ("shortNames", "categories"):
        for gone in sorted(set(old["names"].get(key, [])) - set(new["names"].get(key, []))):
            yield f"names.{key} lost {gone}"
    versions = {version["name"]: version for version in new["versions"]}
    for version in old["versions"]:
        name = version["name"]
        if name not in versions:
            yield f"version {name} was removed"
        else:
            yield from (f"{name}: {change}" for change in _version(version, versions[name]))


def _version(old: Schema, new: Schema) -> Iterator[str]:
    if old["served"] and not new["served"]:
        yield "is no longer served"
    if old["storage"] != new["storage"]:
        yield "the stored version changed"
    for gone in sorted(set(old.get("subresources", {})) - set(new.get("subresources", {}))):
        yield f"subresource {gone} was removed"
    yield from _schema(old["schema"]["openAPIV3Schema"], new["schema"]["openAPIV3Schema"], "")


def _schema(old: Schema, new: Schema, path: str) -> Iterator[str]:
    yield from (f"{path or '.'}: {change}" for change in _keywords(old, new))
    members = new.get("properties", {})
    for name, member in old.get("properties", {}).items():
        if name in members:
            yield from _schema(member, members[name], f"{path}.{name}")
        else:
            yield f"{path}.{name}: was removed"
    for key, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if isinstance(old.get(key), dict) and isinstance(new.get(key), dict):
            yield from _schema(old[key], new[key], path + mark)
        elif key in old and old[key] != new.get(key):
            yield f"{path or '.'}: {key} changed"


def _keywords(old: Schema, new: Schema) -> Iterator[str]:
    for key in SAME:
        if old.get(key) != new.get(key):
            yield f"{key} was {old.get(key)}, is {new.get(key)}"
    for key in UPPER:
        if key in new and (key not in old or new[key] < old[key]):
            yield f"{key} was {old.get(key)}, is {new[key]}"
    for key in LOWER:
        if key in new and new[key] > old.get(key, 0 if key != "minimum" else float("-inf")):
            yield f"{key} was {old.get(key)}, is {new[key]}"
    if "pattern" in new and new["pattern"] != old.get("pattern"):
        yield f"pattern was {old.get('pattern')}, is {new['pattern']}"
    if "enum" in new:
        lost = [value for value in old["enum"] if value not in new["enum"]] if "enum" in old else ["any other value"]
        yield from (f"enum no longer has {value}" for value in lost)
    for name in sorted(set(new.get("required", [])) - set(old.get("required", []))):
        yield f"{name} is now required"
    rules = {rule["rule"] for rule in old.get("x-kubernetes-validations", [])}
    for rule in new.get("x-kubernetes-validations", []):
        if rule["rule"] not in rules:
            yield f"new rule {rule['rule']}"
