"""Which changes can a decision ask for? A closed set: what executes them matches on every one."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rekognition_operator.core.inputs import TrainingInputs
from rekognition_operator.core.world import Feature, S3Object


@dataclass(frozen=True)
class CreateProject:
    """CreateProject. A taken name is answered by ResourceInUse: described again, never a second project."""

    project_name: str
    feature: Feature
    auto_update: bool
    tags: Mapping[str, str]


@dataclass(frozen=True)
class CreateVersion:
    """CreateProjectVersion: starts a training, which costs money. Described by its name right before and after."""

    project_arn: str
    version_name: str
    inputs: TrainingInputs
    output: S3Object
    description: str | None
    tags: Mapping[str, str]
    listed: int
    """How many versions the project has: tells the count quota from the concurrency quota."""
    request_key: str
    """Tells this request from another one under the same name: see :class:`..hindrance.CreateAttempt`."""


@dataclass(frozen=True)
class DeleteVersion:
    """DeleteProjectVersion. ``foreign`` versions are deleted only where deletion.foreignVersions says so."""

    arn: str
    version_name: str
    owner_tags: Mapping[str, str]
    """What a version of ours must still carry when its tags are read right before; empty for a foreign one."""
    foreign: bool = False


@dataclass(frozen=True)
class DeleteDataset:
    """DeleteDataset, of a Custom Labels project that is being deleted."""

    arn: str


@dataclass(frozen=True)
class DeleteProject:
    """DeleteProject, once no version is left."""

    arn: str


@dataclass(frozen=True)
class SetTags:
    """TagResource on the project or a version; ``arn`` of either."""

    arn: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class RemoveTags:
    """UntagResource on the project or a version."""

    arn: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class ConfirmClaim:
    """Read the tags of a project that was taken over once more; if they are still ours, remove the claimed-at tag.

    TagResource is not conditional: two resources may have claimed the project at the same time, the later one won.
    """

    arn: str
    owner_tags: Mapping[str, str]


@dataclass(frozen=True)
class Promote:
    """Put a version into service: writes ``tags``, after reading the version's state and tags again."""

    arn: str
    project_arn: str
    version_name: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class StartVersion:
    """StartProjectVersion: the model bills by the hour from now on. Waits for one of the account's running models."""

    arn: str
    project_arn: str
    version_name: str
    min_units: int
    max_units: int | None
    tags: Mapping[str, str] = field(compare=False)
    """Written right before: that it was the operator who started it, and when."""
    rank: tuple[int, str]
    """Who goes first where running models are scarce, the smallest first: those that shall always run before those with
    hours, then the oldest resource."""
    hand_over: bool = False
    """Whether another version of the resource runs meanwhile."""


@dataclass(frozen=True)
class StopVersion:
    """StopProjectVersion; writes ``tags``, which say why, before. ``foreign``: only upon deletion, as DeleteVersion.

    ``tags_matter``: what comes next rests upon them, so that without them it is not stopped. Else the bill is ended
    though AWS refuses the tags.
    """

    arn: str
    project_arn: str
    version_name: str
    tags: Mapping[str, str] = field(compare=False)
    foreign: bool = False
    tags_matter: bool = True


@dataclass(frozen=True)
class ReleaseFinalizer:
    """Let the resource go: remove our finalizer. Always the last action."""


Action = (
    CreateProject
    | CreateVersion
    | DeleteVersion
    | DeleteDataset
    | DeleteProject
    | SetTags
    | RemoveTags
    | ConfirmClaim
    | Promote
    | StartVersion
    | StopVersion
    | ReleaseFinalizer
)
