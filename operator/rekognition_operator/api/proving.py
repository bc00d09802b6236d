"""What must a version show before it serves, which one serves, and who is told of it?"""

from typing import Annotated, Literal

from pydantic import Field

from rekognition_operator.api.common import Bucket, Duration, duration_between
from rekognition_operator.api.schema import KubeField, KubeModel

MAX_PROBES = 20

LabelNames = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=255)]],
    Field(max_length=50),
    KubeField(list_type="set"),
]
Fraction = Annotated[float, Field(ge=0, le=1)]


class ProbeImage(KubeModel):
    """An image in Amazon S3: JPEG or PNG."""

    bucket: Bucket
    """Name of the bucket. It must be in the Region of the project."""
    name: Annotated[str, Field(min_length=1, max_length=1024)]
    """Key of the image in the bucket."""
    version: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    """Version of the object, for a bucket with versioning. Absent: the newest."""


class ProbeExpectation(KubeModel):
    """What a version must answer for an image."""

    present: LabelNames | None = None
    """Labels that must be answered, each with at least minConfidence."""
    absent: LabelNames | None = None
    """Labels that must not be answered with minConfidence or more."""
    min_confidence: Annotated[float, Field(ge=0, le=100)] = 50
    """Confidence, in percent, from which on a label counts as answered."""


class ProbeCase(KubeModel):
    """An image, and what a version must answer for it."""

    name: Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([a-z0-9\-]*[a-z0-9])?$")]
    """Name of the case, which messages say. No two cases have the same."""
    image: ProbeImage
    """The image that the version is asked about."""
    expect: ProbeExpectation = ProbeExpectation()
    """What it must answer. Absent: only that the version itself answers, and not the base model for it."""


class Probes(KubeModel):
    """Real calls that a version must answer well: before it is put into service, and as long as it is."""

    validations = (
        duration_between(
            "interval", "15m", "168h", "probes.interval must be from 15m to 168h; each probe is a call that AWS bills"
        ),
    )

    interval: Duration = "6h"
    """How often the version in service is asked again, such as 6h. From 15m to 168h."""
    cases: Annotated[
        list[ProbeCase],
        Field(min_length=1, max_length=MAX_PROBES),
        KubeField(list_type="map", list_map_keys=("name",)),
    ]
    """Images, and what a version must answer for each. All must pass."""


class Promotion(KubeModel):
    """What a version must show before it is put into service for the first time.

    The gates in force are those that are set. A version that does not pass is Rejected, and the one in service stays.
    """

    strategy: Literal["Automatic", "Manual"] = "Automatic"
    """Automatic: a version that passes the gates is put into service. Manual: it waits, as Candidate, until spec.pin or
    the annotation rekognition-operator.io/approve names it."""
    min_f1_score: Annotated[Fraction | None, Field(alias="minF1Score")] = None
    """F1 score, 0 to 1, that Rekognition must have computed for the version on its testing data. Absent: any."""
    max_f1_regression: Annotated[Fraction | None, Field(alias="maxF1Regression")] = None
    """By how much the F1 score may be lower than that of the version in service, each on its own testing data. Absent:
    not compared."""
    probes: Probes | None = None
    """Real calls that the version must answer well. Absent: none."""


class MinImprovement(KubeModel):
    """By which part an adapter must make fewer mistakes than the base model, on its testing data."""

    false_positives: Annotated[float, Field(ge=-1, le=1)] | None = None
    """0.1: at least 10 % fewer images are flagged wrongly. 0: not more. Negative: so much more is accepted. Absent:
    any."""
    false_negatives: Annotated[float, Field(ge=-1, le=1)] | None = None
    """The same for images that are not flagged and should be."""


class AdapterPromotion(Promotion):
    """What a version must show before it is put into service for the first time.

    The gates in force are those that are set. A version that does not pass is Rejected, and the one in service stays.
    """

    min_improvement_over_base: MinImprovement | None = None
    """By which part the adapter must make fewer mistakes than the base model, by the evaluation summary and at the
    threshold of the evaluation. Absent: not compared."""


class ConfigMapTarget(KubeModel):
    """A ConfigMap in the namespace of the resource."""

    name: Annotated[
        str,
        Field(
            min_length=1, max_length=253, pattern=r"^[a-z0-9]([a-z0-9\-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9\-]*[a-z0-9])?)*$"
        ),
    ]
    """Name of the ConfigMap. The operator makes it; one that exists and is not its own is left alone."""


class Publish(KubeModel):
    """Where applications find the version in service."""

    config_map: ConfigMapTarget
    """The ConfigMap that names the version in service."""


class Data(KubeModel):
    """Whether new content of the manifests trains a new version."""

    validations = (
        duration_between(
            "settle", "0m", "168h", "data.settle must be from 0m to 168h: how long the data must not have changed"
        ),
    )

    follow: Literal["Pinned", "Track"] = "Pinned"
    """Pinned: a version is trained when the spec changes. Track: also when the content of a manifest changes in S3. The
    images that a manifest names are not looked at: give a changed image a new name."""
    settle: Duration = "30m"
    """How long the manifests must not have changed before a version is trained on them, so that a half-written upload
    trains nothing. From 0m to 168h."""
    max_trainings_per_day: Annotated[int, Field(ge=1, le=24)] = 2
    """How many versions are trained within 24 hours because the data changed; what is beyond waits."""


class Refresh(KubeModel):
    """What happens when AWS has a new base model, and the adapter in service is about to expire."""

    validations = (
        duration_between(
            "after", "0m", "1440h", "refresh.after must be from 0m to 1440h (60 days): later, AWS may have expired it"
        ),
    )

    on_deprecated: Literal["Report", "Retrain"] = "Report"
    """Report: only say it; the same inputs are trained anew once the version has expired. Retrain: train the same
    inputs anew on the new base model, once for a base model, and put the result into service if it passes the
    gates."""
    after: Duration = "336h"
    """How long after the version was first seen DEPRECATED, such as 336h for two weeks. From 0m to 1440h. AWS expires
    it 60 to 90 days after the new base model."""


class GateStatus(KubeModel):
    """A gate of spec.promotion, and whether the version passes it."""

    gate: Annotated[str, Field(max_length=63)]
    """Name of the gate, as spec.promotion has it."""
    passed: bool
    """Whether the version passes it."""
    wanted: Annotated[str, Field(max_length=255)]
    """What the gate asks for."""
    got: Annotated[str, Field(max_length=255)]
    """What the version shows."""


class EvaluationStatus(KubeModel):
    """What the evaluation summary says of a version, at the threshold of the evaluation."""

    threshold: float | None = None
    """Confidence threshold of the evaluation, in percent."""
    precision: float | None = None
    """Part of what the version flags that should be flagged, 0 to 1."""
    recall: float | None = None
    """Part of what should be flagged that the version flags, 0 to 1."""
    false_positives: int | None = None
    """Images that the version flags and should not."""
    false_negatives: int | None = None
    """Images that the version does not flag and should."""
    base_false_positives: int | None = None
    """Images that the base model flags and should not."""
    base_false_negatives: int | None = None
    """Images that the base model does not flag and should."""
    versus_base: Annotated[str, Field(max_length=255)] | None = None
    """The comparison in words, such as: 12 % fewer false positives than the base model."""


class Published(KubeModel):
    """Where the version in service is published."""

    config_map: Annotated[str, Field(max_length=253)]
    """Name of the ConfigMap."""
    version_name: Annotated[str, Field(max_length=255)] | None = None
    """Name of the version that the ConfigMap names. Absent: it names none, since none may be used."""
