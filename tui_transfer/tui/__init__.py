"""The Centre de maintenance on a terminal."""
