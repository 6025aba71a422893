"""The shared data types: frozen values, checked when they are made."""
