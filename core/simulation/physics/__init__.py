"""Batches of bodies that step together: physics, variation, perturbations, and recordings of breakdowns."""
