"""The SFTP protocol: requests, replies, and how many may be under way."""
