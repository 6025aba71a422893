"""Claims about simulation."""
