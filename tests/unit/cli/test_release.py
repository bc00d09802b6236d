"""What does `rekognition-operator release` show, ask, change, and exit with?"""

import pytest

from fakes.kube import Call
from rekognition_operator.api.annotations import RECONCILE_REQUESTED_AT
from rekognition_operator.cli import liveness
from rekognition_operator.kube.errors import KubeConflictError, KubeForbiddenError
from rekognition_operator.kube.resource import FINALIZER, JsonObject, ResourceKey
from unit.cli.conftest import NAMESPACE, VERSION, Run, World, version_status

ADAPTER = ResourceKey("ModerationAdapter", NAMESPACE, "storefront")
MODEL = ResourceKey("CustomLabelsModel", NAMESPACE, "parts")
PROJECT: JsonObject = {"arn": "arn:aws:rekognition:eu-west-1:123456789012:project/parts/1", "name": "parts"}
REFUSED = KubeForbiddenError("patch the finalizers", "forbidden", 403)

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "SECONDS_BETWEEN", 0)


def held_adapter(world: World, *others: str, deleted: bool = True) -> None:
    world.adapter(project=PROJECT)
    world.kube.set_finalizers(ADAPTER, FINALIZER, *others)
    if deleted:
        world.kube.delete(ADAPTER)


def held_model(world: World, state: str = "RUNNING") -> str:
    arn = world.model(project=PROJECT)
    serving: JsonObject = {"state": state, "reason": "Running"}
    if state == "RUNNING":
        serving["usdPerHour"] = 4.0
    shown: JsonObject = {**version_status(VERSION, arn, "Active"), "status": state}
    world.kube.set_status(MODEL, {"project": PROJECT, "versions": [shown], "serving": serving})
    world.kube.set_finalizers(MODEL, FINALIZER)
    world.kube.delete(MODEL)
    return arn


def test_a_deleted_resource_goes_and_what_it_leaves_in_aws_is_shown_before(
    world: World, run: Run, capsys: Capture
) -> None:
    arn = held_model(world)
    assert run("release", "clm/parts", "--yes") == 0
    told = capsys.readouterr().out
    assert str(PROJECT["arn"]) in told
    assert arn in told
    assert f"BILLED: {VERSION} runs, 4.00 USD/h" in told
    assert told.index("4.00 USD/h by their status") < told.index("released, and gone")
    assert world.kube.read(MODEL) is None
    assert world.asked_regions == []


def test_in_all_namespaces_identities_are_let_go_with_those_who_named_them(
    world: World, run: Run, capsys: Capture
) -> None:
    identity = ResourceKey("AWSIdentity", "", "team-a")
    held_adapter(world)
    world.kube.create(identity, {}, finalizers=(FINALIZER,))
    world.kube.delete(identity)

    assert run("release", "--all", "--yes") == 0
    assert world.kube.read(identity) is not None
    assert run("release", "--all", "-A", "--yes") == 0

    assert "AWSIdentity team-a: released, and gone" in capsys.readouterr().out
    assert world.kube.read(identity) is None


def test_without_yes_and_without_a_terminal_nothing_is_released(world: World, run: Run, capsys: Capture) -> None:
    held_model(world)
    assert run("release", "--all") == 1
    assert "repeat the command with --yes" in capsys.readouterr().err
    assert world.kube.read(MODEL) is not None


@pytest.mark.parametrize(("answer", "code"), [(True, 0), (False, 1)])
def test_at_a_terminal_a_person_is_asked(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch, answer: bool, code: int
) -> None:
    held_model(world)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda _text: answer)
    assert run("release", "clm/parts") == code
    assert (world.kube.read(MODEL) is None) is answer


def test_all_takes_every_kind_and_a_kind_without_its_crd_is_passed_over(world: World, run: Run) -> None:
    held_adapter(world)
    held_model(world, "STOPPED")
    world.kube.kinds.discard("CustomLabelsModel")
    assert run("release", "--all", "-A", "--yes") == 0
    assert world.kube.read(ADAPTER) is None
    assert world.kube.read(MODEL) is not None
    world.kube.kinds.add("CustomLabelsModel")
    assert run("release", "--all", "--yes") == 0
    assert world.kube.read(MODEL) is None


