"""Nights of 销售易 in the real models: after each, the facts are what the tenant can tell."""

from __future__ import annotations

from pathlib import Path

from orchestration.settings import load_settings
from tests.crm.company import BUSINESS_TIMEZONE
from tests.crm.neocrm import nights as neocrm
from tests.crm.nights import Warehouse, differences_from_telling, extract_night
from tests.crm.projection import nights_between
from tests.crm.small_company import FIRST_NIGHT, LAST_NIGHT, small_company
from tests.crm.standins.neocrm import Neocrm

# The last day shows the moves of all; the day in the middle has the most of them.
BUILT = (0, 4, 7)


def test_the_facts_are_what_the_tenant_tells(tmp_path: Path) -> None:
    nights = nights_between(FIRST_NIGHT, LAST_NIGHT)
    truth = small_company().truth
    projection = neocrm.projection(truth)
    with Neocrm(truth, nights[0].starts_at) as standin:
        path = tmp_path / "funnel.toml"
        head = f'business_timezone = "{BUSINESS_TIMEZONE}"\nreporting_currency = "EUR"\n'
        path.write_text(head + neocrm.settings_toml(standin), "utf-8")
        warehouse = Warehouse(tmp_path / "home", load_settings(path))
        for number, night in enumerate(nights):
            # Choices come by name or by code, as the tenant has it; here that changes.
            standin.shapes.names_choices = number < 5
            done = extract_night(standin, warehouse.landing, night, neocrm.extract)
            assert not done.unfinished
            if number not in BUILT:
                continue
            built = warehouse.build(night)
            so_far = nights[: number + 1]
            lines = differences_from_telling(projection, so_far, built, neocrm.SOURCE)
            assert lines == [], "\n".join([f"night of {night.as_of}", *lines])
