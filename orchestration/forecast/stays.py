"""Stays of deals in a stage, of a known past: where each begins, when and how it ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.forecast.history import Flags, Ints
from orchestration.forecast.past import Past


@dataclass(frozen=True)
class Stays:
    """Stays in a stage, one element each: the states that begin and follow them.

    ``until`` is the day of their end, or ``as_of``; ``goes_on`` whether another stay follows in the
    deal's being open, ``inside`` whether in the same pipeline.
    """

    begin: Ints
    after: Ints
    until: Ints
    goes_on: Flags
    inside: Flags


def stays_of(past: Past) -> Stays:
    """Return all stays in a stage, by deal and day."""
    states, spells = past.states, past.spells
    pipeline = states.dimensions["pipeline"].codes
    count = len(states.start)
    changed = (
        (states.spell[1:] != states.spell[:-1]) | (pipeline[1:] != pipeline[:-1])
        | (states.stage.codes[1:] != states.stage.codes[:-1])
        | (states.entered[1:] != states.entered[:-1])
    )  # fmt: skip
    begin = np.flatnonzero(np.r_[np.ones(min(count, 1), dtype=bool), changed])
    follows = np.r_[begin[1:], np.full(min(count, 1), count)]
    after = np.minimum(follows, count - 1)
    goes_on = (follows < count) & (states.spell[after] == states.spell[begin])
    inside = goes_on & (pipeline[after] == pipeline[begin])
    end = spells.end[states.spell[begin]]
    until = np.where(goes_on, states.start[after], np.minimum(end, past.as_of))
    return Stays(begin, after, until, goes_on, inside)
