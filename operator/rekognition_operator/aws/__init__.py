"""The AWS edge: Rekognition and S3 behind narrow protocols, error classes, the call limiter."""
