"""How long work runs: one spawned worker per job, and the service that supervises them."""
