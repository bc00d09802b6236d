"""Which version may serve: by the gates of spec.promotion, spec.pin, and a person's word?

The gates are for a version that has not been in service yet. One that has comes back at once, by a revert or when what
replaced it can serve no more.
"""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from rekognition_operator.api.conditions import Reason
from rekognition_operator.core import tags as t
from rekognition_operator.core.actions import RemoveTags, SetTags
from rekognition_operator.core.decision import Finding
from rekognition_operator.core.gates import (
    Standing,
    Verdict,
    as_remembered,
    judge,
    needs_summary,
    proved_tags,
    read_proved,
    rejected_tags,
)
from rekognition_operator.core.inputs import parse_version_name
from rekognition_operator.core.proof import UNSEEN, Proof
from rekognition_operator.core.serving_memory import read_marker
from rekognition_operator.core.versions import IN_TRAINING, Fleet, OwnVersion
from rekognition_operator.core.wording import approve_line, clause, retry_line
from rekognition_operator.core.world import Desired, Feature, Gates, VersionState

_ASKED_WITHIN: Final = timedelta(hours=1)
"""How long after its start a model may run only to be asked, while it cannot be: 20 minutes of it are the start."""
_ANY_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass
class Proving:
    """What may serve, what is remembered of it, and what is said.

    Attributes
    ----------
    chosen
        The version that shall serve by spec.pin or spec.training, as far as it may; None: what serves goes on.
    fallback
        The version that shall serve where none is in service, and none is chosen.
    unproved
        ARNs of those of them that must be asked before they serve, and can only be while they run: models.
    rejected
        Versions that did not pass in this very look: the tag is among ``records``.
    good
        ARNs of the versions that may serve as they are: they have served or passed, and no person's word is missing.
    """

    chosen: OwnVersion | None = None
    fallback: OwnVersion | None = None
    unproved: set[str] = field(default_factory=set)
    rejected: set[str] = field(default_factory=set)
    good: set[str] = field(default_factory=set)
    by_pin: bool = False
    """Whether the pinned version has not passed the gates."""
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    records: list[SetTags | RemoveTags] = field(default_factory=list)
    stalled: Finding | None = None
    reconciling: Finding | None = None
    awaiting: Finding | None = None
    """What a trained version waits for that nobody need hurry with: a person's word, or that the model runs again."""
    awaiting_approval: Finding | None = None
    pinned: Finding | None = None
    gate_overridden: Finding | None = None

    def admits(self, own: OwnVersion) -> bool:
        """Whether a chosen version may be put into service now, as far as the gates go."""
        return own.version.arn not in self.unproved

    @property
    def may_serve_next(self) -> frozenset[str]:
        """ARNs of the versions that were considered, and not rejected: they are kept."""
        return frozenset(arn for arn, verdict in self.verdicts.items() if verdict.standing is not Standing.REJECTED)

    def rejects(self, own: OwnVersion) -> bool:
        """Whether a version did not pass the gates, in this look or an earlier one."""
        return own.rejected is not None or own.version.arn in self.rejected


def prove(desired: Desired, fleet: Fleet, proofs: Mapping[str, Proof], at: datetime) -> Proving:
    """Decide which version may serve. ``at``: AWS's time."""
    prover = _Prover(desired, fleet, proofs, at)
    prover.run()
    return prover.out


def summaries_due(desired: Desired, fleet: Fleet) -> tuple[OwnVersion, ...]:
    """Return the versions whose evaluation summary is worth reading: what serves, and what may serve next."""
    shown = [fleet.active, *(own for own in fleet.of(desired.digests) if own.usable)][:2]
    gates = desired.promotion.gates
    shown += [
        own
        for own in _contenders(desired, fleet)
        if not _known_good(gates, own) and (needs_summary(gates) or own.version.f1_score is None)
    ]
    return tuple({own.version.arn: own for own in shown if own is not None}.values())


def next_to_ask(
    desired: Desired, fleet: Fleet, proofs: Mapping[str, Proof], asked: AbstractSet[str]
) -> OwnVersion | None:
    """Return the version to ask about the probes next; None: no other answer can change what is decided.

    What serves is asked, then what is about to, though it has before, and what passes all other gates and may serve
    next, the best one first.

    Parameters
    ----------
    asked
        ARNs of the versions that were asked in this look: what they answered is in ``fleet`` and ``proofs``.

    A model in service that ``idleStop`` may stop is not asked.
    """
    if not desired.promotion.gates.probes or desired.suspend or desired.deleting:
        return None
    # AWS cannot tell a probe from use: one of the version in service would keep a model from ever being idle.
    quiet = desired.serving is not None and desired.serving.idle_after is not None
    active = fleet.active
    if active is not None and not quiet and can_be_asked(active) and active.version.arn not in asked:
        return active
    last = [fleet.last_promoted] if fleet.last_promoted is not None else []
    for own in (*last, *(own for own in fleet.own if own.pinned), *_contenders(desired, fleet)):
        if own.base_model_answers and can_be_asked(own) and own.version.arn not in asked:
            return own  # it may answer by itself again
    proving = prove(desired, fleet, proofs, _ANY_TIME)
    chosen = proving.chosen
    if chosen is not None and chosen != active and _need_not_pass(chosen) and chosen.version.arn not in asked:
        return chosen  # since the base model must not answer in its place
    waiting = [arn for arn, verdict in proving.verdicts.items() if verdict.standing is Standing.TO_BE_ASKED]
    due = [arn for arn in waiting if arn not in asked]
    return next((own for own in fleet.own if own.version.arn in due[:1]), None)


