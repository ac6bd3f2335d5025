"""What was done, said plainly: which method, from how much history, and what was noticed."""

from __future__ import annotations

import math

from orchestration.forecast.chances import drift_of
from orchestration.forecast.engine import Engine
from orchestration.forecast.history import date_of
from orchestration.forecast.phrases import phrase

FEW_WINS = 100


def statement(engine: Engine, method: str) -> str:
    """Return one plain sentence on how a method's numbers came about."""
    past = engine.past
    days = past.as_of - past.seen_from + 1
    if method == "configured":
        return phrase("configured") + "."
    if method == "naive":
        said = phrase("year_before") if days >= 365 + 31 else phrase("last_period", days=days)
        return said + "."
    if method == "historical":
        return phrase("historical") + "."
    parts = [_learned(part.engine) for part in engine.parts]
    if len(parts) == 1:
        return parts[0] + "."
    return "; ".join(
        f"{_sources(part.engine)}: {text[0].lower()}{text[1:]}"
        for part, text in zip(engine.parts, parts, strict=True)
    ) + "."  # fmt: skip


def _sources(engine: Engine) -> str:
    source = engine.past.spells.dimensions["source_name"]
    return " and ".join(str(source.names[code]) for code in sorted(set(source.codes.tolist())))


def _learned(engine: Engine) -> str:
    """Return what the model's forecast of one part of the company was learned from."""
    past = engine.past
    wins, days = len(past.won), past.as_of - past.seen_from + 1
    if not wins:
        return phrase("nothing_won", days=days)
    if not engine.is_learnable:
        return phrase("too_little", wins=wins, days=days)
    parts = [phrase("learned", wins=wins, days=days)]
    if past.seen_from > past.first_day:
        parts.append(phrase("begins", day=date_of(past.seen_from)))
    if wins < FEW_WINS:
        parts.append(phrase("few"))
    change = engine.leaning.change
    if change:
        parts.append(_moved("odds", change))
    for aging, what in ((engine.won_aging, "winning"), (engine.gone_aging, "losing")):
        change = drift_of(aging)
        if change:
            parts.append(_moved(what, change))
            if not engine.leaning.change:
                parts.append(phrase("older"))
    if engine.weight_of_paths:
        parts.append(phrase("stepped_back", share=engine.weight_of_paths))
    return ", ".join(parts)


def _moved(what: str, change: float) -> str:
    direction = "rose" if change > 0 else "fell"
    return phrase(f"{what}_{direction}", share=abs(math.expm1(change)))
