"""How does the status of an AWSIdentity look after a pass?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rekognition_operator.api.awsidentity import AWSIdentityStatus
from rekognition_operator.api.conditions import ConditionType, Reason
from rekognition_operator.core.conditions import Truth, conditions_of, truth
from rekognition_operator.core.decision import ReadyState
from rekognition_operator.core.hindrance import Hindrance, Terminal
from rekognition_operator.core.wording import counted

NAMED: Final = 10
"""How many of the resources that hold an identity its message names."""


@dataclass(frozen=True)
class IdentityReport:
    """What a pass found.

    Attributes
    ----------
    account
        None where it is not known.
    stalled
        Whether it needs a person.
    passing
        Whether a fault kept it from being tried that is tried again soon.
    """

    ready: ReadyState
    account: str | None = None
    stalled: bool = False
    passing: bool = False


def unreadable(why: str) -> IdentityReport:
    """Report a spec that this release cannot read."""
    return IdentityReport(ReadyState(holds=False, reason=Reason.REFUSED, message=why), stalled=True)


def without_region(account: str | None) -> IdentityReport:
    """Report that there is no Region to call AWS in: nothing that a person must mend before there are resources."""
    return _not_tried(
        "Neither the AWSIdentity nor the operator has a Region to call AWS in, so it was not tried yet. Set "
        "spec.region of the AWSIdentity, or that of the resources that name it",
        account,
    )


def without_namespace(account: str | None) -> IdentityReport:
    """Report that no namespace may use the identity, as before the namespaces of a new team are made."""
    return _not_tried(
        "No namespace that is there may use the identity, so it was not tried yet. Set spec.allowedNamespaces to the "
        "names or labels of those that may",
        account,
    )


def usable(role: str | None, namespace: str, account: str) -> IdentityReport:
    """Report that AWS could be called as the identity for a namespace."""
    what = "the operator's own credentials" if role is None else f"role {role}"
    text = f"AWS was called with {what} for namespace {namespace}; account {account}"
    return IdentityReport(ReadyState(holds=True, reason=Reason.USABLE, message=text), account)


def hindered(hindrance: Hindrance, namespace: str, account: str | None) -> IdentityReport:
    """Report what kept AWS from being called as the identity for a namespace."""
    text = f"As namespace {namespace}: {hindrance.message}"
    if isinstance(hindrance, Terminal):
        return IdentityReport(ReadyState(holds=False, reason=Reason.REFUSED, message=text), account, stalled=True)
    return IdentityReport(ReadyState(holds=None, reason=Reason.RETRYING, message=text), account, passing=True)


def held(users: Sequence[str]) -> IdentityReport:
    """Report that an identity which is being deleted is named by these resources."""
    names = ", ".join(users[:NAMED]) + (" ..." if len(users) > NAMED else "")
    text = (
        f"The AWSIdentity is being deleted, and it is named by {counted(len(users), 'resource')}: {names}. It "
        "stays until none names it, since AWS is cleaned up with it. Delete them, or have them name another AWSIdentity"
    )
    return IdentityReport(ReadyState(holds=False, reason=Reason.IN_USE, message=text))


def compose_identity(
    before: AWSIdentityStatus, generation: int, report: IdentityReport, used_by: int, now: datetime
) -> AWSIdentityStatus:
    """Compose the status. A passing fault takes nothing back of what was found for the same generation."""
    conditions = before.conditions or []
    if not (report.passing and conditions and before.observed_generation == generation):
        ready = report.ready
        wanted: list[tuple[ConditionType, Truth, Reason, str]] = [
            (ConditionType.READY, truth(ready.holds), ready.reason, ready.message)
        ]
        if report.stalled:
            wanted.append((ConditionType.STALLED, "True", ready.reason, ready.message))
        conditions = conditions_of(wanted, conditions, generation, now)
    return AWSIdentityStatus(
        observed_generation=generation,
        conditions=conditions,
        account=report.account or before.account,
        used_by=used_by,
    )


def _not_tried(text: str, account: str | None) -> IdentityReport:
    # Ready, lest a tool that applies identities before namespaces and resources wait for what only these can tell.
    return IdentityReport(ReadyState(holds=True, reason=Reason.NOT_TRIED, message=text), account)
