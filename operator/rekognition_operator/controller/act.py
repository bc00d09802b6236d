"""How is each action of a decision carried out, and what keeps one from it?

Between the look that a decision rests on and its actions, the world may have changed. What cannot be undone is
therefore checked once more right before: a version's state and tags before it is deleted or put into service, its
absence before it is trained; and whose a thing is before its tags are written, since tags may be remembered for hours.
A difference is a Conflict: the pass ends, and the next one looks again.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from rekognition_operator.api.conditions import Reason
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane, Rekognition
from rekognition_operator.aws.hindrance import RUN_MORE, TRAIN_MORE, hindrance_of
from rekognition_operator.aws.slots import FIRST_COME, Queued, Rank, SlotKind, Slots, stepped
from rekognition_operator.controller.clock import Clock
from rekognition_operator.core import tags as t
from rekognition_operator.core.actions import (
    Action,
    ConfirmClaim,
    CreateProject,
    CreateVersion,
    DeleteDataset,
    DeleteProject,
    DeleteVersion,
    Promote,
    ReleaseFinalizer,
    RemoveTags,
    SetTags,
    StartVersion,
    StopVersion,
)
from rekognition_operator.core.hindrance import ANSWER_LOST, Conflict, CreateAttempt, Hindrance, Terminal, Waiting
from rekognition_operator.core.versions import usable_states
from rekognition_operator.core.world import Desired, Observed, ObservedVersion, VersionState

_UNCLEAR: Final = frozenset({ErrorKind.IN_USE, ErrorKind.INVALID})
"""Answers to CreateProjectVersion after which a look tells more than the answer."""
_FOR_GOOD: Final = (CreateVersion, StartVersion, StopVersion, DeleteVersion, DeleteDataset, DeleteProject)
"""Actions that spend, destroy, or take a model away from those who use it."""
_SLOT_OF: Final[Mapping[type[Action], SlotKind]] = {
    CreateVersion: SlotKind.TRAINING,
    StartVersion: SlotKind.RUNNING_MODEL,
}
"""Which scarce thing an action needs."""


@dataclass
class Acted:
    """What a pass has done: actions whose effect is certain, and what ended it early."""

    done: list[Action] = field(default_factory=list)
    hindrance: Hindrance | None = None
    attempt: CreateAttempt | None = None
    """The create that is to be remembered for the next decision."""

    @property
    def released(self) -> bool:
        """Whether the resource has been let go."""
        return any(isinstance(action, ReleaseFinalizer) for action in self.done)


@dataclass(frozen=True)
class Actor:
    """Carries out the actions of one decision, in order, until something hinders one.

    ``unchanged`` reads the resource live before the first mutation in AWS, and before each that spends or destroys; it
    raises where the resource is not what the decision was made on. ``release`` removes the finalizer.
    """

    aws: Rekognition
    slots: Slots
    slot_key: str
    desired: Desired
    observed: Observed
    lane: Lane
    clock: Clock
    unchanged: Callable[[], Awaitable[None]]
    release: Callable[[], Awaitable[None]]
    attempt: CreateAttempt | None
    projects_listed: int | None
    holding: Mapping[SlotKind, int]
    """How many of the scarce things the resource was seen to hold."""
    frees_models: bool
    """Whether it gives running models back without a person."""

    async def carry_out(self, actions: tuple[Action, ...]) -> Acted:
        """Do what the decision asks for; the first hindrance ends it."""
        acted = Acted(attempt=self.attempt)
        for action in actions:
            try:
                acted.hindrance = await self._perform(action, acted)
            except CallError as error:
                hindrance = hindrance_of(
                    error,
                    action,
                    versions_listed=action.listed if isinstance(action, CreateVersion) else len(self.observed.versions),
                    projects_listed=self.projects_listed,
                )
                acted.hindrance = self._slot_after(action, error, hindrance)
            if acted.hindrance is None:
                acted.done.append(action)
            else:
                await self._train_all_the_same(action, actions, acted)
                break
        return acted

    async def _train_all_the_same(self, hindered: Action, actions: tuple[Action, ...], acted: Acted) -> None:
        """Let a model that may not start now keep no other version from being trained meanwhile."""
        trainings = tuple(action for action in actions if isinstance(action, CreateVersion))
        held = isinstance(hindered, StartVersion) and isinstance(acted.hindrance, Waiting | Terminal)
        if held and trainings:
            later = await self.carry_out(trainings)
            acted.done += later.done
            acted.attempt = later.attempt

    async def _perform(self, action: Action, acted: Acted) -> Hindrance | None:
        if isinstance(action, ReleaseFinalizer):
            await self.release()  # a conflict there is told by the API server itself
            return None
        if isinstance(action, CreateVersion | StartVersion):
            queued = self._queue(action)
            if queued is not None:
                return queued
        if not acted.done or isinstance(action, _FOR_GOOD):
            await self.unchanged()
        match action:
            case CreateVersion():
                return await self._create_version(action, acted)
            case Promote():
                return await self._promote(action)
            case StartVersion() | StopVersion():
                return await self._start_or_stop(action, acted)
            case DeleteVersion():
                return await self._delete_version(action)
            case ConfirmClaim():
                return await self._confirm_claim(action.arn, action.owner_tags)
            case SetTags() | RemoveTags() | DeleteProject():
                return await self._change_unless_anothers(action)
            case _:
                await self._simply_do(action)
                return None

    async def _simply_do(self, action: CreateProject | DeleteDataset) -> None:
        """Do what needs no look before: AWS itself refuses it where the world has changed."""
        match action:
            case CreateProject(name, feature, auto_update, tags):
                await self.aws.create_project(name, feature, auto_update=auto_update, tags=tags, lane=self.lane)
            case DeleteDataset(arn):
                await self.aws.delete_dataset(arn, lane=self.lane)

    async def _change_unless_anothers(self, action: SetTags | RemoveTags | DeleteProject) -> Conflict | None:
        """Change a project's or version's tags, or delete the project, unless it belongs to another by now."""
        conflict = await self._anothers(action.arn)
        if conflict is not None:
            return conflict
        match action:
            case SetTags(arn, tags):
                await self.aws.set_tags(arn, tags, lane=self.lane)
            case RemoveTags(arn, keys):
                await self.aws.remove_tags(arn, keys, lane=self.lane)
            case DeleteProject(arn):
                await self.aws.delete_project(arn, lane=self.lane)
        return None

    async def _anothers(self, arn: str) -> Conflict | None:
        """Read the tags now: does the project or version belong to another?"""
        fresh = await self.aws.fresh_tags(arn, lane=self.lane)
        if t.ownership(fresh, self.desired.owner) is not t.Ownership.ANOTHER:
            return None
        return Conflict(f"{arn} belongs to another by now: {t.describe_owner(fresh)}")

    def _queue(self, action: CreateVersion | StartVersion) -> Waiting | None:
        """Ask for what is scarce; say what is waited for where it is not this resource's turn."""
        kind, rank = _SLOT_OF[type(action)], FIRST_COME
        if isinstance(action, StartVersion):
            rank = action.rank
            waits, more = "waits to be started: the account runs no more models at a time in", RUN_MORE
        else:
            waits, more = "waits for a training slot: the account trains no more versions at a time in", TRAIN_MORE
        answer = self.slots.request(kind, self.slot_key, rank=rank)
        if not isinstance(answer, Queued):
            return None
        return Waiting(
            Reason.WAITING_FOR_QUOTA,
            f"Version {action.version_name} {waits} this Region. It goes on when it is its turn; status.queue has its "
            f"place; {more}",
            after_seconds=answer.after_seconds,
            waiting_for=kind.value,
            position=stepped(answer.position),
            no_room=self._no_room(action, kind),
        )

    def _no_room(self, action: Action, kind: SlotKind) -> bool:
        hand_over = isinstance(action, StartVersion) and action.hand_over
        return hand_over and self.slots.no_holder_frees(kind, self.slot_key)

    async def _create_version(self, action: CreateVersion, acted: Acted) -> Hindrance | None:
        conflict = await self._anothers(action.project_arn)
        if conflict is not None:
            self.slots.withdraw(SlotKind.TRAINING, self.slot_key)
            return conflict
        listed = await self.aws.describe_version(action.project_arn, action.version_name, lane=self.lane)
        if listed is not None:
            self.slots.withdraw(SlotKind.TRAINING, self.slot_key)
            return Conflict(f"Version {action.version_name} exists by now")
        try:
            await self.aws.create_version(
                action.project_arn,
                action.version_name,
                feature=self.desired.feature,
                inputs=action.inputs,
                output=action.output,
                description=action.description,
                tags=action.tags,
                lane=self.lane,
            )
        except CallError as error:
            if error.kind not in _UNCLEAR and not _may_have_started(error):
                raise
            acted.attempt = self._remember(action, error)
            listed = await self.aws.describe_version(action.project_arn, action.version_name, lane=self.lane)
            if listed is None:
                raise  # the next decision knows the attempt
        acted.attempt = None
        self._started(SlotKind.TRAINING)
        return None

    def _remember(self, action: CreateVersion, error: CallError) -> CreateAttempt:
        now = self.clock.now().timestamp()
        before = self.attempt
        same = before is not None and before.request_key == action.request_key
        return CreateAttempt(
            request_key=action.request_key,
            version_name=action.version_name,
            code=ANSWER_LOST if _may_have_started(error) else error.code,
            message=error.message,
            first_at=min(before.first_at, now) if before is not None and same else now,
            last_at=now,
        )

    def _started(self, kind: SlotKind) -> None:
        frees = kind is SlotKind.TRAINING or self.frees_models
        self.slots.hold(kind, self.slot_key, self.holding[kind] + 1, frees=frees)

    def _slot_after(self, action: Action, error: CallError, hindrance: Hindrance) -> Hindrance:
        """Give the slot back of what did not start; keep it where it may have."""
        kind = _SLOT_OF.get(type(action))
        if kind is None or _may_have_started(error):
            return hindrance
        if not isinstance(hindrance, Waiting) or hindrance.waiting_for is None:  # not for what others give back
            self.slots.withdraw(kind, self.slot_key)
            return hindrance
        self.slots.refused(kind, self.slot_key)
        rank: Rank = action.rank if isinstance(action, StartVersion) else FIRST_COME
        place = self.slots.request(kind, self.slot_key, rank=rank)
        if not isinstance(place, Queued):
            return hindrance
        return replace(
            hindrance,
            after_seconds=place.after_seconds,
            position=stepped(place.position),
            no_room=self._no_room(action, kind),
        )

    async def _start_or_stop(self, action: StartVersion | StopVersion, acted: Acted) -> Hindrance | None:
        """Start or stop a model, if it is still as the decision saw it; the tags that say so are written before."""
        conflict = await self._not_as_seen(action, acted)
        if conflict is not None:
            if isinstance(action, StartVersion):
                self.slots.withdraw(SlotKind.RUNNING_MODEL, self.slot_key)
            return conflict
        try:
            if action.tags:
                await self.aws.set_tags(action.arn, action.tags, lane=self.lane)
        except CallError:
            if isinstance(action, StartVersion) or action.tags_matter:
                raise
        match action:
            case StartVersion():
                await self.aws.start_version(
                    action.arn, min_units=action.min_units, max_units=action.max_units, lane=self.lane
                )
                self._started(SlotKind.RUNNING_MODEL)
            case StopVersion():
                await self.aws.stop_version(action.arn, lane=self.lane)
        return None

    async def _not_as_seen(self, action: StartVersion | StopVersion, acted: Acted) -> Conflict | None:
        listed = await self.aws.describe_version(action.project_arn, action.version_name, lane=self.lane)
        seen = self._seen(action.arn)
        if listed is None or listed.arn != action.arn or seen is None or listed.status != seen.status:
            state = "gone" if listed is None or listed.arn != action.arn else listed.status
            return Conflict(f"Version {action.version_name} is {state} by now")
        if isinstance(action, StopVersion) and action.foreign:
            return await self._anothers(action.project_arn)
        promoted = next((a.tags for a in acted.done if isinstance(a, Promote) and a.arn == action.arn), seen.tags)
        return await self._ours_as_seen(action.arn, action.version_name, promoted.get(t.PROMOTED_AT))

    async def _promote(self, action: Promote) -> Hindrance | None:
        listed = await self.aws.describe_version(action.project_arn, action.version_name, lane=self.lane)
        if listed is None or listed.arn != action.arn or listed.state not in usable_states(self.desired.feature):
            state = "gone" if listed is None or listed.arn != action.arn else listed.status
            return Conflict(f"Version {action.version_name} cannot go into service: it is {state} by now")
        conflict = await self._ours_as_seen(action.arn, action.version_name, self._promoted_at(action.arn))
        if conflict is None:
            await self.aws.set_tags(action.arn, action.tags, lane=self.lane)
        return conflict

    async def _delete_version(self, action: DeleteVersion) -> Hindrance | None:
        project = self.observed.project
        if project is None:
            return Conflict(f"Version {action.version_name} has no project any more")
        listed = await self.aws.describe_version(project.arn, action.version_name, lane=self.lane)
        if listed is None or listed.arn != action.arn:
            return None  # gone already
        seen = self._seen(action.arn)
        if seen is None or listed.status != seen.status:
            return Conflict(f"Version {action.version_name} is {listed.status} by now")
        if action.foreign:
            conflict = await self._anothers(project.arn)
        else:
            conflict = await self._ours_as_seen(action.arn, action.version_name, self._promoted_at(action.arn))
        if conflict is not None:
            return conflict
        await self.aws.delete_version(action.arn, lane=self.lane)
        return None

    async def _ours_as_seen(self, arn: str, name: str, promoted_at: str | None) -> Conflict | None:
        """Read the version's tags now: still ours, and not put into service by somebody since."""
        fresh = await self.aws.fresh_tags(arn, lane=self.lane)
        if t.ownership(fresh, self.desired.owner) is not t.Ownership.OURS:
            return Conflict(f"Version {name} is not this resource's any more: it belongs to {t.describe_owner(fresh)}")
        if fresh.get(t.PROMOTED_AT) != promoted_at:
            return Conflict(f"Version {name} was put into service, or taken out, since it was looked at")
        return None

    async def _confirm_claim(self, arn: str, owner_tags: Mapping[str, str]) -> Hindrance | None:
        fresh = await self.aws.fresh_tags(arn, lane=self.lane)
        if any(fresh.get(key) != value for key, value in owner_tags.items()):
            return Conflict(f"The project was claimed by another one too: it belongs to {t.describe_owner(fresh)}")
        await self.aws.remove_tags(arn, (t.CLAIMED_AT,), lane=self.lane)
        return None

    def _promoted_at(self, arn: str) -> str | None:
        seen = self._seen(arn)
        return seen.tags.get(t.PROMOTED_AT) if seen is not None else None

    def _seen(self, arn: str) -> ObservedVersion | None:
        return next((version for version in self.observed.versions if version.arn == arn), None)


def _may_have_started(error: CallError) -> bool:
    """Whether it may have begun in spite of the error: the answer was lost, or AWS failed while it worked on it."""
    return error.kind is ErrorKind.LOST or (error.kind is ErrorKind.SERVER and error.request_id is not None)


def trainings(desired: Desired, observed: Observed) -> int:
    """Count the versions of the resource that are in training."""
    return sum(
        version.state is VersionState.TRAINING_IN_PROGRESS
        and t.ownership(version.tags, desired.owner) is t.Ownership.OURS
        for version in observed.versions
    )
