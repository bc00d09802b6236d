"""Which versions of a model are started and stopped now, and when does the next one take over?

One version runs at a time. Under BlueGreen two do while one hands over to the next: the new one is started, promoted
once it runs, and the old one is stopped then. A version that fails to start never takes over.
"""

from dataclasses import dataclass, field

from rekognition_operator.api.conditions import Reason
from rekognition_operator.core import tags as t
from rekognition_operator.core.actions import SetTags, StartVersion, StopVersion
from rekognition_operator.core.decision import DriftItem, Finding
from rekognition_operator.core.serving_memory import (
    Mark,
    Why,
    idle_key,
    marker_tags,
    read_marker,
    read_stop,
    stop_tags,
    stopped_since,
)
from rekognition_operator.core.situation import Situation
from rekognition_operator.core.units import (
    in_words,
    most_units,
    runs_as_asked,
    units_of,
    units_wanted,
    usd_per_hour,
    wanted_usd_per_hour,
)
from rekognition_operator.core.versions import OwnVersion
from rekognition_operator.core.wording import clause, retry_line, usd
from rekognition_operator.core.world import VersionState

_STARTABLE = frozenset(
    {VersionState.TRAINING_COMPLETED, VersionState.STOPPED, VersionState.COPYING_COMPLETED, VersionState.FAILED}
)
"""States from which StartProjectVersion starts: the first two by AWS's samples, the others INFERRED."""
_WHY = {
    Reason.STOPPED: Why.SPEC,
    Reason.OUTSIDE_WINDOW: Why.SCHEDULE,
    Reason.IDLE: Why.IDLE,
    Reason.OVER_BUDGET: Why.BUDGET,
}

_REMEMBERED = frozenset({Why.IDLE, Why.UNITS, Why.ROLLOUT})
"""Why a version is stopped that spec and time do not tell once more."""


@dataclass
class Rollout:
    """What to start and stop, and what to say of it.

    ``answers`` are written after a start that AWS has accepted. ``announce``: say it before, since nothing answers for
    a while.
    """

    stops: list[StopVersion] = field(default_factory=list)
    starts: list[StartVersion] = field(default_factory=list)
    answers: list[SetTags] = field(default_factory=list)
    drift: list[DriftItem] = field(default_factory=list)
    reconciling: Finding | None = None
    stalled: Finding | None = None
    no_room: Finding | None = None
    announce: bool = False


def plan_rollout(situation: Situation) -> Rollout:
    """Decide what is started and stopped now."""
    planner = _Planner(situation)
    planner.plan()
    return planner.out


