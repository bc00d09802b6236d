"""Which kinds are there?"""

from collections.abc import Mapping
from typing import Final

from rekognition_operator.api.customlabelsmodel import CustomLabelsModel
from rekognition_operator.api.moderationadapter import ModerationAdapter

Kind = type[ModerationAdapter] | type[CustomLabelsModel]

ALL_KINDS: Final[tuple[Kind, ...]] = (ModerationAdapter, CustomLabelsModel)
BY_NAME: Final[Mapping[str, Kind]] = {kind.kind: kind for kind in ALL_KINDS}
