"""Pages of the guided session: `render(state)` in, signals of intent out."""
