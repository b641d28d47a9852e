"""Files that are no long table: each is named for what it is, with the lines that make it one."""

from __future__ import annotations

import re

from maskdemo.errors import InvalidTable

_FROM_FRAME = 'frame.to_csv("long.csv", index=False)'
#: From an array or a list `sequences` of arrays (steps, features) and one label each.
_FROM_ARRAYS = (
    """\
frame = pd.concat(
    pd.DataFrame(values).add_prefix("x").assign(sequence=at, label=label)
    for at, (values, label) in enumerate(zip(sequences, labels))
)
"""
    + _FROM_FRAME
)
_IMPORT = "import pandas as pd\n"
_ARRAY = 'import numpy as np\nimport pandas as pd\nsequences = np.load("FILE")  # (sequences, steps, '
_ARRAY += "features)\nlabels = ...  # one for each sequence\n" + _FROM_ARRAYS
#: Wide rows, one a sequence, made long. NAMES: more arguments of read_csv.
WIDE = """\
import pandas as pd
wide = pd.read_csv("data.csv"NAMES)
label = wide.columns[0]  # the column that holds the label
frame = wide.rename_axis("sequence").reset_index().melt(["sequence", label], var_name="step")
frame = frame.dropna().rename(columns={label: "label"})
frame.to_csv("long.csv", index=False)"""
#: READ: a call of pandas; lists in its cells become rows.
LISTS = """\
import pandas as pd
frame = READ
lists = [name for name, each in frame.iloc[0].items() if pd.api.types.is_list_like(each)]
if lists:  # a row for each of their entries
    frame = frame.rename_axis("sequence").reset_index().explode(lists)
frame.to_csv("long.csv", index=False)"""


def from_frame(call: str) -> str:
    """Return the lines of Python that make a long table of a call of pandas."""
    return f"{_IMPORT}frame = {call}\n{_FROM_FRAME}"


_UNPACKED = "It is read unpacked."
#: What the file begins with -> what it is, what is said besides, and the lines that help.
_MAGIC: tuple[tuple[bytes | tuple[bytes, ...], str, str, str], ...] = (
    (b"\x93NUMPY", "a NumPy array (.npy)", "It has no labels and no lengths.", _ARRAY),
    (b"\x80", "a Python pickle", "Nothing is unpickled here, because a pickle can run code.",
     from_frame('pd.read_pickle("FILE")')),
    (b"\x1f\x8b", "a gzip archive", _UNPACKED, from_frame('pd.read_csv("FILE", compression="gzip")')),
    (b"BZh", "a bzip2 archive", _UNPACKED, from_frame('pd.read_csv("FILE", compression="bz2")')),
    (b"\xfd7zXZ", "an xz archive", _UNPACKED, from_frame('pd.read_csv("FILE", compression="xz")')),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", _UNPACKED,
     from_frame('pd.read_csv("FILE", compression="zstd")')),
    (b"7z\xbc\xaf", "a 7z archive", _UNPACKED, ""),
    (b"Rar!", "a RAR archive", _UNPACKED, ""),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet (.xls)", "Save the sheet as CSV UTF-8.",
     from_frame('pd.read_excel("FILE")')),
    ((b"ARROW1", b"FEA1"), "a Feather file", "", from_frame('pd.read_feather("FILE")')),
    (b"\x89HDF", "an HDF5 file", "", from_frame('pd.read_hdf("FILE")')),
    (b"MATLAB 5", "a MATLAB file", "", 'import scipy.io\narrays = scipy.io.loadmat("FILE")'),
    (b"SQLite format 3", "an SQLite database", "", ""),
    (b"ORC", "an ORC file", "", from_frame('pd.read_orc("FILE")')),
    (b"%PDF", "a PDF document", "", ""),
    (b"RDX", "an R data file", "In R: write.csv(frame, \"long.csv\", row.names = FALSE)", ""),
    (b"\xff\xfe\0\0", "a text in UTF-32", "Save it as CSV UTF-8.",
     from_frame('pd.read_csv("FILE", encoding="utf-32", sep=None, engine="python")')),
    ((b"\xff\xfe", b"\xfe\xff"), "a text in UTF-16", "Save it as CSV UTF-8.",
     from_frame('pd.read_csv("FILE", encoding="utf-16", sep=None, engine="python")')),
)  # fmt: skip
#: How a text begins, in lower case -> the same.
_TEXTS: tuple[tuple[str, str, str, str], ...] = (
    (r"(?:%[^\n]*\n\s*)*@relation", "an ARFF file", "",
     'import pandas as pd\nfrom scipy.io import arff\nframe = pd.DataFrame(arff.loadarff("FILE")[0])\n'
     + _FROM_FRAME),
    (r"(?:#[^\n]*\n\s*)*@(problemname|timestamps|univariate|missing|dimensions)",
     "a .ts file of time series", "Each of its lines is a sequence.",
     'import pandas as pd\nfrom aeon.datasets import load_from_ts_file\n'
     'sequences, labels = load_from_ts_file("FILE")\nsequences = [each.T for each in sequences]\n'
     + _FROM_ARRAYS),
    (r"<(\?xml|!doctype|html|table)", "a page or XML", "", from_frame('pd.read_html("FILE")[0]')),
    (r"\{[^\n]*\}\s*\n\s*\{", "JSON, an object a line", "",
     LISTS.replace("READ", 'pd.read_json("FILE", lines=True)')),
    (r"[\[{]\s*[\[{\"]", "JSON", "", LISTS.replace("READ", 'pd.read_json("FILE")')),
    (r"\|[^\n]*\n\|[\s:|-]+\n", "a table in Markdown", "", ""),
)  # fmt: skip
#: Member of a zip archive -> the same.
_ZIPPED = (
    (b"[Content_Types].xml", "a spreadsheet (.xlsx)", "Save the sheet as CSV UTF-8.",
     from_frame('pd.read_excel("FILE")')),
    (b"application/vnd.oasis", "a spreadsheet (.ods)", "Save the sheet as CSV UTF-8.",
     from_frame('pd.read_excel("FILE", engine="odf")')),
)  # fmt: skip
_NAMES = {"xlsx": 0, "xlsm": 0, "ods": 1}