def _need_not_pass(own: OwnVersion) -> bool:
    """Whether a version that answers may serve whatever it answers: it has served before, or spec.pin names it."""
    return can_be_asked(own) and (own.promoted_at is not None or own.pinned)


def can_be_asked(own: OwnVersion) -> bool:
    """Whether a version answers: an adapter once it is trained, a model while it runs."""
    return own.feature is Feature.CONTENT_MODERATION or own.version.state is VersionState.RUNNING


def _known_good(gates: Gates, own: OwnVersion) -> bool:
    """Whether a version need not be judged: it has served, and not only by a pin, or there are no gates."""
    return gates == Gates() or (own.promoted_at is not None and t.BY_PIN not in own.version.tags)


def _contenders(desired: Desired, fleet: Fleet) -> Iterator[OwnVersion]:
    """Yield the versions that may serve next: of the wanted inputs, then any, where none is in service; best first."""
    wanted = [own for own in fleet.of(desired.digests) if own.usable]
    yield from wanted
    if fleet.active is None:
        others = [own for own in fleet.own if own.usable and own not in wanted]
        yield from sorted(others, key=lambda own: own.promoted_at or own.version.created_at, reverse=True)


def _standing(desired: Desired, fleet: Fleet, own: OwnVersion, proofs: Mapping[str, Proof]) -> Verdict:
    gates = desired.promotion.gates
    active = fleet.active
    proof = proofs.get(own.version.arn, UNSEEN)
    asked_of = replace(gates, probes=()) if read_proved(gates, own.version) else gates
    verdict = judge(asked_of, own.version, proof, active.version if active is not None else None)
    if own.rejected is not None:
        return Verdict(Standing.REJECTED, verdict.gates, own.rejected.says)
    if _known_good(gates, own):
        return Verdict(Standing.PASSED, verdict.gates)
    if verdict.standing is Standing.BLOCKED and proof.probes is not None and own.occupies:
        # A model that runs is billed: it is stopped, and proved anew once the probes are corrected.
        return Verdict(Standing.REJECTED, verdict.gates, as_remembered(verdict.says))
    return verdict


