"""A waterfall: from a period's opening to its closing, one bucket after the other."""

from __future__ import annotations

import altair as alt
from markupsafe import Markup

from orchestration.report.charts import drawing as d
from orchestration.report.sections.waterfall import Waterfall
from orchestration.report.wording import Language

_ENDS = {"opening", "closing"}
# Left of the bars the names, right of them the amounts.
_NAMES, _AMOUNTS = 82, 78


def waterfall_chart(waterfall: Waterfall, language: Language, label: str) -> Markup:
    """Draw the buckets of a period from top to bottom, in the reporting currency.

    Opening and closing are marks and no bars, so the axis may begin above zero without making
    anything look larger than it is.
    """
    rows: list[dict[str, object]] = []
    level = float(waterfall.opening)
    levels = [level]

    def add(bucket: str, start: float, end: float, text: str) -> None:
        if bucket in _ENDS:
            colour = d.INK
        elif start == end:
            colour = d.MUTED
        elif bucket == "won":
            # It leaves the pipeline too, but is no loss.
            colour = d.BLUE
        else:
            colour = d.GREEN if end > start else d.RED
        rows.append(
            {"row": len(rows), "next": len(rows) + 1, "start": start, "end": end, "text": text,
             "colour": colour}
        )  # fmt: skip

    add("opening", level, level, language.short_money(waterfall.opening, 2))
    for movement in waterfall.movements:
        following = level + float(movement.amount)
        add(movement.bucket, level, following, language.signed_money(movement.amount))
        level = following
        levels.append(level)
    closing = float(waterfall.closing)
    add("closing", closing, closing, language.short_money(waterfall.closing, 2))
    names = [
        language.name("bucket", bucket)
        for bucket in ("opening", *(one.bucket for one in waterfall.movements), "closing")
    ]

    low, high = min(*levels, closing), max(*levels, closing)
    margin = (high - low) * 0.04 or 1.0
    room = (high - low + 2 * margin) * _AMOUNTS / (d.WIDTH - _NAMES - _AMOUNTS)
    scale = alt.Scale(domain=[low - margin, high + margin + room], nice=False, zero=False)
    ticks = d.round_steps(low, high, 3)
    axis = alt.Axis(
        values=ticks,
        labelExpr=d.worded({f"{tick:.12g}": language.short_money(tick, 2) for tick in ticks}),
        labelOverlap=True,
    )
    base = alt.Chart(d.data(rows))
    place = alt.Y("row:O", axis=d.rows_axis(names, _NAMES), scale=alt.Scale(paddingInner=0.36))
    across = alt.X("start:Q", axis=axis, scale=scale)
    links = (
        base.transform_filter(f"datum.row < {len(rows) - 1}")
        .mark_rule(color=d.FAINT, strokeWidth=1)
        .encode(x=alt.X("end:Q", axis=axis, scale=scale), y=place, y2="next:O")
    )
    bars = (
        base.transform_filter(f"datum.row > 0 && datum.row < {len(rows) - 1}")
        .mark_bar(cornerRadius=1)
        .encode(x=across, x2="end:Q", y=place, color=d.COLOUR)
    )
    ends = (
        base.transform_filter(f"datum.row == 0 || datum.row == {len(rows) - 1}")
        .mark_tick(thickness=4, size=17)
        .encode(x=across, y=place, color=d.COLOUR)
    )
    texts = base.mark_text(align="right", x=d.WIDTH - _NAMES - 4).encode(
        y=place, text="text:N", color=d.COLOUR
    )
    return d.draw(alt.layer(links, bars, ends, texts).properties(height=d.ROW * len(rows)), label)
