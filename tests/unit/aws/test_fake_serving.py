"""Do models of the fake Rekognition start, run, stop and count as the real ones are documented to?"""

from datetime import UTC, datetime, timedelta

import pytest

from fakes.rekognition import FakeRekognition
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.core.world import Feature, VersionState

LABELS = Feature.CUSTOM_LABELS
FLIGHT = Lane.FLIGHT
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fake(clock: Clock) -> FakeRekognition:
    fake = FakeRekognition(now=clock)
    for project in ("parts", "others"):
        fake.add_project(project, feature=LABELS)
    return fake


@pytest.fixture
def model(fake: FakeRekognition) -> str:
    return fake.add_version("parts", "v1-0")


async def start(fake: FakeRekognition, arn: str, units: int = 1, max_units: int | None = None) -> None:
    await fake.start_version(arn, min_units=units, max_units=max_units, lane=FLIGHT)


async def refused(attempt: object) -> ErrorKind:
    with pytest.raises(CallError) as error:
        await attempt  # type: ignore[misc]  # a coroutine of the fake
    return error.value.kind


async def hours(fake: FakeRekognition, clock: Clock, *names: str, since: datetime = BEGAN) -> float:
    return await fake.inference_unit_hours("parts", names, since=since, until=clock.now, lane=FLIGHT)


async def test_a_model_starts_runs_and_stops_with_the_units_it_was_started_with(
    fake: FakeRekognition, model: str
) -> None:
    seen = []
    await start(fake, model, 2, 4)
    seen.append(fake.version(model).observed())
    fake.advance()
    seen.append(fake.version(model).observed())
    await fake.stop_version(model, lane=FLIGHT)
    seen.append(fake.version(model).observed())
    fake.advance()
    seen.append(fake.version(model).observed())
    assert [v.state for v in seen] == [
        VersionState.STARTING,
        VersionState.RUNNING,
        VersionState.STOPPING,
        VersionState.STOPPED,
    ]
    assert {(v.min_inference_units, v.max_inference_units) for v in seen} == {(2, 4)}
    assert [effect.operation for effect in fake.effects] == ["StartProjectVersion", "StopProjectVersion"]
    await start(fake, model)
    assert fake.version(model).max_inference_units is None


async def test_a_start_fails_where_the_test_says_so_and_may_be_asked_for_again(
    fake: FakeRekognition, model: str
) -> None:
    fake.fail_next_start("No capacity.")
    await start(fake, model)
    assert fake.version(model).state is VersionState.STARTING
    fake.advance()
    assert (fake.version(model).state, fake.version(model).status_message) == (VersionState.FAILED, "No capacity.")
    await start(fake, model)
    fake.fail_start(model, "Nor now.")
    assert fake.version(model).status_message == "Nor now."
    await start(fake, model)
    fake.finish_start(model)
    assert fake.version(model).state is VersionState.RUNNING


@pytest.mark.parametrize("state", VersionState)
async def test_only_some_states_are_started_stopped_or_deleted(
    fake: FakeRekognition, model: str, state: VersionState
) -> None:
    fake.set_status(model, state)
    if state in {
        VersionState.TRAINING_COMPLETED,
        VersionState.STOPPED,
        VersionState.COPYING_COMPLETED,
        VersionState.FAILED,
    }:
        await start(fake, model)
    else:
        assert await refused(start(fake, model)) is ErrorKind.IN_USE
    fake.set_status(model, state)
    if state is VersionState.RUNNING:
        await fake.stop_version(model, lane=FLIGHT)
    else:
        assert await refused(fake.stop_version(model, lane=FLIGHT)) is ErrorKind.IN_USE
    if state in {VersionState.STARTING, VersionState.RUNNING, VersionState.STOPPING}:
        assert await refused(fake.delete_version(model, lane=FLIGHT)) is ErrorKind.IN_USE


async def test_adapters_and_absent_versions_are_neither_started_nor_stopped(fake: FakeRekognition) -> None:
    fake.add_project("storefront")
    adapter = fake.add_version("storefront", "v1-0")
    assert await refused(start(fake, adapter)) is ErrorKind.INVALID
    assert await refused(fake.stop_version(adapter, lane=FLIGHT)) is ErrorKind.INVALID
    assert await refused(start(fake, adapter + "0")) is ErrorKind.NOT_FOUND
    assert await refused(fake.stop_version(adapter + "0", lane=FLIGHT)) is ErrorKind.NOT_FOUND


