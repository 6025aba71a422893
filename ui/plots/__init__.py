"""Plots: gait cycles on their normal band, live curves while learning, telemetry."""
