"""What must hold of a model, whatever happens to it and whenever?"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from fakes.excess import Ledger, Over
from fakes.model_moves import ModelMoves
from fakes.model_world import OCCUPYING, POLICY, TRAINED, most_of, units_of
from fakes.proving_oracle import Oracle, Word, read_word
from fakes.proving_records import Records
from fakes.rekognition import VersionRecord
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.controller.backoff import JITTER
from rekognition_operator.controller.queue import Requeue
from rekognition_operator.core import tags as t
from rekognition_operator.core.inputs import parse_version_name
from rekognition_operator.core.world import ObservedVersion, VersionState
from rekognition_operator.kube.resource import Resource

SLACK_SECONDS: Final = 10.0
"""For the few passes a second apart that one look may take."""
SWEEP_BOUND: Final = POLICY.sweep_seconds * (1 + JITTER) + SLACK_SECONDS
MOVING_BOUND: Final = POLICY.moving_seconds * (1 + JITTER) + SLACK_SECONDS
SETTLED: Final = timedelta(minutes=45)
"""Longer than all that the operator does by itself after a time: a failed start is tried again after 30 minutes."""
MAX_SETTLING_PASSES: Final = 400


class ModelSimulation(ModelMoves):
    """A model's world, with the checks: of each start and stop, of each stretch of time, and of what it settles in."""

    def __init__(self, start: datetime, *, lose_status_before_every_pass: bool = False) -> None:
        self.ledger = Ledger()
        super().__init__(start, lose_status_before_every_pass=lose_status_before_every_pass)
        self.oracle = Oracle(self.aws, self.usable, self._is_ours, self._is_wanted_now, {}, must_answer=True)
        self.records = Records(self.oracle)

    def _is_ours(self, version: ObservedVersion) -> bool:
        return version.arn not in self.foreign

    def _is_wanted_now(self, version: ObservedVersion, word: Word) -> bool:
        del word
        return self._is_wanted(version.name)

    # --- of each pass -----------------------------------------------------------------------------------------------

    def run_pass(self, lane: Lane = Lane.CHANGE) -> Requeue | None:
        self.records.begin([self.word])
        requeue = super().run_pass(lane)
        if requeue is not None and not self.moved and not self.aws.refusals and not self.asked.reports:
            for arn in self.records.rejected:
                version = self.aws.version(arn)
                assert version.status != VersionState.RUNNING, f"{version.name} is rejected, and runs on"
        return requeue

    @property
    def word(self) -> Word:
        """What the resource says now of who may serve."""
        resource = self.kube.read(self.key)
        assert resource is not None
        return read_word(resource)

    def _watch(self, change: str, resource: Resource) -> None:
        super()._watch(change, resource)
        self.records.words.append(read_word(resource))

    def tagged(self, arn: str, tags: Mapping[str, str]) -> None:
        self.records.check(arn, tags)

    # --- of each stretch of time ------------------------------------------------------------------------------------

    def account(self, seconds: float) -> None:
        self.ledger.pass_time(self.now, seconds, self._excess())

    def _excess(self) -> dict[str, Over]:
        """Say by how much more runs now than the spec allows."""
        asked, running = self.asked, [v for v in self.own if v.status == VersionState.RUNNING]
        total = sum(map(most_of, running))
        over: dict[str, Over] = {}
        if not running:
            return over
        if not self.may_run():
            over["hours"] = Over(total, self._excused(running), SWEEP_BOUND, "it runs, and shall not")
        elif total > asked.paid:
            over["budget"] = Over(total - asked.paid, self._excused(running), SWEEP_BOUND, f"{total} units run")
        most = max(map(most_of, running))
        if self.may_run() and not asked.refused and most > asked.most:
            excuse = self._excused(running) or self._next_one_comes()
            over["units"] = Over(most - asked.most, excuse, SWEEP_BOUND, f"{most} units run for {asked.most}")
        word = self.word
        unproved = [v for v in running if v.name != word.pin and (t.PROMOTED_AT not in v.tags or t.BY_PIN in v.tags)]
        if unproved:
            bound = SWEEP_BOUND if any(self.life(v.arn).by_person for v in unproved) else MOVING_BOUND
            what = f"{unproved[0].name} runs, and does not serve"
            over["unproved"] = Over(sum(map(most_of, unproved)), self._excused(running), bound, what)
        if len(running) > 1:
            hands_over = not any(self.life(v.arn).by_person for v in running)
            bound = MOVING_BOUND if hands_over else SWEEP_BOUND
            over["two"] = Over(total - most, self._excused(running), bound, "two versions run")
        return over

    def _excused(self, running: list[VersionRecord]) -> str | None:
        asked = self.asked
        if self.down_until is not None:
            return "the operator is down"
        if self.in_pass:
            return "a pass lasts"
        if asked.suspended:
            return "suspended"
        if asked.reports and any(self.life(v.arn).by_person for v in running):
            return "started by a person, and driftPolicy is Report"
        if self.now < self.denied_until:
            return "AWS denied it"
        return self.excuse

    def _next_one_comes(self) -> str | None:
        """Say why a version is not restarted with fewer units: mostly since the next one is about to take over."""
        wanted = [v for v in self.own if self._is_wanted(v.name)]
        if any(v.status == VersionState.RUNNING and self.life(v.arn).raced for v in self.own):
            return "started by a person and by the operator at once"
        if not any(v.status in OCCUPYING | TRAINED | {VersionState.FAILED, "TRAINING_FAILED"} for v in wanted):
            return "the next version is being trained"
        if any(v.status == VersionState.STARTING for v in self.own):
            return "the next version starts"
        if any(v.status in TRAINED for v in wanted) and self._occupied() >= self.aws.max_running_models:
            return "the account runs no more models"
        return None

    def _is_wanted(self, name: str) -> bool:
        parsed = parse_version_name(name)
        return parsed is not None and parsed.digest == self.wanted_now

    def _occupied(self) -> int:
        return sum(v.status in OCCUPYING for v in self.aws.versions)

    # --- of each start and stop -------------------------------------------------------------------------------------

    def _listed(self, *, but: str) -> list[ObservedVersion]:
        """Return what the operator saw of our other versions that take one of the account's running models."""
        listed = self.aws.last_listing
        return [v for v in listed if v.state in OCCUPYING and v.arn not in self.foreign and v.arn != but]

    def started(self, arn: str) -> None:
        asked, version = self.spec_read, self.aws.version(arn)
        asleep = self.sleep is not None and not self.sleep.edited
        assert arn not in self.foreign
        assert not asked.suspended
        assert asked.open_at(self.aws.looked_at), f"{version.name} is started, and shall not run"
        assert not asleep, f"{version.name} is started, and nobody uses it"
        assert units_of(version) == asked.units
        others = self._listed(but=arn)
        if others:
            assert [v.state for v in others] == [VersionState.RUNNING], f"{version.name} is started beside {others}"
            assert asked.blue_green, f"{version.name} is started beside {others}, and rollout is Recreate"
        units = most_of(version) + sum(v.max_inference_units or v.min_inference_units or 1 for v in others)
        assert units <= asked.paid, f"{units} units are started, and {asked.paid} are paid for"
        assert not (asked.reports and self.life(arn).left_stopped), f"{version.name} was stopped by a person"
        seen = self.aws.seen[arn]
        assert any(self._may_run_to_be_proved(seen, word) for word in self.records.words), (
            f"{version.name} is started, and may not serve by {self.records.words[-1]}"
        )

    def _may_run_to_be_proved(self, version: ObservedVersion, word: Word) -> bool:
        """Whether a version may be in service, or may turn out to once it runs."""
        if word.pin == version.name:
            return True
        if self.oracle.rejected(version, word) or version.arn in self.records.rejected:
            return False
        if self.oracle.has_served(version, word):
            return True
        if self.oracle.proved(version, word) and not self.oracle.is_let_in(version, word):
            return False
        return self.oracle.passes_unasked(version, word)

    def stopped(self, arn: str) -> None:
        asked, version, life = self.spec_read, self.aws.version(arn), self.life(arn)
        assert arn not in self.foreign
        assert not asked.suspended
        assert not (asked.reports and life.left_running), f"{version.name} was started by a person"
        others = self._listed(but=arn)
        # One that has failed to start is started once more upon a person's word.
        may_take_over = TRAINED | {VersionState.FAILED} if self.causes.tokens else TRAINED
        next_one = any(
            v.arn != arn and v.state in may_take_over and self._is_wanted(v.name) for v in self.aws.last_listing
        )
        assert (
            not asked.open_at(self.aws.looked_at)
            or not self.may_run()
            or self.may_sleep(self.key_read)
            or others
            or next_one
            or not any(self._may_run_to_be_proved(self.aws.seen[arn], word) for word in self.records.words)
            or any(word.pin not in (None, version.name) for word in self.records.words)
            or any(word.manual and not self.oracle.has_served(self.aws.seen[arn], word) for word in self.records.words)
            or units_of(version) != asked.units
            or most_of(version) > asked.paid
        ), f"{version.name} is stopped needlessly"

    def fell_asleep(self, arn: str, at: datetime) -> None:
        asked = self.spec_read
        if self.may_sleep(self.key_read):
            return
        assert asked.idle_after is not None
        assert at - self.used_at >= asked.idle_after, f"{arn} was used at {self.used_at}"
        seen = [run for run in self.aws.meter.runs if run.ended_at is None or run.ended_at >= self.aws.looked_at]
        began = min(run.began_at for run in seen if run.ran[0] == self.project_name)
        assert at - began >= asked.idle_after, f"{arn} runs since {began} only"

    # --- of what it settles in --------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Let all faults end and others stop their models; then let the operator run until nothing changes any more."""
        self.pending, self.crash_at = [], None
        self.aws.clear_faults()
        self.aws._doom, self.training_fails = None, False
        for version in self.aws.versions:
            if version.arn in self.foreign and version.status in OCCUPYING:
                self.aws.set_status(version.arn, VersionState.STOPPED)
        self.come_up()  # also stands for the tag sweep: what others did to tags is seen by now
        quiet_since = self.now
        for _ in range(MAX_SETTLING_PASSES):
            moves = any(v.status in (*OCCUPYING, "TRAINING_IN_PROGRESS", "DELETING") for v in self.own)
            moves = moves and any(v.status not in (*TRAINED, "RUNNING", "FAILED", "TRAINING_FAILED") for v in self.own)
            if not self._sweep() or moves:
                quiet_since = self.now
            elif self.now - quiet_since >= SETTLED:
                return
        raise AssertionError(f"it does not settle: {self.aws.effects[-5:]}, {self.status()}")

    def _sweep(self) -> bool:
        """Let time go by until the next pass, and run it; return whether it was quiet, but for the hours."""
        effects = len(self.aws.effects)
        self.let_time_pass(max(0.0, (self.due_at - self.now).total_seconds()))
        self.next_pass()
        told = [call.patch for call in self.writes_of_this_pass()]
        only_hours = all(isinstance(patch, dict) and set(patch) == {"serving"} for patch in told)
        return only_hours and len(self.aws.effects) == effects and not self.aws.refusals

    def check_settled(self) -> None:
        """See that a model that shall run and can does, with the units that the spec asks for; and else none."""
        asked, own = self.asked, self.own
        running = [v for v in own if v.status == VersionState.RUNNING]
        if asked.suspended or (asked.reports and self.hands_on):
            return
        if not self.may_run():
            assert not running, f"{running} run"
            return
        if self.may_sleep():
            return
        if asked.refused:
            assert sum(map(most_of, running)) <= asked.paid
            return
        can = [v for v in own if v.status in OCCUPYING | TRAINED | {VersionState.FAILED} and self._may_yet_serve(v)]
        if not can:
            assert not running, f"{running} run, and none may serve by {self.word}"
            return
        assert len(running) == 1, f"of {[(v.name, v.status) for v in own]}, for {asked}: {self.status().conditions}"
        newest = [v for v in can if self._is_wanted(v.name)][-1:] if self.word.pin is None else []
        newest = [v for v in can if v.name == self.word.pin] or newest
        if newest and newest[0].status in OCCUPYING | TRAINED and newest != running:
            told = {condition.type for condition in self.status().conditions or ()}
            assert "NoRoomForBlueGreen" in told, f"{running[0].name} runs, and {newest[0].name} shall by {self.word}"
            return
        assert units_of(running[0]) == asked.units or self.life(running[0].arn).raced

    def _may_yet_serve(self, version: VersionRecord) -> bool:
        """Whether a version serves, or would be put into service once it runs, as all is now."""
        word, seen = self.word, self.aws.seen.get(version.arn)
        if seen is None or version.name == word.pin:
            return seen is not None
        if not self._may_run_to_be_proved(seen, word):
            return False
        if self.oracle.has_served(seen, word):
            return True
        if not self.oracle.is_let_in(seen, word):
            return False
        return self.oracle.proved(seen, word) or not (word.images and "HeadObject" in self.aws.lasting)

    def check_quiet(self) -> None:
        """See that what is settled is quiet: no call that changes anything, and no write but that of hours."""
        for _ in range(4):
            before, month = (self.may_run(), self.asked.open_at(self.now)), self.now.month
            quiet = self._sweep()
            if (self.may_run(), self.asked.open_at(self.now)) != before:
                return  # a window has begun or ended, or it is idle by now
            wrote = self.writes_of_this_pass()
            if self.others is not None and self.asked.idle_after is not None:
                return  # that another model ran, too, is no longer told of when it is long ago
            assert quiet, f"{self.aws.effects[-3:]}, {wrote}"
            runs = any(v.status == VersionState.RUNNING for v in self.own)
            assert not wrote or runs or self.now.month != month, wrote
