"""Strings and numbers as SSH writes them (RFC 4251, section 5), read from where nothing can be trusted."""

from __future__ import annotations


class Fields:
    """Reads one field after the other; each method raises ValueError where the data end too early."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0
        """Bytes read so far."""

    @property
    def rest(self) -> bytes:
        """What was not read yet."""
        return self._data[self.position :]

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        taken = self._data[self.position : self.position + count]
        if len(taken) < count:
            raise ValueError("too short")
        self.position += count
        return taken

    def integer(self) -> int:
        """A number of 32 bits."""
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        """Bytes after their length."""
        return self.take(self.integer())

    def name(self) -> str:
        """A string that names something."""
        return self.string().decode("ascii", "replace")

    def number(self) -> int:
        """A number of any length (`mpint`), not negative."""
        value = int.from_bytes(self.string(), "big", signed=True)
        if value < 0:
            raise ValueError("negative")
        return value


def string(value: bytes) -> bytes:
    """`value` after its length."""
    return len(value).to_bytes(4, "big") + value
