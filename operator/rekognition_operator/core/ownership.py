"""Is the project there, is it ours, and may we make it ours?"""

from dataclasses import dataclass
from datetime import datetime

from rekognition_operator.api.conditions import Reason
from rekognition_operator.core import tags as t
from rekognition_operator.core.actions import Action, ConfirmClaim, CreateProject, RemoveTags, SetTags
from rekognition_operator.core.decision import Finding, Policy
from rekognition_operator.core.wording import accept_move_line, retry_line
from rekognition_operator.core.world import Desired, ObservedProject, Place, ProjectStatus


@dataclass(frozen=True)
class ProjectPlan:
    """What stands between the resource and a project that is ours and ready: nothing, if all is empty.

    ``ours`` tells whether the project is this resource's, whatever is still to be done.
    """

    ours: bool = False
    actions: tuple[Action, ...] = ()
    reconciling: Finding | None = None
    stalled: Finding | None = None
    requeue_seconds: float | None = None

    @property
    def settled(self) -> bool:
        """Whether the versions may be looked at."""
        return self.ours and self.reconciling is None and self.stalled is None


def moved(desired: Desired) -> Finding | None:
    """Tell whether the resource would silently move to another account, Region or project."""
    known = known_place(desired)
    if known is None or known == desired.place:
        return None
    wanted = f"{desired.place.account}/{desired.place.region}"
    if desired.annotations.accept_move == wanted:
        return None
    return Finding(
        Reason.PROJECT_MOVED,
        f"This resource's project is {known.project_name} in account {known.account}, Region {known.region}, but "
        f"it now "
        f"resolves to {desired.place.project_name} in account {desired.place.account}, Region {desired.place.region}. "
        "Nothing is changed in AWS: what runs there runs on, and is billed. "
        "Restore spec.identityRef, or the operator's credentials, Region or cluster name; or, to leave the old "
        f"project behind and start anew: {accept_move_line(desired.owner, wanted)}",
    )


def known_place(desired: Desired) -> Place | None:
    """Return where status says the project is."""
    if desired.known_project is None:
        return None
    # arn:aws:rekognition:<region>:<account>:project/<name>/<epoch ms>
    parts = desired.known_project.arn.split(":", 5)
    resource = parts[5].split("/") if len(parts) == 6 else []
    if len(resource) < 3:
        return None
    return Place(account=parts[4], region=parts[3], project_name=resource[1])


def plan_project(desired: Desired, project: ObservedProject | None, policy: Policy, now: datetime) -> ProjectPlan:
    """Decide on the project itself."""
    if project is None:
        return _absent(desired)
    ownership = t.ownership(project.tags, desired.owner)
    ours = ownership in {t.Ownership.OURS, t.Ownership.RELEASED_TO_US}
    if not ours and (ownership is t.Ownership.ANOTHER or desired.adoption_policy == "Never"):
        return ProjectPlan(stalled=_owned_by_another(desired, project, ownership))
    mismatch = _mismatch(desired, project)
    if mismatch is not None:
        return ProjectPlan(ours=ours, stalled=mismatch)
    if project.status is ProjectStatus.DELETING:
        return ProjectPlan(
            ours=ours,
            reconciling=Finding(
                Reason.WAITING_FOR_DELETION, f"Project {project.name} is being deleted in AWS; waiting until it is gone"
            ),
        )
    if ownership is not t.Ownership.OURS:
        return _claim(desired, project, ours=ours, policy=policy, now=now)
    claimed_at = t.read_time(project.tags.get(t.CLAIMED_AT))
    if claimed_at is not None and not _carries_all(project, desired):
        return _claim(desired, project, ours=True, policy=policy, now=now)  # a tag was lost since: claim it anew
    if claimed_at is not None:
        return _confirm(desired, project, claimed_at, policy, now)
    if project.status is ProjectStatus.CREATING:
        return ProjectPlan(
            ours=True, reconciling=Finding(Reason.CREATING_PROJECT, f"AWS is creating project {project.name}")
        )
    return ProjectPlan(ours=True)


