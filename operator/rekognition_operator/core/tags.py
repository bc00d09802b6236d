"""What do our tags in AWS say? They are the operator's only memory of what no Describe returns."""

import hashlib
import re
from collections.abc import Iterable, Mapping
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
PROVED = PREFIX + "proved"
"""On a version that waits for a person's word, or is stopped meanwhile: which gates it has passed, and when."""
REJECTED = PREFIX + "rejected"
"""On a version: which gates it did not pass, when, which one, what it asks for, and what the version showed."""
BY_PIN = PREFIX + "by-pin"
"""On a version: that spec.pin put it into service though it had not passed the gates: without the pin it is judged."""
BASE_MODEL_ANSWERS = PREFIX + "base-model-answers"
"""On a version: when a probe found that the base model answers in its place; goes when it answers by itself."""
APPROVED = PREFIX + "approved"
"""On a version: when a person let it into service, under promotion.strategy Manual."""
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

REFRESHED_BY = PREFIX + "refreshed-by"
"""On a version that AWS has deprecated: under which name its inputs are trained anew for the new base model, and
whether that one was ever listed. Written before the training is asked for: there is no other attempt."""
REFRESH_OF = PREFIX + "refresh-of"
"""On a version that was trained for that: instead of which version, and of which base model that one was."""
ADDED_BY = PREFIX + "added-by"
"""On a version that the operator did not ask for and counts as ours: who added it."""
AWS = "aws"
"""Value of added-by: AWS itself, by autoUpdate."""
CONTENT = PREFIX + "content"
"""On a version that was trained while the data was not followed: its digest by the content of the manifests, as far as
that can be told later."""
MANIFESTS = PREFIX + "manifests"
"""On a version that was trained while the data was followed: its digest by the names of the manifests."""
DATA_CHANGED = PREFIX + "data-changed"
"""On a version that was trained because the data had changed: the digest that was the wanted one before."""

LATEST = PREFIX + "latest"
"""On a project: the newest version of the wanted inputs that was seen: tells a lost version from one never trained."""
LOST = PREFIX + "lost"
"""On a project: which versions were found lost, and when: each is trained once more, and not again within a week."""
SERVING = PREFIX + "serving"
"""On a model's version: how it was when it last was as the spec asked, and since when. What differs from it since, and
the spec does not, was changed by others."""
STOPPED_BY = PREFIX + "stopped-by"
"""On a model's version: why the operator last stopped it, and when; written before it is."""

CLAIMED_AT = PREFIX + "claimed-at"
"""On a project: when it was taken over; removed once nobody else was found to have claimed it too."""

_MAX_VALUE = 256
_BETWEEN = " / "
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
    return fit(f"{owner.cluster}/{owner.kind}/{owner.namespace}/{owner.name}", _MAX_VALUE)


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
    """A loss that was recorded on the project: the version's name, and when."""

    version_name: str
    at: datetime


def losses_value(losses: Iterable[LostVersion]) -> str:
    """Write the newest losses as a tag value: as many as it has room for, the newest first."""
    newest = sorted(losses, key=lambda loss: loss.at, reverse=True)
    entries = [f"{loss.version_name} {time_value(loss.at)}" for loss in newest]
    while len(value := _BETWEEN.join(entries)) > _MAX_VALUE and len(entries) > 1:
        entries.pop()
    return value


def read_losses(value: str | None) -> tuple[LostVersion, ...]:
    """Read what :func:`losses_value` wrote, and leave out what is not ours."""
    losses: list[LostVersion] = []
    for entry in (value or "").split(_BETWEEN):
        name, _, time = entry.partition(" ")
        at = read_time(time)
        if at is not None:
            losses.append(LostVersion(name, at))
    return tuple(losses)


def fit(text: str, longest: int) -> str:
    """Return a text of at most so many characters: one that is longer is cut, and ends in its hash."""
    if len(text) <= longest:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"{text[: longest - 17]}-{digest}"
