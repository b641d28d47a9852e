"""Read the configuration of a .keras file that nobody vouches for, as text, under limits.

A .keras file is a zip archive of config.json, metadata.json, the weights and assets. Only config.json
is read. Nothing is unpacked, nothing is written.
"""

from __future__ import annotations

import zipfile

from maskdemo.archives import open_archive
from maskdemo.audit.limits import MAX_CONFIG, MAX_FILE_BYTES, MAX_RATIO, MAX_UNPACKED
from maskdemo.errors import UnsupportedModel

CONFIG = "config.json"


def config_text(content: bytes) -> str:
    """Return the configuration in a .keras file or in a .json file, not yet parsed.

    Raises UnsupportedModel with a sentence for people.
    """
    if len(content) > MAX_FILE_BYTES:
        raise UnsupportedModel(f"The file is larger than {MAX_FILE_BYTES >> 20} MB.")
    if content.lstrip()[:1] == b"{":
        return _decode_text(content)
    if not content.startswith(b"PK"):
        raise UnsupportedModel(
            "This is no .keras file: it is neither a zip archive nor a configuration."
        )
    with open_archive(
        content,
        max_unpacked=MAX_UNPACKED,
        max_ratio=MAX_RATIO,
        error=UnsupportedModel,
        damaged="This is no .keras file: its archive is damaged.",
    ) as archive:
        return _decode_text(_read_config(archive))


def _read_config(archive: zipfile.ZipFile) -> bytes:
    if CONFIG not in archive.namelist():
        raise UnsupportedModel(f"This is no .keras file: it has no {CONFIG}.")
    with archive.open(CONFIG) as member:
        # However large the archive says that the member is.
        content = member.read(MAX_CONFIG + 1)
    if len(content) > MAX_CONFIG:
        raise UnsupportedModel(f"Its {CONFIG} is larger than {MAX_CONFIG >> 20} MB.")
    return content


def _decode_text(content: bytes) -> str:
    if len(content) > MAX_CONFIG:
        raise UnsupportedModel(f"The configuration is larger than {MAX_CONFIG >> 20} MB.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise UnsupportedModel("The configuration is no text.") from None
