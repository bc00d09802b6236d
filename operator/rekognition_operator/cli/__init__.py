"""The rekognition-operator command."""
