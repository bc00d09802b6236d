"""What is said of a version in service that AWS will stop serving: until when, and what is done about it?"""

from rekognition_operator.api.conditions import Reason
from rekognition_operator.core.decision import Finding
from rekognition_operator.core.expiry import expires_when
from rekognition_operator.core.refresh import Refresh, Stage, refresh_of
from rekognition_operator.core.versions import Fleet, OwnVersion
from rekognition_operator.core.wording import retry_line, to_the_minute
from rekognition_operator.core.world import Desired, VersionState


def expiring(desired: Desired, fleet: Fleet) -> Finding | None:
    """Say that AWS will stop serving the version in service; None where it will not."""
    active = fleet.active
    if active is None or active.version.state is not VersionState.DEPRECATED:
        return None
    return Finding(
        Reason.DEPRECATED,
        f"A newer base model has superseded that of version {active.version.name}. It still serves; AWS will stop "
        f"serving it {expires_when(active.version)}. {_what_comes_next(desired, fleet, active)}",
    )


def _what_comes_next(desired: Desired, fleet: Fleet, active: OwnVersion) -> str:
    if desired.deleting:
        return "The resource is being deleted"
    if active.pinned:
        return "spec.pin keeps it in service, whatever is trained meanwhile: remove spec.pin, or change it, before then"
    newest = next((own for own in fleet.of(desired.digests) if own.usable), None)
    if newest is None:
        return "A version of the inputs that spec.training has by now is to take its place"
    if newest != active and newest.version.state is not VersionState.DEPRECATED:
        which = f"Version {newest.version.name}, on base model {newest.version.base_model_version or 'unknown'},"
        if newest.acceptable:
            return f"{which} takes its place once spec.promotion lets it"
        return (
            f"{which} is there and may not serve, since it did not pass: change the gate, or spec.training, or train "
            f"once more: {retry_line(desired.owner)}"
        )
    refresh = refresh_of(desired, fleet)
    if refresh is None:
        return (
            "Nothing is done before: only then the same inputs are trained anew, and nothing serves meanwhile. To have "
            "that done in time, set spec.refresh.onDeprecated: Retrain"
        )
    return _refresh_told(desired, refresh)


def _refresh_told(desired: Desired, refresh: Refresh) -> str:
    name = refresh.attempt.version.name if refresh.attempt is not None else refresh.name
    match refresh.stage:
        case Stage.PLANNED:
            unless = ", unless AWS has added a version by itself by then" if desired.adopt_updates else ""
            due = f"from {to_the_minute(refresh.due_at)} on" if refresh.due_at is not None else "in time"
            return f"The operator trains the same inputs on the new base model {due}{unless}"
        case Stage.ASKED:
            return f"The operator asks Rekognition to train the same inputs on the new base model, as version {name}"
        case Stage.TRAINING:
            return f"The same inputs are in training on the new base model, as version {name}"
        case Stage.FAILED:
            return f"The same inputs were to be trained on the new base model, and version {name} failed"
        case Stage.GONE:
            return (
                f"The same inputs were trained anew, as version {name}, which is not there any more or cannot be used: "
                "that is done once only. To be ahead of the expiry, change spec.training"
            )
        case Stage.SAME_BASE_MODEL:
            return (
                "The same inputs were trained anew, and that gave a version on the same, superseded base model "
                f"{refresh.of.version.base_model_version}: that is not done again. Once it has expired, they are "
                "trained anew; to be ahead of that, change spec.training"
            )
