"""The report's page on a small release: figures, sections, foreign names, absent tables."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from orchestration.report.marts import open_marts
from orchestration.report.page import Edition, read_contents
from orchestration.report.pictures import Pictures
from orchestration.report.wording import Language
from orchestration.report.writing import write_report
from tests.support.report_page import Article, articles, pictures, table, text, words
from tests.support.small_release import (
    AS_OF,
    EDITION,
    KNOWN,
    PEOPLE,
    QUOTED,
    STAGE,
    write_small_release,
)

SECTIONS = (
    "targets", "forecast", "changes", "alerts", "pipeline", "funnel", "velocity", "judgement",
    "quality",
)  # fmt: skip


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("release") / "funnel.duckdb"
    write_small_release(path)
    return path


@pytest.fixture(scope="module")
def page(database: Path) -> str:
    return write_report(database, database.with_name("report.html"), EDITION).path.read_text()


@pytest.fixture(scope="module")
def english(page: str) -> Article:
    return articles(page)[0]


def test_the_page_needs_nothing_else(page: str) -> None:
    assert "<script" not in page
    for outside in ("src=", "@import", "url(", 'href="http', "<link", "<iframe"):
        assert outside not in page, outside
    # Names of the picture format's vocabulary, nothing is fetched from them.
    addresses = set(re.findall(r"https?://[^\s\"'<]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    identifiers = re.findall(r'\bid="([^"]+)"', page)
    assert len(identifiers) == len(set(identifiers))


def test_all_sections_stand_in_both_languages_with_their_charts(page: str) -> None:
    found = articles(page)
    assert [article.language for article in found] == ["en", "zh"]
    for article in found:
        counts = {name: len(pictures(article.section(name))) for name in SECTIONS}
        assert counts == {
            "targets": 1, "forecast": 2, "changes": 2, "alerts": 0, "pipeline": 1, "funnel": 4,
            "velocity": 2, "judgement": 1, "quality": 0,
        }  # fmt: skip


def test_the_language_of_the_edition_comes_first(database: Path, tmp_path: Path) -> None:
    chinese = Edition(AS_OF, KNOWN, "Asia/Shanghai", "EUR", "zh")
    page = write_report(database, tmp_path / "report.html", chinese).path.read_text()
    assert '<html lang="zh-Hans">' in page
    assert [article.language for article in articles(page)] == ["zh", "en"]
    assert "2024年7月1日 07:30" in page


def test_the_day_and_the_knowledge_are_told(english: Article) -> None:
    assert english.figure("as_of") == "As of 30 Jun 2024"
    assert "known by 1 Jul 2024, 01:30 (Europe/Amsterdam)" in text(english.tree)


def test_headline_figures_are_those_of_the_marts(english: Article) -> None:
    figures = ("open", "won", "expected", "win_rate", "alert_deals", "checks", "sales_velocity")
    told = [english.figure(name) for name in figures]
    assert told[:5] == ["CHF124.5K", "CHF900", "CHF4.2K", "45.0%", "2"]
    assert told[5].startswith("1 of 2 checks passed.")
    assert told[6].startswith("CHF1,234 a day in Jun 2024")


def test_the_funnel_shows_counts_and_intervals(english: Article) -> None:
    leads, deals = english.section("funnel").findall(".//div[@data-funnel]")
    assert [leads.attrib["data-entity"], deals.attrib["data-entity"]] == ["lead", "deal"]
    passed, rates = (words(picture) for picture in pictures(deals))
    assert [one for one in passed if one.isdigit()] == ["120", "90", "45"]
    assert "Won" in passed
    assert {"80.0%", "60.0%"} <= set(rates)
    assert "to won: 48.0% (95% interval 39.0–56.0%). 50 were lost, 25 are still open." in text(
        english.section("funnel")
    )


def test_the_pipeline_is_that_of_the_last_day(english: Article) -> None:
    assert table(english.section("pipeline")) == [
        [QUOTED, "1", "CHF1K", "CHF500"],
        [STAGE, "12", "CHF123.5K", "CHF61.7K"],
        ["Total", "13", "CHF124.5K", "CHF62.2K"],
    ]


def test_the_waterfall_is_that_of_the_last_finished_periods(english: Article) -> None:
    changes = english.section("changes")
    week, month = changes.findall(".//figure[@data-waterfall]")
    assert [week.attrib["data-waterfall"], month.attrib["data-waterfall"]] == ["week", "month"]
    assert {"CHF100K", "+CHF130K", "−CHF50K", "−CHF7", "CHF124.46K"} <= set(
        words(pictures(week)[0])
    )
    assert "24 Jun – 30 Jun 2024" in text(week)
    assert "1 May – 31 May 2024" in text(month)
    assert "The pipeline grew by CHF24.5K, to CHF124.5K." in text(week)
    assert "10 deals came in, 3 were won and 4 lost." in text(week)
    # A bucket in which nothing happened in either is left out, unless it is one of the usual ones.
    for part in (week, month):
        assert "Currency" in text(part)
        assert "Reopened" not in text(part)
        assert "Decreased" in text(part)


def test_targets_are_those_that_run_now_and_name_nobody(english: Article, page: str) -> None:
    rows = english.section("targets").findall(".//tr[@data-attainment]")
    assert [[text(cell) for cell in row] for row in rows] == [
        ["Company · Apr–Jun 2024", "CHF2K", "CHF900", "CHF1.1K", "0.3 ×"],
        ["Team 1", "CHF400", "CHF500", "reached"],
    ]
    for person in (*PEOPLE, "Alan Turing"):
        assert person not in page


def test_the_forecast_s_record_is_told_by_method(english: Article) -> None:
    section = english.section("forecast")
    # The running methods of this and the next period, then the best one first.
    assert table(section) == [
        ["Jul 2024", "CHF0", "CHF1KCHF500 – CHF1.6K", "–"],
        ["Jul–Sept 2024", "CHF0", "CHF4.2K", "CHF5K"],
        ["model", "12%", "10%", "–", "−4%", "75%"],
        ["a year before", "60%", "–", "–", "+20%", "–"],
    ]
    said = text(section)
    assert "on 2 past days, 31 Mar 2024 to 30 Apr 2024" in said
    # No year of closings: said, not made up.
    assert "crm has been deciding deals only since 29 Feb 2024" in said
    fan, origins = pictures(section)
    # Two months that are over and the one to come.
    assert {"Apr", "May", "Jul"} <= {*words(fan)}
    assert "Apr" in words(origins)


def test_how_the_forecast_was_made_is_told_in_both_languages(page: str) -> None:
    english, chinese = (
        text(article.section("forecast").find(".//p[@data-statement='model']"))
        for article in articles(page)
    )
    assert english == (
        "How it is made (model): Crm: competing risks learned from 412 wins in 900 days, nothing "
        "is told of what ended before 11 Jan 2022, the pace of winning fell by 12% within a year, "
        "older deals count far less; shop: too little history to learn from (nothing won in 31 "
        "days): nothing is expected, and no range can be told."
    )
    assert chinese.startswith(
        "预测方式（模型）：Crm：用竞争风险模型从 900 天内的 412 笔赢单中学习，2022年1月11日 之前"
    )
    assert chinese.endswith("（31 天内没有赢单），无从学习：预期为零，也无法给出范围。")
    assert not re.search("[a-z]{5}", chinese)


def test_alerts_name_deals_by_key_with_their_reasons(english: Article) -> None:
    deals = english.section("alerts").findall(".//ol/li")
    first, second = (text(deal) for deal in deals)
    assert first.startswith("crm:d1")
    assert "CHF900" in first
    assert "Stalled In it for 29 days. Put off Put off 3 times." in first
    assert second.startswith("crm:d2")
    assert "Team 1" in second
    assert table(english.section("alerts"))[0] == ["Stalled", "too long in its stage", "2", "1"]


def test_judgement_is_told_over_all_deals(english: Article) -> None:
    # 30 deals at 20 % and 20 at 80 %; 10 % and 40 % of them came true.
    assert table(english.section("judgement")) == [["people, in the CRM", "50", "44%", "22%"]]


def test_the_quality_of_the_data_is_told(english: Article) -> None:
    rows = table(english.section("quality"))
    assert rows == [
        ["crm", "stale: owners", "28 Jun 2024, 02:00", "4"],
        ["amounts fct_deals", "7"],
        ["crm · deals", "3"],
    ]
    brief = text(english.section("headline"))
    assert "1 source is not fresh, 1 check warns, 3 rows were set aside" in brief


def test_without_any_mart_every_section_says_so(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "funnel.duckdb")) as connection:
        connection.execute("create schema marts")
    written = write_report(tmp_path / "funnel.duckdb", tmp_path / "report.html", EDITION)
    for article in articles(written.path.read_text()):
        assert pictures(article.tree) == []
        for name in SECTIONS:
            said = article.section(name).findall(".//p[@class='none']")
            assert said, name


def test_empty_marts_say_so_too(database: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "funnel.duckdb")) as connection:
        connection.execute(f"attach '{database}' as full_release (read_only)")
        connection.execute("create schema marts")
        tables = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'full_release'"
        ).fetchall()
        for (name,) in tables:
            connection.execute(
                f"create table marts.{name} as from full_release.marts.{name} limit 0"
            )
        connection.execute("detach full_release")
    written = write_report(tmp_path / "funnel.duckdb", tmp_path / "report.html", EDITION)
    english = articles(written.path.read_text())[0]
    assert "No targets are set" in text(english.section("targets"))
    assert "No deal needs a look today." in text(english.section("alerts"))
    assert pictures(english.tree) == []


def test_the_same_release_gives_the_same_page(database: Path, page: str, tmp_path: Path) -> None:
    again = write_report(database, tmp_path / "report.html", EDITION)
    assert again.path.read_text() == page
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_charts_follow_their_grammar(database: Path) -> None:
    with open_marts(database) as marts:
        contents = read_contents(marts, AS_OF)
    draw = Pictures(Language("zh", "CHF"))
    assert contents.funnels
    assert contents.pipelines
    assert contents.velocity
    assert contents.calibration
    # Outside of a page each chart is checked against the grammar's schema before it is drawn.
    drawn = [
        draw.passed(contents.funnels.funnels[1]),
        draw.rates(contents.funnels.funnels[1]),
        draw.pipeline(contents.pipelines.pipelines[0]),
        draw.waterfall(contents.waterfalls[0]),
        draw.attainment(contents.targets.attainment),
        draw.durations(contents.velocity.durations[0]),
        draw.sales_velocity(contents.velocity.months),
        draw.calibration(contents.calibration.bins),
    ]
    for picture in drawn:
        assert 'viewBox="0 0 360 ' in picture
