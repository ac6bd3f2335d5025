"""What was known of every deal, and when: the one thing that forecasts are made from.

Only the record of the past and its cut at a day belong here; what is measured on it stands in
``past``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

# Of any width: where there are very many, of a narrow one.
Ints = npt.NDArray[np.integer[Any]]
Flags = npt.NDArray[np.bool_]

# A day that never comes: the end of what goes on.
NEVER = np.int64(10**7)

SPAN_TEXTS = ("source_name", "pipeline", "stage", "owner", "team", "lead_source", "region")
SPAN_DAYS = ("created_on", "stage_entered_on", "valid_from", "valid_to", "expected_close_date",
             "known_on")  # fmt: skip
SPAN_NUMBERS = ("stage_position", "win_rate", "amount", "push_count", "crm_probability")
CLOSING_TEXTS = ("source_name", "pipeline", "owner", "team", "lead_source", "region")
CLOSING_DAYS = ("created_on", "closed_on", "ended_on", "known_on")
UNKNOWN = "unknown"


@dataclass(frozen=True)
class DealHistory:
    """Every deal's past as end-of-day states, with the day from which each was known.

    ``spans``, one row a deal and span of business days over which the state of the open deal did
    not change: deal_key, source_name, pipeline, stage, stage_position, win_rate (0–1), created_on,
    stage_entered_on, valid_from, valid_to (exclusive; null: goes on), amount (reporting currency),
    expected_close_date, owner, team, lead_source, region, push_count, crm_probability (0–1),
    known_on. ``closings``, one row a closing: deal_key, closed_on, outcome (won, lost or removed),
    amount, ended_on (of the reopening), known_on, and, where told, created_on and the dimensions
    at the closing. Frames are brought into one form and order on construction: dates are
    ``datetime64[s]``, texts categories in alphabetical order, ``unknown`` where null.
    """

    spans: pd.DataFrame
    closings: pd.DataFrame

    def __post_init__(self) -> None:
        """Bring the frames into their form, unless they are in it already."""
        if self.spans.attrs.get("is_deal_history") and self.closings.attrs.get("is_deal_history"):
            return
        spans, closings = _shaped_spans(self.spans), _shaped_closings(self.closings)
        keys = np.asarray(
            pd.Index(_names(spans["deal_key"])).union(pd.Index(_names(closings["deal_key"]))),
            dtype=object,
        )
        ordered = []
        for frame, day in ((spans, "valid_from"), (closings, "closed_on")):
            places = np.searchsorted(keys, _names(frame["deal_key"]))
            frame["deal_key"] = _categories(places, frame["deal_key"].cat.codes.to_numpy(), keys)
            codes = frame["deal_key"].cat.codes.to_numpy()
            order = np.lexsort((days_of(frame[day]), codes))
            # Rows that are in order already are not held twice.
            if (order[1:] < order[:-1]).any():
                frame = frame.take(order).reset_index(drop=True)
            frame.attrs["is_deal_history"] = True
            ordered.append(frame)
        object.__setattr__(self, "spans", ordered[0])
        object.__setattr__(self, "closings", ordered[1])

    def known_at(self, day: date) -> DealHistory:
        """Return what was known at the end of a day, and nothing that came later.

        A change that was not known yet leaves the state before it going on.
        """
        today = day_number(day)
        start, known = days_of(self.spans["valid_from"]), days_of(self.spans["known_on"])
        closed, told = days_of(self.closings["closed_on"]), days_of(self.closings["known_on"])
        happened, ended = start <= today, closed <= today
        kept, kept_closings = happened & (known <= today), ended & (told <= today)
        until, again = days_of(self.spans["valid_to"]), days_of(self.closings["ended_on"])
        until = np.where(until > today, NEVER, until)
        again = np.where(again > today, NEVER, again)
        deal = _codes(self.spans["deal_key"])
        closing_deal = _codes(self.closings["deal_key"])
        late = np.union1d(deal[happened & ~kept], closing_deal[ended & ~kept_closings])
        if len(late):
            following = _next_known(
                (deal[kept], start[kept]), (closing_deal[kept_closings], closed[kept_closings])
            )
            affected = np.isin(deal[kept], late)
            until[np.flatnonzero(kept)[affected]] = following[0][affected]
            affected = np.isin(closing_deal[kept_closings], late)
            rows = np.flatnonzero(kept_closings)[affected]
            again[rows] = np.where(following[1][affected] == NEVER, NEVER, again[rows])
        spans = _cut(self.spans, kept, "valid_to", until)
        closings = _cut(self.closings, kept_closings, "ended_on", again)
        return DealHistory(spans, closings)


def day_number(day: date) -> int:
    """Return the days since 1970-01-01."""
    return int(np.datetime64(day, "D").astype(np.int64))


def date_of(number: int) -> date:
    """Return the date of a day number."""
    day: date = np.datetime64(int(number), "D").astype(object)
    return day


def days_of(dates: pd.Series[Any]) -> Ints:
    """Return day numbers of a column of ``datetime64[s]``, ``NEVER`` for null."""
    values = dates.to_numpy()
    numbers: Ints = values.astype("datetime64[D]").astype(np.int64)
    return np.where(np.isnat(values), NEVER, numbers)


def dates_of(days: Ints) -> npt.NDArray[np.datetime64]:
    """Return ``datetime64[s]`` of day numbers, null for ``NEVER``."""
    dates = np.where(days >= NEVER, np.datetime64("NaT", "D"), days.astype("datetime64[D]"))
    return dates.astype("datetime64[s]")


def _codes(column: pd.Series[Any]) -> Ints:
    codes: Ints = column.cat.codes.to_numpy().astype(np.int64)
    return codes


def _cut(frame: pd.DataFrame, kept: Flags, column: str, days: Ints) -> pd.DataFrame:
    if kept.all():
        rows = frame.assign(**{column: dates_of(days)})
    else:
        rows = frame.loc[kept].copy(deep=False)
        rows[column] = dates_of(days[kept])
        rows = rows.reset_index(drop=True)
    rows.attrs["is_deal_history"] = True
    return rows


def _next_known(spans: tuple[Ints, Ints], closings: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """Return for each span and each closing the day of the deal's next known event."""
    deal = np.concatenate([spans[0], closings[0]])
    day = np.concatenate([spans[1], closings[1]])
    # On one day a closing comes before the state that the deal is in at the day's end.
    kind = np.repeat([1, 0], [len(spans[0]), len(closings[0])])
    order = np.lexsort((kind, day, deal))
    following = np.full(len(deal), NEVER)
    same = deal[order][1:] == deal[order][:-1]
    following[order[:-1]] = np.where(same, day[order][1:], NEVER)
    return following[: len(spans[0])], following[len(spans[0]) :]


