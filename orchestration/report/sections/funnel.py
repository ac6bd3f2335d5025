"""Funnels: how many passed each stage, and the chance to get from one to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.report.marts import Marts

# More would not be read; which ones are left out is said.
SHOWN = 6
# Below this many deals a step is no candidate for the weakest one.
ENOUGH = 20


@dataclass(frozen=True)
class Step:
    """One step of a funnel: counts, and the rate that is shown with its 95 % interval."""

    from_stage: str
    to_stage: str
    entered: int
    reached: int
    lost: int
    still_open: int
    removed: int
    rate: float | None
    low: float | None
    high: float | None
    median_days: float | None


@dataclass(frozen=True)
class Funnel:
    """One pipeline's steps in order, and its way to won as a whole."""

    entity_type: str
    pipeline: str
    steps: Sequence[Step]
    to_won: Step

    @property
    def weakest(self) -> Step | None:
        """The step that the smallest share gets through; null where none has enough records."""
        rated = [step for step in self.steps if step.rate is not None and step.entered >= ENOUGH]
        return min(rated, key=lambda step: step.rate or 0.0, default=None)


@dataclass(frozen=True)
class Funnels:
    """The funnels of all time; ``horizon_days`` is null where only observed rates are published."""

    funnels: Sequence[Funnel]
    left_out: int
    horizon_days: int | None


def read_funnels(marts: Marts) -> Funnels | None:
    """Return the funnels, leads first, then by the number of deals."""
    if not marts.has("mart_funnel_conversion"):
        return None
    eventual = marts.has("mart_funnel_conversion", "eventual_rate", "horizon_days", "median_days")
    rates = (
        "eventual_rate as rate, eventual_low as low, eventual_high as high, median_days, "
        "horizon_days"
        if eventual
        else "observed_rate as rate, observed_low as low, observed_high as high, "
        "null as median_days, null as horizon_days"
    )
    rows = marts.rows(
        f"""
        select
            entity_type, pipeline, from_stage, to_stage, entered, reached, lost, still_open,
            removed, {rates}
        from marts.mart_funnel_conversion
        where cohort_month is null and dimension = 'all'
        order by entity_type desc, pipeline, from_position, to_stage = 'won', to_stage
        """
    )
    horizons = [row.pop("horizon_days") for row in rows]
    found: dict[tuple[str, str], list[Step]] = {}
    for row in rows:
        key = (row.pop("entity_type"), row.pop("pipeline"))
        found.setdefault(key, []).append(Step(**row))
    funnels = [_funnel(*key, steps) for key, steps in found.items()]
    funnels.sort(key=lambda funnel: (funnel.entity_type == "deal", -funnel.to_won.entered))
    return Funnels(
        funnels[:SHOWN],
        max(len(funnels) - SHOWN, 0),
        max((days for days in horizons if days is not None), default=None),
    )


def _funnel(entity_type: str, pipeline: str, rows: Sequence[Step]) -> Funnel:
    """Return a funnel of its rows: from each stage to the next, and from each to won."""
    nexts: dict[str, Step] = {}
    for step in rows:
        # The last stage of a deal has one row, to won; every other stage's first is to the next.
        nexts.setdefault(step.from_stage, step)
    ways = [step for step in rows if step.to_stage == "won"]
    steps = list(nexts.values())
    return Funnel(entity_type, pipeline, steps, ways[0] if ways else steps[0])
