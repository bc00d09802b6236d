"""How does Rekognition behave, seen by the operator? In memory, and as strict as AWS, for unit and property tests."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from fakes._rekognition_operations import RekognitionOperations
from fakes._rekognition_state import Call, Effect, ProjectRecord, VersionRecord, check_name, refusal
from fakes.detection import FakeDetection
from fakes.objects import FakeObjects
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane, tags_lane
from rekognition_operator.core.inputs import TrainingInputs
from rekognition_operator.core.principal import Principal
from rekognition_operator.core.world import (
    Feature,
    ObservedProject,
    ObservedVersion,
    ProjectStatus,
    S3Object,
    VersionState,
)

__all__ = ["Call", "Effect", "FakeProvider", "FakeRekognition", "ProjectRecord", "VersionRecord"]

DEFAULT_ACCOUNT: Final = "123456789012"
PROJECT_TAGS_SECONDS: Final = 6 * 3600.0
"""How long project tags may be served from memory, as the Protocol says."""
_LOOKS: Final = 3
"""How often a listing is read again because a listed thing vanished before its tags were read."""
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass
class _Memory:
    """What the operator's process remembers of AWS: when it read what."""

    tags: dict[str, tuple[datetime, dict[str, str]]] = field(default_factory=dict)
    projects: dict[str, tuple[datetime, tuple[ObservedProject, ...]]] = field(default_factory=dict)
    listed_at: datetime = _NEVER
    listed: int | None = None


