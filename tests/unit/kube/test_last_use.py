"""When, and how often, is it written down that a model was asked something?"""

from datetime import UTC, datetime, timedelta

import pytest

from fakes.kube import FakeKube
from rekognition_operator.api.annotations import LAST_USED_AT
from rekognition_operator.kube.last_use import mark_used
from rekognition_operator.kube.resource import Resource, ResourceKey

KEY = ResourceKey("CustomLabelsModel", "factory", "parts")
NOW = datetime(2026, 5, 4, 8, 0, 30, 123456, tzinfo=UTC)


def marked(kube: FakeKube, last: str | None) -> Resource:
    return kube.create(KEY, {}, annotations={LAST_USED_AT: last} if last is not None else {"other": "kept"})


@pytest.mark.parametrize(
    ("last", "written"),
    [
        (None, True),
        ("2026-05-04T07:59:30Z", True),
        ("2026-05-04T07:59:31Z", False),
        ("2026-05-04T10:00:00+02:00", False),
        ("2026-05-04T08:01:00Z", True),  # by a clock that is ahead: put right
        ("2026-05-04T08:00:00", True),  # nobody knows of which zone
        ("yesterday", True),
    ],
)
async def test_a_use_is_written_down_at_most_once_a_minute(last: str | None, written: bool) -> None:
    kube = FakeKube()
    resource = marked(kube, last)
    assert await mark_used(kube, resource, NOW) is written
    after = kube.read(KEY)
    assert after is not None
    assert after.annotations[LAST_USED_AT] == ("2026-05-04T08:00:30Z" if written else last)


async def test_the_moment_is_written_in_utc_and_other_annotations_stay() -> None:
    kube = FakeKube()
    resource = marked(kube, None)
    await mark_used(kube, resource, NOW.astimezone(tz=None) + timedelta(minutes=5))
    after = kube.read(KEY)
    assert after is not None
    assert after.annotations == {"other": "kept", LAST_USED_AT: "2026-05-04T08:05:30Z"}
