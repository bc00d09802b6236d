"""What do TagResource, UntagResource and ListTagsForResource do?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rekognition_sandbox.emulator.arns import parse_arn
from rekognition_sandbox.emulator.errors import AwsError, invalid_parameter, not_found
from rekognition_sandbox.emulator.operations.call import Handler, Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_rekognition.type_defs import (
        ListTagsForResourceRequestTypeDef,
        TagResourceRequestTypeDef,
        UntagResourceRequestTypeDef,
    )

    from rekognition_sandbox.emulator.operations.call import Call
    from rekognition_sandbox.emulator.state import Place

#: The most that one request may carry; INFERRED to be the most that a resource may have.
_TAGS_PER_RESOURCE = 200


def tag_resource(call: Call, request: TagResourceRequestTypeDef) -> Result:
    """Add tags to a project, version or dataset, or change them."""
    arn = request["ResourceArn"]
    tags = {**_tags_of(call.place, arn), **request["Tags"]}
    if len(tags) > _TAGS_PER_RESOURCE:
        raise AwsError(
            "ServiceQuotaExceededException", f"{arn} would have {len(tags)} tags; {_TAGS_PER_RESOURCE} may be."
        )
    _set_tags(call.place, arn, tags)
    return Result({}, effect=f"tagged {arn}")


def untag_resource(call: Call, request: UntagResourceRequestTypeDef) -> Result:
    """Remove tags; keys that the resource does not have are no error."""
    arn = request["ResourceArn"]
    tags = _tags_of(call.place, arn)
    _set_tags(call.place, arn, {key: value for key, value in tags.items() if key not in request["TagKeys"]})
    return Result({}, effect=f"untagged {arn}")


def list_tags_for_resource(call: Call, request: ListTagsForResourceRequestTypeDef) -> Result:
    """Return all tags of a project, version or dataset."""
    return Result({"Tags": dict(_tags_of(call.place, request["ResourceArn"]))})


def _tags_of(place: Place, arn: str) -> Mapping[str, str]:
    if parse_arn(arn) is None:
        raise invalid_parameter(f"{arn} is not the ARN of a project, of a project version or of a dataset.")
    resource = place.projects.get(arn) or place.versions.get(arn) or place.datasets.get(arn)
    if resource is None:
        raise not_found(arn)
    return resource.tags


def _set_tags(place: Place, arn: str, tags: Mapping[str, str]) -> None:
    if arn in place.projects:
        place.projects[arn] = replace(place.projects[arn], tags=tags)
    elif arn in place.datasets:
        place.datasets[arn] = replace(place.datasets[arn], tags=tags)
    else:
        place.versions[arn] = replace(place.versions[arn], tags=tags)


HANDLERS: Mapping[str, Handler] = {
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": list_tags_for_resource,
}
