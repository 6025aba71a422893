"""The record: patients, visits, immutable results with provenance, decisions, and the log."""