class FakeRekognition(RekognitionOperations):
    """Implements the Protocol ``Rekognition`` for one (account, Region). Nothing suspends, nothing sleeps.

    What a test does to the world (``complete``, ``fail``, ``deprecate``, ``vanish_version``, ``advance``, ``inject``
    ...) and what it asks of it (``created``, ``effects``, ``calls`` ...) stands in ``RekognitionWorld``. Tags and
    listings are served from memory exactly as stale as the Protocol allows.
    """

    def __init__(
        self,
        *,
        account: str = DEFAULT_ACCOUNT,
        region: str = "us-east-1",
        now: Callable[[], datetime] | None = None,
        max_projects: int = 100,
        max_versions: int = 100,
        max_trainings: int = 2,
        max_running_models: int = 2,
        max_inference_units: int = 5,
        max_tags: int = 50,
        instant: bool = False,
    ) -> None:
        super().__init__(
            account=account,
            region=region,
            now=now,
            max_projects=max_projects,
            max_versions=max_versions,
            max_trainings=max_trainings,
            max_running_models=max_running_models,
            max_inference_units=max_inference_units,
            max_tags=max_tags,
            instant=instant,
        )
        self._memory = _Memory()
        self.objects = FakeObjects(self._run, self._now)
        self.detection = FakeDetection(self._run, self._find_version, self.add_requests)

    def restart(self) -> None:
        """Forget what is only in memory, as a new operator process would; AWS stays as it is."""
        self._memory = _Memory()
        self._answered_at = None

    @property
    def time(self) -> datetime | None:
        """AWS's time of its last answer, which is the fake's own; None before the first."""
        return self._answered_at

    @property
    def projects_listed(self) -> int | None:
        """How many projects the last complete listing showed; None before the first."""
        return self._memory.listed

    async def describe_project(
        self, name: str, feature: Feature, *, lane: Lane, max_age_seconds: float
    ) -> ObservedProject | None:
        check_name(name, "DescribeProjects", "projectNames")
        for _ in range(_LOOKS):
            found = self._look_up(name, lane, max_age_seconds)
            if not found:
                return None
            project = next((p for p in found if p.feature is feature), found[0])
            tags = self._project_tags(project.arn, lane)
            if tags is not None:
                return replace(project, tags=tags)
            if project.status is ProjectStatus.DELETING:
                return project
            max_age_seconds = 0.0  # it vanished between the two calls: look again
        raise refusal("ListTagsForResource", ErrorKind.NOT_FOUND, f"Project {name} vanished while its tags were read.")

    async def describe_versions(self, project_arn: str, *, lane: Lane) -> tuple[ObservedVersion, ...]:
        for _ in range(_LOOKS):
            listed = self._run("DescribeProjectVersions", project_arn, lane, lambda: self._list_versions(project_arn))
            tagged = self._with_tags(listed, tags_lane(lane))
            if tagged is not None:
                return tagged
        raise refusal("ListTagsForResource", ErrorKind.NOT_FOUND, "A version vanished while its tags were read.")

    async def describe_version(self, project_arn: str, version_name: str, *, lane: Lane) -> ObservedVersion | None:
        check_name(version_name, "DescribeProjectVersions", "versionNames")

        def effect() -> tuple[ObservedVersion, ...]:
            return tuple(v for v in self._list_versions(project_arn) if v.name == version_name)

        for _ in range(_LOOKS):
            tagged = self._with_tags(self._run("DescribeProjectVersions", version_name, lane, effect), tags_lane(lane))
            if tagged is not None:
                return tagged[0] if tagged else None
        raise refusal("ListTagsForResource", ErrorKind.NOT_FOUND, f"{version_name} vanished while its tags were read.")

    async def fresh_tags(self, arn: str, *, lane: Lane) -> Mapping[str, str]:
        return self._read_tags(arn, lane)

    async def create_project(
        self, name: str, feature: Feature, *, auto_update: bool, tags: Mapping[str, str], lane: Lane
    ) -> str:
        def effect() -> str:
            return self._create_project(name, feature, auto_update=auto_update, tags=tags)

        try:
            return self._run("CreateProject", name, lane, effect)
        finally:
            self._forget_project(name)

    async def create_version(
        self,
        project_arn: str,
        version_name: str,
        *,
        feature: Feature,
        inputs: TrainingInputs,
        output: S3Object,
        description: str | None,
        tags: Mapping[str, str],
        lane: Lane,
    ) -> str:
        def effect() -> str:
            return self._create_version(
                project_arn,
                version_name,
                feature=feature,
                inputs=inputs,
                output=output,
                description=description,
                tags=tags,
            )

        return self._run("CreateProjectVersion", version_name, lane, effect)

    async def start_version(self, arn: str, *, min_units: int, max_units: int | None, lane: Lane) -> None:
        self._run("StartProjectVersion", arn, lane, lambda: self._start_version(arn, min_units, max_units))

    async def stop_version(self, arn: str, *, lane: Lane) -> None:
        self._run("StopProjectVersion", arn, lane, lambda: self._stop_version(arn))

    async def inference_unit_hours(
        self, project_name: str, version_names: tuple[str, ...], *, since: datetime, until: datetime, lane: Lane
    ) -> float:
        """Exact: not rounded to five minutes as CloudWatch's are."""
        listed = self._run("ListMetrics", project_name, lane, lambda: self.meter.listed(self._now()))
        names = {version for project, version in listed if project == project_name}.union(version_names)
        if not names or since >= until:
            return 0.0
        ran = {(project_name, name) for name in names}
        return self._run(
            "GetMetricData", project_name, lane, lambda: self.meter.unit_hours(ran, since, until, self._now())
        )

    async def successful_requests(self, *, since: datetime, until: datetime, lane: Lane) -> float:
        if since >= until:
            return 0.0
        return self._run("GetMetricData", "requests", lane, lambda: self.meter.requests(since, until))

    async def ran_throughout(
        self, project_name: str, version_name: str, *, since: datetime, until: datetime, lane: Lane
    ) -> bool:
        """Exact: any moment without units counts."""
        ran = (project_name, version_name)
        return self._run("GetMetricData", project_name, lane, lambda: self.meter.throughout(ran, since, until))

    async def other_models_ran(self, project_name: str, *, since: datetime, until: datetime, lane: Lane) -> bool:
        listed = self._run("ListMetrics", "", lane, lambda: self.meter.listed(self._now()))
        others = {ran for ran in listed if ran[0] != project_name}
        if not others or since >= until:
            return False
        return self._run(
            "GetMetricData", "", lane, lambda: self.meter.unit_hours(others, since, until, self._now()) > 0
        )

    async def delete_version(self, arn: str, *, lane: Lane) -> None:
        self._run("DeleteProjectVersion", arn, lane, lambda: self._delete_version(arn))

    async def delete_project(self, arn: str, *, lane: Lane) -> None:
        try:
            self._run("DeleteProject", arn, lane, lambda: self._delete_project(arn))
        finally:
            self._forget_project(arn.split("/")[1])

    async def delete_dataset(self, arn: str, *, lane: Lane) -> None:
        try:
            self._run("DeleteDataset", arn, lane, lambda: self._delete_dataset(arn))
        finally:
            self._forget_project(arn.split("/")[1])

    async def set_tags(self, arn: str, tags: Mapping[str, str], *, lane: Lane) -> None:
        try:
            self._run("TagResource", arn, lane, lambda: self._set_tags(arn, tags))
        finally:
            self._memory.tags.pop(arn, None)

    async def remove_tags(self, arn: str, keys: tuple[str, ...], *, lane: Lane) -> None:
        try:
            self._run("UntagResource", arn, lane, lambda: self._remove_tags(arn, keys))
        finally:
            self._memory.tags.pop(arn, None)

    def _look_up(self, name: str, lane: Lane, max_age_seconds: float) -> tuple[ObservedProject, ...]:
        """All projects of the name: from memory where it is young enough, else by a call, as the gateway does."""
        memory, now = self._memory, self._now()
        read_at, known = memory.projects.get(name, (memory.listed_at, ()))
        if max_age_seconds > 0 and (now - read_at).total_seconds() <= max_age_seconds:
            return known
        shown = self._run("DescribeProjects", name, lane, self._list_projects)
        found = tuple(p for p in shown if p.name == name)
        if max_age_seconds > 0:
            memory.projects = {p.name: (now, tuple(q for q in shown if q.name == p.name)) for p in shown}
            memory.listed_at, memory.listed = now, len(shown)
        else:
            memory.projects[name] = (now, found)
        return found

    def _forget_project(self, name: str) -> None:
        """Ask AWS at the next look at this name: a write of ours made what was listed old."""
        self._memory.projects[name] = (_NEVER, ())

    def _with_tags(self, listed: tuple[ObservedVersion, ...], lane: Lane) -> tuple[ObservedVersion, ...] | None:
        """Add tags; None where a version that is not being deleted vanished before its tags were read."""
        tagged: list[ObservedVersion] = []
        for version in listed:
            cached = self._memory.tags.get(version.arn)
            try:
                tags = dict(cached[1]) if cached is not None else self._read_tags(version.arn, lane)
            except CallError as error:
                if error.kind is not ErrorKind.NOT_FOUND:
                    raise
                if version.state is not VersionState.DELETING:
                    return None
                tags = {}
            tagged.append(replace(version, tags=tags))
        return tuple(tagged)

    def _project_tags(self, arn: str, lane: Lane) -> dict[str, str] | None:
        read_at, tags = self._memory.tags.get(arn, (_NEVER, {}))
        if (self._now() - read_at).total_seconds() <= PROJECT_TAGS_SECONDS:
            return dict(tags)
        try:
            return self._read_tags(arn, lane)
        except CallError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise
            return None

    def _read_tags(self, arn: str, lane: Lane) -> dict[str, str]:
        self._memory.tags.pop(arn, None)
        tags = self._run("ListTagsForResource", arn, lane, lambda: dict(self._tags_of(arn, "ListTagsForResource")))
        self._memory.tags[arn] = (self._now(), tags)
        return dict(tags)


