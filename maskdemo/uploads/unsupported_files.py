"""Files that are no long table: each is named for what it is, with the lines that make it one."""

from __future__ import annotations

import re

from maskdemo.errors import InvalidTable

_FROM_FRAME = 'frame.to_csv("long.csv", index=False)'
#: From an array or a list `sequences` of arrays (steps, features) and one label each.
_FROM_ARRAYS = f"""\
frame = pd.concat(
    pd.DataFrame(values).add_prefix("x").assign(sequence=at, label=label)
    for at, (values, label) in enumerate(zip(sequences, labels))
)
{_FROM_FRAME}"""
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
    """Return lines of Python that write the frame of a call, as `pd.read_csv(...)`, to long.csv."""
    return f"import pandas as pd\nframe = {call}\n{_FROM_FRAME}"


_UNPACKED = "It is read unpacked."
_SHEET = "Save the sheet as CSV UTF-8."
_UTF8 = "Save it as CSV UTF-8."
#: How a file begins -> what it is, what is said besides, and the lines or the call that help.
_KINDS = (
    (rb"PK[\x03\x05].*\[Content_Types\]\.xml", "a spreadsheet (.xlsx)", _SHEET, 'read_excel("FILE")'),
    (rb"PK[\x03\x05].*application/vnd\.oasis", "a spreadsheet (.ods)", _SHEET,
     'read_excel("FILE", engine="odf")'),
    (rb"PK[\x03\x05](?!.*\.npy)", "a zip archive", _UNPACKED, 'read_csv("FILE", compression="zip")'),
    (rb"\x93NUMPY", "a NumPy array (.npy)", "It has no labels and no lengths.", _ARRAY),
    (rb"\x80", "a Python pickle", "Nothing is unpickled here, because a pickle can run code.",
     'read_pickle("FILE")'),
    (rb"\x1f\x8b", "a gzip archive", _UNPACKED, 'read_csv("FILE", compression="gzip")'),
    (rb"BZh", "a bzip2 archive", _UNPACKED, 'read_csv("FILE", compression="bz2")'),
    (rb"\xfd7zXZ", "an xz archive", _UNPACKED, 'read_csv("FILE", compression="xz")'),
    (rb"\x28\xb5\x2f\xfd", "a zstd archive", _UNPACKED, 'read_csv("FILE", compression="zstd")'),
    (rb"7z\xbc\xaf", "a 7z archive", _UNPACKED, ""),
    (rb"Rar!", "a RAR archive", _UNPACKED, ""),
    (rb"\xd0\xcf\x11\xe0", "a spreadsheet (.xls)", _SHEET, 'read_excel("FILE")'),
    (rb"ARROW1|FEA1", "a Feather file", "", 'read_feather("FILE")'),
    (rb"\x89HDF", "an HDF5 file", "", 'read_hdf("FILE")'),
    (rb"MATLAB 5", "a MATLAB file", "", 'import scipy.io\narrays = scipy.io.loadmat("FILE")'),
    (rb"SQLite format 3", "an SQLite database", "", ""),
    (rb"ORC[^,;\t\n]", "an ORC file", "", 'read_orc("FILE")'),
    (rb"%PDF", "a PDF document", "", ""),
    (rb"RDX\d\n", "an R data file", "In R: write.csv(frame, \"long.csv\", row.names = FALSE)", ""),
    (rb"\xff\xfe\0\0", "a text in UTF-32", _UTF8,
     'read_csv("FILE", encoding="utf-32", sep=None, engine="python")'),
    (rb"\xff\xfe|\xfe\xff", "a text in UTF-16", _UTF8,
     'read_csv("FILE", encoding="utf-16", sep=None, engine="python")'),
    (rb"(?i)\s*(?:%[^\n]*\n\s*)*@relation", "an ARFF file", "",
     'import pandas as pd\nfrom scipy.io import arff\nframe = pd.DataFrame(arff.loadarff("FILE")[0])\n'
     + _FROM_FRAME),
    (rb"(?i)\s*(?:#[^\n]*\n\s*)*@(problemname|timestamps|univariate|missing|dimensions)",
     "a .ts file of time series", "Each of its lines is a sequence.",
     'import pandas as pd\nfrom aeon.datasets import load_from_ts_file\n'
     'sequences, labels = load_from_ts_file("FILE")\nsequences = [each.T for each in sequences]\n'
     + _FROM_ARRAYS),
    (rb"(?i)\s*<(\?xml|!doctype|html|table)", "a page or XML", "", 'read_html("FILE")[0]'),
    (rb"\s*\{[^\n]*\}\s*\n\s*\{", "JSON, an object a line", "",
     LISTS.replace("READ", 'pd.read_json("FILE", lines=True)')),
    (rb"\s*[\[{]\s*[\[{\"]", "JSON", "", LISTS.replace("READ", 'pd.read_json("FILE")')),
    (rb"\s*\|[^\n]*\n\|[\s:|-]+\n", "a table in Markdown", "", ""),
    (rb"\s*(\+[-+]{4,}|[^\n]+\n[ +|]*---[-+| ]*)\r?\n", "a printed table", "Export it as CSV.", ""),
    (rb"(?i)\s*(-- |/\*|(create|drop) table|insert into|pragma )", "an SQL dump",
     "Export the table as CSV.", ""),
)  # fmt: skip
#: Endings of names of files that are told by their bytes.
_TOLD = ("parquet", "npz", "npy", "pkl", "pickle", "zip", "gz", "xls", "xlsx", "xlsm", "ods")


def check_kind(name: str, content: bytes) -> None:
    """Raise `InvalidTable` for a file of a kind that is not read, or not of the kind that it is named.

    With code that helps, where there is some.
    """
    start = content[:400].removeprefix(b"\xef\xbb\xbf")
    if content.startswith(b"PK"):
        start += content[-4000:]  # the names of its members
    if content[1:40:2] == bytes(len(content[1:40:2])):  # UTF-16 without the mark at the beginning
        start = b"\xff\xfe" + start
    for pattern, what, more, code in _KINDS:
        if re.match(pattern, start, re.DOTALL):
            code = from_frame(f"pd.{code}") if code.startswith("read_") else code
            reads = "A long table is read: CSV, TSV or Parquet, or a NumPy archive (.npz)."
            raise InvalidTable(f"This is {what}. {more} {reads}".replace("  ", " "),
                               code=code.replace("FILE", name_in_code(name)))  # fmt: skip
    ending = name.rpartition(".")[2].lower()
    if ending in _TOLD and not content.startswith((b"PAR1", b"PK")):
        raise InvalidTable(
            f"This is not a {ending} file, whatever its name says. If it is text, call it .csv."
        )


def name_in_code(name: str) -> str:
    """Return the name if it is 1 to 60 letters, digits, blanks or any of _.()-, else "file"."""
    return name if re.fullmatch(r"[\w .()-]{1,60}", name) else "file"
