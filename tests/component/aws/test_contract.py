"""Do the in-memory fake and boto3 over the emulator behave alike? One list, as long as what both must do."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from fakes.clock import FakeClock
from fakes.rekognition import FakeRekognition
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane, Rekognition
from rekognition_operator.core.inputs import ManifestRef, TrainingInputs
from rekognition_operator.core.world import (
    Feature,
    ObservedProject,
    ObservedVersion,
    ProjectStatus,
    S3Object,
    VersionState,
)
from rekognition_sandbox.emulator.wire import QuotaChange
from rekognition_sandbox.samples import make_parts

ADAPTER = Feature.CONTENT_MODERATION
LABELS = Feature.CUSTOM_LABELS
STARTING_SECONDS, STOPPING_SECONDS = 15 * 60, 5 * 60
DATASET_SECONDS = 2 * 60
INPUTS = TrainingInputs((ManifestRef("images", "train.manifest"),), confidence_threshold=60.0)


@dataclass
class World:
    """One of the two, and how a test moves it."""

    aws: Rekognition
    settle: Callable[[], None]
    fail_training: Callable[[str], None]
    deprecate: Callable[[str], None]
    add_version: Callable[[str, str], str]
    limit: Callable[[str, int], None]
    now: Callable[[], datetime]
    pass_time: Callable[[float], None]
    fail_next_start: Callable[[str], None]
    add_dataset: Callable[[str], str]
    detect: Callable[[str], None]
    deny: Callable[[str], None]

    def to_the_hour(self) -> datetime:
        """Let time pass until a whole hour begins, which is returned; so that CloudWatch's five minutes are exact."""
        whole = self.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        self.pass_time((whole - self.now()).total_seconds())
        return whole

    async def model(self, project: str = "parts", name: str = "v1") -> str:
        """Return the ARN of a model that is trained."""
        found = await self.aws.describe_project(project, LABELS, lane=Lane.SWEEP, max_age_seconds=0)
        arn = found.arn if found is not None else await self.project(project, LABELS)
        return self.add_version(arn, name)

    async def start(self, arn: str, min_units: int = 1, max_units: int | None = None) -> None:
        await self.aws.start_version(arn, min_units=min_units, max_units=max_units, lane=Lane.CHANGE)

    async def run(self, arn: str, units: int = 1) -> None:
        """Let a model be RUNNING, from a moment on that is known to the second."""
        await self.start(arn, units)
        self.pass_time(STARTING_SECONDS)

    async def stop(self, arn: str) -> None:
        """Let a model be STOPPED."""
        await self.aws.stop_version(arn, lane=Lane.CHANGE)
        self.pass_time(STOPPING_SECONDS)

    async def version(self, arn: str) -> ObservedVersion:
        project = await self.aws.describe_project(arn.split("/")[1], LABELS, lane=Lane.SWEEP, max_age_seconds=0)
        assert project is not None
        found = await self.aws.describe_version(project.arn, arn.split("/")[3], lane=Lane.SWEEP)
        assert found is not None
        return found

    async def hours(self, since: datetime, *names: str, project: str = "parts") -> float:
        hours = await self.aws.inference_unit_hours(project, names, since=since, until=self.now(), lane=Lane.SWEEP)
        return round(hours, 6)

    async def project(self, name: str = "storefront", feature: Feature = ADAPTER) -> str:
        arn = await self.aws.create_project(name, feature, auto_update=False, tags={"a": "1"}, lane=Lane.CHANGE)
        self.settle()
        return arn

    async def train(self, project_arn: str, name: str, inputs: TrainingInputs = INPUTS) -> str:
        return await self.aws.create_version(
            project_arn,
            name,
            feature=ADAPTER,
            inputs=inputs,
            output=S3Object("results", "out"),
            description=None,
            tags={},
            lane=Lane.CHANGE,
        )

    async def look(self, name: str = "storefront") -> ObservedProject | None:
        return await self.aws.describe_project(name, ADAPTER, lane=Lane.SWEEP, max_age_seconds=0)


def fake_world() -> World:
    clock = FakeClock()
    fake = FakeRekognition(now=clock.now)
    limits = {
        "projects": "max_projects",
        "versions_per_project": "max_versions",
        "concurrent_trainings": "max_trainings",
        "running_models": "max_running_models",
    }

    def pass_time(seconds: float) -> None:
        clock.seconds += seconds
        fake.advance()

    return World(
        aws=fake,
        settle=fake.advance,
        fail_training=lambda arn: fake.fail(arn, "The manifest file extension or contents are invalid."),
        deprecate=fake.deprecate,
        add_version=fake.add_version,
        limit=lambda what, number: setattr(fake, limits[what], number),
        now=clock.now,
        pass_time=pass_time,
        fail_next_start=fake.fail_next_start,
        add_dataset=fake.add_dataset,
        detect=lambda _arn: fake.add_requests(),
        deny=lambda operation: fake.inject(operation, ErrorKind.ACCESS_DENIED),
    )


