"""The prerequisites: what a person states, what the program checks, and whether a transfer may begin."""
