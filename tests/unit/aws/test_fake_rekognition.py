"""Does the fake Rekognition refuse, remember and move as the real one is documented to?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fakes.rekognition import FakeProvider, FakeRekognition
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane, Rekognition, RekognitionProvider
from rekognition_operator.core.inputs import ManifestRef, TrainingInputs
from rekognition_operator.core.principal import OPERATOR, Principal
from rekognition_operator.core.world import Feature, ObservedProject, ProjectStatus, S3Object, VersionState

INPUTS = TrainingInputs(training=(ManifestRef("images", "train.manifest"),), confidence_threshold=60)
OUTPUT = S3Object("images", "out/")
ADAPTER = Feature.CONTENT_MODERATION


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fake(clock: Clock) -> FakeRekognition:
    return FakeRekognition(now=clock)


async def project(fake: FakeRekognition, name: str = "storefront") -> str:
    arn = await fake.create_project(name, ADAPTER, auto_update=False, tags={"a": "b"}, lane=Lane.CHANGE)
    fake.advance()
    return arn


async def train(fake: FakeRekognition, project_arn: str, name: str = "v1-0", inputs: TrainingInputs = INPUTS) -> str:
    return await fake.create_version(
        project_arn,
        name,
        feature=ADAPTER,
        inputs=inputs,
        output=OUTPUT,
        description="d",
        tags={"t": "u"},
        lane=Lane.CHANGE,
    )


async def look(fake: FakeRekognition, name: str = "storefront", max_age: float = 0.0) -> ObservedProject | None:
    return await fake.describe_project(name, ADAPTER, lane=Lane.SWEEP, max_age_seconds=max_age)


def test_the_fake_is_a_rekognition_and_a_provider() -> None:
    rekognition: Rekognition = FakeRekognition()
    provider: RekognitionProvider = FakeProvider()
    assert (rekognition.account, rekognition.region) == ("123456789012", "us-east-1")
    assert provider is not None


async def test_a_training_goes_from_created_to_completed(fake: FakeRekognition) -> None:
    arn = await project(fake)
    version_arn = await train(fake, arn)
    (observed,) = await fake.describe_versions(arn, lane=Lane.FLIGHT)
    assert (observed.arn, observed.state) == (version_arn, VersionState.TRAINING_IN_PROGRESS)
    assert (observed.tags, observed.inputs, observed.output) == ({"t": "u"}, INPUTS, OUTPUT)
    assert version_arn.endswith(f"/version/v1-0/{int(observed.created_at.timestamp() * 1000)}")
    fake.complete("v1-0", f1_score=0.75)
    trained = await fake.describe_version(arn, "v1-0", lane=Lane.FLIGHT)
    assert trained is not None
    assert (trained.state, trained.f1_score) == (VersionState.TRAINING_COMPLETED, 0.75)
    assert trained.evaluation_summary == S3Object("images", "out/EvaluationResultSummary-storefront-v1-0.json")
    assert fake.created == [("storefront", "v1-0")]


async def test_a_taken_name_is_refused_for_projects_and_versions(fake: FakeRekognition) -> None:
    arn = await project(fake)
    with pytest.raises(CallError) as taken:
        await project(fake)
    assert taken.value.kind is ErrorKind.IN_USE
    await train(fake, arn)
    fake.hide("v1-0")
    assert await fake.describe_version(arn, "v1-0", lane=Lane.FLIGHT) is None
    with pytest.raises(CallError) as hidden:
        await train(fake, arn)
    assert hidden.value.kind is ErrorKind.IN_USE
    assert fake.created == [("storefront", "v1-0")]


async def test_versions_are_deleted_before_their_project_and_never_while_training(fake: FakeRekognition) -> None:
    arn = await project(fake)
    version_arn = await train(fake, arn)
    for attempt in (fake.delete_version(version_arn, lane=Lane.FLIGHT), fake.delete_project(arn, lane=Lane.FLIGHT)):
        with pytest.raises(CallError) as refused:
            await attempt
        assert refused.value.kind is ErrorKind.IN_USE
    fake.complete(version_arn)
    await fake.delete_version(version_arn, lane=Lane.FLIGHT)
    assert fake.version(version_arn).state is VersionState.DELETING
    with pytest.raises(CallError):
        await fake.delete_project(arn, lane=Lane.FLIGHT)
    fake.advance()
    await fake.delete_version(version_arn, lane=Lane.FLIGHT)  # gone already is success
    await fake.delete_project(arn, lane=Lane.FLIGHT)
    deleting = await look(fake)
    assert deleting is not None
    assert deleting.status is ProjectStatus.DELETING
    fake.advance()
    assert await look(fake) is None
    await fake.delete_project(arn, lane=Lane.FLIGHT)


async def test_a_project_with_datasets_is_neither_trained_by_manifest_nor_deleted(fake: FakeRekognition) -> None:
    arn = await project(fake)
    dataset = fake.add_dataset("storefront")
    with pytest.raises(CallError) as trained:
        await train(fake, arn)
    assert trained.value.kind is ErrorKind.INVALID
    with pytest.raises(CallError) as deleted:
        await fake.delete_project(arn, lane=Lane.FLIGHT)
    assert deleted.value.kind is ErrorKind.IN_USE
    await fake.delete_dataset(dataset, lane=Lane.FLIGHT)
    with pytest.raises(CallError) as under_way:
        await fake.delete_dataset(dataset, lane=Lane.FLIGHT)
    assert under_way.value.kind is ErrorKind.IN_USE
    fake.advance()
    await fake.delete_dataset(dataset, lane=Lane.FLIGHT)  # gone already is success
    await fake.delete_project(arn, lane=Lane.FLIGHT)


async def test_quotas_are_limits(clock: Clock) -> None:
    fake = FakeRekognition(now=clock, max_projects=1, max_versions=2, max_trainings=1, max_tags=2)
    arn = await project(fake)
    with pytest.raises(CallError) as projects:
        await project(fake, "second")
    first = await train(fake, arn, "v1-0")
    with pytest.raises(CallError) as trainings:
        await train(fake, arn, "v1-1")
    fake.complete(first)
    fake.complete(await train(fake, arn, "v1-1"))
    with pytest.raises(CallError) as versions:
        await train(fake, arn, "v1-2")
    with pytest.raises(CallError) as tags:
        await fake.set_tags(arn, {"c": "1", "d": "2"}, lane=Lane.CHANGE)
    assert {e.value.kind for e in (projects, trainings, versions, tags)} == {ErrorKind.LIMIT}
    assert tags.value.code == "ServiceQuotaExceededException"
    assert fake.project(arn).tags == {"a": "b"}


async def test_malformed_names_tags_and_descriptions_are_invalid(fake: FakeRekognition) -> None:
    arn = await project(fake)
    for attempt in (
        project(fake, "with space"),
        train(fake, arn, "with/slash"),
        train(fake, arn, "v1-0", TrainingInputs(training=())),
        fake.set_tags(arn, {"aws:mine": "x"}, lane=Lane.CHANGE),
        fake.set_tags(arn, {"key": "<html>"}, lane=Lane.CHANGE),
    ):
        with pytest.raises(CallError) as refused:
            await attempt
        assert refused.value.kind is ErrorKind.INVALID


async def test_tags_of_a_version_are_read_once_until_asked_afresh_or_written(fake: FakeRekognition) -> None:
    arn = await project(fake)
    version_arn = await train(fake, arn)
    await fake.describe_versions(arn, lane=Lane.SWEEP)
    fake.tag(version_arn, {"by": "someone"})
    (stale,) = await fake.describe_versions(arn, lane=Lane.SWEEP)
    assert stale.tags == {"t": "u"}
    assert fake.count("ListTagsForResource") == 1
    assert await fake.fresh_tags(version_arn, lane=Lane.FLIGHT) == {"t": "u", "by": "someone"}
    await fake.set_tags(version_arn, {"t": "v"}, lane=Lane.FLIGHT)
    await fake.remove_tags(version_arn, ("by",), lane=Lane.FLIGHT)
    (fresh,) = await fake.describe_versions(arn, lane=Lane.SWEEP)
    assert fresh.tags == {"t": "v"}


async def test_a_listing_is_shared_until_it_is_too_old_or_we_write(fake: FakeRekognition, clock: Clock) -> None:
    fake.add_project("mine")
    fake.add_project("other", feature=Feature.CUSTOM_LABELS)
    assert await look(fake, "mine", 60) is not None
    assert await look(fake, "other", 60) is not None
    assert await look(fake, "storefront", 60) is None
    assert fake.count("DescribeProjects") == 1
    assert fake.projects_listed == 2
    fake.vanish_project("mine")
    assert await look(fake, "mine", 60) is not None
    clock.advance(seconds=61)
    assert await look(fake, "mine", 60) is None
    await fake.create_project("storefront", ADAPTER, auto_update=False, tags={}, lane=Lane.CHANGE)
    assert await look(fake, "storefront", 60) is not None


async def test_project_tags_are_read_again_after_six_hours_and_after_a_restart(
    fake: FakeRekognition, clock: Clock
) -> None:
    arn = fake.add_project("storefront", tags={"a": "1"})
    await look(fake)
    fake.tag(arn, {"a": "2"})
    stale = await look(fake)
    clock.advance(hours=6, seconds=1)
    fresh = await look(fake)
    fake.tag(arn, {"a": "3"})
    fake.restart()
    restarted = await look(fake)
    assert [p.tags["a"] for p in (stale, fresh, restarted) if p is not None] == ["1", "2", "3"]


async def test_an_injected_error_hits_the_nth_call_before_or_after_its_effect(fake: FakeRekognition) -> None:
    arn = await project(fake)
    fake.inject("CreateProjectVersion", ErrorKind.LOST, nth=2, after_effect=True)
    fake.inject("DescribeProjectVersions", ErrorKind.THROTTLED, times=2)
    await train(fake, arn, "v1-0")
    with pytest.raises(CallError) as lost:
        await train(fake, arn, "v1-1")
    assert lost.value.kind is ErrorKind.LOST
    assert fake.created == [("storefront", "v1-0"), ("storefront", "v1-1")]
    for _ in range(2):
        with pytest.raises(CallError) as throttled:
            await fake.describe_versions(arn, lane=Lane.SWEEP)
        assert throttled.value.kind is ErrorKind.THROTTLED
    assert [v.name for v in await fake.describe_versions(arn, lane=Lane.SWEEP)] == ["v1-1", "v1-0"]


async def test_the_world_may_change_between_any_two_calls(fake: FakeRekognition) -> None:
    arn = await project(fake)
    fake.add_version(arn, "by-hand")
    fake.add_version(arn, "vanishing")

    def vanish(operation: str) -> None:
        if operation == "ListTagsForResource" and len(fake.versions) == 2:
            fake.vanish_version("vanishing")

    fake.on_call = vanish
    assert [v.name for v in await fake.describe_versions(arn, lane=Lane.SWEEP)] == ["by-hand"]
    assert fake.count("DescribeProjectVersions") == 2


async def test_a_name_in_both_features_is_found_by_the_wanted_one(fake: FakeRekognition) -> None:
    fake.add_project("storefront", feature=Feature.CUSTOM_LABELS)
    only = await look(fake)
    assert only is not None
    assert only.feature is Feature.CUSTOM_LABELS
    fake.add_project("storefront")
    fake.add_project("storefront", feature=Feature.CUSTOM_LABELS)
    wanted = await look(fake)
    assert wanted is not None
    assert wanted.feature is ADAPTER


async def test_the_provider_fails_as_told_and_gives_one_fake_per_region() -> None:
    provider = FakeProvider(fake := FakeRekognition())
    assert await provider.connect(OPERATOR, "us-east-1") is fake
    assert (await provider.connect(OPERATOR, "eu-west-1")).region == "eu-west-1"
    provider.error = CallError(ErrorKind.CREDENTIALS, "GetCallerIdentity", "ExpiredToken", "expired")
    with pytest.raises(CallError):
        await provider.connect(OPERATOR, "us-east-1")


async def test_a_role_has_the_account_that_its_arn_names_and_may_be_refused() -> None:
    provider = FakeProvider(fake := FakeRekognition())
    team = Principal(identity="team", role_arn="arn:aws:iam::210987654321:role/trainer", session_name="acme-team")
    aws = await provider.connect(team, "us-east-1")
    assert (aws.account, aws.region) == ("210987654321", "us-east-1")
    assert await provider.connect(OPERATOR, "us-east-1") is fake
    assert await provider.connect(replace(team, session_name="acme-other"), "us-east-1") is aws  # it is one account
    refusal = CallError(ErrorKind.ACCESS_DENIED, "AssumeRole", "AccessDenied", "not authorized")
    provider.refused["arn:aws:iam::210987654321:role/trainer"] = refusal
    with pytest.raises(CallError):
        await provider.connect(team, "us-east-1")
    assert await provider.connect(OPERATOR, "us-east-1") is fake
