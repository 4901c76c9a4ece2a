"""Reaches the Sharebox over SFTP, delivers files to it and verifies them."""
