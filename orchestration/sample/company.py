"""A whole invented company with its CRM export: the bundled sample, and food for benchmarks.

``python -m orchestration.sample.company FOLDER --deals 1000000 --fmt parquet`` writes a large
one. Only the assembly belongs here: what is drawn, and from what, stands in the modules by
subject, the numbers in ``calibration``.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from orchestration.sample import calibration as c
from orchestration.sample import tables
from orchestration.sample.deals import Deals, sold
from orchestration.sample.history import NONE, History, Ints
from orchestration.sample.lead_journeys import Leads, lead_journeys
from orchestration.sample.office_time import DAY, day_number
from orchestration.sample.roster import Roster, hired
from orchestration.sample.stage_lists import OPEN_STAGES
from orchestration.sample.targets import Won, targets
from orchestration.sample.write import FORMATS, Format, TableFiles

DEFAULT_DEALS = 3_000
DEFAULT_SEED = 20171231
DEFAULT_FIRST_DAY, DEFAULT_LAST_DAY = date(2015, 7, 1), date(2017, 12, 31)


@dataclass(frozen=True)
class GeneratedCompany:
    """What was written: rows by table, files by table, and the span of days they tell of."""

    folder: Path
    counts: dict[str, int]
    files: dict[str, Path]
    first_day: date
    last_day: date


def generate_company(
    folder: Path,
    *,
    deals: int,
    seed: int = DEFAULT_SEED,
    first_day: date,
    last_day: date,
    fmt: Format = "csv",
) -> GeneratedCompany:
    """Write the export of a company with ``deals`` deals created between two days (inclusive).

    Nothing after the end of ``last_day`` is told: what is open then stays open. Times are local
    (Europe/Amsterdam) without an offset. The same arguments give the same bytes, given the same
    versions of numpy and pyarrow.

    Raises ``ValueError`` for no deals, an empty span or another format, and ``FileExistsError``
    where the folder holds one of the tables in another format.
    """
    if deals < 1:
        raise ValueError(f"deals = {deals}: at least 1")
    if last_day <= first_day:
        raise ValueError(f"last_day = {last_day}: must lie after first_day = {first_day}")
    if fmt not in FORMATS:
        raise ValueError(f"fmt = {fmt!r}: one of {', '.join(FORMATS)}")
    first, last = day_number(first_day), day_number(last_day)
    sizes = [min(c.CHUNK_DEALS, deals - done) for done in range(0, deals, c.CHUNK_DEALS)]
    roster_seed, target_seed, *chunk_seeds = np.random.SeedSequence(seed).spawn(2 + len(sizes))
    roster = hired(np.random.default_rng(roster_seed), deals, first, last)
    won = Won(first, np.zeros((len(roster.names), last - first + 1)))
    done_deals = done_leads = done_events = 0
    digits = max(6, len(str(5 * deals)))
    with TableFiles(folder, fmt) as files:
        for size, chunk_seed in zip(sizes, chunk_seeds, strict=True):
            rng = np.random.default_rng(chunk_seed)
            numbering = tables.Numbering(done_deals, done_leads, done_events, digits)
            chunk = _chunk(rng, roster, size, first, last, deals)
            done_deals += size
            done_leads += len(chunk.leads)
            done_events += len(chunk.lead_history) + len(chunk.deal_history)
            _add_won(won, chunk.deals, chunk.deal_history)
            chunk.append_to(files, numbering)
        files.append("stages", tables.stages_table())
        files.append("owners", tables.owners_table(roster))
        quota = targets(np.random.default_rng(target_seed), roster, won)
        files.append("targets", tables.targets_table(quota))
    return GeneratedCompany(
        folder=folder,
        counts=dict(files.counts),
        files={name: files.path(name) for name in files.counts},
        first_day=first_day,
        last_day=last_day,
    )


@dataclass(frozen=True)
class _Chunk:
    """A part of the company: leads and deals of the whole span that refer to each other only."""

    leads: Leads
    lead_history: History
    lead_owner: Ints
    deals: Deals
    deal_history: History

    def append_to(self, files: TableFiles, numbering: tables.Numbering) -> None:
        leads, deals = self.leads, self.deals
        files.append("deals", tables.deals_table(deals, self.deal_history, numbering))
        files.append(
            "leads",
            tables.leads_table(leads, self.lead_history, self.lead_owner, deals, numbering),
        )
        files.append(
            "stage_history",
            tables.history_table(
                self.lead_history, self.lead_owner, self.deal_history, deals, numbering
            ),
        )


def _chunk(
    rng: np.random.Generator,
    roster: Roster,
    size: int,
    first_day: int,
    last_day: int,
    company_deals: int,
) -> _Chunk:
    from_leads = round(c.LEAD_DEAL_SHARE * size)
    leads, lead_history = lead_journeys(rng, from_leads, first_day, last_day)
    deals, deal_history = sold(rng, roster, leads, size, first_day, last_day, company_deals)

    owner = roster.assigned(rng, leads.region, leads.created // DAY)
    kept = (deals.lead != NONE) & (rng.random(size) < c.LEAD_OWNER_KEPT_SHARE)
    owner[deals.lead[kept]] = deals.owner[kept]
    return _Chunk(leads, lead_history, owner, deals, deal_history)


def _add_won(won: Won, deals: Deals, history: History) -> None:
    """Count what is won at the cut, in EUR, by owner and day of closing."""
    last = history.taken(deals.last_row)
    counts = (
        (last.position == OPEN_STAGES[last.pipeline])
        & (deals.removed == NONE)
        & (last.amount != NONE)
    )
    rows = np.flatnonzero(counts)
    owner = deals.owners_at(rows, last.at[rows])
    euros = last.amount[rows] / 100 * c.EUR_PER_UNIT[deals.currency[rows]]
    np.add.at(won.amounts, (owner, last.at[rows] // DAY - won.first_day), euros)


def main() -> None:
    """Generate a company from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m orchestration.sample.company",
        description="Write the CRM export of an invented company, for demos and benchmarks.",
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--deals", type=int, default=DEFAULT_DEALS)
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--first-day", type=date.fromisoformat, default=DEFAULT_FIRST_DAY)
    parser.add_argument("--last-day", type=date.fromisoformat, default=DEFAULT_LAST_DAY)
    parser.add_argument("--fmt", choices=FORMATS, default="csv")
    company = generate_company(**vars(parser.parse_args()))
    for name, count in company.counts.items():
        print(f"{company.files[name]}: {count:,} rows")


if __name__ == "__main__":
    main()
