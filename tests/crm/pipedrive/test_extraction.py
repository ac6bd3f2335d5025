"""Many nights with faults: in the end what landed is what Pipedrive has, nothing lost or twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from orchestration.landing import Landing
from orchestration.sources.result import ExtractResult
from tests.crm import company
from tests.crm.accounts import extract_objects, open_account
from tests.crm.faults import Mix, RandomFaults
from tests.crm.generate import Shape, generate_truth
from tests.crm.landed import doubled, landed, newest, shown_secrets
from tests.crm.nights import Extracted, extract_night, extract_nights
from tests.crm.pipedrive.landed import changes_landed, changes_there, deals_there, leads_there
from tests.crm.pipedrive.nights import SECRETS, SOURCE, extracting, source_of
from tests.crm.projection import CrmNight, nights_between
from tests.crm.small_company import FIRST_NIGHT, LAST_NIGHT
from tests.crm.standins.pipedrive import Pipedrive
from tests.crm.standins.pipedrive_records import lead_id
from tests.crm.story import Story

BEGIN = datetime(2024, 3, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def night_at(at: datetime) -> CrmNight:
    return CrmNight(at.date() - timedelta(days=1), at)


def new_story() -> Story:
    return Story(company.owners(), company.stage_lists(), company.rates())


def run(standin: Pipedrive, landing: Landing, at: datetime) -> dict[str, ExtractResult]:
    done: Extracted = extract_night(standin, landing, night_at(at), extracting())
    return {result.table: result for result in done.results}  # type: ignore[misc]


def test_faults_of_every_kind_lose_and_double_nothing(tmp_path: Path) -> None:
    truth = generate_truth(31, 60, 40, date(2024, 3, 1), 36, Shape(ties=0.2, late=0.2))
    nights = nights_between(FIRST_NIGHT, LAST_NIGHT, missed=[date(2024, 4, 1)])
    landing, told = Landing(tmp_path), list[str]()
    faults = RandomFaults(6, Mix(rate=0.2, slow_seconds=0.02), quota=45)
    faulty = extracting(told)

    with Pipedrive(truth, nights[0].starts_at, faults) as standin:
        standin.most_per_page = 9
        standin.tick = timedelta(seconds=20)
        done = extract_nights(standin, landing, nights, faulty)
        assert sum(bool(night.unfinished) for night in done) >= 2
        faults.quota = None
        standin.tick = timedelta()
        last = nights_between(LAST_NIGHT + timedelta(1), LAST_NIGHT + timedelta(1))
        assert extract_nights(standin, landing, last, faulty)[0].unfinished == {}
        assert faults.total > 25
        assert newest(landing, SOURCE, "deals") == deals_there(standin)
        assert newest(landing, SOURCE, "leads") == leads_there(standin)
        assert changes_landed(landing) == changes_there(standin)
    assert not [
        table for table in ("deals", "leads", "deal_changes") if doubled(landing, SOURCE, table)
    ]
    assert told
    assert shown_secrets(tmp_path, SECRETS, told) == []


def test_a_run_that_is_killed_in_mid_page_leaves_nothing_half_done(tmp_path: Path) -> None:
    truth = generate_truth(32, 25, 5, date(2024, 3, 1), 20)
    landing = Landing(tmp_path)
    night = night_at(datetime(2024, 3, 15, 0, 2, tzinfo=UTC))

    class Killed(BaseException):
        pass

    def killing(count: int) -> Callable[[object], int]:
        def cost(response: object) -> int:
            if len(standin.log) == count:
                raise Killed
            return 0

        return cost

    with Pipedrive(truth, night.starts_at) as standin:
        for count in (8, 12, 16):
            account = open_account(source_of(standin))
            account.cost = killing(count)  # type: ignore[method-assign]
            with pytest.raises(Killed):
                list(extract_objects(account, landing, night))
            standin.forget_log()
        run(standin, landing, night.starts_at)
        assert newest(landing, SOURCE, "deals") == deals_there(standin)
        assert changes_landed(landing) == changes_there(standin)


def test_a_spent_budget_ends_in_the_middle_and_the_next_nights_carry_on(tmp_path: Path) -> None:
    story = new_story()
    deals = [story.deal(BEGIN, "qualification", owner=3) for _ in range(12)]
    # Between two nights of the first extraction a deal changes whose log has been read already.
    story.move(deals[0], BEGIN + 30 * HOUR, "needs")
    landing = Landing(tmp_path)
    first = datetime(2024, 3, 2, 0, 2, tzinfo=UTC)
    with Pipedrive(story.truth(), first) as standin:
        on_budget = extracting(tokens_per_night=320)
        states = []
        for number in range(3):
            night = night_at(first + number * 24 * HOUR)
            done = extract_night(standin, landing, night, on_budget)
            states.append(done.results[-1].state)
            assert done.tokens <= 320
            if number == 0:
                assert "tokens_per_night" in done.results[-1].message
        assert states == ["interrupted", "landed", "unchanged"]
        assert changes_landed(landing) == changes_there(standin)
        assert not doubled(landing, SOURCE, "deal_changes")


def test_what_moves_while_it_is_listed_is_neither_lost_nor_taken_for_deleted(
    tmp_path: Path,
) -> None:
    story = new_story()
    leads = [story.lead(BEGIN, "fresh", owner=3) for _ in range(14)]
    deals = [story.deal(BEGIN + n * HOUR / 10, "needs", owner=3) for n in range(14)]
    by_id = sorted(leads, key=lambda ref: lead_id(ref.number))
    story.lose(by_id[5], BEGIN + HOUR)  # in the archive at first
    later = datetime(2024, 3, 2, 1, tzinfo=UTC)
    story.delete(by_id[0], later)
    story.delete(by_id[1], later)
    story.change(deals[9], later, owner=5)
    story.reopen(by_id[5], later + HOUR)
    landing = Landing(tmp_path)
    with Pipedrive(story.truth(), later - HOUR / 2) as standin:
        standin.most_per_page = 4
        moved: list[str] = []

        def move_on(request: object) -> None:
            path = getattr(request, "path", "")
            if path not in moved and (path.endswith("/leads") or path.endswith("v2/deals")):
                moved.append(path)
                standin.now += HOUR

        standin.before_page = move_on
        for _ in range(2):
            run(standin, landing, later - HOUR / 2 if not moved else standin.now + 24 * HOUR)
        assert newest(landing, SOURCE, "leads") == leads_there(standin)
        assert newest(landing, SOURCE, "deals") == deals_there(standin)
        gone = {
            id_ for id_, deleted in landed(landing, SOURCE, "leads", "id, is_deleted") if deleted
        }
        assert gone == {lead_id(ref.number) for ref in by_id[:2]}


def test_deals_purged_while_no_night_ran_are_missed_and_so_removed(tmp_path: Path) -> None:
    story = new_story()
    deals = [story.deal(BEGIN, "needs", owner=3) for _ in range(3)]
    story.delete(deals[1], BEGIN + 30 * HOUR)
    story.archive(deals[2], BEGIN + 30 * HOUR)
    landing = Landing(tmp_path)
    first = datetime(2024, 3, 2, 0, 2, tzinfo=UTC)
    with Pipedrive(story.truth(), first) as standin:
        run(standin, landing, first)
        assert run(standin, landing, first + timedelta(days=45))["deals"].rows_deleted == 1
        assert set(newest(landing, SOURCE, "deals")) == {"1", "3"}


def test_a_deal_without_a_log_or_without_changes_stops_nothing(tmp_path: Path) -> None:
    story = new_story()
    deals = [story.deal(BEGIN, "needs", owner=3) for _ in range(3)]
    story.delete(deals[0], BEGIN + HOUR)
    landing = Landing(tmp_path)
    first = datetime(2024, 3, 2, 0, 2, tzinfo=UTC)
    with Pipedrive(story.truth(), first) as standin:
        standin.logs_of_deleted = False
        standin.logs_creations = False
        assert run(standin, landing, first)["deal_changes"].state == "landed"
    rows = landed(landing, SOURCE, "deal_changes", "id, payload->>'$.success'")
    assert rows == [("2|read", "true"), ("3|read", "true")]


def test_numbered_pages_are_understood_in_both_spellings(tmp_path: Path) -> None:
    story = new_story()
    for _ in range(9):
        story.lead(BEGIN, "fresh", owner=3)
    first = datetime(2024, 3, 2, 0, 2, tzinfo=UTC)
    with Pipedrive(story.truth(), first) as standin:
        standin.most_per_page = 4
        standin.wraps_numbered_pages = False
        assert run(standin, Landing(tmp_path), first)["leads"].rows_landed == 9
