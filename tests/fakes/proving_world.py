"""What do people, S3 and the base model do to an adapter whose versions must prove themselves?"""

from typing import ClassVar, Final, cast

from fakes.adapter_simulation import AdapterSimulation
from fakes.proving_account import ProvingAccount
from fakes.proving_oracle import BAD_LABEL
from fakes.rekognition import VersionRecord
from fakes.summaries import FEW_MISTAKES, Mistakes
from rekognition_operator.aws.errors import ErrorKind
from rekognition_operator.core.detected import DetectedLabel, S3Image
from rekognition_operator.core.world import VersionState

BEACH: Final = S3Image("acme-ml", "probes/beach.jpg")
STREET: Final = S3Image("acme-ml", "probes/street.jpg")


def _probes(*images: S3Image) -> dict[str, object]:
    cases = [
        {
            "name": f"case-{number}",
            "image": {"bucket": image.bucket, "name": image.name},
            "expect": {"absent": [BAD_LABEL], "minConfidence": 60} if image == BEACH else {},
        }
        for number, image in enumerate(images)
    ]
    return {"interval": "15m", "cases": cases}


GATES: Final[tuple[dict[str, object], ...]] = (
    {},
    {"minF1Score": 0.8},
    {"probes": _probes(BEACH)},
    {"maxF1Regression": 0.02},
    {"minImprovementOverBase": {"falsePositives": 0.1}},
    {"minF1Score": 0.8, "probes": _probes(STREET, BEACH)},
    {"maxF1Regression": 0.02, "minImprovementOverBase": {"falsePositives": 0.1}, "probes": _probes(BEACH)},
)
EVALUATIONS: Final = (
    (0.9, FEW_MISTAKES),
    (0.5, FEW_MISTAKES),
    (0.95, FEW_MISTAKES),
    (0.9, Mistakes(false_positives=10)),
    (0.89, FEW_MISTAKES),
)
"""F1 score, and how often a version errs: one is good, one is bad by each gate, one is better, one hardly worse."""
IMAGE_UNUSABLE: Final = (ErrorKind.INVALID, "InvalidS3ObjectException")
S3_FAULTS: Final = ((ErrorKind.ACCESS_DENIED, "AccessDenied"), (ErrorKind.SERVER, "InternalError"))


class ProvingWorld(AdapterSimulation):
    """An adapter, its versions, and what they are worth."""

    fallible: ClassVar[tuple[str, ...]] = (*AdapterSimulation.fallible, "DetectModerationLabels", "GetObject")

    aws: ProvingAccount

    def __init__(self, *, lose_status_before_every_pass: bool = False, auto_update: bool = False) -> None:
        self.gates: dict[str, object] = {}
        self.manual = False
        self.mistakes: dict[str, Mistakes] = {}
        super().__init__(lose_status_before_every_pass=lose_status_before_every_pass, auto_update=auto_update)

    def make_aws(self) -> ProvingAccount:
        return ProvingAccount(lambda: self.now, BAD_LABEL)

    def happen(self, kind: str, number: int) -> None:  # noqa: C901, PLR0912  # a table of what may happen
        match kind:
            case "gates":
                self.gates = GATES[number % len(GATES)]
                self._promote_by()
            case "strategy":
                self.manual = number % 3 > 0
                self._promote_by()
            case "approve":
                if self.kube.read(self.key) is not None:
                    self.kube.annotate(self.key, approve=self._name(number))
            case "pin":
                self.edit(pin=self._name(number))
            case "complete":
                for version in self.pick(number, VersionState.TRAINING_IN_PROGRESS):
                    f1_score, self.mistakes[version] = EVALUATIONS[number // 2]
                    self.aws.complete(version, f1_score=f1_score, mistakes=self.mistakes[version])
            case "answers":
                for version in self.pick(number // 2, *self.usable):
                    labels = [DetectedLabel(BAD_LABEL, 90.0)] if number % 2 else []
                    self.aws.detection.script(version, *labels)
            case "base model answers":
                for version in self.pick(number // 2, *self.usable):
                    self.aws.detection.base_model_answers ^= {version}
            case "images":
                self._break("DetectModerationLabels", IMAGE_UNUSABLE if number % 2 else None)
            case "S3":
                self._break("GetObject", (None, *S3_FAULTS)[number % 3])
            case "summary":
                for place in [v.evaluation_summary for v in self._own_with_summary()][number % 3 :][:1]:
                    assert place is not None
                    self.aws.objects.put(place.bucket, place.name, b"")
            case _:
                super().happen(kind, number)

    def _promote_by(self) -> None:
        strategy = {"strategy": "Manual"} if self.manual else {}
        self.edit(promotion={**self.gates, **strategy} or None)

    def _break(self, operation: str, fault: tuple[ErrorKind, str | None] | None) -> None:
        if fault is None:
            self.aws.lasting.pop(operation, None)
        else:
            self.aws.lasting[operation] = fault

    def _name(self, number: int) -> str | None:
        """Return the name of any version, of one that there may be, of one that there never is, or none."""
        names = [version.name for version in self.aws.versions]
        if number >= 8 or (number >= 6 and not names):
            return None
        if number == 7:
            return "v1-00000000deadbeef"
        if number == 6 or not names:
            return self.wanted(number)
        return names[-1 - number % len(names)]

    def _own_with_summary(self) -> list[VersionRecord]:
        return [v for v in self.aws.versions if v.evaluation_summary is not None]

    @property
    def training_threshold(self) -> float:
        """The threshold that the spec asks for."""
        return cast("float", self._training()["confidenceThreshold"])
