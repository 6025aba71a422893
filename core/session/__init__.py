"""The guided session as a value: steps, blockers, stale results and decisions."""
