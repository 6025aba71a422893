"""Reinforcement learning without biomechanics: networks, rollouts, PPO, training loop, process group."""
