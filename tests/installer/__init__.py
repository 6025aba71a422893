"""Claims about set-up."""
