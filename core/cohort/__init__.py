"""Studies on cohorts of virtual patients: what is asked, which cells that makes, and what they showed.

Everything here is simulated; nobody of these patients exists.
"""
