"""From a fresh machine to a running program; set-up uses the standard library only."""
