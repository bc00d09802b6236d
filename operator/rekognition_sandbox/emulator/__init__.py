"""Rekognition's project and version control plane and DetectModerationLabels, served by moto."""
