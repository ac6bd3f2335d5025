"""The settings file: what it means, and what is left out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from orchestration.settings import Secret, SettingsError, load_settings
from tests.support.settings_files import SMALL, SOURCE, load, mistake


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "exports").mkdir()
    return tmp_path


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
        load(folder, mapped + "[alerts]\npushes = 9\n[forecast]\npast_days = 9\n"),
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
