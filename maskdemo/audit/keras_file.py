"""Read the configuration of a .keras file that nobody vouches for, as text, under limits.

A .keras file is a zip archive of config.json, metadata.json, the weights and assets. Only the two are
read. Nothing is unpacked, nothing is written. HDF5 files and models of Keras 2 are recognised, and
refused with a way out.
"""

from __future__ import annotations

import json
import re
import struct
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import metadata

from maskdemo.archives import open_archive
from maskdemo.audit.resource_limits import MAX_CONFIG, MAX_FILE_BYTES, MAX_RATIO, MAX_UNPACKED
from maskdemo.errors import UnsupportedModel

CONFIG, METADATA = "config.json", "metadata.json"
#: Of HDF5: the first bytes, those of a collection of texts, a reference to a text (length, address of
#: the collection, index), and what stands before each text.
_HDF5, _COLLECTION = b"\x89HDF\r\n\x1a\n", b"GCOL"
_REFERENCE, _HEAP_OBJECT = struct.Struct("<IQI"), struct.Struct("<HHIQ")
_VERSION = re.compile(rb"\d+\.\d+\.\d+[\w.+-]{0,12}")
_VERSION_IN_JSON = re.compile(rb'"keras_version": ?"(%s)"' % _VERSION.pattern)
_REBUILD = (
    "Keras 3 reads few such models. Build yours under Keras 3 with the code that it comes from, and "
    "audit that, with check_padding or as a .keras file. Its weights are not needed."
)


def config_text(content: bytes) -> str:
    """Return the configuration in a .keras file or in a .json file, not yet parsed.

    Raises UnsupportedModel for too large, damaged and other files, HDF5 and models of Keras 2.
    """
    if len(content) > MAX_FILE_BYTES:
        raise UnsupportedModel(f"The file is larger than {MAX_FILE_BYTES >> 20} MB.")
    if content.startswith(_HDF5):
        raise UnsupportedModel(_hdf5_sentence(content))
    if content.startswith(b"PK"):
        with _opened(content) as archive:
            text = _decode_text(_read_config(archive))
    elif is_json(content):
        text = _decode_text(content)
    else:
        raise UnsupportedModel(
            "This is neither a .keras file, which is a zip archive, nor a configuration in JSON."
        )
    version = saved_with(content)
    # Keras 3 writes a module beside each class, and no longer that argument.
    older = '"batch_input_shape"' in text or ('"class_name"' in text and '"module"' not in text)
    if version.startswith(("0.", "1.", "2.")) or (not version and older):
        raise UnsupportedModel(f"This model was saved with Keras {version or '2 or older'}. {_REBUILD}")
    return text


@contextmanager
def naming_version(content: bytes) -> Iterator[None]:
    """Add to a refusal within the context which other version of Keras the file was saved with."""
    try:
        yield
    except UnsupportedModel as refused:
        here, version = metadata.version("keras"), saved_with(content)
        if version in ("", here):
            raise
        versions = f"The file was saved with Keras {version} and is read here with Keras {here}."
        raise UnsupportedModel(f"{str(refused).removesuffix('.')}. {versions}") from refused


def saved_with(content: bytes) -> str:
    """Return the version of Keras that saved a file or wrote a configuration; "" if unknown."""
    if content.startswith(_HDF5):
        return _hdf5_version(content)
    if not content.startswith(b"PK"):
        found = _VERSION_IN_JSON.search(content[-1000:])  # Keras 2 writes it last
        return found[1].decode() if found else ""
    try:
        with _opened(content) as archive, archive.open(METADATA) as member:
            version = json.loads(member.read(4096))["keras_version"]
        return version if _VERSION.fullmatch(version.encode()) else ""
    except Exception:  # whatever is not as Keras writes it
        return ""


def _hdf5_sentence(content: bytes) -> str:
    """Return why an HDF5 file is not opened, and the way out: with weights alone, of Keras 3, older."""
    if b"model_config" not in content:
        return (
            "This is an HDF5 file with weights alone, and no model. The audit needs the .keras file, "
            "or what model.to_json() returns."
        )
    version = _hdf5_version(content)
    what = f"This is an HDF5 file (.h5){f', saved with Keras {version}' if version else ''}."
    if not version.startswith("3."):
        return f"{what} {_REBUILD}"
    return (
        f"{what} Nobody's HDF5 files are opened here. If you trust it: --trust, or make a .keras file "
        'of it: keras.models.load_model("model.h5").save("model.keras").'
    )


def _hdf5_version(content: bytes) -> str:
    """Return the attribute keras_version of an HDF5 file, read from its bytes alone; "" if unknown."""
    start = content.find(b"keras_version\0")
    if start < 0:
        return ""
    # Type and shape of the attribute follow its name, then the text or a reference to it.
    around = content[start : start + 112]
    if inline := _VERSION.search(around):
        return inline[0].decode()
    for offset in range(16, len(around) - _REFERENCE.size, 4):
        length, address, index = _REFERENCE.unpack_from(around, offset)
        if length < 20 and content[address : address + 4] == _COLLECTION:
            found = _VERSION.fullmatch(_text_in_collection(content, address, index)[:length])
            return found[0].decode() if found else ""
    return ""


def _text_in_collection(content: bytes, address: int, index: int) -> bytes:
    """Return up to 32 bytes of object `index` in the HDF5 collection at byte `address`; b"" if none."""
    offset = address + 16
    for _ in range(index):
        if offset + _HEAP_OBJECT.size > len(content):
            break
        number, _, _, size = _HEAP_OBJECT.unpack_from(content, offset)
        offset += _HEAP_OBJECT.size
        if number == index:
            return content[offset : offset + 32]
        offset += -(-size // 8) * 8
    return b""


def _opened(content: bytes) -> AbstractContextManager[zipfile.ZipFile]:
    """Open a ZIP archive; raise UnsupportedModel if damaged, beyond MAX_UNPACKED bytes or MAX_RATIO."""
    return open_archive(
        content,
        max_unpacked=MAX_UNPACKED,
        max_ratio=MAX_RATIO,
        error=UnsupportedModel,
        damaged="This is no .keras file: its archive is damaged.",
    )


def _read_config(archive: zipfile.ZipFile) -> bytes:
    """Return the configuration's bytes; raise UnsupportedModel if it is missing or too large."""
    if CONFIG not in archive.namelist():
        raise UnsupportedModel(f"This is no .keras file: it has no {CONFIG}.")
    with archive.open(CONFIG) as member:
        # However large the archive says that the member is.
        content = member.read(MAX_CONFIG + 1)
    if len(content) > MAX_CONFIG:
        raise UnsupportedModel(f"Its {CONFIG} is larger than {MAX_CONFIG >> 20} MB.")
    return content


def is_json(content: bytes) -> bool:
    """Whether a file begins with "{" after white space, in any encoding that JSON has."""
    start = content[:1000]
    try:
        return start.decode(json.detect_encoding(start), "ignore").lstrip().startswith("{")
    except LookupError:  # an encoding that this Python does not have
        return False


def _decode_text(content: bytes) -> str:
    """Return the text in its JSON encoding; raise UnsupportedModel if too large or no text."""
    if len(content) > MAX_CONFIG:
        raise UnsupportedModel(f"The configuration is larger than {MAX_CONFIG >> 20} MB.")
    try:
        return content.decode(json.detect_encoding(content))
    except UnicodeDecodeError:
        raise UnsupportedModel("The configuration is no text.") from None
