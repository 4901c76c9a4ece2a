"""A job's state as the message to send."""
