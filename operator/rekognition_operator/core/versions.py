"""Which versions of the project are ours, which inputs were they trained on, and which one is in service?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from rekognition_operator.core import tags as t
from rekognition_operator.core.gates import Rejection, read_rejection
from rekognition_operator.core.inputs import digests, parse_version_name
from rekognition_operator.core.proof import Proof
from rekognition_operator.core.world import Desired, Feature, ObservedVersion, VersionState

NOTHING_PROVED: Mapping[str, Proof] = MappingProxyType({})
_TRAINED = frozenset({VersionState.TRAINING_COMPLETED, VersionState.DEPRECATED})
"""States in which an adapter answers. DEPRECATED still serves."""
OCCUPYING = frozenset({VersionState.STARTING, VersionState.RUNNING, VersionState.STOPPING})
"""States in which a model takes one of the account's running models, and may be billed."""
_USABLE = {
    Feature.CONTENT_MODERATION: _TRAINED,
    Feature.CUSTOM_LABELS: _TRAINED | OCCUPYING | {VersionState.STOPPED, VersionState.COPYING_COMPLETED},
}
IN_TRAINING = frozenset({VersionState.TRAINING_IN_PROGRESS})
_FAILED = frozenset({VersionState.TRAINING_FAILED, VersionState.COPYING_FAILED})


def usable_states(feature: Feature) -> frozenset[VersionState]:
    """Return the states of a version that is trained and may be in service; whether a model runs is another matter."""
    return _USABLE[feature]


@dataclass(frozen=True)
class OwnVersion:
    """A version that is this resource's. ``attempt`` is the n of its name; 1 for an adopted one.

    ``by_aws``: AWS added it by autoUpdate; its ``attempt`` is that of our newest one before it.
    ``rejected``: it did not pass the gates in force. ``pinned``: spec.pin names it, so that the gates do not count.
    ``base_model_answers``: its probes found that the base model answers in its place.
    """

    version: ObservedVersion
    digest: str
    attempt: int
    feature: Feature
    adopted: bool = False
    by_aws: bool = False
    rejected: Rejection | None = None
    pinned: bool = False
    base_model_answers: bool = False

    @property
    def promoted_at(self) -> datetime | None:
        """When it was last put into service; None, too, where a pin that is gone had put it there past the gates."""
        if t.BY_PIN in self.version.tags and not self.pinned:
            return None
        return t.read_time(self.version.tags.get(t.PROMOTED_AT))

    @property
    def usable(self) -> bool:
        """Whether it can be put into service."""
        return self.version.state in usable_states(self.feature)

    @property
    def acceptable(self) -> bool:
        """Whether nothing that is known speaks against that it serves."""
        return self.usable and not self.base_model_answers and (self.pinned or self.rejected is None)

    @property
    def failed(self) -> bool:
        """Whether its training failed."""
        return self.version.state in _FAILED or (self.version.state is VersionState.FAILED and not self.start_failed)

    @property
    def start_failed(self) -> bool:
        """Whether it is a trained model that failed to start, or while it ran."""
        return self.feature is Feature.CUSTOM_LABELS and self.version.state is VersionState.FAILED

    @property
    def occupies(self) -> bool:
        """Whether it takes one of the account's running models."""
        return self.version.state in OCCUPYING

    @property
    def rank(self) -> tuple[int, datetime]:
        """Order among versions of the same inputs: the larger is the newer."""
        return (self.attempt, self.version.created_at)


@dataclass(frozen=True)
class Fleet:
    """All versions of the project, sorted out; each part newest first."""

    own: tuple[OwnVersion, ...]
    foreign: tuple[ObservedVersion, ...]
    served_foreign: OwnVersion | None = None
    """An adapter of others that spec.pin names, and that can serve: it is served, and not changed."""

    @property
    def active(self) -> OwnVersion | None:
        """The version in service: the one promoted last among those that may serve.

        A promoted version in a state that this release does not know stays in service: nothing says that it is bad.
        """
        if self.served_foreign is not None:
            return self.served_foreign
        serving = [
            (promoted_at, own.version.created_at, own)
            for own in self.own
            if (promoted_at := own.promoted_at) is not None
            and (own.acceptable or own.version.state is VersionState.UNKNOWN)
        ]
        return max(serving, key=lambda entry: entry[:2])[2] if serving else None

    @property
    def running_models(self) -> int:
        """How many of the account's running models our versions take."""
        return sum(own.occupies for own in self.own)

    @property
    def last_promoted(self) -> OwnVersion | None:
        """The version promoted last, whether or not it can still serve."""
        promoted = [(at, own.version.created_at, own) for own in self.own if (at := own.promoted_at) is not None]
        return max(promoted, key=lambda entry: entry[:2])[2] if promoted else None

    def of(self, wanted: tuple[str, ...]) -> tuple[OwnVersion, ...]:
        """Return our versions of these digests, the newest attempt first."""
        return tuple(sorted((o for o in self.own if o.digest in wanted), key=lambda o: o.rank, reverse=True))

    def highest_attempt(self, digest: str) -> int:
        """Return the highest n that is listed for a digest, by name, whosever the version is; 0 where there is none."""
        names = [*(o.version.name for o in self.own), *(f.name for f in self.foreign)]
        listed = [name.attempt for name in map(parse_version_name, names) if name is not None and name.digest == digest]
        adopted = [o.attempt for o in self.own if o.digest == digest]
        return max([*listed, *adopted], default=0)


