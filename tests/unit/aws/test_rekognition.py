"""What does the gateway ask, remember, and do when the world moves meanwhile? One file: all share one stub of AWS."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from botocore import exceptions as sdk

from fakes.boto3_client import ROOT, FakeClient, refusal
from fakes.cloudwatch_client import FakeCloudWatch, units_of
from rekognition_operator.aws.calls import Caller
from rekognition_operator.aws.detection import RekognitionDetection
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.fence import Fence, FencedError
from rekognition_operator.aws.gateway import Lane, Rekognition
from rekognition_operator.aws.memory import PROJECT_TAGS_SECONDS
from rekognition_operator.aws.rekognition import Boto3Rekognition
from rekognition_operator.aws.usage import CloudWatchUsage
from rekognition_operator.core.inputs import ManifestRef, TrainingInputs
from rekognition_operator.core.world import Feature, ProjectStatus, S3Object

ADAPTER = Feature.CONTENT_MODERATION
PROJECT = f"{ROOT}/storefront/1"
VERSION = f"{ROOT}/storefront/version/v1-0/2"


class Inline(Executor):
    """Runs calls in the test's own thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  whatever it is belongs to the caller
            future.set_exception(error)
        return future


class Held:
    """A limiter that lets so many calls go, and the others when the test says so."""

    def __init__(self) -> None:
        self.passes = float("inf")
        self.lanes: list[tuple[str, Lane]] = []
        self._waiting: list[asyncio.Future[None]] = []

    async def acquire(self, operation: str, lane: Lane) -> None:
        self.lanes.append((operation, lane))
        self.passes -= 1
        if self.passes < 0:
            gate = asyncio.get_running_loop().create_future()
            self._waiting.append(gate)
            await gate

    def throttled(self, operation: str) -> None:
        raise AssertionError(f"{operation} was throttled")

    def release(self) -> None:
        self.passes = float("inf")
        waiting, self._waiting = self._waiting, []
        for gate in waiting:
            if not gate.done():
                gate.set_result(None)


class Setup:
    def __init__(self, fence: Fence | None = None) -> None:
        self.now = 1000.0
        self.client = FakeClient()
        self.cloudwatch = FakeCloudWatch()
        self.limiter = Held()
        caller = Caller(Inline(), self.limiter, sleep=self.sleep, jitter=lambda: 0.0, fence=fence or Fence())
        self.aws = Boto3Rekognition(
            cast("Any", self.client),
            account="123456789012",
            region="us-east-1",
            caller=caller,
            usage=CloudWatchUsage(cast("Any", self.cloudwatch), caller),
            objects=cast("Any", None),
            detection=RekognitionDetection(cast("Any", self.client), caller),
            clock=self.tick,
        )

    def tick(self) -> float:
        """Tell the time; never the same one twice, as the real clock."""
        self.now += 0.001
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    async def project(self, name: str = "storefront", max_age: float = 0.0, lane: Lane = Lane.SWEEP) -> str | None:
        found = await self.aws.describe_project(name, ADAPTER, lane=lane, max_age_seconds=max_age)
        return found.arn if found is not None else None


@pytest.fixture
def setup() -> Setup:
    return Setup()


def test_the_gateway_is_a_rekognition(setup: Setup) -> None:
    aws: Rekognition = setup.aws
    assert (aws.account, aws.region) == ("123456789012", "us-east-1")


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_fresh_look_asks_for_the_one_name_in_both_features(setup: Setup) -> None:
    arn = setup.client.add_project("storefront")
    found = await setup.aws.describe_project("storefront", ADAPTER, lane=Lane.CHANGE, max_age_seconds=0)
    assert found is not None
    assert (found.arn, found.tags) == (arn, {"of": "storefront"})
    operation, parameters = setup.client.calls[0]
    assert operation == "DescribeProjects"
    assert parameters["ProjectNames"] == ["storefront"]
    assert set(parameters["Features"]) == {"CONTENT_MODERATION", "CUSTOM_LABELS"}


async def test_a_project_that_is_not_there_is_none(setup: Setup) -> None:
    assert await setup.project() is None
    assert await setup.project(max_age=60) is None


async def test_of_two_projects_of_a_name_the_one_with_the_wanted_feature_is_shown(setup: Setup) -> None:
    labels = setup.client.add_project("storefront", feature="CUSTOM_LABELS")
    assert await setup.project() == labels
    adapter = setup.client.add_project("storefront")
    assert await setup.project() == adapter
    shown = await setup.aws.describe_project("storefront", Feature.CUSTOM_LABELS, lane=Lane.SWEEP, max_age_seconds=0)
    assert shown is not None
    assert shown.arn == labels


