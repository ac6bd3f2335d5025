"""The forecast of single deals: chance, time, amount, and the main reasons in words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from orchestration.forecast.chances import Chances
from orchestration.forecast.engine import Engine
from orchestration.forecast.hazards import Factor
from orchestration.forecast.history import NEVER, dates_of
from orchestration.forecast.landmarks import Rows
from orchestration.forecast.past import Floats
from orchestration.forecast.stage_paths import LONGEST_PATH
from orchestration.forecast.windows import LEADS

GRID = np.unique(np.r_[np.arange(0, 184, 7), LEADS, np.arange(184, LONGEST_PATH, 30), LONGEST_PATH])
DRAWS = 16
# Deals whose days ahead are laid out at once.
AT_ONCE = 10_000
MOST_REASONS = 3
# Smaller effects, on the log scale of winning against ending otherwise, are no reason.
LEAST_EFFECT = 0.08
COLUMNS = [
    "deal_key", "win_probability", "expected_close_p50", "expected_amount_reporting", "reasons",
    *(f"win_probability_{days}d" for days in LEADS),
]  # fmt: skip


def deal_rows(engine: Engine) -> pd.DataFrame:
    """Return a row an open deal, by key.

    ``win_probability`` within two years; ``expected_close_p50``: the day by which half of such
    deals that are won are won; ``expected_amount_reporting``: chance times what it brings if won.
    """
    past, rows = engine.past, engine.open_rows
    names = [str(name) for name in past.deal_names[past.states.deal[rows]]]
    chance, reasons = np.zeros((len(GRID), len(rows))), np.full(len(rows), "", dtype=object)
    for part in engine.parts:
        if not len(part.open):
            continue
        if part.engine.is_learnable:
            own = part.engine
            looked = Rows(own.open_rows, np.full(len(own.open_rows), past.as_of))
            drawn = _drawn(own, looked)
            drawn = own.stepped(drawn, GRID, own.model_outlook.expected_values())
            chance[:, part.open] = drawn.mean(axis=0, dtype=np.float64)
            reasons[part.open] = _reasons(own.chances, looked)
        else:
            chance[:, part.open] = _measured(part.engine)
            reasons[part.open] = "too little history to tell deals apart"
    frame = _frame(engine, names, chance)
    frame["reasons"] = reasons
    return frame[COLUMNS]


def _drawn(engine: Engine, looked: Rows) -> npt.NDArray[np.float32]:
    """Return the chances, (draws, days, deals); all deals see the same draws of the parameters."""
    parts = [
        engine.chances.cumulative(
            engine.random("deals"), Rows(looked.state[part], looked.day[part]), GRID, DRAWS
        )
        for part in np.split(np.arange(len(looked.day)), range(AT_ONCE, len(looked.day), AT_ONCE))
    ]
    return np.concatenate(parts, axis=2)


def _measured(engine: Engine) -> Floats:
    """Return the chances where nothing can be learned: by the stages' measured paths."""
    last = engine.historical.chances[0].astype(np.float64)
    edges = engine.segments.edges
    return np.stack([np.interp(GRID, edges, column) for column in last.T], axis=1)


def _frame(engine: Engine, names: list[str], chance: Floats) -> pd.DataFrame:
    final = chance[-1]
    half = (chance >= 0.5 * final[None, :]).argmax(axis=0)
    closes = np.where(final > 0, engine.past.as_of + GRID[half], NEVER)
    value = engine.expected_values()
    frame = pd.DataFrame(
        {
            "deal_key": names,
            "win_probability": np.round(final, 6),
            "expected_close_p50": dates_of(closes),
            "expected_amount_reporting": np.round(final * value, 2),
        }
    )
    for days in LEADS:
        at = int(np.searchsorted(GRID, days))
        frame[f"win_probability_{days}d"] = np.round(chance[at], 6)
    return frame


def _reasons(chances: Chances, rows: Rows) -> list[str]:
    """Return for each deal what sets it apart from the other open deals, strongest first."""
    factors = chances.lens.deal_factors(rows)
    effects = np.stack([_effect(chances, factor) for factor in factors], axis=1)
    order = np.argsort(-np.abs(effects), axis=1, kind="stable")[:, :MOST_REASONS]
    phrases = [_phrases(chances, factor, rows) for factor in factors]
    texts = []
    for row, chosen in enumerate(order):
        said = [
            f"{phrases[at][row]}: {'raises' if effects[row, at] > 0 else 'lowers'} the chance"
            for at in chosen
            if abs(effects[row, at]) >= LEAST_EFFECT
        ]
        texts.append("; ".join(said) if said else "like most open deals")
    return texts


def _effect(chances: Chances, factor: Factor) -> Floats:
    total = np.zeros(len(factor.levels))
    for model, sign in ((chances.won, 1.0), (chances.gone, -1.0)):
        start = model.starts[factor.name]
        total += sign * model.effects[start : start + factor.size][factor.levels]
    return np.asarray(total - total.mean())


def _phrases(chances: Chances, factor: Factor, rows: Rows) -> list[str]:
    """Return the deal's own value of a factor in words."""
    past = chances.lens.past
    states, at = past.states, rows.state
    if factor.name == "stage":
        return [f"in stage {states.stage.names[code]}" for code in states.stage.codes[at]]
    if factor.name == "place":
        there = "at stage {:.0f} of its pipeline"
        return _worded(states.position[at], there, "stage without a place")
    if factor.name == "stage_age":
        return [f"{days} days in its stage" for days in rows.day - states.entered[at]]
    if factor.name == "age":
        return [f"{days} days old" for days in rows.day - states.created[at]]
    if factor.name == "quarter_place":
        return ["its place in the quarter"] * len(at)
    if factor.name == "pushes":
        return [f"close date pushed {count} times" for count in states.pushes[at]]
    if factor.name == "backward":
        return [f"moved back {count} times" for count in states.backward[at]]
    if factor.name == "amount":
        return _worded(states.amount[at], "amount {:,.0f}", "no amount")
    if factor.name == "opinion":
        own = "rep's own estimate {:.0f} %"
        return _worded(100 * states.crm[at], own, "no estimate by its rep")
    if factor.name == "owner":
        # Keys of owners can be people's names.
        return ["its owner's record"] * len(at)
    coded = states.dimensions[factor.name]
    word = factor.name.replace("_", " ")
    return [f"{word} {coded.names[code]}" for code in coded.codes[at]]


def _worded(values: Floats, known: str, unknown: str) -> list[str]:
    """Return each value in the words for what is known, ``{}`` standing for it, or the others."""
    return [known.format(value) if np.isfinite(value) else unknown for value in values]
