"""Which kinds are there?"""

from collections.abc import Mapping
from typing import Final

from rekognition_operator.api.awsidentity import AWSIdentity
from rekognition_operator.api.customlabelsmodel import CustomLabelsModel
from rekognition_operator.api.moderationadapter import ModerationAdapter

Kind = type[ModerationAdapter] | type[CustomLabelsModel]
"""A namespaced kind: a project in AWS."""
Definition = Kind | type[AWSIdentity]
"""Any kind that the operator brings a CustomResourceDefinition for."""

ALL_KINDS: Final[tuple[Kind, ...]] = (ModerationAdapter, CustomLabelsModel)
ALL_DEFINITIONS: Final[tuple[Definition, ...]] = (*ALL_KINDS, AWSIdentity)
BY_NAME: Final[Mapping[str, Kind]] = {kind.kind: kind for kind in ALL_KINDS}
