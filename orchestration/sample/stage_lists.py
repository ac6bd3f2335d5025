"""The stage lists of the generated company: two of deals, one of leads.

How often a stage is passed or lost in stands in ``calibration``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.sample import calibration as c
from orchestration.sample.history import Floats, Ints


@dataclass(frozen=True)
class StageList:
    """One pipeline: its open stages with their configured win rate (%), then won, then lost."""

    entity_type: str
    pipeline: str
    open_stages: tuple[tuple[str, float | None], ...]
    won: str
    lost: str

    @property
    def rows(self) -> list[tuple[str, int, str, float | None]]:
        """Return (stage, position from 1, category, win rate) of every stage."""
        rated = self.entity_type == "deal"
        opened = [
            (name, place, "open", rate) for place, (name, rate) in enumerate(self.open_stages, 1)
        ]
        count = len(opened)
        return [
            *opened,
            (self.won, count + 1, "won", 100.0 if rated else None),
            (self.lost, count + 2, "lost", 0.0 if rated else None),
        ]


STAGE_LISTS = (
    StageList(
        "deal",
        "new_business",
        (
            ("Prospecting", 10.0),
            ("Qualification", 20.0),
            ("Initial Contact", 30.0),
            ("Needs Assessment", 45.0),
            ("Proposal", 60.0),
            ("Negotiation", 75.0),
            ("Closing", 90.0),
        ),
        "Won",
        "Lost",
    ),
    StageList(
        "deal",
        "projects",
        (
            ("Potential", 0.0),
            ("Target", 10.0),
            ("Qualified", 25.0),
            ("Intent", 50.0),
            ("Contract", 90.0),
        ),
        "Signed",
        "Lost",
    ),
    StageList(
        "lead",
        "leads",
        (("New", None), ("Contacted", None), ("Qualified", None)),
        "Converted",
        "Disqualified",
    ),
)
LEAD_LIST = 2
# By code of the list: how many open stages it has. The next position is won, the one after lost.
OPEN_STAGES: Ints = np.array([len(stages.open_stages) for stages in STAGE_LISTS])
PIPELINE_NAMES = tuple(stages.pipeline for stages in STAGE_LISTS)
# All stages of all lists in one row: place = STAGE_OFFSETS[list] + position.
STAGE_NAMES = tuple(row[0] for stages in STAGE_LISTS for row in stages.rows)
STAGE_OFFSETS: Ints = np.concatenate([[0], np.cumsum(OPEN_STAGES + 2)[:-1]])


def true_win_chances() -> Floats:
    """Return the chance (0-1) to win on passing a stage, as lists x positions, rest NaN.

    Of the deals that pass a stage, the won ones are all there; of the lost ones those that are
    not lost earlier: ``w / (w + (1 - w) * share lost here or later)``.
    """
    chances = np.full((2, int(OPEN_STAGES[:2].max())), np.nan)
    for code, (rate, lost_at) in enumerate(zip(c.WIN_RATES, c.LOSS_SHARES, strict=True)):
        later = np.cumsum(lost_at[::-1])[::-1] / lost_at.sum()
        chances[code, : len(lost_at)] = rate / (rate + (1 - rate) * later)
    return chances
