"""What all charts share: size, colours, labels, and the way from a chart to an SVG picture."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import cache, lru_cache
from html import escape
from typing import Any

import altair as alt
import vl_convert
from altair.utils import schemapi
from markupsafe import Markup

from orchestration.report.wording import Language

WIDTH = 360
ROW = 26

INK = "#1d2733"
MUTED = "#66717f"
FAINT = "#c9d0d8"
HAIR = "#e7eaee"
BLUE = "#2b5c8a"
PALE_BLUE = "#c3d5e6"
GREEN = "#2f7d5b"
RED = "#b3473d"
AMBER = "#b7791f"

# From the first stage to the last: the nearer to won, the darker.
_FIRST_STAGE = (214, 226, 238)
_LAST_STAGE = (24, 66, 107)

_CONFIG: Mapping[str, Any] = {
    "background": "transparent",
    # The page's own font shows; this one only measures.
    "font": "sans-serif",
    "aria": False,
    "padding": {"left": 0, "right": 2, "top": 4, "bottom": 2},
    "view": {"stroke": None},
    "axis": {
        "labelColor": MUTED,
        "labelFontSize": 11.5,
        "domain": False,
        "ticks": False,
        "gridColor": HAIR,
        "labelPadding": 6,
        "title": None,
        "labelFlush": False,
    },
    "axisY": {"labelColor": INK},
    "text": {"fontSize": 11.5, "color": INK},
}


def stage_colours(count: int) -> list[str]:
    """Return a colour for each stage of a list, from pale to dark."""
    steps = [place / max(count - 1, 1) for place in range(count)] if count > 1 else [0.75]
    return [
        "#"
        + "".join(
            f"{round(low + (high - low) * step):02x}"
            for low, high in zip(_FIRST_STAGE, _LAST_STAGE, strict=True)
        )
        for step in steps
    ]


def data(rows: Sequence[Mapping[str, object]]) -> alt.InlineData:
    """Return rows as a chart's data; exact amounts become floats."""
    return alt.InlineData(
        values=[
            {
                name: float(value) if isinstance(value, Decimal) else value
                for name, value in row.items()
            }
            for row in rows
        ]
    )


def worded(words: Mapping[Any, str]) -> str:
    """Return the expression that labels an axis: a text for each value that it shows."""
    # Stages bear any name: as JSON it is a string and nothing else to the expression.
    texts = json.dumps({str(value): text for value, text in words.items()})
    return f"{texts}[datum.value]"


# The colour that stands in the data itself.
COLOUR = alt.Color("colour:N", scale=None)


def rows_axis(names: Sequence[str], width: int = 122) -> alt.Axis:
    """Return the axis of horizontal rows that are numbered from 0: names of a fixed width."""
    return alt.Axis(
        labelExpr=worded(dict(enumerate(names))),
        labelLimit=width - 4,
        minExtent=width,
        maxExtent=width,
        labelAlign="left",
        labelPadding=width,
        grid=False,
    )


def upright_axis(values: Sequence[float], said: Callable[[float], str]) -> alt.Axis:
    """Return the axis to the left of an upright chart: its values as ``said``, of a fixed width."""
    return alt.Axis(
        values=list(values),
        labelExpr=worded({f"{value:.12g}": said(value) for value in values}),
        labelColor=MUTED,
        labelFontSize=11.5,
        minExtent=52,
        maxExtent=52,
    )


def money_from_zero(most: float, language: Language) -> dict[str, Any]:
    """Return axis and scale of amounts from 0 to ``most`` in the reporting currency."""
    return {
        "axis": upright_axis(round_steps(0, most), language.short_money),
        "scale": alt.Scale(domain=[0, most * 1.05], nice=False),
    }


def round_steps(low: float, high: float, count: int = 4) -> list[float]:
    """Return some ``count`` round numbers within a span, for an axis."""
    if not high > low:
        return [low]
    rough = (high - low) / count
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next(
        factor * magnitude for factor in (1, 2, 2.5, 5, 10) if rough <= factor * magnitude * 1.0001
    )
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(place * step, 10) for place in range(first, last + 1)]


def draw(chart: alt.Chart | alt.LayerChart | alt.FacetChart, label: str) -> Markup:
    """Return a chart as an SVG picture that scales with its column; ``label`` is read aloud.

    Texts stay texts. Raises ``ValueError`` if the chart can't be drawn.
    """
    fitted = chart.properties(
        width=WIDTH, autosize=alt.AutoSizeParams(type="fit-x", contains="padding")
    )
    svg = _picture(json.dumps(fitted.to_dict(validate=schemapi.DEBUG_MODE)))
    return Markup(svg.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" ', 1))


# Charts without words are the same in every language.
@lru_cache(maxsize=64)
def _picture(spec: str) -> str:
    return vl_convert.vegalite_to_svg(spec, vl_version=_vega_lite(), config=dict(_CONFIG))


@contextmanager
def drawing_session() -> Iterator[None]:
    """Draw without checking each chart against the grammar: that would take most of the time.

    Outside of it each is checked, as the tests do; the charts are the same every night.
    """
    with schemapi.debug_mode(False):
        yield


@cache
def _vega_lite() -> str:
    """Return the version of the grammar that the charts are written in, as ``6.1``."""
    return ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
