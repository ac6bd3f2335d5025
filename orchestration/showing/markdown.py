"""Markdown tables, numbers and bars of text. What is shown is no subject of this module."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

BAR_WIDTH = 10
_EIGHTHS = " ▏▎▍▌▋▊▉█"
# A plain blank at the start of a cell would be swallowed.
_BLANK = "\u00a0"
_LONGEST_CELL = 400

Number = int | float | Decimal


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table; a column whose name ends in ``>`` is set to the right."""
    names = [name.rstrip(">") for name in columns]
    rules = ["---:" if name.endswith(">") else ":---" for name in columns]
    lines = [_line(names), _line(rules), *(_line([_cell(value) for value in row]) for row in rows)]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return "|" + "|".join(cells) + "|"


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return text.replace("|", "\\|").replace("\n", " ")[:_LONGEST_CELL]


def grouped(rows: Iterable[Sequence[object]]) -> list[list[object]]:
    """Return rows without their first value, which heads those that share it in a row of its own.

    A page is narrow: a column that mostly repeats itself would push the last ones out of sight.
    """
    found: list[list[object]] = []
    group: object = None
    for head, *rest in rows:
        if head != group:
            found.append([f"**{head}**", *("" for _ in rest[1:])])
            group = head
        found.append(rest)
    return found


def split_at(text: str, longest: int) -> tuple[str, str]:
    """Return the paragraphs that stay below a length, at least the first one, and the rest.

    What a table is headed by stays with it.
    """
    paragraphs = text.split("\n\n")
    taken = 1
    for end, paragraph in enumerate(paragraphs, start=1):
        if paragraph.startswith("|") and len("\n\n".join(paragraphs[:end])) < longest:
            taken = end
    return "\n\n".join(paragraphs[:taken]), "\n\n".join(paragraphs[taken:])


def bar(value: Number | None, whole: Number | None, width: int = BAR_WIDTH) -> str:
    """Return a bar as long as the share of ``value`` in ``whole``; empty for none, at most full."""
    if not value or not whole or value < 0 or whole < 0:
        return ""
    eighths = round(min(float(value) / float(whole), 1.0) * width * 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "" if full else "▏")


def floating_bar(start: Number, end: Number, whole: Number, width: int = BAR_WIDTH) -> str:
    """Return a bar from ``start`` to ``end`` on a scale from 0 to ``whole``.

    Light where it goes down, full where it goes up, and a stroke where it is too short to see.
    """
    if whole <= 0 or start == end:
        return ""
    low, high = sorted((float(start), float(end)))
    first = round(max(low, 0.0) / float(whole) * width)
    last = round(max(high, 0.0) / float(whole) * width)
    mark = "█" if end > start else "▒"
    return _BLANK * first + (mark * (last - first) or "▏")


def range_bar(
    ends: Sequence[Number | None], actual: Number | None, whole: Number, width: int = 2 * BAR_WIDTH
) -> str:
    """Return a range on a scale from 0 to ``whole``: its four ends, and what came.

    Light between the outer two ends, darker between the inner two, a dot where it came out; nothing
    where no range is told.
    """
    told = [float(end) for end in ends if end is not None]
    if whole <= 0 or len(told) < len(ends):
        return ""
    places = [min(max(round(end / float(whole) * width), 0), width) for end in told]
    outer_low, inner_low, inner_high, outer_high = places
    marks = [_BLANK] * (width + 1)
    marks[outer_low : outer_high + 1] = "░" * (outer_high + 1 - outer_low)
    marks[inner_low : inner_high + 1] = "▒" * (inner_high + 1 - inner_low)
    if actual is not None:
        marks[min(max(round(float(actual) / float(whole) * width), 0), width)] = "●"
    return "".join(marks).rstrip(_BLANK)


def count(value: Number | None) -> str:
    """Return a whole number with separators; a dash for none."""
    return "–" if value is None else f"{value:,.0f}"


def days(value: Number | None) -> str:
    """Return a duration in days, to one decimal."""
    return "–" if value is None else f"{value:,.1f}"


def percent(rate: Number | None) -> str:
    """Return a rate from 0 to 1 as whole percent."""
    return "–" if rate is None else f"{float(rate) * 100:.0f} %"


def span(low: Number | None, high: Number | None) -> str:
    """Return an interval of rates."""
    return "–" if low is None or high is None else f"{percent(low)[:-2]}–{percent(high)}"