async def test_many_resources_share_one_paged_listing(setup: Setup) -> None:
    setup.client.page = 2
    arns = [setup.client.add_project(f"p{n}") for n in range(5)]
    shown = await asyncio.gather(*(setup.project(f"p{n}", max_age=60) for n in range(5)))
    assert shown == arns
    assert setup.client.count("DescribeProjects") == 3
    assert setup.aws.projects_listed == 5
    await setup.project("p3", max_age=60)
    assert setup.client.count("DescribeProjects") == 3
    setup.now += 61
    await setup.project("p3", max_age=60)
    assert setup.client.count("DescribeProjects") == 6


async def test_who_asked_first_may_leave_while_others_wait_for_the_listing(setup: Setup) -> None:
    arn = setup.client.add_project("storefront")
    setup.limiter.passes = 0
    first = asyncio.create_task(setup.project(max_age=60))
    second = asyncio.create_task(setup.project(max_age=60))
    await settle()
    first.cancel()
    await settle()
    setup.limiter.release()
    assert await second == arn
    assert first.cancelled()
    assert setup.client.count("DescribeProjects") == 1


async def test_a_failed_listing_fails_all_who_wait_and_is_tried_anew(setup: Setup) -> None:
    setup.client.add_project("storefront")
    failing = [True]

    def deny(operation: str) -> None:
        if operation == "DescribeProjects" and failing[0]:
            raise refusal("AccessDeniedException")

    setup.client.before = deny
    results = await asyncio.gather(*(setup.project(max_age=60) for _ in range(3)), return_exceptions=True)
    assert [r.kind for r in results if isinstance(r, CallError)] == [ErrorKind.ACCESS_DENIED] * 3
    assert setup.client.count("DescribeProjects") == 1
    failing[0] = False
    assert await setup.project(max_age=60) is not None


async def test_a_persons_change_does_not_wait_for_a_sweeps_listing(setup: Setup) -> None:
    arn = setup.client.add_project("storefront")
    setup.limiter.passes = 0
    sweep = asyncio.create_task(setup.project(max_age=60))
    await settle()
    setup.limiter.passes = 2
    assert await setup.project(max_age=60, lane=Lane.CHANGE) == arn
    assert not sweep.done()
    assert setup.limiter.lanes[:2] == [("DescribeProjects", Lane.SWEEP), ("DescribeProjects", Lane.CHANGE)]
    setup.limiter.release()
    assert await sweep == arn


async def test_what_we_create_and_delete_is_seen_at_once_whatever_was_listed(setup: Setup) -> None:
    assert await setup.project(max_age=60) is None
    arn = await setup.aws.create_project("storefront", ADAPTER, auto_update=True, tags={"a": "b"}, lane=Lane.CHANGE)
    assert setup.client.calls[-1] == (
        "CreateProject",
        {"ProjectName": "storefront", "Feature": "CONTENT_MODERATION", "AutoUpdate": "ENABLED", "Tags": {"a": "b"}},
    )
    assert await setup.project(max_age=60) == arn
    assert setup.client.calls[-2][1]["ProjectNames"] == ["storefront"]
    setup.client.projects.clear()
    await setup.aws.delete_project(arn, lane=Lane.FLIGHT)
    assert await setup.project(max_age=60) is None


async def test_a_listing_that_was_under_way_during_a_write_is_not_believed(setup: Setup) -> None:
    setup.client.page = 1
    setup.client.add_project("first")
    setup.client.add_project("second")
    setup.limiter.passes = 1
    sweep = asyncio.create_task(setup.project(max_age=60))
    await settle()  # the first page was read, the second waits
    setup.limiter.passes = 1
    arn = await setup.aws.create_project("storefront", ADAPTER, auto_update=False, tags={}, lane=Lane.CHANGE)
    after, setup.client.projects = setup.client.projects, setup.client.projects[:2]  # as the listing's pages show it

    def catch_up(operation: str) -> None:
        if setup.client.count(operation) > 2:
            setup.client.projects = after

    setup.client.before = catch_up
    setup.limiter.release()
    assert await sweep == arn
    assert await setup.project(max_age=60) == arn


