"""Claims about cameras and the exo link, with fakes at the wire."""
