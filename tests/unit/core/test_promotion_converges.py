"""Does an adapter come to rest, whatever its gates ask and its versions answer, and serve the best that it may?

As test_serving_converges, whose pictures of AWS these are.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import hypothesis.strategies as st
from hypothesis import HealthCheck, assume, event, given, settings

from exploring import examples
from fakes.builders import NOW, OWNER, POLICY
from rekognition_operator.core import tags as t
from rekognition_operator.core.actions import CreateVersion, Promote
from rekognition_operator.core.decide import decide
from rekognition_operator.core.decision import Decision
from rekognition_operator.core.gates import Standing, judge
from rekognition_operator.core.proof import UNSEEN, Outcome
from rekognition_operator.core.world import Desired, Feature, Observed, ObservedVersion, ProjectStatus
from unit.core import test_total
from unit.core.test_serving_converges import asked, carried_out, finished

ROUNDS = 30
REST = 5
STEP = timedelta(minutes=10)
NOBODY = frozenset[str]()

resources = test_total.resources.map(
    lambda wanted: replace(
        wanted,
        deleting=False,
        suspend=False,
        place=replace(wanted.place, region="us-east-1"),
        known_project=None,
        adopt_updates=False,
        annotations=replace(wanted.annotations, accept_move=None),
    )
)
outcomes = st.dictionaries(st.sampled_from(test_total.NAMES), st.sampled_from(list(Outcome)))


def looked_at(wanted: Desired, seen: Observed, answer: Mapping[str, Outcome]) -> Observed:
    """Return what is seen: summaries never change, answers are asked for as the operator does."""
    probed = asked(wanted, seen, answer)
    known = {arn: replace(proof, probes=None) for arn, proof in seen.proofs.items()}
    proofs = {arn: replace(known.get(arn, UNSEEN), probes=proof.probes) for arn, proof in probed.items()}
    return replace(seen, proofs={**known, **proofs})


def lived(wanted: Desired, seen: Observed, answer: Mapping[str, Outcome]) -> tuple[list[Decision], Observed]:
    """Return the decisions of all rounds, and what is seen at the end."""
    decisions, now = [], NOW
    for _ in range(ROUNDS):
        decision = decide(wanted, replace(looked_at(wanted, seen, answer), at=now), POLICY, now)
        decisions.append(decision)
        seen = finished(carried_out(seen, decision.actions, now), NOBODY)
        now += STEP
    return decisions, looked_at(wanted, seen, answer)


def could_serve(wanted: Desired, seen: Observed, version: ObservedVersion) -> bool:
    """Tell whether nothing speaks against that a version of ours serves, by the words of the issue alone."""
    if test_total.is_foreign(wanted, version) or version.state not in test_total.TRAINED:
        return False
    if test_total.speaks_against(wanted, seen, version):
        return False
    served = t.read_time(version.tags.get(t.PROMOTED_AT)) is not None
    if wanted.promotion.manual and not served and t.APPROVED not in version.tags:
        return False
    proof = seen.proofs.get(version.arn, UNSEEN)
    return served or judge(wanted.promotion.gates, version, proof, None).standing is Standing.PASSED


@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(resources, test_total.worlds(), outcomes)
def test_every_adapter_comes_to_rest_and_nothing_serves_only_where_nothing_may(
    wanted: Desired, seen: Observed, answer: Mapping[str, Outcome]
) -> None:
    assume(seen.project is not None)
    assert seen.project is not None
    ours = replace(
        seen.project,
        tags={**t.owner_tags(OWNER), t.RETRY: seen.project.tags.get(t.RETRY, "")},
        status=ProjectStatus.CREATED,
        feature=Feature.CONTENT_MODERATION,
        auto_update=wanted.auto_update,
    )
    decisions, last = lived(wanted, replace(seen, project=ours), answer)
    late = [action for decision in decisions[-REST:] for action in decision.actions]
    assert late == []
    promoted = [action.version_name for d in decisions for action in d.actions if isinstance(action, Promote)]
    trained = [action.version_name for d in decisions for action in d.actions if isinstance(action, CreateVersion)]
    event(f"{len(trained)} trained, {len(promoted)} promoted")
    assert len(promoted) == len(set(promoted)), "no version is put into service twice in a world that stands still"
    assert len(trained) == len(set(trained))
    serves = decisions[-1].report.active
    event("serves" if serves is not None else "nothing serves")
    assert (serves.arn if serves is not None else None) == test_total.active_arn(wanted, last)
    if serves is None:
        assert not [version.name for version in last.versions if could_serve(wanted, last, version)]
