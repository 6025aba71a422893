"""Finding impairments from a recorded gait."""
