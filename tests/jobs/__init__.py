"""Claims about jobs as values."""
