"""From a table to sequences: what the app does, and what an exported script does too.

The sources of these functions are written into exported scripts as they stand. So they use nothing
but NumPy, pandas, `datetime` and `re`, and check nothing: `columns` and `task` have done that.
"""

from __future__ import annotations

import datetime
import re

import numpy as np
import pandas as pd


def arrays_by_name(arrays):
    """The arrays that are values, labels or lengths, with train_, val_, test_ before; no others."""
    words = {
        "values": "values x data input inputs signal signals sequence sequences seq",
        "labels": "labels label y target targets",
        "lengths": "lengths length len lens",
        "train_": "train training tr trn",
        "val_": "val valid validation dev",
        "test_": "test testing te tst",
    }
    meant = {word: meaning for meaning, each in words.items() for word in each.split()}
    found = {}
    for name in arrays:
        own = re.sub("(?i)^([xy])(?=train|val|test)", r"\1_", name)
        own = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W_]", own)
        own = {meant.get(each.lower(), "") for each in own}
        part, what = own & {"train_", "val_", "test_"}, own - {"train_", "val_", "test_"}
        if "lengths" in what:
            what.discard("values")
        if len(part) < 2 and len(what) == 1 and what != {""}:
            found["".join([*part, *what])] = arrays[name]
    return found


def long_table(arrays):
    """Long form of these arrays: sequence, step, the features x1, x2, ..., label, perhaps split."""
    pieces, before = [], 0
    parts = [part for part in ("train_", "val_", "test_") if part + "values" in arrays] or [""]
    for part in parts:
        values, labels = arrays[part + "values"], arrays[part + "labels"]
        lengths = np.full(len(values), values.shape[1])
        lengths = arrays.get(part + "lengths", lengths).astype(int)
        sequence = np.repeat(np.arange(len(lengths)), lengths)
        step = np.arange(lengths.sum()) - np.repeat(lengths.cumsum() - lengths, lengths)
        labels = labels[:, 0] if labels.shape == (len(lengths), 1) else labels
        if values.ndim == 3:  # a batch
            values = values[sequence, step]
            labels = labels[sequence, step] if labels.ndim == 2 else labels
        features = pd.DataFrame(values, columns=[f"x{at + 1}" for at in range(values.shape[1])])
        piece = pd.DataFrame({"sequence": sequence + before, "step": step}).join(features)
        labels = labels[sequence] if len(labels) == len(lengths) else labels
        piece["label"] = labels.astype(str)
        if len(parts) > 1:
            piece["split"] = part.rstrip("_")
        pieces.append(piece)
        before += len(lengths)
    return pd.concat(pieces, ignore_index=True)


def bare(text):
    """A text without space and invisible marks around it."""
    return text.strip().strip("\ufeff\u200b").strip()


def without_blank_rows(table):
    """The table with no space around a name or a text, and without rows of nothing."""
    table = table.rename(columns=lambda name: bare(name) or name)
    for name in table:
        if pd.api.types.is_string_dtype(table[name]):
            texts = table[name].fillna("").str.strip().str.strip("\ufeff\u200b")
            table[name] = texts.str.strip()
    return table[(table.notna() & (table != "")).any(axis=1)]


def numbers_in(column, decimal):
    """A column as floats, NaN where a cell is blank or no number; thousands are put together."""
    if not pd.api.types.is_string_dtype(column):
        return column.to_numpy(dtype=float, na_value=np.nan)
    number = r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?"
    if decimal == "," or not column.str.fullmatch(number).all():
        between = "[ \u00a0\u202f'\u2019" + {".": ",", ",": "."}[decimal] + "]"
        column = column.str.replace(between, "", regex=True)
        column = column.str.replace("\u2212", "-").str.replace(decimal, ".")
        column = column.where(column.str.fullmatch(number), "nan")
    return column.astype(object).astype(float).to_numpy()


