"""Builds what is shipped: a folder for Windows, a folder and a Debian package for Linux."""
