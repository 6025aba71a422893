"""Hardware access: cameras, and the serial or TCP link to the exo."""