def times_in(column, day_first):
    """A column as seconds from 1970 in UTC, NaN where a cell is no time; of an hour alone, its day's.

    2026-01-31, 20260131T140509, 31.1.2026 or 1/31/2026, 31 Jan 2026, January 31st, 2026, perhaps with
    14:05:09.5 or 2:05 PM and with Z or +01:00; or 2026-01, 2026-Q1, 2026-W05 and 2026-W05-6. Of a year
    69 and more are of the last century, and where a first number is no day, all are years.
    """
    if pd.api.types.is_datetime64_any_dtype(column):
        seconds = column.dt.as_unit("us").astype("int64") / 1e6
        return seconds.where(column.notna()).to_numpy(dtype=float, na_value=np.nan)
    if column.empty:
        return np.zeros(0)
    places, texts = pd.factorize(column)
    usual = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)?(?:Z|[-+]\d\d:\d\d)?"
    if pd.Series(texts, dtype=str).str.fullmatch(usual).all():  # at once, not one by one
        read = pd.to_datetime(pd.Series(texts), format="ISO8601", errors="coerce", utc=True)
        if read.notna().all():
            return times_in(read, day_first)[places]
    month = "(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    month += r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
    day, year = r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?", r"(?P<year>\d{4}|\d\d)"
    zone = " ?(?P<zone>Z|UTC|GMT|[-+]\\d\\d(?::?\\d\\d)?)?"
    second = r"(?P<second>\d\d(?:[.,]\d+)?)"
    clock = rf"(?P<hour>\d{{1,2}}):(?P<minute>\d\d)(?::{second})?(?: ?(?P<half>[ap])\.?m\.?)?{zone}"
    dates = [
        r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})(?:[-/.](?P<day>\d{1,2}))?",
        r"(?P<one>\d{1,2})[-/.](?P<two>\d{1,2})[-/.](?P<last>\d{4}|\d\d)",
        rf"{day}[-/ ]?{month}[-/, ] ?{year}",
        rf"(?:{month}|(?P<month>\d{{1,2}}))[-/, ] ?(?P<year>\d{{4}})",
        rf"{month}[- ]{day},?[- ](?P<year>\d{{4}})",
        rf"(?P<year>\d{{4}})[-/ ]{month}[-/ ]{day}",
        r"(?P<year>\d{4})[- ]?Q(?P<quarter>[1-4])",
        r"Q(?P<quarter>[1-4])[-/, ] ?(?P<year>\d{4})",
        r"(?P<year>\d{4})-?W(?P<week>\d\d?)(?:-?(?P<weekday>[1-7]))?",
    ]
    weekday = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?"
    forms = [rf"{weekday}{each}(?:(?:[T_:]| - |,? ){clock})?" for each in dates]
    digits = r"(?P<hour>\d\d):?(?P<minute>\d\d):?" + f"{second}?{zone}"
    forms += [clock, r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)[T _-]" + digits]
    forms = [re.compile(each, re.IGNORECASE) for each in forms]
    found = [next(filter(None, (each.fullmatch(text) for each in forms)), None) for text in texts]
    parts = [match and match.groupdict() for match in found]
    order = ("day", "month", "year") if day_first else ("month", "day", "year")
    if any(not 0 < int(each["one"]) < 32 for each in parts if each and "one" in each):
        order = ("year", "month", "day")
    return np.array([seconds_of(each, order) if each else np.nan for each in parts])[places]


def seconds_of(parts, order):
    """The seconds from 1970 in UTC of a time's parts, texts; NaN where there is no such time.

    order: what the three numbers of a date such as 1.2.03 are, which are called one, two and last.
    """
    parts = {name: text for name, text in parts.items() if text}
    if "one" in parts:
        parts |= zip(order, (parts["one"], parts["two"], parts["last"]), strict=True)
    year = parts.get("year", "1970")
    year = int(year) if len(year) > 2 else int(year) + (2000 if int(year) < 69 else 1900)
    month = int(parts.get("month", 3 * int(parts.get("quarter", 1)) - 2))
    if "name" in parts:
        months = "janfebmaraprmayjunjulaugsepoctnovdec"
        month = months.index(parts["name"][:3].lower()) // 3 + 1
    hour, minute = int(parts.get("hour", 0)), int(parts.get("minute", 0))
    second = float(parts.get("second", "0").replace(",", "."))
    half = parts.get("half", "").lower()
    if half:
        hour = hour % 12 + 12 * (half == "p") if 0 < hour < 13 else 24
    zone = re.sub("Z|UTC|GMT|:", "", parts.get("zone", ""), flags=re.IGNORECASE)
    offset = int(zone[:1] + "1") * (60 * int(zone[1:3]) + int(zone[3:] or 0)) if zone else 0
    try:
        if "week" in parts:
            day = datetime.date.fromisocalendar(year, int(parts["week"]), int(parts.get("weekday", 1)))
        else:
            day = datetime.date(year, month, int(parts.get("day", 1)))
        datetime.time(hour, minute)
    except ValueError:
        return np.nan
    days = day.toordinal() - datetime.date(1970, 1, 1).toordinal()
    return 86400 * days + 3600 * hour + 60 * (minute - offset) + second if second < 61 else np.nan


