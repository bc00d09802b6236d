"""How does a row of the decision table look, and how is it checked?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from fakes.builders import INPUTS, NOW, OWNER, POLICY
from fakes.models import MODEL_INPUTS, MODEL_OWNER
from rekognition_operator.api.kinds import BY_NAME
from rekognition_operator.api.resource import ResourceStatus
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
from rekognition_operator.core.decide import decide
from rekognition_operator.core.decision import Decision, Policy
from rekognition_operator.core.hindrance import CreateAttempt
from rekognition_operator.core.inputs import digests
from rekognition_operator.core.status import compose
from rekognition_operator.core.world import Desired, Observed

Conditions = Mapping[str, str]

UP_TO_DATE: Conditions = {"Ready": "True InService", "UpToDate": "True InService"}


def working(reason: str, *, ready: str = "") -> Conditions:
    """Say that work is under way; ``ready`` differs from its reason where a version serves meanwhile."""
    return {"Ready": ready or f"False {reason}", "UpToDate": f"False {reason}", "Reconciling": f"True {reason}"}


def stuck(reason: str, *, ready: str = "") -> Conditions:
    """Say that a person is needed."""
    return {"Ready": ready or f"False {reason}", "UpToDate": f"False {reason}", "Stalled": f"True {reason}"}


SERVING = "True InService"

RUNS: Conditions = {**UP_TO_DATE, "Serving": "True Running"}
"""A model that runs as the spec asks."""


def stopped_as(reason: str) -> Conditions:
    """Say that a model is stopped, as the spec asks."""
    return {"Ready": f"True {reason}", "UpToDate": "True InService", "Serving": f"False {reason}"}


def moving(reason: str, *, ready: str = "", up_to_date: str = "True InService", serving: str = "") -> Conditions:
    """Say that a model is being started, stopped or replaced."""
    return {
        "Ready": ready or f"False {reason}",
        "UpToDate": up_to_date,
        "Serving": serving or "False NotRunning",
        "Reconciling": f"True {reason}",
    }


def halted(reason: str, *, ready: str = "", up_to_date: str = "True InService", serving: str = "") -> Conditions:
    """Say that the serving of a model needs a person."""
    return {
        "Ready": ready or f"False {reason}",
        "UpToDate": up_to_date,
        "Serving": serving or "False NotRunning",
        "Stalled": f"True {reason}",
    }


@dataclass(frozen=True)
class Case:
    """One row: what is wanted and seen; what is done (all of it, in order) and said.

    ``actions`` are in the short form of :func:`told`, ``conditions`` are "<status> <reason>" by type, all of them.
    ``says`` must occur in the conditions' messages. ``drift`` are the paths of all drift that is reported.
    ``rests_on_status``: losing status changes the decision, which the amendments allow for a few.
    """

    name: str
    desired: Desired
    observed: Observed
    actions: list[str]
    conditions: Conditions
    says: tuple[str, ...] = ()
    drift: tuple[str, ...] = ()
    requeue: float | None = None
    attempt: CreateAttempt | None = None
    now: datetime = NOW
    policy: Policy = field(default=POLICY)
    rests_on_status: bool = False

    def decide(self) -> Decision:
        """Decide on this row."""
        return decide(self.desired, self.observed, self.policy, self.now, self.attempt)

    def status(self) -> ResourceStatus:
        """Return the first status that this row yields."""
        return compose(empty_status(self.desired), self.desired.generation, self.decide().report, None, self.now)


def empty_status(wanted: Desired) -> ResourceStatus:
    """Return the status that a resource of the wanted one's kind has before it was looked at."""
    return BY_NAME[wanted.owner.kind].status()


def rows(*cases: Case) -> pytest.MarkDecorator:
    """Parametrise a test by rows, each known by its sentence."""
    return pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases])


def check(case: Case) -> Decision:
    """Decide, and compare with the row."""
    decision = case.decide()
    assert [told(action) for action in decision.actions] == case.actions
    conditions = case.status().conditions or []
    assert {c.type: f"{c.status} {c.reason}" for c in conditions} == dict(case.conditions)
    messages = short(" ".join(c.message for c in conditions))
    for text in case.says:
        assert text in messages, f"{text!r} is not said in: {messages}"
    assert tuple(short(item.path) for item in decision.report.drift) == case.drift
    if case.requeue is not None:
        assert decision.requeue_seconds == pytest.approx(case.requeue)
    return decision


def short(text: str) -> str:
    """Write A for the digest of the inputs A, and so on."""
    for letter, training in (INPUTS | MODEL_INPUTS).items():
        text = text.replace(digests(training)[0], letter)
    return text


def told(action: Action) -> str:
    """Say an action in one short line: its type, what it is done to, and every tag that it writes."""
    match action:
        case CreateProject(name, feature, auto_update, tags):
            update = " autoUpdate" if auto_update else ""
            return f"CreateProject {name} {feature}{update} {_tags(tags)}"
        case CreateVersion():
            return short(f"CreateVersion {action.version_name} {_tags(action.tags)}")
        case DeleteVersion():
            foreign = " foreign" if action.foreign else ""
            return short(f"DeleteVersion {action.version_name}{foreign} {_tags(action.owner_tags)}")
        case DeleteDataset(arn):
            return f"DeleteDataset {arn}"
        case DeleteProject(arn):
            return f"DeleteProject {_target(arn)}"
        case SetTags(arn, tags):
            return f"SetTags {_target(arn)} {_tags(tags)}"
        case RemoveTags(arn, keys):
            return f"RemoveTags {_target(arn)} {_keys(keys)}"
        case ConfirmClaim(arn, owner_tags):
            return f"ConfirmClaim {_target(arn)} {_tags(owner_tags)}"
        case Promote():
            return short(f"Promote {action.version_name} {_tags(action.tags)}")
        case StartVersion() | StopVersion():
            return short(_told_serving(action))
        case ReleaseFinalizer():
            return "ReleaseFinalizer"


def _told_serving(action: StartVersion | StopVersion) -> str:
    match action:
        case StartVersion():
            units = action.min_units if action.max_units is None else f"{action.min_units}-{action.max_units}"
            beside = " beside" if action.hand_over else ""
            return f"StartVersion {action.version_name} {units}{beside} {_tags(action.tags)}"
        case StopVersion():
            foreign = " foreign" if action.foreign else ""
            return f"StopVersion {action.version_name}{foreign} {_tags(action.tags)}"


def _target(arn: str) -> str:
    parts = arn.split(":", 5)[5].split("/")
    return short(parts[3]) if "version" in parts else "project"


def _tags(tags: Mapping[str, str]) -> str:
    whole = any(t.owner_tags(owner).items() <= tags.items() for owner in (OWNER, MODEL_OWNER))
    left = {key: value for key, value in tags.items() if not (whole and key in t.OWNER_KEYS)}
    now = t.time_value(NOW)
    words = [f"{key.removeprefix(t.PREFIX)}={value.replace(now, 'now')}" for key, value in sorted(left.items())]
    return short(f"[{' '.join([*(['owner'] if whole else []), *words])}]")


def _keys(keys: tuple[str, ...]) -> str:
    whole = all(key in keys for key in t.OWNER_KEYS)
    left = [key.removeprefix(t.PREFIX) for key in keys if not (whole and key in t.OWNER_KEYS)]
    return f"[{' '.join([*(['owner'] if whole else []), *left])}]"
