"""Reaches the Sharebox over SFTP, delivers files to it and verifies them."""

import sys

# paramiko loads invoke where it finds it, for an option of ssh_config files, which are not read here. That
# takes as long as the rest of paramiko; None makes it go without (Python's reference, "The module cache").
sys.modules.setdefault("invoke", None)  # type: ignore[arg-type]
