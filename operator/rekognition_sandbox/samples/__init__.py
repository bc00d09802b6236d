"""Which sample images and manifests does the sandbox offer, made by code?"""

from rekognition_sandbox.samples.dataset import SampleLine, SampleSet, make_samples

__all__ = ["SampleLine", "SampleSet", "make_samples"]
