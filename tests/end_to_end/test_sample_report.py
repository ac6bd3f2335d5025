"""The report of the sample's night: its figures are those of the marts, and a browser shows it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.end_to_end.nights import NightRun, query, run
from tests.support.report_page import Article, articles, pictures, table, text, words

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
DRIVER = shutil.which("chromedriver")
PHONE, DESK, A4 = 390, 1280, 718

Sample = tuple[Path, NightRun]


@pytest.fixture(scope="module")
def path(sample: Sample) -> Path:
    return (sample[0] / "published").resolve() / "report.html"


@pytest.fixture(scope="module")
def english(path: Path) -> Article:
    return articles(path.read_text())[0]


def figures(texts: list[str]) -> list[int]:
    return [int(one.replace(",", "")) for one in texts if re.fullmatch(r"[\d,]+", one)]


def test_the_funnels_are_those_of_the_mart(sample: Sample, english: Article) -> None:
    for funnel in english.section("funnel").findall(".//div[@data-funnel]"):
        steps = query(
            sample[0],
            f"""
            select entered, reached, eventual_rate from marts.mart_funnel_conversion
            where cohort_month is null and dimension = 'all'
                and pipeline = '{funnel.attrib["data-funnel"]}'
                and entity_type = '{funnel.attrib["data-entity"]}'
            qualify row_number() over (
                partition by from_stage order by to_stage = 'won'
            ) = 1
            order by from_position
            """,
        )
        passed, rates = (words(picture) for picture in pictures(funnel))
        assert figures(passed) == [*(step[0] for step in steps), steps[-1][1]]
        percents = [f"{step[2]:.1%}" for step in steps]
        # The axis has labels of its own, without decimals.
        assert [one for one in rates if re.fullmatch(r"[\d.]+\.\d%", one)] == percents


def test_the_pipelines_are_those_of_the_mart(sample: Sample, english: Article) -> None:
    shown = {
        part.attrib["data-pipeline"]: table(part)
        for part in english.section("pipeline").findall(".//table[@data-pipeline]")
    }
    for pipeline, rows in shown.items():
        deals = query(
            sample[0],
            f"""
            select stage, sum(deals) from marts.mart_pipeline_summary
            where dimension = 'all' and pipeline = '{pipeline}' and snapshot_date = '2017-12-31'
            group by grouping sets ((stage, stage_position), ())
            order by max(stage_position) filter (stage is not null) desc nulls last, stage
            """,
        )
        by_stage = {row[0]: int(row[1].replace(",", "")) for row in rows}
        assert by_stage.pop("Total") == sum(n for stage, n in deals if stage is None)
        assert by_stage == {stage: n for stage, n in deals if stage is not None}


def test_velocity_and_checks_are_those_of_the_marts(sample: Sample, english: Article) -> None:
    shown = table(english.section("velocity"))
    visits = query(
        sample[0],
        "select stage, visits from marts.mart_stage_velocity where dimension = 'all'",
    )
    assert sorted((row[0], int(row[1].replace(",", ""))) for row in shown) == sorted(visits)
    (passed, checks) = query(
        sample[0], "select count(*) filter (passed), count(*) from marts.mart_quality_checks"
    )[0]
    assert english.figure("checks").startswith(f"{passed} of {checks} checks passed.")


def test_nobody_is_named(sample: Sample, path: Path) -> None:
    people = query(
        sample[0],
        """
        select name from marts.dim_owner where name is not null
        union select substr(manager_key, length(source_name) + 2) from marts.dim_owner
        where source_name = 'maven' and manager_key is not null
        """,
    )
    assert len(people) > 30
    page = path.read_text()
    assert [name for (name,) in people if name in page] == []


def test_a_copy_is_written_on_demand(sample: Sample, path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "weekly.html"
    done = run(sample[0], None, "report", "--language", "zh", "--output", str(copy))
    assert done.code == 0, done.output
    assert str(copy) in done.output
    assert [one.language for one in articles(copy.read_text())] == ["zh", "en"]
    again = tmp_path / "again.html"
    run(sample[0], None, "report", "--output", str(again))
    assert again.read_text() == path.read_text()


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    if CHROMIUM is None or DRIVER is None:
        pytest.skip(
            "There is no Chromium with its chromedriver on this machine. How the page shows on a "
            "phone, a desk and paper is seen by a browser only; the page's content is tested above."
        )
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(executable_path=DRIVER))
    yield driver
    driver.quit()


def show(browser: webdriver.Chrome, path: Path, width: int, language: str) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width == PHONE},
    )
    browser.get(path.as_uri())
    browser.find_element(By.CSS_SELECTOR, f"label[for='show-{language}']").click()
    WebDriverWait(browser, 10).until(
        lambda driver: driver.find_element(By.CSS_SELECTOR, f"article.{language}").is_displayed()
    )


@pytest.mark.parametrize("width", [PHONE, A4, DESK])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_browser_shows_it_whole(
    browser: webdriver.Chrome, path: Path, width: int, language: str
) -> None:
    show(browser, path, width, language)
    assert browser.get_log("browser") == []
    requested = browser.execute_script("return performance.getEntriesByType('resource').length")
    assert requested == 0
    shown = [one for one in browser.find_elements(By.TAG_NAME, "article") if one.is_displayed()]
    assert [one.get_attribute("data-language") for one in shown] == [language]
    # Nothing wider than the page, no chart without a size, no small print on a phone.
    layout = browser.execute_script(
        """
        const article = document.querySelector(`article.${arguments[0]}`);
        const charts = [...article.querySelectorAll('svg')].map(one => one.getBoundingClientRect());
        const table = [...article.querySelectorAll('.scroll')];
        const texts = [...article.querySelectorAll('svg text')].map(one =>
            parseFloat(getComputedStyle(one).fontSize)
            * one.ownerSVGElement.getBoundingClientRect().width / 360);
        return {
            overflow: document.documentElement.scrollWidth - window.innerWidth,
            charts: charts.length,
            smallest: Math.min(...charts.map(one => Math.min(one.width, one.height))),
            scrolled: table.filter(one => one.scrollWidth > one.clientWidth + 1).length,
            type: Math.min(...texts),
        };
        """,
        language,
    )
    assert layout["overflow"] <= 0
    assert layout["charts"] >= 10
    assert layout["smallest"] >= 40
    assert layout["scrolled"] == 0
    assert layout["type"] >= 9.5


def test_paper_shows_the_chosen_language_alone(browser: webdriver.Chrome, path: Path) -> None:
    show(browser, path, DESK, "zh")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        shown = [
            one.get_attribute("data-language")
            for one in browser.find_elements(By.TAG_NAME, "article")
            if one.is_displayed()
        ]
        assert shown == ["zh"]
        assert not browser.find_element(By.CLASS_NAME, "switches").is_displayed()
        assert not browser.find_element(By.CSS_SELECTOR, "article.zh nav").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    printed = browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    assert len(printed["data"]) > 50_000


def test_what_the_browser_shows_is_what_the_marts_say(
    browser: webdriver.Chrome, sample: Sample, path: Path
) -> None:
    show(browser, path, DESK, "en")
    (won, lost) = query(
        sample[0],
        """
        select sum(won), sum(lost) from marts.mart_period_win_rate
        where dimension = 'all' and month_start >= '2017-10-01'
        """,
    )[0]
    figure = browser.find_element(By.CSS_SELECTOR, "article.en [data-figure=win_rate]")
    assert figure.text == f"{won / (won + lost):.1%}"
    assert text(articles(path.read_text())[0].find(".//*[@data-figure='win_rate']")) == figure.text
    bars = browser.find_elements(By.CSS_SELECTOR, "article.en [data-funnel=main] .passed svg text")
    reached = query(
        sample[0], "select count(*) from marts.fct_deals where pipeline = 'main' and is_won"
    )[0][0]
    assert f"{reached:,}" in [bar.text for bar in bars]
