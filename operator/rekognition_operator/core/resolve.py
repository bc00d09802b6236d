"""What does a resource ask for, once every default is resolved?"""

import hashlib
from collections.abc import Mapping
from typing import cast

from pydantic import ValidationError

from rekognition_operator.api.common import Manifest
from rekognition_operator.api.moderationadapter import ModerationAdapter, ModerationAdapterSpec, ModerationAdapterStatus
from rekognition_operator.core import tags as t
from rekognition_operator.core.inputs import ManifestRef, TrainingInputs
from rekognition_operator.core.world import Annotations, Desired, Feature, KnownProject, Owner, Place, S3Object

_MAX_PROJECT_NAME = 255


class InvalidSpecError(ValueError):
    """The spec cannot be used; the text names each field and what is wrong with it."""


def parse_spec(resource: Mapping[str, object]) -> ModerationAdapterSpec:
    """Read ``spec``; raises InvalidSpecError where the API server let something through that this release refuses."""
    try:
        return ModerationAdapterSpec.model_validate(resource.get("spec") or {})
    except ValidationError as error:
        problems = "; ".join(
            f"spec.{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}" for problem in error.errors()
        )
        raise InvalidSpecError(
            f"{problems}. Correct the fields, or install the CRD of this operator's release"
        ) from None


def parse_status(resource: Mapping[str, object]) -> ModerationAdapterStatus | None:
    """Read ``status``; None where there is none, or one that this release cannot read: it is written anew."""
    try:
        return ModerationAdapterStatus.model_validate(resource.get("status") or {})
    except ValidationError:
        return None


def region_of(resource: Mapping[str, object], default_region: str | None) -> str:
    """Return the Region of a resource: the spec's, else the operator's."""
    region = parse_spec(resource).region or default_region
    if region is None:
        raise InvalidSpecError(
            "spec.region is absent, and the operator has no Region: set spec.region, or start the operator with "
            "--region"
        )
    return region


def resolve(resource: Mapping[str, object], *, cluster_name: str, default_region: str | None, account: str) -> Desired:
    """Resolve a ModerationAdapter as the API server returns it. Raises InvalidSpecError."""
    spec = parse_spec(resource)
    status = parse_status(resource)
    metadata = _mapping(resource.get("metadata"))
    owner = Owner(cluster_name, ModerationAdapter.kind, str(metadata.get("namespace")), str(metadata.get("name")))
    training = spec.training
    testing = training.testing_data
    known = status.project if status is not None else None
    return Desired(
        owner=owner,
        generation=cast("int", metadata.get("generation", 0)),
        place=Place(
            account=account,
            region=region_of(resource, default_region),
            project_name=spec.project_name or default_project_name(owner),
        ),
        feature=Feature.CONTENT_MODERATION,
        auto_update=spec.auto_update == "Enabled",
        inputs=TrainingInputs(
            training=_manifests(training.training_data.manifests),
            testing=_manifests(testing.manifests or []) if testing is not None else (),
            confidence_threshold=training.confidence_threshold,
            kms_key_id=training.kms_key_id,
        ),
        output=S3Object(spec.output.bucket, spec.output.prefix or ""),
        description=spec.description,
        tags=spec.tags or {},
        keep=spec.retention.keep,
        keep_failed=spec.retention.keep_failed,
        adoption_policy=spec.adoption.policy,
        adopt_versions=tuple(spec.adoption.versions or ()),
        deletion_policy=spec.deletion.policy,
        foreign_versions=spec.deletion.foreign_versions,
        correct_drift=spec.drift_policy == "Correct",
        ready_when_accepted=spec.ready_when == "Accepted",
        suspend=spec.suspend,
        annotations=annotations_of(resource),
        deleting=metadata.get("deletionTimestamp") is not None,
        known_project=KnownProject(known.arn, tuple(known.tag_keys or ())) if known is not None else None,
        handled_retry=status.last_handled_retry if status is not None else None,
    )


def annotations_of(resource: Mapping[str, object]) -> Annotations:
    """Read the annotations by which a person asks for something."""
    annotations = _mapping(_mapping(resource.get("metadata")).get("annotations"))

    def read(name: str) -> str | None:
        value = annotations.get(t.PREFIX + name)
        return str(value) if value else None

    return Annotations(
        reconcile_requested_at=read("reconcile-requested-at"),
        retry=read("retry"),
        accept_move=read("accept-move"),
        force_release=read("force-release") == "true",
    )


def default_project_name(owner: Owner) -> str:
    """Return ``<cluster>.<namespace>.<name>``, cut at 255 characters with a hash (ProjectName's limit)."""
    name = f"{owner.cluster}.{owner.namespace}.{owner.name}"
    if len(name) <= _MAX_PROJECT_NAME:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"{name[: _MAX_PROJECT_NAME - 17]}-{digest}"


def _manifests(manifests: list[Manifest]) -> tuple[ManifestRef, ...]:
    return tuple(ManifestRef(m.bucket, m.name, m.version) for m in manifests)


def _mapping(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}
