"""What the names of columns say."""

from __future__ import annotations

import re

#: Words in the names of such columns, the surest first.
IDS = ("sequence", "seq", "series", "utterance", "case", "episode", "trajectory", "run", "trial",
       "session", "recording", "record", "id", "uid", "subject", "patient", "participant", "person",
       "user", "unit", "machine", "device", "station", "shop", "store", "vehicle")  # fmt: skip
ORDERS = ("step", "order", "timestamp", "datetime", "date", "time", "epoch", "week", "day",
          "hour", "minute", "second", "cycle", "visit", "frame", "position", "index", "t")  # fmt: skip
#: Those that are hardly anything else: if such a column cannot be sorted by, that is asked.
SURE_ORDERS = ("step", "order", "timestamp", "datetime", "date", "time", "day", "hour", "minute")
LABELS = ("label", "labels", "class", "target", "y", "outcome", "category", "activity", "diagnosis",
          "status", "speaker", "state")  # fmt: skip
SURE_LABELS = LABELS[:4]
PEOPLE = ("subject", "patient", "participant", "person", "user", "machine", "device", "site")
#: A table with a row for each reading has a column that says of what, and one of values.
READINGS = (
    "variable",
    "parameter",
    "measurement",
    "metric",
    "signal",
    "channel",
    "sensor",
    "attribute",
)
VALUES = ("value", "reading")


def word(name: str, words: tuple[str, ...]) -> str | None:
    """The first of the words that the name has among its own: `caseId` has case and id."""
    parts = "" if name.startswith("__") else re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    own = [each for each in re.split(r"[^A-Za-z]+", parts.lower()) if each]
    return next((word for word in words if word in own), None)
