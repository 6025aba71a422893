"""Muscles of the legs: parameters, how they share joint torques, and what they cost."""
