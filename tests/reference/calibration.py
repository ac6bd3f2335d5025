"""Predictions that closed deals are judged by, read day by day, and what a bin of them comes to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Prediction:
    """A chance to win as it stood at the end of a day on which the deal was open."""

    source: str
    deal: str
    bin: int
    rate: Fraction
    day: Row
    is_won: bool


def bin_of(rate: Fraction) -> int:
    """Return the tenth, 1 to 10, in which a rate lies; certainty is in the last."""
    return min(int(rate * 10) + 1, 10)


def predictions(
    days: Mapping[str, Sequence[Row]],
    told: Mapping[str, Sequence[tuple[date, Fraction | None]]],
    outcomes: Mapping[str, bool],
) -> list[Prediction]:
    """Return the first prediction of each closed deal in each tenth, of the CRM and configured.

    ``days`` holds each deal's rows of the daily pipeline in order, ``told`` the probabilities that
    its CRM told and when, in order, ``outcomes`` whether it was won.
    """
    found: dict[tuple[str, str, int], Prediction] = {}
    for deal, is_won in outcomes.items():
        for day in days.get(deal, ()):
            known = [rate for on, rate in told.get(deal, ()) if on <= day["snapshot_date"]]
            configured = day["win_rate"]
            for source, rate in (
                ("crm", known[-1] if known else None),
                ("configured", None if configured is None else Fraction(configured)),
            ):
                if rate is not None:
                    key = (source, deal, bin_of(rate))
                    found.setdefault(key, Prediction(source, deal, key[2], rate, day, is_won))
    return list(found.values())


def judged(members: Iterable[Prediction]) -> tuple[int, int, float, float, float]:
    """Return deals, won, mean prediction, actual rate and Brier score of a bin's predictions."""
    chosen = list(members)
    deals, won = len(chosen), sum(one.is_won for one in chosen)
    mean = sum((one.rate for one in chosen), Fraction()) / deals
    brier = sum(((one.rate - one.is_won) ** 2 for one in chosen), Fraction()) / deals
    return deals, won, float(mean), won / deals, float(brier)
