"""What must hold of who serves, whatever happens to an adapter and whenever?"""

from typing import Final

from fakes.kube import Call
from fakes.proving_oracle import Oracle, Word, read_word
from fakes.proving_records import Records
from fakes.proving_world import ProvingWorld
from rekognition_operator.aws.gateway import Lane
from rekognition_operator.controller.queue import Requeue
from rekognition_operator.core import tags as t
from rekognition_operator.core.inputs import digests, parse_version_name
from rekognition_operator.core.world import ObservedVersion
from rekognition_operator.kube.resource import Resource

QUIET_PASSES: Final = 3
MAX_QUIETING_PASSES: Final = 10


class ProvingSimulation(ProvingWorld):
    """The world of an adapter, with the checks: of each write, of each pass that nothing hindered, and in the end."""

    def __init__(self, *, lose_status_before_every_pass: bool = False, auto_update: bool = False) -> None:
        self.lane = Lane.CHANGE
        self.moved = False
        """Whether anything happened during the pass."""
        self.effects_before = 0
        super().__init__(lose_status_before_every_pass=lose_status_before_every_pass, auto_update=auto_update)
        self.oracle = Oracle(self.aws, self.usable, self._is_ours, self._is_wanted, self.mistakes)
        self.records = Records(self.oracle)
        self.aws.on_tags = self.records.check

    # --- the operator -----------------------------------------------------------------------------------------------

    def start_operator(self) -> None:
        super().start_operator()
        self.lane = Lane.CHANGE

    def _watch(self, change: str, resource: Resource) -> None:
        known = self.cache.get(resource.key)
        super()._watch(change, resource)
        if known is None or known.asked != resource.asked:
            self.lane = Lane.CHANGE
        self.records.words.append(read_word(resource))

    def next_pass(self) -> float | None:
        requeue = self.run_pass(self.lane)
        if requeue is None:
            self.start_operator()
            return 0.0
        return requeue.after_seconds

    def run_pass(self, lane: Lane = Lane.CHANGE) -> Requeue | None:
        resource = self.kube.read(self.key)
        self.records.begin([read_word(resource)] if resource is not None else [])
        self.moved, self.lane = bool(self.kube._faults), Lane.SWEEP
        self.effects_before = len(self.aws.effects)
        requeue = super().run_pass(lane)
        if requeue is not None:
            self.lane = min(self.lane, requeue.lane)
            self._check_pass()
        return requeue

    def _between_calls(self, operation: str) -> None:
        self.moved = self.moved or any(move.at_call <= self.calls + 1 for move in self.pending)
        super()._between_calls(operation)

    # --- of each write ----------------------------------------------------------------------------------------------

    def check_published(self) -> None:
        super().check_published()
        resource = self.kube.read(self.key) if self.aws.looked else None
        if resource is None or resource.deleting or resource.status == self.status_before:
            return
        active = self.status().active
        if active is not None:
            self._check_fit(active.arn, "status")

    def check_config_map(self, call: Call) -> None:
        super().check_config_map(call)
        if call.method in {"create_config_map", "patch_config_map"} and isinstance(call.patch, dict):
            arn = str(call.patch["projectVersionArn"])
            if arn:
                self._check_fit(arn, "the ConfigMap")

    def _check_fit(self, arn: str, where: str) -> None:
        why = [self.oracle.unfit(arn, word) for word in self.records.words]
        assert None in why, f"{arn} is published in {where}, and {why}"

    # --- of each pass -----------------------------------------------------------------------------------------------

    def _check_pass(self) -> None:
        """See that a pass that saw all, and was hindered by nothing, leaves in service what should be."""
        resource = self.kube.read(self.key)
        if resource is None or resource.deleting or not self._unhindered():
            return
        word, active = self.records.words[-1], self.status().active
        serves = active.arn if active is not None else None
        if serves is not None:
            why = self.oracle.unfit(serves, word)
            assert why is None, f"{serves} stays in service, and {why}"
        serving = self.oracle.in_service(word)
        assert serves is not None or serving is None, f"nothing serves, and {serving} could: {self.status()}"
        if len(self.aws.effects) > self.effects_before:
            return  # what is published changes in the next pass
        self._check_config_map_names(serves)
        if not word.suspended:
            should = self.oracle.should_serve(word)
            assert serves == should, f"{serves} serves, and {should} should, by {word}: {self.status()}"

    def _unhindered(self) -> bool:
        if not self.aws.looked or self.aws.refusals or self.moved or self.kube._faults:
            return False
        projects = [p for p in self.aws.projects if p.name == self.project_name]
        return any(len(set(t.OWNER_KEYS) & p.tags.keys()) >= len(t.OWNER_KEYS) - 1 for p in projects)

    def _check_config_map_names(self, serves: str | None) -> None:
        found = self._config_maps()
        named = [config_map.data["projectVersionArn"] for config_map in found]
        asked = "publish" in self.spec
        assert named == ([serves or ""] if asked else []), f"{named} is published, and {serves} serves"

    def _is_ours(self, version: ObservedVersion) -> bool:
        return version.arn not in self.foreign and (version.arn not in self.updates or t.ADDED_BY in version.tags)

    def _is_wanted(self, version: ObservedVersion, word: Word) -> bool:
        del word
        parsed = parse_version_name(version.tags.get(t.DIGEST, version.name))
        return parsed is not None and parsed.digest in digests(self.inputs(self.training_threshold))

    # --- of what it settles in --------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Let faults end that end by themselves; then let the operator run until nothing changes any more."""
        self.aws.lasting.pop("GetObject", None)
        super().settle()
        self.count_gone(self.aws.advance)
        quiet = 0
        for _ in range(MAX_QUIETING_PASSES):
            before = (len(self.aws.effects), len(self.kube.writes))
            self.pass_time(self.next_pass())
            quiet = quiet + 1 if before == (len(self.aws.effects), len(self.kube.writes)) else 0
            if quiet == QUIET_PASSES:
                return
        raise AssertionError(f"it is not quiet: {self.aws.effects[-3:]}, {self.kube.writes[-1]}")

    def check_settled(self) -> None:
        """See that the right version serves, and that the resource says so, or what a person must do."""
        resource = self.kube.read(self.key)
        if resource is None:
            return
        status = self.status()
        conditions = {condition.type: condition for condition in status.conditions or ()}
        if resource.deleting:
            assert conditions.keys() & {"Stalled", "Suspended"}, conditions
            return
        self._check_published(status)
        word = self.records.words[-1]
        if word.suspended:
            assert "Suspended" in conditions
            return
        if "Stalled" in conditions and conditions["Stalled"].reason == "ProjectOwnedByAnother":
            return
        assert "Reconciling" not in conditions, conditions["Reconciling"]
        should = self.oracle.should_serve(word)
        active = status.active.arn if status.active is not None else None
        assert active == should, f"{active} serves, and {should} should, by {word}: {status}"
        assert (conditions["Ready"].status == "True") == (active is not None), conditions
        if conditions["UpToDate"].status == "False":
            assert conditions.keys() & {"Stalled", "AwaitingApproval", "Pinned"}, conditions
        else:
            assert active is not None
            version = self.aws.seen[active]
            assert word.pin == version.name if word.pin is not None else self._is_wanted(version, word)