def test_a_dry_run_writes_nothing(world: World, run: Run, capsys: Capture) -> None:
    held_model(world)
    assert run("release", "--all", "--dry-run") == 0
    assert "BILLED" in capsys.readouterr().out
    assert {call.method for call in world.kube.calls} == {"list_all"}


def test_finalizers_of_others_stay(world: World, run: Run, capsys: Capture) -> None:
    held_adapter(world, "acme.example/audit")
    assert run("release", "storefront", "--yes") == 0
    left = world.kube.read(ADAPTER)
    assert left is not None
    assert left.finalizers == ("acme.example/audit",)
    assert "still held by acme.example/audit" in capsys.readouterr().out


def test_a_resource_that_is_not_deleted_stays_without_the_finalizer(world: World, run: Run, capsys: Capture) -> None:
    held_adapter(world, deleted=False)
    assert run("release", "storefront", "--yes") == 0
    left = world.kube.read(ADAPTER)
    assert left is not None
    assert left.finalizers == ()
    assert "NOT deleted" in capsys.readouterr().out


def test_an_operator_that_answers_is_told_of(world: World, run: Run, capsys: Capture) -> None:
    held_adapter(world, deleted=False)

    def answer(call: Call) -> None:
        resource = world.kube.read(ADAPTER)
        assert resource is not None
        if call.method == "get" and RECONCILE_REQUESTED_AT in resource.annotations:
            world.kube.set_status(ADAPTER, {**resource.status, "lastHandledReconcileAt": "now"})

    world.kube.on_call = answer
    assert run("release", "storefront") == 1
    assert f"WARNING: an operator is alive: it has just answered for {ADAPTER}" in capsys.readouterr().err


def test_an_operator_that_is_gone_is_not_warned_of(world: World, run: Run, capsys: Capture) -> None:
    held_adapter(world)
    assert run("release", "storefront", "--yes") == 0
    assert "WARNING" not in capsys.readouterr().err


@pytest.mark.parametrize("status", [{}, {"project": 7}])
def test_a_model_of_which_nothing_is_known_counts_as_one_that_may_run(
    world: World, run: Run, capsys: Capture, status: dict[str, int]
) -> None:
    held_model(world)
    world.kube.set_status(MODEL, status)
    assert run("release", "clm/parts", "--dry-run") == 0
    assert "BILLED: it cannot be known whether its model runs" in capsys.readouterr().out


def test_what_was_changed_meanwhile_is_read_again(world: World, run: Run) -> None:
    held_adapter(world)
    world.kube.fail("patch_finalizers", KubeConflictError("patch", "modified", 409))
    assert run("release", "storefront", "--yes") == 0
    assert world.kube.read(ADAPTER) is None


def test_one_that_is_refused_does_not_keep_the_others(world: World, run: Run, capsys: Capture) -> None:
    held_adapter(world)
    held_model(world)
    world.kube.fail("patch_finalizers", REFUSED)
    assert run("release", "--all", "--yes") == 1
    told = capsys.readouterr().err
    assert f"{ADAPTER}: NOT released" in told
    assert "1 resource could not be released" in told
    assert world.kube.read(ADAPTER) is not None
    assert world.kube.read(MODEL) is None


def test_nothing_is_released_where_one_of_the_named_is_missing(world: World, run: Run, capsys: Capture) -> None:
    held_adapter(world)
    assert run("release", "storefront", "nothere", "--yes") == 1
    assert "There is no ModerationAdapter nothere" in capsys.readouterr().err
    assert world.kube.read(ADAPTER) is not None


def test_what_the_operator_does_not_hold_needs_no_release(world: World, run: Run, capsys: Capture) -> None:
    world.adapter()
    assert run("release", "storefront") == 0
    assert "nothing to release" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [[], ["storefront", "--all"], ["storefront", "-A"], ["--all", "-A", "-n", NAMESPACE], ["nokind/storefront"]],
)
@pytest.mark.usefixtures("world")
def test_wrong_usage_exits_with_2(run: Run, arguments: list[str]) -> None:
    assert run("release", *arguments) == 2