def _absent(desired: Desired) -> ProjectPlan:
    name = desired.place.project_name
    tags = {**desired.tags, **t.owner_tags(desired.owner)}
    if desired.annotations.retry is not None:
        tags[t.RETRY] = t.token_value(desired.annotations.retry)
    create = ProjectPlan(
        actions=(CreateProject(name, desired.feature, desired.auto_update, tags),),
        reconciling=Finding(Reason.CREATING_PROJECT, f"Creating project {name} in {desired.place.region}"),
    )
    if desired.known_project is None or known_place(desired) != desired.place:
        return create
    retry = desired.annotations.retry
    if retry is not None and t.answer_value(retry) != desired.handled_retry:
        return create
    return ProjectPlan(
        stalled=Finding(
            Reason.PROJECT_DELETED,
            f"Project {name} was deleted in AWS by others, with all its versions and the memory of what was trained. "
            "Creating it again trains again, which costs money. If that is wanted: "
            f"{retry_line(desired.owner)}; else delete this resource",
        )
    )


def _owned_by_another(desired: Desired, project: ObservedProject, ownership: t.Ownership) -> Finding:
    whose = t.describe_owner(project.tags)
    if ownership is t.Ownership.ANOTHER:
        remedy = "Give this resource another spec.projectName (in a new resource: the name is immutable), or delete one"
    else:
        remedy = (
            "To take it over set spec.adoption.policy: IfUnowned; else create a new resource with another projectName"
        )
    return Finding(
        Reason.PROJECT_OWNED_BY_ANOTHER,
        f"Project {project.name} in {desired.place.region} exists and belongs to {whose}. It is left alone. {remedy}",
    )


def _mismatch(desired: Desired, project: ObservedProject) -> Finding | None:
    if project.feature is not desired.feature:
        what = f"is a {project.feature} project, and {desired.owner.kind} needs {desired.feature}"
    elif project.auto_update != desired.auto_update:
        observed, wanted = (("Enabled" if x else "Disabled") for x in (project.auto_update, desired.auto_update))
        what = f"has autoUpdate {observed}, and the spec says {wanted}"
    else:
        return None
    return Finding(
        Reason.PROJECT_MISMATCH,
        f"Project {project.name} {what}; AWS cannot change that. Create a resource with another spec.projectName, "
        f"or one "
        "whose spec says what the project is",
    )


def _claim(desired: Desired, project: ObservedProject, *, ours: bool, policy: Policy, now: datetime) -> ProjectPlan:
    """Take an unowned project over, or one that this resource released; then wait whether another did the same."""
    tags = {**desired.tags, **t.owner_tags(desired.owner), t.CLAIMED_AT: t.time_value(now)}
    return ProjectPlan(
        ours=ours,
        actions=(SetTags(project.arn, tags), *_freed(project)),
        reconciling=_adopting(project),
        requeue_seconds=policy.adoption_settle_seconds,
    )


def _confirm(
    desired: Desired, project: ObservedProject, claimed_at: datetime, policy: Policy, now: datetime
) -> ProjectPlan:
    left = policy.adoption_settle_seconds - (now - claimed_at).total_seconds()
    if 0 < left <= 2 * policy.adoption_settle_seconds:  # a date far ahead is a wrong clock's: it waits for nothing
        return ProjectPlan(ours=True, reconciling=_adopting(project), requeue_seconds=left)
    confirm = ConfirmClaim(project.arn, t.owner_tags(desired.owner))
    return ProjectPlan(ours=True, actions=(*_freed(project), confirm), reconciling=_adopting(project))


def _freed(project: ObservedProject) -> tuple[Action, ...]:
    """Remove the released tag of a project that is taken over, also where a crash kept it there."""
    return (RemoveTags(project.arn, (t.RELEASED,)),) if t.RELEASED in project.tags else ()


def _carries_all(project: ObservedProject, desired: Desired) -> bool:
    return t.owner_tags(desired.owner).items() <= dict(project.tags).items()


def _adopting(project: ObservedProject) -> Finding:
    return Finding(
        Reason.ADOPTING,
        f"Taking over project {project.name}: its tags are read once more in a moment, in case another resource "
        f"claims it",
    )