class _Planner:
    """The branches of the plan; each writes into ``out``."""

    def __init__(self, situation: Situation) -> None:
        self.now = situation
        self.out = Rollout()

    def plan(self) -> None:
        now = self.now
        if not now.intent.runs:
            self.stop_all()
        elif now.in_service is None or now.in_service == now.target:
            self.run_one(now.target)
        elif now.target is not None:
            self.hand_over(now.in_service, now.target)
        if now.intent.reason is Reason.OVER_BUDGET:
            self.out.stalled = now.refused
        if now.serving.problem is not None and now.intent.runs:
            self.out.stalled = now.refused
        if now.failed is not None and now.intent.runs and not self.out.starts and self.out.stalled is None:
            self.out.stalled = self.start_failed(now.failed)

    def stop_all(self) -> None:
        """Stop whatever runs: the model shall not."""
        for own in self.now.fleet.own:
            if own.occupies:
                self.stop(own, _WHY[self.now.intent.reason], self.now.intent.message)

    def run_one(self, own: OwnVersion | None) -> None:
        """Let one version run, and no other."""
        others = self.stop_others(own)
        if own is None:
            return
        version = own.version
        match version.state:
            case VersionState.RUNNING:
                self.keep_running(own)
            case VersionState.STARTING:
                self.out.reconciling = Finding(
                    Reason.STARTING,
                    f"Version {version.name} is starting with {in_words(units_of(version))}; that takes 10 to 20 "
                    f"minutes{self.away(own)}",
                )
            case VersionState.STOPPING:
                if not self.left_to_others(own, Mark.RUNNING.value, version.status):
                    self.out.reconciling = Finding(
                        Reason.STARTING, f"Version {version.name} is stopping; it is started once it has stopped"
                    )
            case state if state in _STARTABLE:
                if self.left_to_others(own, Mark.RUNNING.value, version.status):
                    return
                if others:
                    self.out.reconciling = Finding(
                        Reason.STARTING,
                        f"Version {version.name} is started once {' and '.join(others)} "
                        f"{'has' if len(others) == 1 else 'have'} stopped: no two run at once outside a hand-over",
                    )
                else:
                    self.start(own)
            case _:
                self.wait_for(own)

    def keep_running(self, own: OwnVersion) -> None:
        """Let a running version run, with the units that the spec asks for."""
        now = self.now
        if runs_as_asked(now.serving, own.version):
            return
        if now.refused is not None:
            self.out.stalled = now.refused
            return
        has, wants = units_of(own.version), units_wanted(now.serving)
        if not now.beyond_budget(own) and self.left_to_others(own, wants, has, path="spec.serving.minInferenceUnits"):
            return
        if self.restarted_in_vain(own, wants):
            self.out.stalled = Finding(
                Reason.SERVING_DRIFT,
                f"Version {own.version.name} was started with {in_words(wants)}, and AWS shows {has}: it is not "
                "stopped and started again for the same. Set spec.serving to what AWS shows, or stop it in AWS",
            )
            return
        if now.training and not now.beyond_budget(own):
            return  # the version in training is started with the new units; Ready says so
        message = (
            f"Version {own.version.name} runs with {in_words(has)}, and the spec asks for {wants}: AWS cannot change a "
            "running model, so it is stopped and started again, and answers nothing for 10 to 20 minutes"
        )
        if self.stop(own, Why.UNITS, message):
            self.out.reconciling = Finding(Reason.CHANGING_UNITS, message)
            self.out.announce = True

    def restarted_in_vain(self, own: OwnVersion, wants: str) -> bool:
        """Whether a version was stopped for these units and started with them, and shows others all the same."""
        marker, stop = read_marker(own.version), read_stop(own.version)
        if marker is None or stop is None or marker.mark is not Mark.STARTING or marker.units != wants:
            return False
        return stop.why is Why.UNITS and stop.at < marker.since  # else the stop is not done yet, or was refused

    def hand_over(self, old: OwnVersion, new: OwnVersion) -> None:
        """Let the next version take over from the one in service."""
        others = self.stop_others(old, new)
        name, old_name = new.version.name, old.version.name
        match new.version.state:
            case VersionState.STARTING:
                self.handing_over(f"Version {name} is starting; it takes over from {old_name} once it runs")
            case VersionState.RUNNING:
                verdict = self.now.proving.verdicts.get(new.version.arn)
                says = f": {clause(verdict.says)}" if verdict is not None and verdict.says else ""
                self.handing_over(f"Version {name} runs, and is proved before it takes over from {old_name}{says}")
            case VersionState.STOPPING:
                self.handing_over(f"Version {name} is stopping; it is started once it has stopped")
            case state if state not in _STARTABLE:
                self.wait_for(new)
            case _ if others:
                self.handing_over(f"Version {name} is started once {' and '.join(others)} stopped")
            case _ if not old.occupies:
                self.start(new)
            case _ if old.version.state is not VersionState.RUNNING:
                self.handing_over(f"Version {old_name} is {old.version.status}; {name} is started after that")
            case _ if self.now.serving.blue_green and not self.must_make_room(old):
                self.start(new, beside=old)
            case _ if self.now.refused is not None:
                self.out.stalled = self.now.refused
            case _:
                why = "rollout is Recreate" if not self.now.serving.blue_green else "budget does not allow its units"
                message = (
                    f"Version {old_name} is stopped to make room for {name} (spec.serving.{why}): nothing answers for "
                    "10 to 20 minutes"
                )
                if self.stop(old, Why.ROLLOUT, message):
                    self.handing_over(message)
                    self.out.announce = True

    def must_make_room(self, old: OwnVersion) -> bool:
        """Whether the old version has more units than the budget, or than the spec and the budget beside the next one.

        It would run on with them, beyond what the spec asks for, until somebody raises the budget.
        """
        now, limit = self.now, self.now.serving.max_usd_per_hour
        wanted = wanted_usd_per_hour(now.serving, now.price)
        crowded = limit is not None and usd_per_hour(now.fleet, now.price) + wanted > limit
        return now.beyond_budget(old) or (crowded and most_units(old.version) * now.price > wanted)

    def start(self, own: OwnVersion, *, beside: OwnVersion | None = None) -> None:
        """Start a version, within the budget."""
        now = self.now
        if now.refused is not None:
            self.out.stalled = now.refused
            return
        running, added = usd_per_hour(now.fleet, now.price), wanted_usd_per_hour(now.serving, now.price)
        limit = now.serving.max_usd_per_hour
        if limit is not None and running + added > limit:
            message = (
                f"Version {own.version.name} cannot start beside what runs: {usd(running)} + {usd(added)} an hour, and "
                f"spec.serving.budget.maxUSDPerHour is {limit:g}"
            )
            self.handing_over(message)
            self.out.no_room = Finding(
                Reason.BUDGET, f"{message}. Raise the budget, or set spec.serving.rollout: Recreate"
            )
            return
        units = units_wanted(now.serving)
        self.out.starts.append(
            StartVersion(
                arn=own.version.arn,
                project_arn=now.project.arn,
                version_name=own.version.name,
                min_units=now.serving.min_units,
                max_units=now.serving.max_units,
                tags=marker_tags(Mark.STARTING, units, now.at),
                rank=(0 if now.serving.schedule is None else 1, now.desired.created_at),
                hand_over=beside is not None,
            )
        )
        if own.start_failed:
            self.out.answers.append(self.tried_again(own))
        message = f"Starting version {own.version.name} with {in_words(units)}, {usd(added)} an hour"
        if beside is None:
            self.out.reconciling = Finding(Reason.STARTING, message + self.away(own))
        else:
            self.handing_over(f"{message}, beside {beside.version.name}, which serves until it runs")

    def tried_again(self, own: OwnVersion) -> SetTags:
        """Write down that a failed start was tried again: one that fails at once is not tried again at once."""
        tags, token = {t.FAILED_SEEN: t.time_value(self.now.at)}, self.now.desired.annotations.retry
        if self.now.retry and token is not None:
            tags[t.RETRY] = t.token_value(token)
        return SetTags(own.version.arn, tags)

    def stop_others(self, *kept: OwnVersion | None) -> list[str]:
        """Stop every running version but these; return the names of those that still take a running model."""
        names = []
        for own in self.now.fleet.own:
            if own not in kept and own.occupies:
                names.append(own.version.name)
                self.stop(own, Why.ROLLOUT, "It is not the version in service")
        return names

    def stop(self, own: OwnVersion, why: Why, message: str) -> bool:
        """Stop a version that runs; one that starts is stopped once it runs, since AWS can do so only then.

        False: it is left to others.
        """
        now, version = self.now, own.version
        if version.state is VersionState.STOPPING:
            self.out.reconciling = Finding(Reason.STOPPING, f"Version {version.name} is stopping. {message}")
        elif self.left_to_others(own, Mark.STOPPED.value, version.status):
            return False
        elif version.state is VersionState.STARTING:
            self.out.reconciling = Finding(
                Reason.STOPPING, f"Version {version.name} is starting; AWS can stop it only once it runs. {message}"
            )
        else:
            tags = stop_tags(why, now.at, idle_key(now.desired, now.serving) if why is Why.IDLE else "")
            matter = why in _REMEMBERED
            self.out.stops.append(StopVersion(version.arn, now.project.arn, version.name, tags, tags_matter=matter))
            self.out.reconciling = Finding(Reason.STOPPING, f"Stopping version {version.name}. {message}")
        return True

    def left_to_others(self, own: OwnVersion, wants: str, has: str, *, path: str = "spec.serving.state") -> bool:
        """Note it where others have changed a version since it was as the spec asks; True: it is left so."""
        now, marker = self.now, read_marker(own.version)
        if own.start_failed:
            return False
        if wants == Mark.STOPPED.value:
            theirs = marker is None or marker.mark is Mark.STOPPED  # the operator marks what it starts, before it does
        elif marker is None:
            theirs = False
        else:
            theirs = marker.mark is Mark.RUNNING and marker.units == units_wanted(now.serving)
            theirs = theirs and stopped_since(own.version, marker) is None
        if not theirs:
            return False
        where = path if own == now.active else f"versions[{own.version.name}].status"
        self.out.drift.append(DriftItem(where, wants, has, corrected=now.desired.correct_drift))
        if now.desired.correct_drift:
            return False
        cost = f", and costs {usd(usd_per_hour(now.fleet, now.price))} an hour" if own.occupies else ""
        is_ = f"it is {has}" if has == own.version.status else f"it runs with {in_words(has)}"
        self.out.stalled = Finding(
            Reason.SERVING_DRIFT,
            f"Others have changed version {own.version.name} in AWS: {is_}{cost}, and the spec asks for {wants}. "
            "driftPolicy is Report, so it is left so. Put it right in AWS, or set spec.driftPolicy: Correct",
        )
        return True

    def handing_over(self, message: str) -> None:
        """Say that one version is about to take over from another."""
        self.out.reconciling = Finding(Reason.HANDING_OVER, message)

    def wait_for(self, own: OwnVersion) -> None:
        """Say that AWS moves the version."""
        self.out.reconciling = Finding(
            Reason.PROGRESSING, f"Version {own.version.name} is {own.version.status} in AWS; waiting for it to change"
        )

    def away(self, own: OwnVersion) -> str:
        """Say since when nothing answers, where the operator has taken the model away."""
        stop = read_stop(own.version)
        if own != self.now.active or stop is None or stop.why not in {Why.ROLLOUT, Why.UNITS}:
            return ""
        return f". Nothing has answered since {stop.at:%H:%M} UTC"

    def start_failed(self, own: OwnVersion) -> Finding:
        """Say that a version fails to run, and what comes of it."""
        active = self.now.active
        says = clause(own.version.status_message or "AWS gives no message")
        if active is None:
            then = f"It is started again every {self.now.policy.start_retry_seconds / 60:.0f} minutes; to do so now"
        else:
            then = f"Version {active.version.name} serves. To start it once more"
        return Finding(
            Reason.START_FAILED,
            f"Version {own.version.name} failed to run: {says}. {then}: {retry_line(self.now.desired.owner)}",
        )