async def test_a_lost_create_is_looked_for_by_name(setup: Setup) -> None:
    assert await setup.project(max_age=60) is None

    def lose(operation: str) -> None:
        if operation == "CreateProject":
            setup.client.add_project("storefront")
            raise sdk.ReadTimeoutError(endpoint_url="https://aws")

    setup.client.before = lose
    with pytest.raises(CallError) as lost:
        await setup.aws.create_project("storefront", ADAPTER, auto_update=False, tags={}, lane=Lane.CHANGE)
    assert (lost.value.kind, lost.value.code) == (ErrorKind.LOST, "AnswerLost")
    assert setup.client.count("CreateProject") == 1
    assert await setup.project(max_age=60) is not None


async def test_project_tags_are_believed_for_six_hours(setup: Setup) -> None:
    arn = setup.client.add_project("storefront")
    for _ in range(3):
        await setup.project()
    assert setup.client.count("ListTagsForResource") == 1
    setup.now += PROJECT_TAGS_SECONDS + 1
    setup.client.tags[arn] = {"of": "somebody else"}
    found = await setup.aws.describe_project("storefront", ADAPTER, lane=Lane.SWEEP, max_age_seconds=0)
    assert found is not None
    assert found.tags == {"of": "somebody else"}


async def test_tags_of_a_project_that_a_listing_lacks_are_not_kept_for_ever(setup: Setup) -> None:
    arn = setup.client.add_project("storefront")
    await setup.project()
    setup.client.projects.clear()
    assert await setup.project("another", max_age=60) is None
    assert setup.aws._tags.get(arn) is None


async def test_version_tags_are_believed_for_ever_until_we_write_or_ask_afresh(setup: Setup) -> None:
    project = setup.client.add_project("storefront")
    arn = setup.client.add_version(project, "v1-0")

    async def tags() -> dict[str, str]:
        (version,) = await setup.aws.describe_versions(project, lane=Lane.SWEEP)
        return dict(version.tags)

    await tags()
    setup.now += 100 * PROJECT_TAGS_SECONDS
    setup.client.tags[arn]["by"] = "somebody"
    assert await tags() == {"of": "v1-0"}
    assert setup.client.count("ListTagsForResource") == 1
    assert await setup.aws.fresh_tags(arn, lane=Lane.FLIGHT) == {"of": "v1-0", "by": "somebody"}
    assert await tags() == {"of": "v1-0", "by": "somebody"}
    assert setup.client.count("ListTagsForResource") == 2
    await setup.aws.set_tags(arn, {"new": "tag"}, lane=Lane.FLIGHT)
    await setup.aws.remove_tags(arn, ("by",), lane=Lane.FLIGHT)
    assert await tags() == {"of": "v1-0", "new": "tag"}
    assert setup.client.count("ListTagsForResource") == 3


@pytest.mark.parametrize(
    ("lane", "tags_lane"),
    [(Lane.CHANGE, Lane.CHANGE), (Lane.FLIGHT, Lane.FLIGHT), (Lane.SWEEP, Lane.LOW), (Lane.LOW, Lane.LOW)],
)
async def test_a_sweeps_version_tags_wait_behind_everything_else(setup: Setup, lane: Lane, tags_lane: Lane) -> None:
    project = setup.client.add_project("storefront")
    setup.client.add_version(project, "v1-0")
    await setup.aws.describe_versions(project, lane=lane)
    assert setup.limiter.lanes == [("DescribeProjectVersions", lane), ("ListTagsForResource", tags_lane)]


async def test_all_pages_of_versions_are_read_newest_first(setup: Setup) -> None:
    project = setup.client.add_project("storefront")
    setup.client.page = 3
    arns = [setup.client.add_version(project, f"v1-{n}") for n in range(8)]
    shown = await setup.aws.describe_versions(project, lane=Lane.SWEEP)
    assert [v.arn for v in shown] == arns[::-1]
    assert setup.client.count("DescribeProjectVersions") == 3


async def test_one_version_is_asked_for_by_its_name_each_time(setup: Setup) -> None:
    project = setup.client.add_project("storefront")
    setup.client.add_version(project, "v1-0")
    for _ in range(2):
        version = await setup.aws.describe_version(project, "v1-0", lane=Lane.CHANGE)
        assert version is not None
        assert version.tags == {"of": "v1-0"}
    assert await setup.aws.describe_version(project, "v1-1", lane=Lane.CHANGE) is None
    assert setup.client.count("DescribeProjectVersions") == 3
    assert setup.client.calls[0] == (
        "DescribeProjectVersions",
        {"ProjectArn": project, "VersionNames": ["v1-0"]},
    )


