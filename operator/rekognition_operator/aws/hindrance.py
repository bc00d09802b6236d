"""What follows from a failed call to AWS: wait, try again, ask a person, or look again?"""

from collections.abc import Sequence
from typing import Final

from rekognition_operator.api.conditions import Reason
from rekognition_operator.aws.errors import CallError, ErrorKind
from rekognition_operator.aws.permissions import CALLER_PERMISSIONS
from rekognition_operator.aws.role_hindrance import ASSUME_ROLE, role_hindrance, role_of
from rekognition_operator.aws.slots import PROBE_SECONDS, SlotKind
from rekognition_operator.core.actions import Action, CreateProject, CreateVersion, ReleaseFinalizer, StartVersion
from rekognition_operator.core.hindrance import Conflict, Hindrance, Terminal, Transient, Waiting
from rekognition_operator.core.inputs import TrainingInputs
from rekognition_operator.core.principal import Principal
from rekognition_operator.core.wording import clause

DENIED_RETRY_SECONDS: Final = 600.0
"""How often a denied call, or credentials that do not work, are tried again without anybody asking."""
QUOTA_RETRY_SECONDS: Final = 1800.0
"""How often a full count quota is tried again."""
INVALID_RETRY_SECONDS: Final = 1800.0
"""How often a request that AWS found invalid is tried again."""
VERSIONS_QUOTA: Final = 100
"""AWS's default for versions (models) per project (AWS General Reference; for adapters INFERRED to be the same)."""
INFERENCE_UNITS_QUOTA: Final = 5
"""AWS's default for inference units of one started model (AWS General Reference)."""
RUN_MORE: Final = "to run more at a time, have the quota raised in Service Quotas and set --running-model-slots"
"""The way out of waiting for a model to stop."""
TRAIN_MORE: Final = "to train more at a time, have the quota raised in Service Quotas and set --training-slots"
"""The way out of waiting for a training to end."""

_S3_WRITE: Final = "s3:PutObject"
_S3_READ: Final = ", ".join(p.action for p in CALLER_PERMISSIONS["CreateProjectVersion"] if p.action != _S3_WRITE)
"""What training needs of the caller on the buckets it reads."""
_KMS: Final = ", ".join(p.action for p in CALLER_PERMISSIONS["CreateProjectVersion with KmsKeyId"])
"""What training needs of the caller on the key."""

_LOOK_AT: Final = {
    "CreateProject": "spec.projectName and spec.tags",
    "GetCallerIdentity": "spec.region",
    "DescribeProjects": "spec.projectName and spec.region",
    "TagResource": "spec.tags",
    "CreateProjectVersion": "spec.training, spec.output and spec.description",
    "StartProjectVersion": "spec.serving.minInferenceUnits and spec.serving.maxInferenceUnits",
    "StopProjectVersion": "spec.serving.state",
}
_CLOUDWATCH: Final = frozenset({"GetMetricData", "ListMetrics"})
_READS_OBJECTS: Final = frozenset({"HeadObject", "GetObject"})


def hindrance_of(
    error: CallError,
    action: Action | None,
    *,
    versions_listed: int | None = None,
    projects_listed: int | None = None,
    versions_quota: int = VERSIONS_QUOTA,
) -> Hindrance:
    """Say what follows from a failed call.

    Parameters
    ----------
    error
        The failure.
    action
        What was being done; None while looking.
    versions_listed
        How many versions the project was seen to have: tells the count quota from that of concurrent trainings, which
        AWS answers by the same code.
    projects_listed
        How many projects the account was seen to have, for the message.
    versions_quota
        How many versions a project may have in this account.
    """
    of_role = role_hindrance(error)
    if of_role is not None:
        return of_role
    match error.kind:
        case ErrorKind.THROTTLED | ErrorKind.SERVER | ErrorKind.LOST:
            return Transient(Reason.RETRYING, _passing(error))
        case ErrorKind.ACCESS_DENIED:
            return Terminal(Reason.ACCESS_DENIED, _denied(error, action), DENIED_RETRY_SECONDS)
        case ErrorKind.CREDENTIALS:
            return Terminal(Reason.CREDENTIALS_INVALID, _unknown_caller(error), DENIED_RETRY_SECONDS)
        case ErrorKind.LIMIT:
            return _limited(error, action, versions_listed, projects_listed, versions_quota)
        case ErrorKind.IN_USE | ErrorKind.NOT_FOUND:
            return Conflict(
                f"AWS is not as it was a moment ago ({clause(str(error))}); it is looked at again. Nothing to do, "
                "unless this stays: then look at the project in the AWS console"
            )
        case ErrorKind.INVALID:
            return _invalid(error, action)


