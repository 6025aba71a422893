"""Claims about events, strides, cycles, norms and measures."""