def _shaped_spans(frame: pd.DataFrame) -> pd.DataFrame:
    shaped: dict[str, Any] = {"deal_key": _texts(frame["deal_key"])}
    shaped |= {name: _texts(frame[name]) for name in SPAN_TEXTS}
    shaped |= {name: _dates(frame[name]) for name in SPAN_DAYS}
    shaped |= {name: _numbers(frame[name]) for name in SPAN_NUMBERS}
    return pd.DataFrame(shaped)


def _shaped_closings(frame: pd.DataFrame) -> pd.DataFrame:
    shaped: dict[str, Any] = {
        "deal_key": _texts(frame["deal_key"]),
        "outcome": _texts(frame["outcome"]),
        "amount": _numbers(frame["amount"]),
    }
    for name in CLOSING_DAYS:
        shaped[name] = (
            _dates(frame[name])
            if name in frame
            else np.full(len(frame), np.datetime64("NaT", "s"), dtype="datetime64[s]")
        )
    shaped |= {name: _texts(frame[name]) for name in CLOSING_TEXTS if name in frame}
    return pd.DataFrame(shaped)


def _texts(column: pd.Series[Any]) -> pd.Categorical:
    texts = pd.Categorical(column)
    # The last name is that of null, whose code is -1.
    names = np.array([*map(str, texts.categories.to_numpy(object)), UNKNOWN], dtype=object)
    occurs = np.bincount(texts.codes + 1, minlength=len(names)) > 0
    occurs = np.r_[occurs[1:], occurs[0]]
    kept = names[occurs]
    if not (kept[1:] > kept[:-1]).all():
        kept = np.unique(kept)
    places = np.zeros(len(names), dtype=np.int64)
    places[occurs] = np.searchsorted(kept, names[occurs])
    return _categories(places, texts.codes, kept)


def _names(column: pd.Series[Any]) -> npt.NDArray[np.object_]:
    names: npt.NDArray[np.object_] = column.cat.categories.to_numpy(object)
    return names


def _categories(places: Ints, codes: Ints, names: npt.NDArray[np.object_]) -> pd.Categorical:
    """Return texts whose codes point to the places that hold their numbers among the names."""
    moved = places[codes] if len(codes) else np.zeros(0, dtype=np.int64)
    return pd.Categorical.from_codes(moved, categories=pd.Index(names))


def _dates(column: pd.Series[Any]) -> npt.NDArray[np.datetime64]:
    dates: npt.NDArray[np.datetime64] = pd.to_datetime(column).to_numpy().astype("datetime64[s]")
    return dates


def _numbers(column: pd.Series[Any]) -> npt.NDArray[np.float64]:
    return np.asarray(pd.to_numeric(column).astype("float64").to_numpy(), dtype=np.float64)
