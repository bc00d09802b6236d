"""What does a ModerationAdapter look like?"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from rekognition_operator.api.proving import AdapterPromotion, Refresh
from rekognition_operator.api.resource import ResourceSpec, ResourceStatus, TrainingInputsSpec, immutable
from rekognition_operator.api.schema import Validation


class AdapterTraining(TrainingInputsSpec):
    """What makes a version what it is. A change here trains a new version; a revert brings the old one back at once."""

    confidence_threshold: Annotated[float, Field(ge=0, le=100)] | None = None
    """Confidence, in percent, at which Rekognition evaluates the adapter. Absent: chosen by Rekognition."""


class ModerationAdapterSpec(ResourceSpec):
    """What the adapter shall be."""

    validations = (
        *ResourceSpec.validations,
        immutable("autoUpdate"),
        Validation(
            rule="!has(self.adoptUpdates) || !self.adoptUpdates || "
            "(has(self.autoUpdate) && self.autoUpdate == 'Enabled')",
            message="adoptUpdates needs autoUpdate: Enabled, which only a new resource can have; remove adoptUpdates",
            field_path=".adoptUpdates",
            reason="FieldValueForbidden",
        ),
    )

    auto_update: Literal["Enabled", "Disabled"] | None = None
    """Whether AWS may retrain the adapter by itself for a new base model. Immutable. Absent: Disabled."""
    adopt_updates: bool | None = None
    """True: versions that AWS adds by autoUpdate are proved and put into service as if they were trained here, and
    never deleted. Absent: false, they are shown as Foreign and left alone."""
    refresh: Refresh | None = None
    """What happens when AWS has a new base model. Absent: onDeprecated: Report."""
    promotion: AdapterPromotion | None = None
    """What a version must show before it is put into service. Absent: that it is trained."""
    training: AdapterTraining
    """What makes a version what it is. A change here trains a new version; a revert brings the old one back at once."""


class ModerationAdapterStatus(ResourceStatus):
    """What the operator saw and did."""


class ModerationAdapter:
    """A Custom Moderation adapter: one CONTENT_MODERATION project of Amazon Rekognition, and its versions."""

    kind: ClassVar[str] = "ModerationAdapter"
    plural: ClassVar[str] = "moderationadapters"
    singular: ClassVar[str] = "moderationadapter"
    short_names: ClassVar[tuple[str, ...]] = ("modad",)
    spec: ClassVar[type[ModerationAdapterSpec]] = ModerationAdapterSpec
    status: ClassVar[type[ModerationAdapterStatus]] = ModerationAdapterStatus
