"""What shall the ConfigMap of the version in service hold, whose is it, and what if it cannot be written?

It goes by what this pass saw in AWS, never by status. Its data change only when another version goes into service, or
when none may be used any more: applications may be restarted by a change.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from rekognition_operator.api.conditions import Reason
from rekognition_operator.core import tags as t
from rekognition_operator.core.actions import Promote, StopVersion
from rekognition_operator.core.decision import Decision, Finding, Policy, Report
from rekognition_operator.core.deletion import is_suspended_deletion
from rekognition_operator.core.inputs import decimal
from rekognition_operator.core.wording import clause, describe_line, force_release_line, hand_over_line
from rekognition_operator.core.world import Desired, Feature, ObservedVersion, Owner, Publication

OWNER_KIND: Final = t.PREFIX + "owner-kind"
OWNER_NAMESPACE: Final = t.PREFIX + "owner-namespace"
OWNER_NAME: Final = t.PREFIX + "owner-name"
MANAGED_BY: Final = "app.kubernetes.io/managed-by"
_MAX_LABEL = 63


def owner_labels(owner: Owner) -> dict[str, str]:
    """Return the labels that say whose a ConfigMap is; a name that is too long for a label ends in its hash."""
    return {
        OWNER_KIND: owner.kind,
        OWNER_NAMESPACE: owner.namespace,
        OWNER_NAME: t.fit(owner.name, _MAX_LABEL),
    }


def labels_of(owner: Owner) -> dict[str, str]:
    """Return all labels that a ConfigMap of ours carries."""
    return {**owner_labels(owner), MANAGED_BY: "rekognition-operator"}


def is_ours(labels: Mapping[str, str], owner: Owner) -> bool:
    """Tell whether a ConfigMap with these labels is this resource's: only its labels decide."""
    return owner_labels(owner).items() <= labels.items()


def data_of(desired: Desired, report: Report) -> dict[str, str]:
    """Return the data: always the same keys, empty where they have nothing to say, so that a reference never fails."""
    active = report.active
    promoted_at = t.read_time(active.tags.get(t.PROMOTED_AT)) if active is not None else None
    reason, message = _why(desired, report)
    data = {
        "projectVersionArn": active.arn if active is not None else "",
        "versionName": active.name if active is not None else "",
        "region": desired.place.region,
        "promotedAt": f"{promoted_at:%Y-%m-%dT%H:%M:%SZ}" if promoted_at is not None else "",
        "reason": reason.value,
        "message": message,
    }
    if desired.feature is Feature.CONTENT_MODERATION:
        threshold = _threshold(desired, active) if active is not None else None
        data["confidenceThreshold"] = decimal(threshold) if threshold is not None else ""
        data["baseModelVersion"] = (active.base_model_version if active is not None else None) or ""
    return data


def publication_of(name: str | None, report: Report) -> Publication | None:
    """Return what status shall say of a ConfigMap that holds what the report asks for."""
    return Publication(name, report.active.name if report.active is not None else None) if name is not None else None


def _why(desired: Desired, report: Report) -> tuple[Reason, str]:
    """Say why the ARN is there, or is not. Work under way has no reason of its own: each would be one more change."""
    if report.active is not None:
        return Reason.IN_SERVICE, f"Version {report.active.name} is in service"
    more = f"What is done about it: {describe_line(desired.owner)}"
    if report.ready.reason is Reason.ADAPTER_EXPIRED:
        message = "The version in service has expired: AWS would answer its ARN from the base model, without an error"
        return report.ready.reason, f"{message}. {more}"
    if report.stalled is not None:
        return report.stalled.reason, report.stalled.message
    return Reason.NO_VERSION_IN_SERVICE, f"No version may be used now. {more}"


def _threshold(desired: Desired, active: ObservedVersion) -> float | None:
    """Return the threshold that the version was evaluated at; where AWS does not show it, the one of the spec."""
    inputs = active.inputs or desired.inputs
    return inputs.confidence_threshold


