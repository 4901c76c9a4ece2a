"""One conformance suite for many servers: the real program against each, row by row.

`python -m tests.sharebox.conformance [SERVER…]` prints the matrix.
"""
