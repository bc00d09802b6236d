"""Which images and manifests make up the sample data for Custom Labels, and how do they get into S3?

Pictures of eight kinds of machine parts, of four names. The manifests are in SageMaker Ground Truth's formats.

| manifest | lines | what it is for |
|---|---|---|
| train.manifest | 40 | trains a classification model that is right about most parts |
| train-large.manifest | 80 | the same 40 and as many again: a better model |
| train-noisy.manifest | 40 | the same images, a third of them labelled wrongly: a worse model |
| train-broken.manifest | 40 | a third of the lines is unusable: training fails |
| test.manifest | 24 | other images of the same kinds, rightly labelled |
| boxes.manifest | 80 | the images of train-large with bounding boxes: trains an object detection model |
| boxes-test.manifest | 24 | the images of test with bounding boxes |
"""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.boxes import LabelledBox
from rekognition_sandbox.samples.dataset import TEST, TRAIN, TRAIN_BROKEN, TRAIN_LARGE, TRAIN_NOISY, upload
from rekognition_sandbox.samples.picture import SIDE_PIXELS, draw, shape_box
from rekognition_sandbox.samples.scenes import PARTS, Scene

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BOXES = "boxes.manifest"
BOXES_TEST = "boxes-test.manifest"
PARTS_PREFIX = "parts/"

_TRAIN_PER_KIND, _LARGE_PER_KIND, _TEST_PER_KIND = 5, 10, 3
_WRONG_SHARE = 1 / 3
_DATE = "2026-03-01T09:00:00.000000"


@dataclass(frozen=True)
class PartLine:
    """One line of a manifest: an image's key below the prefix, and the part that the line says it shows.

    With `box` the line says where, too. `broken` replaces the whole line where it is to be unusable; ``{image}`` in it
    becomes the image's S3 URI.
    """

    image_key: str
    part: str
    box: LabelledBox | None = None
    broken: str | None = None

    def render(self, bucket: str, prefix: str) -> str:
        """Return the line as it stands in the manifest, for images below ``s3://<bucket>/<prefix>``."""
        image = f"s3://{bucket}/{prefix}{self.image_key}"
        if self.broken is not None:
            return self.broken.replace("{image}", image)
        truth = classification(self.part) if self.box is None else localization(self.box)
        return json.dumps({"source-ref": image, **truth})


def classification(*parts: str) -> dict[str, object]:
    """Return the label attributes that say what an image as a whole shows."""
    attributes: dict[str, object] = {}
    for number, part in enumerate(parts):
        attributes[f"part-{number}"] = number
        attributes[f"part-{number}-metadata"] = {
            "confidence": 1,
            "job-name": "labeling-job/parts",
            "class-name": part,
            "human-annotated": "yes",
            "creation-date": _DATE,
            "type": "groundtruth/image-classification",
        }
    return attributes


def localization(*boxes: LabelledBox) -> dict[str, object]:
    """Return the label attribute that says what is where on a sample picture."""
    parts = sorted({placed.label for placed in boxes})
    return {
        "bounding-box": {
            "image_size": [{"width": SIDE_PIXELS, "height": SIDE_PIXELS, "depth": 3}],
            "annotations": [
                {
                    "class_id": parts.index(placed.label),
                    "left": round(placed.box.left * SIDE_PIXELS),
                    "top": round(placed.box.top * SIDE_PIXELS),
                    "width": round(placed.box.width * SIDE_PIXELS),
                    "height": round(placed.box.height * SIDE_PIXELS),
                }
                for placed in boxes
            ],
        },
        "bounding-box-metadata": {
            "objects": [{"confidence": 1} for _ in boxes],
            "class-map": {str(number): part for number, part in enumerate(parts)},
            "type": "groundtruth/object-detection",
            "human-annotated": "yes",
            "creation-date": _DATE,
            "job-name": "labeling-job/parts",
        },
    }