@pytest.fixture(params=["fake", "emulator"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "fake":
        return fake_world()
    aws: Any = request.getfixturevalue("aws")

    def detect(arn: str) -> None:
        picture: Any = {"Bytes": next(iter(make_parts().images.values()))}
        boto3.client("rekognition").detect_custom_labels(ProjectVersionArn=arn, Image=picture)

    return World(
        aws=aws.gateway,
        settle=aws.settle,
        fail_training=lambda _arn: aws.finish_training(),  # there are no manifests
        deprecate=lambda arn: aws.control.set_version(arn, status="DEPRECATED"),
        add_version=lambda project, name: str(aws.control.add_foreign_version(project, name).arn),
        limit=lambda what, number: aws.control.set_quotas(QuotaChange.model_validate({what: number})),
        now=lambda: aws.control.clock().now,
        pass_time=aws.control.advance,
        fail_next_start=aws.control.fail_start,
        add_dataset=lambda project: str(aws.control.add_dataset(project, "TRAIN")),
        detect=detect,
        deny=lambda operation: aws.control.fail(operation, "AccessDenied", times=1),
    )


async def kind_of(attempt: Any) -> ErrorKind:
    with pytest.raises(CallError) as refused:
        await attempt
    return refused.value.kind


async def test_a_project_is_created_once_and_deleted_when_empty(world: World) -> None:
    arn = await world.aws.create_project("storefront", ADAPTER, auto_update=False, tags={}, lane=Lane.CHANGE)
    creating = await world.look()
    assert creating is not None
    assert creating.status is ProjectStatus.CREATING
    world.settle()
    assert await kind_of(world.project()) is ErrorKind.IN_USE
    version = world.add_version(arn, "by-hand")
    assert await kind_of(world.aws.delete_project(arn, lane=Lane.CHANGE)) is ErrorKind.IN_USE
    await world.aws.delete_version(version, lane=Lane.CHANGE)
    assert await kind_of(world.aws.delete_project(arn, lane=Lane.CHANGE)) is ErrorKind.IN_USE
    world.settle()
    await world.aws.delete_project(arn, lane=Lane.CHANGE)
    deleting = await world.look()
    assert deleting is not None
    assert deleting.status is ProjectStatus.DELETING
    assert await kind_of(world.train(arn, "v1-0")) in {ErrorKind.IN_USE, ErrorKind.NOT_FOUND}
    world.settle()
    assert await world.look() is None
    assert await kind_of(world.aws.describe_versions(arn, lane=Lane.CHANGE)) is ErrorKind.NOT_FOUND
    assert await kind_of(world.aws.fresh_tags(arn, lane=Lane.CHANGE)) is ErrorKind.NOT_FOUND
    assert await kind_of(world.aws.set_tags(arn, {"a": "b"}, lane=Lane.CHANGE)) is ErrorKind.NOT_FOUND


async def test_a_project_that_is_being_created_or_deleted_is_not_deleted_again(world: World) -> None:
    arn = await world.aws.create_project("storefront", ADAPTER, auto_update=False, tags={}, lane=Lane.CHANGE)
    assert await kind_of(world.aws.delete_project(arn, lane=Lane.CHANGE)) is ErrorKind.IN_USE
    assert await kind_of(world.train(arn, "v1-0")) is ErrorKind.IN_USE
    world.settle()
    await world.aws.delete_project(arn, lane=Lane.CHANGE)
    assert await kind_of(world.aws.delete_project(arn, lane=Lane.CHANGE)) is ErrorKind.IN_USE


async def test_a_version_name_is_taken_until_the_version_is_gone(world: World) -> None:
    project = await world.project()
    arn = await world.train(project, "v1-0")
    assert await kind_of(world.train(project, "v1-0")) is ErrorKind.IN_USE
    assert await kind_of(world.aws.delete_version(arn, lane=Lane.CHANGE)) is ErrorKind.IN_USE
    world.fail_training(arn)
    (failed,) = await world.aws.describe_versions(project, lane=Lane.CHANGE)
    assert failed.state is VersionState.TRAINING_FAILED
    assert failed.status_message == "The manifest file extension or contents are invalid."
    assert await kind_of(world.train(project, "v1-0")) is ErrorKind.IN_USE
    await world.aws.delete_version(arn, lane=Lane.CHANGE)
    assert await kind_of(world.train(project, "v1-0")) is ErrorKind.IN_USE
    assert await kind_of(world.aws.delete_version(arn, lane=Lane.CHANGE)) is ErrorKind.IN_USE
    world.settle()
    assert await world.train(project, "v1-0") != arn


async def test_versions_are_listed_newest_first_and_found_by_name(world: World) -> None:
    project = await world.project()
    first = await world.train(project, "v1-0")
    second = world.add_version(project, "by-hand")
    listed = await world.aws.describe_versions(project, lane=Lane.SWEEP)
    assert [v.arn for v in listed] == [second, first]
    assert [v.state for v in listed] == [VersionState.TRAINING_COMPLETED, VersionState.TRAINING_IN_PROGRESS]
    found = await world.aws.describe_version(project, "v1-0", lane=Lane.SWEEP)
    assert found is not None
    assert (found.arn, found.inputs, found.output) == (first, INPUTS, S3Object("results", "out"))
    assert await world.aws.describe_version(project, "v1-9", lane=Lane.SWEEP) is None
    world.deprecate(second)
    deprecated = await world.aws.describe_version(project, "by-hand", lane=Lane.SWEEP)
    assert deprecated is not None
    assert deprecated.state is VersionState.DEPRECATED


async def test_full_quotas_are_limits(world: World) -> None:
    world.limit("projects", 1)
    world.limit("concurrent_trainings", 1)
    project = await world.project()
    assert await kind_of(world.project("second")) is ErrorKind.LIMIT
    first = await world.train(project, "v1-0")
    assert await kind_of(world.train(project, "v1-1")) is ErrorKind.LIMIT
    world.fail_training(first)
    world.limit("versions_per_project", 1)
    assert await kind_of(world.train(project, "v1-1")) is ErrorKind.LIMIT
    world.limit("versions_per_project", 2)
    await world.train(project, "v1-1")


async def test_a_quota_of_tags_is_a_limit(world: World) -> None:
    project = await world.project()
    # The model allows 200 tags in a request; AWS's general limit is 50 for a resource. 220 are beyond either.
    attempts = [
        world.aws.set_tags(project, {f"key{part}-{n}": "x" for n in range(110)}, lane=Lane.CHANGE) for part in range(2)
    ]
    answers = await asyncio.gather(*attempts, return_exceptions=True)
    assert ErrorKind.LIMIT in {answer.kind for answer in answers if isinstance(answer, CallError)}


async def test_malformed_requests_are_invalid(world: World) -> None:
    project = await world.project()
    attempts = (
        world.project("with space"),
        world.train(project, "with/slash"),
        world.train(project, "v1-0", TrainingInputs(())),
        world.aws.set_tags(project, {"aws:mine": "x"}, lane=Lane.CHANGE),
        world.aws.describe_version(project, "with/slash", lane=Lane.CHANGE),
    )
    for attempt in attempts:
        assert await kind_of(attempt) is ErrorKind.INVALID


async def test_deleting_what_is_gone_is_success(world: World) -> None:
    project = await world.project()
    version = world.add_version(project, "by-hand")
    for _ in range(2):
        await world.aws.delete_version(version, lane=Lane.CHANGE)
        world.settle()
    for _ in range(2):
        await world.aws.delete_project(project, lane=Lane.CHANGE)
        world.settle()


async def test_tags_are_as_stale_as_the_protocol_allows(world: World) -> None:
    project = await world.project()
    first = await world.look()
    await world.aws.set_tags(project, {"b": "2"}, lane=Lane.CHANGE)
    second = await world.look()
    await world.aws.remove_tags(project, ("a",), lane=Lane.CHANGE)
    third = await world.look()
    assert [dict(p.tags) for p in (first, second, third) if p is not None] == [
        {"a": "1"},
        {"a": "1", "b": "2"},
        {"b": "2"},
    ]


async def test_a_model_starts_runs_and_stops_with_the_units_it_was_started_with(world: World) -> None:
    arn = await world.model()
    await world.start(arn, 2, 4)
    seen = [await world.version(arn)]
    world.pass_time(STARTING_SECONDS)
    seen.append(await world.version(arn))
    await world.aws.stop_version(arn, lane=Lane.CHANGE)
    seen.append(await world.version(arn))
    world.pass_time(STOPPING_SECONDS)
    seen.append(await world.version(arn))
    assert [v.state for v in seen] == [
        VersionState.STARTING,
        VersionState.RUNNING,
        VersionState.STOPPING,
        VersionState.STOPPED,
    ]
    assert {(v.min_inference_units, v.max_inference_units) for v in seen} == {(2, 4)}
    await world.run(arn, 3)
    again = await world.version(arn)
    assert (again.state, again.min_inference_units, again.max_inference_units) == (VersionState.RUNNING, 3, None)


async def test_a_start_may_fail_and_be_asked_for_again(world: World) -> None:
    arn = await world.model()
    world.fail_next_start("Insufficient capacity.")
    await world.run(arn)
    failed = await world.version(arn)
    assert (failed.state, failed.status_message) == (VersionState.FAILED, "Insufficient capacity.")
    await world.run(arn)
    assert (await world.version(arn)).state is VersionState.RUNNING


async def test_what_a_models_state_forbids_is_in_use(world: World) -> None:
    arn = await world.model()

    async def kinds() -> list[ErrorKind | None]:
        attempts = (
            world.start(arn),
            world.aws.stop_version(arn, lane=Lane.CHANGE),
            world.aws.delete_version(arn, lane=Lane.CHANGE),
        )
        answers = [await asyncio.gather(attempt, return_exceptions=True) for attempt in attempts]
        return [answer.kind if isinstance(answer, CallError) else None for (answer,) in answers]

    in_use = ErrorKind.IN_USE
    assert await kind_of(world.aws.stop_version(arn, lane=Lane.CHANGE)) is in_use
    await world.start(arn)
    assert await kinds() == [in_use] * 3
    world.pass_time(STARTING_SECONDS)
    assert await kinds() == [in_use, None, in_use]
    assert await kinds() == [in_use] * 3
    world.pass_time(STOPPING_SECONDS)
    assert await kind_of(world.aws.stop_version(arn, lane=Lane.CHANGE)) is in_use
    await world.aws.delete_version(arn, lane=Lane.CHANGE)
    assert await kinds() == [in_use] * 3


async def test_starts_that_make_no_sense_are_refused(world: World) -> None:
    arn = await world.model()
    adapter = world.add_version(await world.project(), "v1")
    assert await kind_of(world.start(arn, 0)) is ErrorKind.INVALID
    assert await kind_of(world.start(arn, 3, 2)) is ErrorKind.INVALID
    for attempt in (world.start, lambda a: world.aws.stop_version(a, lane=Lane.CHANGE)):
        assert await kind_of(attempt(adapter)) is ErrorKind.INVALID
        assert await kind_of(attempt(arn.replace("/v1/", "/v9/"))) is ErrorKind.NOT_FOUND
    assert await kind_of(world.start(arn, 6)) is ErrorKind.LIMIT
    assert await kind_of(world.start(arn, 1, 6)) is ErrorKind.LIMIT


async def test_a_full_quota_of_running_models_is_a_limit_until_one_has_stopped(world: World) -> None:
    world.limit("running_models", 1)
    first, second = await world.model(), await world.model("others")
    await world.start(first)
    assert await kind_of(world.start(second)) is ErrorKind.LIMIT
    world.pass_time(STARTING_SECONDS)
    assert await kind_of(world.start(second)) is ErrorKind.LIMIT
    await world.aws.stop_version(first, lane=Lane.CHANGE)
    assert await kind_of(world.start(second)) is ErrorKind.LIMIT
    world.pass_time(STOPPING_SECONDS)
    await world.start(second)


async def test_unit_hours_are_those_in_which_a_projects_models_were_running(world: World) -> None:
    arn = await world.model()
    began = world.to_the_hour()
    assert await world.hours(began - timedelta(days=1), "v1") == 0
    await world.run(arn, 2)
    assert await world.hours(began, "v1") == 0
    world.pass_time(2 * 3600)
    assert await world.hours(began, "v1") == 4
    assert await world.hours(began) == 4
    assert await world.hours(world.now() - timedelta(hours=1)) == 2
    await world.stop(arn)
    second = await world.model(name="v2")
    await world.run(second)
    world.pass_time(30 * 60)
    await world.stop(second)
    await world.aws.delete_version(arn, lane=Lane.CHANGE)
    world.settle()
    assert await world.hours(began, "v2") == 4.5
    assert await world.hours(began, project="others") == 0
    assert await world.hours(began, "v1", project="others") == 0


async def test_models_of_other_projects_are_seen_to_have_run(world: World) -> None:
    arn, other = await world.model(), await world.model("others")
    began = world.to_the_hour()
    await world.run(arn)
    world.pass_time(3600)

    async def others(since: datetime, until: datetime) -> bool:
        return await world.aws.other_models_ran("parts", since=since, until=until, lane=Lane.SWEEP)

    assert not await others(began, world.now())
    before = world.now()
    await world.run(other)
    world.pass_time(600)
    await world.stop(other)
    assert await others(began, world.now())
    assert not await others(began, before)
    world.pass_time(3600)
    assert not await others(world.now() - timedelta(hours=1), world.now())


async def test_a_model_that_was_restarted_did_not_run_throughout(world: World) -> None:
    arn = await world.model()
    began = world.to_the_hour()
    await world.run(arn)
    world.pass_time(3600)

    async def throughout(since: datetime) -> bool:
        return await world.aws.ran_throughout("parts", "v1", since=since, until=world.now(), lane=Lane.SWEEP)

    assert await throughout(world.now() - timedelta(minutes=30))
    assert not await throughout(began - timedelta(hours=1))
    await world.stop(arn)
    world.pass_time(1200)
    await world.run(arn)
    world.pass_time(1200)
    assert not await throughout(world.now() - timedelta(hours=1))


async def test_requests_are_counted_in_their_span(world: World) -> None:
    arn = await world.model()
    began = world.to_the_hour()
    await world.run(arn)

    async def requests(since: datetime, until: datetime) -> float:
        return await world.aws.successful_requests(since=since, until=until, lane=Lane.SWEEP)

    assert await requests(began, world.now()) == 0
    for _ in range(3):
        world.detect(arn)
    asked_at = world.now()
    world.pass_time(3600)
    assert await requests(began, world.now()) == 3
    assert await requests(began, asked_at) == 0
    assert await requests(asked_at, asked_at + timedelta(minutes=5)) == 3
    assert await requests(asked_at + timedelta(minutes=5), world.now()) == 0
    assert await requests(world.now(), world.now()) == 0


async def test_cloudwatch_may_refuse_to_be_read(world: World) -> None:
    arn = await world.model()
    await world.run(arn)
    world.pass_time(600)
    now = world.now()
    for operation in ("ListMetrics", "GetMetricData"):
        world.deny(operation)
        with pytest.raises(CallError) as refused:
            await world.hours(now - timedelta(hours=1), "v1")
        assert (refused.value.kind, refused.value.operation) == (ErrorKind.ACCESS_DENIED, operation)
    world.deny("GetMetricData")
    requests = world.aws.successful_requests(since=now - timedelta(hours=1), until=now, lane=Lane.SWEEP)
    assert await kind_of(requests) is ErrorKind.ACCESS_DENIED


async def test_the_time_is_awss_of_the_last_answer_also_of_an_error(world: World) -> None:
    assert await world.look() is None
    first = world.now()
    assert world.aws.time == first.replace(microsecond=0)
    world.pass_time(90 * 86400)
    assert world.aws.time == first.replace(microsecond=0)
    assert await kind_of(world.project("with space")) is ErrorKind.INVALID
    assert world.aws.time == world.now().replace(microsecond=0)
    world.pass_time(3600)
    await world.hours(first, "v1")
    assert world.aws.time == world.now().replace(microsecond=0)


async def test_a_project_with_datasets_takes_no_manifests_and_is_not_deleted(world: World) -> None:
    project = await world.project("parts", LABELS)
    dataset = world.add_dataset(project)
    inputs = TrainingInputs(INPUTS.training)

    async def train() -> str:
        return await world.aws.create_version(
            project,
            "v1-0",
            feature=LABELS,
            inputs=inputs,
            output=S3Object("results", "out"),
            description=None,
            tags={},
            lane=Lane.CHANGE,
        )

    assert await kind_of(train()) is ErrorKind.INVALID
    assert await kind_of(world.aws.delete_project(project, lane=Lane.CHANGE)) is ErrorKind.IN_USE
    seen = await world.aws.describe_project("parts", LABELS, lane=Lane.SWEEP, max_age_seconds=0)
    assert seen is not None
    assert [(d.arn, d.dataset_type) for d in seen.datasets] == [(dataset, "TRAIN")]
    await world.aws.delete_dataset(dataset, lane=Lane.CHANGE)
    seen = await world.aws.describe_project("parts", LABELS, lane=Lane.SWEEP, max_age_seconds=0)
    assert seen is not None
    assert [d.status for d in seen.datasets] == ["DELETE_IN_PROGRESS"]
    assert await kind_of(world.aws.delete_dataset(dataset, lane=Lane.CHANGE)) is ErrorKind.IN_USE
    world.pass_time(DATASET_SECONDS)
    await world.aws.delete_dataset(dataset, lane=Lane.CHANGE)  # gone already
    await train()
