"""Which CustomResourceDefinitions does the operator bring?"""

from dataclasses import dataclass
from typing import Final

from rekognition_operator.api.lowering import JsonObject, lower
from rekognition_operator.api.moderationadapter import ModerationAdapter
from rekognition_operator.api.schema import GROUP, VERSION

CATEGORIES: Final = ("rekognition", "aws")
UNSEEN_GENERATION: Final = -1
"""Default of ``status.observedGeneration``: an object without a status reads as healthy to kstatus, so that Flux would
call a resource Ready that no operator has seen."""


@dataclass(frozen=True)
class PrinterColumn:
    """A column of ``kubectl get``; ``wide``: only with ``-o wide``."""

    name: str
    type: str
    json_path: str
    description: str
    wide: bool = False

    def as_object(self) -> JsonObject:
        """Return the column as an item of ``additionalPrinterColumns``."""
        column: JsonObject = {
            "name": self.name,
            "type": self.type,
            "jsonPath": self.json_path,
            "description": self.description,
        }
        return {**column, "priority": 1} if self.wide else column


def _condition(type_: str, member: str) -> str:
    return f'.status.conditions[?(@.type=="{type_}")].{member}'


MODERATION_ADAPTER_COLUMNS: Final = (
    PrinterColumn("Ready", "string", _condition("Ready", "status"), "Whether an acceptable version is in service."),
    PrinterColumn("Status", "string", _condition("Ready", "reason"), "Why it is ready, or why not."),
    PrinterColumn("Version", "string", ".status.active.versionName", "The version in service."),
    PrinterColumn("F1", "number", ".status.active.f1Score", "F1 score of the version in service, 0 to 1."),
    PrinterColumn(
        "Base Model", "string", ".status.active.baseModelVersion", "Base moderation model of the version in service."
    ),
    PrinterColumn(
        "Drift", "string", _condition("Drifted", "reason"), "What is done about drift; empty: there is none."
    ),
    PrinterColumn("Age", "date", ".metadata.creationTimestamp", "Time since the resource was created."),
    PrinterColumn("Project ARN", "string", ".status.project.arn", "ARN of the project in AWS.", wide=True),
    PrinterColumn("Region", "string", ".status.project.region", "AWS Region of the project.", wide=True),
    PrinterColumn("Latest", "string", ".status.desired.versionName", "The version that the spec asks for.", wide=True),
    PrinterColumn("Message", "string", _condition("Ready", "message"), "What there is to know or do.", wide=True),
)


def all_crds() -> list[JsonObject]:
    """Return the CustomResourceDefinitions of every kind, each ready to be written as JSON or YAML."""
    return [moderation_adapter_crd()]


def moderation_adapter_crd() -> JsonObject:
    """Return the CustomResourceDefinition of ModerationAdapter."""
    kind = ModerationAdapter
    status: JsonObject = {**lower(kind.status), "default": {"observedGeneration": UNSEEN_GENERATION}}
    schema: JsonObject = {
        "type": "object",
        "description": (kind.__doc__ or "").strip(),
        "properties": {"spec": lower(kind.spec), "status": status},
        "required": ["spec"],
    }
    version: JsonObject = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [column.as_object() for column in MODERATION_ADAPTER_COLUMNS],
        "schema": {"openAPIV3Schema": schema},
    }
    names: JsonObject = {
        "kind": kind.kind,
        "listKind": f"{kind.kind}List",
        "plural": kind.plural,
        "singular": kind.singular,
        "shortNames": list(kind.short_names),
        "categories": list(CATEGORIES),
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": _metadata(f"{kind.plural}.{GROUP}"),
        "spec": {"group": GROUP, "scope": "Namespaced", "names": names, "versions": [version]},
    }


def _metadata(name: str) -> JsonObject:
    # Deleting a definition deletes every resource of the kind, so no deployment tool may prune it.
    return {
        "name": name,
        "labels": {"app.kubernetes.io/name": "rekognition-operator", "app.kubernetes.io/component": "crd"},
        "annotations": {
            "argocd.argoproj.io/sync-options": "Prune=false",
            "helm.sh/resource-policy": "keep",
            "kustomize.toolkit.fluxcd.io/prune": "disabled",
        },
    }
