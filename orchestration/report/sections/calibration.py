"""Calibration: the win rates that were entered or configured, against what really happened."""

from __future__ import annotations

from orchestration.report.marts import Marts, Row


def read_calibration(marts: Marts) -> list[Row]:
    """Return the bins of every source of probabilities for the whole company, in order."""
    if not marts.has("mart_win_rate_calibration"):
        return []
    return marts.rows(
        """
        select probability_source, deals, mean_predicted_rate, actual_win_rate, brier_score
        from marts.mart_win_rate_calibration
        where dimension = 'all' and deals > 0 and mean_predicted_rate is not null
        order by probability_source, mean_predicted_rate
        """
    )
