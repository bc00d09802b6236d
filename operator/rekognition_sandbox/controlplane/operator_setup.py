"""What does the sandbox give its operator: a name, rights, definitions, and the pace of its AWS?"""

from pathlib import Path
from typing import cast

import yaml

from rekognition_operator.core.decision import Policy
from rekognition_sandbox.controlplane.plane import ControlPlane

CLUSTER_NAME = "sandbox"
OPERATOR_NAMESPACE = OPERATOR_SERVICE_ACCOUNT = "rekognition-operator"
OPERATOR_USER = f"system:serviceaccount:{OPERATOR_NAMESPACE}:{OPERATOR_SERVICE_ACCOUNT}"
"""Who the operator is in the audit log."""


def operator_pace(time_scale: float) -> dict[str, str]:
    """Return the operator's settings by which it looks as often, in AWS's accelerated time, as it does by default."""
    policy = Policy()

    def scaled(seconds: float) -> str:
        return f"{max(0.5, seconds / max(1.0, time_scale)):g}"

    return {
        "REKOGNITION_OPERATOR_MOVING_SECONDS": scaled(policy.moving_seconds),
        "REKOGNITION_OPERATOR_SWEEP_SECONDS": f"{max(15.0, policy.sweep_seconds / max(1.0, time_scale)):g}",
        "REKOGNITION_OPERATOR_ADOPTION_SETTLE_SECONDS": scaled(policy.adoption_settle_seconds),
        "REKOGNITION_OPERATOR_LOSS_CONFIRM_SECONDS": scaled(policy.loss_confirm_seconds),
        "REKOGNITION_OPERATOR_AWS_TIME_SCALE": f"{max(1.0, time_scale):g}",
    }


def install_operator_rights_and_crds(plane: ControlPlane) -> None:
    """Apply the operator's CustomResourceDefinitions, its ServiceAccount and exactly the rights that it needs."""
    from rekognition_operator.api.crd import all_crds  # noqa: PLC0415 - a control plane alone needs no pydantic

    manifests = yaml.safe_load_all(Path(__file__).with_name("rbac.yaml").read_text(encoding="utf-8"))
    for manifest in manifests:
        plane.client.apply(cast("dict[str, object]", manifest))
    plane.client.apply_crds(all_crds())
