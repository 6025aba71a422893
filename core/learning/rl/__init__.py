"""Reinforcement learning that knows nothing of bodies: networks, rollouts, PPO, training loop, processes."""
