"""The operations of the emulated Rekognition, one module for each kind of resource."""
