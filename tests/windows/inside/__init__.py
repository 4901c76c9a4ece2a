"""What another program does on that Windows meanwhile; each runs there, by its path."""
