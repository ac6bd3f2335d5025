"""What was done, said plainly: which method, from how much history, and what was noticed."""

from __future__ import annotations

import math

from orchestration.forecast.chances import drift_of
from orchestration.forecast.engine import Engine

FEW_WINS = 100


def statement(engine: Engine, method: str) -> str:
    """Return one plain sentence on how a method's numbers came about."""
    past = engine.past
    wins = len(past.won)
    days = past.as_of - past.first_day + 1
    if method == "configured":
        return "Count times amount times the configured win rate of the stage, on expected dates."
    if method == "naive":
        return (
            "What the same days of the same period a year before brought."
            if days >= 365 + 31
            else f"The last period: history of {days} days reaches no year back."
        )
    if method == "historical":
        return "Rates and times of stages as measured up to this day."
    if not engine.is_learnable:
        return (
            f"Too little history to learn from ({wins} wins in {days} days): measured rates of "
            "stages stand in."
        )
    parts = [f"Competing risks learned from {wins} wins in {days} days"]
    if wins < FEW_WINS:
        parts.append("few: effects are held near the average and the range is wide")
    for aging, what in ((engine.won_aging, "winning"), (engine.gone_aging, "losing")):
        change = drift_of(aging)
        if change:
            parts.append(
                f"the rate of {what} {'rose' if change > 0 else 'fell'} by "
                f"{abs(math.expm1(change)):.0%} within a year: older deals count far less"
            )
    return "; ".join(parts) + "."
