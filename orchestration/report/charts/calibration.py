"""Calibration: what was predicted against what came, one dot a bin."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
from markupsafe import Markup

from orchestration.report.charts import drawing as d
from orchestration.report.marts import Row
from orchestration.report.wording import Language

COLOURS = {"crm": d.BLUE, "configured": d.AMBER, "model": d.GREEN}


def calibration_chart(rows: Sequence[Row], language: Language, label: str) -> Markup:
    """Draw predicted and actual win rates; dots on the line were judged right."""
    ticks = [0, 0.25, 0.5, 0.75, 1]
    axis = alt.Axis(
        values=ticks,
        labelExpr=d.worded({f"{tick:g}": language.percent(tick, 0) for tick in ticks}),
    )
    quiet = alt.Axis(
        values=ticks,
        labelExpr=d.worded({f"{tick:g}": language.percent(tick, 0) for tick in ticks}),
        labelColor=d.MUTED,
        labelFontSize=11.5,
        minExtent=40,
        maxExtent=40,
    )
    scale = alt.Scale(domain=[0, 1], nice=False)
    line = (
        alt.Chart(d.data([{"at": 0}, {"at": 1}]))
        .mark_line(color=d.FAINT, strokeDash=[4, 3])
        .encode(x=alt.X("at:Q", axis=axis, scale=scale), y=alt.Y("at:Q", axis=quiet, scale=scale))
    )
    values = [
        {
            "source": row["probability_source"],
            "predicted": row["mean_predicted_rate"],
            "actual": row["actual_win_rate"],
            "deals": row["deals"],
            "colour": COLOURS.get(row["probability_source"], d.MUTED),
        }
        for row in rows
    ]
    base = alt.Chart(d.data(values)).encode(
        x="predicted:Q",
        y="actual:Q",
        color=d.COLOUR,
        detail="source:N",
    )
    paths = base.mark_line(strokeWidth=1.2, opacity=0.6)
    dots = base.mark_circle(opacity=0.9).encode(
        size=alt.Size("deals:Q", legend=None, scale=alt.Scale(range=[30, 260]))
    )
    return d.draw(alt.layer(line, paths, dots).properties(height=220), label)
