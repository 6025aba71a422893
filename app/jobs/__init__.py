"""How long work runs: a table of kinds, one spawned worker per job, and the service that supervises them."""
