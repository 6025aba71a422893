"""Claims about the vocabulary: what every other room takes for granted."""
