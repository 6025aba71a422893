"""Screens: claims about what people see and can do."""