def _passing(error: CallError) -> str:
    match error.kind:
        case ErrorKind.THROTTLED:
            return f"AWS throttled {error.operation}; it is tried again more slowly. Nothing to do"
        case ErrorKind.LOST:
            return (
                f"The answer to {error.operation} was lost ({error.message}); whether it took effect is looked up "
                "before it is tried again. Nothing to do, unless this stays: then check the network between the "
                "operator and AWS"
            )
        case _ if error.code in ("EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError"):
            return (
                f"AWS could not be reached for {error.operation} ({error.message}); it is tried again. If this stays, "
                "check spec.region, the operator's network and its proxy"
            )
        case _:
            return (
                f"{error.operation} failed on AWS's side ({error.code}: {error.message}); it is tried again. Nothing "
                "to do, unless this stays: then see the AWS health dashboard"
            )


def _denied(error: CallError, action: Action | None) -> str:
    permission = iam_action(error.operation)
    resource = _resource(error, action)
    text = f"AWS denied {permission} on {resource}: {clause(error.message)}. Allow it in {policy_of(error.principal)}"
    if isinstance(action, CreateVersion):
        whose = "the operator's own rights" if error.principal.role_arn is None else "the role's rights"
        text += f". Training also uses {whose}: {_training_rights(action.inputs, action.output.bucket)}"
    return text + _again(DENIED_RETRY_SECONDS)


def policy_of(principal: Principal) -> str:
    """Name the policy that says what a principal may do."""
    return "the operator's IAM policy" if principal.role_arn is None else f"the IAM policy of {role_of(principal)}"


def _training_rights(inputs: TrainingInputs, output_bucket: str) -> str:
    sources = _listed(sorted({m.bucket for m in (*inputs.training, *inputs.testing)}))
    text = f"{_S3_READ} on {sources} and the buckets of the images, {_S3_WRITE} on {output_bucket}"
    if inputs.kms_key_id is not None:
        text += f", {_KMS} on {inputs.kms_key_id}"
    return text


def _unknown_caller(error: CallError) -> str:
    return (
        f"AWS did not accept the operator's credentials ({error.operation}: {error.code}: {error.message}). Check its "
        "service account's role or its AWS_* variables, that the Region is enabled for the account, and the clock"
        + _again(DENIED_RETRY_SECONDS)
    )


def _limited(
    error: CallError,
    action: Action | None,
    versions_listed: int | None,
    projects_listed: int | None,
    versions_quota: int,
) -> Hindrance:
    if error.operation == "CreateProject":
        seen = "" if projects_listed is None else f" ({projects_listed} are listed)"
        name = f" {action.project_name}" if isinstance(action, CreateProject) else ""
        return Terminal(
            Reason.PROJECT_QUOTA_REACHED,
            f"The project{name} cannot be created: the account has as many Rekognition projects as its quota allows"
            f"{seen}: {clause(error.message)}. Delete projects, or have the quota raised in Service Quotas"
            + _again(QUOTA_RETRY_SECONDS),
            QUOTA_RETRY_SECONDS,
        )
    if error.operation == "CreateProjectVersion":
        if versions_listed is not None and versions_listed >= versions_quota:
            return Terminal(
                Reason.VERSION_QUOTA_REACHED,
                f"The project has {versions_listed} versions, as many as its quota allows: {clause(error.message)}. "
                "Lower spec.retention.keep, delete versions, or have the quota raised in Service Quotas"
                + _again(QUOTA_RETRY_SECONDS),
                QUOTA_RETRY_SECONDS,
            )
        return Waiting(
            Reason.WAITING_FOR_QUOTA,
            f"All trainings that the account may run at a time are in use: {clause(error.message)}. It is asked again "
            "as soon as one may be free; " + TRAIN_MORE,
            PROBE_SECONDS,
            SlotKind.TRAINING.value,
        )
    if error.operation == "StartProjectVersion":
        text = _too_many_run(error, action)
        if isinstance(action, StartVersion) and _asked_units(action) > INFERENCE_UNITS_QUOTA:
            return Waiting(Reason.WAITING_FOR_QUOTA, text, QUOTA_RETRY_SECONDS)  # it holds up nobody in the queue
        return Waiting(Reason.WAITING_FOR_QUOTA, text, PROBE_SECONDS, SlotKind.RUNNING_MODEL.value)
    if error.operation == "TagResource":
        return Terminal(
            Reason.TAG_QUOTA_REACHED,
            f"{_resource(error, action)} cannot take more tags: {clause(error.message)}. Remove tags from it in AWS, "
            "or from spec.tags" + _again(QUOTA_RETRY_SECONDS),
            QUOTA_RETRY_SECONDS,
        )
    return Waiting(
        Reason.WAITING_FOR_QUOTA,
        f"A quota of the account is used up for {error.operation}: {clause(error.message)}. It is tried again",
        PROBE_SECONDS,
    )