class _Prover:
    def __init__(self, desired: Desired, fleet: Fleet, proofs: Mapping[str, Proof], at: datetime) -> None:
        self.desired = desired
        self.fleet = fleet
        self.proofs = proofs
        self.at = at
        self.gates = desired.promotion.gates
        self.out = Proving()

    def run(self) -> None:
        for own in self.fleet.own:
            self._remember(own)
        self.out.good = {own.version.arn for own in self.fleet.own if self._is_good(own)}
        active = self.fleet.active
        if active is not None:
            self.out.verdicts[active.version.arn] = _standing(self.desired, self.fleet, active, self.proofs)
        last = self.fleet.last_promoted
        if last is not None and last.base_model_answers and last != active:
            self._note_base_model(last)
        if self.desired.pin is not None:
            self._pin(self.desired.pin)
            return
        for own in _contenders(self.desired, self.fleet):
            if self._consider(own):
                break

    def _remember(self, own: OwnVersion) -> None:
        """Write down a person's word, and who answers for a version, before either is relied upon."""
        name, tags = own.version.name, own.version.tags
        lets_in = self.desired.promotion.manual and self.desired.annotations.approve == name and own.usable
        if lets_in and own.promoted_at is None and t.APPROVED not in tags:
            self.out.records.append(SetTags(own.version.arn, {t.APPROVED: t.time_value(self.at)}))
        itself = self.proofs.get(own.version.arn, UNSEEN).answers_itself
        may_serve = own.promoted_at is not None or own.pinned  # any other is rejected for it
        if itself is False and may_serve and t.BASE_MODEL_ANSWERS not in tags:
            self.out.records.append(SetTags(own.version.arn, {t.BASE_MODEL_ANSWERS: t.time_value(self.at)}))
        elif t.BASE_MODEL_ANSWERS in tags and (itself or not self.gates.probes):
            self.out.records.append(RemoveTags(own.version.arn, (t.BASE_MODEL_ANSWERS,)))

    def _passed(self, own: OwnVersion) -> None:
        """Let a version that a pin had put into service be in service by its own right."""
        if t.BY_PIN in own.version.tags:
            self.out.records.append(RemoveTags(own.version.arn, (t.BY_PIN,)))

    def _is_good(self, own: OwnVersion) -> bool:
        passed = _standing(self.desired, self.fleet, own, self.proofs).standing is Standing.PASSED
        return own.pinned or (passed and not own.base_model_answers and not self._waits_for_a_word(own))

    def _note_base_model(self, own: OwnVersion) -> None:
        """Say that the base model answers in the place of a version that should serve."""
        name, serves = own.version.name, self.fleet.active
        instead = f"version {serves.version.name} serves instead" if serves is not None else "nothing is in service"
        self.out.stalled = Finding(
            Reason.BASE_MODEL_ANSWERS,
            f"The base model answered a probe of version {name} in its place, without an error, though AWS lists it as "
            f"{own.version.status}: {instead}. It is asked again within the hour, and serves again once it answers by "
            f"itself. To train the same inputs once more: {retry_line(self.desired.owner)}",
        )

    # --- spec.pin ---------------------------------------------------------------------------------------------------

    def _pin(self, pin: str) -> None:
        own = next((own for own in self.fleet.own if own.pinned), None)
        if self.fleet.served_foreign is not None:
            self.out.pinned = Finding(
                Reason.PINNED,
                f"spec.pin names version {pin}, which others made: it serves, and is not changed{self._wanted_waits()}",
            )
            return
        if own is None or not own.acceptable:
            self.out.stalled = self.out.stalled or self._unavailable(pin, own)
            for other in _contenders(self.desired, self.fleet) if self.fleet.active is None else ():
                if self._consider(other):
                    break
            return
        self.out.chosen = own
        self.out.pinned = Finding(Reason.PINNED, f"spec.pin names version {pin}: it serves{self._wanted_waits()}")
        verdict = self.out.verdicts[own.version.arn] = _standing(self.desired, self.fleet, own, self.proofs)
        self.out.by_pin = verdict.standing is not Standing.PASSED
        if not self.out.by_pin:
            self._passed(own)
        if verdict.standing is Standing.REJECTED:
            if own.rejected is None:
                self.out.records.append(SetTags(own.version.arn, rejected_tags(self.gates, verdict.says, self.at)))
            self.out.gate_overridden = Finding(
                Reason.GATE_OVERRIDDEN,
                f"Version {pin} does not pass the gates of spec.promotion ({clause(verdict.says)}), and serves since "
                "spec.pin names it",
            )

    def _wanted_waits(self) -> str:
        wanted = [own for own in self.fleet.of(self.desired.digests) if own.usable and not own.pinned]
        if not wanted or wanted[0] == self.fleet.served_foreign:
            return ""
        return f". Version {wanted[0].version.name} is the one that spec.training asks for; remove spec.pin to let it"

    def _unavailable(self, pin: str, own: OwnVersion | None) -> Finding | None:
        """Say why the pinned version cannot serve; None: it is on its way, since spec.training asks for it, too."""
        if self._is_to_come(pin) if own is None else own.version.state in IN_TRAINING:
            return None
        foreign = next((version for version in self.fleet.foreign if version.name == pin), None)
        if own is not None and own.base_model_answers:
            why = "the base model answers in its place"
        elif own is not None:
            why = f"it is {own.version.status}"
        elif foreign is not None and self.desired.feature is Feature.CUSTOM_LABELS:
            why = (
                "others made it, and a model of others is neither started nor stopped; spec.adoption.versions takes it"
            )
        elif foreign is not None and self.proofs.get(foreign.arn, UNSEEN).base_model_answers:
            why = "the base model answers in its place"
        elif foreign is not None:
            why = f"it is {foreign.status}"
        else:
            why = "the project has no version of this name"
        active = self.fleet.active
        serves = f"version {active.version.name} stays in service" if active is not None else "none is in service"
        return Finding(
            Reason.PINNED_VERSION_UNAVAILABLE,
            f"spec.pin names version {pin}, which cannot serve: {why}; {serves}. Set spec.pin to another one of "
            "status.versions, or remove it",
        )

    def _is_to_come(self, pin: str) -> bool:
        """Whether spec.training asks for a version of this name, which is not there yet."""
        name = parse_version_name(pin)
        if name is None or name.digest not in self.desired.digests:
            return False
        trained = any(own.usable for own in self.fleet.of(self.desired.digests))
        return not trained and name.attempt > self.fleet.highest_attempt(name.digest)

    # --- the gates --------------------------------------------------------------------------------------------------

    def _consider(self, own: OwnVersion) -> bool:
        """Take a contender if it may serve; True: no other one need be considered."""
        if self.out.awaiting_approval is not None and self._waits_for_a_word(own):
            return False  # one that a person is asked about is enough
        verdict = _standing(self.desired, self.fleet, own, self.proofs)
        self.out.verdicts[own.version.arn] = verdict
        match verdict.standing:
            case Standing.REJECTED:
                self._reject(own, verdict)
                return False
            case Standing.PASSED if own.base_model_answers:
                if self.out.stalled is None and own in self.fleet.of(self.desired.digests):
                    self._note_base_model(own)
                return False
            case Standing.PASSED:
                if self._waits_for_a_word(own):
                    self._await_approval(own)
                    return False
                self._passed(own)
                self._take(own)
                return True
            case Standing.UNKNOWN if self._unknown_for_too_long(own):
                says = as_remembered(f"probes: it ran for an hour and could not be asked - {clause(verdict.says)}")
                verdict = self.out.verdicts[own.version.arn] = Verdict(Standing.REJECTED, verdict.gates, says)
                self._reject(own, verdict)
                return False
            case standing:
                runs_to_be_asked = self.desired.serving is not None and (
                    standing is Standing.TO_BE_ASKED or (standing is Standing.UNKNOWN and own.occupies)
                )
                if runs_to_be_asked:
                    self._take(own)
                    self.out.unproved.add(own.version.arn)
                self._pending(own, verdict)
                return runs_to_be_asked

    def _take(self, own: OwnVersion) -> None:
        if own in self.fleet.of(self.desired.digests) and self.desired.pin is None:
            self.out.chosen = own
        else:
            self.out.fallback = own

    def _reject(self, own: OwnVersion, verdict: Verdict) -> None:
        self.out.rejected.add(own.version.arn)
        if own.rejected is None:
            self.out.records.append(SetTags(own.version.arn, rejected_tags(self.gates, verdict.says, self.at)))
        if self.out.stalled is not None or own not in self.fleet.of(self.desired.digests):
            return
        active, name = self.fleet.active, own.version.name
        stays = f"version {active.version.name} stays in service" if active is not None else "none is in service"
        self.out.stalled = Finding(
            Reason.VERSION_REJECTED,
            f"Version {name} is trained, and does not pass {clause(verdict.says)}; {stays}. Correct the data and "
            "change spec.training; or change spec.promotion, by which it is judged anew, without training; or set "
            f"spec.pin: {name} to serve it all the same; or, to train the same inputs once more: "
            f"{retry_line(self.desired.owner)}",
        )

    def _unknown_for_too_long(self, own: OwnVersion) -> bool:
        """Whether a model runs, and is billed, only to be asked, and cannot be."""
        marker = read_marker(own.version)
        running = own.occupies and own.version.state is VersionState.RUNNING and marker is not None
        return running and marker is not None and self.at - marker.since >= _ASKED_WITHIN

    def _waits_for_a_word(self, own: OwnVersion) -> bool:
        """Whether a person must let a version into service first."""
        approved = t.APPROVED in own.version.tags or self.desired.annotations.approve == own.version.name
        return self.desired.promotion.manual and own.promoted_at is None and not approved

    def _await_approval(self, own: OwnVersion) -> None:
        if self.gates.probes and not read_proved(self.gates, own.version):
            self.out.records.append(SetTags(own.version.arn, proved_tags(self.gates, self.at)))
        if self.out.awaiting_approval is not None:
            return
        name = own.version.name
        passed = "has passed the gates" if self.gates != Gates() else "is trained"
        finding = Finding(
            Reason.AWAITING_APPROVAL,
            f"Version {name} {passed}, and promotion.strategy is Manual: it waits for a person. To put it into "
            f"service, set spec.pin: {name}, or: {approve_line(self.desired.owner, name)}",
        )
        self.out.awaiting_approval = self.out.awaiting = finding

    def _pending(self, own: OwnVersion, verdict: Verdict) -> None:
        """Say what a version that is neither rejected nor proved waits for."""
        name = own.version.name
        if verdict.standing is Standing.BLOCKED:
            if self.out.stalled is None:
                self.out.stalled = Finding(
                    Reason.PROOF_BLOCKED,
                    f"Version {name} is trained, and cannot be proved: {clause(verdict.says)}. Correct that, or "
                    "spec.promotion; it is tried again at each look",
                )
        elif can_be_asked(own) or verdict.standing is Standing.UNKNOWN:
            self.out.reconciling = self.out.reconciling or Finding(
                Reason.PROVING, f"Proving version {name} before it is put into service: {clause(verdict.says)}"
            )
        else:
            self.out.awaiting = self.out.awaiting or Finding(
                Reason.AWAITING_PROOF,
                f"Version {name} is trained; its probes are made when it runs, before it is put into service",
            )
