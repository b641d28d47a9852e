"""Opening a .keras file that nobody vouches for: one member is read, as text, under limits.

A .keras file is a zip archive of config.json, metadata.json, the weights and assets. Only config.json
is read. Nothing is unpacked, nothing is written.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from pathlib import PurePosixPath

from maskdemo.errors import UnsupportedModel

#: Bytes of the file, of its table of contents and of config.json; how many members there may be.
MAX_FILE, MAX_CONTENTS, MAX_CONFIG, MAX_MEMBERS = 512 * 2**20, 2**20, 4 * 2**20, 2000
#: How many times larger than packed a member may be, and all of them together in bytes.
MAX_RATIO, MAX_UNPACKED = 200, 8 * 2**30
CONFIG = "config.json"

_END = struct.Struct("<4s4H2LH")
_END_MARK, _END_64_MARK = b"PK\x05\x06", b"PK\x06\x07"


def config_text(data: bytes) -> str:
    """The configuration in a .keras file, or in a .json file; not yet looked at.

    Raises UnsupportedModel with a sentence for people.
    """
    if len(data) > MAX_FILE:
        raise UnsupportedModel(f"The file is larger than {MAX_FILE >> 20} MB.")
    if data.lstrip()[:1] == b"{":
        return _decoded(data)
    _check_contents(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _decoded(_config(archive))
    except UnsupportedModel:
        raise
    except Exception:  # zipfile and zlib raise a dozen kinds on damaged files
        raise UnsupportedModel("This is no .keras file: its archive is damaged.") from None


def _check_contents(data: bytes) -> None:
    """Look at the end of the archive before zipfile builds an object for each of its members."""
    at = data.rfind(_END_MARK, max(0, len(data) - 2**16 - _END.size))
    if at < 0 or at + _END.size > len(data):
        raise UnsupportedModel(
            "This is no .keras file: it is neither a zip archive nor a configuration."
        )
    _, _, _, _, members, size, _, _ = _END.unpack_from(data, at)
    if data[max(0, at - 20) : at].startswith(_END_64_MARK):
        raise UnsupportedModel(
            "The archive is of the kind for more than 4 GB, which is not opened here."
        )
    if members > MAX_MEMBERS or size > MAX_CONTENTS:
        raise UnsupportedModel(
            f"The archive has too many members: at most {MAX_MEMBERS} are looked at."
        )


def _config(archive: zipfile.ZipFile) -> bytes:
    members = archive.infolist()
    names = [member.filename for member in members]
    if len(set(names)) != len(names):
        raise UnsupportedModel("The archive has two members of one name.")
    for member in members:
        _check_member(member)
    if sum(member.file_size for member in members) > MAX_UNPACKED:
        raise UnsupportedModel(f"Unpacked, the archive would be larger than {MAX_UNPACKED >> 30} GB.")
    if CONFIG not in names:
        raise UnsupportedModel(f"This is no .keras file: it has no {CONFIG}.")
    member = archive.getinfo(CONFIG)
    if member.file_size > MAX_CONFIG:
        raise UnsupportedModel(f"Its {CONFIG} is larger than {MAX_CONFIG >> 20} MB.")
    with archive.open(member) as opened:
        text = opened.read(MAX_CONFIG + 1)  # whatever the archive says about its size
    if len(text) > MAX_CONFIG:
        raise UnsupportedModel(f"Its {CONFIG} is larger than {MAX_CONFIG >> 20} MB.")
    return text


def _check_member(member: zipfile.ZipInfo) -> None:
    name = member.filename
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or "\0" in name:
        raise UnsupportedModel("The archive has a member whose path leads out of it.")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise UnsupportedModel("The archive has a link among its members.")
    if member.flag_bits & 0x1:
        raise UnsupportedModel("The archive is encrypted.")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UnsupportedModel("The archive is packed in a way that Keras does not use.")
    if member.file_size > MAX_RATIO * max(member.compress_size, 1) + 2**16:
        raise UnsupportedModel("A member of the archive is far larger than it is packed.")


def _decoded(data: bytes) -> str:
    if len(data) > MAX_CONFIG:
        raise UnsupportedModel(f"The configuration is larger than {MAX_CONFIG >> 20} MB.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise UnsupportedModel("The configuration is no text.") from None
