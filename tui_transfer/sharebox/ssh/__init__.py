"""The connection to a Sharebox: handshake, host key, login."""
