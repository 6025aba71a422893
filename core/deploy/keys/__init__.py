"""Signing keys: the site's key, where its private half is stored, trusted keys, and signatures."""
