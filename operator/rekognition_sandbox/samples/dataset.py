"""Which images and manifests make up the sample data, and how do they get into S3?

| manifest | lines | what it is for |
|---|---|---|
| train.manifest | 120 | trains an adapter that is clearly better than the base model |
| train-large.manifest | 240 | the same 120 and as many again: a better adapter |
| train-noisy.manifest | 120 | the same images, a third of them labelled wrongly: a worse adapter |
| train-broken.manifest | 120 | a third of the lines is unusable: training fails |
| test.manifest | 48 | other images of the same kinds, rightly labelled |
"""

import json
import random
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from rekognition_sandbox.samples.picture import draw
from rekognition_sandbox.samples.scenes import SCENES, Scene

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import BucketLocationConstraintType

TRAIN = "train.manifest"
TRAIN_LARGE = "train-large.manifest"
TRAIN_NOISY = "train-noisy.manifest"
TRAIN_BROKEN = "train-broken.manifest"
TEST = "test.manifest"

DEFAULT_PREFIX = "storefront/"

_TRAIN_PER_SCENE, _LARGE_PER_SCENE, _TEST_PER_SCENE = 5, 10, 2
_WRONG_SHARE = 1 / 3
_UPLOADS_AT_ONCE = 8


@dataclass(frozen=True)
class SampleLine:
    """One line of a sample manifest: an image's key below the prefix, and the labels that the line gives it.

    ``broken`` replaces the whole line where it is to be unusable; ``{image}`` in it becomes the image's S3 URI.
    """

    image_key: str
    labels: tuple[str, ...]
    broken: str | None = None

    def render(self, bucket: str, prefix: str) -> str:
        """Return the line as it stands in the manifest, for images below ``s3://<bucket>/<prefix>``."""
        image = f"s3://{bucket}/{prefix}{self.image_key}"
        if self.broken is not None:
            return self.broken.replace("{image}", image)
        labels = [{"Name": label} for label in self.labels]
        return json.dumps({"source-ref": image, "content-moderation-groundtruth": {"ModerationLabels": labels}})


@dataclass(frozen=True)
class SampleSet:
    """Sample images (PNG bytes by key) and manifests (lines by name); keys and names are below a prefix in S3."""

    images: Mapping[str, bytes]
    manifests: Mapping[str, tuple[SampleLine, ...]]

    def manifest(self, name: str, *, bucket: str, prefix: str = DEFAULT_PREFIX) -> bytes:
        """Return a manifest's content for images below ``s3://<bucket>/<prefix>``; KeyError for an unknown name."""
        return "".join(line.render(bucket, prefix) + "\n" for line in self.manifests[name]).encode()

    def upload(self, s3_client: "S3Client", bucket: str, prefix: str = DEFAULT_PREFIX) -> tuple[str, ...]:
        """Put all images and manifests below ``s3://<bucket>/<prefix>`` and return the keys of the manifests.

        A bucket that is missing is created in the client's Region. ``prefix`` goes in front of every key as it is, so
        it ends with a slash. Done again, it writes the same objects again.

        Raises
        ------
        botocore.exceptions.ClientError
            S3 refused, for instance because the bucket belongs to another account.
        """
        manifests = {prefix + name: self.manifest(name, bucket=bucket, prefix=prefix) for name in self.manifests}
        upload(s3_client, bucket, {prefix + key: content for key, content in self.images.items()}, manifests)
        return tuple(manifests)


