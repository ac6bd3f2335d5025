"""What a method says of one dimension: expected amounts and draws, by value and window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from orchestration.forecast.history import Flags, Ints
from orchestration.forecast.past import Floats

METHODS = ("configured", "historical", "model", "naive")
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class Totals:
    """One method's forecast for one dimension: arrays (values, windows), quantiles beside them.

    ``draws`` (draws, values, windows) are totals with what is won already, null where the method
    says nothing of a window; ``untold`` (values,): of these no range can be told.
    """

    method: str
    dimension: str
    names: Sequence[str]
    won_to_date: Floats
    from_open: Floats
    from_new: Floats
    draws: Floats
    untold: Flags

    @property
    def windows(self) -> Ints:
        """Return the numbers of the windows that the method speaks of."""
        return np.flatnonzero(~np.isnan(self.from_new).any(axis=0))

    @cached_property
    def quantiles(self) -> Floats:
        """Return the quantiles, (5, values, windows), null where none can be told."""
        quantiles = np.quantile(self.draws, QUANTILES, axis=0)
        quantiles[:, self.untold] = np.nan
        return quantiles

    def reached(self, window: int, goals: Floats) -> Floats:
        """Return each value's chance to reach its goal in a window, null where there is none."""
        chance = (self.draws[:, :, window] >= goals[None]).mean(axis=0)
        return np.where(np.isfinite(goals) & ~self.untold, chance, np.nan)
