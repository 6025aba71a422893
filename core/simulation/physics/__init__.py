"""Batched physics, domain randomisation, perturbations, and recordings of physics breakdowns."""
