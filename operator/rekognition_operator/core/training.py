"""Must a version be trained now, under which name, and for which cause?"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from rekognition_operator.api.conditions import Reason
from rekognition_operator.core import tags as t
from rekognition_operator.core.actions import CreateVersion, SetTags
from rekognition_operator.core.decision import Finding, Policy
from rekognition_operator.core.expiry import expires_when
from rekognition_operator.core.hindrance import ANSWER_LOST, CreateAttempt
from rekognition_operator.core.inputs import ManifestRef, VersionName, parse_version_name
from rekognition_operator.core.refresh import Refresh, Stage, asked, in_the_way, must_ask, refresh_of, refresh_tag
from rekognition_operator.core.versions import IN_TRAINING, Fleet, OwnVersion
from rekognition_operator.core.wording import clause, retry_line, to_the_minute
from rekognition_operator.core.world import Desired, Feature, ObservedProject, VersionState

_SERVICE_FAULT_WORDS = (
    "internal server error",
    "internalservererror",
    "internal error",
    "service error",
    "service_error",
)


@dataclass(frozen=True)
class TrainingPlan:
    """What the training of the wanted inputs needs.

    ``create`` asks for a training; ``record`` is what must be remembered before. ``reconciling`` and ``stalled`` say
    what is awaited or wrong. ``lost`` names a version that was deleted by others.
    ``requeue_seconds`` None: by the rest.
    """

    create: CreateVersion | None = None
    record: SetTags | None = None
    reconciling: Finding | None = None
    stalled: Finding | None = None
    lost: str | None = None
    requeue_seconds: float | None = None


def plan_training(
    desired: Desired,
    project: ObservedProject,
    fleet: Fleet,
    policy: Policy,
    now: datetime,
    attempt: CreateAttempt | None,
    at: datetime | None = None,
) -> TrainingPlan:
    """Decide on the training of the wanted inputs.

    While any version of them can serve, nothing is trained but a refresh. ``at`` is AWS's time, where it is known.
    """
    wanted = fleet.of(desired.digests)
    plan = _Planner(desired, project, fleet, policy, now, attempt)
    trains = any(own.version.state in IN_TRAINING for own in wanted)
    newest_may_not = bool(wanted) and speaks_against(wanted[0]) and not trains
    if newest_may_not and plan.token is not None:
        return plan.create(plan.next_name(), cause="retry")
    # A model that fails to start is trained all the same; what may not serve is not trained anew by itself.
    if newest_may_not or any(own.acceptable or own.start_failed for own in wanted):
        refresh = refresh_of(desired, fleet)
        return plan.refresh(refresh, at or now) if refresh is not None else TrainingPlan()
    for own in wanted:
        # An older attempt that is on its way out is nobody's business; only the newest one's name is in question.
        waiting = _wait_for(own) if own.version.state in IN_TRAINING or own == wanted[0] else None
        if waiting is not None:
            return waiting
    newest = wanted[0] if wanted else None
    latest = parse_version_name(project.tags.get(t.LATEST, ""))
    if latest is not None and is_missing(latest, wanted, desired.digests):
        return plan.lost(latest)
    if newest is None:
        return plan.nothing_listed()
    if newest.version.state is VersionState.EXPIRED and newest.rejected is not None:
        return plan.rejected(newest)
    if newest.version.state is VersionState.EXPIRED:
        return plan.create(
            plan.next_name(), cause=f"expired:{newest.version.name}", since=f"version {newest.version.name} has expired"
        )
    if newest.failed:
        return plan.failed(newest)
    return TrainingPlan(  # a state of Custom Labels, or one that this release does not know: AWS moves it
        reconciling=Finding(
            Reason.PROGRESSING,
            f"Version {newest.version.name} is {newest.version.status} in AWS; waiting for it to change",
        )
    )


def _wait_for(own: OwnVersion) -> TrainingPlan | None:
    if own.version.state in IN_TRAINING:
        return TrainingPlan(reconciling=Finding(Reason.TRAINING, _trains(own)))
    return _wait_until_free(own.version.name) if own.version.state is VersionState.DELETING else None


def _trains(own: OwnVersion) -> str:
    since = to_the_minute(own.version.created_at)
    return f"Rekognition is training version {own.version.name}, since {since}"


def _wait_until_free(name: str) -> TrainingPlan:
    return TrainingPlan(
        reconciling=Finding(
            Reason.WAITING_FOR_DELETION,
            f"Version {name} of the wanted inputs is being deleted in AWS; waiting until its name is free",
        )
    )


def speaks_against(own: OwnVersion) -> bool:
    """Whether a trained version may not serve: it is not trained anew for that, but where a person asks for it."""
    return own.usable and not own.acceptable


def is_missing(latest: VersionName, wanted: tuple[OwnVersion, ...], digests_wanted: tuple[str, ...]) -> bool:
    """Tell whether the version that the project remembers is no longer listed, whatever older attempts are left."""
    if latest.digest not in digests_wanted:
        return False
    return all(own.digest != latest.digest or own.attempt < latest.attempt for own in wanted)


def is_service_fault(status_message: str | None) -> bool:
    """Tell whether AWS failed by itself. INFERRED: no list of these messages is published."""
    text = (status_message or "").lower()
    return any(words in text for words in _SERVICE_FAULT_WORDS)


def unanswered_retry(desired: Desired, project: ObservedProject, fleet: Fleet) -> str | None:
    """Return the retry token, as a tag value, if nothing was done for it yet.

    A token is answered once a version created under it is listed, or the project remembers it.
    """
    if desired.annotations.retry is None:
        return None
    token = t.token_value(desired.annotations.retry)
    answered = {project.tags.get(t.RETRY), *(own.version.tags.get(t.RETRY) for own in fleet.own)}
    return None if token in answered else token


class _Planner:
    """The branches of the plan, around what they all need."""

    def __init__(
        self,
        desired: Desired,
        project: ObservedProject,
        fleet: Fleet,
        policy: Policy,
        now: datetime,
        attempt: CreateAttempt | None,
    ) -> None:
        self.desired = desired
        self.project = project
        self.fleet = fleet
        self.policy = policy
        self.now = now
        self.attempt = attempt
        self.digest = desired.digests[0]
        self.token = unanswered_retry(desired, project, fleet)
        self.refreshes: OwnVersion | None = None
        """The deprecated version instead of which it is trained."""

    def next_name(self, at_least: int = 0) -> VersionName:
        return VersionName(self.digest, 1 + max(at_least, self.fleet.highest_attempt(self.digest)))

    def nothing_listed(self) -> TrainingPlan:
        name = VersionName(self.digest, 1)
        listed = (*self.fleet.foreign, *(own.version for own in self.fleet.own))
        holder = next((version for version in listed if version.name == str(name)), None)
        if holder is None:
            return self.create(name, cause=None)
        if holder.state is VersionState.DELETING:
            return _wait_until_free(str(name))
        if self.token is not None:
            return self.create(self.next_name(), cause="retry")
        return TrainingPlan(
            stalled=Finding(
                Reason.VERSION_NAME_UNAVAILABLE,
                f"Version name {name} is taken by a version of other inputs or of others "
                f"({t.describe_owner(holder.tags)}, {holder.status}). Delete that version in AWS, or train under the "
                f"next name: {retry_line(self.desired.owner)}",
            )
        )

    def lost(self, latest: VersionName) -> TrainingPlan:
        name = self.next_name(at_least=latest.attempt)
        if self.token is not None:
            return self.create(name, cause="retry", lost=str(latest))
        if not self.desired.correct_drift:
            return TrainingPlan(
                lost=str(latest),
                stalled=Finding(
                    Reason.VERSION_DELETED,
                    f"Version {latest} was deleted in AWS by others, and driftPolicy is Report. "
                    f"To train it again, set driftPolicy: Correct, or: {retry_line(self.desired.owner)}",
                ),
            )
        losses = [
            loss
            for loss in self.losses()
            if (before := parse_version_name(loss.version_name)) is not None and before.digest == latest.digest
        ]
        recorded = next((loss for loss in losses if loss.version_name == str(latest)), None)
        if recorded is not None:
            left = self.policy.loss_confirm_seconds - (self.now - recorded.at).total_seconds()
            if left > 0:
                return self.confirm_loss(latest, left, record=False)
            return self.create(name, cause=f"lost:{latest}", lost=str(latest))
        if not losses:
            return self.confirm_loss(latest, self.policy.loss_confirm_seconds, record=True)
        return TrainingPlan(
            lost=str(latest),
            stalled=Finding(
                Reason.REPEATEDLY_DELETED,
                f"Version {latest} was deleted in AWS by others, and so was {losses[0].version_name} within a "
                f"week: it is not "
                f"trained once more. Find out who deletes versions of project {self.project.name}, then: "
                f"{retry_line(self.desired.owner)}",
            ),
        )

    def refresh(self, refresh: Refresh, at: datetime) -> TrainingPlan:
        """Train the inputs of a deprecated version anew: once it is due, and one at a time."""
        old = self.refreshes = refresh.of
        name = old.version.name
        plan = TrainingPlan()
        if refresh.stage is Stage.TRAINING and refresh.attempt is not None:
            plan = TrainingPlan(
                reconciling=Finding(Reason.TRAINING, f"{_trains(refresh.attempt)}: {name} anew, on the new base model")
            )
        elif refresh.stage is Stage.FAILED and refresh.attempt is not None:
            plan = self.failed(refresh.attempt)
            if plan.stalled is not None:
                until = f"AWS will stop serving version {name} {expires_when(old.version)}, and "
                message = f"{until}it could not be trained anew. {plan.stalled.message}"
                plan = replace(plan, stalled=Finding(plan.stalled.reason, message))
        elif must_ask(refresh, at):
            latest = parse_version_name(self.project.tags.get(t.LATEST, ""))
            known = latest.attempt if latest is not None and latest.digest == self.digest else 0
            next_name = refresh.name or self.next_name(at_least=known)
            plan = self.create(next_name, cause=f"refresh:{name}", since=f"AWS has a newer base model than {name}'s")
            if plan.create is not None and refresh.stage is Stage.PLANNED:
                plan = replace(plan, record=asked(refresh, next_name))
        first = in_the_way(self.desired, self.fleet) if plan.create is not None else None
        waits = f"Version {name} is trained anew for the new base model once the training of {first} has ended"
        return plan if first is None else TrainingPlan(reconciling=Finding(Reason.TRAINING, waits))

    def losses(self) -> list[t.LostVersion]:
        """Return the losses that still count; one dated ahead is by a wrong clock, and does not."""
        interval = self.policy.loss_interval_seconds
        recorded = t.read_losses(self.project.tags.get(t.LOST))
        return [loss for loss in recorded if 0 <= (self.now - loss.at).total_seconds() < interval]

    def confirm_loss(self, latest: VersionName, left: float, *, record: bool) -> TrainingPlan:
        """Write the loss down, and look again for a while before paying for another training."""
        return TrainingPlan(
            lost=str(latest),
            record=self.loss_record(latest) if record else None,
            reconciling=Finding(
                Reason.CONFIRMING_LOSS,
                f"Version {latest} is not listed by AWS any more; looking for it again before it is trained once more",
            ),
            requeue_seconds=left,
        )

    def loss_record(self, latest: VersionName) -> SetTags:
        losses = [t.LostVersion(str(latest), self.now), *self.losses()]
        return SetTags(self.project.arn, {t.LOST: t.losses_value(losses)})

    def rejected(self, newest: OwnVersion) -> TrainingPlan:
        """Train what the gates have rejected once more only where a person asks for it, though it has expired."""
        if self.token is not None:
            return self.create(self.next_name(), cause="retry")
        says = newest.rejected.says if newest.rejected is not None else ""
        return TrainingPlan(
            stalled=Finding(
                Reason.VERSION_REJECTED,
                f"Version {newest.version.name} has expired, and did not pass {clause(says)}. Correct the data and "
                f"change spec.training, or, to train the same inputs once more: {retry_line(self.desired.owner)}",
            )
        )

    def failed(self, newest: OwnVersion) -> TrainingPlan:
        if self.token is not None:
            return self.create(self.next_name(), cause="retry")
        faults = _faults(newest)
        if is_service_fault(newest.version.status_message) and faults < self.policy.service_fault_retries:
            seen = t.read_time(newest.version.tags.get(t.FAILED_SEEN))
            if seen is not None and seen > self.now:
                seen = None  # by a wrong clock: dated anew
            since = (self.now - seen).total_seconds() if seen is not None else 0.0
            left = self.policy.service_fault_delay_seconds * 2**faults - since
            if left > 0:
                return TrainingPlan(
                    reconciling=Finding(
                        Reason.RETRYING,
                        f"Training {newest.version.name} failed by a fault of the service "
                        f"({clause(newest.version.status_message or '')}); it is trained again soon, "
                        f"{faults + 1} of {self.policy.service_fault_retries} times",
                    ),
                    record=SetTags(newest.version.arn, {t.FAILED_SEEN: t.time_value(self.now)})
                    if seen is None
                    else None,
                    requeue_seconds=left,
                )
            return self.create(self.next_name(), cause=f"service-fault:{faults + 1}")
        return TrainingPlan(stalled=Finding(Reason.TRAINING_FAILED, self.failure_message(newest)))

    def failure_message(self, newest: OwnVersion) -> str:
        version = newest.version
        says = version.status_message or "AWS gives no message"
        where = (
            f" Line by line: s3://{version.manifest_summary.bucket}/{version.manifest_summary.name}."
            if version.manifest_summary is not None
            else ""
        )
        data = " and ".join(
            _url(manifest) for manifest in (*self.desired.inputs.training, *self.desired.inputs.testing)
        )
        return (
            f"Training {version.name} on {data} failed: {clause(says)}.{where} Correct the data"
            f"{'' if self.desired.follow is not None else ' and change spec.training'}, or, if the same inputs shall "
            f"be trained once more: {retry_line(self.desired.owner)}"
        )

    def create(
        self,
        name: VersionName,
        *,
        cause: str | None,
        lost: str | None = None,
        since: str | None = None,
    ) -> TrainingPlan:
        action = self.create_action(name, cause)
        held = self.has_datasets() or self.after_attempt(action)
        if held is not None:
            return TrainingPlan(
                reconciling=held.reconciling, stalled=held.stalled, requeue_seconds=held.requeue_seconds, lost=lost
            )
        return TrainingPlan(
            create=action,
            lost=lost,
            reconciling=Finding(
                Reason.TRAINING,
                f"Asking Rekognition to train version {name}" + (f", since {since}" if since is not None else ""),
            ),
        )

    def has_datasets(self) -> TrainingPlan | None:
        """Say that Rekognition will refuse manifests, where the project has datasets (API, CreateProjectVersion)."""
        datasets = self.project.datasets
        if not datasets or self.desired.feature is not Feature.CUSTOM_LABELS:
            return None
        arns = " and ".join(dataset.arn for dataset in datasets)
        return TrainingPlan(
            stalled=Finding(
                Reason.PROJECT_HAS_DATASETS,
                f"Project {self.project.name} has datasets, for instance because somebody opened it in the console: "
                "Rekognition then refuses to train on manifests. If nobody needs them, delete them (versions, "
                f"manifests and images stay): aws rekognition delete-dataset --dataset-arn, of {arns}; else create a "
                "resource with another spec.projectName",
            )
        )

    def create_action(self, name: VersionName, cause: str | None) -> CreateVersion:
        desired = self.desired
        tags = {**desired.tags, **t.owner_tags(desired.owner)}
        if cause is not None:
            tags[t.CAUSE] = cause
        if self.refreshes is not None:
            tags[t.REFRESH_OF] = refresh_tag(self.refreshes)
        if desired.annotations.retry is not None:
            tags[t.RETRY] = t.token_value(desired.annotations.retry)
        request = repr(
            (str(name), tags.get(t.RETRY), desired.output, desired.description, sorted(desired.tags.items()))
        )
        return CreateVersion(
            project_arn=self.project.arn,
            version_name=str(name),
            inputs=desired.inputs,
            output=desired.output,
            description=desired.description,
            tags=tags,
            listed=len(self.fleet.own) + len(self.fleet.foreign),
            request_key=hashlib.sha256(request.encode()).hexdigest()[:16],
        )

    def after_attempt(self, action: CreateVersion) -> TrainingPlan | None:
        """Say what an earlier, unsuccessful attempt at the very same request makes of this one; None: ask."""
        attempt = self.attempt
        if attempt is None or attempt.request_key != action.request_key:
            return None
        now = self.now.timestamp()
        again = self.policy.count_quota_retry_seconds
        if now < attempt.last_at:
            return None  # dated by a clock that was wrong; asking for the same name creates nothing twice
        if attempt.refused:
            if now - attempt.last_at >= again:
                return None
            return TrainingPlan(
                stalled=Finding(
                    Reason.TRAINING_REFUSED,
                    f"Rekognition refused to train version {action.version_name}: {clause(attempt.message)}. Check the "
                    f"buckets and keys in spec.training and spec.output (they must be in Region "
                    f"{self.desired.place.region}), kmsKeyID and description. It is asked again after a change, "
                    f"or every {again / 60:.0f} minutes",
                )
            )
        if attempt.code == ANSWER_LOST and now - attempt.last_at >= self.policy.confirm_create_seconds:
            return None  # the same name again: if the lost request had its effect, AWS answers ResourceInUse
        if now - attempt.first_at < self.policy.name_unavailable_seconds:
            return TrainingPlan(
                reconciling=Finding(
                    Reason.CONFIRMING_CREATE,
                    f"{_answer(attempt)} the training of version {action.version_name}, which it does not list yet; "
                    "looking for it again before anything is asked twice",
                ),
                requeue_seconds=min(self.policy.confirm_create_seconds, self.policy.moving_seconds),
            )
        if now - attempt.last_at >= again:
            return None
        return TrainingPlan(
            stalled=Finding(
                Reason.VERSION_NAME_UNAVAILABLE,
                f"Rekognition says that version name {action.version_name} is in use, yet has not listed such a "
                f"version for "
                f"{self.policy.name_unavailable_seconds / 60:.0f} minutes ({clause(attempt.message)}). Look at project "
                f"{self.project.name} in the AWS console; a small change in spec.training trains under another name",
            )
        )


def _url(manifest: ManifestRef) -> str:
    version = f" (version {manifest.version})" if manifest.version is not None else ""
    return f"s3://{manifest.bucket}/{manifest.name}{version}"


def _answer(attempt: CreateAttempt) -> str:
    if attempt.code == ANSWER_LOST:
        return f"Rekognition gave no clear answer ({clause(attempt.message)}) to"
    return f"Rekognition answered {attempt.code} to"


def _faults(newest: OwnVersion) -> int:
    """Return how many times in a row a service fault was answered by another training."""
    kind, _, count = newest.version.tags.get(t.CAUSE, "").partition(":")
    return int(count) if kind == "service-fault" and count.isdecimal() else 0
