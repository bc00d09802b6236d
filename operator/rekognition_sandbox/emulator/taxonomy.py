"""Which names may a moderation label have, and where does each stand in AWS's taxonomy?

The three-level taxonomy of moderation model 7.0 (AWS Rekognition developer guide, "Using the image and video
moderation APIs", Label Categories). Names are unique over all levels, so a name alone finds its term.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

_TREE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "Explicit": {
        "Explicit Nudity": (
            "Exposed Male Genitalia",
            "Exposed Female Genitalia",
            "Exposed Buttocks or Anus",
            "Exposed Female Nipple",
        ),
        "Explicit Sexual Activity": (),
        "Sex Toys": (),
    },
    "Non-Explicit Nudity of Intimate parts and Kissing": {
        "Non-Explicit Nudity": (
            "Bare Back",
            "Exposed Male Nipple",
            "Partially Exposed Buttocks",
            "Partially Exposed Female Breast",
            "Implied Nudity",
        ),
        "Obstructed Intimate Parts": ("Obstructed Female Nipple", "Obstructed Male Genitalia"),
        "Kissing on the Lips": (),
    },
    "Swimwear or Underwear": {"Female Swimwear or Underwear": (), "Male Swimwear or Underwear": ()},
    "Violence": {
        "Weapons": (),
        "Graphic Violence": (
            "Weapon Violence",
            "Physical Violence",
            "Self-Harm",
            "Blood & Gore",
            "Explosions and Blasts",
        ),
    },
    "Visually Disturbing": {"Death and Emaciation": ("Emaciated Bodies", "Corpses"), "Crashes": ("Air Crash",)},
    "Drugs & Tobacco": {"Products": ("Pills",), "Drugs & Tobacco Paraphernalia & Use": ("Smoking",)},
    "Alcohol": {"Alcohol Use": ("Drinking",), "Alcoholic Beverages": ()},
    "Rude Gestures": {"Middle Finger": ()},
    "Gambling": {},
    "Hate Symbols": {"Nazi Party": (), "White Supremacy": (), "Extremist": ()},
}

# AWS's own manifest examples say "Rude Gesture" and "Nudity", and its console (older than model 7.0) offers the
# other names; none of them is in the taxonomy of 7.0. INFERRED: they mean today's category of the same content.
_MANIFEST_ALIASES: Mapping[str, str] = {
    "Rude Gesture": "Rude Gestures",
    "Nudity": "Explicit",
    "Suggestive": "Non-Explicit Nudity of Intimate parts and Kissing",
    "Drugs": "Drugs & Tobacco",
    "Tobacco": "Drugs & Tobacco",
}


@dataclass(frozen=True)
class Term:
    """One label of the taxonomy.

    ``parent_name`` is ``""`` at the top, as DetectModerationLabels answers it; ``level`` is 1 to 3.
    """

    name: str
    parent_name: str
    level: int


def _flatten() -> dict[str, Term]:
    terms: dict[str, Term] = {}
    for top, seconds in _TREE.items():
        terms[top] = Term(top, "", 1)
        for second, thirds in seconds.items():
            terms[second] = Term(second, top, 2)
            for third in thirds:
                terms[third] = Term(third, second, 3)
    return terms


TERMS: Mapping[str, Term] = MappingProxyType(_flatten())
"""Every label of the taxonomy by its name."""

TOP_LEVEL: tuple[str, ...] = tuple(_TREE)
"""The names of level 1, the only ones that an adapter learns."""


def chain(name: str) -> tuple[Term, ...]:
    """Return the terms from the top level down to ``name``, which comes last.

    Raises
    ------
    KeyError
        ``name`` is not in the taxonomy.
    """
    term = TERMS[name]
    return (*chain(term.parent_name), term) if term.parent_name else (term,)


def top_level(name: str) -> str:
    """Return the level 1 label above ``name``, or ``name`` itself; KeyError when it is not in the taxonomy."""
    return chain(name)[0].name


def manifest_label(name: str) -> Term | None:
    """Return the term that a label name in an adapter manifest means, or None when it means none."""
    return TERMS.get(_MANIFEST_ALIASES.get(name, name))
