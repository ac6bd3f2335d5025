"""A funnel: how many passed each stage, and beside it how sure the way between two is."""

from __future__ import annotations

import altair as alt
from markupsafe import Markup

from orchestration.report.charts import drawing as d
from orchestration.report.sections.funnel import Funnel
from orchestration.report.wording import Language


def passed_chart(funnel: Funnel, names: list[str], language: Language, label: str) -> Markup:
    """Draw how many records passed each stage; ``names`` are the stages and the end."""
    counts = [step.entered for step in funnel.steps] + [funnel.steps[-1].reached]
    most = max(counts) or 1
    rows = [
        {
            "row": row,
            "count": count,
            "text": language.number(count),
            "colour": d.GREEN if row == len(counts) - 1 else d.BLUE,
        }
        for row, count in enumerate(counts)
    ]
    base = alt.Chart(d.data(rows)).encode(
        y=alt.Y("row:O", axis=d.rows_axis(names), scale=alt.Scale(paddingInner=0.34))
    )
    across = alt.X(
        "count:Q", axis=None, stack=None, scale=alt.Scale(domain=[0, most * 1.22], nice=False)
    )
    bars = base.mark_bar(cornerRadiusEnd=2).encode(x=across, color=d.COLOUR)
    texts = base.mark_text(align="left", dx=5).encode(x=across, text="text:N")
    chart = alt.layer(bars, texts).properties(height=d.ROW * len(counts))
    return d.draw(chart, label)


def rates_chart(funnel: Funnel, names: list[str], language: Language, label: str) -> Markup:
    """Draw the chance to get from each stage to the next with its 95 % interval.

    ``names`` are the stages after the first and the end. The axis lies on top, as high as a row,
    so that a row lies beside that of the stage that it leads to.
    """
    weakest = funnel.weakest
    rows = [
        {
            "row": row,
            "rate": step.rate,
            "low": step.low,
            "high": step.high,
            "text": language.percent(step.rate),
            "colour": d.RED if step is weakest else d.BLUE,
        }
        for row, step in enumerate(funnel.steps)
        if step.rate is not None
    ]
    base = alt.Chart(d.data(rows)).encode(
        y=alt.Y(
            "row:O",
            axis=d.rows_axis(names),
            scale=alt.Scale(domain=list(range(len(funnel.steps))), paddingInner=0.34),
        ),
        color=d.COLOUR,
    )
    ticks = [0, 0.25, 0.5, 0.75, 1]
    axis = alt.Axis(
        orient="top",
        values=ticks,
        labelExpr=d.worded({f"{tick:g}": language.percent(tick, 0) for tick in ticks}),
        grid=True,
        minExtent=d.ROW,
        maxExtent=d.ROW,
        labelFlush=False,
    )
    # Room on the right for the figures.
    scale = alt.Scale(domain=[0, 1.32], nice=False)
    spans = base.mark_rule(strokeWidth=7, opacity=0.28, strokeCap="round").encode(
        x=alt.X("low:Q", axis=axis, scale=scale), x2="high:Q"
    )
    dots = base.mark_point(filled=True, size=46, opacity=1).encode(x="rate:Q")
    texts = (
        alt.Chart(d.data(rows))
        .mark_text(align="right", x=d.WIDTH - 128)
        .encode(y="row:O", text="text:N", color=d.COLOUR)
    )
    chart = alt.layer(spans, dots, texts).properties(height=d.ROW * len(funnel.steps))
    return d.draw(chart, label)
