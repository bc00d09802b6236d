"""How are the operator's settings given, read, and refused?"""

import pytest
import typer
from typer.testing import CliRunner

from rekognition_operator.aws.slots import SlotKind
from rekognition_operator.cli.run import run
from rekognition_operator.controller.prices import UnitPrices
from rekognition_operator.controller.settings import (
    ENV_PREFIX,
    REGION_VARIABLES,
    InvalidSettingsError,
    OperatorSettings,
    flag_of,
    variable_of,
)
from rekognition_operator.core.decision import Policy


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no variable of the machine come in between."""
    for name in OperatorSettings.model_fields:
        monkeypatch.delenv(variable_of(name), raising=False)
    for name in REGION_VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_the_cluster_name_is_all_that_must_be_given() -> None:
    settings = OperatorSettings.read(cluster_name="prod-eu")
    assert settings.namespaces == ()
    assert settings.concurrency == 64
    assert settings.training_slots == settings.running_model_slots == 2
    assert settings.inference_unit_usd_per_hour == UnitPrices(4.0)
    assert settings.default_region is None


def test_intervals_become_the_policy_of_decisions() -> None:
    settings = OperatorSettings.read(
        cluster_name="prod", sweep_seconds="100", moving_seconds="5", soon_seconds="0.5", adoption_settle_seconds="7"
    )
    assert settings.policy == Policy(sweep_seconds=100, moving_seconds=5, soon_seconds=0.5, adoption_settle_seconds=7)


def test_the_defaults_are_those_of_the_policy() -> None:
    assert OperatorSettings.read(cluster_name="prod").policy == Policy()


def test_prices_by_region_become_the_policy_of_decisions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENV_PREFIX + "INFERENCE_UNIT_USD_PER_HOUR", "4.00,eu-central-1=4.80")
    policy = OperatorSettings.read(cluster_name="prod").policy
    assert [policy.price(region) for region in ("us-east-1", "eu-central-1")] == [4.0, 4.8]


def test_a_wrong_price_is_told_in_one_sentence() -> None:
    with pytest.raises(InvalidSettingsError) as refused:
        OperatorSettings.read(cluster_name="prod", inference_unit_usd_per_hour="4,eu=x")
    assert str(refused.value).startswith(
        "--inference-unit-usd-per-hour (or REKOGNITION_OPERATOR_INFERENCE_UNIT_USD_PER_HOUR) cannot be '4,eu=x': "
        "'eu=x' does not begin with a Region, such as eu-central-1=4.80. It is: Price of"
    )


@pytest.mark.parametrize(("given", "publishing"), [("false", False), ("true", True)])
def test_publishing_can_be_switched_off(given: str, publishing: bool) -> None:
    assert OperatorSettings.read(cluster_name="prod", publishing=given).policy == Policy(publishing=publishing)


def test_slots_are_given_by_kind() -> None:
    settings = OperatorSettings.read(cluster_name="prod", training_slots="3", running_model_slots="7")
    assert settings.slots == {SlotKind.TRAINING: 3, SlotKind.RUNNING_MODEL: 7}


def test_a_flag_wins_over_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENV_PREFIX + "CLUSTER_NAME", "from-variable")
    monkeypatch.setenv(ENV_PREFIX + "CONCURRENCY", "3")
    settings = OperatorSettings.read(cluster_name="from-flag", concurrency=None)
    assert (settings.cluster_name, settings.concurrency) == ("from-flag", 3)


def test_an_empty_variable_counts_as_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENV_PREFIX + "CONCURRENCY", "")
    monkeypatch.setenv(ENV_PREFIX + "NAMESPACES", "")
    assert OperatorSettings.read(cluster_name="prod").concurrency == 64


@pytest.mark.parametrize("given", ["a,b", " a , b ,", "a,,b"])
def test_namespaces_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    assert OperatorSettings.read(cluster_name="prod", namespaces=given).namespaces == ("a", "b")
    monkeypatch.setenv(ENV_PREFIX + "NAMESPACES", given)
    assert OperatorSettings.read(cluster_name="prod").namespaces == ("a", "b")


def test_the_region_is_taken_from_aws_own_variables_when_it_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert OperatorSettings.read(cluster_name="prod").default_region == "eu-west-1"
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    assert OperatorSettings.read(cluster_name="prod").default_region == "eu-central-1"
    assert OperatorSettings.read(cluster_name="prod", region="us-east-1").default_region == "us-east-1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cluster_name", "has.dot"),
        ("cluster_name", "Upper"),
        ("cluster_name", "-dash"),
        ("cluster_name", "x" * 64),
        ("region", "Frankfurt"),
        ("concurrency", "0"),
        ("concurrency", "many"),
        ("publishing", "perhaps"),
        ("training_slots", "0"),
        ("running_model_slots", "0"),
        ("inference_unit_usd_per_hour", "free"),
        ("sweep_seconds", "-1"),
        ("health_port", "70000"),
        ("log_format", "xml"),
        ("log_level", "CHATTY"),
    ],
)
def test_a_wrong_value_is_told_by_flag_variable_and_value(name: str, value: str) -> None:
    with pytest.raises(InvalidSettingsError) as refused:
        OperatorSettings.read(**{"cluster_name": "prod", name: value})
    message = str(refused.value)
    assert message.startswith(f"{flag_of(name)} (or {variable_of(name)}) cannot be {value!r}: ")
    assert "\n" not in message


@pytest.mark.parametrize(
    ("wrong", "others", "longer"),
    [
        ("renew_deadline_seconds", {}, "--lease-seconds, which is 15"),
        (
            "retry_seconds",
            {"lease_seconds": "30", "renew_deadline_seconds": "15"},
            "--renew-deadline-seconds, which is 15",
        ),
    ],
)
def test_the_times_of_the_lease_fit_each_other(wrong: str, others: dict[str, str], longer: str) -> None:
    with pytest.raises(InvalidSettingsError) as refused:
        OperatorSettings.read(**{"cluster_name": "prod", **others, wrong: "15"})
    assert f"{flag_of(wrong)} (or {variable_of(wrong)}) cannot be '15': it must be less than {longer}." in str(
        refused.value
    )


def test_a_missing_cluster_name_says_what_it_is_for() -> None:
    with pytest.raises(InvalidSettingsError) as refused:
        OperatorSettings.read()
    assert "--cluster-name (or REKOGNITION_OPERATOR_CLUSTER_NAME) is required" in str(refused.value)
    assert "owner tags" in str(refused.value)


def test_every_setting_is_a_flag_with_a_help_text_and_its_variable() -> None:
    app = typer.Typer()
    app.command()(run)
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "500", "TERM": "dumb"}).output
    for name, field in OperatorSettings.model_fields.items():
        assert flag_of(name) in shown
        assert variable_of(name) in shown
        assert field.description, f"{name} has no description"
        assert field.description.split("\n")[0].split(".")[0] in shown


def test_a_wrong_flag_ends_with_the_usage_code_and_one_sentence() -> None:
    app = typer.Typer()
    app.command()(run)
    answer = CliRunner().invoke(app, ["--cluster-name", "prod", "--concurrency", "many"])
    assert answer.exit_code == 2
    assert answer.output.startswith("Error: --concurrency (or REKOGNITION_OPERATOR_CONCURRENCY) cannot be 'many'")
