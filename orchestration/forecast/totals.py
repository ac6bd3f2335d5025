"""What a method says of one dimension: expected amounts and draws, by value and window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from orchestration.forecast.past import Floats

METHODS = ("configured", "historical", "model", "naive")
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class Totals:
    """One method's forecast for one dimension: arrays (values, windows), quantiles beside them.

    ``draws`` (draws, values, windows) are totals with what is won already.
    """

    method: str
    dimension: str
    names: Sequence[str]
    won_to_date: Floats
    from_open: Floats
    from_new: Floats
    draws: Floats

    @cached_property
    def quantiles(self) -> Floats:
        """Return the quantiles, (5, values, windows)."""
        return np.quantile(self.draws, QUANTILES, axis=0)
