"""Which bytes does the Image of a request mean?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.errors import S3_OBJECT_UNREADABLE, AwsError, invalid_parameter
from rekognition_sandbox.emulator.manifests import ObjectStoreError, S3Location

if TYPE_CHECKING:
    from mypy_boto3_rekognition.type_defs import ImageTypeDef

    from rekognition_sandbox.emulator.operations.call import Call


def image_bytes(call: Call, image: ImageTypeDef) -> bytes:
    """Return what the request carries or what S3 has; raise InvalidS3ObjectException when S3 has nothing there."""
    content, place = image.get("Bytes"), image.get("S3Object")
    if (content is None) == (place is None):
        raise invalid_parameter("Image must have one of Bytes and S3Object.")
    if place is None:
        if not isinstance(content, bytes):
            raise TypeError("validation turns blobs into bytes")
        return content
    if "Bucket" not in place or "Name" not in place:
        raise invalid_parameter("Image.S3Object must have Bucket and Name.")
    try:
        if call.store.bucket_region(place["Bucket"]) != call.place.region:
            raise AwsError("InvalidS3ObjectException", S3_OBJECT_UNREADABLE)
        return call.store.get(S3Location(place["Bucket"], place["Name"], place.get("Version")))
    except ObjectStoreError as error:
        raise AwsError("InvalidS3ObjectException", S3_OBJECT_UNREADABLE) from error
