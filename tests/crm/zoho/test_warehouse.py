"""Zoho's nights in the real models: after each, the facts are what Zoho can tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.settings import load_settings
from tests.crm.company import BUSINESS_TIMEZONE
from tests.crm.expected import differences_from_truth
from tests.crm.nights import Warehouse, differences_from_telling, extract_night
from tests.crm.projection import nights_between
from tests.crm.small_company import FIRST_NIGHT, LAST_NIGHT, day, small_company
from tests.crm.standins.zoho import Zoho
from tests.crm.standins.zoho_shapes import record_id
from tests.crm.zoho import nights as zoho

# Nights are missed before the last two; the middle one has the most moves.
MISSED = {day(n).date() for n in (31, 34)}
BUILT = (0, 3, 5)
OTHER = "zoho_of_exits"


def test_the_facts_are_what_the_organisation_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two organisations with the same company: their histories hold entries, and exits."""
    for name, value in zoho.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    nights = nights_between(FIRST_NIGHT, LAST_NIGHT, missed=MISSED)
    company = small_company()
    tellings = {
        zoho.SOURCE: zoho.projection(company.truth),
        OTHER: zoho.projection(company.truth, "left"),
    }
    begin = nights[0].starts_at
    with Zoho(company.truth, begin) as entries, Zoho(company.truth, begin) as exits:
        exits.history_time = "left"
        exits.header_includes_its_second = False
        path = tmp_path / "funnel.toml"
        path.write_text(
            f'business_timezone = "{BUSINESS_TIMEZONE}"\nreporting_currency = "EUR"\n'
            + zoho.settings_toml(entries)
            + zoho.settings_toml(exits, OTHER, history_time="left"),
            "utf-8",
        )
        warehouse = Warehouse(tmp_path / "home", load_settings(path))
        others = zoho.extracting(name=OTHER, history_time="left")
        for number, night in enumerate(nights):
            for standin, extract in ((entries, zoho.extract), (exits, others)):
                assert not extract_night(standin, warehouse.landing, night, extract).unfinished
            if number not in BUILT:
                continue
            built = warehouse.build(night)
            for source, telling in tellings.items():
                lines = differences_from_telling(telling, nights[: number + 1], built, source)
                assert lines == [], "\n".join([f"{source}, night of {night.as_of}", *lines])
    # What was deleted before a night could see it is never known; the rest is as it is.
    unseen = [
        record_id(company.named[name])
        for name in ("deleted_before_first_night", "born_and_gone_in_a_day")
    ]
    lines = differences_from_truth(
        tellings[zoho.SOURCE], built, zoho.SOURCE, nights[-1].as_of, ("fct_deals",)
    )
    lines = [line for line in lines if not any(id_ in line for id_ in unseen)]
    assert lines == [], "\n".join(lines)
