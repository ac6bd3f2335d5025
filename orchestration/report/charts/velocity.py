"""How long visits to each stage last, and sales velocity by month."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
from markupsafe import Markup

from orchestration.report.charts import drawing as d
from orchestration.report.marts import Row
from orchestration.report.sections.velocity import Durations
from orchestration.report.wording import Language


def durations_chart(durations: Durations, language: Language, label: str) -> Markup:
    """Draw for each stage the median and the ninth decile of finished visits, in days."""
    rows = [
        {
            "row": number,
            "median": stage["median_days"],
            "p90": stage["p90_days"],
            "colour": d.RED if stage["is_bottleneck"] else d.BLUE,
        }
        for number, stage in enumerate(durations.stages)
        if stage["median_days"] is not None
    ]
    names = [stage["stage"] for stage in durations.stages]
    longest = max((row["p90"] for row in rows), default=1.0) or 1.0
    ticks = d.round_steps(0, longest)
    axis = alt.Axis(
        values=ticks,
        labelExpr=d.worded({f"{tick:.12g}": language.number(tick) for tick in ticks}),
        grid=True,
    )
    base = alt.Chart(d.data(rows)).encode(
        y=alt.Y(
            "row:O",
            axis=d.rows_axis(names),
            scale=alt.Scale(domain=list(range(len(names))), paddingInner=0.36),
        ),
        color=d.COLOUR,
    )
    scale = alt.Scale(domain=[0, longest * 1.03], nice=False)
    spans = base.mark_bar(height=5, opacity=0.3, cornerRadiusEnd=2).encode(
        x=alt.X("median:Q", axis=axis, scale=scale), x2="p90:Q"
    )
    dots = base.mark_point(filled=True, size=52, opacity=1).encode(x="median:Q")
    chart = alt.layer(spans, dots).properties(height=d.ROW * len(names))
    return d.draw(chart, label)


def sales_velocity_chart(months: Sequence[Row], language: Language, label: str) -> Markup:
    """Draw the amount that the pipeline yields a day, month by month."""
    rows = [
        {"month": number, "value": row["velocity_per_day"]} for number, row in enumerate(months)
    ]
    most = max(row["value"] for row in rows) or 1.0
    every = max(len(months) // 6, 1)
    named = {
        number: language.month(row["month_start"], short=len(months) <= 12)
        for number, row in enumerate(months)
        if (len(months) - 1 - number) % every == 0
    }
    base = alt.Chart(d.data(rows)).encode(
        x=alt.X(
            "month:Q",
            axis=alt.Axis(
                values=list(named), labelExpr=d.worded(named), grid=False, labelOverlap=True
            ),
            scale=alt.Scale(domain=[0, max(len(months) - 1, 1)], nice=False, padding=6),
        ),
        y=alt.Y("value:Q", **d.money_from_zero(most, language)),
    )
    line = base.mark_line(color=d.BLUE, strokeWidth=2)
    last = base.transform_filter(f"datum.month == {len(rows) - 1}").mark_point(
        filled=True, size=52, color=d.BLUE, opacity=1
    )
    return d.draw(alt.layer(line, last).properties(height=170), label)
