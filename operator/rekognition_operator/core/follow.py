"""Which content of the manifests shall be trained, and may it be trained now?

Where spec.data follows the data, a manifest is its content: the wanted digest is that of the content. The same content
is known again under any name, in any bucket, and whether or not the data was followed when it was trained. Content that
is not known trains nothing; nor does content that is too young, or that comes too often: the last digest stays the
wanted one until then.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rekognition_operator.api.conditions import Reason
from rekognition_operator.core import tags as t
from rekognition_operator.core.actions import SetTags
from rekognition_operator.core.decision import Finding, Policy, ReadyState
from rekognition_operator.core.inputs import ManifestRef, TrainingInputs, digests, parse_version_name
from rekognition_operator.core.training import TrainingPlan, unanswered_retry
from rekognition_operator.core.versions import Fleet, OwnVersion, placed, sort_out
from rekognition_operator.core.wording import clause, counted, retry_line, spoken, to_the_minute
from rekognition_operator.core.world import (
    DataProblem,
    DataSeen,
    Desired,
    Follow,
    Observed,
    ObservedProject,
    SeenManifest,
    VersionState,
)

DAY = timedelta(hours=24)
"""The time in which trainings are counted for spec.data.maxTrainingsPerDay."""
_TO_BE_REPLACED = frozenset({VersionState.EXPIRED, VersionState.DELETING})
"""States of a version in whose place another one is trained, though it has the wanted content."""
_SECOND = timedelta(seconds=1)
_NOT_SEEN = DataProblem("The manifests were not looked at yet", passing=True)


@dataclass(frozen=True)
class Hold:
    """Why nothing is trained now.

    ``outdated``: the version in service is not what the spec asks for, as far as is known. ``requeue_seconds`` None: by
    the rest.
    """

    reconciling: Finding | None = None
    stalled: Finding | None = None
    outdated: bool = True
    requeue_seconds: float | None = None


@dataclass(frozen=True)
class Followed:
    """What the content of the manifests makes of a resource and of its versions.

    Attributes
    ----------
    desired
        The resource, with the content in its inputs, or the last digest held.
    fleet
        Our versions, each with the digest that it counts for now.
    records
        What must be written on versions, so that their content is known later, too.
    remembered
        ARNs of the versions that count for maxTrainingsPerDay: retention leaves them until they do not.
    marks
        What a version that is trained now carries, beside all other tags.
    """

    desired: Desired
    fleet: Fleet
    records: tuple[SetTags, ...] = ()
    remembered: frozenset[str] = frozenset()
    marks: Mapping[str, str] = field(default_factory=dict)
    hold: Hold | None = None

    def training(self, plan: TrainingPlan) -> TrainingPlan:
        """Keep a plan from training anything now, or mark the version that it trains."""
        if self.hold is None:
            create = plan.create
            return plan if create is None else replace(plan, create=replace(create, tags={**create.tags, **self.marks}))
        if plan.create is None and plan.reconciling is not None and plan.reconciling.reason is Reason.TRAINING:
            return plan
        return TrainingPlan(
            reconciling=self.hold.reconciling, stalled=self.hold.stalled, requeue_seconds=self.hold.requeue_seconds
        )

    def up_to_date(self, state: ReadyState) -> ReadyState:
        """Say that the version in service is outdated, though its digest is held."""
        why = None if self.hold is None else self.hold.stalled or self.hold.reconciling
        if self.hold is None or why is None or not (self.hold.outdated and state.holds):
            return state
        return ReadyState(holds=False, reason=why.reason, message=why.message)


def follow(
    desired: Desired, project: ObservedProject | None, observed: Observed, policy: Policy, at: datetime
) -> Followed:
    """Find the wanted digest, and the versions that count for it.

    Parameters
    ----------
    desired
        The resource, as its spec has it.
    project
        The project, if it is known to be ours.
    at
        AWS's time.
    """
    seen = observed if project is not None else replace(observed, versions=())
    if desired.follow is None:
        return Followed(desired, _by_manifests(desired, sort_out(desired, seen.versions, seen.proofs)))
    return _Follower(desired, desired.follow, project, seen.data, policy, at).follow(seen)


def _by_manifests(desired: Desired, fleet: Fleet) -> Fleet:
    """Let one version that was trained on followed data, from the very manifests of the spec, count as trained on them.

    The one in service if it is one, or else the newest: the data is not followed any more, so what serves may stay.
    """
    same = [own for own in fleet.own if own.version.tags.get(t.MANIFESTS) in desired.digests]
    if not same:
        return fleet
    chosen = fleet.active if fleet.active in same else max(same, key=lambda own: own.version.created_at)
    return _counted_for(fleet, desired.digests[0], lambda own: own == chosen)


def _counted_for(fleet: Fleet, digest: str, counts: Callable[[OwnVersion], bool]) -> Fleet:
    """Let versions count for a digest that is not in their name."""
    # What an adopted version is by its manifests stays what its digest tag says.
    own = (replace(own, digest=digest, adopted=False) if counts(own) else own for own in fleet.own)
    return replace(fleet, own=placed(own))


class _Follower:
    """The steps from what is in the manifests to what is wanted, around what they all need."""

    def __init__(
        self,
        desired: Desired,
        rule: Follow,
        project: ObservedProject | None,
        seen: DataSeen | None,
        policy: Policy,
        at: datetime,
    ) -> None:
        self.desired = desired
        self.rule = rule
        self.project = project
        self.manifests = seen.manifests if seen is not None else ()
        self.problem = (seen or DataSeen(problem=_NOT_SEEN)).problem
        self.policy = policy
        self.at = at
        self.pinned = digests(desired.inputs)
        self.inputs = _with_content(desired.inputs, self.manifests) if self.problem is None else desired.inputs
        latest = parse_version_name(project.tags.get(t.LATEST, "")) if project is not None else None
        self.latest = latest.digest if latest is not None else None

    def follow(self, seen: Observed) -> Followed:
        """Find the wanted digest, and the versions that count for it."""
        wanted = digests(self.inputs) if self.problem is None else ()
        named = wanted if self.latest is None else (*wanted, self.latest)
        fleet = sort_out(self.desired, seen.versions, seen.proofs, named)
        held = self.latest or _newest_digest(fleet)
        if held is not None:
            fleet = _counted_for(fleet, held, lambda own: own.version.tags.get(t.CONTENT) == held)
        trained = [own for own in fleet.own if self._counts_for_limit(own)]
        remembered = frozenset(own.version.arn for own in trained)
        if self.problem is not None:
            hold = self._unreadable(self.problem, fleet, held)
            return Followed(replace(self.desired, held=held), fleet, remembered=remembered, hold=hold)
        found = {own.version.arn: digest for own in fleet.own if (digest := self._found_content(own)) is not None}
        records = tuple(
            SetTags(own.version.arn, {t.CONTENT: found[own.version.arn]})
            for own in fleet.own
            if own.version.arn in found and own.version.state is not VersionState.DELETING
        )
        fleet = _counted_for(
            fleet,
            wanted[0],
            lambda own: (own.version.tags.get(t.CONTENT) or found.get(own.version.arn)) in wanted,
        )
        desired = replace(self.desired, inputs=self.inputs)
        marks = {t.MANIFESTS: self.pinned[0]}
        if held is None or not self._trains_anew(fleet, wanted):
            return Followed(desired, fleet, records, remembered, marks)
        by_data = not self._spec_changed(fleet, held)
        if self._may_wait(fleet):
            waits = self._settling() or (self._limited(trained) if by_data else None)
            if waits is not None:
                return Followed(replace(self.desired, held=held), fleet, records, remembered, hold=waits)
        if by_data:
            marks[t.DATA_CHANGED] = held
        return Followed(desired, fleet, records, remembered, marks)

    def _found_content(self, own: OwnVersion) -> str | None:
        """Return the digest by content of a version that was trained on these manifests while they were not followed.

        It can be told as long as they are as they were before it was trained; then its tag says so. S3 tells whole
        seconds.
        """
        if t.CONTENT in own.version.tags:
            return None
        if any(seen.last_modified + _SECOND > own.version.created_at for seen in self.manifests):
            return None
        if own.digest in self.pinned:
            return digests(self.inputs)[0]
        shown, asked = own.version.inputs, self.desired.inputs
        if shown is None or own.digest not in digests(shown):
            return None
        same = (shown.training, shown.testing) == (asked.training, asked.testing)
        return digests(_with_content(shown, self.manifests))[0] if same else None

    def _trains_anew(self, fleet: Fleet, wanted: tuple[str, ...]) -> bool:
        """Whether the wanted content is another one than before, and must be trained."""
        if self.latest in wanted:
            return False
        return all(own.version.state in _TO_BE_REPLACED for own in fleet.of(wanted))

    def _spec_changed(self, fleet: Fleet, held: str) -> bool:
        """Whether the spec asks for something else than the last version was trained for, whatever the content is."""
        last = fleet.of((held,))[:1]
        return bool(last) and _by_manifests_of(last[0]) not in self.pinned

    def _may_wait(self, fleet: Fleet) -> bool:
        """Whether a training need not begin at once: it is not the first one, and nobody asks for it now."""
        if self.project is None or not fleet.own:
            return False
        return unanswered_retry(self.desired, self.project, fleet) is None

    def _settling(self) -> Hold | None:
        newest = max(manifest.last_modified for manifest in self.manifests)
        goes_on = newest + self.rule.settle
        if goes_on <= self.at:
            return None
        refs = (*self.desired.inputs.training, *self.desired.inputs.testing)
        changed = [m for m, s in zip(refs, self.manifests, strict=True) if s.last_modified == newest]
        return Hold(
            reconciling=Finding(
                Reason.DATA_SETTLING,
                f"The data has changed: {_urls(changed)} at {to_the_minute(newest)}. A version is trained on it at "
                f"{to_the_minute(goes_on)}, unless it changes again until then (spec.data.settle is "
                f"{spoken(self.rule.settle)}). To train at once: {retry_line(self.desired.owner)}",
            ),
            requeue_seconds=self._our_seconds(goes_on),
        )

    def _counts_for_limit(self, own: OwnVersion) -> bool:
        return t.DATA_CHANGED in own.version.tags and own.version.created_at > self.at - DAY

    def _limited(self, trained: list[OwnVersion]) -> Hold | None:
        most = self.rule.max_trainings_per_day
        if len(trained) < most:
            return None
        begun = sorted(own.version.created_at for own in trained)
        goes_on = begun[len(begun) - most] + DAY
        return Hold(
            reconciling=Finding(
                Reason.TRAINING_LIMIT,
                f"The data has changed again, and {counted(len(trained), 'version')} trained because of that within 24 "
                f"hours: as many as spec.data.maxTrainingsPerDay allows. It goes on at {to_the_minute(goes_on)}. To "
                f"train at once, raise that field, or: {retry_line(self.desired.owner)}",
            ),
            requeue_seconds=self._our_seconds(goes_on),
        )

    def _our_seconds(self, moment: datetime) -> float:
        return (moment - self.at).total_seconds() / self.policy.aws_time_scale

    def _unreadable(self, problem: DataProblem, fleet: Fleet, held: str | None) -> Hold:
        last = fleet.of((held,))[:1] if held is not None else ()
        as_asked = bool(last) and _by_manifests_of(last[0]) in self.pinned
        if not problem.passing:
            message = f"{clause(problem.message)}. Nothing is trained until then, and the version in service stays"
            return Hold(stalled=Finding(Reason.DATA_UNREADABLE, message), outdated=not as_asked)
        told = problem.persists or not as_asked
        return Hold(
            reconciling=Finding(Reason.RETRYING, problem.message) if told else None,
            outdated=not as_asked,
            requeue_seconds=self.policy.moving_seconds,
        )


def _with_content(inputs: TrainingInputs, seen: tuple[SeenManifest, ...]) -> TrainingInputs:
    """Return the inputs with each manifest's content, and the version that has it."""
    known = [
        replace(manifest, version=found.version_id or manifest.version, content=found.content)
        for manifest, found in zip((*inputs.training, *inputs.testing), seen, strict=True)
    ]
    split = len(inputs.training)
    return replace(inputs, training=tuple(known[:split]), testing=tuple(known[split:]))


def _newest_digest(fleet: Fleet) -> str | None:
    """Return the digest of the version in service, or else of the newest one; None: nothing was trained yet."""
    newest = fleet.active or next(iter(fleet.own), None)
    return newest.digest if newest is not None else None


def _by_manifests_of(own: OwnVersion) -> str:
    """Return the digest of a version by the names of its manifests, whatever it counts for."""
    name = parse_version_name(own.version.name)
    by_name = name.digest if name is not None else own.digest
    return own.version.tags.get(t.MANIFESTS) or own.version.tags.get(t.DIGEST) or by_name


def _urls(manifests: Iterable[ManifestRef]) -> str:
    return " and ".join(f"s3://{manifest.bucket}/{manifest.name}" for manifest in manifests)
