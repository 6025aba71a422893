"""Claims about the program that wires the rooms."""
