"""The guided flow as a value: steps, why a step cannot start, what is stale, what was decided."""
