"""What does a resource ask for, once every default is resolved?"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import cast

from pydantic import ValidationError

from rekognition_operator.api import customlabelsmodel as clm
from rekognition_operator.api import proving
from rekognition_operator.api.awsidentity import AWSIdentityStatus
from rekognition_operator.api.common import Manifest
from rekognition_operator.api.kinds import BY_NAME, Kind
from rekognition_operator.api.moderationadapter import ModerationAdapterSpec
from rekognition_operator.api.resource import ResourceSpec, ResourceStatus
from rekognition_operator.core import tags as t
from rekognition_operator.core.inputs import ManifestRef, TrainingInputs
from rekognition_operator.core.schedule import Schedule, UnknownZoneError, Window, minute_of_day, read_zone
from rekognition_operator.core.world import (
    Annotations,
    Desired,
    Feature,
    Follow,
    Gates,
    KnownProject,
    Owner,
    Place,
    Probe,
    Promotion,
    Publication,
    S3Object,
    Serving,
)

_MAX_PROJECT_NAME = 255
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class InvalidSpecError(ValueError):
    """The spec cannot be used; the text names each field and what is wrong with it."""


def kind_of(resource: Mapping[str, object]) -> Kind:
    """Return the kind of a resource as the API server returns it."""
    return BY_NAME[str(resource.get("kind"))]


def parse_spec(resource: Mapping[str, object]) -> ResourceSpec:
    """Read ``spec``; raises InvalidSpecError where the API server let something through that this release refuses."""
    try:
        return kind_of(resource).spec.model_validate(resource.get("spec") or {})
    except ValidationError as error:
        raise InvalidSpecError(
            f"{spec_problems(error)}. Correct the fields, or install the CRD of this operator's release"
        ) from None


def spec_problems(error: ValidationError) -> str:
    """Name each field of a spec that cannot be read, by its path, and why."""
    return "; ".join(
        f"spec.{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}" for problem in error.errors()
    )


def parse_status(resource: Mapping[str, object]) -> ResourceStatus:
    """Read ``status``; an empty one where there is none, or one that this release cannot read: it is written anew."""
    status = kind_of(resource).status
    try:
        return status.model_validate(resource.get("status") or {})
    except ValidationError:
        return status()


def parse_identity_status(identity: Mapping[str, object]) -> AWSIdentityStatus:
    """Read the ``status`` of an AWSIdentity, as ``parse_status`` does."""
    try:
        return AWSIdentityStatus.model_validate(identity.get("status") or {})
    except ValidationError:
        return AWSIdentityStatus()


def region_of(resource: Mapping[str, object], default_region: str | None) -> str:
    """Return the Region of a resource: the spec's, else the operator's."""
    region = parse_spec(resource).region or default_region
    if region is None:
        raise InvalidSpecError(
            "spec.region is absent, and neither the AWSIdentity nor the operator has a Region: set spec.region, or "
            "start the operator with --region"
        )
    return region


def resolve(resource: Mapping[str, object], *, cluster_name: str, default_region: str | None, account: str) -> Desired:
    """Resolve a resource as the API server returns it. Raises InvalidSpecError."""
    spec = parse_spec(resource)
    status = parse_status(resource)
    metadata = _mapping(resource.get("metadata"))
    owner = Owner(cluster_name, kind_of(resource).kind, str(metadata.get("namespace")), str(metadata.get("name")))
    training = spec.training
    testing = training.testing_data
    known = status.project
    published = status.published
    adapter = spec if isinstance(spec, ModerationAdapterSpec) else None
    model = spec if isinstance(spec, clm.CustomLabelsModelSpec) else None
    return Desired(
        owner=owner,
        generation=cast("int", metadata.get("generation", 0)),
        place=Place(
            account=account,
            region=region_of(resource, default_region),
            project_name=spec.project_name or default_project_name(owner),
        ),
        feature=Feature.CONTENT_MODERATION if adapter is not None else Feature.CUSTOM_LABELS,
        auto_update=adapter is not None and adapter.auto_update == "Enabled",
        inputs=TrainingInputs(
            training=_manifests(training.training_data.manifests),
            testing=_manifests(testing.manifests or []) if testing is not None else (),
            confidence_threshold=adapter.training.confidence_threshold if adapter is not None else None,
            kms_key_id=training.kms_key_id,
        ),
        output=S3Object(spec.output.bucket, spec.output.prefix or ""),
        serving=_serving(model.serving) if model is not None else None,
        created_at=str(metadata.get("creationTimestamp") or ""),
        description=spec.description,
        follow=_follow(spec.data),
        promotion=_promotion(spec.promotion),
        pin=spec.pin,
        publish=spec.publish.config_map.name if spec.publish is not None else None,
        refresh_after=_refresh_after(adapter.refresh) if adapter is not None else None,
        adopt_updates=adapter is not None and bool(adapter.adopt_updates),
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
        published=Publication(published.config_map, published.version_name) if published is not None else None,
        handled_retry=status.last_handled_retry,
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
        approve=read("approve"),
        accept_move=read("accept-move"),
        force_release=read("force-release") == "true",
        wake=read("wake"),
        last_used_at=t.read_time(read("last-used-at")),
    )


def default_project_name(owner: Owner) -> str:
    """Return ``<cluster>.<namespace>.<name>``, cut at 255 characters with a hash (ProjectName's limit)."""
    return t.fit(f"{owner.cluster}.{owner.namespace}.{owner.name}", _MAX_PROJECT_NAME)


def _follow(data: proving.Data | None) -> Follow | None:
    if data is None or data.follow == "Pinned":
        return None
    return Follow(_duration(data.settle), data.max_trainings_per_day)


def _refresh_after(refresh: proving.Refresh | None) -> timedelta | None:
    return _duration(refresh.after) if refresh is not None and refresh.on_deprecated == "Retrain" else None


def _promotion(promotion: proving.Promotion | None) -> Promotion:
    if promotion is None:
        return Promotion()
    probes = promotion.probes
    better = promotion.min_improvement_over_base if isinstance(promotion, proving.AdapterPromotion) else None
    gates = Gates(
        min_f1_score=promotion.min_f1_score,
        max_f1_regression=promotion.max_f1_regression,
        fewer_false_positives=better.false_positives if better is not None else None,
        fewer_false_negatives=better.false_negatives if better is not None else None,
        probes=tuple(_probe(case) for case in probes.cases) if probes is not None else (),
    )
    interval = _duration(probes.interval) if probes is not None else Promotion().probe_interval
    return Promotion(gates, manual=promotion.strategy == "Manual", probe_interval=interval)


def _probe(case: proving.ProbeCase) -> Probe:
    return Probe(
        name=case.name,
        bucket=case.image.bucket,
        key=case.image.name,
        object_version=case.image.version,
        present=tuple(case.expect.present or ()),
        absent=tuple(case.expect.absent or ()),
        min_confidence=case.expect.min_confidence,
    )


def _serving(serving: clm.Serving) -> Serving:
    schedule, problem = None, None
    if serving.schedule is not None:
        try:
            schedule = _schedule(serving.schedule)
        except UnknownZoneError:
            problem = (
                f"spec.serving.schedule.timeZone: {serving.schedule.time_zone!r} is not in the IANA time zone "
                "database. Set it to a name such as Europe/Berlin or UTC"
            )
    return Serving(
        running=serving.state == "Running",
        min_units=serving.min_inference_units,
        max_units=serving.max_inference_units,
        blue_green=serving.rollout is clm.Rollout.BLUE_GREEN,
        schedule=schedule,
        idle_after=_duration(serving.idle_stop.after) if serving.idle_stop is not None else None,
        max_usd_per_hour=serving.budget.max_usd_per_hour if serving.budget is not None else None,
        problem=problem,
    )


def _schedule(schedule: clm.Schedule) -> Schedule:
    windows = (
        Window(w.name, frozenset(_WEEKDAYS.index(day) for day in w.days), minute_of_day(w.from_), minute_of_day(w.to))
        for w in schedule.windows
    )
    return Schedule(read_zone(schedule.time_zone), tuple(windows))


def _duration(text: str) -> timedelta:
    """Read a duration such as 1h30m; its pattern was checked with the spec."""
    hours, minutes = (re.search(rf"([0-9]+){unit}", text) for unit in "hm")
    return timedelta(hours=int(hours[1]) if hours else 0, minutes=int(minutes[1]) if minutes else 0)


def _manifests(manifests: list[Manifest]) -> tuple[ManifestRef, ...]:
    return tuple(ManifestRef(m.bucket, m.name, m.version) for m in manifests)


def _mapping(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}
