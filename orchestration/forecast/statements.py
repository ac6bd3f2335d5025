"""What was done, said plainly: which method, from how much history, and what was noticed."""

from __future__ import annotations

import math

from orchestration.forecast.chances import drift_of
from orchestration.forecast.engine import Engine
from orchestration.forecast.history import date_of

FEW_WINS = 100


def statement(engine: Engine, method: str) -> str:
    """Return one plain sentence on how a method's numbers came about."""
    past = engine.past
    days = past.as_of - past.seen_from + 1
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
    said = [_learned(part.engine) for part in engine.parts]
    if len(said) == 1:
        return said[0] + "."
    return "; ".join(
        f"{_sources(part.engine)}: {text[0].lower()}{text[1:]}"
        for part, text in zip(engine.parts, said, strict=True)
    ) + "."  # fmt: skip


def _sources(engine: Engine) -> str:
    source = engine.past.spells.dimensions["source_name"]
    return " and ".join(str(source.names[code]) for code in sorted(set(source.codes.tolist())))


def _learned(engine: Engine) -> str:
    """Return what the model's forecast of one part of the company was learned from."""
    past = engine.past
    wins, days = len(past.won), past.as_of - past.seen_from + 1
    if not engine.is_learnable:
        return (
            f"Too little history to learn from ({wins} wins in {days} days): measured rates of "
            "stages stand in"
        )
    parts = [f"Competing risks learned from {wins} wins in {days} days"]
    if past.seen_from > past.first_day:
        parts.append(f"nothing is told of what ended before {date_of(past.seen_from)}")
    if wins < FEW_WINS:
        parts.append("few: effects are held near the average and the range is wide")
    change = engine.leaning.change
    if change:
        parts.append(
            f"the odds of losing {'rose' if change > 0 else 'fell'} by "
            f"{abs(math.expm1(change)):.0%} within a year, which is taken to go on ever more slowly"
        )
    for aging, what in ((engine.won_aging, "winning"), (engine.gone_aging, "losing")):
        change = drift_of(aging)
        if change:
            parts.append(
                f"the pace of {what} {'rose' if change > 0 else 'fell'} by "
                f"{abs(math.expm1(change)):.0%} within a year"
                + ("" if engine.leaning.change else ": older deals count far less")
            )
    if engine.weight_of_paths:
        parts.append(
            "no drift and no season beyond chance: the total is drawn towards that of measured "
            f"rates of stages ({engine.weight_of_paths:.0%})"
        )
    return ", ".join(parts)
