"""What does the emulated DetectModerationLabels answer for an image, alone and with what an adapter was taught?

The base model reads what a sample picture says about itself and answers as its scene says, rightly or wrongly. Any
other image gets an answer derived from its bytes: mostly nothing, stable for ever. An adapter has learned by kind of
picture (a scene, or the mean colour of any other image): the more samples of a kind it saw, the more it believes them.
"""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from PIL import Image, UnidentifiedImageError

from rekognition_sandbox.emulator.boxes import Box
from rekognition_sandbox.emulator.taxonomy import TERMS, chain, top_level
from rekognition_sandbox.samples.picture import read_caption, shape_box
from rekognition_sandbox.samples.scenes import Belief

_DECODED_SIDE_PIXELS = 320
_FORMATS = ("PNG", "JPEG")

# How many samples of one kind it takes until the adapter believes them as much as the base model.
_SAMPLES_FOR_HALF_TRUST = 4.0
_TAUGHT_ABSENT, _TAUGHT_PRESENT = 3.0, 97.0
_BASE_SPREAD = 16.0
_HIGHEST, _LOWEST = 99.9, 0.1
# About one in twelve images that are not ours gets a label from the base model.
_STRANGER_FLAGGED_BELOW = 21


@dataclass(frozen=True)
class ImageLimits:
    """How large and how narrow an image may be; sides in pixels, `max_aspect` the longer side over the shorter."""

    max_bytes: int
    min_side: int
    max_side: int
    max_aspect: float | None = None


#: Set quotas of Rekognition Image (developer guide, "Guidelines and quotas"). The 5 MB of an image sent as bytes is a
#: length in the service model and is refused before this module is asked.
MODERATION_IMAGES = ImageLimits(max_bytes=15 * 1024 * 1024, min_side=80, max_side=10_000)


class ImageError(Exception):
    """The image cannot be analysed; ``code`` is the AWS exception's name, ``message`` AWS's text for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True)
class DetectedLabel:
    """One label of an answer; ``confidence`` 0 to 100, ``parent_name`` ``""`` at the top, ``taxonomy_level`` 1 to 3."""

    name: str
    parent_name: str
    taxonomy_level: int
    confidence: float


@dataclass(frozen=True)
class ContentType:
    """What sort of picture it is (``Illustrated``, ``Animated``), with its confidence, 0 to 100."""

    name: str
    confidence: float


@dataclass(frozen=True)
class Detection:
    """An answer: labels by falling confidence, of equal ones the deepest first, as in AWS's examples."""

    labels: tuple[DetectedLabel, ...]
    content_types: tuple[ContentType, ...]

    def top_level_confidences(self) -> dict[str, float]:
        """Return the confidence of each level 1 label that was detected."""
        return {label.name: label.confidence for label in self.labels if label.taxonomy_level == 1}


@dataclass(frozen=True)
class TaughtLabel:
    """How many samples of a kind carried this top-level label."""

    name: str
    samples: int


@dataclass(frozen=True)
class KindLesson:
    """What the training data says of one kind of picture: how many samples, and how many of them had each label."""

    kind: str
    samples: int
    labels: tuple[TaughtLabel, ...]


