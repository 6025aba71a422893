"""From video frames to one person's landmarks, with what can be trusted."""
