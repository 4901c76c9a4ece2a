"""Takes from Python what it thinks that every Windows has, and Wine 8 has not. For tests alone."""

import _winapi

vars(_winapi).pop("CopyFile2")
