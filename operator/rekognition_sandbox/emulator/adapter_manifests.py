"""What does a line of an adapter's manifest say, and how many must there be?

Format: JSON Lines of ``source-ref`` and ``content-moderation-groundtruth`` (AWS Rekognition developer guide, "Manifest
file formats").
"""

from dataclasses import dataclass

from rekognition_sandbox.emulator.manifests import (
    NO_ANNOTATIONS,
    NO_LABEL_ATTRIBUTES,
    NO_VALID_LABELS,
    Limits,
    ManifestLine,
    S3Location,
    invalid_label_attribute,
)
from rekognition_sandbox.emulator.taxonomy import manifest_label

GROUND_TRUTH = "content-moderation-groundtruth"


@dataclass(frozen=True)
class AdapterLimits(Limits):
    """How large manifests may be, and how much training an adapter needs.

    Attributes
    ----------
    images, testing_images
        The most lines of a set (developer guide, "Manual annotation": 10,000).
    false_positives, false_negatives
        Training needs this many of the one *or* of the other. The sources conflict: "Best practices for training
        adapters" says 20 false positives or 50 false negatives, the console tutorial 20 *and* 50 "for a given label".
        The weaker rule is taken, since it is the one about training data rather than about the console's verification;
        a manifest that passes here may still be refused by a stricter AWS. That AWS enforces it at all is INFERRED.
    test_images
        The fewest usable lines of a testing set ("Best practices": 20).
    """

    images: int = 10_000
    testing_images: int = 10_000
    false_positives: int = 20
    false_negatives: int = 50
    test_images: int = 20


def read_ground_truth(document: dict[str, object], image: S3Location) -> ManifestLine:
    """Return a line whose image is known, with its top-level labels or with why it has none.

    INFERRED: what AWS says of a label name that its taxonomy does not have; and that, since only top-level names are
    honoured (an AWS answer on re:Post), a line of lower ones says nothing.
    """
    if GROUND_TRUTH not in document:
        return ManifestLine(document, image, error=NO_LABEL_ATTRIBUTES)
    names = _label_names(document[GROUND_TRUTH])
    if names is None:
        return ManifestLine(document, image, error=invalid_label_attribute(GROUND_TRUTH))
    terms = [manifest_label(name) for name in names]
    known = [term for term in terms if term is not None]
    if len(known) < len(terms):
        return ManifestLine(document, image, error=NO_VALID_LABELS)
    labels = frozenset(term.name for term in known if term.level == 1)
    if names and not labels:
        return ManifestLine(document, image, warning=NO_ANNOTATIONS)
    return ManifestLine(document, image, labels)


def _label_names(attribute: object) -> list[str] | None:
    match attribute:
        case {"ModerationLabels": [*entries]}:
            names = [entry.get("Name") if isinstance(entry, dict) else None for entry in entries]
            strings = [name for name in names if isinstance(name, str)]
            return strings if len(strings) == len(names) else None
        case _:
            return None
