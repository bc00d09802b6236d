"""What can a sample image show, and what do the emulated models make of it?

A base model errs by kind of picture, not at random: that is what an adapter is trained for. So each kind of sample
picture (a scene) says what a careful person sees in it and what the base model believes about it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Belief:
    """A label of the taxonomy (its deepest level) that the base model sees, with its typical confidence, 0 to 100."""

    label: str
    confidence: float


@dataclass(frozen=True)
class Scene:
    """A kind of sample picture.

    Attributes
    ----------
    code
        The number that stands in the picture (0 to 255); never reused, because old pictures carry it.
    name
        Part of the image's key, so that a person sees what it shows.
    shows
        The top-level labels that are right for it; empty for a safe picture.
    base_sees
        What the base model believes; wrong where it differs from ``shows`` at the usual 50 percent.
    content_type
        What DetectModerationLabels reports as ContentType (``Illustrated``, ``Animated``), or None for a photograph.
    part
        For Custom Labels: which machine part it shows, as a careful person would label it; None for other pictures.
    """

    code: int
    name: str
    shows: tuple[str, ...] = ()
    base_sees: tuple[Belief, ...] = ()
    content_type: str | None = None
    part: str | None = None


_ALL = (
    # Safe, but the base model flags them: false positives.
    Scene(1, "beach", base_sees=(Belief("Exposed Buttocks or Anus", 84),)),
    Scene(2, "marble-statue", base_sees=(Belief("Exposed Female Nipple", 79),)),
    Scene(3, "kitchen-knife", base_sees=(Belief("Weapons", 86),)),
    Scene(4, "ketchup-plate", base_sees=(Belief("Blood & Gore", 76),)),
    Scene(5, "water-pistol", base_sees=(Belief("Weapons", 81),), content_type="Illustrated"),
    Scene(6, "grape-juice", base_sees=(Belief("Alcoholic Beverages", 83),)),
    Scene(7, "incense-stick", base_sees=(Belief("Smoking", 74),)),
    Scene(8, "vitamin-jar", base_sees=(Belief("Pills", 88),)),
    # Unsafe, and the base model hardly notices: false negatives.
    Scene(21, "vape-pen", ("Drugs & Tobacco",), (Belief("Smoking", 28),)),
    Scene(22, "craft-beer", ("Alcohol",), (Belief("Alcoholic Beverages", 33),)),
    Scene(23, "hidden-gesture", ("Rude Gestures",), (Belief("Middle Finger", 22),)),
    Scene(24, "slot-machine-cartoon", ("Gambling",), (Belief("Gambling", 18),), content_type="Animated"),
    Scene(25, "stage-pistol", ("Violence",), (Belief("Weapons", 36),)),
    # Unsafe, and the base model is right.
    Scene(41, "cigarette-ad", ("Drugs & Tobacco",), (Belief("Smoking", 93),)),
    Scene(42, "whisky-bottle", ("Alcohol",), (Belief("Alcoholic Beverages", 95),)),
    Scene(43, "hunting-rifle", ("Violence",), (Belief("Weapons", 94),)),
    Scene(44, "middle-finger", ("Rude Gestures",), (Belief("Middle Finger", 92),)),
    Scene(45, "roulette-table", ("Gambling",), (Belief("Gambling", 91),)),
    Scene(46, "lingerie", ("Swimwear or Underwear",), (Belief("Female Swimwear or Underwear", 94),)),
    # Safe, and the base model is right.
    Scene(61, "coffee-mug"),
    Scene(62, "running-shoes"),
    Scene(63, "desk-lamp", content_type="Illustrated"),
    Scene(64, "house-plant", base_sees=(Belief("Pills", 9),)),
    Scene(65, "wool-sweater", base_sees=(Belief("Bare Back", 14),)),
)

_PARTS = (
    Scene(101, "steel-gear", part="gear"),
    Scene(102, "brass-gear", part="gear"),
    Scene(103, "hex-bolt", part="bolt"),
    Scene(104, "carriage-bolt", part="bolt"),
    Scene(105, "ball-bearing", part="bearing"),
    Scene(106, "roller-bearing", part="bearing"),
    Scene(107, "flat-washer", part="washer"),
    Scene(108, "spring-washer", part="washer"),
)

SCENES: Mapping[str, Scene] = MappingProxyType({scene.name: scene for scene in _ALL})
"""The scenes for moderation, by name."""

PARTS: Mapping[str, Scene] = MappingProxyType({scene.name: scene for scene in _PARTS})
"""The scenes for Custom Labels, by name: safe pictures of machine parts."""

SCENES_BY_CODE: Mapping[int, Scene] = MappingProxyType({scene.code: scene for scene in (*_ALL, *_PARTS)})
"""All scenes by the number that stands in the picture."""
