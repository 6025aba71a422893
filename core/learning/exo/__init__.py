"""Learning to assist: the exo controller's training, its effort, and the comparison with others."""
