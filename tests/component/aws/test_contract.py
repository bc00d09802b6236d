"""Do the in-memory fake and boto3 over the emulator behave alike? What tests build on the fake is worth that much."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from fakes.rekognition import FakeRekognition
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane, Rekognition
from rekognition_operator.core.inputs import ManifestRef, TrainingInputs
from rekognition_operator.core.world import Feature, ObservedProject, ProjectStatus, S3Object, VersionState
from rekognition_sandbox.emulator.wire import QuotaChange

ADAPTER = Feature.CONTENT_MODERATION
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

    async def project(self, name: str = "storefront") -> str:
        arn = await self.aws.create_project(name, ADAPTER, auto_update=False, tags={"a": "1"}, lane=Lane.CHANGE)
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
    fake = FakeRekognition(now=lambda: datetime.now(UTC))

    def limit(what: str, number: int) -> None:
        name = {"projects": "max_projects", "versions_per_project": "max_versions"}.get(what, "max_trainings")
        setattr(fake, name, number)

    return World(
        aws=fake,
        settle=fake.advance,
        fail_training=lambda arn: fake.fail(arn, "The manifest file extension or contents are invalid."),
        deprecate=fake.deprecate,
        add_version=fake.add_version,
        limit=limit,
    )


@pytest.fixture(params=["fake", "emulator"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "fake":
        return fake_world()
    aws: Any = request.getfixturevalue("aws")
    return World(
        aws=aws.gateway,
        settle=aws.settle,
        fail_training=lambda _arn: aws.finish_training(),  # there are no manifests
        deprecate=lambda arn: aws.control.set_version(arn, status="DEPRECATED"),
        add_version=lambda project, name: str(aws.control.add_foreign_version(project, name).arn),
        limit=lambda what, number: aws.control.set_quotas(QuotaChange.model_validate({what: number})),
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
