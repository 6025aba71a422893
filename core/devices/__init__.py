"""Cameras and links to the world outside."""
