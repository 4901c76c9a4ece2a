"""Real servers on loopback, for tests: of SSH by many makers, proxies; a relay, and servers with faults."""
