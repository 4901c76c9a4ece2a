"""Real servers on loopback, for tests: OpenSSH, ProFTPD, squid, danted; a relay and a faulty server."""
