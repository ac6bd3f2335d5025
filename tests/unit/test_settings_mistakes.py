"""Every mistake in the settings file is named before any work."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.settings_files import SMALL, SOURCE, mistake, mistakes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "exports").mkdir()
    return tmp_path


WRONG = {
    "zone": (
        'business_timezone = "Europe/Amsterdm"\nreporting_currency = "EUR"' + SOURCE,
        ["business_timezone", '"Europe/Amsterdm"', 'did you mean "Europe/Amsterdam"?'],
    ),
    "folder of zones": (
        'business_timezone = "Europe"\nreporting_currency = "EUR"' + SOURCE,
        ["business_timezone", '"Europe"', "an IANA time zone"],
    ),
    "zone of a source": (
        SMALL + SOURCE + 'timezone = "CET+1"',
        ["sources[0].timezone", '"CET+1"', "an IANA time zone"],
    ),
    "currency": (
        SMALL.replace("EUR", "eur") + SOURCE,
        ["reporting_currency", '"eur"', "three upper-case letters"],
    ),
    "currency with a line end": (
        SMALL.replace("EUR", "EUR\\n") + SOURCE,
        ["reporting_currency", '"EUR\\n"', "three upper-case letters"],
    ),
    "month": (
        "fiscal_year_start_month = 13" + SMALL + SOURCE,
        ["fiscal_year_start_month", "found 13", "from 1 to 12"],
    ),
    "month as truth": (
        "fiscal_year_start_month = true" + SMALL + SOURCE,
        ["fiscal_year_start_month", "found true", "from 1 to 12"],
    ),
    "horizon": (
        "conversion_horizon_days = 0" + SMALL + SOURCE,
        ["conversion_horizon_days", "found 0", "above 0"],
    ),
    "share as a text": (
        SMALL + SOURCE + '[alerts]\nshrunk_rate = "0.2"',
        ["alerts.shrunk_rate", 'found "0.2"', "between 0 and 1"],
    ),
    "share of all": (
        SMALL + SOURCE + "[alerts]\nshrunk_rate = 1",
        ["alerts.shrunk_rate", "found 1", "between 0 and 1"],
    ),
    "unknown threshold": (
        SMALL + SOURCE + "[alerts]\nstaled_days = 9",
        ["alerts.staled_days", "unknown key", 'did you mean "stalled_days"?'],
    ),
    "week": (
        'week_start = "mon"' + SMALL + SOURCE,
        ["week_start", '"mon"', "monday"],
    ),
    "day": ('as_of = "2017-02-30"' + SMALL + SOURCE, ["as_of", '"2017-02-30"', "YYYY-MM-DD"]),
    "day as moment": (
        "as_of = 2017-02-03T10:00:00Z" + SMALL + SOURCE,
        ["as_of", "2017-02-03T10:00:00+00:00", "YYYY-MM-DD"],
    ),
    "hour": ('night_at = "24:00"' + SMALL + SOURCE, ["night_at", '"24:00"', "HH:MM"]),
    "unknown key": (
        'reporting_curency = "USD"' + SMALL + SOURCE,
        ["reporting_curency", "unknown key", 'did you mean "reporting_currency"?'],
    ),
    "key that the product sets": (
        'path = "x"' + SMALL + SOURCE,
        ["path: unknown key", "business_timezone"],
    ),
    "unknown key of a source": (
        SMALL + SOURCE + 'time_zone = "UTC"',
        ["sources[0].time_zone", "unknown key", 'did you mean "timezone"?'],
    ),
    "unknown key of a table": (
        SMALL + SOURCE + "[sources.tables.deals]\nheader = 1",
        ["sources[0].tables.deals.header", "unknown key", "delimiter"],
    ),
    "template": (
        SMALL + '[[pipelines]]\npipeline = "main"\ntemplate = "b2b_8"' + SOURCE,
        ["pipelines[0].template", '"b2b_8"', "b2b_7, b2b_6", 'did you mean "b2b_'],
    ),
    "pipeline twice": (
        SMALL + '[[pipelines]]\npipeline = "main"\ntemplate = "b2b_7"\n' * 2 + SOURCE,
        ["pipelines[1].pipeline", '"main"', "entry [0] has it already"],
    ),
    "name twice": (
        SMALL + SOURCE + SOURCE,
        ["sources[1].name", '"legacy"', "used once", "entry [0] has it already"],
    ),
    "name": (
        SMALL + SOURCE.replace('"legacy"', '"Legacy-1"'),
        ["sources[0].name", '"Legacy-1"', "lower-case"],
    ),
    "no name": (
        SMALL + SOURCE.replace('name = "legacy"', ""),
        ["sources[0].name: missing", "lower-case"],
    ),
    "type": (
        SMALL + SOURCE.replace('"files"', '"hubspt"'),
        [
            "sources[0].type",
            '"hubspt"',
            '"files", "salesforce"',
            'did you mean "hubspot"?',
        ],
    ),
    "mode": (SMALL + SOURCE + 'mode = "delta"', ["sources[0].mode", '"delta"', '"full"']),
    "no source": (SMALL, ["sources: missing", "at least one [[sources]] table"]),
    "empty list of sources": (
        "sources = []" + SMALL,
        ["sources", "found an empty list", "at least one"],
    ),
    "one source that is no list": (
        SMALL + SOURCE.replace("[[sources]]", "[sources]"),
        ["sources", "found a table", "[[sources]]"],
    ),
    "source that is no table": (
        'sources = ["legacy"]' + SMALL,
        ["sources[0]", 'found "legacy"', "[[sources]]"],
    ),
    "folder": (
        SMALL + SOURCE.replace('"exports"', '"exprts"'),
        ["sources[0].path", '"exprts"', "/exprts does not exist", "a folder that exists"],
    ),
    "file for a folder": (
        SMALL + SOURCE.replace('"exports"', '"funnel.toml"'),
        ["sources[0].path", "funnel.toml is not a folder"],
    ),
    "table": (
        SMALL + SOURCE + '[sources.tables.deal]\nfile = "x.csv"',
        ["sources[0].tables.deal", "unknown table", "stage_history", 'did you mean "deals"?'],
    ),
    "table that is no table": (
        SMALL + SOURCE + 'tables = { deals = "x.csv" }',
        ["sources[0].tables.deals", 'found "x.csv"', "one TOML table"],
    ),
    "column": (
        SMALL + SOURCE + '[sources.tables.deals.columns]\nstag = "Phase"',
        ["sources[0].tables.deals.columns.stag", '"stag" is no column', 'did you mean "stage"?'],
    ),
    "column of a default": (
        SMALL + SOURCE + '[sources.tables.leads.defaults]\ncurrency = "USD"',
        ["sources[0].tables.leads.defaults.currency", "is no column of leads", "lead_id"],
    ),
    "header": (
        SMALL + SOURCE + "[sources.tables.deals.columns]\nstage = 5",
        ["sources[0].tables.deals.columns.stage", "found 5", "the header in the file"],
    ),
    "default": (
        SMALL + SOURCE + "[sources.tables.deals.defaults]\namount = nan",
        ["sources[0].tables.deals.defaults.amount", "found NaN", "finite number"],
    ),
    "list as default": (
        SMALL + SOURCE + "[sources.tables.deals.defaults]\namount = [1]",
        ["sources[0].tables.deals.defaults.amount", "found a list", "a text"],
    ),
    "encoding": (
        SMALL + SOURCE + '[sources.tables.deals]\nencoding = "base64"',
        ["sources[0].tables.deals.encoding", '"base64"', "cp1252"],
    ),
    "delimiter": (
        SMALL + SOURCE + '[sources.tables.deals]\ndelimiter = ";;"',
        ["sources[0].tables.deals.delimiter", '";;"', "one character"],
    ),
    "file outside": (
        SMALL + SOURCE + '[sources.tables.deals]\nfile = "../x.csv"',
        ["sources[0].tables.deals.file", '"../x.csv"', "inside it"],
    ),
    "not TOML": (SMALL + "as_of = \n" + SOURCE, ["not TOML", "line 4"]),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_names_key_value_and_what_is_allowed(folder: Path, case: str) -> None:
    text, expected = WRONG[case]
    found = mistake(folder, text)
    assert [part for part in expected if part not in found] == [], found


def test_all_mistakes_are_listed_at_once(folder: Path) -> None:
    found = mistakes(
        folder,
        """
        business_timezone = "Mars/Olympus"
        reporting_currency = "euro"
        week_starts = "monday"
        [[sources]]
        name = "a"
        type = "files"
        path = "absent"
        [sources.tables.deals]
        encodng = "utf-8"
        columns = { stag = "x", stage = 1 }
        [[sources]]
        name = "a"
        type = "zohoo"
        """,
    )
    keys = {each.split(":")[0] for each in found}
    assert keys == {
        "business_timezone",
        "reporting_currency",
        "week_starts",
        "sources[0].path",
        "sources[0].tables.deals.encodng",
        "sources[0].tables.deals.columns.stag",
        "sources[0].tables.deals.columns.stage",
        "sources[1].type",
        "sources[1].name",
    }
    assert len(found) == len(keys)
