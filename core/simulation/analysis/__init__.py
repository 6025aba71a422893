"""What a simulated walk shows: gait events, ground reactions, muscles, success of scenarios, video."""
