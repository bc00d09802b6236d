"""What can be set about the operator, and by which flag and variable?"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from rekognition_operator.aws.slots import SlotKind
from rekognition_operator.controller.prices import UnitPrices
from rekognition_operator.core.decision import Policy
from rekognition_operator.core.identity import DefaultIdentity

ENV_PREFIX: Final = "REKOGNITION_OPERATOR_"
REGION_VARIABLES: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")
"""Where the Region is taken from when it is not set: what every AWS SDK, and a pod's AWS identity, understands."""

Seconds = Annotated[float, Field(gt=0, le=86400)]


class InvalidSettingsError(Exception):
    """A setting is missing or wrong; the text names its flag and its variable, and what is wrong."""


class OperatorSettings(BaseSettings):
    """The operator's settings: flags of ``rekognition-operator run``, else REKOGNITION_OPERATOR_* variables."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_ignore_empty=True, frozen=True, extra="ignore", use_attribute_docstrings=True
    )

    cluster_name: Annotated[str, Field(max_length=63, pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]
    """Name of this cluster in the owner tags in AWS, and in default project names. Required. Choose one that stays when
    the cluster is rebuilt, and that no other cluster on the same AWS account has: small letters, digits and dashes."""
    region: Annotated[str, Field(pattern=r"^[a-z]{2,}(-[a-z]+)+-[0-9]+$")] | None = None
    """AWS Region of resources without spec.region. Default: AWS_REGION or AWS_DEFAULT_REGION; with neither, such
    resources are Stalled."""
    default_identity: DefaultIdentity = "allow"
    """Whether resources without spec.identityRef are worked on with the operator's own AWS credentials: allow, or deny,
    where not everybody who may create resources may use these. Denied resources are Stalled."""
    namespaces: Annotated[tuple[str, ...], NoDecode] = ()
    """Namespaces to work in, separated by commas. Default: all."""
    kubeconfig: Path | None = None
    """Kubeconfig file. Default: KUBECONFIG, else the pod's service account, else ~/.kube/config."""
    concurrency: Annotated[int, Field(ge=1, le=1000)] = 64
    """Resources worked on at a time. A pass mostly waits."""
    training_slots: Annotated[int, Field(ge=1, le=100)] = 2
    """Trainings at a time in one account and Region: AWS's quota, as far as this operator may use it."""
    running_model_slots: Annotated[int, Field(ge=1, le=1000)] = 2
    """Custom Labels models running at a time in one account and Region: AWS's quota, as far as this operator may use
    it."""
    inference_unit_usd_per_hour: Annotated[UnitPrices, NoDecode] = UnitPrices()
    """Price of a running inference unit, for budgets and estimates: 4.00, or by Region, such as
    4.00,eu-central-1=4.80, where the entry without a Region is for all others."""
    publishing: bool = True
    """Whether resources with spec.publish get a ConfigMap. With false, the operator needs no rights on ConfigMaps and
    touches none, and such resources are Stalled."""
    calls_per_second: Annotated[float, Field(gt=0, le=1000)] = 5.0
    """Calls a second of each Rekognition operation in one account and Region. Tag operations may go twice as fast."""
    sweep_seconds: Seconds = 600.0
    """How often a settled resource is compared with AWS."""
    moving_seconds: Seconds = 30.0
    """How often AWS is looked at while something moves there, such as a training."""
    soon_seconds: Seconds = 1.0
    """How soon AWS is looked at again after a change by the operator."""
    adoption_settle_seconds: Seconds = 30.0
    """How long after taking over a project its tags are read again, in case that another one took it too."""
    loss_confirm_seconds: Seconds = 60.0
    """How long a version must stay away before it counts as deleted by others: AWS's lists may lag."""
    confirm_create_seconds: Seconds = 30.0
    """How long a version is looked for whose training AWS has not clearly accepted, before it is asked for again."""
    aws_time_scale: Annotated[float, Field(ge=1, le=100_000)] = 1.0
    """How many times faster than the clock AWS's time goes by: 1, but with an emulator that runs ahead."""
    list_seconds: Seconds = 600.0
    """How often all resources are listed, for what the watch may have missed."""
    leader_elect: bool = False
    """Whether several operators may run for the same cluster, of which the one that holds a Lease works and the others
    stand by. Without it, run one only."""
    lease_name: Annotated[str, Field(max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")] = (
        "rekognition-operator"
    )
    """Name of the Lease by which the leader is elected."""
    lease_namespace: Annotated[str, Field(max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")] | None = None
    """Namespace of that Lease. Default: the pod's own, or that of the kubeconfig's context."""
    lease_seconds: Annotated[int, Field(ge=2, le=3600)] = 15
    """How long the others wait after the leader's last sign of life."""
    renew_deadline_seconds: Annotated[float, Field(gt=0, le=3600)] = 10.0
    """How long the leader works without a renewal; then it ends. Less than --lease-seconds."""
    retry_seconds: Annotated[float, Field(gt=0, le=3600)] = 2.0
    """How often the lease is renewed or asked for, and how long that may take. Less than --renew-deadline-seconds."""
    health_host: str = "0.0.0.0"  # noqa: S104  # the kubelet and Prometheus ask from outside the pod
    """Address that /healthz, /readyz and /metrics listen on."""
    health_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """Port of /healthz, /readyz and /metrics; 0 takes a free one."""
    grace_seconds: Annotated[float, Field(ge=0, le=600)] = 20.0
    """How long passes under way may take to finish when the operator is stopped. Keep it below the pod's
    terminationGracePeriodSeconds."""
    log_format: Literal["json", "text"] = "json"
    """How log lines look."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Which log lines are written."""

    @field_validator("namespaces", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(name.strip() for name in value.split(",") if name.strip()) if isinstance(value, str) else value

    @field_validator("inference_unit_usd_per_hour", mode="before")
    @classmethod
    def _prices(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return UnitPrices.parse(value)
        except ValueError as error:
            raise PydanticCustomError("price", "{why}", {"why": str(error)}) from None

    @field_validator("renew_deadline_seconds", "retry_seconds")
    @classmethod
    def _shorter(cls, value: float, info: ValidationInfo) -> float:
        longer = {"renew_deadline_seconds": "lease_seconds", "retry_seconds": "renew_deadline_seconds"}[
            str(info.field_name)
        ]
        limit = info.data.get(longer)  # absent where it is wrong itself
        if limit is not None and value >= limit:
            raise PydanticCustomError(
                "too_long",
                "it must be less than {flag}, which is {limit}",
                {"flag": flag_of(longer), "limit": f"{limit:g}"},
            )
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @classmethod
    def read(cls, **flags: str | None) -> Self:
        """Read the settings: flags (None: not given), else variables, else defaults.

        Raises
        ------
        InvalidSettingsError
            One is missing or wrong.
        """
        given = {name: value for name, value in flags.items() if value is not None}
        try:
            return cls(**given)  # type: ignore[arg-type]  # flags are text; pydantic reads them
        except ValidationError as error:
            raise InvalidSettingsError("\n".join(_sentence(detail) for detail in error.errors())) from None

    @property
    def default_region(self) -> str | None:
        """The Region of resources that name none."""
        return self.region or next((os.environ[name] for name in REGION_VARIABLES if os.environ.get(name)), None)

    @property
    def slots(self) -> Mapping[SlotKind, int]:
        """How many of each scarce thing this operator may use in an account and Region."""
        return {SlotKind.TRAINING: self.training_slots, SlotKind.RUNNING_MODEL: self.running_model_slots}

    @property
    def policy(self) -> Policy:
        """What decisions depend on."""
        return Policy(
            moving_seconds=self.moving_seconds,
            sweep_seconds=self.sweep_seconds,
            soon_seconds=self.soon_seconds,
            adoption_settle_seconds=self.adoption_settle_seconds,
            loss_confirm_seconds=self.loss_confirm_seconds,
            confirm_create_seconds=self.confirm_create_seconds,
            aws_time_scale=self.aws_time_scale,
            publishing=self.publishing,
            usd_per_unit_hour=self.inference_unit_usd_per_hour.default_usd,
            usd_per_unit_hour_by_region=self.inference_unit_usd_per_hour.usd_by_region,
        )


def flag_of(name: str) -> str:
    """Return the flag of a setting."""
    return "--" + name.replace("_", "-")


def variable_of(name: str) -> str:
    """Return the environment variable of a setting."""
    return ENV_PREFIX + name.upper()


def _sentence(detail: ErrorDetails) -> str:
    name = str(detail["loc"][0])
    where = f"{flag_of(name)} (or {variable_of(name)})"
    if detail["type"] == "missing":
        return f"{where} is required but not given: {_first_sentence(name)}"
    return f"{where} cannot be {detail['input']!r}: {detail['msg']}. It is: {_first_sentence(name)}"


def _first_sentence(name: str) -> str:
    description = OperatorSettings.model_fields[name].description or ""
    return " ".join(description.split())
