"""The procedure, played: each way through it, errors included, in a real terminal against real servers.

`python -m tests.scenarios` lists them; `python -m tests.scenarios NAME [--slow] [--out FOLDER]` plays one,
and keeps a picture of each screen. The tests play the quick ones.
"""
