"""Analysis of simulated walks: gait events, ground reactions, muscles, success of scenarios, video."""
