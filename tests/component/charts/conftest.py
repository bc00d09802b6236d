"""Which servers do the tests of the charts need?"""

from rekognition_sandbox.testing import control_plane

__all__ = ["control_plane"]
