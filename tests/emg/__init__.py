"""Claims about muscle signals."""
