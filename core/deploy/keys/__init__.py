"""Who may release a controller: the site's signing key, where it is kept, and signatures."""
