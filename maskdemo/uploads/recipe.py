"""From a table to sequences: what the app does, and what an exported script does too.

The sources of these functions are written into exported scripts as they stand. So they use nothing
but NumPy, pandas and `re`, and check nothing: `maskdemo.uploads.columns` and `task` have done that.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd


def long_table(arrays):
    """Long form of a NumPy archive: sequence, step, the features x1, x2, ..., label, perhaps split."""
    pieces, before = [], 0
    for part in ["train_", "test_"] if "train_values" in arrays else [""]:
        values, labels = arrays[part + "values"], arrays[part + "labels"]
        lengths = arrays[part + "lengths"].astype(int)
        sequence = np.repeat(np.arange(len(lengths)), lengths)
        step = np.arange(lengths.sum()) - np.repeat(lengths.cumsum() - lengths, lengths)
        if values.ndim == 3:  # a padded batch
            values = values[sequence, step]
            labels = labels[sequence, step] if labels.ndim == 2 else labels
        features = pd.DataFrame(values, columns=[f"x{at + 1}" for at in range(values.shape[1])])
        piece = pd.DataFrame({"sequence": sequence + before, "step": step}).join(features)
        labels = labels[sequence] if len(labels) == len(lengths) else labels
        piece["label"] = labels.astype(str)
        if part:
            piece["split"] = part.rstrip("_")
        pieces.append(piece)
        before += len(lengths)
    return pd.concat(pieces, ignore_index=True)


def without_blank_rows(table):
    """The table with no space around a text, and without rows of nothing."""
    texts = [name for name in table if pd.api.types.is_string_dtype(table[name])]
    table = table.assign(**{name: table[name].fillna("").str.strip() for name in texts})
    return table[(table.notna() & (table != "")).any(axis=1)]


def numbers_in(column, decimal):
    """A column as floats, NaN where a cell is blank or no number; thousands are put together."""
    if not pd.api.types.is_string_dtype(column):
        return column.to_numpy(dtype=float, na_value=np.nan)
    text = column.str.replace(
        "[ \u00a0\u202f'\u2019" + {".": ",", ",": "."}[decimal] + "]", "", regex=True
    )
    text = text.str.replace("\u2212", "-").str.replace(decimal, ".")
    number = text.str.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
    return text.where(number, "nan").astype(object).astype(float).to_numpy()


def times_in(column, day_first):
    """A column as seconds from 1970 in UTC, NaN where a cell is no time; of an hour alone, its day's.

    2026-01-31, 31.1.2026 or 1/31/2026, perhaps with 14:05:09.5 or 2:05 PM and with Z or +01:00; or
    2026-01, 2026-Q1, 2026-W05 and 2026-W05-6. Of a year 69 and more are of the last century, and where
    a first number is no day, all are years.
    """
    if pd.api.types.is_datetime64_any_dtype(column):
        column = column.dt.tz_localize(None) if column.dt.tz is None else column.dt.tz_convert(None)
        seconds = (column - pd.Timestamp(0)) / pd.Timedelta(seconds=1)
        return seconds.to_numpy(dtype=float, na_value=np.nan)
    date = r"(?:(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})|"
    date += r"(?P<one>\d{1,2})[-/.](?P<two>\d{1,2})[-/.](?P<y>\d{4}|\d{2}))"
    clock = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d(?:[.,]\d+)?))?"
    clock += r"(?: ?(?P<half>[aApP])\.?[mM]\.?)?(?: ?(?P<zone>Z|UTC|GMT|[-+]\d\d:?\d\d|[-+]\d\d))?"
    if column.empty:
        return np.zeros(0)
    places, texts = pd.factorize(column)
    texts = pd.Series(texts, dtype=str)
    usual = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)?"
    if texts.str.fullmatch(usual).all():  # at once, where the others are taken apart one by one
        seconds = times_in(pd.to_datetime(texts, format="ISO8601", errors="coerce"), day_first)
        if not np.isnan(seconds).any():
            return seconds[places]
    texts = texts.str.replace(r"^(\d{4}-\d\d)$", r"\1-01", regex=True)
    texts = texts.str.replace(
        r"^(\d{4})[- ]?Q([1-4])$", lambda found: f"{found[1]}-{3 * int(found[2]) - 2}-01", regex=True
    )
    if texts.str.contains("W").any():
        week = texts.str.extract(r"^(\d{4})-?W(\d\d)(?:-?([1-7]))?$")
        week = week[0] + week[1] + week[2].fillna("1")
        week = pd.to_datetime(week, format="%G%V%u", errors="coerce").dt.strftime("%Y-%m-%d")
        texts = week.fillna(texts)
    parts = texts.str.extract(
        f"^(?:{date}(?:(?:[T ]| - |, ?){clock})?|{clock.replace('P<', 'P<only_')})$"
    )
    for name in ["hour", "minute", "second", "half", "zone"]:
        parts[name] = parts[name].fillna(parts.pop(f"only_{name}"))
    matched = (parts["year"].notna() | parts["one"].notna() | parts["hour"].notna()).to_numpy()
    day, month = ("one", "two") if day_first else ("two", "one")
    first = parts["one"].fillna("1").astype(int)
    if ((first > 31) | (first == 0)).any():
        parts, day, month = parts.rename(columns={"one": "y", "y": "one"}), "one", "two"
    century = np.where(parts["y"].fillna("0").astype(int) < 69, "20", "19")
    year = parts["y"].where(parts["y"].str.len() != 2, century + parts["y"].str.zfill(2))
    dates = pd.DataFrame(
        {
            "year": parts["year"].fillna(year).fillna("1970").astype(int),
            "month": parts["month"].fillna(parts[month]).fillna("1").astype(int),
            "day": parts["day"].fillna(parts[day]).fillna("1").astype(int),
        }
    )
    seconds = times_in(pd.to_datetime(dates, errors="coerce"), day_first)
    hour = parts["hour"].fillna("0").astype(int).to_numpy()
    minute = parts["minute"].fillna("0").astype(int).to_numpy()
    second = parts["second"].fillna("0").str.replace(",", ".").astype(float).to_numpy()
    half = parts["half"].fillna("").str.lower().to_numpy(dtype=str)
    possible = matched & (minute < 60) & (second < 61)
    possible &= np.where(half == "", hour < 24, (hour > 0) & (hour < 13))
    hour = np.where(half == "", hour, hour % 12 + 12 * (half == "p"))
    zone = parts["zone"].fillna("").str.replace(":", "").str.replace("Z|UTC|GMT", "", regex=True)
    sign = np.where(zone.str.startswith("-"), -1, 1)
    hours, minutes = zone.str[1:3], zone.str[3:5]
    offset = sign * (
        hours.where(hours != "", "0").astype(int) * 60 + minutes.where(minutes != "", "0").astype(int)
    )
    seconds = seconds + 3600 * hour + 60 * (minute - offset.to_numpy()) + second
    return np.where(possible, seconds, np.nan)[places]


def features_of(table, features, decimal):
    """Values (rows, F), NaN where missing, and which of the F columns are numbers, not words.

    features: name -> "numbers", "yes / no" or "words".
    """
    columns, is_number = [], []
    for name, kind in features.items():
        column = table[name]
        if kind == "numbers" or not pd.api.types.is_string_dtype(column):
            columns.append(numbers_in(column, decimal))
        elif kind == "yes / no":
            said = column.str.lower().map({"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0})
            columns.append(said.to_numpy(dtype=float, na_value=np.nan))
        else:  # a column of 0 and 1 for each word
            for word in sorted(set(column) - {""}):
                columns.append((column == word).astype(float).where(column != "", np.nan))
                is_number.append(False)
            continue
        is_number.append(True)
    return np.column_stack(columns), np.array(is_number)


def steps_of(table, sequence, order, features, decimal, day_first, first=None, last=None, every=1):
    """The rows in order, their values (rows, F), and which of the F columns are numbers.

    sequence: the columns that are the id together. order: name -> "numbers" or "times"; without any,
    the rows' order. first, last: at most so many steps are kept. every: one step in so many is kept.
    A step is observed where no value is missing; sequences without an observed step are left out.
    """
    number = table.groupby(sequence, sort=False).ngroup().to_numpy()
    keys = [
        numbers_in(table[name], decimal) if kind == "numbers" else times_in(table[name], day_first)
        for name, kind in order.items()
    ]
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
    """The different labels: numbers by their size, then words by the alphabet."""
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
