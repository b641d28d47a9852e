"""What a stranger's archive may hold is the same for a model and for a table."""

import io
import stat
import zipfile
from collections.abc import Callable

import numpy as np
import pytest

from maskdemo.audit.keras_file import config_text
from maskdemo.errors import InvalidTable, UnsupportedModel
from maskdemo.uploads.reading import read_table

Change = Callable[[zipfile.ZipFile], object]


def link(archive: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("values.link.npy")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(info, "/etc/passwd")


def member(name: str, **how: int) -> Change:
    array = io.BytesIO()
    np.save(array, np.ones(3))
    return lambda archive: archive.writestr(name, array.getvalue(), **how)


REFUSED: dict[str, tuple[Change, str]] = {
    "leads_out": (member("../out.npy"), "whose path leads out of it"),
    "absolute": (member("/etc/out.npy"), "whose path leads out of it"),
    "windows": (member("C:out.npy"), "whose path leads out of it"),
    "link": (link, "a link among its members"),
    "twice": (member("values.npy"), "two members of one name"),
    "packed_oddly": (member("odd.npy", compress_type=zipfile.ZIP_LZMA), "packed in a way"),
    "many": (lambda archive: [archive.writestr(str(n), b"") for n in range(3000)], "too many members"),
}


def archive_with(change: Change) -> bytes:
    content = io.BytesIO()
    np.savez(content, values=np.ones((6, 2)), lengths=np.array([2, 4]), labels=np.array([0, 1]))
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr("config.json", "{}")
        change(archive)
    return content.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", REFUSED)
def test_an_archive_is_refused_for_the_same_reason_everywhere(name):
    change, reason = REFUSED[name]
    content = archive_with(change)
    with pytest.raises(UnsupportedModel, match=reason):
        config_text(content)
    with pytest.raises(InvalidTable, match=reason):
        read_table("mine.npz", content)


def test_a_long_run_of_one_label_is_no_bomb():
    """Deflate packs it a thousand times smaller, which the audit would not take for weights."""
    content = io.BytesIO()
    lengths = np.array([100_000, 100_000])
    labels = np.repeat([0, 1], lengths)
    np.savez_compressed(content, values=np.ones((200_000, 1)), lengths=lengths, labels=labels)
    assert len(read_table("mine.npz", content.getvalue()).frame) == 200_000
