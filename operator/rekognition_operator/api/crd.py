"""Which CustomResourceDefinitions does the operator bring?"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from rekognition_operator.api.awsidentity import AWSIdentity
from rekognition_operator.api.customlabelsmodel import CustomLabelsModel
from rekognition_operator.api.kinds import ALL_DEFINITIONS, ALL_KINDS, Definition
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


_READY: Final = PrinterColumn(
    "Ready", "string", _condition("Ready", "status"), "Whether the resource is as the spec wants it."
)
_STATUS: Final = PrinterColumn("Status", "string", _condition("Ready", "reason"), "Why it is ready, or why not.")
_VERSION: Final = PrinterColumn("Version", "string", ".status.active.versionName", "The version in service.")
_F1: Final = PrinterColumn("F1", "number", ".status.active.f1Score", "F1 score of the version in service, 0 to 1.")
_AGE: Final = PrinterColumn("Age", "date", ".metadata.creationTimestamp", "Time since the resource was created.")
_PROJECT_ARN: Final = PrinterColumn(
    "Project ARN", "string", ".status.project.arn", "ARN of the project in AWS.", wide=True
)
_REGION: Final = PrinterColumn("Region", "string", ".status.project.region", "AWS Region of the project.", wide=True)
_LATEST: Final = PrinterColumn(
    "Latest", "string", ".status.desired.versionName", "The version that the spec asks for.", wide=True
)
_MESSAGE: Final = PrinterColumn(
    "Message", "string", _condition("Ready", "message"), "What there is to know or do.", wide=True
)

COLUMNS: Final[Mapping[Definition, tuple[PrinterColumn, ...]]] = {
    ModerationAdapter: (
        replace(_READY, description="Whether an acceptable version is in service."),
        _STATUS,
        _VERSION,
        _F1,
        PrinterColumn(
            "Base Model",
            "string",
            ".status.active.baseModelVersion",
            "Base moderation model of the version in service.",
        ),
        PrinterColumn(
            "Drift", "string", _condition("Drifted", "reason"), "What is done about drift; empty: there is none."
        ),
        _AGE,
        _PROJECT_ARN,
        _REGION,
        _LATEST,
        _MESSAGE,
    ),
    CustomLabelsModel: (
        replace(_READY, description="Whether the model runs, or is stopped, as the spec wants it now."),
        _STATUS,
        _VERSION,
        PrinterColumn("State", "string", ".status.serving.state", "Status of the version in service, as AWS says it."),
        PrinterColumn("Units", "string", ".status.serving.units", "Inference units that it runs with."),
        _F1,
        PrinterColumn(
            "USD/H", "number", ".status.serving.usdPerHour", "What all running versions cost an hour: an estimate."
        ),
        _AGE,
        _PROJECT_ARN,
        _REGION,
        _LATEST,
        # A column of type date shows how long ago a time was, and this one is yet to come.
        PrinterColumn(
            "Next", "string", ".status.serving.nextTransition", "When it is started or stopped next.", wide=True
        ),
        _MESSAGE,
    ),
    AWSIdentity: (
        replace(_READY, description="Whether AWS can be called as this identity."),
        _STATUS,
        PrinterColumn("Account", "string", ".status.account", "AWS account of the resources that name it."),
        PrinterColumn(
            "Region", "string", ".spec.region", "AWS Region of resources that name it and have none themselves."
        ),
        PrinterColumn("Used By", "integer", ".status.usedBy", "Number of resources that name it."),
        _AGE,
        PrinterColumn("Role", "string", ".spec.roleArn", "ARN of the role that is assumed.", wide=True),
        _MESSAGE,
    ),
}
"""What ``kubectl get`` prints of each kind."""


def all_crds() -> list[JsonObject]:
    """Return the CustomResourceDefinitions of every kind, each ready to be written as JSON or YAML."""
    return [crd_of(kind) for kind in ALL_DEFINITIONS]


def crd_of(kind: Definition) -> JsonObject:
    """Return the CustomResourceDefinition of a kind."""
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
        "additionalPrinterColumns": [column.as_object() for column in COLUMNS[kind]],
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
        "spec": {"group": GROUP, "scope": scope_of(kind), "names": names, "versions": [version]},
    }


def scope_of(kind: Definition) -> Literal["Namespaced", "Cluster"]:
    """Return where resources of a kind are: in a namespace each, or in the cluster as a whole."""
    return "Namespaced" if kind in ALL_KINDS else "Cluster"


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
