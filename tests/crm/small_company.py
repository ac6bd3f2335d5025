"""A small company written by hand: every trap of CRM data, each under its own name.

Each record shows one thing. What is common in life, but tells nothing apart, belongs to
``generate``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.crm import company
from tests.crm.happenings import Ref
from tests.crm.story import Story
from tests.crm.truth import Truth

# The first night tells of everything up to FIRST_NIGHT, the last one of LAST_NIGHT.
FIRST_NIGHT = date(2024, 3, 29)
LAST_NIGHT = date(2024, 4, 5)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class SmallCompany:
    """The truth, and the record that each trap is shown by."""

    truth: Truth
    named: dict[str, Ref]


def small_company() -> SmallCompany:
    """Return the company of FIRST_NIGHT to LAST_NIGHT, which began on 1 March 2024."""
    story = Story(company.owners(), company.stage_lists(), company.rates())
    named: dict[str, Ref] = {}
    _leads(story, named)
    _places(story, named)
    _values(story, named)
    _closings(story, named)
    _removals(story, named)
    _times(story, named)
    return SmallCompany(story.truth(), named)


def day(number: int, hour: int = 9, minute: int = 0, second: int = 0) -> datetime:
    """Return an instant, days counted from 1 March 2024 (32 is 1 April)."""
    begin = datetime(2024, 3, 1, hour, minute, second, tzinfo=UTC)
    return begin + timedelta(days=number - 1)


def _money(amount: str, currency: str = "EUR") -> dict[str, Any]:
    return {"amount": Decimal(amount), "currency": currency}


def _usual() -> dict[str, Any]:
    return {"owner": 3, "expected_close_date": date(2024, 5, 15), **_money("1000")}


def _leads(story: Story, named: dict[str, Ref]) -> None:
    common: dict[str, Any] = {"owner": 3, "account": "Account 1", "lead_source": "web"}
    lead = named["lead_untouched"] = story.lead(day(1), "fresh", **common)
    lead = named["lead_converted"] = story.lead(day(2), "fresh", **common)
    story.move(lead, day(4), "working")
    story.move(lead, day(31, 10), "qualified")
    deal = story.convert(lead, day(32, 11), "qualification", **_money("5000"))
    assert deal is not None
    named["deal_of_lead"] = deal
    story.move(deal, day(34), "demo")
    lead = named["lead_converted_without_deal"] = story.lead(day(2, 10), "working", **common)
    story.convert(lead, day(33))
    lead = named["lead_converted_before_first_night"] = story.lead(day(2, 11), "working", **common)
    deal = story.convert(lead, day(20), "qualification", owner=5)
    assert deal is not None
    named["deal_won_of_lead"] = deal
    story.win(deal, day(33, 12))
    lead = named["lead_disqualified"] = story.lead(day(3), "fresh", **common)
    story.lose(lead, day(31, 12), "no budget")
    lead = named["lead_taken_up_again"] = story.lead(day(3, 10), "fresh", **common)
    story.lose(lead, day(30), "no answer")
    story.reopen(lead, day(33), "working")
    lead = named["lead_new_owner"] = story.lead(day(3, 11), "fresh", **common)
    story.change(lead, day(32), owner=6)
    lead = named["lead_deleted"] = story.lead(day(3, 12), "working", **common)
    story.delete(lead, day(33, 8))
    kept = named["lead_kept_in_merge"] = story.lead(day(4), "working", **common)
    lead = named["lead_merged"] = story.lead(day(4, 10), "fresh", **common)
    story.merge(lead, day(32, 15), into=kept)
    lead = named["lead_archived"] = story.lead(day(4, 11), "fresh", **common)
    story.archive(lead, day(33))
    lead = named["lead_without_owner"] = story.lead(day(31, 13), "fresh")
    lead = named["lead_born_and_gone_in_a_day"] = story.lead(day(33, 9), "fresh", **common)
    story.delete(lead, day(33, 16))


def _places(story: Story, named: dict[str, Ref]) -> None:
    named["untouched"] = story.deal(day(1), "proposal", **_usual())
    deal = named["advanced"] = story.deal(day(1, 10), "qualification", **_usual())
    story.move(deal, day(10), "needs")
    story.move(deal, day(31, 9), "proposal")
    deal = named["skipped"] = story.deal(day(1, 11), "qualification", **_usual())
    story.move(deal, day(32), "negotiation")
    deal = named["regressed"] = story.deal(day(1, 12), "negotiation", **_usual())
    story.move(deal, day(32, 10), "qualification")
    deal = named["several_moves_in_a_day"] = story.deal(day(1, 13), "qualification", **_usual())
    for hour, stage in ((8, "proposal"), (10, "qualification"), (13, "negotiation")):
        story.move(deal, day(33, hour), stage)
    deal = named["there_and_back_in_a_day"] = story.deal(day(1, 14), "proposal", **_usual())
    story.move(deal, day(33, 9), "negotiation")
    story.move(deal, day(33, 15), "proposal")
    deal = named["moves_within_a_second"] = story.deal(day(1, 15), "qualification", **_usual())
    story.move(deal, day(33, 9) + SECOND / 4, "proposal")
    story.move(deal, day(33, 9) + SECOND / 2, "negotiation")
    deal = named["moves_at_one_instant"] = story.deal(day(1, 16), "qualification", **_usual())
    story.move(deal, day(33, 10), "proposal")
    story.move(deal, day(33, 10), "negotiation")
    deal = named["moved_pipeline"] = story.deal(day(1, 17), "proposal", **_usual())
    story.move(deal, day(32, 11), "review", pipeline="renewal")
    deal = named["in_removed_stage"] = story.deal(day(2), "needs", **_usual())
    story.move(deal, day(33, 8, 30), "proposal")
    named["still_in_removed_stage"] = story.deal(day(2, 9), "needs", **_usual())
    deal = named["in_added_stage"] = story.deal(day(2, 10), "qualification", **_usual())
    story.move(deal, day(33, 12), "demo")
    deal = named["after_the_reordering"] = story.deal(day(2, 11), "proposal", **_usual())
    story.move(deal, day(34, 12), "negotiation")
    named["second_pipeline"] = story.deal(day(2, 12), "offer", pipeline="renewal", **_usual())


def _values(story: Story, named: dict[str, Ref]) -> None:
    deal = named["amount_changed"] = story.deal(day(5), "proposal", **_usual())
    story.change(deal, day(12), amount=Decimal("1500.50"))
    story.change(deal, day(32), amount=Decimal("900"))
    deal = named["amount_there_and_back"] = story.deal(day(5, 10), "proposal", **_usual())
    story.change(deal, day(31), amount=Decimal("200"))
    story.change(deal, day(33), amount=Decimal("1000"))
    deal = named["amount_emptied"] = story.deal(day(5, 11), "proposal", **_usual())
    story.change(deal, day(32), amount=None)
    deal = named["amount_filled_later"] = story.deal(day(5, 12), "qualification", owner=3)
    story.change(deal, day(32), amount=Decimal("700"), currency="EUR")
    named["amount_zero"] = story.deal(day(5, 13), "proposal", **{**_usual(), **_money("0")})
    named["amount_negative"] = story.deal(day(5, 14), "proposal", **{**_usual(), **_money("-250")})
    named["no_amount"] = story.deal(day(5, 15), "proposal", owner=3, currency="EUR")
    deal = named["currency_changed"] = story.deal(day(5, 16), "proposal", **_usual())
    story.change(deal, day(32, 9), amount=Decimal("1100"), currency="USD")
    named["other_currency"] = story.deal(
        day(5, 17), "proposal", **{**_usual(), **_money("2000", "GBP")}
    )
    deal = named["pushed"] = story.deal(day(6), "proposal", **_usual())
    story.change(deal, day(31), expected_close_date=date(2024, 6, 30))
    story.change(deal, day(34), expected_close_date=date(2024, 7, 31))
    deal = named["pulled_in"] = story.deal(day(6, 10), "proposal", **_usual())
    story.change(deal, day(32), expected_close_date=date(2024, 4, 20))
    deal = named["expected_date_emptied"] = story.deal(day(6, 11), "proposal", **_usual())
    story.change(deal, day(33), expected_close_date=None)
    deal = named["new_owner"] = story.deal(day(6, 12), "proposal", **_usual())
    story.change(deal, day(32, 12), owner=6)
    named["owner_left"] = story.deal(day(6, 13), "proposal", **{**_usual(), "owner": 4})
    named["no_owner"] = story.deal(day(6, 14), "proposal", **_money("300"))
    deal = named["stage_and_amount_together"] = story.deal(day(6, 15), "qualification", **_usual())
    story.move(deal, day(33, 11), "proposal")
    story.change(deal, day(33, 11), amount=Decimal("4321.09"))
    deal = named["touched"] = story.deal(day(6, 16), "proposal", **_usual())
    story.touch(deal, day(32, 7))


def _closings(story: Story, named: dict[str, Ref]) -> None:
    deal = named["won"] = story.deal(day(7), "proposal", **_usual())
    story.win(deal, day(32, 14), expected_close_date=date(2024, 4, 1))
    deal = named["won_before_first_night"] = story.deal(day(7, 10), "proposal", **_usual())
    story.win(deal, day(15))
    deal = named["lost"] = story.deal(day(7, 11), "qualification", **_usual())
    story.lose(deal, day(32, 15), "price")
    deal = named["reopened"] = story.deal(day(7, 12), "proposal", **_usual())
    story.lose(deal, day(20), "price")
    story.reopen(deal, day(33), "negotiation")
    deal = named["reopened_where_it_was"] = story.deal(day(7, 13), "proposal", **_usual())
    story.lose(deal, day(31), "timing")
    story.reopen(deal, day(34))
    deal = named["reopened_and_won"] = story.deal(day(7, 14), "proposal", **_usual())
    story.lose(deal, day(20, 10), "price")
    story.reopen(deal, day(32), "negotiation")
    story.win(deal, day(34, 10))
    deal = named["lost_then_won"] = story.deal(day(7, 15), "negotiation", **_usual())
    story.lose(deal, day(31, 15), "by mistake")
    story.win(deal, day(32, 8))
    deal = named["won_and_reopened_in_a_day"] = story.deal(day(7, 16), "negotiation", **_usual())
    story.win(deal, day(33, 9))
    story.reopen(deal, day(33, 14), "proposal")
    named["created_won"] = story.deal(day(33, 10), "negotiation", outcome="won", **_usual())
    deal = named["amount_changed_after_closing"] = story.deal(day(8), "proposal", **_usual())
    story.win(deal, day(31, 11))
    story.change(deal, day(33, 11), amount=Decimal("1200"))


def _removals(story: Story, named: dict[str, Ref]) -> None:
    deal = named["deleted"] = story.deal(day(9), "proposal", **_usual())
    story.delete(deal, day(32, 16))
    deal = named["deleted_won"] = story.deal(day(9, 10), "proposal", **_usual())
    story.win(deal, day(16))
    story.delete(deal, day(33))
    deal = named["deleted_before_first_night"] = story.deal(day(9, 11), "proposal", **_usual())
    story.delete(deal, day(25))
    deal = named["restored"] = story.deal(day(9, 12), "proposal", **_usual())
    story.delete(deal, day(31, 12))
    story.restore(deal, day(34, 9))
    deal = named["deleted_and_restored_in_a_day"] = story.deal(day(9, 13), "proposal", **_usual())
    story.delete(deal, day(33, 10))
    story.restore(deal, day(33, 12))
    kept = named["kept_in_merge"] = story.deal(day(9, 14), "proposal", **_usual())
    deal = named["merged"] = story.deal(day(9, 15), "qualification", **_usual())
    story.merge(deal, day(32, 17), into=kept)
    story.change(kept, day(32, 17), amount=Decimal("2000"))
    deal = named["archived"] = story.deal(day(9, 16), "proposal", **_usual())
    story.archive(deal, day(32, 18))
    deal = named["archived_and_back"] = story.deal(day(9, 17), "proposal", **_usual())
    story.archive(deal, day(31, 9))
    story.unarchive(deal, day(33, 9))
    story.move(deal, day(34, 9), "negotiation")
    deal = named["born_and_gone_in_a_day"] = story.deal(day(33, 11), "proposal", **_usual())
    story.delete(deal, day(33, 17))


def _times(story: Story, named: dict[str, Ref]) -> None:
    """Instants at borders: the office day ends at 22:00 UTC (23:00 before the clocks change)."""
    deal = named["last_second_of_a_day"] = story.deal(day(11), "qualification", **_usual())
    story.move(deal, day(32, 21, 59, 59), "proposal")
    deal = named["first_second_of_a_day"] = story.deal(day(11, 10), "qualification", **_usual())
    story.move(deal, day(32, 22), "proposal")
    deal = named["while_the_clocks_change"] = story.deal(day(11, 11), "qualification", **_usual())
    story.move(deal, day(31, 0, 59, 59), "proposal")
    story.move(deal, day(31, 1), "negotiation")
    deal = named["committed_late"] = story.deal(day(11, 12), "qualification", **_usual())
    story.move(deal, day(32, 23, 58), "proposal")
    story.commit_late(deal, timedelta(minutes=9))
    deal = named["created_late"] = story.deal(day(32, 23, 59), "qualification", **_usual())
    story.commit_late(deal, timedelta(minutes=4))
    for name in ("equal_times_a", "equal_times_b", "equal_times_c"):
        deal = named[name] = story.deal(day(12), "qualification", **_usual())
        story.move(deal, day(33, 10, 30), "proposal")