def make_samples(seed: int = 0) -> SampleSet:
    """Return the sample data; the same seed gives the same bytes, another one other pictures and other wrong labels."""
    chance = random.Random(f"samples:{seed}")
    numbers = {scene: chance.sample(range(0x10000), _LARGE_PER_SCENE + _TEST_PER_SCENE) for scene in SCENES.values()}
    images: dict[str, bytes] = {}

    def lines(folder: str, start: int, stop: int) -> tuple[SampleLine, ...]:
        made: list[SampleLine] = []
        for position in range(start, stop):
            for scene in SCENES.values():
                key = f"images/{folder}{scene.name}-{position + 1:02}.png"
                images[key] = draw(scene, numbers[scene][position])
                made.append(SampleLine(key, scene.shows))
        return tuple(made)

    train = lines("", 0, _TRAIN_PER_SCENE)
    more = lines("", _TRAIN_PER_SCENE, _LARGE_PER_SCENE)
    test = lines("test/", _LARGE_PER_SCENE, _LARGE_PER_SCENE + _TEST_PER_SCENE)
    manifests = {
        TRAIN: train,
        TRAIN_LARGE: train + more,
        TRAIN_NOISY: _mislabelled(train, chance),
        TRAIN_BROKEN: _damaged(train),
        TEST: test,
    }
    return SampleSet(MappingProxyType(images), MappingProxyType(manifests))


def _mislabelled(lines: tuple[SampleLine, ...], chance: random.Random) -> tuple[SampleLine, ...]:
    """Return the lines with a third of them wrong, as a tired person errs: unsafe called safe, safe called anything."""
    wrong = set(chance.sample(range(len(lines)), round(len(lines) * _WRONG_SHARE)))
    every_label = _labels(SCENES.values())
    return tuple(
        SampleLine(line.image_key, () if line.labels else (chance.choice(every_label),)) if index in wrong else line
        for index, line in enumerate(lines)
    )


def _labels(scenes: Iterable[Scene]) -> list[str]:
    return sorted({label for scene in scenes for label in scene.shows})


def _damaged(lines: tuple[SampleLine, ...]) -> tuple[SampleLine, ...]:
    """Return the lines with every third unusable, in the ways that people damage manifests by hand."""
    damages = (
        '{"source-ref": "{image}", "content-moderation-groundtruth": {"ModerationLabels": [}',
        '{"source_ref": "{image}", "content-moderation-groundtruth": {"ModerationLabels": []}}',
        '{"source-ref": "https://example.com/picture.png", "content-moderation-groundtruth": {"ModerationLabels": []}}',
        '{"source-ref": "{image}", "content-moderation-groundtruth": {"ModerationLabels": [{"Name": "Nakedness"}]}}',
        '{"source-ref": "{image}.missing", "content-moderation-groundtruth": {"ModerationLabels": []}}',
        '{"source-ref": "{image}", "groundtruth": {"ModerationLabels": []}}',
    )
    return tuple(
        SampleLine(line.image_key, line.labels, broken=damages[index // 3 % len(damages)]) if index % 3 == 0 else line
        for index, line in enumerate(lines)
    )


def upload(s3_client: "S3Client", bucket: str, images: Mapping[str, bytes], manifests: Mapping[str, bytes]) -> None:
    """Put PNG images and manifests, by key, into a bucket, which is made in the client's Region where it is missing.

    Manifests come last: whoever sees one can use it.
    """
    _make_bucket(s3_client, bucket)

    def put(item: tuple[str, bytes], content_type: str) -> None:
        s3_client.put_object(Bucket=bucket, Key=item[0], Body=item[1], ContentType=content_type)

    with ThreadPoolExecutor(_UPLOADS_AT_ONCE) as pool:
        # The list is what makes an error of a thread appear here.
        list(pool.map(lambda item: put(item, "image/png"), images.items()))
        list(pool.map(lambda item: put(item, "application/jsonlines"), manifests.items()))


def _make_bucket(s3_client: "S3Client", bucket: str) -> None:
    region = s3_client.meta.region_name
    try:
        if region == "us-east-1":
            # The one Region whose name S3 refuses as a location constraint.
            s3_client.create_bucket(Bucket=bucket)
        else:
            location: BucketLocationConstraintType = region  # type: ignore[assignment]  # a name that boto3 knows
            s3_client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": location})
    except s3_client.exceptions.BucketAlreadyOwnedByYou:
        return
