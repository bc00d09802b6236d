"""What do our tags in AWS say? They are the operator's only memory of what no Describe returns."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from rekognition_operator.core.world import Owner

PREFIX = "rekognition-operator.io/"

CLUSTER = PREFIX + "cluster"
KIND = PREFIX + "kind"
NAMESPACE = PREFIX + "namespace"
NAME = PREFIX + "name"
OWNER_KEYS = (CLUSTER, KIND, NAMESPACE, NAME)
RELEASED = PREFIX + "released"
"""On what a resource has let go: who it was, so that the same one can take it back."""

PROMOTED_AT = PREFIX + "promoted-at"
"""On a version: when it was put into service. The latest one that can serve is in service."""
DEPRECATED_SEEN = PREFIX + "deprecated-seen"
"""On a version: when it was first seen DEPRECATED; AWS shows no date."""
FAILED_SEEN = PREFIX + "failed-seen"
"""On a version that failed by a fault of the service: when the operator first saw it, by its own clock."""
CAUSE = PREFIX + "cause"
"""On a version with n > 1: why it was trained once more."""
DIGEST = PREFIX + "digest"
"""On an adopted version, whose name is not ours: the digest of its inputs."""
RETRY = PREFIX + "retry"
"""On a version: the retry token in force when it was created. On a project: the last token that was answered."""

LATEST = PREFIX + "latest"
"""On a project: the newest version of the wanted inputs that was seen: tells a lost version from one never trained."""
LOST = PREFIX + "lost"
"""On a project: which version was last found lost, and when it was decided to train it once more."""
CLAIMED_AT = PREFIX + "claimed-at"
"""On a project: when it was taken over; removed once nobody else was found to have claimed it too."""

_MAX_VALUE = 256
_MAX_ANSWER = 253
_VALUE = re.compile(r"[\w .:/=+\-@]*")


class Ownership(StrEnum):
    """Whose a project or version is."""

    OURS = "Ours"
    RELEASED_TO_US = "ReleasedToUs"
    RELEASED = "Released"
    UNOWNED = "Unowned"
    ANOTHER = "Another"


def owner_tags(owner: Owner) -> dict[str, str]:
    """Return the four tags that say whose a thing is."""
    return {CLUSTER: owner.cluster, KIND: owner.kind, NAMESPACE: owner.namespace, NAME: owner.name}


def released_value(owner: Owner) -> str:
    """Return the value of the released tag; one that is too long for a tag ends in a hash."""
    text = f"{owner.cluster}/{owner.kind}/{owner.namespace}/{owner.name}"
    return _fit(text)


def ownership(tags: Mapping[str, str], owner: Owner) -> Ownership:
    """Tell whose a thing with these tags is.

    One lost owner tag does not make it foreign, since that is drift to be corrected; one that differs does.
    """
    mine = owner_tags(owner)
    present = [key for key in OWNER_KEYS if key in tags]
    if any(tags[key] != mine[key] for key in present):
        return Ownership.ANOTHER
    if len(present) >= len(OWNER_KEYS) - 1:
        return Ownership.OURS
    released = tags.get(RELEASED)
    if released == released_value(owner):
        return Ownership.RELEASED_TO_US
    return Ownership.RELEASED if released is not None else Ownership.UNOWNED


def describe_owner(tags: Mapping[str, str]) -> str:
    """Say in words whose a thing is."""
    if any(key in tags for key in OWNER_KEYS):
        cluster, kind, namespace, name = (tags.get(key, "?") for key in OWNER_KEYS)
        return f"{kind} {namespace}/{name} of cluster {cluster}"
    if RELEASED in tags:
        return f"nobody (released by {tags[RELEASED]})"
    return "nobody (it carries no owner tags)"


def token_value(token: str) -> str:
    """Return a retry token as a tag value: itself where a tag can hold it, else its hash."""
    if len(token) <= _MAX_VALUE and _VALUE.fullmatch(token):
        return token
    return "sha256:" + hashlib.sha256(token.encode()).hexdigest()


def answer_value(token: str) -> str:
    """Return how status says that an annotation was answered: its value where that has room, else its hash."""
    if len(token) <= _MAX_ANSWER:
        return token
    return "sha256:" + hashlib.sha256(token.encode()).hexdigest()


def time_value(moment: datetime) -> str:
    """Write a time as a tag value, in milliseconds of UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_time(value: str | None) -> datetime | None:
    """Read a time that :func:`time_value` wrote; None where somebody wrote something else."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    # Nothing of ours is so early or late, and a sum with such a time may not be a time any more.
    return moment if moment.tzinfo is not None and 2000 <= moment.year < 3000 else None


@dataclass(frozen=True)
class LostVersion:
    """The last loss that was recorded on the project: the version's name, and when."""

    version_name: str
    at: datetime


def lost_value(lost: LostVersion) -> str:
    """Write a loss as a tag value."""
    return f"{lost.version_name} {time_value(lost.at)}"


def read_lost(value: str | None) -> LostVersion | None:
    """Read what :func:`lost_value` wrote; None where there is nothing, or nothing of ours."""
    name, _, time = (value or "").partition(" ")
    at = read_time(time)
    return LostVersion(name, at) if at is not None else None


def _fit(text: str) -> str:
    if len(text) <= _MAX_VALUE:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"{text[: _MAX_VALUE - 17]}-{digest}"
