"""Small widgets that the pages and the shell share."""
