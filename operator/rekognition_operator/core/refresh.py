"""Are the inputs of a deprecated version trained anew on the new base model, and how far has that come?

There is one attempt for a deprecated version, whatever comes of it, and one for each base model. What tells of an
attempt, though it may be gone by now, is a tag on the deprecated version: it is written before the training is asked
for, and again once the attempt was listed. So an attempt that was asked for and never listed is asked for once more
under the same name, and one that was listed and has vanished is not repeated.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rekognition_operator.core import tags as t
from rekognition_operator.core.actions import SetTags
from rekognition_operator.core.inputs import VersionName, parse_version_name
from rekognition_operator.core.versions import IN_TRAINING, Fleet, OwnVersion, may_be_update
from rekognition_operator.core.world import Desired, VersionState

_SEEN = " seen"


class Stage(StrEnum):
    """How far a refresh has come."""

    PLANNED = "Planned"
    """It is asked for once it is due."""
    ASKED = "Asked"
    """It was asked for, and never listed: the same name is asked for again."""
    TRAINING = "Training"
    FAILED = "Failed"
    GONE = "Gone"
    """Its one attempt was there, and is no more, or is of no use."""
    SAME_BASE_MODEL = "SameBaseModel"
    """A refresh from this very base model gave a version on the same one: there is no other."""


@dataclass(frozen=True)
class Refresh:
    """The refresh of one deprecated version.

    Attributes
    ----------
    of
        The deprecated version: the newest usable one of the wanted inputs.
    attempt
        The newest listed version that was trained for it.
    name
        Under which name it was asked for last.
    due_at
        From when on it is asked for. None: since when the version is deprecated is not written down yet.
    """

    of: OwnVersion
    stage: Stage
    attempt: OwnVersion | None = None
    name: VersionName | None = None
    due_at: datetime | None = None


@dataclass(frozen=True)
class _Record:
    name: VersionName
    seen: bool

    def is_of(self, own: OwnVersion) -> bool:
        """Whether a version is the attempt, or one that was trained in its place."""
        name = parse_version_name(own.version.name)
        return name is not None and name.digest == self.name.digest and name.attempt >= self.name.attempt

    def is_later(self, own: OwnVersion) -> bool:
        """Whether an attempt after this version was listed once."""
        name = parse_version_name(own.version.name)
        return name is not None and name.digest == self.name.digest and name.attempt < self.name.attempt


def refresh_of(desired: Desired, fleet: Fleet) -> Refresh | None:
    """Return the refresh that concerns the wanted inputs; None where there is none, and none will be.

    A training that was begun is told though the spec does not ask for a refresh any more.
    """
    source = next((own for own in fleet.of(desired.digests) if own.acceptable), None)
    if source is None or desired.serving is not None or source.version.state is not VersionState.DEPRECATED:
        return None
    record = _read(source)
    attempt = next(iter(_attempts(source, fleet)), None)
    if attempt is not None and attempt.version.state in IN_TRAINING:
        return Refresh(source, Stage.TRAINING, attempt)
    if desired.refresh_after is None:
        return None
    if attempt is not None and attempt.failed and not (record is not None and record.is_later(attempt)):
        return Refresh(source, Stage.FAILED, attempt)
    listed = {version.name for version in (*fleet.foreign, *(own.version for own in fleet.own))}
    if attempt is not None or (record is not None and (record.seen or str(record.name) in listed)):
        return Refresh(source, Stage.GONE, attempt, record.name if record is not None else None)
    if record is not None and record.name.digest in desired.digests:
        return Refresh(source, Stage.ASKED, name=record.name)
    if _base_model(source) in _refreshed_base_models(desired, source, fleet):
        return Refresh(source, Stage.SAME_BASE_MODEL)
    seen = t.read_time(source.version.tags.get(t.DEPRECATED_SEEN))
    return Refresh(source, Stage.PLANNED, due_at=seen + desired.refresh_after if seen is not None else None)


def must_ask(refresh: Refresh, at: datetime) -> bool:
    """Tell whether the training is to be asked for at a time."""
    due = refresh.due_at is not None and refresh.due_at <= at
    return refresh.stage is Stage.ASKED or (refresh.stage is Stage.PLANNED and due)


def in_the_way(desired: Desired, fleet: Fleet) -> str | None:
    """Return the name of a training that is to end first: one of ours, or one by which AWS may make it needless."""
    ours = (own.version for own in fleet.own)
    by_aws = (version for version in fleet.foreign if may_be_update(desired, version))
    return next((version.name for version in (*ours, *by_aws) if version.state in IN_TRAINING), None)


def asked(refresh: Refresh, name: VersionName) -> SetTags:
    """Write down, before it is asked for, under which name the one attempt is."""
    return SetTags(refresh.of.version.arn, {t.REFRESHED_BY: str(name)})


def refresh_tag(source: OwnVersion) -> str:
    """Return the tag value of a version that is trained instead of a deprecated one."""
    return f"{source.version.name} {_base_model(source)}"


def seen_attempts(fleet: Fleet) -> tuple[SetTags, ...]:
    """Write down which attempts have been listed, on the versions that they were made for."""
    marks: list[SetTags] = []
    for source in fleet.own:
        attempts = _attempts(source, fleet)
        if not attempts or source.version.state is VersionState.DELETING:
            continue
        value = f"{attempts[0].version.name}{_SEEN}"
        record = _read(source)
        older = record is not None and record.seen and record.is_later(attempts[0])
        if not older and source.version.tags.get(t.REFRESHED_BY) != value:
            marks.append(SetTags(source.version.arn, {t.REFRESHED_BY: value}))
    return tuple(marks)


def _read(source: OwnVersion) -> _Record | None:
    value = source.version.tags.get(t.REFRESHED_BY, "")
    name = parse_version_name(value.removesuffix(_SEEN))
    if name is None or (name.digest == source.digest and name.attempt <= source.attempt):
        return None
    return _Record(name, value.endswith(_SEEN))


def _attempts(source: OwnVersion, fleet: Fleet) -> list[OwnVersion]:
    """Return the versions that were trained instead of one, the newest first: by their tag, or by what it remembers.

    Whatever digest they count for: where the data is followed, that may change.
    """
    record = _read(source)
    return [
        own
        for own in fleet.own
        if not own.by_aws
        and own.version.created_at > source.version.created_at
        and parse_version_name(own.version.name) is not None
        and (
            own.version.tags.get(t.REFRESH_OF, "").rpartition(" ")[0] == source.version.name
            or (record is not None and record.is_of(own))
        )
    ]


def _refreshed_base_models(desired: Desired, source: OwnVersion, fleet: Fleet) -> set[str]:
    """Return the base models from which the wanted inputs were trained anew already."""
    wanted = fleet.of(desired.digests)
    told = {own.version.tags.get(t.REFRESH_OF, "").rpartition(" ")[2] for own in wanted}
    remembered = {_base_model(own) for own in wanted if own != source and _read(own) is not None}
    return (told | remembered) - {""}


def _base_model(own: OwnVersion) -> str:
    return t.token_value(own.version.base_model_version or "unknown")
