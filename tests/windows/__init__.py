"""What is shipped for Windows, run by CPython for Windows under Wine: `bash tests/windows.sh`."""
