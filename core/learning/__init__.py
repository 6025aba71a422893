"""Learning: how the twin learns to walk like the person, and the exo to help."""
