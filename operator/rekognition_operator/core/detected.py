"""What is asked about an image, and what was found on it?"""

from dataclasses import dataclass


@dataclass(frozen=True)
class S3Image:
    """An image in Amazon S3; the latest version of the object unless one is named."""

    bucket: str
    name: str
    version: str | None = None


@dataclass(frozen=True)
class HumanLoop:
    """HumanLoopConfig in full: which people look at an image again, where the conditions of their flow are met.

    ``name`` is unique in the account and Region. ``content_classifiers`` says what the image is free of:
    FreeOfPersonallyIdentifiableInformation, FreeOfAdultContent.
    """

    name: str
    flow_definition_arn: str
    content_classifiers: tuple[str, ...] = ()


@dataclass(frozen=True)
class DetectedLabel:
    """A label that was found; confidence is 0 to 100.

    ``parent_name`` (empty at the top) and ``taxonomy_level`` (1 at the top) are those of moderation labels.
    """

    name: str
    confidence: float
    parent_name: str = ""
    taxonomy_level: int = 1


@dataclass(frozen=True)
class ContentType:
    """What kind of image it is, such as Animated Content; confidence is 0 to 100."""

    name: str
    confidence: float


@dataclass(frozen=True)
class ModerationAnswer:
    """What DetectModerationLabels answered.

    Attributes
    ----------
    model_version
        The base model's version: of the model that answered, or on which the adapter that answered is trained.
    project_version
        AWS's ProjectVersion: the ARN of the adapter that answered. None means that the base model answered, also where
        an adapter was asked for: AWS leaves an EXPIRED one out without an error (Rekognition guide, managing adapters).
    human_loop_arn
        The loop that was started; None where none was asked for, or its conditions are not met.
    human_loop_conditions
        JSON text: each activation condition and whether it is met, also where no loop was started.
    """

    labels: tuple[DetectedLabel, ...] = ()
    content_types: tuple[ContentType, ...] = ()
    model_version: str | None = None
    project_version: str | None = None
    human_loop_arn: str | None = None
    human_loop_reasons: tuple[str, ...] = ()
    human_loop_conditions: str | None = None


@dataclass(frozen=True)
class CustomLabelsAnswer:
    """What DetectCustomLabels answered: each occurrence of a label on its own, without its place on the image."""

    labels: tuple[DetectedLabel, ...] = ()
