"""Real servers, started for tests on loopback: OpenSSH, squid, danted; a relay and a faulty server."""
