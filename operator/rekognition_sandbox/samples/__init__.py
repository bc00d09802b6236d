"""Which sample images and manifests does the sandbox offer, made by code?"""

from rekognition_sandbox.samples.dataset import SampleLine, SampleSet, make_samples
from rekognition_sandbox.samples.parts import PartLine, PartSet, make_parts

__all__ = ["PartLine", "PartSet", "SampleLine", "SampleSet", "make_parts", "make_samples"]
