"""What are the versions of a story trained on?"""

from dataclasses import replace
from functools import cache
from types import MappingProxyType

from rekognition_sandbox.samples import SampleLine, SampleSet
from rekognition_sandbox.samples.parts import PartLine, PartSet
from rekognition_sandbox.samples.picture import draw
from rekognition_sandbox.samples.scenes import PARTS, SCENES

PREFIX = "storefront/"
PARTS_PREFIX = "parts/"
TRAIN, BROKEN, TEST = "train.manifest", "broken.manifest", "test.manifest"
TRAIN_AGAIN = "train-again.manifest"
MISLABELLED = "mislabelled.manifest"
"""What is trained on it is worse: its F1 score is 0.667 instead of 1, for adapters as well as for models."""


@cache
def training_data() -> SampleSet:
    """Return the least that trains: few images, each in many lines, since what is learned does not matter here."""
    beach, statue, vape, mug = (SCENES[name] for name in ("beach", "marble-statue", "vape-pen", "coffee-mug"))
    images: dict[str, bytes] = {}
    lines: dict[str, list[SampleLine]] = {"train": [], "test": []}
    for number, scene in enumerate((beach, statue, vape, mug)):
        for folder, made in lines.items():
            key = f"images/{folder}/{scene.name}.png"
            images[key] = draw(scene, 2 * number + (folder == "test"))
            made.append(SampleLine(key, scene.shows))
    damaged = tuple(replace(line, broken='{"source_ref": "{image}"}') for line in lines["train"])
    mislabelled = [
        replace(line, labels=("Explicit",)) if beach.name in line.image_key else line for line in lines["train"]
    ]
    manifests = {
        TRAIN: tuple(lines["train"] * 12),
        BROKEN: tuple(lines["train"] * 6) + damaged * 6,
        MISLABELLED: tuple(mislabelled * 20),  # AWS asks for so many false positives of the base model
        TEST: tuple(lines["test"] * 6),
    }
    return SampleSet(MappingProxyType(images), MappingProxyType(manifests))


@cache
def parts_data() -> PartSet:
    """Return the least that trains a model: two parts, two pictures of each, in many lines."""
    images: dict[str, bytes] = {}
    lines: dict[str, list[PartLine]] = {"train": [], "test": []}
    for number, scene in enumerate((PARTS["steel-gear"], PARTS["hex-bolt"])):
        for folder, made in lines.items():
            key = f"images/{folder}/{scene.name}.png"
            images[key] = draw(scene, 2 * number + (folder == "test"))
            made.append(PartLine(key, str(scene.part)))
    gear, bolt = lines["train"]
    swapped = [replace(gear, part=bolt.part), replace(bolt, part=gear.part)]
    manifests = {
        TRAIN: tuple(lines["train"] * 12),
        # Other content under another name: what is trained on it has another digest.
        TRAIN_AGAIN: tuple(lines["train"] * 10),
        MISLABELLED: tuple(swapped * 12),
        TEST: tuple(lines["test"] * 6),
    }
    return PartSet(MappingProxyType(images), MappingProxyType(manifests))
