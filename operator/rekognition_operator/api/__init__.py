"""What users write: the kinds, their conditions and reasons, and the CRDs generated from them."""