def sort_out(
    desired: Desired,
    versions: tuple[ObservedVersion, ...],
    proofs: Mapping[str, Proof] = NOTHING_PROVED,
    by_content: tuple[str, ...] = (),
) -> Fleet:
    """Tell our versions from foreign ones, in a project that is ours.

    Ours is what carries our owner tags or was released by us; what spec.adoption.versions names, if nobody owns it; and
    a version without owner whose name is the digest of its inputs: its tags were lost, but the name proves what it is.
    AWS does not show the content of manifests: ``by_content`` are the digests of content that prove it, too, of a
    version whose manifests lie where ours do.
    Under spec.adoptUpdates what AWS has added is ours, too.
    """
    own: list[OwnVersion] = []
    foreign: list[ObservedVersion] = []
    for version in sorted(versions, key=lambda v: (v.created_at, v.arn), reverse=True):
        mine = _own(desired, version, by_content)
        if mine is None:
            foreign.append(version)
        else:
            own.append(_known(desired, mine, proofs))
    updates = [update for version in foreign if (update := _update(desired, own, version)) is not None]
    taken = {update.version.arn for update in updates}
    own = [*own, *(_known(desired, update, proofs) for update in updates)]
    own.sort(key=lambda o: (o.version.created_at, o.version.arn), reverse=True)
    theirs = tuple(version for version in foreign if version.arn not in taken)
    return Fleet(placed(own), theirs, _served_foreign(desired, theirs, proofs))


def _served_foreign(
    desired: Desired, theirs: tuple[ObservedVersion, ...], proofs: Mapping[str, Proof]
) -> OwnVersion | None:
    named = next((version for version in theirs if version.name == desired.pin), None)
    if named is None or desired.feature is not Feature.CONTENT_MODERATION:
        return None
    pinned = _known(desired, OwnVersion(named, "", 1, desired.feature), proofs)
    return pinned if pinned.acceptable else None


def _known(desired: Desired, own: OwnVersion, proofs: Mapping[str, Proof]) -> OwnVersion:
    """Add what the gates, spec.pin and the probes say of a version."""
    proof = proofs.get(own.version.arn)
    itself = proof.answers_itself if proof is not None else None
    told = t.BASE_MODEL_ANSWERS in own.version.tags and bool(desired.promotion.gates.probes)
    return replace(
        own,
        rejected=read_rejection(desired.promotion.gates, own.version),
        pinned=own.version.name == desired.pin,
        base_model_answers=not itself if itself is not None else told,
    )


def of_our_tags(desired: Desired, versions: tuple[ObservedVersion, ...]) -> Fleet:
    """Return the versions whose own tags say that they are ours, whatever is known of their project."""
    fleet = sort_out(desired, versions)
    ours = (own for own in fleet.own if t.ownership(own.version.tags, desired.owner) is t.Ownership.OURS)
    return Fleet(tuple(ours), ())


def _own(desired: Desired, version: ObservedVersion, by_content: tuple[str, ...]) -> OwnVersion | None:
    name = parse_version_name(version.name)
    computed = digests(version.inputs) if version.inputs is not None else ()
    if version.inputs is not None and version.inputs.places == desired.inputs.places:
        computed = (*computed, *by_content)
    match t.ownership(version.tags, desired.owner):
        case t.Ownership.ANOTHER:
            return None
        case t.Ownership.OURS | t.Ownership.RELEASED_TO_US:
            if name is not None and (t.DIGEST not in version.tags or name.digest in computed):
                return OwnVersion(version, name.digest, name.attempt, desired.feature)
            digest = version.tags.get(t.DIGEST) or (computed[0] if computed else "")
            by_aws = version.tags.get(t.ADDED_BY) == t.AWS
            return OwnVersion(version, digest, 1, desired.feature, adopted=True, by_aws=by_aws)
        case t.Ownership.UNOWNED | t.Ownership.RELEASED:
            if name is not None and name.digest in computed:
                return OwnVersion(version, name.digest, name.attempt, desired.feature)
            if version.name in desired.adopt_versions and computed:
                return OwnVersion(version, computed[0], 1, desired.feature, adopted=True)
            return None


def may_be_update(desired: Desired, version: ObservedVersion) -> bool:
    """Tell whether a foreign version may be one that AWS adds for the wanted inputs, in whatever state it is.

    INFERRED: AWS documents neither names nor tags of such versions. So it is any without owner whose manifests AWS
    shows to lie where ours do, or of which it shows none.
    """
    if not (desired.auto_update and desired.adopt_updates):
        return False
    if t.ownership(version.tags, desired.owner) is not t.Ownership.UNOWNED:
        return False
    return version.inputs is None or version.inputs.places == desired.inputs.places


def _update(desired: Desired, own: list[OwnVersion], version: ObservedVersion) -> OwnVersion | None:
    """Count a version that AWS has added, and trained, as ours; None where it is none."""
    if version.state not in usable_states(desired.feature) or not may_be_update(desired, version):
        return None
    if version.inputs is not None:
        digest = next((digest for digest in desired.digests if digest in digests(version.inputs)), "")
    else:  # the retraining of what was in service then: of the wanted inputs, if that was
        promoted = [(at, o.digest) for o in own if (at := o.promoted_at) is not None and at <= version.created_at]
        digest = max(promoted, default=(None, ""))[1]
    if digest not in desired.digests:
        return None
    return OwnVersion(version, digest, 1, desired.feature, adopted=True, by_aws=True)


def placed(own: Iterable[OwnVersion]) -> tuple[OwnVersion, ...]:
    """Rank the versions by AWS among ours of the same inputs by their creation."""
    every = tuple(own)
    return tuple(_placed(one, every) if one.by_aws else one for one in every)


def _placed(update: OwnVersion, own: tuple[OwnVersion, ...]) -> OwnVersion:
    before = (
        o.attempt
        for o in own
        if o.digest == update.digest and not o.by_aws and o.version.created_at < update.version.created_at
    )
    return replace(update, attempt=max(before, default=1))
