"""What the operator is run and tested against: a real control plane and an emulated Rekognition."""
