"""What to do: pure decisions from what is wanted and what was seen. No I/O, no clock."""
