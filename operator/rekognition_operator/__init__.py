"""GitOps for Amazon Rekognition: a Kubernetes operator."""

__version__ = "0.1.0"
