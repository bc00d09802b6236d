"""How do ARNs of projects, versions and datasets look, and what does one say?"""

from __future__ import annotations

import re
from dataclasses import dataclass

from moto.utilities.utils import get_partition

_ARN = re.compile(
    r"arn:(?P<partition>[a-z\d-]+):rekognition:(?P<region>[a-z\d-]+):(?P<account>\d{12}):project/"
    r"(?P<project>[a-zA-Z0-9_.\-]{1,255})/"
    r"(?:version/(?P<version>[a-zA-Z0-9_.\-]{1,255})/|dataset/(?:train|test)/)?(?P<created_ms>[0-9]+)"
)


@dataclass(frozen=True)
class ResourceArn:
    """The parts of an ARN of a project, of one of its datasets, or of a version where `version_name` is set."""

    account: str
    region: str
    project_name: str
    version_name: str | None
    created_ms: int


def parse_arn(arn: str) -> ResourceArn | None:
    """Take an ARN apart; None when it is no project's, no version's and no dataset's."""
    found = _ARN.fullmatch(arn)
    if found is None:
        return None
    return ResourceArn(found["account"], found["region"], found["project"], found["version"], int(found["created_ms"]))


def partition_of(region: str) -> str:
    """Return `aws`, `aws-cn` and so on."""
    return str(get_partition(region))


def project_arn(account: str, region: str, name: str, created_ms: int) -> str:
    """Name a project; the last part is its CreationTimestamp in epoch milliseconds."""
    return f"arn:{partition_of(region)}:rekognition:{region}:{account}:project/{name}/{created_ms}"


def version_arn(project: str, name: str, created_ms: int) -> str:
    """Name a version within its project's ARN, whose own time is left out."""
    return f"{project.rpartition('/')[0]}/version/{name}/{created_ms}"


def dataset_arn(project: str, dataset_type: str, created_ms: int) -> str:
    """Name a dataset (TRAIN or TEST) within its project's ARN."""
    return f"{project.rpartition('/')[0]}/dataset/{dataset_type.lower()}/{created_ms}"
