"""What does Argo CD make of each phase, and which files tell it so? `python -m gitops.argocd` writes them anew."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from lupa.lua51 import LuaRuntime

from fakes.builders import NOW
from rekognition_operator.api.awsidentity import AWSIdentityStatus
from rekognition_operator.api.conditions import Reason
from rekognition_operator.api.resource import ResourceStatus
from rekognition_operator.core.hindrance import Terminal, Transient
from rekognition_operator.core.identity_status import (
    IdentityReport,
    compose_identity,
    hindered,
    usable,
    without_namespace,
)
from unit.core.test_kstatus import MODEL_PHASES, PHASES, Phase, kstatus

ROOT = Path(__file__).parents[2]
ARGOCD = ROOT / "examples/gitops/argocd"
GROUP = "rekognition-operator.io"
CUSTOMIZATIONS = ARGOCD / "resource_customizations" / GROUP
PAGE = ROOT / "docs/gitops.md"
BEGIN, END = "<!-- what each tool shows: begin -->\n", "<!-- what each tool shows: end -->\n"

Status = ResourceStatus | AWSIdentityStatus


@dataclass(frozen=True)
class Situation:
    """A resource at one moment, and how kstatus shall see it."""

    name: str
    generation: int
    status: Status
    kstatus: str


def _of_phase(phase: Phase) -> Situation:
    return Situation(phase.name, phase.desired.generation, phase.status(), phase.kstatus)


def _of_identity(name: str, report: IdentityReport, seen: str, *, used_by: int = 0) -> Situation:
    return Situation(name, 1, compose_identity(AWSIdentityStatus(), 1, report, used_by, NOW), seen)


ROLE = "arn:aws:iam::111122223333:role/rekognition-team-a"
REFUSED = Terminal(Reason.REFUSED, "AWS refused sts:AssumeRole: correct the role's trust policy", 600)
LOST = Transient(Reason.RETRYING, "AWS STS could not be reached")
IDENTITY_SITUATIONS = (
    _of_identity("an identity that AWS was called as", usable(ROLE, "team-a", "111122223333"), "Current", used_by=2),
    _of_identity("an identity whose role AWS refuses", hindered(REFUSED, "team-a", "111122223333"), "Failed"),
    _of_identity("an identity, a passing fault", hindered(LOST, "team-a", "111122223333"), "InProgress"),
    _of_identity("an identity before its namespaces are made", without_namespace("111122223333"), "Current"),
)
SITUATIONS: Mapping[str, tuple[Situation, ...]] = {
    "ModerationAdapter": tuple(_of_phase(phase) for phase in PHASES if not phase.desired.deleting),
    "CustomLabelsModel": tuple(_of_phase(phase) for phase in MODEL_PHASES if not phase.desired.deleting),
    "AWSIdentity": IDENTITY_SITUATIONS,
}
EMPTY: Mapping[str, type[Status]] = dict.fromkeys(SITUATIONS, ResourceStatus) | {"AWSIdentity": AWSIdentityStatus}
RECORDED: Mapping[str, tuple[str, ...]] = {
    "ModerationAdapter": (
        "asking for the training", "waiting for a slot", "access denied", "the first training",
        "the first training failed", "in service", "retraining", "the retraining failed",
        "readyWhen Accepted, the first training", "a first version waits for a person's word",
        "a retraining waits for a person's word", "suspended in service", "suspended before anything serves",
    ),
    "CustomLabelsModel": (
        "a model that starts", "a model that runs", "a model that is stopped, as it shall be",
        "a model that failed to start", "a model beyond its budget", "the next version takes over",
        "a running model that is suspended", "a model under readyWhen Accepted that trains",
    ),
    "AWSIdentity": tuple(situation.name for situation in IDENTITY_SITUATIONS),
}  # fmt: skip
"""The phases whose statuses are test cases in Argo CD's own layout; the table on the page has all of them."""


@dataclass(frozen=True)
class Health:
    """What a health.lua answers."""

    status: str
    message: str


def lua_of(kind: str) -> str:
    """Return the health check of a kind."""
    return (CUSTOMIZATIONS / kind / "health.lua").read_text(encoding="utf-8")


