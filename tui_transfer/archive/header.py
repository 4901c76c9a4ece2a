"""The 7z container around one LZMA2 stream, made by py7zr's own header classes."""

from __future__ import annotations

import io
import lzma
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from py7zr.archiveinfo import Header, SignatureHeader

from tui_transfer.archive.blocks import BLOCK_SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_transfer.archive.reader import Content
    from tui_transfer.archive.source import Item

# Only the dictionary's size is written to the header. The preset is the cheapest, for py7zr makes an
# encoder of this that is never used.
_FILTER: Final = {"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": BLOCK_SIZE}
_EPOCH: Final = 116_444_736_000_000_000  # 1970-01-01 in steps of 100 ns since 1601-01-01
_UNIX_EXTENSION: Final = 0x8000  # says that the upper 16 bits are a Unix mode, as p7zip does
_DIRECTORY, _ARCHIVE = 0x10, 0x20  # Windows' attributes
_PERMISSIONS: Final = 0o777


@dataclass(frozen=True)
class Container:
    """What completes a pack stream: the header after it, and the 32 bytes before it."""

    header: bytes
    signature: bytes


def build_container(files: Sequence[tuple[Item, Content | None]], packed_size: int) -> Container:
    """Builds the headers of an archive.

    Args:
        files: every item in order, folders without content. The contents lie end to end in the stream.
        packed_size: bytes of the pack stream, its end included.
    """
    header = Header()
    header.filters = [_FILTER]
    folder = header.initialize()  # type: ignore[no-untyped-call]
    contents = [content for _, content in files if content]
    folder.unpacksizes = [sum(content.size for content in contents)]
    _describe_streams(header, contents, packed_size)
    assert header.files_info
    header.files_info.files = [_file_info(item, content) for item, content in files]
    return _container(header, packed_size)


def _describe_streams(header: Header, contents: Sequence[Content], packed_size: int) -> None:
    if not contents:  # folders only: the header names no stream at all
        header.main_streams = None
        return
    streams = header.main_streams
    assert streams
    assert streams.packinfo
    assert streams.substreamsinfo
    streams.packinfo.numstreams = 1
    streams.packinfo.packsizes = [packed_size]
    streams.substreamsinfo.num_unpackstreams_folders = [len(contents)]
    streams.substreamsinfo.unpacksizes = [content.size for content in contents]
    streams.substreamsinfo.digests = [content.crc32 for content in contents]
    streams.substreamsinfo.digestsdefined = [True] * len(contents)


def _file_info(item: Item, content: Content | None) -> dict[str, Any]:
    """One entry of the header. An empty file is a stream of no byte: py7zr has no other way."""
    mode = stat.S_IFMT(item.mode) | (item.mode & _PERMISSIONS)
    return {
        "filename": item.name,
        "emptystream": content is None,
        "lastwritetime": max(0, item.modified_ns // 100 + _EPOCH),
        "attributes": mode << 16 | _UNIX_EXTENSION | (_ARCHIVE if content else _DIRECTORY),
    }


def _container(header: Header, packed_size: int) -> Container:
    after_blocks, before = io.BytesIO(), io.BytesIO()
    # Positions count from the start of the pack stream, which lies `packed_size` before this buffer.
    position, size, crc32 = header.write(after_blocks, -packed_size, encoded=True)
    signature = SignatureHeader()
    signature.nextheaderofs = packed_size + position
    signature.calccrc(size, crc32)
    signature.write(before)
    return Container(after_blocks.getvalue(), before.getvalue())