def values_in(column, kind, decimal, day_first):
    """A column of "numbers", "times" or "yes / no" as floats, NaN where a cell is blank or none."""
    if kind == "times":
        return times_in(column, day_first)
    if kind == "yes / no" and pd.api.types.is_string_dtype(column):
        said = column.str.lower().map({"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0})
        return said.to_numpy(dtype=float, na_value=np.nan)
    return numbers_in(column, decimal)


def features_of(table, features, decimal):
    """Values (rows, F), NaN where missing, and which of the F columns are numbers, not words.

    features: name -> "numbers", "yes / no" or "words".
    """
    columns, is_number = [], []
    for name, kind in features.items():
        column = table[name]
        if kind == "words":  # a column of 0 and 1 for each
            words = sorted(set(column) - {""})
            columns += [(column == each).astype(float).where(column != "", np.nan) for each in words]
            is_number += [False] * len(words)
        else:
            columns.append(values_in(column, kind, decimal, False))
            is_number.append(True)
    return np.column_stack(columns), np.array(is_number)


def steps_of(table, sequence, order, features, decimal, day_first, first=None, last=None, every=1):
    """The rows in order, their values (rows, F), and which of the F columns are numbers.

    sequence: the columns that are the id together. order: name -> "numbers" or "times"; without any,
    the rows' order. first, last: at most so many steps are kept. every: one step in so many is kept.
    A step is observed where no value is missing; sequences without an observed step are left out.
    """
    number = table.groupby(sequence, sort=False).ngroup().to_numpy()
    keys = [values_in(table[name], kind, decimal, day_first) for name, kind in order.items()]
    rows = np.lexsort([*reversed(keys), number])
    steps = pd.Series(number[rows]).groupby(number[rows])
    step, length = steps.cumcount().to_numpy(), steps.transform("size").to_numpy()
    kept = step % every == 0
    if first is not None:
        kept = step < first
    if last is not None:
        kept = step >= length - last
    table = table.iloc[rows[kept]].assign(**{"": number[rows[kept]]})
    values, is_number = features_of(table, features, decimal)
    observed = pd.Series(~np.isnan(values).any(axis=1))
    usable = observed.groupby(table[""].to_numpy()).transform("any").to_numpy()
    return table[usable], values[usable], is_number


def classes_of(labels):
    """The different labels (texts), sorted: plain numbers by size, then all others by the alphabet."""
    number = re.compile(r"-?\d+(\.\d+)?")
    return sorted(
        set(labels), key=lambda each: (0, float(each), each) if number.fullmatch(each) else (1, 0, each)
    )


def parts_of(
    table, values, is_number, label, split, test_words, group, standardise, seed, test_count, most
):
    """(training, test), each of them three lists: values (length, F), labels and observed (length,).

    Rows are those of `steps_of`. test_words: what `split` says of test sequences, in lower case.
    most: how many training and how many test sequences at most.
    """
    starts = np.flatnonzero(np.diff(table[""], prepend=-1))
    texts = table[label].astype(str)
    labels = pd.Categorical(texts, classes_of(texts)).codes
    if split is not None:
        for_test = table[split].iloc[starts].astype(str).str.lower().isin(test_words).to_numpy()
    else:
        groups = np.arange(len(starts)) if group is None else table[group].to_numpy()[starts]
        for_test = split_by_seed(labels[starts], groups, seed, test_count)
    train, test = (
        drawn(np.flatnonzero(part), seed, count)
        for part, count in zip((~for_test, for_test), most, strict=True)
    )
    if standardise:
        in_training = np.isin(np.arange(len(starts)), train)
        lengths = np.diff(starts, append=len(table))
        values = standardised(values, is_number, np.repeat(in_training, lengths))
    observed = ~np.isnan(values).any(axis=1)
    steps = (np.nan_to_num(values).astype(np.float32), labels.astype(np.int32), observed)
    pieces = [np.split(each, starts[1:]) for each in steps]
    return tuple([[each[at] for at in part] for each in pieces] for part in (train, test))


def split_by_seed(labels, groups, seed, test_count):
    """Which sequences are for the test: every label by its share, groups whole, at least test_count.

    labels: (N,), the first of each sequence. groups: (N,), equal where sequences stay together.
    """
    sequences = pd.DataFrame({"label": labels, "group": groups})
    found = sequences.groupby("group", sort=False)["label"].agg(["first", "size"])
    found = found.iloc[np.random.default_rng(seed).permutation(len(found))]
    alike = found.groupby("first")["size"]
    place = (alike.cumsum() - found["size"] / 2) / alike.transform("sum")
    found = found.iloc[np.argsort(place.to_numpy(), kind="stable")]
    before = found["size"].cumsum() - found["size"]
    return sequences["group"].isin(found.index[before < test_count]).to_numpy()


def drawn(chosen, seed, most):
    """At most so many of the chosen sequences (their numbers), drawn by the seed, in their order."""
    if len(chosen) <= most:
        return chosen
    return np.sort(np.random.default_rng([seed, most]).choice(chosen, most, replace=False))


def standardised(values, is_number, reference):
    """Numbers with mean 0 and spread 1 over the rows of `reference`, NaN aside; words as they are."""
    mean = np.where(is_number, np.nanmean(values[reference], axis=0), 0)
    spread = np.where(is_number, np.nanstd(values[reference], axis=0), 1)
    return (values - mean) / np.where(spread > 0, spread, 1)
