"""The record on disk: patients, visits, immutable results with provenance, decisions, and the log."""
