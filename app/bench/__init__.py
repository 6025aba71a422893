"""Benchmarks of this program on this PC; each prints its conditions and its numbers."""
