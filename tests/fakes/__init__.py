"""Stand-ins for the systems around the operator: stateful, in memory, strict."""
