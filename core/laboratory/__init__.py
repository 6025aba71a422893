"""Files of a motion laboratory: markers, force plates, analog channels and tables."""
