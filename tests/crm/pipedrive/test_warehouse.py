"""Pipedrive's nights in the real models: after each, the facts are what Pipedrive can tell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from orchestration.settings import load_settings
from tests.crm.company import BUSINESS_TIMEZONE
from tests.crm.expected import differences_from_truth
from tests.crm.nights import Warehouse, differences_from_telling, extract_night
from tests.crm.pipedrive import nights as pipedrive
from tests.crm.projection import CrmNight, nights_between
from tests.crm.small_company import FIRST_NIGHT, LAST_NIGHT, small_company
from tests.crm.standins.pipedrive import Pipedrive
from tests.crm.standins.pipedrive_records import is_archived_lead, is_listed_lead, lead_id
from tests.crm.truth import Truth
from tests.support.batch import Built

# The last day shows the moves of all; the day in the middle has the most of them.
BUILT = (0, 4, 7)


def test_the_facts_are_what_the_account_tells(tmp_path: Path) -> None:
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
        assert _leads(built) == _leads_as_seen(truth, nights)


def _leads(built: Built) -> dict[str, tuple[object, ...]]:
    """Return status, deal, end and removal of every lead of the facts."""
    return {
        str(row["lead_key"]): (
            *(row["status"], row["deal_key"], row["converted_at"], row["is_deleted"]),
        )
        for row in built.of("fct_leads", pipedrive.SOURCE)
    }


def _leads_as_seen(truth: Truth, nights: Sequence[CrmNight]) -> dict[str, tuple[object, ...]]:
    """Return the same of every lead that a night saw, or a deal was made of."""
    found: dict[str, tuple[object, ...]] = {}
    for ref in truth.refs("lead"):
        key = f"{pipedrive.SOURCE}:{lead_id(ref.number)}"
        for night in nights:
            record = truth.seen_at(ref, night.starts_at)
            if record is None:
                continue
            if is_listed_lead(record):
                found[key] = ("archived" if is_archived_lead(record) else "open", None, None, False)
            elif record.deal is not None and not record.is_deleted:
                deal = f"{pipedrive.SOURCE}:{record.deal}"
                found[key] = ("converted", deal, record.closed_at, False)
            elif key in found:
                found[key] = (*found[key][:3], True)
    return found
