"""Where cameras stand and how their lenses bend: read from a file, or found from a board they saw."""
