"""Long-running jobs as values: request, events and outcome."""
