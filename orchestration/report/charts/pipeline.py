"""An open pipeline over the last year: areas of its stages, one upon the other."""

from __future__ import annotations

import altair as alt
from markupsafe import Markup

from orchestration.report.charts import drawing as d
from orchestration.report.sections.pipeline import PipelineOverTime
from orchestration.report.wording import Language

HEIGHT = 210


def pipeline_chart(pipeline: PipelineOverTime, language: Language, label: str) -> Markup:
    """Draw a pipeline by stage, in the reporting currency or, without any amount, in deals."""
    place = {stage.stage: stage.position for stage in pipeline.stages}
    days = sorted({point.day for point in pipeline.history})
    colours = d.stage_colours(len(pipeline.stages))
    rows = [
        {
            "day": days.index(point.day),
            "stage": place[point.stage],
            "value": point.value,
            "colour": colours[place[point.stage]],
        }
        for point in pipeline.history
    ]
    total = max(sum(one.value for one in pipeline.history if one.day == day) for day in days)
    shown = language.short_money if pipeline.has_amounts else language.short
    # The first week of every third month; a label for each week would not fit.
    months = {
        number: language.month(day, short=True)
        for number, day in enumerate(days)
        if day.day <= 7 and day.month % 3 == days[-1].month % 3
    }
    axis = alt.Axis(values=list(months), labelExpr=d.worded(months), grid=False)
    chart = (
        alt.Chart(d.data(rows))
        .mark_area(interpolate="monotone", stroke="white", strokeWidth=0.6)
        .encode(
            x=alt.X("day:Q", axis=axis, scale=alt.Scale(domain=[0, len(days) - 1], nice=False)),
            y=alt.Y(
                "value:Q",
                # The last stage lies at the bottom: what is nearest to won has the steady base.
                stack="zero",
                axis=d.upright_axis(d.round_steps(0, total), shown),
            ),
            order=alt.Order("stage:Q", sort="descending"),
            color=d.COLOUR,
            detail="stage:O",
        )
        .properties(height=HEIGHT)
    )
    return d.draw(chart, label)
