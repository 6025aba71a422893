"""Claims about seeing people in video."""
