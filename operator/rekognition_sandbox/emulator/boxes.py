"""Where on an image is something?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """An upright rectangle; all four are shares of the image's width or height, 0 to 1."""

    left: float
    top: float
    width: float
    height: float

    def overlap(self, other: Box) -> float:
        """Return the intersection over the union, 0 to 1."""
        across = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        down = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        shared = max(across, 0.0) * max(down, 0.0)
        union = self.width * self.height + other.width * other.height - shared
        return shared / union if union else 0.0


@dataclass(frozen=True)
class LabelledBox:
    """Something on an image: what it is, and where."""

    label: str
    box: Box
