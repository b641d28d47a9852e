"""Open a zip archive that nobody vouches for. Nothing is written to the disk."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath

from maskdemo.errors import MaskdemoError

#: How many members an archive may have, and the bytes of its table of contents.
MAX_MEMBERS, MAX_CONTENTS = 2000, 2**20

_END = struct.Struct("<4s4H2LH")
_END_MARK, _END_64_MARK = b"PK\x05\x06", b"PK\x06\x07"


@contextmanager
def open_archive(
    content: bytes,
    *,
    max_unpacked: int,
    max_ratio: int | None = None,
    error: type[MaskdemoError],
    damaged: str,
) -> Iterator[zipfile.ZipFile]:
    """Yield the archive once its members are known to be harmless; their contents are not read yet.

    max_unpacked: bytes that all members may declare together. max_ratio: how many times larger than
    packed a member may be, and 64 KiB more; None where `max_unpacked` is little enough. error: raised,
    with a sentence for people, for what is refused. damaged: its sentence where the archive is not
    sound, and for every exception within the `with` block but a `MaskdemoError`.
    """
    try:
        _check_end(content, error, damaged)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_members(archive.infolist(), max_unpacked, max_ratio, error)
            yield archive
    except MaskdemoError:
        raise
    except Exception:  # zipfile, zlib and whoever reads a member raise a dozen kinds
        raise error(damaged) from None


def _check_end(content: bytes, error: type[MaskdemoError], damaged: str) -> None:
    """Raise `error` without end record, for Zip64, and for more than `MAX_MEMBERS` or `MAX_CONTENTS`.

    This comes before zipfile builds an object for each member. damaged: the sentence for no end.
    """
    start = content.rfind(_END_MARK, max(0, len(content) - 2**16 - _END.size))
    if start < 0 or start + _END.size > len(content):
        raise error(damaged)
    _, _, _, _, members, size, _, _ = _END.unpack_from(content, start)
    if content[max(0, start - 20) : start].startswith(_END_64_MARK):
        raise error("The archive is of the kind for more than 4 GB, which is not opened here.")
    if members > MAX_MEMBERS or size > MAX_CONTENTS:
        raise error(f"The archive has too many members: at most {MAX_MEMBERS} are looked at.")


def _check_members(
    members: list[zipfile.ZipInfo], max_unpacked: int, max_ratio: int | None, error: type[MaskdemoError]
) -> None:
    """Raise `error` for members that are too large, lead out of the archive, are links or encrypted.

    And for those that share a name or are neither stored nor deflated. max_ratio: see `open_archive`.
    """
    if len({member.filename for member in members}) != len(members):
        raise error("The archive has two members of one name.")
    unpacked = sum(member.file_size for member in members)
    if unpacked > max_unpacked:
        limit = f"{max_unpacked >> 20:,} MB are possible"
        raise error(f"The archive unpacks to {unpacked / 2**20:,.0f} MB; {limit}.")
    for member in members:
        name = member.filename
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or "\0" in name:
            raise error("The archive has a member whose path leads out of it.")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise error("The archive has a link among its members.")
        if member.flag_bits & 0x1:
            raise error("The archive is encrypted.")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise error("The archive is packed in a way that is not read here.")
        if max_ratio and member.file_size > max_ratio * max(member.compress_size, 1) + 2**16:
            raise error("A member of the archive is far larger than it is packed.")
