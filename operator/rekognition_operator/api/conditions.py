"""Which conditions and reasons does a resource show, and what does one do about each? One table, however long."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from rekognition_operator.api.awsidentity import AWSIdentity
from rekognition_operator.api.customlabelsmodel import CustomLabelsModel
from rekognition_operator.api.kinds import ALL_DEFINITIONS, ALL_KINDS, Definition
from rekognition_operator.api.moderationadapter import ModerationAdapter


class ConditionType(StrEnum):
    """An aspect of the resource's state."""

    READY = "Ready"
    UP_TO_DATE = "UpToDate"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"
    DRIFTED = "Drifted"
    SUSPENDED = "Suspended"
    EXPIRING = "Expiring"
    PENDING_NEXT_VERSION = "PendingNextVersion"
    SERVING = "Serving"
    NO_ROOM_FOR_BLUE_GREEN = "NoRoomForBlueGreen"
    IDLE_UNKNOWN = "IdleUnknown"
    PINNED = "Pinned"
    GATE_OVERRIDDEN = "GateOverridden"
    AWAITING_APPROVAL = "AwaitingApproval"
    PROBES_FAILING = "ProbesFailing"


@dataclass(frozen=True)
class ConditionSpec:
    """What a condition tells, on resources of which kinds, and whether it is always there."""

    type: ConditionType
    always: bool
    meaning: str
    kinds: tuple[Definition, ...] = ALL_KINDS


CONDITIONS: tuple[ConditionSpec, ...] = (
    ConditionSpec(
        ConditionType.READY,
        always=True,
        meaning="An acceptable version is in service; of a model: and it runs, or is stopped, as the spec wants it "
        "now. Stays True on the last good version while a new one trains. Of an identity: AWS can be called as it.",
        kinds=ALL_DEFINITIONS,
    ),
    ConditionSpec(
        ConditionType.UP_TO_DATE,
        always=True,
        meaning="The version in service is the one that the spec asks for. Wait for this one to wait for a retraining.",
    ),
    ConditionSpec(
        ConditionType.RECONCILING, always=False, meaning="Work is under way; the reason says which. Absent otherwise."
    ),
    ConditionSpec(
        ConditionType.STALLED,
        always=False,
        meaning="It will not get better without a person; the message says what to do. Absent otherwise.",
        kinds=ALL_DEFINITIONS,
    ),
    ConditionSpec(
        ConditionType.DRIFTED,
        always=False,
        meaning="AWS differs from the spec in the fields that status.drift lists. Absent otherwise.",
    ),
    ConditionSpec(ConditionType.SUSPENDED, always=False, meaning="spec.suspend is true: nothing is changed in AWS."),
    ConditionSpec(
        ConditionType.EXPIRING,
        always=False,
        meaning="The base model of the version in service is superseded: AWS will stop serving the version.",
        kinds=(ModerationAdapter,),
    ),
    ConditionSpec(
        ConditionType.PENDING_NEXT_VERSION,
        always=False,
        meaning="description or output differ from those of the version in service: they apply to the next version.",
    ),
    ConditionSpec(
        ConditionType.SERVING,
        always=True,
        meaning="The version in service is RUNNING: it answers. Wait for this one before asking it. While it is False, "
        "Ready tells whether that is as the spec wants it.",
        kinds=(CustomLabelsModel,),
    ),
    ConditionSpec(
        ConditionType.NO_ROOM_FOR_BLUE_GREEN,
        always=False,
        meaning="A new version is to take over, and cannot run beside the old one, which goes on answering.",
        kinds=(CustomLabelsModel,),
    ),
    ConditionSpec(
        ConditionType.IDLE_UNKNOWN,
        always=False,
        meaning="spec.serving.idleStop is set, and whether anybody asks the model cannot be known: it is not stopped.",
        kinds=(CustomLabelsModel,),
    ),
    ConditionSpec(
        ConditionType.PINNED,
        always=False,
        meaning="spec.pin names the version that serves, whatever spec.training says.",
    ),
    ConditionSpec(
        ConditionType.GATE_OVERRIDDEN,
        always=False,
        meaning="The version that spec.pin names does not pass the gates of spec.promotion, and serves all the same.",
    ),
    ConditionSpec(
        ConditionType.AWAITING_APPROVAL,
        always=False,
        meaning="promotion.strategy is Manual, and a trained version waits for a person's word.",
    ),
    ConditionSpec(
        ConditionType.PROBES_FAILING,
        always=False,
        meaning="A probe of the version in service fails, or cannot be made. The version stays in service.",
    ),
)


