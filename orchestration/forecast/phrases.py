"""The phrases that statements of a forecast are made of, each with its blanks.

Whoever shows a statement in other words, or in another language, knows it again by them.
"""

from __future__ import annotations

from collections.abc import Mapping

PHRASES: Mapping[str, str] = {
    "configured": (
        "Count times amount times the configured win rate of the stage, on expected dates"
    ),
    "historical": "Rates and times of stages as measured up to this day",
    "year_before": "What the same days of the same period a year before brought",
    "last_period": "The last period: history of {days} days reaches no year back",
    "nothing_won": (
        "Too little history to learn from (nothing won in {days} days): nothing is expected, and "
        "no range can be told"
    ),
    "too_little": (
        "Too little history to learn from ({wins} wins in {days} days): measured rates of stages "
        "stand in"
    ),
    "learned": "Competing risks learned from {wins} wins in {days} days",
    "begins": "nothing is told of what ended before {day}",
    "few": "few: effects are held near the average and the range is wide",
    "odds_rose": (
        "the odds of losing rose by {share} within a year, which is taken to go on ever more slowly"
    ),
    "odds_fell": (
        "the odds of losing fell by {share} within a year, which is taken to go on ever more slowly"
    ),
    "winning_rose": "the pace of winning rose by {share} within a year",
    "winning_fell": "the pace of winning fell by {share} within a year",
    "losing_rose": "the pace of losing rose by {share} within a year",
    "losing_fell": "the pace of losing fell by {share} within a year",
    "older": "older deals count far less",
    "stepped_back": (
        "no drift and no season beyond chance: the total is drawn towards that of measured rates "
        "of stages ({share})"
    ),
}


def phrase(key: str, **values: object) -> str:
    """Return a phrase with its blanks filled; ``share`` (a fraction) as a percentage."""
    told = {name: f"{v:.0%}" if isinstance(v, float) else v for name, v in values.items()}
    return PHRASES[key].format(**told)
