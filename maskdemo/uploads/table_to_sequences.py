"""From a table to sequences: what the app does, and what an exported script does too.

The sources of these functions are written into exported scripts as they stand. So they use nothing
but NumPy, pandas, `re` and `numbers_and_dates`, and check nothing: `columns` and `task` have done that.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from maskdemo.uploads.numbers_and_dates import values_in


def arrays_by_name(arrays):
    """Return meaning -> array: "values", "lengths", "train_labels" of one called y_train.

    Arrays whose names say no meaning are left out; of two with one meaning, the last is returned.
    """
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


def without_last_of_one(array):
    """The array without its last dimension where that is 1: (N, T) of (N, T, 1), (N,) of (N, 1)."""
    return array[..., 0] if array.ndim > 1 and array.shape[-1] == 1 else array


def long_table(arrays):
    """A table with a row a step: sequence, step, the features x1, x2, ..., label, perhaps split.

    Both count from 0, labels are texts, padding is left out. arrays: those of `arrays_by_name`.
    """
    pieces, before = [], 0
    parts = [part for part in ("train_", "val_", "test_") if part + "values" in arrays] or [""]
    for part in parts:
        values, labels = arrays[part + "values"], without_last_of_one(arrays[part + "labels"])
        lengths = np.full(len(values), values.shape[1])
        lengths = without_last_of_one(arrays.get(part + "lengths", lengths)).astype(int)
        sequence = np.repeat(np.arange(len(lengths)), lengths)
        step = np.arange(lengths.sum()) - np.repeat(lengths.cumsum() - lengths, lengths)
        if values.ndim == 3:  # a batch
            values = values[sequence, step]
            labels = labels[sequence, step] if labels.ndim == 2 else labels
        features = pd.DataFrame(values, columns=[f"x{at + 1}" for at in range(values.shape[1])])
        piece = pd.DataFrame({"sequence": sequence + before, "step": step}).join(features)
        labels = labels[sequence] if len(labels) == len(lengths) else labels
        if labels.dtype.kind == "f" and ((labels == np.floor(labels)) & (abs(labels) < 2**53)).all():
            labels = labels.astype(int)  # 1.0 is the class 1
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
    """The table with no space around a name or a text, without rows of nothing; the index stays."""
    table = table.rename(columns=lambda name: bare(name) or name)
    for name in table:
        if pd.api.types.is_string_dtype(table[name]):
            texts = table[name].fillna("").str.strip().str.strip("\ufeff\u200b")
            table[name] = texts.str.strip()
    return table[(table.notna() & (table != "")).any(axis=1)]


def features_of(table, features, decimal):
    """Values (rows, F), NaN where missing, and which of the F columns are not of words.

    features: name -> "numbers", "yes / no" or "words", which become a column of 0 and 1 for each word.
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
    """The rows in order, their values (rows, F), and which of the F columns are not of words, (F,).

    The sequence of a row is numbered, from 0, in the column ""; numbers of those left out are missing.

    sequence: the columns that are the id together. order: name -> "numbers" or "times"; without any,
    the rows' order. last, else first: at most so many steps of a sequence are kept; else the first of
    each `every`. A step is observed where no value is missing; a sequence that keeps none is left out.
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
    observed = pd.DataFrame(values).notna().all(axis=1)
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

    A missing value is 0, a label its number in `classes_of`. table, values, is_number: of `steps_of`.
    label, split, group: columns or None. test_words: what `split` says of test sequences, in lower
    case. test_count: how many these are at least without `split`. most: how many training and how many
    test sequences at most.
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
    """Whether each is for the test, (N,) bool: whole groups, labels in proportion, test_count or more.

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
    """At most `most` of the chosen sequences (their numbers), drawn by the seed, in their order."""
    if len(chosen) <= most:
        return chosen
    return np.sort(np.random.default_rng([seed, most]).choice(chosen, most, replace=False))


def standardised(values, is_number, reference):
    """Numbers with mean 0 and spread 1 over `reference`, (rows,) bool, NaN aside; words as they are."""
    mean = np.where(is_number, np.nanmean(values[reference], axis=0), 0)
    spread = np.where(is_number, np.nanstd(values[reference], axis=0), 1)
    return (values - mean) / np.where(spread > 0, spread, 1)
