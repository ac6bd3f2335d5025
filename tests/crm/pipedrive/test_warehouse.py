"""Pipedrive's nights in the real models: after each, the facts are what Pipedrive can tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.settings import load_settings
from tests.crm.company import BUSINESS_TIMEZONE
from tests.crm.expected import differences_from_truth
from tests.crm.nights import Warehouse, differences_from_telling, extract_night
from tests.crm.pipedrive import nights as pipedrive
from tests.crm.projection import nights_between
from tests.crm.small_company import FIRST_NIGHT, LAST_NIGHT, small_company
from tests.crm.standins.pipedrive import Pipedrive

# The last day shows the moves of all; the day in the middle has the most of them.
BUILT = (0, 4, 7)


def test_the_facts_are_what_the_account_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in pipedrive.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    nights = nights_between(FIRST_NIGHT, LAST_NIGHT)
    truth = small_company().truth
    projection = pipedrive.projection(truth)
    with Pipedrive(truth, nights[0].starts_at) as standin:
        path = tmp_path / "funnel.toml"
        head = f'business_timezone = "{BUSINESS_TIMEZONE}"\nreporting_currency = "EUR"\n'
        path.write_text(head + pipedrive.settings_toml(standin), "utf-8")
        warehouse = Warehouse(tmp_path / "home", load_settings(path))
        for number, night in enumerate(nights):
            done = extract_night(standin, warehouse.landing, night, pipedrive.extract)
            assert not done.unfinished
            if number not in BUILT:
                continue
            built = warehouse.build(night)
            so_far = nights[: number + 1]
            lines = differences_from_telling(projection, so_far, built, pipedrive.SOURCE)
            # A log tells everything of a deal, so there the truth itself is the measure.
            tables = ("fct_deals", "fct_pipeline_daily")
            lines += differences_from_truth(
                projection, built, pipedrive.SOURCE, night.as_of, tables
            )
            assert lines == [], "\n".join([f"night of {night.as_of}", *lines])
