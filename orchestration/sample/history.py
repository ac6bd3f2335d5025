"""The rows of a stage history as plain arrays, for leads and deals alike.

Who draws them is the business of ``lead_journeys`` and ``deal_journeys``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.integer]
Floats = NDArray[np.floating]
Flags = NDArray[np.bool_]

# Stands for an empty amount, date, probability, source, reason or reference: none of them is
# negative here.
NONE = -1


@dataclass(frozen=True)
class History:
    """Rows of a stage history; equal lengths. For one entity the rows are in order of time."""

    entity: Ints  # number of the lead or deal
    at: Ints  # local seconds
    pipeline: Ints  # code of the stage list
    position: Ints  # of the stage in its list
    amount: Ints  # cents
    expected: Ints  # day number
    probability: Ints  # 0-100

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.entity)

    @classmethod
    def bare(cls, entity: Ints, at: Ints, pipeline: int, position: Ints) -> History:
        """Return rows that know nothing but the stage."""
        none = np.full(len(entity), NONE, dtype=np.int64)
        code = np.full(len(entity), pipeline, dtype=np.int8)
        return cls(entity, at, code, position, none, none, none)

    @classmethod
    def joined(cls, parts: Sequence[History]) -> History:
        """Return the rows of all parts, one after the other."""
        return cls(
            *(np.concatenate([getattr(p, field.name) for p in parts]) for field in fields(cls))
        )

    def taken(self, rows: Ints | Flags) -> History:
        """Return the rows at these places, or where the mask holds."""
        return History(*(getattr(self, field.name)[rows] for field in fields(self)))

    def in_order(self) -> History:
        """Return the rows by time; rows of one instant keep their order."""
        return self.taken(np.argsort(self.at, kind="stable"))

    def last_rows(self, entities: int) -> Ints:
        """Return the place of the last row of each entity 0..entities-1 of an ordered history."""
        last = np.full(entities, NONE, dtype=np.int64)
        last[self.entity] = np.arange(len(self))  # of repeated places the last assignment stays
        return last
