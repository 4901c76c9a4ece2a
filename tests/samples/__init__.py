"""What earlier versions of the program wrote, frozen: later ones read it, or refuse it in clear words.

Each folder here is named after the commit whose program wrote it, driven by `freeze.py` against a real sshd:

    <commit>/
      settings/*.toml       as « Réglages », the demonstration and an accepted host key left them
      bases/                the databases that cannot be made again byte for byte; see `bases.py`
      transfers/<name>/
        home/               settings, jobs, journals, spools
        sharebox/           what the interrupted transfer had left in the drop folder

No byte in there is ever edited: the lines of a journal are chained by their hashes, and the hash of
`job.json` is in the journal. What a machine must adapt is adapted in a copy, as anyone does who moves to
another server: host, port, account and key in the settings. The bases stand at the same path everywhere.

To freeze the program of a later commit, as root: `python -m tests.samples.freeze tests/samples/<commit>`.
"""