async def test_versions_of_an_absent_project_are_not_found(setup: Setup) -> None:
    with pytest.raises(CallError) as absent:
        await setup.aws.describe_versions(PROJECT, lane=Lane.SWEEP)
    assert absent.value.kind is ErrorKind.NOT_FOUND
    assert setup.client.count("DescribeProjectVersions") == 1


async def test_a_version_that_vanishes_before_its_tags_are_read_is_not_shown(setup: Setup) -> None:
    project = setup.client.add_project("storefront")
    setup.client.add_version(project, "v1-0")
    gone = setup.client.add_version(project, "v1-1")

    def vanish(operation: str) -> None:
        if operation == "ListTagsForResource" and gone in setup.client.tags:
            del setup.client.tags[gone]
            setup.client.versions[project].pop(0)

    setup.client.before = vanish
    shown = await setup.aws.describe_versions(project, lane=Lane.SWEEP)
    assert [v.name for v in shown] == ["v1-0"]


async def test_a_version_whose_tags_stay_absent_is_an_error_and_no_version_without_tags(setup: Setup) -> None:
    project = setup.client.add_project("storefront")
    del setup.client.tags[setup.client.add_version(project, "v1-0")]
    with pytest.raises(CallError) as absent:
        await setup.aws.describe_versions(project, lane=Lane.SWEEP)
    assert absent.value.kind is ErrorKind.NOT_FOUND


async def test_a_version_that_is_being_deleted_may_have_no_tags_any_more(setup: Setup) -> None:
    project = setup.client.add_project("storefront")
    del setup.client.tags[setup.client.add_version(project, "v1-0", status="DELETING")]
    (version,) = await setup.aws.describe_versions(project, lane=Lane.SWEEP)
    assert version.tags == {}


async def test_a_project_that_vanishes_before_its_tags_are_read_is_none(setup: Setup) -> None:
    arn = setup.client.add_project("storefront")

    def vanish(operation: str) -> None:
        if operation == "ListTagsForResource":
            setup.client.tags.pop(arn, None)
            setup.client.projects.clear()

    setup.client.before = vanish
    assert await setup.project(max_age=60) is None


async def test_a_project_that_is_being_deleted_may_have_no_tags_any_more(setup: Setup) -> None:
    del setup.client.tags[setup.client.add_project("storefront", status="DELETING")]
    found = await setup.aws.describe_project("storefront", ADAPTER, lane=Lane.SWEEP, max_age_seconds=0)
    assert found is not None
    assert (found.status, found.tags) == (ProjectStatus.DELETING, {})


async def test_a_training_is_asked_for_once(setup: Setup) -> None:
    project = setup.client.add_project("storefront")

    async def create() -> str:
        return await setup.aws.create_version(
            project,
            "v1-0",
            feature=ADAPTER,
            inputs=TrainingInputs((ManifestRef("images", "train.manifest"),), confidence_threshold=60.0),
            output=S3Object("results", "out/"),
            description=None,
            tags={"a": "b"},
            lane=Lane.CHANGE,
        )

    assert (await create()).startswith(f"{ROOT}/storefront/version/v1-0/")
    _, parameters = setup.client.calls[-1]
    assert parameters["OutputConfig"] == {"S3Bucket": "results", "S3KeyPrefix": "out/"}

    def refuse(_operation: str) -> None:
        raise refusal("LimitExceededException")

    setup.client.before = refuse
    with pytest.raises(CallError) as full:
        await create()
    assert full.value.kind is ErrorKind.LIMIT
    assert setup.client.count("CreateProjectVersion") == 2


@pytest.mark.parametrize("operation", ["delete_version", "delete_project", "delete_dataset"])
async def test_deleting_what_is_gone_is_success_and_anything_else_is_not(setup: Setup, operation: str) -> None:
    codes = ["ResourceNotFoundException", "ResourceInUseException"]

    def refuse(_operation: str) -> None:
        raise refusal(codes.pop(0))

    setup.client.before = refuse
    delete = getattr(setup.aws, operation)
    await delete(VERSION, lane=Lane.FLIGHT)
    with pytest.raises(CallError) as busy:
        await delete(VERSION, lane=Lane.FLIGHT)
    assert busy.value.kind is ErrorKind.IN_USE


