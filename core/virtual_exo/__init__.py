"""The virtual exo: the device side of the link in its own process, without any app code."""