@dataclass(frozen=True)
class PartSet:
    """Sample images (PNG bytes by key) and manifests (lines by name); keys and names are below a prefix in S3."""

    images: Mapping[str, bytes]
    manifests: Mapping[str, tuple[PartLine, ...]]

    def manifest(self, name: str, *, bucket: str, prefix: str = PARTS_PREFIX) -> bytes:
        """Return a manifest's content for images below ``s3://<bucket>/<prefix>``; KeyError for an unknown name."""
        return "".join(line.render(bucket, prefix) + "\n" for line in self.manifests[name]).encode()

    def upload(self, s3_client: "S3Client", bucket: str, prefix: str = PARTS_PREFIX) -> tuple[str, ...]:
        """Put all images and manifests below ``s3://<bucket>/<prefix>`` and return the keys of the manifests.

        A bucket that is missing is created in the client's Region. ``prefix`` goes in front of every key as it is, so
        it ends with a slash.

        Raises
        ------
        botocore.exceptions.ClientError
            S3 refused, for instance because the bucket belongs to another account.
        """
        manifests = {prefix + name: self.manifest(name, bucket=bucket, prefix=prefix) for name in self.manifests}
        upload(s3_client, bucket, {prefix + key: content for key, content in self.images.items()}, manifests)
        return tuple(manifests)


def make_parts(seed: int = 0) -> PartSet:
    """Return the sample data; the same seed gives the same bytes, another one other pictures and other wrong labels."""
    chance = random.Random(f"parts:{seed}")
    numbers = {scene: chance.sample(range(0x10000), _LARGE_PER_KIND + _TEST_PER_KIND) for scene in PARTS.values()}
    images: dict[str, bytes] = {}

    def lines(folder: str, start: int, stop: int) -> tuple[PartLine, ...]:
        made: list[PartLine] = []
        for position in range(start, stop):
            for scene in PARTS.values():
                key = f"images/{folder}{scene.name}-{position + 1:02}.png"
                number = numbers[scene][position]
                images[key] = draw(scene, number)
                made.append(PartLine(key, _part(scene), LabelledBox(_part(scene), shape_box(scene, number))))
        return tuple(made)

    large = lines("", 0, _LARGE_PER_KIND)
    test = lines("test/", _LARGE_PER_KIND, _LARGE_PER_KIND + _TEST_PER_KIND)
    train = _without_boxes(large[: _TRAIN_PER_KIND * len(PARTS)])
    manifests = {
        TRAIN: train,
        TRAIN_LARGE: _without_boxes(large),
        TRAIN_NOISY: _mislabelled(train, chance),
        TRAIN_BROKEN: _damaged(train),
        TEST: _without_boxes(test),
        BOXES: large,
        BOXES_TEST: test,
    }
    return PartSet(MappingProxyType(images), MappingProxyType(manifests))


def _part(scene: Scene) -> str:
    if scene.part is None:
        message = f"scene {scene.name!r} shows no part: give it one where it is defined"
        raise ValueError(message)
    return scene.part


def _without_boxes(lines: tuple[PartLine, ...]) -> tuple[PartLine, ...]:
    return tuple(PartLine(line.image_key, line.part) for line in lines)


def _mislabelled(lines: tuple[PartLine, ...], chance: random.Random) -> tuple[PartLine, ...]:
    """Return the lines with a third of them naming another part."""
    wrong = set(chance.sample(range(len(lines)), round(len(lines) * _WRONG_SHARE)))
    parts = sorted({line.part for line in lines})
    return tuple(
        PartLine(line.image_key, chance.choice([part for part in parts if part != line.part]))
        if index in wrong
        else line
        for index, line in enumerate(lines)
    )


def _damaged(lines: tuple[PartLine, ...]) -> tuple[PartLine, ...]:
    """Return the lines with every third unusable, in the ways that people damage manifests by hand."""
    damages = (
        '{"source-ref": "{image}", "part-0": 0',
        '{"source_ref": "{image}", "part-0": 0}',
        '{"source-ref": "https://example.com/picture.png", "part-0": 0}',
        '{"source-ref": "{image}", "part-0": 0}',
        '{"source-ref": "{image}", "part-0": 0, "part-0-metadata": {"type": "groundtruth/text-classification"}}',
        '{"source-ref": "{image}", "part-0": 0, "part-0-metadata": {"type": "groundtruth/image-classification"}}',
    )
    return tuple(
        PartLine(line.image_key, line.part, broken=damages[index // 3 % len(damages)]) if index % 3 == 0 else line
        for index, line in enumerate(lines)
    )
