"""Attainment: what is won as a share of each running target."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
from markupsafe import Markup

from orchestration.report.charts import drawing as d
from orchestration.report.marts import Row
from orchestration.report.wording import Language

# A bar ends here, the figure beside it doesn't: one outlier must not flatten all others.
LONGEST = 1.5

_NAMES = 154


def attainment_chart(
    rows: Sequence[Row], names: Sequence[str], language: Language, label: str
) -> Markup:
    """Draw a bar for each target, against the line of 100 %."""
    values = [
        {
            "row": number,
            "share": max(min(row["attainment_rate"] or 0.0, LONGEST), 0.0),
            "whole": 1,
            "text": language.percent(row["attainment_rate"], 0),
            "colour": d.BLUE if row["dimension"] == "team" else d.INK,
        }
        for number, row in enumerate(rows)
    ]
    base = alt.Chart(d.data(values))
    place = alt.Y("row:O", axis=d.rows_axis(names, _NAMES), scale=alt.Scale(paddingInner=0.36))
    scale = alt.Scale(domain=[0, LONGEST * 1.25], nice=False)
    ticks = [0, 0.5, 1]
    axis = alt.Axis(
        values=ticks,
        labelExpr=d.worded({f"{tick:g}": language.percent(tick, 0) for tick in ticks}),
        grid=False,
    )
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        x=alt.X("share:Q", axis=axis, stack=None, scale=scale),
        y=place,
        color=d.COLOUR,
    )
    line = base.mark_tick(thickness=2, size=22, color=d.AMBER).encode(x="whole:Q", y=place)
    texts = base.mark_text(align="right", x=d.WIDTH - _NAMES - 6).encode(y=place, text="text:N")
    chart = alt.layer(bars, line, texts).properties(height=d.ROW * len(values))
    return d.draw(chart, label)
