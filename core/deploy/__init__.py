"""The way of a controller onto the exo: package, transfer, read-back, and the virtual exo."""