def _asked_units(action: StartVersion) -> int:
    return action.max_units or action.min_units


def _too_many_run(error: CallError, action: Action | None) -> str:
    """Name the two quotas that a start may meet, the likelier one first: AWS answers both by the same code."""
    models = "all models that the account may run at a time are running"
    units = f"the model asks for more inference units than its quota ({INFERENCE_UNITS_QUOTA} by default) allows"
    field = "maxInferenceUnits" if isinstance(action, StartVersion) and action.max_units else "minInferenceUnits"
    ways_out = [
        RUN_MORE,
        f"lower spec.serving.{field}, or have its quota raised",
    ]
    if isinstance(action, StartVersion):
        asked = _asked_units(action)
        units = (
            f"the model asks for {asked} inference units, and its quota ({INFERENCE_UNITS_QUOTA} by default) is less"
        )
        if asked > INFERENCE_UNITS_QUOTA:
            models, units = units, models
            ways_out.reverse()
    cause = f"{models[0].upper()}{models[1:]}, or {units}"
    return (
        f"{cause}: {clause(error.message)}. The start is asked for again as soon as a model may have stopped; "
        + "; or ".join(ways_out)
    )


def _invalid(error: CallError, action: Action | None) -> Hindrance:
    if isinstance(action, CreateVersion):  # followed by name: see CreateAttempt
        return Conflict(f"AWS refused the training ({error}). The version is looked for by its name")
    fields = _LOOK_AT.get(error.operation)
    look = f"Look at {fields}" if fields else "This is most likely a fault of the operator: please report it"
    return Terminal(
        Reason.INVALID_REQUEST,
        f"AWS refused {error.operation} on {_resource(error, action)} as invalid ({error.code}): "
        f"{clause(error.message)}. {look}" + _again(INVALID_RETRY_SECONDS),
        INVALID_RETRY_SECONDS,
    )


def iam_action(operation: str) -> str:
    """Return the IAM action that allows an operation, such as rekognition:CreateProject."""
    if operation in _CLOUDWATCH:
        return f"cloudwatch:{operation}"
    if operation in _READS_OBJECTS:
        return "s3:GetObject"
    service = "sts" if operation in ("GetCallerIdentity", ASSUME_ROLE) else "rekognition"
    return f"{service}:{operation}"


def _resource(error: CallError, action: Action | None) -> str:
    """Name what the call was about, as an IAM policy would."""
    if error.resource is not None:
        return error.resource
    match action:
        case CreateProject():
            return f"project {action.project_name} (CreateProject needs the resource *)"
        case CreateVersion():
            return f"{action.project_arn} (version {action.version_name})"
        case None | ReleaseFinalizer():
            return "*" if error.operation == "DescribeProjects" else "the project and its versions"
        case _:
            return action.arn


def _again(seconds: float) -> str:
    return f". Tried again every {seconds / 60:.0f} minutes, and when the resource changes"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
