"""The program: it starts, wires and supervises."""
