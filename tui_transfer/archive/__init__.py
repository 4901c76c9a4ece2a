"""Reads databases and writes them as standard 7z archives."""