def health(kind: str, resource: Mapping[str, Any]) -> Health:
    """Run the health check as Argo CD does: Lua 5.1, the resource as the global `obj`."""
    lua = LuaRuntime(register_eval=False, register_builtins=False)
    lua.globals().obj = lua.table_from(resource, recursive=True)
    answer = lua.execute(lua_of(kind))
    return Health(answer["status"], answer["message"])


def resource_of(kind: str, name: str, generation: int, status: Status | None) -> dict[str, Any]:
    """Return a resource as the API server shows it; the spec is left out, since no health check reads it."""
    shown = {} if status is None else {"status": status.model_dump(mode="json", by_alias=True, exclude_none=True)}
    place = {} if kind == "AWSIdentity" else {"namespace": "trust-safety"}
    metadata = {"name": name, **place, "generation": generation}
    return {"apiVersion": f"{GROUP}/v1alpha1", "kind": kind, "metadata": metadata, **shown}


def cases(kind: str) -> Iterator[dict[str, Any]]:
    """Yield the resources that are the test cases of a kind."""
    yield resource_of(kind, "no-status", 1, None)
    unseen = EMPTY[kind](observed_generation=-1)
    yield resource_of(kind, "unseen", 1, unseen)
    situations = {situation.name: situation for situation in SITUATIONS[kind]}
    for name in RECORDED[kind]:
        situation = situations[name]
        yield resource_of(kind, slug(name), situation.generation, situation.status)
    edited = next(situation for situation in SITUATIONS[kind] if situation.kstatus == "Current")
    yield resource_of(kind, "edited", edited.generation + 1, edited.status)


def slug(name: str) -> str:
    """Return a name for a file and a resource."""
    return "-".join("".join(c if c.isalnum() else " " for c in name.replace("'", "").lower()).split())


def files() -> dict[Path, str]:
    """Return every generated file: Argo CD's test cases, and the ConfigMap made of the same Lua."""
    made: dict[Path, str] = {ARGOCD / "argocd-cm.yaml": config_map()}
    for kind in SITUATIONS:
        tests = []
        for resource in cases(kind):
            file = f"testdata/{resource['metadata']['name']}.yaml"
            made[CUSTOMIZATIONS / kind / file] = _yaml(resource)
            got = health(kind, resource)
            tests.append({"healthStatus": {"status": got.status, "message": got.message}, "inputPath": file})
        made[CUSTOMIZATIONS / kind / "health_test.yaml"] = _yaml({"tests": tests})
    return made


def config_map() -> str:
    """Return the settings for an Argo CD that does not have our checks built in."""
    data = {f"resource.customizations.health.{GROUP}_{kind}": lua_of(kind) for kind in SITUATIONS}
    labels = {"app.kubernetes.io/name": "argocd-cm", "app.kubernetes.io/part-of": "argocd"}
    metadata = {"name": "argocd-cm", "namespace": "argocd", "labels": labels}
    note = "# Generated from resource_customizations/ beside it. Merge the keys of `data` into your own argocd-cm.\n"
    return note + _yaml({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})


def table() -> str:
    """Return the page's table: each phase, and what each tool shows."""
    head = ("situation", "Flux (kstatus)", "Argo CD health", "`kubectl wait --for=condition=Ready`")
    rows = [head, ("---", "---", "---", "---")]
    for kind, situations in SITUATIONS.items():
        rows.extend(_row(kind, situation) for situation in situations)
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(kind: str, situation: Situation) -> tuple[str, str, str, str]:
    status, generation = situation.status, situation.generation
    shown = health(kind, resource_of(kind, "x", generation, status))
    ready = any(c.type == "Ready" and c.status == "True" for c in status.conditions or [])
    return situation.name, kstatus(status, generation), shown.status, "returns" if ready else "waits"


def page() -> str:
    """Return the page with its table made anew."""
    head, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    return head + BEGIN + "\n" + table() + "\n" + END + rest.split(END)[1]


def _yaml(content: object) -> str:
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines as a block, and no anchors."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


if __name__ == "__main__":
    for path, content in (*files().items(), (PAGE, page())):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
