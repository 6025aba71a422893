"""Environments of reinforcement learning: observations, actions, actuation, rewards."""
