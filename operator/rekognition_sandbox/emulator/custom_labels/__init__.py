"""What the emulated Custom Labels learns from Ground Truth manifests, and what it then answers."""
