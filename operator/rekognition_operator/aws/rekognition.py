"""How does the operator talk to Rekognition through boto3?"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeVar

from rekognition_operator.aws.calls import Caller
from rekognition_operator.aws.detection import RekognitionDetection
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane, tags_lane
from rekognition_operator.aws.memory import PROJECT_TAGS_SECONDS, RegionMemory
from rekognition_operator.aws.objects import S3Objects
from rekognition_operator.aws.shapes import (
    project_name_of,
    project_of,
    read_project,
    read_version,
    write_project,
    write_version,
)
from rekognition_operator.aws.usage import CloudWatchUsage
from rekognition_operator.core.inputs import TrainingInputs
from rekognition_operator.core.world import (
    Feature,
    ObservedProject,
    ObservedVersion,
    ProjectStatus,
    S3Object,
    VersionState,
)

if TYPE_CHECKING:
    from mypy_boto3_rekognition.client import RekognitionClient
    from mypy_boto3_rekognition.literals import CustomizationFeatureType
    from mypy_boto3_rekognition.type_defs import (
        DescribeProjectsRequestTypeDef,
        DescribeProjectVersionsRequestTypeDef,
        StartProjectVersionRequestTypeDef,
    )

T = TypeVar("T")

_PAGE: Final = 100
_FEATURES: "Final[tuple[CustomizationFeatureType, ...]]" = ("CONTENT_MODERATION", "CUSTOM_LABELS")
_LOOKS: Final = 3
"""How often something is looked at again because it vanished before its tags were read."""


class Boto3Rekognition:
    """Rekognition in one (account, Region) as one identity; implements the Protocol ``Rekognition``.

    Listings of projects are shared by all callers; tags are remembered by ARN. Both are forgotten by writes of ours.
    """

    def __init__(
        self,
        client: "RekognitionClient",
        *,
        account: str,
        region: str,
        caller: Caller,
        usage: CloudWatchUsage,
        objects: S3Objects,
        detection: RekognitionDetection,
        memory: RegionMemory | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._client = client
        self._account = account
        self._region = region
        self._caller = caller
        self._usage = usage
        self._objects = objects
        self._detection = detection
        self._clock = clock
        memory = memory or RegionMemory()
        self._tags = memory.tags
        self._projects = memory.projects
        self._listing: tuple[asyncio.Task[None], Lane] | None = None

    @property
    def account(self) -> str:
        """The 12 digits of the account."""
        return self._account

    @property
    def region(self) -> str:
        """The Region, such as us-east-1."""
        return self._region

    @property
    def projects_listed(self) -> int | None:
        """How many projects the last complete listing showed; None before the first."""
        return self._projects.listed

    @property
    def time(self) -> datetime | None:
        """AWS's own time of its last answer, in UTC; None before the first."""
        return self._caller.time.latest

    @property
    def objects(self) -> S3Objects:
        """S3 of the same Region, as the same identity."""
        return self._objects

    @property
    def detection(self) -> RekognitionDetection:
        """What versions answer for an image."""
        return self._detection

    async def describe_project(
        self, name: str, feature: Feature, *, lane: Lane, max_age_seconds: float
    ) -> ObservedProject | None:
        """Look a project up by its name, in both features; see the Protocol."""
        for _ in range(_LOOKS):
            found = await self._look_up(name, lane, max_age_seconds)
            if not found:
                return None
            project = next((p for p in found if p.feature is feature), found[0])
            try:
                return replace(project, tags=await self._project_tags(project.arn, lane))
            except CallError as error:
                if error.kind is not ErrorKind.NOT_FOUND:
                    raise
                if project.status is ProjectStatus.DELETING:
                    return project
                max_age_seconds, vanished = 0.0, error  # gone between the two calls: look again
        raise vanished

    async def describe_versions(self, project_arn: str, *, lane: Lane) -> tuple[ObservedVersion, ...]:
        """All versions of a project, newest first, with their tags."""
        request: DescribeProjectVersionsRequestTypeDef = {"ProjectArn": project_arn, "MaxResults": _PAGE}
        versions = await self._versions(request, lane)
        self._tags.keep_only(f"{project_of(project_arn)}version/", (v.arn for v in versions))
        return versions

    async def describe_version(self, project_arn: str, version_name: str, *, lane: Lane) -> ObservedVersion | None:
        """One version by its name, past every cache but that of tags; None where AWS lists none."""
        versions = await self._versions({"ProjectArn": project_arn, "VersionNames": [version_name]}, lane)
        return next((v for v in versions if v.name == version_name), None)

    async def fresh_tags(self, arn: str, *, lane: Lane) -> Mapping[str, str]:
        """ListTagsForResource now, past every cache."""
        writes, begun_at = self._tags.writes(arn), self._clock()
        answer = await self._caller.read(
            "ListTagsForResource", lane, lambda: self._client.list_tags_for_resource(ResourceArn=arn)
        )
        tags = dict(answer.get("Tags") or {})
        self._tags.put(arn, tags, read_at=begun_at, writes=writes)
        return tags

    async def create_project(
        self, name: str, feature: Feature, *, auto_update: bool, tags: Mapping[str, str], lane: Lane
    ) -> str:
        """CreateProject; returns the ARN. AutoUpdate is sent for adapters only."""
        request = write_project(name, feature, auto_update=auto_update, tags=tags)
        try:
            answer = await self._caller.write("CreateProject", lane, lambda: self._client.create_project(**request))
        finally:
            self._projects.written(name, self._clock())
        return answer["ProjectArn"]

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
        """CreateProjectVersion, once; returns the ARN."""
        request = write_version(
            project_arn,
            version_name,
            feature=feature,
            inputs=inputs,
            output=output,
            description=description,
            tags=tags,
        )
        answer = await self._caller.write(
            "CreateProjectVersion", lane, lambda: self._client.create_project_version(**request)
        )
        return answer["ProjectVersionArn"]

    async def start_version(self, arn: str, *, min_units: int, max_units: int | None, lane: Lane) -> None:
        """StartProjectVersion, once."""
        request: StartProjectVersionRequestTypeDef = {"ProjectVersionArn": arn, "MinInferenceUnits": min_units}
        if max_units is not None:
            request["MaxInferenceUnits"] = max_units
        await self._caller.write("StartProjectVersion", lane, lambda: self._client.start_project_version(**request))

    async def stop_version(self, arn: str, *, lane: Lane) -> None:
        """StopProjectVersion, once."""
        await self._caller.write(
            "StopProjectVersion", lane, lambda: self._client.stop_project_version(ProjectVersionArn=arn)
        )

    async def inference_unit_hours(
        self, project_name: str, version_names: tuple[str, ...], *, since: datetime, until: datetime, lane: Lane
    ) -> float:
        """Inference-unit hours of a project's versions in a span, by CloudWatch."""
        return await self._usage.inference_unit_hours(project_name, version_names, since=since, until=until, lane=lane)

    async def successful_requests(self, *, since: datetime, until: datetime, lane: Lane) -> float:
        """Successful DetectCustomLabels calls of the account and Region in a span, by CloudWatch."""
        return await self._usage.successful_requests(since=since, until=until, lane=lane)

    async def ran_throughout(
        self, project_name: str, version_name: str, *, since: datetime, until: datetime, lane: Lane
    ) -> bool:
        """Whether a version had inference units in service in all of a span; see the Protocol."""
        return await self._usage.ran_throughout(project_name, version_name, since=since, until=until, lane=lane)

    async def other_models_ran(self, project_name: str, *, since: datetime, until: datetime, lane: Lane) -> bool:
        """Whether a model of another project had inference units in service in a span, by CloudWatch."""
        return await self._usage.other_models_ran(project_name, since=since, until=until, lane=lane)

    async def delete_version(self, arn: str, *, lane: Lane) -> None:
        """DeleteProjectVersion. A version that is gone already is success."""
        await self._delete(
            "DeleteProjectVersion", lane, lambda: self._client.delete_project_version(ProjectVersionArn=arn)
        )

    async def delete_project(self, arn: str, *, lane: Lane) -> None:
        """DeleteProject. A project that is gone already is success."""
        try:
            await self._delete("DeleteProject", lane, lambda: self._client.delete_project(ProjectArn=arn))
        finally:
            self._projects.written(project_name_of(arn), self._clock())

    async def delete_dataset(self, arn: str, *, lane: Lane) -> None:
        """DeleteDataset. A dataset that is gone already is success."""
        try:
            await self._delete("DeleteDataset", lane, lambda: self._client.delete_dataset(DatasetArn=arn))
        finally:
            self._projects.written(project_name_of(arn), self._clock())

    async def set_tags(self, arn: str, tags: Mapping[str, str], *, lane: Lane) -> None:
        """TagResource."""
        request = dict(tags)
        try:
            await self._caller.write(
                "TagResource", lane, lambda: self._client.tag_resource(ResourceArn=arn, Tags=request)
            )
        finally:
            self._tags.written(arn)

    async def remove_tags(self, arn: str, keys: tuple[str, ...], *, lane: Lane) -> None:
        """UntagResource."""
        try:
            await self._caller.write(
                "UntagResource", lane, lambda: self._client.untag_resource(ResourceArn=arn, TagKeys=keys)
            )
        finally:
            self._tags.written(arn)

    async def _delete(self, operation: str, lane: Lane, call: Callable[[], T]) -> None:
        try:
            await self._caller.write(operation, lane, call)
        except CallError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise

    async def _look_up(self, name: str, lane: Lane, max_age_seconds: float) -> tuple[ObservedProject, ...]:
        """All projects of the name: from memory where it is young enough, else by a listing or a look by name."""
        now = self._clock()
        if max_age_seconds > 0:
            not_before = now - max_age_seconds
            known = self._projects.get(name, not_before=not_before)
            if known is not None:
                return known
            if not self._projects.is_written(name) and not self._held_up(lane):
                await self._list_projects(lane)
                known = self._projects.get(name, not_before=not_before)
                if known is not None:  # None: a write of ours came in between
                    return known
        found = await self._describe_projects({"ProjectNames": [name], "Features": _FEATURES}, lane)
        self._projects.put_look(name, found, begun_at=now)
        return found

    def _held_up(self, lane: Lane) -> bool:
        """Whether a listing is under way that waits behind this lane's calls."""
        return self._listing is not None and not self._listing[0].done() and self._listing[1] > lane

    async def _list_projects(self, lane: Lane) -> None:
        """List all projects, or wait for the listing that is under way."""
        if self._listing is None or self._listing[0].done():
            task = asyncio.create_task(self._refresh(lane), name=f"list-projects-{self._region}")
            task.add_done_callback(lambda t: t.cancelled() or t.exception())  # it is also raised to who waits
            self._listing = (task, lane)
        try:
            await asyncio.shield(self._listing[0])  # who asked first may be cancelled; the others still want it
        except CallError as error:
            raise replace(error) from error  # each waiter has its own traceback

    async def _refresh(self, lane: Lane) -> None:
        begun_at = self._clock()
        projects = await self._describe_projects({"Features": _FEATURES, "MaxResults": _PAGE}, lane)
        self._projects.put_listing(projects, begun_at=begun_at)
        self._tags.keep_projects(project.arn for project in projects)

    async def _describe_projects(
        self, request: "DescribeProjectsRequestTypeDef", lane: Lane
    ) -> tuple[ObservedProject, ...]:
        """All pages of DescribeProjects."""
        projects: list[ObservedProject] = []
        token: str | None = None
        while True:
            page: DescribeProjectsRequestTypeDef = {**request, "NextToken": token} if token else request
            answer = await self._caller.read("DescribeProjects", lane, partial(self._client.describe_projects, **page))
            projects += [read_project(d) for d in answer.get("ProjectDescriptions", ())]
            token = answer.get("NextToken")
            if not token:
                return tuple(projects)

    async def _versions(
        self, request: "DescribeProjectVersionsRequestTypeDef", lane: Lane
    ) -> tuple[ObservedVersion, ...]:
        """All pages of DescribeProjectVersions, with tags; looked at again where a version vanished meanwhile."""
        for _ in range(_LOOKS):
            listed = await self._describe_versions(request, lane)
            try:
                return tuple([await self._with_tags(version, tags_lane(lane)) for version in listed])
            except CallError as error:
                if error.kind is not ErrorKind.NOT_FOUND:
                    raise
                vanished = error
        raise vanished

    async def _describe_versions(
        self, request: "DescribeProjectVersionsRequestTypeDef", lane: Lane
    ) -> list[ObservedVersion]:
        versions: list[ObservedVersion] = []
        token: str | None = None
        while True:
            page: DescribeProjectVersionsRequestTypeDef = {**request, "NextToken": token} if token else request
            answer = await self._caller.read(
                "DescribeProjectVersions", lane, partial(self._client.describe_project_versions, **page)
            )
            versions += [read_version(d) for d in answer.get("ProjectVersionDescriptions", ())]
            token = answer.get("NextToken")
            if not token:
                return versions

    async def _with_tags(self, version: ObservedVersion, lane: Lane) -> ObservedVersion:
        tags = self._tags.get(version.arn)
        if tags is None:
            try:
                tags = await self.fresh_tags(version.arn, lane=lane)
            except CallError as error:
                if error.kind is not ErrorKind.NOT_FOUND or version.state is not VersionState.DELETING:
                    raise
                return version
        return replace(version, tags=dict(tags))

    async def _project_tags(self, arn: str, lane: Lane) -> Mapping[str, str]:
        tags = self._tags.get(arn, not_before=self._clock() - PROJECT_TAGS_SECONDS)
        return dict(tags if tags is not None else await self.fresh_tags(arn, lane=lane))
