"""The API server's edge: read, claim, patch status, record events."""
