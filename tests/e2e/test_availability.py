"""Does another operator go on where one ends, and does each survive what a network does, with nothing done twice?

Played on a control plane of its own, since it is taken away, too.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from e2e.harness.proxy import Proxy
from e2e.harness.reading import active_of, reason_of
from e2e.harness.replicas import Replicas
from e2e.harness.resource import Adapter
from e2e.harness.stage import Alone, Stage

pytestmark = [pytest.mark.e2e, pytest.mark.controlplane]

Pair = Callable[..., AbstractContextManager[Replicas]]


@pytest.fixture
def pair(stage: Stage, request: pytest.FixtureRequest) -> Pair:
    """Give two operators, of which one leads; neither is started yet."""

    def play(**settings: str) -> AbstractContextManager[Replicas]:
        return stage.replicas(request.node.name, **settings)

    return play


def nothing_twice(adapter: Adapter) -> None:
    """Fail where anything was created, trained or put into service twice."""
    made = Counter((call.operation, str(call.parameters)) for call in adapter.scene.aws.mutations())
    assert [call for call, times in made.items() if times > 1] == []
    assert len(adapter.scene.aws.calls("CreateProject")) == 1


def test_a_leader_killed_in_a_training_is_followed_and_the_training_with_it(pair: Pair) -> None:
    with pair() as replicas:
        replicas.start()
        with replicas.scene.aws.trainings_held():
            adapter = replicas.scene.adapter().apply()
            adapter.wait("in training", lambda seen: reason_of(seen, "Reconciling") == "Training")
            replicas.first.kill()
            replicas.await_leader(replicas.second)
        adapter.wait_ready()

        assert len(adapter.trainings()) == 1
        nothing_twice(adapter)


def test_a_leader_killed_before_it_hears_of_its_training_is_followed_and_nothing_is_trained_twice(pair: Pair) -> None:
    with pair() as replicas:
        replicas.start()
        aws = replicas.scene.aws
        aws.withhold("CreateProjectVersion")
        adapter = replicas.scene.adapter().apply()
        adapter.wait_until("it is trained, and the answer is not there", lambda: aws.struck() == 1)
        replicas.first.kill()
        replicas.await_leader(replicas.second)
        adapter.wait_ready()

        assert len(adapter.trainings()) == 1
        nothing_twice(adapter)


def test_a_leader_that_is_told_to_end_hands_over_at_once(pair: Pair) -> None:
    with pair(LEASE_SECONDS="600", RENEW_DEADLINE_SECONDS="500") as replicas:  # nobody waits that long
        replicas.start()
        adapter = replicas.scene.adapter().apply()
        adapter.wait_ready()
        before = adapter.active
        replicas.first.ask_to_end()

        assert replicas.first.exit_code() == 0
        replicas.await_leader(replicas.second)
        adapter.train_on(confidenceThreshold=70)
        adapter.wait("the edit is in service", lambda seen: active_of(seen) not in {None, before})
        nothing_twice(adapter)


def test_who_stands_by_ends_without_a_word_and_starts_again(pair: Pair) -> None:
    with pair() as replicas:
        replicas.start()
        replicas.second.ask_to_end()

        assert replicas.second.exit_code() == 0
        replicas.second.start()
        assert replicas.second.probe("/readyz") == (200, "standing by\n")


def test_a_leader_that_cannot_reach_the_api_server_ends_and_the_other_goes_on(pair: Pair) -> None:
    with pair() as replicas:
        replicas.start()
        adapter = replicas.scene.adapter().apply()
        adapter.wait_ready()
        before = adapter.active
        replicas.first_network.swallow()
        adapter.train_on(confidenceThreshold=70)

        assert replicas.first.exit_code() == 1
        assert "could not be renewed" in replicas.first.log()
        replicas.await_leader(replicas.second)
        adapter.wait("the edit is in service", lambda seen: active_of(seen) not in {None, before})
        assert len(adapter.trainings()) == 2
        nothing_twice(adapter)


def test_a_watch_that_is_cut_is_taken_up_again(alone: Alone, stage: Stage) -> None:
    with Proxy(stage.cluster.plane.url) as network, alone(LIST_SECONDS="600") as scene:
        scene.operator.api_url = network.url
        scene.operator.start()
        adapter = scene.adapter().apply()
        adapter.wait_ready()
        before = adapter.active
        for _ in range(3):
            network.cut()
        adapter.train_on(confidenceThreshold=70)
        adapter.wait("the edit is in service", lambda seen: active_of(seen) not in {None, before})
        nothing_twice(adapter)


def test_an_api_server_that_restarts_and_has_forgotten_old_states_is_watched_again(alone: Alone, stage: Stage) -> None:
    with Proxy(stage.cluster.plane.url) as network, alone(LIST_SECONDS="600") as scene:
        scene.operator.api_url = network.url
        scene.operator.start()
        adapter, gone = scene.adapter().apply(), scene.adapter("gone", deletion={"policy": "Orphan"})
        adapter.wait_ready()
        before = adapter.active
        network.refuse()
        adapter.train_on(confidenceThreshold=70)
        stage.cluster.plane.restart_api_server()  # it answers 410 to who watches from before its start
        gone.apply()
        network.let_through()

        gone.wait_ready()
        adapter.wait("the edit is in service", lambda seen: active_of(seen) not in {None, before})
        assert scene.operator.running
        assert len(adapter.trainings()) == 2


def test_an_aws_that_is_away_for_a_while_costs_nothing_twice(alone: Alone, stage: Stage) -> None:
    with Proxy(stage.emulator.url) as network, alone() as scene:
        scene.operator.aws_url = network.url
        scene.operator.start()
        with scene.aws.trainings_held():
            trained = scene.adapter().apply()
            trained.wait("in training", lambda seen: reason_of(seen, "Reconciling") == "Training")
            network.refuse()
            new = stage.another(scene).adapter("new").apply()
            new.wait("told that AWS does not answer", lambda seen: reason_of(seen, "Reconciling") == "Retrying")
            assert scene.operator.probe("/healthz")[0] == 200
            network.let_through()
        trained.wait_ready()
        new.wait_ready()

        for adapter in (trained, new):
            assert len(adapter.trainings()) == 1
            nothing_twice(adapter)


def test_an_operator_told_to_end_with_a_call_under_way_ends_within_its_grace_time(alone: Alone) -> None:
    with alone(GRACE_SECONDS="1") as scene:
        operator = scene.operator
        operator.start()
        scene.aws.withhold("CreateProjectVersion")
        adapter = scene.adapter().apply()
        adapter.wait_until("it is trained, and the answer is not there", lambda: scene.aws.struck() == 1)
        operator.ask_to_end()

        assert operator.exit_code() == 0
        operator.start()
        adapter.wait_ready()
        assert len(adapter.trainings()) == 1
        nothing_twice(adapter)
