"""How do hours and days go by for a model, and what may run by then?

Time passes by itself: AWS starts a model in 10 to 20 minutes, stops it in 5 and trains one in 30 to 90; the operator's
passes are when it asked for them, jittered, or at once upon an edit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final

from fakes.proving_account import ProvingAccount
from fakes.rekognition import VersionRecord
from fakes.simulation import CLUSTER, Simulation
from fakes.what_may_run import Asked, next_step, read_asked
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.aws.hindrance import DENIED_RETRY_SECONDS
from rekognition_operator.controller.backoff import JITTER
from rekognition_operator.controller.intake import lane_of
from rekognition_operator.core import tags as t
from rekognition_operator.core.decision import Policy
from rekognition_operator.core.detected import S3Image
from rekognition_operator.core.inputs import ManifestRef, TrainingInputs, digests
from rekognition_operator.core.world import ObservedVersion, ProjectStatus, VersionState
from rekognition_operator.kube.resource import Resource, ResourceKey

POLICY: Final = Policy(moving_seconds=300.0, sweep_seconds=7200.0)
"""Slower than the default, so that a month has fewer passes; the bounds are in these times, so they say as much."""

OCCUPYING: Final = frozenset({VersionState.STARTING, VersionState.RUNNING, VersionState.STOPPING})
TRAINED: Final = frozenset({VersionState.TRAINING_COMPLETED, VersionState.STOPPED})
GOOD_F1: Final = 0.9
MANIFESTS: Final = ("a", "b", "c")
DOWN_HOURS: Final = (0, 1, 7, 40)


BOARD: Final = S3Image("acme-ml", "probes/board.jpg")
BAD_LABEL: Final = "Scratch"
IMAGE_LOST: Final = (ErrorKind.INVALID, "InvalidS3ObjectException")
"""How a detection ends where the image is not there."""


class WatchedModels(ProvingAccount):
    """Tells of each start, stop and answer of the operator's as it takes effect."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now, BAD_LABEL)
        self.looked_at = now()
        self.on_start: Callable[[str], None] = lambda _: None
        self.on_stop: Callable[[str], None] = lambda _: None
        self.on_answer: Callable[[], None] = lambda: None

    async def describe_versions(self, project_arn: str, *, lane: Lane) -> tuple[ObservedVersion, ...]:
        listed = await super().describe_versions(project_arn, lane=lane)
        self.looked_at = self._now()
        return listed

    def _start_version(self, arn: str, min_units: int, max_units: int | None) -> None:
        super()._start_version(arn, min_units, max_units)
        self.on_start(arn)

    def _stop_version(self, arn: str) -> None:
        super()._stop_version(arn)
        self.on_stop(arn)

    def add_requests(self, count: float = 1, at: datetime | None = None) -> None:
        super().add_requests(count, at)
        self.on_answer()


def units_of(version: VersionRecord) -> tuple[int, int | None]:
    """Return the inference units, as StartProjectVersion took them."""
    return version.min_inference_units or 1, version.max_inference_units


def _tells_of_image(error: CallError) -> bool:
    return error.code == IMAGE_LOST[1] or (error.operation == "HeadObject" and error.kind is ErrorKind.NOT_FOUND)


def most_of(version: VersionRecord) -> int:
    """Return how many units a version may run with."""
    return version.max_inference_units or version.min_inference_units or 1


@dataclass
class Life:
    """What happened to one of our versions since it was last started or stopped by the operator."""

    by_person: bool = False
    seen_running: datetime | None = None
    """When a pass that had nothing to do first saw it run as asked: from then on it may count as idle."""
    seen_stopped: bool = False
    """A pass that had nothing to do saw it stopped, as asked."""
    left_running: bool = False
    """Started by a person against the spec: under Report it must not be stopped."""
    left_stopped: bool = False
    raced: bool = False
    """Started by a person in the middle of a pass, which may have written down that it starts it itself: its units are
    then taken for AWS's own choice, and Stalled says so. A known limit: nothing in AWS tells who has started it."""


@dataclass
class Sleep:
    """The operator has stopped the version in service since nobody used it, under this spec.

    It ends when a version is put into service or started, when a window begins, or the spec.serving is another one.
    """

    key: str
    edited: bool = False
    """The spec has been another one since, if only for a moment: it may run again."""
    woken: bool = False
    """The operator has seen state Stopped since: it shall run again once it is Running."""


