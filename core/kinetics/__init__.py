"""Forces of the recorded person: ground reaction, joint moments, muscles driven by EMG, strength."""
