"""The tables of the generated company, column by column, as the ``files`` source reads them.

What the values are is decided by the modules that draw them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from orchestration.sample import calibration as c
from orchestration.sample import columns as col
from orchestration.sample.deals import Deals
from orchestration.sample.history import NONE, History, Ints
from orchestration.sample.lead_journeys import Leads
from orchestration.sample.roster import (
    ACCOUNT_FIRST,
    ACCOUNT_SECOND,
    ACCOUNT_THIRD,
    PRODUCTS,
    REGION_NAMES,
    TEAMS,
    Roster,
)
from orchestration.sample.stage_lists import (
    LEAD_LIST,
    OPEN_STAGES,
    PIPELINE_NAMES,
    STAGE_LISTS,
    STAGE_NAMES,
    STAGE_OFFSETS,
)

BANT_COLUMNS = ("bant_budget", "bant_authority", "bant_need", "bant_timeline")
# Event numbers have ten digits from the first on: their order as text is their order as numbers.
FIRST_EVENT = 1_000_000_001


@dataclass(frozen=True)
class Numbering:
    """Where the numbers of a chunk begin, and how wide the ids of the company are."""

    deals: int
    leads: int
    events: int
    digits: int

    def deal_ids(self, numbers: Ints) -> pa.Array:
        """Return deal ids; NONE gives null."""
        return col.ids("D-", np.where(numbers == NONE, NONE, numbers + self.deals), self.digits)

    def lead_ids(self, numbers: Ints) -> pa.Array:
        """Return lead ids; NONE gives null."""
        return col.ids("L-", np.where(numbers == NONE, NONE, numbers + self.leads), self.digits)


def owner_ids(numbers: Ints) -> pa.Array:
    """Return owner ids; NONE gives null."""
    return col.ids("O-", numbers, 3)


def deals_table(deals: Deals, history: History, numbering: Numbering) -> pa.Table:
    """Return ``deals``, as the records stand at the cut."""
    numbers = np.arange(len(deals))
    last = history.taken(deals.last_row)
    opened = OPEN_STAGES[last.pipeline]
    closed = last.position >= opened
    account = _account_names(deals.account)
    return pa.table(
        {
            "deal_id": numbering.deal_ids(numbers),
            "name": col.phrases(account, col.words(PRODUCTS, deals.product)),
            "account": account,
            "pipeline": col.words(PIPELINE_NAMES, last.pipeline),
            "stage": _stage_names(last),
            "created_at": col.local_times(deals.created),
            "amount": col.money(last.amount),
            "currency": col.words(c.CURRENCIES, deals.currency),
            "probability": col.whole(last.probability),
            "expected_close_date": col.days(last.expected),
            "closed_at": col.local_times(np.where(closed, last.at, NONE)),
            "owner_id": owner_ids(
                np.where(deals.handed_over != NONE, deals.next_owner, deals.owner)
            ),
            "lead_id": numbering.lead_ids(deals.lead),
            "lead_source": col.words(c.LEAD_SOURCES, deals.source),
            "region": col.words(REGION_NAMES, deals.region),
            "loss_reason": col.words(c.LOSS_REASONS, deals.loss_reason),
            "updated_at": col.local_times(
                np.maximum(last.at, np.maximum(deals.handed_over, deals.removed))
            ),
            "is_deleted": col.flags(deals.removed != NONE),
            "merged_into_id": numbering.deal_ids(deals.merged_into),
        }
    )


def leads_table(
    leads: Leads, history: History, owner: Ints, deals: Deals, numbering: Numbering
) -> pa.Table:
    """Return ``leads``, as the records stand at the cut."""
    last = history.taken(history.last_rows(len(leads)))
    deal = np.full(len(leads), NONE, dtype=np.int64)
    linked = np.flatnonzero(deals.lead != NONE)
    deal[deals.lead[linked]] = linked
    converted = last.position == OPEN_STAGES[LEAD_LIST]
    return pa.table(
        {
            "lead_id": numbering.lead_ids(np.arange(len(leads))),
            "status": _stage_names(last),
            "created_at": col.local_times(leads.created),
            "lead_source": col.words(c.LEAD_SOURCES, leads.source),
            "owner_id": owner_ids(owner),
            "region": col.words(REGION_NAMES, leads.region),
            "score": col.whole(leads.score),
            **{name: col.flags(leads.bant[:, k]) for k, name in enumerate(BANT_COLUMNS)},
            "converted_at": col.local_times(np.where(converted, last.at, NONE)),
            "converted_deal_id": numbering.deal_ids(deal),
            "updated_at": col.local_times(np.maximum(last.at, leads.removed)),
            "is_deleted": col.flags(leads.removed != NONE),
        }
    )


def history_table(
    lead_rows: History, lead_owner: Ints, deal_rows: History, deals: Deals, numbering: Numbering
) -> pa.Table:
    """Return ``stage_history`` of leads and deals in the order in which it happened."""
    both = History.joined([lead_rows, deal_rows])
    # At one instant a lead's rows come first: its conversion lies before the deal's creation.
    order = np.argsort(both.at, kind="stable")
    rows = both.taken(order)
    is_deal = order >= len(lead_rows)
    owner = np.concatenate(
        [lead_owner[lead_rows.entity], deals.owners_at(deal_rows.entity, deal_rows.at)]
    )[order]
    currency = np.full(len(rows), NONE, dtype=np.int64)
    currency[is_deal] = deals.currency[rows.entity[is_deal]]
    number = np.where(is_deal, rows.entity + numbering.deals, rows.entity + numbering.leads)
    return pa.table(
        {
            "event_id": pa.array(np.arange(len(rows)) + FIRST_EVENT + numbering.events),
            "entity_type": col.words(("lead", "deal"), is_deal.astype(np.int64)),
            "entity_id": col.ids(
                col.words(("L-", "D-"), is_deal.astype(np.int64)), number, numbering.digits
            ),
            "pipeline": col.words(PIPELINE_NAMES, rows.pipeline),
            "stage": _stage_names(rows),
            "entered_at": col.local_times(rows.at),
            "amount": col.money(rows.amount),
            "currency": col.words(c.CURRENCIES, currency),
            "expected_close_date": col.days(rows.expected),
            "owner_id": owner_ids(owner),
            "probability": col.whole(rows.probability),
        }
    )


def stages_table() -> pa.Table:
    """Return ``stages`` of all three lists."""
    rows = [
        {
            "entity_type": stages.entity_type,
            "pipeline": stages.pipeline,
            "stage": stage,
            "position": position,
            "category": category,
            "win_rate": win_rate,
            "label": stage,
        }
        for stages in STAGE_LISTS
        for stage, position, category, win_rate in stages.rows
    ]
    return pa.Table.from_pylist(rows)


def owners_table(roster: Roster) -> pa.Table:
    """Return ``owners``: the head of sales without a team, then the sellers."""
    numbers = np.arange(len(roster.names))
    sells = roster.team != NONE
    return pa.table(
        {
            "owner_id": owner_ids(numbers),
            "name": pa.array(roster.names),
            "team": col.words(TEAMS, roster.team),
            "manager_id": owner_ids(roster.manager),
            "region": col.words(REGION_NAMES, np.where(sells, roster.region, NONE)),
            "is_active": col.flags(roster.left_on == NONE),
        }
    )


def targets_table(rows: pd.DataFrame) -> pa.Table:
    """Return ``targets`` in EUR; both days of a period belong to it."""
    cents = rows["amount"].to_numpy() * 100
    return pa.table(
        {
            "period_start": col.days(rows["start"].to_numpy()),
            "period_end": col.days(rows["end"].to_numpy()),
            "amount": col.money(cents),
            "currency": col.words(c.CURRENCIES, np.zeros(len(rows), dtype=np.int64)),
            "owner_id": owner_ids(rows["owner"].to_numpy()),
            "team": col.words(TEAMS, rows["team"].to_numpy()),
        }
    )


def _stage_names(rows: History) -> pa.Array:
    return col.words(STAGE_NAMES, STAGE_OFFSETS[rows.pipeline] + rows.position)


def _account_names(account: Ints) -> pa.Array:
    """Return a name of its own for each account number."""
    sizes = (len(ACCOUNT_FIRST), len(ACCOUNT_SECOND), len(ACCOUNT_THIRD))
    # No two of the three sizes have a common divisor: a name comes back after their product.
    series = account // (sizes[0] * sizes[1] * sizes[2])
    return col.phrases(
        col.words(ACCOUNT_FIRST, account % sizes[0]),
        col.words(ACCOUNT_SECOND, account % sizes[1]),
        col.words(ACCOUNT_THIRD, account % sizes[2]),
        col.ids("", np.where(series > 0, series, NONE), 1),
    )
