"""Who may start something scarce next? Leases on an account's concurrent trainings and running models."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

GRANT_EXPIRES_SECONDS: Final = 120.0
"""A grant that nobody has spoken of for so long (its holder is gone) is free again."""
GRANT_SETTLES_SECONDS: Final = 10.0
"""A grant this old, whose holder then shows nothing new in AWS, was not used. Before that, AWS may not list it yet."""
PROBE_SECONDS: Final = 60.0
"""While AWS refuses though we count a free slot (others train too), one call in so many seconds asks again."""
HOLDING_EXPIRES_SECONDS: Final = 3600.0
"""What was held when last seen, and not looked at for so long, is free: if that is wrong, AWS refuses."""
MAX_POLL_SECONDS: Final = 600.0
"""Who is far back in the queue asks again after at most this."""


class SlotKind(StrEnum):
    """What there is only so much of in one (account, Region). The value is what status.queue.waitingFor says."""

    TRAINING = "TrainingSlot"
    RUNNING_MODEL = "RunningModelSlot"


Rank = tuple[int, str]
"""Who goes first in a queue, whenever it asked: the smallest first; among equals, who asked first."""
FIRST_COME: Final[Rank] = (0, "")
"""The rank of all who only wait their turn."""


@dataclass(frozen=True)
class Granted:
    """Go ahead, once, now."""


@dataclass(frozen=True)
class Queued:
    """Not now. ``position`` counts from 1; ask again after ``after_seconds``, or the place is lost some time later."""

    position: int
    after_seconds: float


@dataclass
class _Claim:
    """A key's place: its rank and turn, and what it holds."""

    turn: int
    asked_at: float
    rank: Rank = FIRST_COME
    poll_seconds: float = 0.0
    queued: bool = False
    granted_at: float | None = None
    holding: int = 0
    keeps: bool = False
    frees: bool = False
    seen_at: float = 0.0

    @property
    def spared(self) -> int:
        """What nobody else may take, and is not in use."""
        return int(self.keeps and not self.holding and self.granted_at is None)

    @property
    def used(self) -> int:
        return self.holding + (self.granted_at is not None) + self.spared


@dataclass
class _Line:
    """One kind: everyone's claims, and whether AWS has refused lately."""

    capacity: int
    claims: dict[str, _Claim] = field(default_factory=dict)
    refused: bool = False
    probe_at: float = 0.0

    def queue(self) -> list[str]:
        """Who waits, whose turn is first first."""
        waiting = [(-c.spared, c.rank, c.turn, key) for key, c in self.claims.items() if c.queued]
        return [key for *_, key in sorted(waiting)]

    @property
    def used(self) -> int:
        return sum(claim.used for claim in self.claims.values())


