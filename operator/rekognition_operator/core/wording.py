"""How do the words of others, numbers of things, and commands to type, fit into a sentence of ours?"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from rekognition_operator.api.annotations import ACCEPT_MOVE, APPROVE, FORCE_RELEASE, RETRY, WAKE


class Named(Protocol):
    """What says which resource is meant: an owner, or a key."""

    @property
    def kind(self) -> str:
        """Kind, such as ModerationAdapter."""
        ...

    @property
    def namespace(self) -> str:
        """Namespace of the resource."""
        ...

    @property
    def name(self) -> str:
        """Name of the resource."""
        ...


def retry_line(resource: Named) -> str:
    """Return the command that asks for another try."""
    return _annotate(resource, f'--overwrite {RETRY}="$(date +%s)"')


def approve_line(resource: Named, version_name: str) -> str:
    """Return the command that lets a version into service."""
    return _annotate(resource, f"--overwrite {APPROVE}={version_name}")


def accept_move_line(resource: Named, account_and_region: str) -> str:
    """Return the command that lets a resource leave its project for another place."""
    return _annotate(resource, f"--overwrite {ACCEPT_MOVE}={account_and_region}")


def force_release_line(resource: Named) -> str:
    """Return the command that lets a deleted resource go."""
    return _annotate(resource, f"{FORCE_RELEASE}=true")


def describe_line(resource: Named) -> str:
    """Return the command that shows a resource's state and events."""
    return f"kubectl describe {resource.kind.lower()} -n {resource.namespace} {resource.name}"


def hand_over_line(resource: Named, config_map: str, labels: Mapping[str, str]) -> str:
    """Return the command that makes a ConfigMap the resource's."""
    pairs = " ".join(f"{key}={value}" for key, value in labels.items())
    return f"kubectl label configmap -n {resource.namespace} {config_map} --overwrite {pairs}"


def _annotate(resource: Named, rest: str) -> str:
    return f"kubectl annotate {resource.kind.lower()} -n {resource.namespace} {resource.name} {rest}"


def clause(text: str) -> str:
    """Return a text, such as AWS's message, without the full stop at its end: the sentence around it has its own."""
    return text.strip().rstrip(".")


def to_the_minute(moment: datetime) -> str:
    """Return a moment of UTC, such as ``2026-03-02 09:00 UTC``."""
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def spoken(duration: timedelta) -> str:
    """Return a duration in hours and minutes, such as ``2 h 13 min``."""
    minutes = round(duration.total_seconds() / 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours and minutes else f"{hours} h" if hours else f"{minutes} min"


def usd(amount: float) -> str:
    """Return an amount of money."""
    return f"{amount:.2f} USD"


def wake_line(resource: Named) -> str:
    """Return the command that starts a model which was stopped because nobody used it."""
    return _annotate(resource, f'--overwrite {WAKE}="$(date +%s)"')


def counted(number: int, noun: str) -> str:
    """Return so many of a thing, such as ``1 version`` and ``2 versions``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