class ModelWorld(Simulation):
    """A CustomLabelsModel, and what bills."""

    key: ClassVar[ResourceKey] = ResourceKey("CustomLabelsModel", "vision", "boards")
    project_name: ClassVar[str] = f"{CLUSTER}.vision.boards"
    usable: ClassVar[frozenset[VersionState]] = OCCUPYING | TRAINED
    fallible: ClassVar[tuple[str, ...]] = (
        "StopProjectVersion",
        "StartProjectVersion",
        "TagResource",
        "DescribeProjectVersions",
        "ListTagsForResource",
        "GetMetricData",
        "CreateProjectVersion",
        "DetectCustomLabels",
    )

    aws: WatchedModels

    def __init__(self, start: datetime, *, lose_status_before_every_pass: bool = False) -> None:
        self.due_at = start
        self.lane = Lane.CHANGE
        self.down_until: datetime | None = None
        self.down_hours = 0
        self.passes = 0
        self.drawn = 0
        self.moved = False
        self.in_pass = False
        self.excuse: str | None = None
        self.denied_until = start
        self.due: dict[tuple[str, str], datetime] = {}
        self.lives: dict[str, Life] = {}
        self.edits = 0
        self.in_service: str | None = None
        self.sleep: Sleep | None = None
        self.wake = ""
        self.traffic = False
        self.used_at = start
        self.training_fails = False
        self.f1_score = GOOD_F1
        """What the next trainings come to."""
        self.hands_on = False
        self._asked: tuple[object, Asked] | None = None
        self.others: str | None = None
        super().__init__(
            {
                "training": self.training(0),
                "output": {"bucket": "acme-ml", "prefix": "out/"},
                "serving": {"state": "Running"},
            },
            start,
            policy=POLICY,
            lose_status_before_every_pass=lose_status_before_every_pass,
        )
        self.spec_read, self.key_read, self.edits_read = self.asked, self.serving_key(), self.edits
        self.aws.on_start, self.aws.on_stop, self.aws.on_tags = self._started, self._stopped, self._tagged
        self.aws.on_answer = self._answered
        self.aws.objects.put(BOARD.bucket, BOARD.name, b"an image")

    def make_aws(self) -> WatchedModels:
        return WatchedModels(lambda: self.now)

    @property
    def asked(self) -> Asked:
        """What the spec asks for now."""
        if self._asked is None or self._asked[0] is not self.spec:
            self._asked = (self.spec, read_asked(self.spec))
        return self._asked[1]

    @property
    def own(self) -> list[VersionRecord]:
        """Our versions."""
        return [v for v in self.aws.versions if v.arn not in self.foreign]

    def life(self, arn: str) -> Life:
        return self.lives.setdefault(arn, Life())

    # --- the operator -----------------------------------------------------------------------------------------------

    def draw(self) -> float:
        self.passes += 1
        return self.passes * 0.618034 % 1

    def _watch(self, change: str, resource: Resource) -> None:
        known = self.cache.get(resource.key)
        super()._watch(change, resource)
        if known is not None and known.asked != resource.asked and self.down_until is None:
            self.due_at, self.lane = self.now, Lane.CHANGE

    def live(self, seconds: float) -> None:
        """Let time go by, with all that happens by itself."""
        end = self.now + timedelta(seconds=seconds)
        while (next_at := self.down_until or self.due_at) <= end:
            self.let_time_pass(max(0.0, (next_at - self.now).total_seconds()))
            if self.down_until is not None:
                self.come_up()
            self.next_pass()
        self.let_time_pass((end - self.now).total_seconds())

    def come_up(self) -> None:
        """Let the operator come up again."""
        self.down_until = None
        self.start_operator()
        resource = self.kube.read(self.key)
        assert resource is not None
        self.due_at, self.lane = self.now, lane_of(resource)

    def next_pass(self) -> None:
        """Run the pass that is due."""
        self.answer_requests()
        effects = len(self.aws.effects)
        lane, self.due_at = self.lane, datetime.max.replace(tzinfo=UTC)
        self.moved, self.in_pass = False, True
        try:
            requeue = self.run_pass(lane)
        finally:
            self.in_pass = False
        if requeue is None:
            self.down_until, self.excuse = self.now + timedelta(hours=DOWN_HOURS[self.down_hours % 4]), None
            return
        assert requeue.after_seconds is not None
        assert requeue.after_seconds <= self.policy.sweep_seconds * (1 + JITTER)
        due_at = self.now + timedelta(seconds=requeue.after_seconds)
        if due_at < self.due_at:
            self.due_at, self.lane = due_at, requeue.lane
        # That an image is not there is the world's, and no fault that excuses anything.
        self.aws.refusals = [error for error in self.aws.refusals if not _tells_of_image(error)]
        if any(error.kind is ErrorKind.ACCESS_DENIED for error in self.aws.refusals):
            self.denied_until = self.now + timedelta(seconds=DENIED_RETRY_SECONDS)
        unsettled = requeue.after_seconds < self.policy.sweep_seconds * (1 - JITTER)
        self.excuse = "AWS refused" if self.aws.refusals else "others moved it" if self.moved and unsettled else None
        clean = self.aws.looked and not self.aws.refusals and not self.moved
        if clean and effects == len(self.aws.effects):
            self._seen()

    def _between_calls(self, operation: str) -> None:
        self.moved = self.moved or any(move.at_call <= self.calls + 1 for move in self.pending)
        super()._between_calls(operation)
        if operation == "get":
            self.spec_read, self.key_read, self.edits_read = self.asked, self.serving_key(), self.edits

    def answer_requests(self) -> None:
        """Let running models have answered somebody until now, where there are any requests."""
        if self.traffic:
            self.used_at = self.now
            self.aws.meter._requests.clear()
            self.aws.add_requests(at=self.now - timedelta(seconds=1))

    def _answered(self) -> None:
        """Note that a model has answered somebody, if only the operator: AWS cannot tell."""
        self.used_at = self.now

    def _seen(self) -> None:
        """Note what a pass without anything to do has seen."""
        asked = self.asked
        if self.sleep is not None and not asked.running:
            self.sleep.woken = True
        occupying = [v for v in self.own if v.status in OCCUPYING]
        if asked.suspended or len(occupying) > 1:
            return
        if self.may_run() and [v.status for v in occupying] == [VersionState.RUNNING]:
            life = self.life(occupying[0].arn)
            if life.seen_running is None and units_of(occupying[0]) == asked.units:
                life.seen_running = self.now
        if not self.may_run() and not occupying:
            resource = self.kube.read(self.key)
            active = resource.status.get("active") if resource is not None else None
            if isinstance(active, dict):
                self.life(str(active["arn"])).seen_stopped = True

    # --- what may run -----------------------------------------------------------------------------------------------

    def may_run(self) -> bool:
        """Whether a model may run now: by state and schedule, and it neither sleeps nor is idle."""
        asleep = self.sleep is not None and not self.sleep.edited
        idle_from = self._idle_from()
        return self.asked.open_at(self.now) and not asleep and not (idle_from is not None and idle_from <= self.now)

    def may_sleep(self, key: str | None = None) -> bool:
        """Whether the operator may take it for asleep, now or under another spec: it has seen none since."""
        return self.sleep is not None and self.sleep.key == (key or self.serving_key()) and not self.sleep.woken

    # --- time -------------------------------------------------------------------------------------------------------

    def let_time_pass(self, seconds: float) -> None:
        """Let time go by without a pass: AWS finishes what it does, and what runs is billed."""
        end = self.now + timedelta(seconds=seconds)
        while self.now < end:
            self._note_moving()
            was_open = self.asked.in_window(self.now)
            until = min([end, next_step(self.now), *self.due.values(), *self._idle_moments()])
            until = max(until, self.now + timedelta(milliseconds=1))
            self.account((until - self.now).total_seconds())
            self.now = until
            for (arn, status), at in list(self.due.items()):
                if at <= self.now:
                    del self.due[arn, status]
                    self._finish(arn, status)
            if not was_open and self.asked.in_window(self.now):
                self.sleep = None
            self._forget_left()

    def _note_moving(self) -> None:
        """Give what has begun to move an end."""
        moving = [(p.arn, p.status.value) for p in self.aws.projects] + [(v.arn, v.status) for v in self.aws.versions]
        for arn, status in moving:
            if (arn, status) not in self.due and (seconds := self._seconds(status)):
                self.drawn += 1
                self.due[arn, status] = self.now + timedelta(seconds=seconds)
        for key in self.due.keys() - set(moving):
            del self.due[key]

    def _seconds(self, status: str) -> float:
        match status:
            case VersionState.STARTING:
                return 600 + self.drawn * 277 % 601
            case VersionState.STOPPING:
                return 300
            case VersionState.TRAINING_IN_PROGRESS:
                return 1800 + self.drawn * 1777 % 3601
            case VersionState.DELETING | ProjectStatus.CREATING:
                return 60
            case _:
                return 0

    def _finish(self, arn: str, status: str) -> None:
        match status:
            case ProjectStatus.CREATING:
                self.aws.project(arn).status = ProjectStatus.CREATED
            case VersionState.STARTING:
                self.aws.finish_start(arn)
            case VersionState.STOPPING:
                self.aws.finish_stop(arn)
            case VersionState.TRAINING_IN_PROGRESS if self.training_fails:
                self.training_fails = False
                self.aws.fail(arn, "The manifest file is empty.")
            case VersionState.TRAINING_IN_PROGRESS:
                self.aws.complete(arn, f1_score=self.f1_score)
            case VersionState.DELETING:
                self.count_gone(lambda: self.aws.vanish_version(arn))

    def _idle_moments(self) -> list[datetime]:
        moment = self._idle_from()
        return [moment] if moment is not None and moment > self.now else []

    def _idle_from(self) -> datetime | None:
        """Return the moment from which the model that runs counts as idle."""
        running = [v for v in self.own if v.status == VersionState.RUNNING]
        if self.asked.idle_after is None or len(running) != 1 or self.traffic:
            return None
        seen = self.life(running[0].arn).seen_running
        lag = timedelta(seconds=self.policy.metrics_lag_seconds)
        return None if seen is None else max(seen, self.used_at) + self.asked.idle_after + lag

    def _forget_left(self) -> None:
        """Forget what a person left against the spec, where the spec asks for just that by now."""
        may_run = self.may_run()
        for life in self.lives.values():
            if may_run:
                life.left_running = life.seen_stopped = False
            else:
                life.left_stopped = False

    # --- the spec ---------------------------------------------------------------------------------------------------

    def edit(self, **fields: object) -> None:
        super().edit(**fields)
        self.edited(counts=bool(fields.keys() & {"training", "serving"}))

    def edited(self, *, counts: bool = True) -> None:
        """Note that the spec is another one; ``counts``: what it asks of serving, too."""
        self.edits += counts
        for life in self.lives.values():
            life.left_stopped = False
        self._forget_left()
        if self.sleep is not None and counts:
            self.sleep.edited = True

    def serving_key(self) -> str:
        """Return what an idle stop holds for."""
        return repr((replace(self.asked, running=True, suspended=False, reports=False), self.wake))

    def training(self, number: int) -> dict[str, object]:
        """Return one of the three spec.training that there are."""
        return {"trainingData": {"manifests": [{"bucket": "acme-ml", "name": MANIFESTS[number % 3]}]}}

    def wanted(self, number: int) -> str:
        return digests(TrainingInputs((ManifestRef("acme-ml", MANIFESTS[number % 3]),)))[0]

    @property
    def wanted_now(self) -> str:
        """The digest of the spec's inputs."""
        return next(self.wanted(number) for number in range(3) if self.spec["training"] == self.training(number))

    # --- what the checks add ----------------------------------------------------------------------------------------

    def account(self, seconds: float) -> None:
        """Account for a time in which nothing changes."""

    def started(self, arn: str) -> None:
        """Check a start of the operator's."""

    def stopped(self, arn: str) -> None:
        """Check a stop of the operator's."""

    def tagged(self, arn: str, tags: Mapping[str, str]) -> None:
        """Check what the operator writes down of a version."""

    def fell_asleep(self, arn: str, at: datetime) -> None:
        """Check that the operator stops a model since nobody uses it."""

    def _started(self, arn: str) -> None:
        self.started(arn)
        self.lives[arn] = Life()
        self.sleep = None

    def _stopped(self, arn: str) -> None:
        self.stopped(arn)
        self.life(arn).seen_running = None

    def _tagged(self, arn: str, tags: Mapping[str, str]) -> None:
        self.tagged(arn, tags)
        why, _, rest = tags.get(t.STOPPED_BY, "").partition(" ")
        if why == "idle":
            self.fell_asleep(arn, datetime.fromisoformat(rest.partition(" ")[0]))
            if arn == self.in_service:
                self.sleep = Sleep(self.key_read, edited=self.edits != self.edits_read)
        if why:
            self.life(arn).seen_running = None
        if t.PROMOTED_AT in tags:
            self.sleep, self.in_service = None, arn