class Slots:
    """The scarce slots of one (account, Region): leases, handed out by rank, then first come first served.

    Pure but for the clock: no I/O, no tasks. What AWS shows (:meth:`hold`) and refuses (:meth:`refused`) corrects what
    was handed out, so losing all of it costs at most one refused call. ``key`` names the resource.

    Parameters
    ----------
    capacities
        How many of each kind the account may have at a time (AWS: 2 trainings, 1 in Sydney; 2 running models).
    clock
        Seconds, never going back.
    """

    def __init__(
        self,
        capacities: Mapping[SlotKind, int],
        clock: Callable[[], float],
        *,
        probe_seconds: float = PROBE_SECONDS,
    ) -> None:
        for kind in SlotKind:
            if capacities.get(kind, 0) < 1:
                raise ValueError(f"{capacities.get(kind, 0)} of {kind} let nothing through: give at least 1")
        self._clock = clock
        self._probe_seconds = probe_seconds
        self._turns = 0
        self._lines = {kind: _Line(capacities[kind]) for kind in SlotKind}

    def request(self, kind: SlotKind, key: str, *, rank: Rank = FIRST_COME) -> Granted | Queued:
        """Ask to start one more. Granted is spent by starting it; who is Queued keeps its place by asking again.

        The queue is in the order of rank, then of who asked first. What is granted or held is never taken away.
        """
        now = self._clock()
        line = self._tidy(kind, now)
        claim = self._claim(line, key, now)
        claim.asked_at = now
        claim.rank = rank
        if claim.granted_at is not None:  # asks twice before it has started: the same grant
            claim.granted_at = now
            return Granted()
        if not claim.queued:
            claim.queued = True
            claim.turn = self._next_turn()
        queue = line.queue()
        position = queue.index(key) + 1
        if position <= self._open(line, now, spared=claim.spared):
            claim.queued = False
            claim.granted_at = now
            if line.refused:
                line.probe_at = now + self._probe_seconds
            return Granted()
        claim.poll_seconds = self._poll_seconds(line, position, now)
        return Queued(position, claim.poll_seconds)

    def hold(self, kind: SlotKind, key: str, holding: int, *, frees: bool = False, keeps: bool = False) -> None:
        """Say how many of the slots a key was just seen to hold in AWS (its versions in training; True is one).

        ``keeps``: it has given one up only to take it again, as a model that is restarted with other units; it is not
        given to anybody else meanwhile.
        ``frees``: it will give one back without anybody's doing, as a training ends, or a model whose schedule or idle
        stop ends it, or which is being stopped.
        """
        now = self._clock()
        line = self._tidy(kind, now)
        claim = line.claims.get(key)
        if claim is None:
            if not holding and not keeps:
                return
            claim = self._claim(line, key, now)
        if claim.granted_at is not None:
            if holding > claim.holding:  # what was granted has started
                claim.granted_at = None
                line.refused = False
            elif now - claim.granted_at >= GRANT_SETTLES_SECONDS:  # it has not, and will not
                claim.granted_at = None
        claim.holding = int(holding)
        claim.frees = frees
        claim.keeps = keeps
        claim.seen_at = now
        self._drop_if_idle(line, key)

    def refused(self, kind: SlotKind, key: str) -> None:
        """Say that AWS refused what was granted: others use the account too. The key goes back to its place."""
        now = self._clock()
        line = self._tidy(kind, now)
        claim = self._claim(line, key, now)
        if claim.granted_at is None and not claim.queued:
            claim.turn = self._next_turn()
        claim.granted_at = None
        claim.queued = True
        claim.asked_at = now
        line.refused = True
        line.probe_at = max(line.probe_at, now + self._probe_seconds)
        claim.poll_seconds = self._poll_seconds(line, line.queue().index(key) + 1, now)

    def forget(self, key: str) -> None:
        """Drop all that a key holds or waits for: its resource is gone, or wants nothing any more."""
        for line in self._lines.values():
            line.claims.pop(key, None)

    def withdraw(self, kind: SlotKind, key: str) -> None:
        """Take back a request or an unused grant; what the key was seen to hold stays."""
        line = self._lines[kind]
        claim = line.claims.get(key)
        if claim is not None:
            claim.queued, claim.granted_at, claim.keeps = False, None, False
            self._drop_if_idle(line, key)

    def next_up(self, kind: SlotKind) -> tuple[str, ...]:
        """Who would be granted a slot on asking now: worth a pass at once when a slot became free."""
        now = self._clock()
        line = self._tidy(kind, now)
        return tuple(line.queue()[: self._open(line, now)])

    def no_holder_frees(self, kind: SlotKind, key: str) -> bool:
        """Whether a key waits in vain: every slot is taken, and no other holder will give one back by itself.

        False while it is not known: a slot was granted and may not be used; or AWS refused though by our count there is
        a free one, so that others use the account.
        """
        line = self._tidy(kind, self._clock())
        if line.used < line.capacity or any(claim.granted_at is not None for claim in line.claims.values()):
            return False
        return not any(claim.holding and claim.frees for other, claim in line.claims.items() if other != key)

    def in_use(self, kind: SlotKind) -> int:
        """How many slots are held or granted, as far as is known."""
        return self._tidy(kind, self._clock()).used

    def waiting(self, kind: SlotKind) -> int:
        """How many keys wait."""
        return len(self._tidy(kind, self._clock()).queue())

    def _open(self, line: _Line, now: float, *, spared: int = 0) -> int:
        """How many of the queue may go now. After a refusal: one, once a minute, while nobody else is trying.

        ``spared`` is what is kept for who asks.
        """
        free = max(0, line.capacity - line.used + spared)
        if not line.refused:
            return free
        trying = any(claim.granted_at is not None for claim in line.claims.values())
        return min(free, 0 if trying or now < line.probe_at else 1)

    def _poll_seconds(self, line: _Line, position: int, now: float) -> float:
        seconds = min(MAX_POLL_SECONDS, self._probe_seconds * max(1, position - line.capacity + 1))
        if position == 1 and line.refused and line.probe_at > now:
            return max(1.0, min(seconds, line.probe_at - now))
        return seconds

    def _tidy(self, kind: SlotKind, now: float) -> _Line:
        """Drop who no longer asks, and grants that nobody speaks of."""
        line = self._lines[kind]
        for key, claim in list(line.claims.items()):
            if claim.queued and now - claim.asked_at > 2 * claim.poll_seconds + GRANT_EXPIRES_SECONDS:
                claim.queued = False
            if claim.granted_at is not None and now - claim.granted_at > GRANT_EXPIRES_SECONDS:
                claim.granted_at = None
            if now - claim.seen_at > HOLDING_EXPIRES_SECONDS:
                claim.holding, claim.keeps = 0, False
            self._drop_if_idle(line, key)
        return line

    def _claim(self, line: _Line, key: str, now: float) -> _Claim:
        return line.claims.setdefault(key, _Claim(turn=0, asked_at=now))

    def _next_turn(self) -> int:
        self._turns += 1
        return self._turns

    @staticmethod
    def _drop_if_idle(line: _Line, key: str) -> None:
        claim = line.claims.get(key)
        if claim is not None and not claim.queued and not claim.used:
            del line.claims[key]


def stepped(position: int) -> int:
    """Round a position up to 1, 2, 3, 5, 10, 20, 50, 100 ...: status changes in steps, and never promises too much."""
    for step in _steps():
        if position <= step:
            return step
    raise AssertionError("the steps never end")


def _steps() -> Iterator[int]:
    yield from (1, 2, 3, 5)
    scale = 10
    while True:
        yield from (scale, 2 * scale, 5 * scale)
        scale *= 10
