"""The charts as the templates ask for them: named, labelled and in one language."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from orchestration.report.charts.calibration import COLOURS, calibration_chart
from orchestration.report.charts.drawing import stage_colours
from orchestration.report.charts.forecast import COLOURS as METHOD_COLOURS
from orchestration.report.charts.forecast import fan_chart, origins_chart
from orchestration.report.charts.funnel import passed_chart, rates_chart
from orchestration.report.charts.pipeline import pipeline_chart
from orchestration.report.charts.targets import attainment_chart
from orchestration.report.charts.velocity import durations_chart, sales_velocity_chart
from orchestration.report.charts.waterfall import waterfall_chart
from orchestration.report.marts import Row
from orchestration.report.sections.funnel import Funnel
from orchestration.report.sections.pipeline import PipelineOverTime
from orchestration.report.sections.velocity import Durations
from orchestration.report.sections.waterfall import Waterfall
from orchestration.report.wording import Language


class Pictures:
    """Draws in one language."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def colours(self, pipeline: PipelineOverTime) -> list[str]:
        """Return the colours of a pipeline's stages, as its chart has them."""
        return stage_colours(len(pipeline.stages))

    def judge_colour(self, source: str) -> str:
        """Return the colour of a source of probabilities."""
        return COLOURS.get(source, "inherit")

    def method_colour(self, method: str) -> str:
        """Return the colour of a method of forecasting."""
        return METHOD_COLOURS.get(method, "inherit")

    def stage(self, name: str) -> str:
        """Return how a step's end is called: a stage's own name, or won and converted."""
        return self._language.say(f"funnel.{name}") if name in ("won", "converted") else name

    def title(self, entity_type: str, pipeline: str) -> str:
        """Return how a pipeline is called; those of leads say so."""
        if entity_type == "deal":
            return pipeline
        word = self._language.say("page.leads")
        return word if pipeline == "leads" else f"{word}, {pipeline}"

    def passed(self, funnel: Funnel) -> Markup:
        """Draw how many passed each stage."""
        names = [step.from_stage for step in funnel.steps]
        names.append(self.stage(funnel.steps[-1].to_stage))
        label = self._label("funnel.passed_chart", funnel)
        return passed_chart(funnel, names, self._language, label)

    def rates(self, funnel: Funnel) -> Markup:
        """Draw the chance to get from one stage to the next."""
        names = [f"→ {self.stage(step.to_stage)}" for step in funnel.steps]
        label = self._label("funnel.rate_chart", funnel)
        return rates_chart(funnel, names, self._language, label)

    def pipeline(self, pipeline: PipelineOverTime) -> Markup:
        """Draw a pipeline by stage over the last year."""
        label = self._language.say("pipeline.chart", pipeline=pipeline.pipeline)
        return pipeline_chart(pipeline, self._language, label)

    def waterfall(self, waterfall: Waterfall) -> Markup:
        """Draw a period's waterfall."""
        period = self._language.period(waterfall.first, waterfall.last)
        label = self._language.say("changes.chart", period=period)
        return waterfall_chart(waterfall, self._language, label)

    def target(self, row: Row) -> str:
        """Return whose target it is: the company's with its period, or a team's."""
        if row["dimension"] != "team":
            period = self._language.span_of(row["period_start"], row["period_end"])
            return f"{self._language.say('targets.company')} · {period}"
        if row["team_number"] is not None:
            return self._language.say("targets.team", number=row["team_number"])
        return str(row["dimension_value"])

    def attainment(self, rows: Sequence[Row]) -> Markup:
        """Draw what is won as a share of each target."""
        names = [self.target(row) for row in rows]
        return attainment_chart(rows, names, self._language, self._language.say("targets.chart"))

    def fan(self, months: Sequence[Row]) -> Markup:
        """Draw the months within the ranges that were told for them."""
        return fan_chart(months, self._language, self._language.say("forecast.fan_chart"))

    def origins(self, origins: Sequence[Row]) -> Markup:
        """Draw the next 30 days as they were forecast, against what came."""
        return origins_chart(origins, self._language, self._language.say("forecast.origins_chart"))

    def durations(self, durations: Durations) -> Markup:
        """Draw how long visits to each stage last."""
        label = self._label("velocity.chart", durations)
        return durations_chart(durations, self._language, label)

    def sales_velocity(self, months: Sequence[Row]) -> Markup:
        """Draw sales velocity by month."""
        label = self._language.say("velocity.sales_chart")
        return sales_velocity_chart(months, self._language, label)

    def calibration(self, rows: Sequence[Row]) -> Markup:
        """Draw predicted against actual win rates."""
        return calibration_chart(rows, self._language, self._language.say("judgement.chart"))

    def _label(self, key: str, shown: Funnel | Durations) -> str:
        return self._language.say(key, pipeline=self.title(shown.entity_type, shown.pipeline))
