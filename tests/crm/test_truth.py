"""The known truth: states follow from happenings, and what can be seen trails what is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import get_args

import pytest

from tests.crm import company
from tests.crm.generate import Shape, change_some, generate_story, generate_truth
from tests.crm.happenings import EntityType, Kind, Ref
from tests.crm.small_company import SmallCompany, day, small_company
from tests.crm.story import Story
from tests.crm.truth import Impossible, Truth, replay
from tests.crm.view import View


@pytest.fixture(scope="module")
def small() -> SmallCompany:
    return small_company()


@pytest.fixture(scope="module")
def made_up() -> Truth:
    return generate_truth(5, 300, 150, date(2024, 3, 1), 36, Shape(ties=0.2, late=0.3))


def new_story() -> Story:
    return Story(company.owners(), company.stage_lists(), company.rates())


def test_each_trap_is_a_record_of_its_own(small: SmallCompany) -> None:
    assert len(set(small.named.values())) == len(small.named)
    assert set(small.named.values()) == {*small.truth.refs("deal"), *small.truth.refs("lead")}


def test_states_follow_time(small: SmallCompany) -> None:
    truth, ref = small.truth, small.named["reopened_and_won"]
    told = [(20, "lost", "proposal"), (32, "open", "negotiation"), (34, "won", "negotiation")]
    assert truth.state_at(ref, day(7, 13)) is None
    for number, outcome, stage in told:
        state = truth.state_at(ref, day(number, 23))
        assert state is not None
        assert (state.outcome, state.stage) == (outcome, stage)
        assert state.updated_at == truth.updated_at(ref, day(number, 23))
    assert truth.state_at(ref, day(32, 23)).closed_at is None  # type: ignore[union-attr]


def test_both_ends_of_a_conversion_name_each_other(small: SmallCompany) -> None:
    end = day(40)
    lead = small.truth.state_at(small.named["lead_converted"], end)
    deal = small.truth.state_at(small.named["deal_of_lead"], end)
    assert lead is not None
    assert deal is not None
    assert (lead.deal, deal.lead) == (deal.ref.number, lead.ref.number)
    assert lead.closed_at == deal.created_at
    alone = small.truth.state_at(small.named["lead_converted_without_deal"], end)
    assert alone is not None
    assert (alone.outcome, alone.deal) == ("won", None)


def test_what_changed_between_two_moments_leaves_out_the_second(small: SmallCompany) -> None:
    truth, ref = small.truth, small.named["first_second_of_a_day"]
    at = day(32, 22)
    assert ref in truth.changed_between(at, at + timedelta(seconds=1))
    assert ref not in truth.changed_between(day(32, 21), at)
    assert truth.events_until(at)[-1].at == at


def test_late_commits_are_seen_later_with_their_own_time(small: SmallCompany) -> None:
    truth, ref = small.truth, small.named["committed_late"]
    at = day(32, 23, 58)
    seen = truth.seen_at(ref, at + timedelta(minutes=8))
    assert seen is not None
    assert seen.stage == "qualification"
    assert truth.state_at(ref, at).stage == "proposal"  # type: ignore[union-attr]
    later = truth.seen_at(ref, at + timedelta(minutes=9))
    assert later is not None
    assert (later.stage, later.updated_at) == ("proposal", at)
    assert truth.seen_at(small.named["created_late"], day(33, 0, 2)) is None


def test_field_changes_carry_old_and_new_values(small: SmallCompany) -> None:
    ref = small.named["stage_and_amount_together"]
    changes = [c for c in small.truth.changes_of(ref) if not c.is_creation]
    assert [(c.field, c.old, c.new) for c in changes] == [
        ("stage", "qualification", "proposal"),
        ("amount", Decimal(1000), Decimal("4321.09")),
    ]
    assert changes[0].at == changes[1].at
    assert changes[0].number < changes[1].number


def test_stage_lists_and_owners_are_those_of_the_moment(small: SmallCompany) -> None:
    truth = small.truth
    before, after = company.REORDERED_AT - timedelta(seconds=1), company.REORDERED_AT

    def keys(at: datetime) -> list[str]:
        stages = truth.stage_list_at(at).pipeline("deal", "new").open_stages
        return [stage.key for stage in stages]

    assert keys(datetime(2020, 1, 1, tzinfo=UTC)) == [
        *("qualification", "needs", "proposal", "negotiation")
    ]
    assert keys(before) == ["qualification", "demo", "proposal", "negotiation"]
    assert keys(after) == ["qualification", "demo", "negotiation", "proposal"]
    proposal = truth.stage_list_at(after).pipeline("deal", "new").stage("proposal")
    assert (proposal.label, proposal.number) == ("Quotation", company.NEW.stage("proposal").number)
    numbers = [s.number for p in truth.stage_list_at(after).pipelines for s in p.stages]
    assert len(set(numbers)) == len(numbers)
    assert [o.number for o in truth.owners_at(day(31))] == [1, 2, 3, 4, 5]
    now = {owner.number: owner for owner in truth.owners_at(day(40))}
    assert (now[4].is_active, now[5].team, 6 in now) == (False, "North", True)
    assert max(rate.day for rate in truth.rates_at(day(33))) == date(2024, 4, 2)


def test_the_view_says_what_the_truth_says_at_every_moment(made_up: Truth) -> None:
    view = View(made_up)
    moments = [datetime(2024, 3, n, 12, tzinfo=UTC) for n in (5, 20, 31)]
    for now in (*moments, moments[0]):
        for entity_type in get_args(EntityType):
            refs = made_up.refs(entity_type)
            seen = [record for ref in refs if (record := made_up.seen_at(ref, now))]
            assert view.records(entity_type, now) == seen
        ref = view.records("deal", now)[0].ref
        assert view.changes(ref, now) == made_up.changes_of(ref, now)
        assert replay(view.happenings(ref, now)) == view.record(ref, now)


def test_a_seed_gives_one_company_in_which_everything_occurs(made_up: Truth) -> None:
    again = generate_truth(5, 300, 150, date(2024, 3, 1), 36, Shape(ties=0.2, late=0.3))
    other = generate_truth(6, 300, 150, date(2024, 3, 1), 36, Shape(ties=0.2, late=0.3))
    assert again.happenings == made_up.happenings != other.happenings
    assert (len(made_up.refs("deal")), len(made_up.refs("lead"))) == (300, 150)
    assert {h.kind for h in made_up.happenings} == set(get_args(Kind))
    begin = datetime(2024, 3, 1, tzinfo=UTC)
    assert all(begin <= h.at < begin + timedelta(days=36) for h in made_up.happenings)
    assert any(h.visible_at > h.at for h in made_up.happenings)
    instants = {(h.ref, h.at) for h in made_up.happenings}
    assert len(instants) < len(made_up.happenings)
    plain = generate_truth(5, 100, 50, date(2024, 3, 1), 36)
    assert all(h.visible_at == h.at for h in plain.happenings)


def test_a_share_of_all_deals_changes_at_once() -> None:
    story = generate_story(3, 200, 0, date(2024, 3, 1), 30)
    at = datetime(2024, 4, 2, tzinfo=UTC)
    there = sum(not story.now(ref).is_deleted for ref in story.refs("deal"))
    changed = change_some(story, 1, at, 0.01)
    assert len(changed) == round(there / 100)
    assert story.truth().changed_between(at, at + timedelta(seconds=1)) == changed


def test_what_can_not_happen_can_not_be_told(small: SmallCompany) -> None:
    story = new_story()
    deal = story.deal(day(2), "proposal")
    with pytest.raises(Impossible, match="told after"):
        story.change(deal, day(1), owner=3)
    with pytest.raises(Impossible, match="no stage demo"):
        story.move(deal, day(3), "demo")
    with pytest.raises(Impossible, match="is a move"):
        story.change(deal, day(3), stage="needs")
    with pytest.raises(Impossible, match="is open"):
        story.reopen(deal, day(3))
    story.win(deal, day(4))
    with pytest.raises(Impossible, match="is won"):
        story.move(deal, day(5), "negotiation")
    story.delete(deal, day(6))
    with pytest.raises(Impossible, match="removed"):
        story.touch(deal, day(7))
    truth = small.truth
    first = truth.happenings[0]
    for wrong, words in (
        (replace(first, number=10_000), "created twice"),
        (replace(first, kind="touched", number=10_001, ref=Ref("deal", 999)), "begins with"),
        (replace(first, kind="touched", number=first.number), "one number"),
        (
            replace(first, kind="merged", number=10_002, values={"merged_into": 999}),
            "never exists",
        ),
    ):
        with pytest.raises(Impossible, match=words):
            Truth([*truth.happenings, wrong], truth.owners, truth.stage_lists)
