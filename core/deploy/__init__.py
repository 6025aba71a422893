"""Deployment of a controller: signed package, upload to the exo, read-back, confirm and revert."""
