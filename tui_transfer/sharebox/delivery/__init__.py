"""Giving files to a Sharebox: sending, resuming, verifying, naming."""
