"""How the texts of a column are read as numbers, dates and times, or yes and no.

The sources of these functions are written into exported scripts as they stand. So they use nothing
but NumPy, pandas, `datetime` and `re`. Which texts are meant as a date, `cell_patterns` says.
"""

from __future__ import annotations

import datetime
import re

import numpy as np
import pandas as pd


def numbers_in(column, decimal):
    """A column as floats, (rows,), NaN for texts such as 5%, inf or "". decimal: with "." 1,5 is 15."""
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
    """A column as seconds from 1970 in UTC, (rows,), NaN where no time; from midnight without a date.

    2026-01-31, 20260131T140509, 31.1.2026 or 1/31/2026, 31 Jan 2026, January 31st, 2026, perhaps with
    14:05:09.5 or 2:05 PM and with Z or +01:00; or 2026-01, 2026-Q1, 2026-W05 and 2026-W05-6; or 47:30
    since something began. The year 69 is 1969, 68 is 2068. As 99-01-31 begins with no day, all such in
    the column begin with the year.
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
    forms += [r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)[T _-]" + digits]
    forms += [clock.replace("{1,2}", "{1,3}")]
    forms = [re.compile(each, re.IGNORECASE) for each in forms]
    found = [next(filter(None, (each.fullmatch(text) for each in forms)), None) for text in texts]
    parts = [match and match.groupdict() for match in found]
    order = ("day", "month", "year") if day_first else ("month", "day", "year")
    if any(not 0 < int(each["one"]) < 32 for each in parts if each and "one" in each):
        order = ("year", "month", "day")
    return np.array([seconds_of(each, order) if each else np.nan for each in parts])[places]


def seconds_of(parts, order):
    """The seconds from 1970 in UTC of a time's parts, texts; NaN where there is no such time.

    parts: name, such as "hour" -> text or None; "one", "two" and "last" are the numbers of 1.2.03,
    which `order` calls "day", "month" and "year".
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
        hour = hour % 12 + 12 * (half == "p") if 0 < hour < 13 else 99
    zone = re.sub("Z|UTC|GMT|:", "", parts.get("zone", ""), flags=re.IGNORECASE)
    offset = int(zone[:1] + "1") * (60 * int(zone[1:3]) + int(zone[3:] or 0)) if zone else 0
    try:
        if "week" in parts:
            day = datetime.date.fromisocalendar(year, int(parts["week"]), int(parts.get("weekday", 1)))
        else:
            day = datetime.date(year, month, int(parts.get("day", 1)))
    except ValueError:
        return np.nan
    passed = not half and "year" not in parts  # 47:30, since something began
    if minute > 59 or (hour > 23 and not passed and (hour, minute, second) != (24, 0, 0)):
        return np.nan
    days = day.toordinal() - datetime.date(1970, 1, 1).toordinal()
    return 86400 * days + 3600 * hour + 60 * (minute - offset) + second if second < 61 else np.nan


def values_in(column, kind, decimal, day_first):
    """A column of "numbers", "times" or "yes / no" (true / false) as floats, NaN for other texts."""
    if kind == "times":
        return times_in(column, day_first)
    if kind == "yes / no" and pd.api.types.is_string_dtype(column):
        said = column.str.lower().map({"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0})
        return said.to_numpy(dtype=float, na_value=np.nan)
    return numbers_in(column, decimal)
