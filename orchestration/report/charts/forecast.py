"""The forecast's record: months within their ranges, and 30 days ahead against what came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import altair as alt
from markupsafe import Markup

from orchestration.report.charts import drawing as d
from orchestration.report.marts import Row
from orchestration.report.wording import Language

COLOURS = {"model": d.GREEN, "historical": d.BLUE, "naive": d.MUTED, "configured": d.AMBER}

HEIGHT = 210
_WIDEST = "#dcebe4"
_MIDDLE = "#b3d4c4"


def fan_chart(months: Sequence[Row], language: Language, label: str) -> Markup:
    """Draw the range that was told for each month, the months to come too, and what came."""
    rows = [{**row, "month": number, "period_start": None} for number, row in enumerate(months)]
    most = max(float(row[name]) for row in months for name in ("p90", "actual") if row[name])
    base = alt.Chart(d.data(rows)).encode(
        x=alt.X(
            "month:Q",
            axis=_months_axis([row["period_start"] for row in months], language),
            scale=alt.Scale(domain=[-0.5, len(rows) - 0.5], nice=False),
        )
    )
    amounts = d.money_from_zero(most, language)
    outer = base.mark_bar(width=15, color=_WIDEST, cornerRadius=2).encode(
        y=alt.Y("p10:Q", **amounts), y2="p90:Q"
    )
    inner = base.mark_bar(width=15, color=_MIDDLE).encode(y=alt.Y("p25:Q", **amounts), y2="p75:Q")
    middle = base.mark_tick(orient="horizontal", width=15, thickness=1.5, color=d.GREEN).encode(
        y=alt.Y("p50:Q", **amounts)
    )
    over = base.transform_filter("datum.actual !== null")
    line = over.mark_line(color=d.INK, strokeWidth=1, opacity=0.45).encode(y="actual:Q")
    dots = over.mark_point(filled=True, size=46, color=d.INK, opacity=1).encode(y="actual:Q")
    return d.draw(alt.layer(outer, inner, middle, line, dots).properties(height=HEIGHT), label)


def origins_chart(origins: Sequence[Row], language: Language, label: str) -> Markup:
    """Draw what each method forecast for the next 30 days, day by day, against what came."""
    days = sorted({row["as_of"] for row in origins})
    first = days[0]
    actuals = {row["as_of"]: row["actual"] for row in origins}
    values = [
        {
            "day": (row["as_of"] - first).days,
            "value": max(row["forecast"], 0),
            "method": row["method"],
            "colour": COLOURS.get(row["method"], d.MUTED),
            "is_model": row["method"] == "model",
        }
        for row in origins
    ] + [
        {
            "day": (day - first).days, "value": actuals[day], "method": "actual",
            "colour": d.INK, "is_model": True,
        }
        for day in days
    ]  # fmt: skip
    most = max(float(row["value"]) for row in values)
    last = max((days[-1] - first).days, 1)
    starts = [
        date(year, month, 1)
        for year in range(first.year, days[-1].year + 1)
        for month in range(1, 13)
        if first <= date(year, month, 1) <= days[-1]
    ]
    every = max(-(-len(starts) // 6), 1)
    named = {(day - first).days: language.month(day, short=True) for day in starts[::-1][::every]}
    base = alt.Chart(d.data(values)).encode(
        x=alt.X(
            "day:Q",
            axis=alt.Axis(values=sorted(named), labelExpr=d.worded(named), grid=False),
            scale=alt.Scale(domain=[0, last], nice=False, padding=6),
        ),
        y=alt.Y("value:Q", **d.money_from_zero(most, language)),
        color=d.COLOUR,
        detail="method:N",
    )
    others = base.transform_filter("!datum.is_model").mark_line(strokeWidth=1.1, opacity=0.75)
    main = base.transform_filter("datum.is_model").mark_line(strokeWidth=2.2)
    return d.draw(alt.layer(others, main).properties(height=HEIGHT), label)


def _months_axis(months: Sequence[date], language: Language) -> alt.Axis:
    every = 1 if len(months) <= 6 else 3
    named = {
        number: language.month(month, short=True)
        for number, month in enumerate(months)
        if (len(months) - 1 - number) % every == 0
    }
    return alt.Axis(values=list(named), labelExpr=d.worded(named), grid=False)
