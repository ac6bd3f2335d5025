"""The report's languages: sentences from ``<code>.toml``, numbers and dates as their readers write.

Sentences that differ by a count have the keys ``….one`` and ``….other``. Every language has the
same keys; which sentence stands where is the templates' business.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import (
    format_compact_currency,
    format_compact_decimal,
    format_currency,
    format_decimal,
    format_percent,
)

from orchestration.forecast.phrases import PHRASES

NOTHING = "–"
LANGUAGES = ("en", "zh")

_LOCALES = {"en": "en_GB", "zh": "zh_Hans_CN"}
_TAGS = {"en": "en", "zh": "zh-Hans"}
_DAY = {"en": "d MMM y", "zh": "y年M月d日"}
_SHORT_DAY = {"en": "d MMM", "zh": "M月d日"}
_MONTH = {"en": "MMM y", "zh": "y年M月"}
_SHORT_MONTH = {"en": "MMM", "zh": "M月"}
# The first unit that an amount is shortened to: thousands, or 万.
_SHORTENED = {"en": 1_000, "zh": 10_000}
_MOMENT = {"en": "d MMM y, HH:mm", "zh": "y年M月d日 HH:mm"}

# What stands in a blank of a statement's phrases.
_BLANK = r"([\w%-]+)"

Number = int | float | Decimal


@cache
def sentences(code: str) -> Mapping[str, str]:
    """Return the sentences of a language by dotted key."""
    told = tomllib.loads((Path(__file__).parent / f"{code}.toml").read_text("utf-8"))
    return {
        f"{section}.{key}": text for section, texts in told.items() for key, text in texts.items()
    }


@cache
def _phrases() -> re.Pattern[str]:
    """Return what finds each phrase of a statement, its first letter in either case."""
    patterns = []
    for key, text in PHRASES.items():
        pieces = [re.escape(piece) for piece in re.split(r"{\w+}", text)]
        pieces[0] = f"[{text[0].upper()}{text[0].lower()}]{re.escape(text[1:].split('{')[0])}"
        patterns.append(f"(?P<{key}>{_BLANK.join(pieces)})")
    return re.compile("|".join(patterns))


class Language:
    """One language of the report, with the currency that its amounts are in."""

    def __init__(self, code: str, currency: str) -> None:
        self.code = code
        self.tag = _TAGS[code]
        self.currency = currency
        self._locale = Locale.parse(_LOCALES[code])
        self._sentences = sentences(code)

    def say(self, key: str, **values: object) -> str:
        """Return a sentence with its blanks filled; a key that is not there raises ``KeyError``."""
        return self._sentences[key].format(**values)

    def count(self, key: str, number: int, **values: object) -> str:
        """Return the sentence for this many, which fills the blank ``number``."""
        form = self._locale.plural_form(number)
        form = form if f"{key}_{form}" in self._sentences else "other"
        return self.say(f"{key}_{form}", number=self.number(number), **values)

    def name(self, kind: str, value: str) -> str:
        """Return the word for a value of a fixed list; a value without a word is its own."""
        return self._sentences.get(f"{kind}.{value}", value)

    def number(self, value: Number | None, decimals: int = 0) -> str:
        """Return a number with its thousands marked."""
        if value is None:
            return NOTHING
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return format_decimal(value, pattern, locale=self._locale)

    def short(self, value: Number) -> str:
        """Return a number as short as an axis needs."""
        return format_compact_decimal(value, locale=self._locale, fraction_digits=1)

    def money(self, value: Number | None) -> str:
        """Return an amount in whole units of the reporting currency."""
        if value is None:
            return NOTHING
        return format_currency(
            value, self.currency, "¤#,##0", locale=self._locale, currency_digits=False
        )

    def short_money(self, value: Number | None, decimals: int = 1) -> str:
        """Return an amount as in a headline, as €3.1M; a small one in whole units."""
        if value is None or -_SHORTENED[self.code] < value < _SHORTENED[self.code]:
            return self.money(value)
        return format_compact_currency(
            value, self.currency, locale=self._locale, fraction_digits=decimals
        )

    def signed_money(self, value: Number) -> str:
        """Return a short amount with its sign, also if it is a plus."""
        text = self.short_money(value if value >= 0 else -value)
        return text if not value else f"{'+' if value > 0 else '−'}{text}"

    def percent(self, rate: Number | None, decimals: int = 1) -> str:
        """Return a rate from 0 to 1 as a percentage."""
        if rate is None:
            return NOTHING
        pattern = "0" + ("." + "0" * decimals if decimals else "") + "%"
        return format_percent(rate, pattern, locale=self._locale)

    def signed_percent(self, rate: Number | None) -> str:
        """Return a rate as a whole percentage with its sign, also if it is a plus."""
        if rate is None:
            return NOTHING
        text = self.percent(rate if rate >= 0 else -rate, 0)
        return text if text.startswith("0") else f"{'+' if rate > 0 else '−'}{text}"

    def span(self, low: float | None, high: float | None, decimals: int = 1) -> str:
        """Return an interval of rates."""
        if low is None or high is None:
            return NOTHING
        return f"{self.percent(low, decimals)[:-1]}–{self.percent(high, decimals)}"

    def days(self, value: Number | None) -> str:
        """Return a duration in days; below ten with one decimal."""
        if value is None:
            return NOTHING
        return self.number(value, 0 if value >= 9.95 else 1)

    def day(self, value: date | None, short: bool = False) -> str:
        """Return a date."""
        return self._dated(value, (_SHORT_DAY if short else _DAY)[self.code])

    def month(self, value: date | None, short: bool = False) -> str:
        """Return the month of a date."""
        return self._dated(value, (_SHORT_MONTH if short else _MONTH)[self.code])

    def period(self, first: date, last: date) -> str:
        """Return a span of days."""
        same = first.year == last.year
        if self.code == "zh":
            return f"{self.day(first)} – {self.day(last, short=same)}"
        return f"{self.day(first, short=same)} – {self.day(last)}"

    def span_of(self, first: date, last: date) -> str:
        """Return a period as months where it is made of whole ones, else as days."""
        if first.day != 1 or (last + timedelta(days=1)).day != 1:
            return self.period(first, last)
        if (first.year, first.month) == (last.year, last.month):
            return self.month(last)
        if self.code == "zh":
            same = first.year == last.year
            return f"{self.month(first)[:-1] if same else self.month(first)}–" + self.month(
                last, short=same
            )
        return f"{self.month(first, short=first.year == last.year)}–{self.month(last)}"

    def times(self, value: Number | None) -> str:
        """Return a multiple."""
        return NOTHING if value is None else f"{self.number(value, 1)} ×"

    def why(self, alert: Mapping[str, Any]) -> str:
        """Return why a deal has an alert, of a row of ``mart_deal_alerts``."""
        key = f"why.{alert['alert']}"
        if key not in self._sentences:
            return str(alert["explanation"])
        return self.say(
            key,
            explanation=alert["explanation"],
            value=self.number(alert["value"]),
            limit=self.number(alert["threshold"]),
            value_rate=self.percent(alert["value"], 0),
            limit_rate=self.percent(alert["threshold"], 0),
        )

    def told(self, statement: str) -> str:
        """Return a forecast's statement, phrase by phrase; what is no known phrase stays."""
        parts, done = [], 0
        for found in _phrases().finditer(statement):
            key = str(found.lastgroup)
            # The blanks of a phrase are the groups within its own.
            blanks = re.findall(r"{(\w+)}", PHRASES[key])
            values = dict(
                zip(blanks, [v for v in found.groups() if v is not None][1:], strict=True)
            )
            if "day" in values:
                values["day"] = self.day(date.fromisoformat(values["day"]))
            said = self.say(f"told.{key}", **values)
            if found[0][0].islower():
                said = said[0].lower() + said[1:]
            parts += [self._between(statement[done : found.start()]), said]
            done = found.end()
        return "".join([*parts, self._between(statement[done:])])

    def _between(self, text: str) -> str:
        marks = {", ": "between", "; ": "sources", ": ": "of"}
        for mark, key in marks.items():
            text = text.replace(mark, self.say(f"told.{key}"))
        return f"{text[:-1]}{self.say('told.end')}" if text.endswith(".") else text

    def moment(self, value: datetime | None, zone: str) -> str:
        """Return a moment in a time zone, which the text doesn't name."""
        if value is None:
            return NOTHING
        pattern = _MOMENT[self.code]
        return format_datetime(value, pattern, ZoneInfo(zone), locale=self._locale)

    def _dated(self, value: date | None, pattern: str) -> str:
        return NOTHING if value is None else format_date(value, pattern, locale=self._locale)
