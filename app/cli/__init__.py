"""The terminal: every step and every job by a command, through the same code as the screens."""
