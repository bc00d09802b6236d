"""What becomes of an adapter when anything happens at any time?"""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import ClassVar, cast

from fakes._rekognition_state import VersionRecord
from fakes.kube import Method
from fakes.simulation import CLUSTER, Simulation
from rekognition_operator.api.resource import ResourceStatus
from rekognition_operator.core import tags as t
from rekognition_operator.core.inputs import ManifestRef, TrainingInputs, digests, parse_version_name
from rekognition_operator.core.publication import owner_labels
from rekognition_operator.core.world import Owner, ProjectStatus, VersionState
from rekognition_operator.kube.configmap import ConfigMap
from rekognition_operator.kube.errors import KubeUnavailableError
from rekognition_operator.kube.resource import ResourceKey

THRESHOLDS = (60, 70, 80)
CONFIG_MAPS = ("storefront-adapter", "shop")
CONFIG_MAP_CALLS: tuple[Method, ...] = (
    "get_config_map",
    "create_config_map",
    "patch_config_map",
    "list_config_maps",
    "delete_config_map",
)
MAX_SETTLING_PASSES = 150


class AdapterSimulation(Simulation):
    """A ModerationAdapter. A pass takes place after each group of moves; AWS moves when a move says so."""

    key: ClassVar[ResourceKey] = ResourceKey("ModerationAdapter", "trust-safety", "storefront")
    project_name: ClassVar[str] = f"{CLUSTER}.trust-safety.storefront"
    usable: ClassVar[frozenset[VersionState]] = frozenset({VersionState.TRAINING_COMPLETED, VersionState.DEPRECATED})
    fallible: ClassVar[tuple[str, ...]] = (
        "CreateProject",
        "CreateProjectVersion",
        "DescribeProjects",
        "DescribeProjectVersions",
        "TagResource",
        "DeleteProjectVersion",
        "ListTagsForResource",
    )

    def __init__(self, *, lose_status_before_every_pass: bool = False, auto_update: bool = False) -> None:
        self.updates: dict[str, dict[str, str]] = {}
        """What AWS has added, and with which tags."""
        self.adopts_updates = False
        """Whether the spec has ever asked for them."""
        self.may_refresh = False
        self.base_models = {"7.0"}
        self.refreshes: dict[str, str] = {}
        """By ARN: which version was trained to refresh which."""
        self.refresh_done: set[str] = set()
        """Names of the versions that remember to have been refreshed by one that was listed."""
        super().__init__(
            {
                **({"autoUpdate": "Enabled"} if auto_update else {}),
                "training": {
                    "trainingData": {"manifests": [{"bucket": "acme-ml", "name": "storefront/train.manifest"}]},
                    "confidenceThreshold": THRESHOLDS[0],
                },
                "output": {"bucket": "acme-ml", "prefix": "out/"},
                "publish": {"configMap": {"name": CONFIG_MAPS[0]}},
            },
            datetime(2026, 1, 1, tzinfo=UTC),
            lose_status_before_every_pass=lose_status_before_every_pass,
        )

    def next_pass(self) -> float | None:
        """Run one pass; returns how soon the next one is due, in seconds. A crash starts the operator anew."""
        requeue = self.run_pass()
        if requeue is None:
            self.start_operator()
            return 0.0
        return requeue.after_seconds

    def settle(self) -> None:
        """Let AWS finish whatever it does, and the operator run until nothing changes any more."""
        self.pending, self.crash_at = [], None
        self.aws.clear_faults()
        self.start_operator()  # also stands for the tag sweep: what others did to tags is seen by now
        for _ in range(MAX_SETTLING_PASSES):
            before = (len(self.aws.effects), len(self.kube.writes))
            seconds = self.next_pass()
            moving = [v.arn for v in self.aws.versions if v.status == VersionState.TRAINING_IN_PROGRESS]
            for arn in moving:
                self.aws.complete(arn)
            states = [(v.arn, v.status) for v in self.aws.versions]
            self.count_gone(self.aws.advance)
            still = states == [(v.arn, v.status) for v in self.aws.versions] and not moving
            quiet = before == (len(self.aws.effects), len(self.kube.writes))
            if seconds is None:
                return
            settled = seconds >= 0.8 * self.policy.sweep_seconds
            if still and quiet and settled and all(c.type != "Reconciling" for c in self.status().conditions or ()):
                return
            self.pass_time(seconds)
        raise AssertionError(f"it does not settle: {self.aws.effects[-5:]}, {self.status()}")

    # --- the world --------------------------------------------------------------------------------------------------

    def happen(self, kind: str, number: int) -> None:  # noqa: C901, PLR0912, PLR0915  # a table of what may happen
        match kind:
            case "wait":
                self.now += timedelta(seconds=(1, 31, 700, 8 * 86400)[number % 4])
            case "train other inputs":
                self.edit(training={**self._training(), "confidenceThreshold": THRESHOLDS[number % 3]})
            case "output":
                self.edit(output={"bucket": "acme-ml", "prefix": f"out{number % 2}/"})
            case "publish":
                name = (None, *CONFIG_MAPS)[number % 3]
                self.edit(publish=None if name is None else {"configMap": {"name": name}})
            case "edit ConfigMap":
                for found in self._config_maps()[:1]:
                    self.kube.config_maps.put(found.namespace, found.name, {"projectVersionArn": "arn:by-hand"})
            case "delete ConfigMap":
                for found in self._config_maps()[:1]:
                    self.kube.config_maps.remove(found.namespace, found.name)
            case "ConfigMap fault":
                method = CONFIG_MAP_CALLS[number % len(CONFIG_MAP_CALLS)]
                self.kube.fail(method, KubeUnavailableError(method, "no answer"), after_effect=number % 2 > 0)
            case "deletion policy":
                policy = ("Delete", "Retain", "Orphan")[number % 3]
                self.edit(deletion={"policy": policy, "foreignVersions": ("Block", "Release")[number % 2]})
            case "delete resource":
                if self.kube.read(self.key) is not None:
                    self.kube.delete(self.key)
            case "create resource":
                if self.kube.read(self.key) is None:
                    self.kube.create(self.key, self._json(self.spec))
            case "advance":
                self.count_gone(self.aws.advance)
            case "complete":
                for version in self.pick(number, VersionState.TRAINING_IN_PROGRESS):
                    self.aws.complete(version)
            case "fail":
                for version in self.pick(number, VersionState.TRAINING_IN_PROGRESS):
                    self.aws.fail(version, "The manifest file is empty.")
            case "service fault":
                for version in self.pick(number, VersionState.TRAINING_IN_PROGRESS):
                    self.causes.service_faults += 1
                    self.aws.fail(version, "Internal server error.")
            case "deprecate":
                for version in self.pick(number, VersionState.TRAINING_COMPLETED):
                    self.aws.deprecate(version)
            case "release base model":
                self._release_base_model()
            case "refresh":
                self.may_refresh = True
                after = ("0m", "240h")[number % 2]
                self.edit(refresh={"onDeprecated": "Retrain", "after": after} if number % 3 else None)
            case "adopt updates":
                self.adopts_updates |= number % 3 > 0
                self.edit(adoptUpdates=True if number % 3 else None)
            case "aws adds":
                self._add_update(number)
            case "expire":
                for version in self.pick(number, *self.usable):
                    self.causes.expired += 1
                    self.aws.expire(version)
            case "delete version":
                for version in self.pick(number, *self.usable, VersionState.TRAINING_FAILED, VersionState.EXPIRED):
                    self.count_gone(partial(self.aws.vanish_version, version))
            case "lose project tag":
                for project in self.aws.projects:
                    self.aws.untag(project.arn, [t.OWNER_KEYS[number % 4]])
            case _:
                super().happen(kind, number)

    def _release_base_model(self) -> None:
        """Let AWS release a base model: what is trained on an older one is deprecated."""
        self.aws.base_model_version = f"{7 + len(self.base_models)}.0"
        self.base_models.add(self.aws.base_model_version)
        for version in self.aws.versions:
            if version.status == VersionState.TRAINING_COMPLETED and version.arn not in self.foreign:
                self.aws.deprecate(version.arn)

    def _add_update(self, number: int) -> None:
        """Let AWS add a version by autoUpdate, in training or trained, with or without its inputs shown."""
        project = next((p for p in self.aws.projects if p.name == self.project_name), None)
        if project is None or not project.auto_update or project.status is not ProjectStatus.CREATED:
            return
        threshold = cast("float", self._training()["confidenceThreshold"])
        arn = self.aws.add_version(
            self.project_name,
            f"auto-update-{len(self.updates)}",
            inputs=None if number % 4 == 3 else self.inputs(threshold),
            status=VersionState.TRAINING_IN_PROGRESS if number % 2 else VersionState.TRAINING_COMPLETED,
        )
        self.updates[arn] = {}

    def _config_maps(self) -> tuple[ConfigMap, ...]:
        """Return what carries the labels of the resource."""
        owner = Owner(CLUSTER, self.key.kind, self.key.namespace, self.key.name)
        return self.kube.config_maps.having(self.key.namespace, owner_labels(owner))

    def _training(self) -> dict[str, object]:
        training = self.spec["training"]
        assert isinstance(training, dict)
        return training

    def inputs(self, threshold: float) -> TrainingInputs:
        """Return the training inputs that the spec has at a threshold."""
        return TrainingInputs((ManifestRef("acme-ml", "storefront/train.manifest"),), confidence_threshold=threshold)

    def wanted(self, number: int) -> str:
        return digests(self.inputs(THRESHOLDS[number % 3]))[0]

    # --- what must hold ---------------------------------------------------------------------------------------------

    def check_trainings(self) -> None:
        """See that there is one refresh for a base model and inputs, and none after one that was seen."""
        self.causes.refreshes = len(self.base_models) if self.may_refresh else 0
        super().check_trainings()
        for version in self.aws.versions:
            kind, _, name = version.tags.get(t.CAUSE, "").partition(":")
            if kind == "refresh" and version.arn not in self.refreshes:
                assert name not in self.refresh_done, f"{version.name} is another attempt to refresh {name}"
                self.refreshes[version.arn] = name
        remember = (v for v in self.aws.versions if v.tags.get(t.REFRESHED_BY, "").endswith(" seen"))
        self.refresh_done |= {version.name for version in remember}

    def check_foreign(self) -> None:
        """See that what AWS adds is never deleted by the operator, and is left alone unless the spec asks for it."""
        super().check_foreign()
        touched = [effect for effect in self.aws.effects if effect.arn in self.updates]
        assert all(effect.operation != "DeleteProjectVersion" for effect in touched)
        assert self.adopts_updates or not touched

    def check_settled(self) -> None:
        """See that the best version there is serves, or the resource says what a person must do."""
        resource = self.kube.read(self.key)
        if resource is None:
            return
        status = self.status()
        conditions = {condition.type: condition for condition in status.conditions or ()}
        if resource.deleting:
            assert conditions.keys() & {"Stalled", "Suspended"}, conditions
            return
        self._check_published(status)
        wanted = digests(self.inputs(cast("float", self._training()["confidenceThreshold"])))
        own = [v for v in self.aws.versions if v.arn not in self.foreign and self._counts(v)]
        usable = [v for v in own if v.status in self.usable]
        if self.spec.get("suspend"):
            assert "Suspended" in conditions
            return
        if "Stalled" in conditions and conditions["Stalled"].reason == "ProjectOwnedByAnother":
            return  # its owner tags are gone: nothing tells any more that it is ours
        assert "Reconciling" not in conditions, conditions["Reconciling"]
        active = next((v for v in own if status.active is not None and v.arn == status.active.arn), None)
        if any(self._digest(v) in wanted for v in usable):
            assert active is not None
            assert self._digest(active) in wanted
            assert conditions["Ready"].status == conditions["UpToDate"].status == "True"
            assert "Stalled" not in conditions or active.status == VersionState.DEPRECATED
        else:
            assert "Stalled" in conditions, conditions
            assert conditions["UpToDate"].status == "False"
        if usable:
            assert active is not None
            assert active.status in self.usable
            assert conditions["Ready"].status == "True"
        else:
            assert status.active is None

    def _counts(self, version: VersionRecord) -> bool:
        """Tell whether a version is ours: what AWS has added is once it carries our tags."""
        return version.arn not in self.updates or t.ADDED_BY in version.tags

    @staticmethod
    def _digest(version: VersionRecord) -> str | None:
        parsed = parse_version_name(version.tags.get(t.DIGEST, version.name))
        return parsed.digest if parsed is not None else None

    def _check_published(self, status: ResourceStatus) -> None:
        """See that the ConfigMap that is asked for, and no other, names the version in service."""
        active = status.active.arn if status.active is not None else ""
        publish = cast("dict[str, dict[str, str]] | None", self.spec.get("publish"))
        wanted = {} if publish is None else {publish["configMap"]["name"]: active}
        assert {found.name: found.data["projectVersionArn"] for found in self._config_maps()} == wanted