class Reason(StrEnum):
    """Why a condition is as it is: a word for programs, stable across releases."""

    # in service
    IN_SERVICE = "InService"
    ACCEPTED = "Accepted"
    NO_VERSION_IN_SERVICE = "NoVersionInService"
    ADAPTER_EXPIRED = "AdapterExpired"
    DEPRECATED = "Deprecated"
    STOPPED = "Stopped"
    OUTSIDE_WINDOW = "OutsideWindow"
    IDLE = "Idle"
    PINNED = "Pinned"
    BASE_MODEL_ANSWERS = "BaseModelAnswers"
    # work under way
    PROGRESSING = "Progressing"
    CREATING_PROJECT = "CreatingProject"
    ADOPTING = "Adopting"
    TRAINING = "Training"
    PROVING = "Proving"
    AWAITING_PROOF = "AwaitingProof"
    AWAITING_APPROVAL = "AwaitingApproval"
    PROMOTING = "Promoting"
    CORRECTING_DRIFT = "CorrectingDrift"
    CONFIRMING_CREATE = "ConfirmingCreate"
    CONFIRMING_LOSS = "ConfirmingLoss"
    DATA_SETTLING = "DataSettling"
    TRAINING_LIMIT = "TrainingLimit"
    WAITING_FOR_QUOTA = "WaitingForQuota"
    WAITING_FOR_DELETION = "WaitingForDeletion"
    RETRYING = "Retrying"
    DELETING = "Deleting"
    WAITING_FOR_TRAINING = "WaitingForTraining"
    STARTING = "Starting"
    STOPPING = "Stopping"
    CHANGING_UNITS = "ChangingUnits"
    HANDING_OVER = "HandingOver"
    # stalled
    INVALID_SPEC = "InvalidSpec"
    PROJECT_OWNED_BY_ANOTHER = "ProjectOwnedByAnother"
    PROJECT_MISMATCH = "ProjectMismatch"
    PROJECT_MOVED = "ProjectMoved"
    PROJECT_DELETED = "ProjectDeleted"
    TRAINING_FAILED = "TrainingFailed"
    TRAINING_REFUSED = "TrainingRefused"
    DATA_UNREADABLE = "DataUnreadable"
    REPEATEDLY_DELETED = "RepeatedlyDeleted"
    VERSION_DELETED = "VersionDeleted"
    VERSION_NAME_UNAVAILABLE = "VersionNameUnavailable"
    PROJECT_QUOTA_REACHED = "ProjectQuotaReached"
    VERSION_QUOTA_REACHED = "VersionQuotaReached"
    TAG_QUOTA_REACHED = "TagQuotaReached"
    ACCESS_DENIED = "AccessDenied"
    CREDENTIALS_INVALID = "CredentialsInvalid"
    INVALID_REQUEST = "InvalidRequest"
    FOREIGN_VERSIONS = "ForeignVersions"
    START_FAILED = "StartFailed"
    OVER_BUDGET = "OverBudget"
    SERVING_DRIFT = "ServingDrift"
    PROJECT_HAS_DATASETS = "ProjectHasDatasets"
    CONFIG_MAP_NOT_OWNED = "ConfigMapNotOwned"
    CONFIG_MAP_REFUSED = "ConfigMapRefused"
    PUBLISHING_OFF = "PublishingOff"
    VERSION_REJECTED = "VersionRejected"
    PROOF_BLOCKED = "ProofBlocked"
    PINNED_VERSION_UNAVAILABLE = "PinnedVersionUnavailable"
    DEFAULT_IDENTITY_DENIED = "DefaultIdentityDenied"
    IDENTITY_NOT_FOUND = "IdentityNotFound"
    IDENTITY_DELETING = "IdentityDeleting"
    IDENTITY_NOT_ALLOWED = "IdentityNotAllowed"
    IDENTITY_UNKNOWN = "IdentityUnknown"
    BUCKET_NOT_ALLOWED = "BucketNotAllowed"
    KMS_KEY_NOT_ALLOWED = "KmsKeyNotAllowed"
    # identities
    USABLE = "Usable"
    NOT_TRIED = "NotTried"
    IN_USE = "InUse"
    REFUSED = "Refused"
    # drift
    DRIFT_CORRECTED = "Correcting"
    DRIFT_REPORTED = "Reported"
    # running
    RUNNING = "Running"
    NOT_RUNNING = "NotRunning"
    RUNNING_MODEL_QUOTA = "RunningModelQuota"
    BUDGET = "Budget"
    SEVERAL_MODELS_RUN = "SeveralModelsRun"
    METRICS_REFUSED = "MetricsRefused"
    # proving
    GATE_OVERRIDDEN = "GateOverridden"
    PROBES_FAILED = "ProbesFailed"
    PROBES_UNUSABLE = "ProbesUnusable"
    # the rest
    SUSPENDED = "Suspended"
    APPLIES_TO_NEXT_VERSION = "AppliesToNextVersion"


