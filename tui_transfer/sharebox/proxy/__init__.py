"""The routes to a Sharebox: direct, HTTP CONNECT, SOCKS5, and how a person is identified there."""
