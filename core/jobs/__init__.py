"""Long work as values: what is asked, what is reported, how it ends."""
