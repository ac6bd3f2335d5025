"""Calibration: the win rates that were entered or configured, against what really happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.report.marts import Marts, Row


@dataclass(frozen=True)
class Calibration:
    """The bins of every source of probabilities, and each source as a whole."""

    bins: Sequence[Row]
    sources: Sequence[Row]


def read_calibration(marts: Marts) -> Calibration | None:
    """Return the calibration for the whole company; null where there is none."""
    if not marts.has("mart_win_rate_calibration"):
        return None
    bins = marts.rows(
        """
        select probability_source, deals, mean_predicted_rate, actual_win_rate, brier_score
        from marts.mart_win_rate_calibration
        where dimension = 'all' and deals > 0 and mean_predicted_rate is not null
        order by probability_source, mean_predicted_rate
        """
    )
    return Calibration(bins, _sources(bins)) if bins else None


def _sources(bins: Sequence[Row]) -> list[Row]:
    """Return each source's deals and the means over its bins, by the number of their deals."""
    sources = []
    for name in dict.fromkeys(row["probability_source"] for row in bins):
        own = [row for row in bins if row["probability_source"] == name]
        deals = sum(row["deals"] for row in own)
        means = {
            column: sum(row[column] * row["deals"] for row in own) / deals
            for column in ("mean_predicted_rate", "actual_win_rate", "brier_score")
        }
        sources.append({"probability_source": name, "deals": deals, **means})
    return sources
