"""How the report words its figures, and how its axes and stages are drawn."""

from __future__ import annotations

import re
from datetime import date

import pytest

from orchestration.forecast.phrases import PHRASES, phrase
from orchestration.report.charts.drawing import round_steps, stage_colours
from orchestration.report.wording import LANGUAGES, Language, sentences


def test_both_languages_say_the_same_with_the_same_figures() -> None:
    blanks = [
        {
            key: set(re.findall(r"{(\w+)}", sentence))
            for key, sentence in sentences(code).items()
            # One language tells one from many, the other doesn't; each words reasons its own way.
            if not key.endswith("_one") and not key.startswith("why.")
        }
        for code in LANGUAGES
    ]
    assert blanks[0] == blanks[1]


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("en", ["€3.1M", "€3,105,644", "−€61.2K", "84.1–87.0%", "31 Dec 2017", "Oct–Dec 2017"]),
        (
            "zh",
            ["€310.6万", "€3,105,644", "−€6.1万", "84.1–87.0%", "2017年12月31日", "2017年10–12月"],
        ),
    ],
)
def test_figures_are_written_as_the_language_writes_them(code: str, written: list[str]) -> None:
    language = Language(code, "EUR")
    assert written == [
        language.short_money(3105644.2),
        language.money(3105644.2),
        language.signed_money(-61230),
        language.span(0.8411, 0.87),
        language.day(date(2017, 12, 31)),
        language.span_of(date(2017, 10, 1), date(2017, 12, 31)),
    ]


def test_one_and_many_are_told_apart() -> None:
    language = Language("en", "EUR")
    assert language.count("headline.open_note", 1) == "1 deal"
    assert language.count("headline.open_note", 1200) == "1,200 deals"


@pytest.mark.parametrize(
    ("span", "steps"),
    [
        ((0, 100), [0, 25, 50, 75, 100]),
        ((0, 2_050_000), [0, 1_000_000, 2_000_000]),
        ((3.05, 3.2), [3.05, 3.1, 3.15, 3.2]),
        ((5, 5), [5]),
    ],
)
def test_axes_have_round_numbers(span: tuple[float, float], steps: list[float]) -> None:
    assert round_steps(*span) == steps


def test_stages_get_darker_towards_won() -> None:
    colours = stage_colours(6)
    assert len(set(colours)) == 6
    assert sorted(colours, reverse=True) == colours


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_phrase_of_a_statement_is_known_again(code: str) -> None:
    language = Language(code, "EUR")
    values = {"days": 31, "wins": 5, "share": 0.25, "day": date(2024, 2, 29)}
    for key in PHRASES:
        said = phrase(key, **values)
        shown = {**values, "share": "25%", "day": language.day(date(2024, 2, 29))}
        assert language.told(said + ".") == language.say(f"told.{key}", **shown) + language.say(
            "told.end"
        )
    assert language.told("What nobody knows") == "What nobody knows"
