"""Claims about the guided session."""