@dataclass(frozen=True)
class ReasonSpec:
    """What a reason means on the condition that shows it first, and what a person does about it (a dash: nothing).

    Ready and UpToDate repeat the reason of Stalled or Reconciling while they do not hold, and Serving that of Ready
    while the model is stopped as the spec wants it.
    """

    name: Reason
    condition: ConditionType
    status: Literal["True", "False", "Unknown"]
    meaning: str
    remedy: str
    kinds: tuple[Definition, ...] = ALL_KINDS


REASONS: tuple[ReasonSpec, ...] = (
    ReasonSpec(
        Reason.IN_SERVICE, ConditionType.READY, "True", "A version is in service; of a model: and it is running.", "-"
    ),
    ReasonSpec(
        Reason.ACCEPTED,
        ConditionType.READY,
        "True",
        "AWS has accepted the training, and `readyWhen` is `Accepted`. Nothing is in service yet.",
        "Wait for `UpToDate` to know when it is trained.",
    ),
    ReasonSpec(
        Reason.NO_VERSION_IN_SERVICE,
        ConditionType.READY,
        "False",
        "No version is in service.",
        "Look at the other conditions and at `status.versions`.",
    ),
    ReasonSpec(
        Reason.ADAPTER_EXPIRED,
        ConditionType.READY,
        "False",
        "The version in service has expired: AWS answers its ARN from the base model, without an error.",
        "Nothing: another version that can serve takes its place at once; where there is none, the same inputs are "
        "being trained on the new base model (the message says so). Applications that check `ProjectVersion` in the "
        "answer notice. To have it trained in time, set `refresh.onDeprecated: Retrain`.",
        kinds=(ModerationAdapter,),
    ),
    ReasonSpec(
        Reason.STOPPED,
        ConditionType.READY,
        "True",
        "`spec.serving.state` is `Stopped`, and the model is stopped: it answers nothing, and costs nothing by the "
        "hour.",
        "Set `serving.state: Running` to have it started.",
        kinds=(CustomLabelsModel,),
    ),
    ReasonSpec(
        Reason.OUTSIDE_WINDOW,
        ConditionType.READY,
        "True",
        "The model is stopped: it is outside the windows of `spec.serving.schedule`. `status.serving.nextTransition` "
        "has the time of the next start.",
        "Nothing; or add a window.",
        kinds=(CustomLabelsModel,),
    ),
    ReasonSpec(
        Reason.IDLE,
        ConditionType.READY,
        "True",
        "The model is stopped: nobody asked it anything for as long as `spec.serving.idleStop` says.",
        "Set the wake annotation to have it started; a new window, or a change of `training` or `serving`, starts it, "
        "too.",
        kinds=(CustomLabelsModel,),
    ),
    ReasonSpec(
        Reason.PROGRESSING,
        ConditionType.RECONCILING,
        "True",
        "The operator has seen the resource, or waits for AWS.",
        "-",
    ),
    ReasonSpec(Reason.CREATING_PROJECT, ConditionType.RECONCILING, "True", "The project is being created.", "-"),
    ReasonSpec(
        Reason.ADOPTING,
        ConditionType.RECONCILING,
        "True",
        "An existing project, or versions of it, are being taken over; the tags are read again after half a minute.",
        "-",
    ),
    ReasonSpec(
        Reason.TRAINING,
        ConditionType.RECONCILING,
        "True",
        "Rekognition is training a version: 30 minutes to 24 hours.",
        "-",
    ),
    ReasonSpec(
        Reason.PROMOTING, ConditionType.RECONCILING, "True", "A trained version is being put into service.", "-"
    ),
    ReasonSpec(Reason.CORRECTING_DRIFT, ConditionType.RECONCILING, "True", "Tags in AWS are being put right.", "-"),
    ReasonSpec(
        Reason.CONFIRMING_CREATE,
        ConditionType.RECONCILING,
        "True",
        "A training was asked for and AWS did not clearly accept it; the version is looked for by its name.",
        "-",
    ),
    ReasonSpec(
        Reason.CONFIRMING_LOSS,
        ConditionType.RECONCILING,
        "True",
        "A version is no longer listed; it is looked for again before it is trained once more.",
        "-",
    ),
    ReasonSpec(
        Reason.DATA_SETTLING,
        ConditionType.RECONCILING,
        "True",
        "The data is followed (`spec.data`) and has changed: a version is trained on it once it has stayed the same "
        "for `settle`. The message has the time. The version in service stays.",
        "Nothing; or set the retry annotation to train at once.",
    ),
    ReasonSpec(
        Reason.TRAINING_LIMIT,
        ConditionType.RECONCILING,
        "True",
        "The data has changed, and as many versions were trained within 24 hours because it did as "
        "`spec.data.maxTrainingsPerDay` allows. The message has the time at which it goes on. The version in service "
        "stays.",
        "Nothing; or raise `maxTrainingsPerDay`, or set the retry annotation, to train at once.",
    ),
    ReasonSpec(
        Reason.WAITING_FOR_QUOTA,
        ConditionType.RECONCILING,
        "True",
        "The account's concurrent trainings, or running models, are all in use. `status.queue` shows for which it "
        "waits, and the place in the queue.",
        "Nothing; or stop a model that need not run; or have the quota raised and tell the operator by "
        "`--training-slots` or `--running-model-slots`.",
    ),
    ReasonSpec(
        Reason.WAITING_FOR_DELETION,
        ConditionType.RECONCILING,
        "True",
        "The project, or a version whose name is needed, is being deleted in AWS.",
        "-",
    ),
    ReasonSpec(
        Reason.RETRYING,
        ConditionType.RECONCILING,
        "True",
        "A passing fault: network, throttling, or an error of AWS or of the operator.",
        "Nothing, unless it stays; the operator's log has the details.",
    ),
    ReasonSpec(Reason.DELETING, ConditionType.RECONCILING, "True", "The resource is being deleted.", "-"),
    ReasonSpec(
        Reason.WAITING_FOR_TRAINING,
        ConditionType.RECONCILING,
        "True",
        "The resource is being deleted, and a version is in training, which AWS can neither cancel nor delete.",
        "Wait, or set `spec.deletion.policy` to `Retain` or `Orphan`.",
    ),
    ReasonSpec(
        Reason.STARTING,
        ConditionType.RECONCILING,
        "True",
        "The model is being started: 10 to 20 minutes. It answers nothing until then.",
        "-",
        kinds=(CustomLabelsModel,),
    ),
    ReasonSpec(
        Reason.STOPPING,
        ConditionType.RECONCILING,
        "True",
        "The model is being stopped. It is billed until AWS says `STOPPED`.",
        "-",
        kinds=(CustomLabelsModel,),
    ),
    ReasonSpec(
        Reason.CHANGING_UNITS,
        ConditionType.RECONCILING,
        "True",
        "The inference units are being changed. AWS cannot change those of a running model: it is stopped and started, "
        "and answers nothing for 10 to 20 minutes.",
        "-",
        kinds=(CustomLabelsModel,),
    ),
    ReasonSpec(
        Reason.HANDING_OVER,
        ConditionType.RECONCILING,
        "True",
        "A new version takes over. Under `BlueGreen` it is started beside the old one, which answers until then; under "
        "`Recreate` the old one is stopped first.",
        "-",
        kinds=(CustomLabelsModel,),
    ),
    ReasonSpec(
        Reason.INVALID_SPEC,
        ConditionType.STALLED,
        "True",
        "The spec cannot be used; the message names each field.",
        "Correct the fields; or install the CRD of the operator's release.",
    ),
    ReasonSpec(
        Reason.PROJECT_OWNED_BY_ANOTHER,
        ConditionType.STALLED,
        "True",
        "The project exists and is not this resource's.",
        "Choose another `projectName`; or, if nobody owns it, set `adoption.policy: IfUnowned`.",
    ),
    ReasonSpec(
        Reason.PROJECT_MISMATCH,
        ConditionType.STALLED,
        "True",
        "The project is of another feature, or its autoUpdate differs; AWS cannot change either.",
        "Create a resource with another `projectName`, or one whose spec says what the project is.",
    ),
    ReasonSpec(
        Reason.PROJECT_MOVED,
        ConditionType.STALLED,
        "True",
        "The resource resolves to another account, Region or project than the one it has. Nothing is changed in AWS: "
        "a model that runs there runs on, and is billed.",
        "Restore credentials, Region or cluster name; or accept the move by the annotation that the message gives.",
    ),
    ReasonSpec(
        Reason.PROJECT_DELETED,
        ConditionType.STALLED,
        "True",
        "The project was deleted in AWS by others, and the memory of what was trained with it.",
        "Set the retry annotation to create and train it again, or delete the resource.",
    ),
    ReasonSpec(
        Reason.TRAINING_FAILED,
        ConditionType.STALLED,
        "True",
        "The training failed; the message has AWS's words and the place of the manifest summary. The version "
        "that was in service stays.",
        "Correct the data and change `spec.training`; or set the retry annotation.",
    ),
    ReasonSpec(
        Reason.DATA_UNREADABLE,
        ConditionType.STALLED,
        "True",
        "The data is followed (`spec.data`), and a manifest is missing or may not be read: nothing is trained, and the "
        "version in service stays.",
        "Upload the manifest, correct its place in `spec.training`, or allow `s3:GetObject` (with an object version "
        "`s3:GetObjectVersion`) on it; or set `data.follow: Pinned`.",
    ),
    ReasonSpec(
        Reason.TRAINING_REFUSED,
        ConditionType.STALLED,
        "True",
        "AWS refused the request to train.",
        "Check buckets, keys, KMS key and description; asked again after a change, or every half hour.",
    ),
    ReasonSpec(
        Reason.REPEATEDLY_DELETED,
        ConditionType.STALLED,
        "True",
        "A version was deleted in AWS by others twice within a week.",
        "Find out who deletes versions; then set the retry annotation.",
    ),
    ReasonSpec(
        Reason.VERSION_DELETED,
        ConditionType.STALLED,
        "True",
        "The wanted version was deleted in AWS by others, and `driftPolicy` is `Report`.",
        "Set `driftPolicy: Correct`, or the retry annotation.",
    ),
    ReasonSpec(
        Reason.VERSION_NAME_UNAVAILABLE,
        ConditionType.STALLED,
        "True",
        "The name of the wanted version is in use in AWS by something that is not this resource's, or that AWS "
        "does not list.",
        "Delete that version, or set the retry annotation to train under the next name.",
    ),
    ReasonSpec(
        Reason.PROJECT_QUOTA_REACHED,
        ConditionType.STALLED,
        "True",
        "The account has as many projects as its quota allows.",
        "Delete projects, or have the quota raised; tried again every half hour.",
    ),
    ReasonSpec(
        Reason.VERSION_QUOTA_REACHED,
        ConditionType.STALLED,
        "True",
        "The project has as many versions as the quota allows.",
        "Lower `spec.retention`, delete versions, or have the quota raised; tried again every half hour.",
    ),
    ReasonSpec(
        Reason.TAG_QUOTA_REACHED,
        ConditionType.STALLED,
        "True",
        "The project or version cannot take more tags.",
        "Remove tags in AWS, or from `spec.tags`.",
    ),
    ReasonSpec(
        Reason.ACCESS_DENIED,
        ConditionType.STALLED,
        "True",
        "AWS denied a call; the message names the IAM action and the resource.",
        "Allow the action in the IAM policy that the message names; tried again every ten minutes.",
    ),
    ReasonSpec(
        Reason.CREDENTIALS_INVALID,
        ConditionType.STALLED,
        "True",
        "AWS does not accept the credentials of the operator, or of the role of an AWSIdentity.",
        "Correct what the message names; tried again every ten minutes.",
    ),
    ReasonSpec(
        Reason.INVALID_REQUEST,
        ConditionType.STALLED,
        "True",
        "AWS refused a request as invalid.",
        "See the message for the field to look at.",
    ),
    ReasonSpec(
        Reason.FOREIGN_VERSIONS,
        ConditionType.STALLED,
        "True",
        "The resource is being deleted, and the project has versions or datasets that are not this resource's.",
        "Set `spec.deletion.foreignVersions` to `Delete` or `Release`, or use the force-release annotation.",
    ),
    ReasonSpec(
        Reason.START_FAILED,
        ConditionType.STALLED,
        "True",
        "A version could not be started, or failed while it ran; the message has AWS's words. Where another version "
        "can serve, that one does.",
        "Set the retry annotation to start it again, or change `spec.training`. Only where no other version can serve "
        "it is started again by itself, every half hour.",
        kinds=(CustomLabelsModel,),
    ),
    ReasonSpec(
        Reason.OVER_BUDGET,
        ConditionType.STALLED,
        "True",
        "Inference units times price are more an hour than `spec.serving.budget` allows; the message has the "
        "arithmetic. Nothing is started with so many; what runs beyond the budget is stopped.",
        "Lower `serving.minInferenceUnits` or `maxInferenceUnits`, or raise `budget.maxUSDPerHour`.",
        kinds=(CustomLabelsModel,),
    ),
    ReasonSpec(
        Reason.SERVING_DRIFT,
        ConditionType.STALLED,
        "True",
        "Others have started or stopped the model, or run it with other inference units, and `driftPolicy` is "
        "`Report`: it is left as it is.",
        "Set `driftPolicy: Correct`; or start or stop it in AWS yourself; or change `spec.serving` to what is so.",
        kinds=(CustomLabelsModel,),
    ),
    ReasonSpec(
        Reason.PROJECT_HAS_DATASETS,
        ConditionType.STALLED,
        "True",
        "The project has datasets, for instance because somebody opened it in the console, which makes them. While it "
        "has, Rekognition refuses to train from manifests. The version in service stays.",
        "Delete the datasets in AWS: it trains at the next look; or create a resource with another `projectName`.",
        kinds=(CustomLabelsModel,),
    ),
    ReasonSpec(
        Reason.CONFIG_MAP_NOT_OWNED,
        ConditionType.STALLED,
        "True",
        "The ConfigMap of `spec.publish` exists and is not this resource's: it is left as it is. What is done in AWS "
        "goes on.",
        "Delete it; or choose another name; or let the resource have it, by the labels that the message gives.",
    ),
    ReasonSpec(
        Reason.CONFIG_MAP_REFUSED,
        ConditionType.STALLED,
        "True",
        "The API server refuses to let the operator read, write or delete the ConfigMap of `spec.publish`; the message "
        "has its words. What is done in AWS goes on, but that a deletion waits.",
        "Grant get, list, create, patch and delete on configmaps, as the ClusterRole has it; make room in the "
        "namespace's quota; or delete a ConfigMap that is immutable.",
    ),
    ReasonSpec(
        Reason.PUBLISHING_OFF,
        ConditionType.STALLED,
        "True",
        "`spec.publish` is set, and the operator is run with `--publishing false`: it makes no ConfigMaps.",
        "Remove `spec.publish`; or run the operator with `--publishing true` and the rights on ConfigMaps.",
    ),
    ReasonSpec(
        Reason.PROVING,
        ConditionType.RECONCILING,
        "True",
        "A trained version is proved before it is put into service: its evaluation is read, its probes are made.",
        "-",
    ),
    ReasonSpec(
        Reason.AWAITING_PROOF,
        ConditionType.UP_TO_DATE,
        "False",
        "A trained version must be asked before it is put into service, and can only be while it runs.",
        "Nothing: it is asked when the model runs next.",
        kinds=(CustomLabelsModel,),
    ),
    ReasonSpec(
        Reason.AWAITING_APPROVAL,
        ConditionType.AWAITING_APPROVAL,
        "True",
        "A trained version has passed the gates, and `promotion.strategy` is `Manual`. UpToDate is False meanwhile.",
        "Set the approve annotation to the version's name, or set `spec.pin` to it.",
    ),
    ReasonSpec(
        Reason.VERSION_REJECTED,
        ConditionType.STALLED,
        "True",
        "A trained version does not pass a gate of `spec.promotion`; the message says which, what it asks for, and "
        "what the version shows. What was in service stays.",
        "Correct the data and change `spec.training`; or change `spec.promotion`; or set `spec.pin` to serve it all "
        "the same; or set the retry annotation to train the same inputs once more.",
    ),
    ReasonSpec(
        Reason.PROOF_BLOCKED,
        ConditionType.STALLED,
        "True",
        "A trained version can be neither proved nor rejected: its evaluation summary or the image of a probe cannot "
        "be read.",
        "Correct what the message names; it is tried again at each look.",
    ),
    ReasonSpec(
        Reason.BASE_MODEL_ANSWERS,
        ConditionType.STALLED,
        "True",
        "The base model answered a probe in place of the version, without an error. The version is out of service.",
        "Nothing, if AWS lists it as `EXPIRED` soon; else set the retry annotation to train the same inputs once more.",
        kinds=(ModerationAdapter,),
    ),
    ReasonSpec(
        Reason.PINNED_VERSION_UNAVAILABLE,
        ConditionType.STALLED,
        "True",
        "`spec.pin` names a version that is gone, failed, expired, or a model of others. What was in service stays.",
        "Set `spec.pin` to another one of `status.versions`, or remove it.",
    ),
    ReasonSpec(
        Reason.DEFAULT_IDENTITY_DENIED,
        ConditionType.STALLED,
        "True",
        "The resource has no `identityRef`, and the operator is run with `--default-identity deny`. AWS is not asked.",
        "Set `spec.identityRef.name` to an AWSIdentity that allows the namespace.",
    ),
    ReasonSpec(
        Reason.IDENTITY_NOT_FOUND,
        ConditionType.STALLED,
        "True",
        "There is no AWSIdentity of the name in `spec.identityRef`. AWS is not asked; what runs there runs on.",
        "Create the AWSIdentity, or correct the name.",
    ),
    ReasonSpec(
        Reason.IDENTITY_DELETING,
        ConditionType.STALLED,
        "True",
        "The AWSIdentity that `spec.identityRef` names is being deleted, and the resource has no project yet: none is "
        "made. Resources that have one go on until they name another identity.",
        "Name another AWSIdentity.",
    ),
    ReasonSpec(
        Reason.IDENTITY_NOT_ALLOWED,
        ConditionType.STALLED,
        "True",
        "The AWSIdentity does not allow the resource's namespace. AWS is not asked; what runs there runs on.",
        "Have its `spec.allowedNamespaces` name the namespace or one of its labels; or name another AWSIdentity.",
    ),
    ReasonSpec(
        Reason.IDENTITY_UNKNOWN,
        ConditionType.STALLED,
        "True",
        "The operator may not read AWSIdentities, or the namespaces that their selectors ask for, or one of them as it "
        "is written. AWS is not asked; what runs there runs on.",
        "Give the operator the rights that the message names; or name no identity, or allow the namespace by its name.",
    ),
    ReasonSpec(
        Reason.BUCKET_NOT_ALLOWED,
        ConditionType.STALLED,
        "True",
        "The resource names a bucket that its AWSIdentity does not allow. AWS is not asked; what runs there runs on.",
        "Name another bucket; or have `spec.allowedBuckets` of the AWSIdentity name it.",
    ),
    ReasonSpec(
        Reason.KMS_KEY_NOT_ALLOWED,
        ConditionType.STALLED,
        "True",
        "The resource names a KMS key that its AWSIdentity does not allow. AWS is not asked; what runs there runs on.",
        "Name another key; or have `spec.allowedKmsKeys` of the AWSIdentity have it, written in the same way.",
    ),
    ReasonSpec(
        Reason.USABLE,
        ConditionType.READY,
        "True",
        "AWS was called as the identity, for one of its namespaces.",
        "-",
        kinds=(AWSIdentity,),
    ),
    ReasonSpec(
        Reason.NOT_TRIED,
        ConditionType.READY,
        "True",
        "AWS was not called as the identity yet, since no namespace may use it, or there is no Region to call AWS in. "
        "It counts as ready, so that nothing waits for namespaces that come later.",
        "Nothing before there are resources; or set `spec.allowedNamespaces` or `spec.region`, as the message says.",
        kinds=(AWSIdentity,),
    ),
    ReasonSpec(
        Reason.REFUSED,
        ConditionType.STALLED,
        "True",
        "AWS cannot be called as the identity; the message has AWS's words and what to do.",
        "Correct what the message names: most often the role's trust policy, or the external id.",
        kinds=(AWSIdentity,),
    ),
    ReasonSpec(
        Reason.IN_USE,
        ConditionType.READY,
        "False",
        "The identity is being deleted, and resources name it: it stays until none does.",
        "Delete those resources that the message names, or have them name another identity.",
        kinds=(AWSIdentity,),
    ),
    ReasonSpec(
        Reason.PINNED,
        ConditionType.PINNED,
        "True",
        "`spec.pin` names the version that serves. UpToDate is True for the same reason.",
        "Remove `spec.pin` to serve what `spec.training` asks for.",
    ),
    ReasonSpec(
        Reason.GATE_OVERRIDDEN,
        ConditionType.GATE_OVERRIDDEN,
        "True",
        "The pinned version does not pass the gates of `spec.promotion`.",
        "Nothing, if that is meant; else remove `spec.pin`.",
    ),
    ReasonSpec(
        Reason.PROBES_FAILED,
        ConditionType.PROBES_FAILING,
        "True",
        "The version in service answers a probe otherwise than `expect` says.",
        "Look at the image and at `spec.promotion.probes`; to serve another version, set `spec.pin`.",
    ),
    ReasonSpec(
        Reason.PROBES_UNUSABLE,
        ConditionType.PROBES_FAILING,
        "True",
        "A probe of the version in service could not be made.",
        "Correct what the message names.",
    ),
    ReasonSpec(
        Reason.DRIFT_CORRECTED, ConditionType.DRIFTED, "True", "AWS differs from the spec and is being put right.", "-"
    ),
    ReasonSpec(
        Reason.DRIFT_REPORTED,
        ConditionType.DRIFTED,
        "True",
        "AWS differs from the spec and is left as it is: `driftPolicy` is `Report`, or a person is needed.",
        "See `status.drift`.",
    ),
    ReasonSpec(
        Reason.SUSPENDED,
        ConditionType.SUSPENDED,
        "True",
        "`spec.suspend` is true: nothing is changed in AWS.",
        "Set `suspend: false` to go on.",
    ),
    ReasonSpec(
        Reason.DEPRECATED,
        ConditionType.EXPIRING,
        "True",
        "The base model of the version in service is superseded; AWS will stop serving the version.",
        "Set `refresh.onDeprecated: Retrain` to have it trained anew before it expires; the message says what the "
        "operator does, and when. Without, it is trained anew once it has expired, and nothing serves meanwhile.",
        kinds=(ModerationAdapter,),
    ),
    ReasonSpec(
        Reason.APPLIES_TO_NEXT_VERSION,
        ConditionType.PENDING_NEXT_VERSION,
        "True",
        "`description` or `output` differ from those of the version in service.",
        "-",
    ),
    ReasonSpec(Reason.RUNNING, ConditionType.SERVING, "True", "The model is running.", "-", kinds=(CustomLabelsModel,)),
    ReasonSpec(
        Reason.NOT_RUNNING,
        ConditionType.SERVING,
        "False",
        "The model shall run, and does not: it answers nothing. (Where it shall be stopped, the reason is that of "
        "`Ready`.)",
        "See `Ready` and the other conditions for why.",
        kinds=(CustomLabelsModel,),
    ),
    ReasonSpec(
        Reason.RUNNING_MODEL_QUOTA,
        ConditionType.NO_ROOM_FOR_BLUE_GREEN,
        "True",
        "The account's running models are all in use, and none of those that the operator runs will be stopped by "
        "itself.",
        "Set `serving.rollout: Recreate`; or stop another model; or have the quota raised and tell the operator by "
        "`--running-model-slots`.",
        kinds=(CustomLabelsModel,),
    ),
    ReasonSpec(
        Reason.BUDGET,
        ConditionType.NO_ROOM_FOR_BLUE_GREEN,
        "True",
        "Old and new version together would cost more an hour than `spec.serving.budget` allows.",
        "Set `serving.rollout: Recreate`, or raise `budget.maxUSDPerHour`.",
        kinds=(CustomLabelsModel,),
    ),
    ReasonSpec(
        Reason.SEVERAL_MODELS_RUN,
        ConditionType.IDLE_UNKNOWN,
        "True",
        "More than one model runs in the account and Region. CloudWatch counts their requests together, and nobody "
        "writes when this one was used.",
        "Have those who ask the model write the annotation `last-used-at`; or use a schedule.",
        kinds=(CustomLabelsModel,),
    ),
    ReasonSpec(
        Reason.METRICS_REFUSED,
        ConditionType.IDLE_UNKNOWN,
        "True",
        "CloudWatch may not be read, which counts the requests.",
        "Allow `cloudwatch:GetMetricData` and `cloudwatch:ListMetrics` in the operator's IAM policy; or have those who "
        "ask the model write the annotation `last-used-at`.",
        kinds=(CustomLabelsModel,),
    ),
)
