"""Is only that served from memory which is young enough, and that no write of ours has made old?"""

from datetime import UTC, datetime

import pytest

from rekognition_operator.aws.memory import ProjectMemory, TagMemory
from rekognition_operator.core.world import Feature, ObservedProject, ProjectStatus

ARN = "arn:aws:rekognition:us-east-1:123456789012:project/storefront/version/v1-0/1"
OTHER = "arn:aws:rekognition:us-east-1:123456789012:project/storefront/version/v1-1/2"


def project(name: str) -> ObservedProject:
    return ObservedProject(
        arn=f"arn:aws:rekognition:us-east-1:123456789012:project/{name}/1",
        name=name,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        status=ProjectStatus.CREATED,
        feature=Feature.CONTENT_MODERATION,
        auto_update=False,
        tags={},
    )


def test_tags_are_known_once_read_and_only_as_long_as_asked() -> None:
    tags = TagMemory()
    assert tags.get(ARN) is None
    tags.put(ARN, {"a": "1"}, read_at=10.0, writes=tags.writes(ARN))
    assert tags.get(ARN) == {"a": "1"}
    assert tags.get(ARN, not_before=10.0) == {"a": "1"}
    assert tags.get(ARN, not_before=10.1) is None


def test_a_write_makes_tags_unknown_and_a_read_from_before_it_is_not_remembered() -> None:
    tags = TagMemory()
    tags.put(ARN, {"a": "1"}, read_at=10.0, writes=tags.writes(ARN))
    before = tags.writes(ARN)
    tags.written(ARN)
    assert tags.get(ARN) is None
    tags.put(ARN, {"a": "1"}, read_at=11.0, writes=before)
    assert tags.get(ARN) is None
    tags.put(ARN, {"a": "2"}, read_at=12.0, writes=tags.writes(ARN))
    assert tags.get(ARN) == {"a": "2"}


def test_tags_of_what_is_gone_are_forgotten() -> None:
    tags = TagMemory()
    for arn in (ARN, OTHER):
        tags.put(arn, {"a": "1"}, read_at=10.0, writes=0)
    tags.keep_only("arn:aws:rekognition:us-east-1:123456789012:project/storefront/version/", [OTHER])
    assert tags.get(ARN) is None
    assert tags.get(OTHER) == {"a": "1"}


def test_tags_of_projects_that_are_gone_are_forgotten_with_those_of_their_versions() -> None:
    tags = TagMemory()
    root = "arn:aws:rekognition:us-east-1:123456789012:project"
    kept = (f"{root}/storefront/9", ARN, OTHER)
    gone = (f"{root}/storefront/1", f"{root}/store/1", f"{root}/store/version/v1-0/2")
    for arn in (*kept, *gone):
        tags.put(arn, {"a": "1"}, read_at=10.0, writes=0)
    tags.written(gone[-1])
    tags.keep_projects([kept[0]])
    assert [tags.get(arn) for arn in kept] == [{"a": "1"}] * 3
    assert [tags.get(arn) for arn in gone] == [None] * 3
    assert tags.writes(gone[-1]) == 0


@pytest.fixture
def listed() -> ProjectMemory:
    memory = ProjectMemory()
    memory.put_listing([project("a"), project("b")], begun_at=10.0)
    return memory


def test_a_listing_tells_of_every_name_also_of_those_that_are_not_there(listed: ProjectMemory) -> None:
    assert listed.get("a", not_before=10.0) == (project("a"),)
    assert listed.get("c", not_before=10.0) == ()
    assert listed.get("a", not_before=10.5) is None
    assert listed.listed == 2


def test_nothing_is_known_before_the_first_listing() -> None:
    memory = ProjectMemory()
    assert memory.get("a", not_before=float("-inf")) is None
    assert not memory.is_written("a")
    assert memory.listed is None


def test_a_look_by_name_is_younger_than_the_listing_until_the_next_listing(listed: ProjectMemory) -> None:
    listed.put_look("a", (), begun_at=11.0)
    assert listed.get("a", not_before=10.0) == ()
    listed.put_look("a", (project("a"),), begun_at=10.5)  # came in late
    assert listed.get("a", not_before=10.0) == ()
    listed.put_listing([project("a")], begun_at=12.0)
    assert listed.get("a", not_before=10.0) == (project("a"),)


def test_what_was_seen_before_a_write_is_not_believed(listed: ProjectMemory) -> None:
    listed.written("a", 11.0)
    assert listed.is_written("a")
    assert not listed.is_written("b")
    assert listed.get("a", not_before=10.0) is None
    assert listed.get("b", not_before=10.0) == (project("b"),)
    listed.put_look("a", (), begun_at=10.9)
    assert listed.get("a", not_before=10.0) is None
    listed.put_look("a", (), begun_at=11.1)
    assert listed.get("a", not_before=10.0) == ()


def test_a_listing_that_was_begun_before_a_write_does_not_undo_it(listed: ProjectMemory) -> None:
    listed.written("a", 13.0)
    listed.put_listing([project("a")], begun_at=12.0)
    assert listed.get("a", not_before=10.0) is None
    listed.put_listing([], begun_at=14.0)
    assert listed.get("a", not_before=10.0) == ()
    assert not listed.is_written("a")


def test_an_older_listing_that_comes_in_late_changes_nothing(listed: ProjectMemory) -> None:
    listed.put_listing([], begun_at=9.0)
    assert listed.get("a", not_before=10.0) == (project("a"),)
