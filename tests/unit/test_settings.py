"""The settings file: what it means, and that every mistake in it is named before any work."""

from __future__ import annotations

import traceback
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from orchestration.settings import Secret, Settings, SettingsError, load_settings

SMALL = """
business_timezone = "Europe/Amsterdam"
reporting_currency = "EUR"
"""
SOURCE = """
[[sources]]
name = "legacy"
type = "files"
path = "exports"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "exports").mkdir()
    return tmp_path


def load(folder: Path, text: str) -> Settings:
    file = folder / "funnel.toml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file, {"FUNNEL_HOME": str(folder / "home")})


def mistakes(folder: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(folder, text)
    assert str(folder / "funnel.toml") in str(caught.value)
    assert all(each in str(caught.value) for each in caught.value.mistakes)
    return caught.value.mistakes


def mistake(folder: Path, text: str) -> str:
    found = mistakes(folder, text)
    assert len(found) == 1, found
    return found[0]


def test_the_example_of_the_data_contract_is_read(folder: Path) -> None:
    settings = load(
        folder,
        """
        business_timezone   = "Europe/Amsterdam"
        reporting_currency  = "EUR"
        fiscal_year_start_month = 4
        week_start          = "sunday"
        as_of               = "2017-12-31"
        conversion_horizon_days = 90
        alert_webhook       = { env = "FUNNEL_WEBHOOK" }
        [[pipelines]]
        pipeline = "main"
        template = "b2b_7"
        [[sources]]
        name = "legacy"
        type = "files"
        path = "exports"
        timezone = "America/New_York"
        mode = "full"
        [sources.tables.deals]
        file = "sales_pipeline.csv"
        columns  = { deal_id = "opportunity_id", stage = "deal_stage", owner_id = "sales_agent" }
        defaults = { currency = "USD", pipeline = "main" }
        """,
    )
    assert settings.path == folder / "funnel.toml"
    assert settings.fiscal_year_start_month == 4
    assert settings.week_start == "sunday"
    assert settings.as_of == date(2017, 12, 31)
    assert settings.conversion_horizon_days == 90
    assert settings.alert_webhook == Secret(env="FUNNEL_WEBHOOK")
    assert [(each.pipeline, each.template) for each in settings.pipelines] == [("main", "b2b_7")]
    source = settings.sources[0]
    assert (source.name, source.timezone, source.mode) == ("legacy", "America/New_York", "full")
    assert source.path == folder / "exports"
    deals = source.tables["deals"]
    assert deals.file == "sales_pipeline.csv"
    assert deals.columns["owner_id"] == "sales_agent"
    assert deals.defaults == {"currency": "USD", "pipeline": "main"}
    assert (deals.encoding, deals.delimiter) == ("utf-8", None)


def test_what_is_left_out_has_a_default_and_nothing_can_be_changed(folder: Path) -> None:
    settings = load(folder, "\ufeff" + SMALL + SOURCE)
    assert settings.as_of is None
    assert settings.alert_webhook is None
    assert settings.pipelines == ()
    assert (settings.fiscal_year_start_month, settings.week_start) == (1, "monday")
    assert (settings.conversion_horizon_days, settings.night_at) == (180, "01:00")
    assert (settings.sources[0].timezone, settings.sources[0].mode) == ("UTC", "changes")
    assert settings.sources[0].tables == {}
    assert settings.alerts.model_dump() == {
        "evidence_deals": 20, "stalled_days": 30, "pushes": 2, "shrunk_rate": 0.2,
        "skipped_stages": 0, "disqualify_win_rate": 0.15,
    }  # fmt: skip
    with pytest.raises(ValidationError):
        settings.week_start = "sunday"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2024, 3, 1, 22, 59, tzinfo=UTC), date(2024, 2, 29)),
        (datetime(2024, 3, 1, 23, 0, tzinfo=UTC), date(2024, 3, 1)),
        (datetime(2024, 7, 1, 22, 0, tzinfo=UTC), date(2024, 7, 1)),
    ],
)
def test_the_day_to_report_is_yesterday_in_the_business_time_zone(
    folder: Path, now: datetime, expected: date
) -> None:
    assert load(folder, SMALL + SOURCE).as_of_day(now) == expected


def test_a_day_to_report_that_is_set_wins_and_a_moment_needs_a_zone(folder: Path) -> None:
    moment = datetime(2024, 3, 1, 12, tzinfo=UTC)
    assert load(folder, 'as_of = "2017-12-31"' + SMALL + SOURCE).as_of_day(moment) == date(
        2017, 12, 31
    )
    assert load(folder, "as_of = 2017-12-31" + SMALL + SOURCE).as_of == date(2017, 12, 31)
    with pytest.raises(ValueError, match="time zone"):
        load(folder, SMALL + SOURCE).as_of_day(datetime(2024, 3, 1, 12))


def test_defaults_become_the_text_that_a_file_would_hold(folder: Path) -> None:
    settings = load(
        folder,
        SMALL
        + SOURCE
        + """
        [sources.tables.deals.defaults]
        amount = 1250
        probability = 0.00001
        is_deleted = false
        created_at = 2024-01-31
        updated_at = 2024-01-31T08:00:00Z
        name = ""
        """,
    )
    assert settings.sources[0].tables["deals"].defaults == {
        "amount": "1250",
        "probability": "0.00001",
        "is_deleted": "false",
        "created_at": "2024-01-31",
        "updated_at": "2024-01-31T08:00:00+00:00",
        "name": "",
    }


def test_the_home_folder_may_stand_in_a_path(folder: Path) -> None:
    home = folder / "home"
    (home / "inbox").mkdir(parents=True)
    text = SMALL + SOURCE.replace('"exports"', '"${FUNNEL_HOME}/inbox"')
    assert load(folder, text).sources[0].path == home / "inbox"


def test_a_folder_of_the_sample_need_not_exist_yet(folder: Path) -> None:
    text = SMALL + SOURCE.replace('"exports"', '"${FUNNEL_HOME}/sample/demo"')
    assert load(folder, text).sources[0].path == folder / "home" / "sample" / "demo"
    text = SMALL + SOURCE.replace('"exports"', '"${FUNNEL_HOME}/sample/../demo"')
    found = mistake(folder, text)
    assert "sources[0].path" in found
    assert f"{folder / 'home' / 'demo'} does not exist" in found


def test_the_environment_names_the_file(folder: Path) -> None:
    file = folder / "other.toml"
    file.write_text(SMALL + SOURCE)
    assert load_settings(environ={"FUNNEL_CONFIG": str(file)}).path == file
    with pytest.raises(SettingsError) as caught:
        load_settings(environ={"FUNNEL_CONFIG": str(folder / "absent.toml")})
    assert str(folder / "absent.toml") in str(caught.value)
    assert "does not exist" in str(caught.value)


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


CRMS = {
    "salesforce": ("login_url", "client_id", "client_secret"),
    "hubspot": ("access_token",),
    "pipedrive": ("api_token",),
    "zoho": ("client_id", "client_secret", "refresh_token"),
    "neocrm": ("client_id", "client_secret", "username", "password"),
}


def crm(type_: str, *, without: str = "") -> str:
    lines = ["[[sources]]", 'name = "acme"', f'type = "{type_}"']
    for key in CRMS[type_]:
        if key == "login_url" != without:
            lines.append('login_url = "https://acme.my.example.com/"')
        elif key != without:
            lines.append(f'{key} = {{ env = "ACME_{key.upper()}" }}')
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("type_", CRMS)
def test_an_account_of_a_crm_needs_its_credentials(folder: Path, type_: str) -> None:
    (folder / "funnel.toml").write_text(crm(type_), encoding="utf-8")
    source = load_settings(folder / "funnel.toml").sources[0]
    assert (source.name, source.type) == ("acme", type_)
    for key in CRMS[type_]:
        found = mistake(folder, crm(type_, without=key))
        assert key in found, found
        assert "sources[0]" in found, found


def test_an_address_without_encryption_is_for_this_machine_only(folder: Path) -> None:
    text = crm("hubspot") + 'base_url = "http://crm.example.com"\n'
    assert "sources[0].base_url" in mistake(folder, text)
    assert "use https" in mistake(folder, text)
    (folder / "funnel.toml").write_text(
        crm("hubspot") + 'base_url = "http://127.0.0.1:8080/"\n', encoding="utf-8"
    )
    assert load_settings(folder / "funnel.toml").sources[0].base_url == "http://127.0.0.1:8080"


def test_how_a_crm_is_reached_does_not_change_what_its_records_mean(folder: Path) -> None:
    prints = set()
    for line in ("", "lookback_minutes = 5\n", 'base_url = "http://127.0.0.1:1"\n'):
        (folder / "funnel.toml").write_text(crm("zoho") + line, encoding="utf-8")
        prints.add(load_settings(folder / "funnel.toml").fingerprint)
    assert len(prints) == 1
    (folder / "funnel.toml").write_text(crm("zoho") + 'history_time = "left"\n', encoding="utf-8")
    assert load_settings(folder / "funnel.toml").fingerprint not in prints


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


PRIVATE = "https://hooks.example.org/T0/s3cr3t"


@pytest.mark.parametrize(
    "line",
    [
        f'alert_webhook = "{PRIVATE}"',
        f'alert_webhook = {{ env = "{PRIVATE}" }}',
        f'alert_webhook = {{ url = "{PRIVATE}" }}',
        f'alert_webhook = {{ env = "HOOK", default = "{PRIVATE}" }}',
        f'alert_webhook = ["{PRIVATE}"]',
        f'alert_webhok = "{PRIVATE}"',
        f'alert_webhook = "{PRIVATE}" x',
    ],
)
def test_a_secret_in_the_file_is_refused_and_never_shown(folder: Path, line: str) -> None:
    file = folder / "funnel.toml"
    file.write_text(line + SMALL + SOURCE)
    with pytest.raises(SettingsError) as caught:
        load_settings(file, {})
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert "s3cr3t" not in shown
    assert caught.value.__context__ is None
    assert "alert_webh" in shown or "line 1" in shown


def test_a_secret_of_a_crm_source_is_never_shown(folder: Path) -> None:
    text = SMALL + '[[sources]]\nname = "x"\ntype = "hubspot"\ntoken = "s3cr3t"\n'
    assert "s3cr3t" not in mistake(folder, text)
    for value in ('"s3cr3t"', '["s3cr3t"]', '{ env = "s3cr3t x" }', '{ value = "s3cr3t" }'):
        found = mistakes(folder, SMALL + crm("hubspot") + f"client_secret = {value}\n")
        assert "s3cr3t" not in " ".join(found)
        assert all("client_secret" in each for each in found)
    assert "s3cr3t" not in mistake(folder, SMALL + SOURCE + 'token = "s3cr3t"')


def test_a_secret_is_known_by_name_and_revealed_on_demand() -> None:
    secret = Secret(env="HOOK")
    assert secret.reveal({"HOOK": "s3cr3t"}) == "s3cr3t"
    assert repr(secret) == "Secret(env='HOOK')"
    for environ in ({}, {"HOOK": ""}):
        with pytest.raises(LookupError, match="HOOK"):
            secret.reveal(environ)


def test_the_fingerprint_follows_the_meaning_of_landed_data(folder: Path) -> None:
    (folder / "moved").mkdir()
    (folder / "moved" / "exports").mkdir()
    mapped = SMALL + SOURCE + '[sources.tables.deals.columns]\nstage = "Phase"\n'
    base = load(folder, mapped).fingerprint
    assert len(base) == 64
    second = SOURCE.replace("legacy", "other")
    same = [
        load(folder, 'as_of = "2020-01-01"\nnight_at = "03:30"' + mapped),
        load(folder, 'alert_webhook = { env = "HOOK" }' + mapped),
        load(folder, mapped + "[alerts]\npushes = 9\n"),
        load(folder / "moved", mapped),
    ]
    assert {each.fingerprint for each in same} == {base}
    changed = [
        load(folder, mapped.replace("Phase", "Status")),
        load(folder, mapped.replace("EUR", "USD")),
        load(folder, mapped.replace("Europe/Amsterdam", "UTC")),
        load(folder, 'week_start = "sunday"' + mapped),
        load(folder, mapped + "[sources.tables.leads.defaults]\nscore = 1\n"),
        load(folder, mapped + second),
    ]
    assert len({each.fingerprint for each in changed} | {base}) == len(changed) + 1
    one_way = load(folder, SMALL + SOURCE + second).fingerprint
    assert load(folder, SMALL + second + SOURCE).fingerprint == one_way
