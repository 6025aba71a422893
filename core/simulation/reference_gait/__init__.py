"""Reference strides of walkers: contact correction, gait initiation, and initial states on them."""
