"""Muscles of the legs: parameters, static optimisation, coordination and metabolic cost."""
