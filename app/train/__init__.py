"""Trainings that no session needs: the shipped policies and controllers, and a twin without a record."""