def stays_as_it_is(desired: Desired, report: Report) -> bool:
    """Tell whether the ConfigMap is not touched: it is kept with what is kept in AWS, or nothing was seen of AWS."""
    if desired.deleting:
        return desired.deletion_policy != "Delete" or is_suspended_deletion(desired)
    return report.keep_known


def is_about_to_change(desired: Desired, decision: Decision) -> bool:
    """Tell whether nothing serves by this look, and its decision puts a version into service: one change is enough."""
    if desired.publish is None or desired.deleting or decision.report.active is not None:
        return False
    return any(isinstance(action, Promote) for action in decision.actions)


# --- what hinders ---------------------------------------------------------------------------------------------------


def switched_off(desired: Desired) -> Finding:
    """Say that the operator makes no ConfigMaps."""
    return Finding(
        Reason.PUBLISHING_OFF,
        f"spec.publish asks for ConfigMap {desired.publish}, and the operator is run with --publishing false. Remove "
        "spec.publish, or run the operator with --publishing true and the rights on ConfigMaps",
    )


def not_ours(desired: Desired, name: str, labels: Mapping[str, str]) -> Finding:
    """Say that a ConfigMap is somebody else's, and how it could become ours."""
    if any(key in labels for key in owner_labels(desired.owner)):
        kind, namespace, owner = (labels.get(key, "?") for key in (OWNER_KIND, OWNER_NAMESPACE, OWNER_NAME))
        whose = f"by its labels it belongs to {kind} {namespace}/{owner}"
    else:
        whose = "it does not carry the labels of this resource"
    return Finding(
        Reason.CONFIG_MAP_NOT_OWNED,
        f"ConfigMap {name} exists, and {whose}: it is left as it is. Delete it; or choose another name in "
        "spec.publish.configMap; or let this resource have it, which replaces its data: "
        + hand_over_line(desired.owner, name, owner_labels(desired.owner)),
    )


def refused(desired: Desired, error: str) -> Finding:
    """Say that the API server does not let us work with ConfigMaps, and what may help."""
    message = (
        f"The API server refuses what spec.publish needs: {clause(error)}. If the operator lacks the rights, grant it "
        f"get, list, create, patch and delete on configmaps in namespace {desired.owner.namespace}; if the ConfigMap "
        "is immutable, delete it: it is made anew"
    )
    if desired.deleting:
        message += (
            ". Until the ConfigMap is deleted, nothing is deleted in AWS. To keep both, set spec.deletion.policy: "
            f"Retain; to go on without: {force_release_line(desired.owner)}"
        )
    return Finding(Reason.CONFIG_MAP_REFUSED, message)


def with_published(decision: Decision, published: Publication | None) -> Decision:
    """Add where the version in service is published."""
    return replace(decision, report=replace(decision.report, published=published))


def stalled_by(decision: Decision, finding: Finding) -> Decision:
    """Add that a person is needed, unless what was seen in AWS needs one more. What is done in AWS goes on."""
    report = decision.report
    if report.stalled is None:
        report = replace(report, stalled=finding, reconciling=None)
    return replace(decision, report=report)


def tried_again(decision: Decision, seconds: float, finding: Finding | None) -> Decision:
    """Look again so soon, whatever hinders the rest; say why where there is nothing more urgent to say."""
    report = decision.report
    if report.stalled is None and report.reconciling is None:
        report = replace(report, reconciling=finding)
    return replace(
        decision,
        report=report,
        requeue_seconds=min(decision.requeue_seconds, seconds),
        no_later_than_seconds=min(decision.no_later_than_seconds or math.inf, seconds),
    )


def held_back(desired: Desired, decision: Decision, policy: Policy) -> Decision:
    """Under deletion, do nothing in AWS but end what bills as long as a ConfigMap names what would be deleted."""
    if not desired.deleting or desired.annotations.force_release:
        return decision
    stops = tuple(action for action in decision.actions if isinstance(action, StopVersion))
    seconds = decision.requeue_seconds if stops or not decision.actions else policy.sweep_seconds
    return replace(decision, actions=stops, requeue_seconds=seconds)
