"""Joint moments from the motion alone: physics, networks and their fusion by gait stage."""
