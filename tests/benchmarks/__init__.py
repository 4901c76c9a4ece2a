"""Long campaigns, run by hand: `python -m tests.benchmarks.NAME`. Their figures go into the closing notes."""
