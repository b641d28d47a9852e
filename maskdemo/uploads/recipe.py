"""From a table to sequences: what the app does, and what an exported script does too.

The sources of these functions are written into exported scripts as they stand. So they use nothing
but NumPy and pandas, and check nothing: `maskdemo.uploads.validation` has done that before.
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
        if values.ndim == 3:  # a rectangle
            values = values[sequence, step]
            labels = labels[sequence, step] if labels.ndim == 2 else labels
        features = pd.DataFrame(values, columns=[f"x{at + 1}" for at in range(values.shape[1])])
        piece = pd.DataFrame({"sequence": sequence + before, "step": step}).join(features)
        piece["label"] = labels[sequence] if len(labels) == len(lengths) else labels
        if part:
            piece["split"] = part.rstrip("_")
        pieces.append(piece)
        before += len(lengths)
    return pd.concat(pieces, ignore_index=True)


def rows_of_steps(table, features, length, kept):
    """Long form of a wide table: row by row, the first `length` of each feature's numbered columns.

    kept: the columns whose values stand in every step. `row` and `step` say where a step is from.
    """
    lengths = table[length].to_numpy().astype(int)
    row = np.repeat(np.arange(len(table)), lengths)
    step = np.arange(len(row)) - np.repeat(lengths.cumsum() - lengths, lengths)
    steps = {"row": row, "step": step}
    for feature in features:
        pattern = re.escape(feature) + r"_?(\d+)"
        numbered = [name for name in table if re.fullmatch(pattern, name)]
        numbered.sort(key=lambda name: int(re.fullmatch(pattern, name)[1]))
        steps[feature] = table[numbered].to_numpy()[row, step]
    return pd.DataFrame(steps | {name: table[name].to_numpy()[row] for name in kept})


def in_order(table, sequence, order):
    """The rows sequence by sequence, as the file first names them, and each sorted by `order`."""
    number = pd.factorize(table[sequence])[0]
    if order is None:
        return table.iloc[np.argsort(number, kind="stable")]
    when = table[order]
    if not pd.api.types.is_numeric_dtype(when):
        when = pd.to_datetime(when, format="ISO8601", utc=True)
    return table.iloc[np.lexsort((when, number))]


def features_of(table, names):
    """Values (rows, F), NaN where missing, and which of the F columns are numbers, not words."""
    columns, is_number = [], []
    for name in names:
        column = table[name]
        if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            columns.append(column.to_numpy(dtype=float, na_value=np.nan))
            is_number.append(True)
            continue
        for word in sorted(map(str, column.dropna().unique())):  # a column of 0 and 1 for each
            columns.append((column.astype(str) == word).where(column.notna(), np.nan).astype(float))
            is_number.append(False)
    return np.column_stack(columns), np.array(is_number)


def steps_of(table, sequence, order, features, every):
    """The rows in order, one step in `every`, their values (rows, F), and which columns are numbers.

    A step is observed where no value is missing. Sequences without an observed step are left out.
    """
    table = in_order(table, sequence, order)
    table = table[table.groupby(sequence, sort=False).cumcount() % every == 0]
    values, is_number = features_of(table, features)
    observed = pd.Series(~np.isnan(values).any(axis=1))
    usable = observed.groupby(table[sequence].to_numpy()).transform("any").to_numpy()
    return table[usable], values[usable], is_number


def parts_of(
    table, values, is_number, sequence, label, split, group, standardise, seed, test_count, most
):
    """(training, test), each of them three lists: values (length, F), labels and observed (length,).

    Rows are those of `steps_of`. most: how many training and how many test sequences at most.
    """
    starts = np.flatnonzero(np.diff(pd.factorize(table[sequence])[0], prepend=-1))
    labels = np.unique(table[label].to_numpy(), return_inverse=True)[1]
    if split is not None:
        says = table[split].iloc[starts].astype(str).str.strip().str.lower()
        for_test = says.str.startswith("test").to_numpy()
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
