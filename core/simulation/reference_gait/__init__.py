"""The stride a walker is asked to show, and how walkers are put on it."""