class FakeProvider:
    """Implements ``RekognitionProvider`` over fakes by (account, Region); one that is unknown gets a fake of its own.

    The operator's own account is that of the first fake; a role's is the one that its ARN names, as at AWS.
    """

    def __init__(self, *fakes: FakeRekognition) -> None:
        self.account = fakes[0].account if fakes else DEFAULT_ACCOUNT
        self.fakes = {(fake.account, fake.region): fake for fake in fakes}
        self.error: CallError | None = None
        """Set it to let every ``connect`` fail, as with credentials that do not work."""
        self.refused: dict[str, CallError] = {}
        """By role ARN: lets ``connect`` as this role fail, as where its trust policy forbids it."""
        self.connected: list[tuple[Principal, str]] = []
        """Who connected to which Region, in order, also where it failed."""
        self.forgotten: list[str] = []
        """The identities that are not used any more, in order."""

    def add(self, fake: FakeRekognition) -> None:
        """Let this be the Rekognition of its account and Region."""
        self.fakes[fake.account, fake.region] = fake

    async def connect(self, principal: Principal, region: str) -> FakeRekognition:
        self.connected.append((principal, region))
        error = self.error or self.refused.get(principal.role_arn or "")
        if error is not None:
            raise replace(error, principal=principal)
        account = self.account if principal.role_arn is None else principal.role_arn.split(":")[4]
        return self.fakes.setdefault((account, region), FakeRekognition(account=account, region=region))

    def forget(self, identity: str) -> None:
        self.forgotten.append(identity)
