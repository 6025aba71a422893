"""Gait: events, cycles, measures, normal bands, similarity."""
