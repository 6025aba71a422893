"""Claims about the way of a controller onto the exo."""