async def test_units_and_running_models_have_quotas(fake: FakeRekognition, model: str) -> None:
    second, third = fake.add_version("parts", "v2-0"), fake.add_version("others", "v1-0")
    assert await refused(start(fake, model, 6)) is ErrorKind.LIMIT
    assert await refused(start(fake, model, 1, 6)) is ErrorKind.LIMIT
    assert await refused(start(fake, model, 3, 2)) is ErrorKind.INVALID
    assert await refused(start(fake, model, 0)) is ErrorKind.INVALID
    await start(fake, model, 5)
    await start(fake, third)
    assert await refused(start(fake, second)) is ErrorKind.LIMIT
    fake.advance()
    await fake.stop_version(model, lane=FLIGHT)
    assert await refused(start(fake, second)) is ErrorKind.LIMIT
    fake.advance()
    await start(fake, second)


async def test_unit_hours_are_those_in_which_models_were_running(
    fake: FakeRekognition, clock: Clock, model: str
) -> None:
    await start(fake, model, 2)
    clock.advance(minutes=15)
    assert await hours(fake, clock, "v1-0") == 0
    fake.advance()
    clock.advance(hours=3)
    assert await hours(fake, clock) == 6
    await fake.stop_version(model, lane=FLIGHT)
    clock.advance(minutes=5)
    fake.advance()
    fake.run(model, min_units=1)
    clock.advance(hours=1)
    fake.run(fake.add_version("others", "v1-0"))
    clock.advance(minutes=30)
    assert await hours(fake, clock, "v1-0") == 7.5
    assert await hours(fake, clock, since=clock.now - timedelta(minutes=45)) == 0.75
    fake.vanish_version(model)
    clock.advance(hours=1)
    assert await hours(fake, clock) == 7.5


async def test_units_that_change_by_hand_count_from_then_on(fake: FakeRekognition, clock: Clock, model: str) -> None:
    fake.run(model, min_units=1)
    clock.advance(hours=1)
    fake.run(model, min_units=3)
    clock.advance(hours=1)
    assert await hours(fake, clock) == 4


async def test_a_deleted_version_counts_until_cloudwatch_no_longer_lists_it(
    fake: FakeRekognition, clock: Clock, model: str
) -> None:
    fake.run(model)
    clock.advance(hours=1)
    fake.vanish_version(model)
    clock.advance(days=13)
    assert await hours(fake, clock) == 1
    clock.advance(days=1)
    assert await hours(fake, clock) == 0
    assert await hours(fake, clock, "v1-0") == 1


async def test_requests_and_models_of_others_are_seen_in_their_span(
    fake: FakeRekognition, clock: Clock, model: str
) -> None:
    async def seen() -> tuple[float, bool]:
        since = clock.now - timedelta(hours=1)
        requests = await fake.successful_requests(since=since, until=clock.now, lane=FLIGHT)
        return requests, await fake.other_models_ran("parts", since=since, until=clock.now, lane=FLIGHT)

    fake.run(model)
    fake.add_requests(3)
    clock.advance(minutes=10)
    assert await seen() == (3, False)
    fake.run(fake.add_version("others", "v1-0"))
    clock.advance(minutes=10)
    fake.vanish_project("others")
    fake.add_requests(2, at=BEGAN)
    assert await seen() == (5, True)
    clock.advance(minutes=60)
    assert await seen() == (0, False)


async def test_usage_may_be_refused(fake: FakeRekognition, clock: Clock) -> None:
    fake.inject("ListMetrics", ErrorKind.ACCESS_DENIED)
    assert await refused(hours(fake, clock)) is ErrorKind.ACCESS_DENIED


async def test_the_time_is_that_of_the_last_answer(fake: FakeRekognition, clock: Clock, model: str) -> None:
    assert fake.time is None
    await start(fake, model)
    assert fake.time == BEGAN
    clock.advance(hours=1)
    assert fake.time == BEGAN
    fake.inject("StopProjectVersion", ErrorKind.LOST)
    assert await refused(fake.stop_version(model, lane=FLIGHT)) is ErrorKind.LOST
    assert fake.time == BEGAN
    assert await refused(fake.stop_version(model, lane=FLIGHT)) is ErrorKind.IN_USE
    assert fake.time == clock.now
    fake.restart()
    assert fake.time is None