async def test_a_model_is_started_once_with_the_units_that_are_asked_for(setup: Setup) -> None:
    await setup.aws.start_version(VERSION, min_units=2, max_units=None, lane=Lane.FLIGHT)
    await setup.aws.start_version(VERSION, min_units=1, max_units=4, lane=Lane.FLIGHT)
    await setup.aws.stop_version(VERSION, lane=Lane.CHANGE)
    assert setup.client.calls == [
        ("StartProjectVersion", {"ProjectVersionArn": VERSION, "MinInferenceUnits": 2}),
        ("StartProjectVersion", {"ProjectVersionArn": VERSION, "MinInferenceUnits": 1, "MaxInferenceUnits": 4}),
        ("StopProjectVersion", {"ProjectVersionArn": VERSION}),
    ]


@pytest.mark.parametrize("code", ["InternalServerError", "LimitExceededException"])
async def test_a_refused_start_or_stop_is_not_repeated(setup: Setup, code: str) -> None:
    def refuse(_operation: str) -> None:
        raise refusal(code)

    setup.client.before = refuse
    with pytest.raises(CallError):
        await setup.aws.start_version(VERSION, min_units=1, max_units=None, lane=Lane.FLIGHT)
    with pytest.raises(CallError):
        await setup.aws.stop_version(VERSION, lane=Lane.FLIGHT)
    assert [operation for operation, _ in setup.client.calls] == ["StartProjectVersion", "StopProjectVersion"]


async def test_usage_is_asked_of_cloudwatch(setup: Setup) -> None:
    since = datetime(2026, 11, 1, tzinfo=UTC)
    until = since + timedelta(hours=1)
    setup.cloudwatch.data = {
        units_of("parts", "v1"): {since: 12.0},
        units_of("others", "v1"): {since: 1.0},
        (("Operation", "DetectCustomLabels"),): {since: 5.0},
    }
    aws, lane = setup.aws, Lane.SWEEP
    assert await aws.inference_unit_hours("parts", ("v1",), since=since, until=until, lane=lane) == 1
    assert await aws.successful_requests(since=since, until=until, lane=lane) == 5
    assert await aws.other_models_ran("parts", since=since, until=until, lane=lane)
    assert {operation for operation, _ in setup.limiter.lanes} == {"ListMetrics", "GetMetricData"}
    assert aws.time is None  # the fake's answers have no date


# the fence

CHANGES: dict[str, Callable[[Boto3Rekognition], Awaitable[object]]] = {
    "create_project": lambda aws: aws.create_project("new", ADAPTER, auto_update=False, tags={}, lane=Lane.CHANGE),
    "create_version": lambda aws: aws.create_version(
        PROJECT,
        "v1-1",
        feature=ADAPTER,
        inputs=TrainingInputs(training=(ManifestRef("acme-ml", "train.manifest"),)),
        output=S3Object("acme-ml", "out/"),
        description=None,
        tags={},
        lane=Lane.CHANGE,
    ),
    "start_version": lambda aws: aws.start_version(VERSION, min_units=1, max_units=None, lane=Lane.CHANGE),
    "stop_version": lambda aws: aws.stop_version(VERSION, lane=Lane.CHANGE),
    "delete_version": lambda aws: aws.delete_version(VERSION, lane=Lane.CHANGE),
    "delete_project": lambda aws: aws.delete_project(PROJECT, lane=Lane.CHANGE),
    "delete_dataset": lambda aws: aws.delete_dataset(PROJECT, lane=Lane.CHANGE),
    "set_tags": lambda aws: aws.set_tags(PROJECT, {"a": "b"}, lane=Lane.CHANGE),
    "remove_tags": lambda aws: aws.remove_tags(PROJECT, ("of",), lane=Lane.CHANGE),
}
READS = {
    "describe_project",
    "describe_versions",
    "describe_version",
    "fresh_tags",
    "inference_unit_hours",
    "successful_requests",
    "ran_throughout",
    "other_models_ran",
}


def test_every_operation_of_the_gateway_is_known_to_change_something_or_only_to_read() -> None:
    operations = {name for name, member in vars(Rekognition).items() if inspect.iscoroutinefunction(member)}
    assert operations == CHANGES.keys() | READS


@pytest.mark.parametrize("name", CHANGES)
async def test_without_the_lease_no_operation_changes_anything(name: str) -> None:
    fence = Fence(10.0, lambda: 0.0)
    setup = Setup(fence)
    setup.client.add_project("storefront")
    with pytest.raises(FencedError):
        await CHANGES[name](setup.aws)
    assert setup.client.calls == []
    fence.renewed(0.0)
    await CHANGES[name](setup.aws)
    assert len(setup.client.calls) == 1