@dataclass(frozen=True)
class AdapterKnowledge:
    """What an adapter's training manifests taught it, one lesson for each kind of picture; plain data."""

    lessons: tuple[KindLesson, ...]

    def lesson(self, kind: str) -> KindLesson | None:
        """Return the lesson about a kind of picture, or None when it was never taught."""
        return next((lesson for lesson in self.lessons if lesson.kind == kind), None)

    def to_document(self) -> dict[str, object]:
        """Return the knowledge as JSON-able data; :meth:`from_document` reads it back."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> "AdapterKnowledge":
        """Return the knowledge that :meth:`to_document` wrote; ValueError when it is not that."""
        match document:
            case {"lessons": [*lessons]}:
                return cls(tuple(_read_lesson(lesson) for lesson in lessons))
            case _:
                message = "adapter knowledge has no list 'lessons': pass what AdapterKnowledge.to_document returned"
                raise ValueError(message)


@dataclass(frozen=True)
class Look:
    """What the emulator sees in an image: the kind it generalises by, its identity, the base model's beliefs.

    ``subject`` is where a sample picture has its one shape; None for any other image.
    """

    kind: str
    identity: str
    beliefs: tuple[Belief, ...]
    content_types: tuple[ContentType, ...]
    subject: Box | None = None


def look(image: bytes, limits: ImageLimits = MODERATION_IMAGES) -> Look:
    """Return what the emulator sees in the bytes of a JPEG or PNG; ImageError when AWS would refuse them."""
    picture = _open(image, limits)
    caption = read_caption(picture)
    if caption is None:
        return _look_at_stranger(image, picture)
    scene = caption.scene
    identity = f"{scene.name}/{caption.number}"
    return Look(
        kind=f"scene:{scene.name}",
        identity=identity,
        beliefs=tuple(
            Belief(belief.label, belief.confidence + _BASE_SPREAD / 2 * signed_noise(identity, "base"))
            for belief in scene.base_sees
        ),
        content_types=_content_types(scene.content_type, identity),
        subject=shape_box(scene, caption.number),
    )


def judge(seen: Look, knowledge: AdapterKnowledge | None, *, min_confidence: float) -> Detection:
    """Return the labels of an image already looked at, by the base model or by an adapter; never fails."""
    labels = {term.name: 0.0 for belief in seen.beliefs for term in chain(belief.label)}
    for belief in seen.beliefs:
        for term in chain(belief.label):
            labels[term.name] = max(labels[term.name], bounded(belief.confidence))
    lesson = knowledge.lesson(seen.kind) if knowledge is not None else None
    if lesson is not None:
        labels = _corrected(labels, lesson, seen.identity)
    detected = (
        DetectedLabel(name, TERMS[name].parent_name, TERMS[name].level, confidence)
        for name, confidence in labels.items()
        if confidence >= min_confidence
    )
    return Detection(
        labels=tuple(sorted(detected, key=lambda label: (-label.confidence, -label.taxonomy_level, label.name))),
        content_types=tuple(found for found in seen.content_types if found.confidence >= min_confidence),
    )


def detect(image: bytes, knowledge: AdapterKnowledge | None, *, min_confidence: float) -> Detection:
    """Return what DetectModerationLabels answers for an image.

    Parameters
    ----------
    image
        The bytes of a JPEG or PNG.
    knowledge
        What the adapter was taught; None for the base model.
    min_confidence
        Labels and content types below it (0 to 100) are left out.

    Raises
    ------
    ImageError
        ``InvalidImageFormatException`` for anything but a readable JPEG or PNG, and (INFERRED: the quota page gives the
        limit, no page the error) for a side below 80 pixels; ``ImageTooLargeException`` above 15 MB or 10,000 pixels.
    """
    return judge(look(image), knowledge, min_confidence=min_confidence)


def _open(image: bytes, limits: ImageLimits) -> Image.Image:
    if len(image) > limits.max_bytes:
        raise _too_large()
    try:
        picture = Image.open(io.BytesIO(image), formats=_FORMATS)
        shorter, longer = sorted(picture.size)
        if longer > limits.max_side:
            raise _too_large()
        if shorter < limits.min_side or (limits.max_aspect is not None and longer > limits.max_aspect * shorter):
            raise _bad_format()
        # A large JPEG may be decoded at a fraction of its size: nothing here looks at single pixels of a photograph.
        picture.draft("RGB", (_DECODED_SIDE_PIXELS, _DECODED_SIDE_PIXELS))
        picture.load()
    except Image.DecompressionBombError as error:
        raise _too_large() from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        # Pillow reports damaged PNG chunks as SyntaxError and broken headers as ValueError.
        raise _bad_format() from error
    return picture


def _too_large() -> ImageError:
    return ImageError("ImageTooLargeException", "Image size is too large.")


def _bad_format() -> ImageError:
    return ImageError("InvalidImageFormatException", "Request has invalid image format.")


def _look_at_stranger(image: bytes, picture: Image.Image) -> Look:
    digest = hashlib.sha256(image).digest()
    identity = digest.hex()
    red, green, blue = picture.convert("RGB").resize((1, 1), Image.Resampling.BOX).tobytes()
    beliefs: tuple[Belief, ...] = ()
    if digest[0] < _STRANGER_FLAGGED_BELOW:
        names = sorted(TERMS)
        beliefs = (Belief(names[digest[1] % len(names)], 55 + digest[2] % 40),)
    return Look(
        kind=f"tone:{red // 64}{green // 64}{blue // 64}",
        identity=identity,
        beliefs=beliefs,
        content_types=_content_types("Illustrated" if digest[3] < _STRANGER_FLAGGED_BELOW else None, identity),
    )


def _content_types(name: str | None, identity: str) -> tuple[ContentType, ...]:
    return (ContentType(name, bounded(90 + 9 * signed_noise(identity, name))),) if name is not None else ()


def _corrected(labels: Mapping[str, float], lesson: KindLesson, identity: str) -> dict[str, float]:
    """Return the labels as an adapter gives them: pulled to what it was taught, lower levels together with their top.

    Only top-level names are learned (an AWS answer on re:Post), so a label that was missed comes without lower levels.
    """
    taught = {label.name: label.samples for label in lesson.labels}
    trust = lesson.samples / (lesson.samples + _SAMPLES_FOR_HALF_TRUST)
    tops = {name for name in labels if TERMS[name].level == 1} | set(taught)
    corrected: dict[str, float] = {}
    for top in tops:
        share = taught.get(top, 0) / lesson.samples
        belief = _TAUGHT_ABSENT + share * (_TAUGHT_PRESENT - _TAUGHT_ABSENT)
        noise = (2 + 14 * (1 - trust)) * signed_noise(identity, top)
        corrected[top] = bounded((1 - trust) * labels.get(top, 0.0) + trust * belief + noise)
    for name, confidence in labels.items():
        top = top_level(name)
        if name != top:
            corrected[name] = bounded(confidence * corrected[top] / labels[top])
    return corrected


def bounded(confidence: float) -> float:
    """Return a confidence within what a model ever says, 0.1 to 99.9."""
    return round(min(max(confidence, _LOWEST), _HIGHEST), 4)


def signed_noise(identity: str, purpose: str) -> float:
    """Return a number from -1 to 1 that depends on the image and the purpose only."""
    digest = hashlib.sha256(f"{identity}|{purpose}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 0xFFFFFFFF * 2 - 1


def _read_lesson(document: object) -> KindLesson:
    match document:
        case {"kind": str(kind), "samples": int(samples), "labels": [*labels]}:
            return KindLesson(kind, samples, tuple(_read_label(label) for label in labels))
        case _:
            message = f"adapter knowledge has a lesson without kind, samples and labels: {document!r}"
            raise ValueError(message)


def _read_label(document: object) -> TaughtLabel:
    match document:
        case {"name": str(name), "samples": int(samples)}:
            return TaughtLabel(name, samples)
        case _:
            message = f"adapter knowledge has a label without name and samples: {document!r}"
            raise ValueError(message)