def check_kind(name: str, content: bytes) -> None:
    """Raise `InvalidTable` for a file of a known kind that is not read."""
    ending = name.rpartition(".")[2].lower()
    start = content[:400].removeprefix(b"\xef\xbb\xbf").decode("latin-1").lstrip().lower()
    if content.startswith(b"PK"):
        for member, *what in _ZIPPED:
            if member in content[:200] or member in content[-4000:]:
                raise _refusal(name, *what)
        if b".npy" not in content:
            raise _refusal(
                name, "a zip archive", _UNPACKED, from_frame('pd.read_csv("FILE", compression="zip")')
            )
        return
    if content[1:40:2] == bytes(len(content[1:40:2])):  # without the mark at the beginning
        content = b"\xff\xfe" + content
    for magic, *what in _MAGIC:
        if content.startswith(magic):
            raise _refusal(name, *what)
    for pattern, *what in _TEXTS:
        if re.match(pattern, start):
            raise _refusal(name, *what)
    if ending in ("parquet", "npz", "npy", "pkl", "pickle", "zip", "gz") and content[:4] != b"PAR1":
        raise InvalidTable(f"This is not a {ending} file, whatever its name says.")
    if ending in ("xls", *_NAMES):
        what = _ZIPPED[_NAMES.get(ending, 0)]
        raise InvalidTable(f"This is no spreadsheet, whatever its name says. {what[2]}")


def _refusal(name: str, what: str, more: str, code: str) -> InvalidTable:
    """Return the error for a file of another kind, with code in which FILE becomes the name."""
    reads = "A long table is read: CSV, TSV or Parquet, or a NumPy archive (.npz)."
    return InvalidTable(f"This is {what}. {more} {reads}".replace("  ", " "),
                        code=code.replace("FILE", file_name(name)))  # fmt: skip


def file_name(name: str) -> str:
    """Return a file's name in a form that can stand in a line of Python."""
    return name if re.fullmatch(r"[\w .()-]{1,60}", name) else "file"
