"""Many nights of faults: what landed in the end is what HubSpot has, once."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from orchestration.landing import Landing
from orchestration.sources.hubspot.kinds import DEALS, LEADS
from tests.crm.faults import Mix, RandomFaults
from tests.crm.generate import Shape, generate_truth
from tests.crm.hubspot.landed import changes, wanted_changes, wanted_records
from tests.crm.hubspot.nights import OAUTH, SECRETS, SOURCE, extracting
from tests.crm.landed import landed, newest, shown_secrets
from tests.crm.nights import extract_nights
from tests.crm.projection import nights_between
from tests.crm.small_company import FIRST_NIGHT, LAST_NIGHT
from tests.crm.standins.hubspot import Hubspot

TRUTH = generate_truth(
    21, 260, 120, date(2024, 3, 1), 36, Shape(ties=0.2, late=0.2, step=timedelta(milliseconds=1))
)
TABLES = ("deals", "deal_changes", "leads", "lead_changes", "lead_deals")


def test_faults_of_every_kind_lose_and_double_nothing(tmp_path: Path) -> None:
    nights = nights_between(FIRST_NIGHT, LAST_NIGHT, missed=[date(2024, 4, 1)])
    landing, told = Landing(tmp_path), []
    faults = RandomFaults(5, Mix(rate=0.25, slow_seconds=0.05), quota=16)
    with Hubspot(TRUTH, nights[0].starts_at, faults) as standin:
        # The token's time is over within one night, and search follows twenty minutes late.
        standin.tick = timedelta(minutes=1)
        standin.index_lag = timedelta(minutes=20)
        run = extract_nights(standin, landing, nights, extracting(told, only=TABLES, **OAUTH))
        assert run[0].unfinished  # the quota ends the first night early
        assert sum(bool(night.unfinished) for night in run) < len(run)
        faults.quota = None
        standin.tick = timedelta()
        last = nights_between(LAST_NIGHT + timedelta(1), LAST_NIGHT + timedelta(2))
        for night in extract_nights(standin, landing, last, extracting(told, only=TABLES, **OAUTH)):
            assert night.unfinished == {}
        assert faults.total > 25
        end = last[-1].starts_at
        for table, kind in (("deals", DEALS), ("leads", LEADS)):
            wanted = wanted_records(standin, table, end)
            found = newest(landing, SOURCE, table)
            assert {id_: found.get(id_) for id_ in wanted} == wanted
            rows = landed(landing, SOURCE, table)
            assert len(set(rows)) == len(rows), "a version landed twice"
            there = list(changes(landing, f"{table[:-1]}_changes"))
            missing = wanted_changes(standin, table, kind.tracked, end) - set(there)
            assert not missing
            assert len(set(there)) == len(there) or _only_renumbered(landing, table)
    assert told
    assert shown_secrets(tmp_path, SECRETS, told) == []


def _only_renumbered(landing: Landing, table: str) -> bool:
    """Whether rows of one change differ in their payloads, as values at one instant may."""
    rows = landed(landing, SOURCE, f"{table[:-1]}_changes")
    return len(set(rows)) == len(rows)


def test_what_search_never_finds_is_found_by_the_sweep(tmp_path: Path) -> None:
    truth = generate_truth(22, 40, 5, date(2024, 3, 1), 36)
    nights = nights_between(FIRST_NIGHT, FIRST_NIGHT + timedelta(days=8))
    landing = Landing(tmp_path)
    with Hubspot(truth, nights[0].starts_at) as standin:
        first, last = nights[0], nights[-1]
        changed = {
            id_
            for id_, told in wanted_records(standin, "deals", last.starts_at).items()
            if told["updatedAt"] >= first.starts_at.isoformat() and not told["archived"]
        }
        assert changed
        standin.unindexed = set(changed)
        extract_nights(standin, landing, [first, nights[1], last], extracting(only=("deals",)))
        wanted = wanted_records(standin, "deals", last.starts_at)
        found = newest(landing, SOURCE, "deals")
        assert {id_: found[id_] for id_ in changed} == {id_: wanted[id_] for id_ in changed}
