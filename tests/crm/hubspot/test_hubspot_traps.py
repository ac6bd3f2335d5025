"""What HubSpot does not say: merges, archives, capped histories, long addresses, moving windows."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from orchestration.landing import Landing
from orchestration.sources.crm.errors import NotOffered
from orchestration.sources.crm.extract import extract_object
from orchestration.sources.hubspot import records
from orchestration.sources.hubspot.account import HubspotAccount
from orchestration.sources.hubspot.changes import change_key, values_of
from orchestration.sources.hubspot.kinds import lead_kind
from orchestration.sources.hubspot.objects import OBJECTS
from orchestration.sources.hubspot.records import is_sweep
from orchestration.sources.hubspot.vendor import VENDOR
from orchestration.sources.registry import crm_objects
from tests.crm.hubspot.nights import SOURCE, extracting, source_of
from tests.crm.landed import landed, newest
from tests.crm.nights import extract_night
from tests.crm.projection import CrmNight
from tests.crm.small_company import day, small_company
from tests.crm.standins.hubspot import Hubspot
from tests.crm.standins.hubspot_shapes import id_of

SMALL = small_company()


@pytest.fixture
def standin() -> Iterator[Hubspot]:
    with Hubspot(SMALL.truth, day(30)) as running:
        yield running


@pytest.fixture
def run(standin: Hubspot, tmp_path: Path) -> Callable[..., Landing]:
    """Extract some objects in the small hours of a day; return the landing, which stays."""

    def at(number: int, *tables: str, **options: object) -> Landing:
        night = CrmNight(day(number).date(), day(number, 2))
        landing = Landing(tmp_path)
        found = extract_night(standin, landing, night, extracting(only=tables, **options))
        assert found.unfinished == {}
        return landing

    return at


def name(record: str) -> str:
    return id_of(SMALL.named[record])


def test_each_object_has_a_pull() -> None:
    assert [item.name for item in OBJECTS] == list(VENDOR.pulls)
    assert crm_objects("hubspot") == OBJECTS


def test_archived_merged_and_restored_deals(run: Callable[..., Landing]) -> None:
    run(32, "deals")
    deals = newest(run(34, "deals"), SOURCE, "deals")
    assert deals[name("deleted")]["archived"] is True
    assert deals[name("deleted_before_first_night")]["archived"] is True
    assert deals[name("born_and_gone_in_a_day")]["archivedAt"]
    assert deals[name("restored")]["archived"] is True
    assert deals[name("merged")]["archived"] is False  # as it was last seen
    assert deals[name("kept_in_merge")]["properties"]["hs_merged_object_ids"] == name("merged")
    assert newest(run(36, "deals"), SOURCE, "deals")[name("restored")]["archived"] is False


def test_a_merged_away_deal_never_takes_its_survivor_s_history(
    standin: Hubspot, run: Callable[..., Landing]
) -> None:
    run(32, "deals")
    landing = run(34, "deal_changes")  # asks for the loser, too, and gets the survivor
    rows = [json.loads(payload) for _, payload in landed(landing, SOURCE, "deal_changes")]
    assert {row["recordId"] for row in rows} >= {name("kept_in_merge")}
    assert name("merged") not in {row["recordId"] for row in rows}


def test_history_beyond_the_cap_stays_once_it_landed(
    standin: Hubspot, run: Callable[..., Landing]
) -> None:
    standin.history_cap = 2
    tables = ("deals", "deal_changes")
    deal = name("several_moves_in_a_day")
    run(32, *tables)
    landing = run(36, *tables)
    stages = [
        row["change"]["value"]
        for _, payload in landed(landing, SOURCE, "deal_changes")
        if (row := json.loads(payload))["recordId"] == deal and row["property"] == "dealstage"
    ]
    # Of three moves in a day, two are told.
    assert stages == ["qualification", "qualification", "negotiation"]


def test_changes_at_one_instant_keep_their_order() -> None:
    values = [
        b'{"value":"c","timestamp":"2024-01-02T00:00:00.000Z"}',
        b'{"value":"b","timestamp":"2024-01-02T00:00:00.000Z"}',
        b'{"value":"a","timestamp":"2024-01-01T00:00:00.000Z"}',
    ]
    record = b'{"id":"7","propertiesWithHistory":{"dealstage":[%b]}}' % b",".join(values)
    told = list(values_of(record, ("dealstage", "amount")))
    assert [json.loads(row)["number"] for row in told] == [0, 0, 1]
    assert [json.loads(row)["change"]["value"] for row in told] == ["a", "b", "c"]
    assert change_key(told[1]) == "7|dealstage|2024-01-02T00:00:00.000Z|b"
    cut = b'{"id":"7","propertiesWithHistory":{"dealstage":[%b]}}' % values[0]
    assert [change_key(row) for row in values_of(cut, ("dealstage",))] == [change_key(told[2])]
    assert change_key(b'{"recordId":"7"}') is None


def test_all_properties_land_however_many_there_are(
    standin: Hubspot, run: Callable[..., Landing]
) -> None:
    standin.custom_properties = tuple(f"acme_a_rather_long_name_{n}" for n in range(300))
    deals = newest(run(32, "deals"), SOURCE, "deals")
    assert set(standin.custom_properties) <= set(deals[name("untouched")]["properties"])
    asked = standin.requests_by_endpoint()
    # Too many names for an address: the list gives the ids, batches give the rest.
    assert asked["POST /crm/objects/2026-09/{type}/batch/read"] == 2
    payload = dict(landed(run(32, "deals"), SOURCE, "deals"))[name("untouched")]
    assert '"acme_note":"Größe: “None”, 5\\t% \\\\ done"' in payload


def test_search_goes_on_by_ids_and_skips_nothing_that_leaves_the_window(
    standin: Hubspot, run: Callable[..., Landing], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "_SEARCH_PAGE", 3)
    run(30, "deals")
    standin.tick = timedelta(hours=2)  # the company goes on while pages are read
    run(33, "deals")
    standin.tick = timedelta()
    found = newest(run(36, "deals"), SOURCE, "deals")
    searches = [entry for entry in standin.log if entry.path.endswith("search")]
    assert len(searches) > 5
    names = standin.names("deals")
    for record in standin._records("deals", archived=False):
        assert found[id_of(record.ref)] == standin._json("deals", record, names, ())


def test_contacts_stand_for_leads_where_the_settings_say_so(run: Callable[..., Landing]) -> None:
    tables = ("leads", "lead_changes", "lead_stages", "lead_deals")
    landing = run(36, *tables, leads="contacts")
    leads = newest(landing, SOURCE, "leads")
    converted = leads[name("lead_converted")]
    assert converted["properties"]["lifecyclestage"] == "opportunity"
    assert "email" not in converted["properties"], "persons stay in HubSpot"
    assert newest(landing, SOURCE, "lead_stages")["opportunity"]["option"]["label"] == "Converted"
    assert any(
        row["property"] == "lifecyclestage"
        for row in newest(landing, SOURCE, "lead_changes").values()
    )
    assert f"{name('deal_of_lead')}|{name('lead_converted')}" in newest(
        landing, SOURCE, "lead_deals"
    )


def test_what_the_edition_or_the_settings_lack_is_absent_and_no_failure(
    standin: Hubspot, tmp_path: Path
) -> None:
    standin.has_leads = False
    standin.lacking = {"multi-currency-read"}
    account = HubspotAccount(source_of(standin), lambda text: None, lambda s: None)
    landing = Landing(tmp_path)
    for item in OBJECTS:
        if item.name in ("leads", "lead_stages", "exchange_rates"):
            pull = VENDOR.pulls[item.name]
            found = extract_object(
                account, item, pull, landing, known_at=day(30), as_of=day(29).date()
            )
            assert found.state == "absent", item.name
            assert found.message
    with pytest.raises(NotOffered):
        lead_kind(source_of(standin, leads="none"))


def test_a_sweep_is_due_once_in_its_days() -> None:
    nights = [day(n) for n in range(1, 30)]
    due = [is_sweep(a, b, 7) for a, b in itertools.pairwise(nights)]
    assert due.count(True) == 4
    assert {b - a for a, b in zip(_places(due), _places(due)[1:], strict=False)} == {7}
    assert is_sweep(None, day(1), 7)
    # A window that was lost over several sweeps is one.
    assert is_sweep(day(1), day(29), 7)


def _places(due: list[bool]) -> list[int]:
    return [place for place, is_due in enumerate(due) if is_due]


def test_the_budget_of_a_night_is_kept_by_histories(standin: Hubspot, tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    night = CrmNight(day(30).date(), day(30))
    options = {"requests_per_night": 6, "only": ("deals", "deal_changes")}
    first = extract_night(standin, landing, night, extracting(**options))  # type: ignore[arg-type]
    assert "requests_per_night" in first.unfinished["deal_changes"]
    assert sum(first.requests.values()) <= 7
    options["requests_per_night"] = 60
    later = replace(night, starts_at=day(31))
    assert extract_night(standin, landing, later, extracting(**options)).unfinished == {}  # type: ignore[arg-type]
    assert {row["recordId"] for row in newest(landing, SOURCE, "deal_changes").values()} == set(
        newest(landing, SOURCE, "deals")
    )
