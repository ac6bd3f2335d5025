"""Many nights with faults: in the end what landed is what the tenant has, nothing lost or twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from orchestration.landing import Landing
from orchestration.sources.result import ExtractResult
from tests.crm import company
from tests.crm.accounts import extract_objects, open_account
from tests.crm.faults import Mix, RandomFaults, ScriptedFaults
from tests.crm.generate import Shape, generate_truth
from tests.crm.landed import doubled, landed, newest, shown_secrets
from tests.crm.neocrm.landed import there
from tests.crm.neocrm.nights import SECRETS, SOURCE, extracting, source_of
from tests.crm.nights import extract_night, extract_nights
from tests.crm.projection import CrmNight, nights_between
from tests.crm.small_company import FIRST_NIGHT, LAST_NIGHT
from tests.crm.standin import StandIn
from tests.crm.standins.neocrm import Neocrm
from tests.crm.standins.neocrm_shapes import id_of
from tests.crm.story import Story

BEGIN = datetime(2024, 3, 1, 9, tzinfo=UTC)
FIRST = datetime(2024, 3, 2, 0, 2, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BOTH = ("leads", "opportunities")


def night_at(at: datetime) -> CrmNight:
    return CrmNight(at.date() - DAY, at)


def new_story() -> Story:
    return Story(company.owners(), company.stage_lists(), company.rates())


def run(standin: Neocrm, landing: Landing, at: datetime) -> dict[str, ExtractResult]:
    done = extract_night(standin, landing, night_at(at), extracting())
    return {result.table: result for result in done.results}  # type: ignore[misc]


def test_faults_of_every_kind_lose_and_double_nothing(tmp_path: Path) -> None:
    truth = generate_truth(41, 60, 40, date(2024, 3, 1), 36, Shape(ties=0.2, late=0.2))
    nights = nights_between(FIRST_NIGHT, LAST_NIGHT, missed=[date(2024, 4, 1)])
    landing, told = Landing(tmp_path), list[str]()
    faults = RandomFaults(6, Mix(rate=0.25, slow_seconds=0.02), quota=19)
    faulty = extracting(told)

    with Neocrm(truth, nights[0].starts_at, faults) as standin:
        standin.most_per_page = 11
        standin.tick = timedelta(seconds=20)
        done = extract_nights(standin, landing, nights, faulty)
        states = [result.state for night in done for result in night.results]
        assert states.count("interrupted") >= 2
        faults.quota = None
        standin.tick = timedelta()
        last = nights_between(LAST_NIGHT + DAY, LAST_NIGHT + DAY)
        assert extract_nights(standin, landing, last, faulty)[0].unfinished == {}
        assert faults.total > 25
        for table in BOTH:
            assert newest(landing, SOURCE, table) == there(standin, table)
    assert not [table for table in BOTH if doubled(landing, SOURCE, table)]
    assert told
    assert shown_secrets(tmp_path, SECRETS, told) == []


def test_a_run_that_is_killed_in_mid_page_leaves_nothing_half_done(tmp_path: Path) -> None:
    truth = generate_truth(42, 25, 5, date(2024, 3, 1), 20)
    landing, night = Landing(tmp_path), night_at(datetime(2024, 3, 15, 0, 2, tzinfo=UTC))

    class Killed(BaseException):
        pass

    with Neocrm(truth, night.starts_at) as standin:
        standin.most_per_page = 9
        for count in (6, 12, 15):
            account = open_account(source_of(standin))

            def cost(response: object, count: int = count) -> int:
                if len(standin.log) == count:
                    raise Killed
                return 0

            account.cost = cost  # type: ignore[method-assign]
            with pytest.raises(Killed):
                list(extract_objects(account, landing, night))
            standin.forget_log()
        run(standin, landing, night.starts_at)
        for table in BOTH:
            assert newest(landing, SOURCE, table) == there(standin, table)
            assert not doubled(landing, SOURCE, table)


@pytest.mark.parametrize("budget", [3, 5, 7])
def test_what_an_unfinished_run_did_not_see_is_not_taken_for_deleted(
    tmp_path: Path, budget: int
) -> None:
    """The budget ends among the changes, at the sweep's first page, and in mid-sweep."""
    story = new_story()
    deals = [story.deal(BEGIN, "needs", owner=3) for _ in range(12)]
    for deal in deals:
        story.touch(deal, BEGIN + DAY)
    story.delete(deals[0], BEGIN + DAY + HOUR)
    landing = Landing(tmp_path)
    with Neocrm(story.truth(), FIRST) as standin:
        standin.most_per_page = 4
        run(standin, landing, FIRST)

        def on_budget(given: StandIn, to: Landing, night: CrmNight) -> Iterator[ExtractResult]:
            account = open_account(source_of(given, requests_per_night=budget))
            for result in extract_objects(account, to, night):
                account.requests = 0  # what comes before the opportunities costs nothing here
                yield result

        second = night_at(FIRST + DAY)
        done = extract_night(standin, landing, second, on_budget)
        last = done.results[-1]
        assert (last.state, last.rows_deleted) == ("interrupted", 0)  # type: ignore[attr-defined]
        assert "requests_per_night" in last.message
        assert str(id_of(deals[0])) in newest(landing, SOURCE, "opportunities")
        third = run(standin, landing, FIRST + 2 * DAY)["opportunities"]
        assert third.rows_deleted == 1
        assert newest(landing, SOURCE, "opportunities") == there(standin, "opportunities")
        assert not doubled(landing, SOURCE, "opportunities")


def test_what_moves_while_it_is_listed_is_neither_lost_nor_taken_for_deleted(
    tmp_path: Path,
) -> None:
    story = new_story()
    later = datetime(2024, 3, 2, 1, tzinfo=UTC)
    deals = [story.deal(BEGIN, "needs", owner=3) for _ in range(14)]
    story.delete(deals[2], later)
    story.change(deals[1], later, owner=5)
    story.change(deals[9], later, owner=5)
    story.deal(later, "needs", owner=3)
    story.delete(deals[3], later + HOUR)
    story.restore(deals[3], later + 30 * HOUR)
    landing = Landing(tmp_path)
    with Neocrm(story.truth(), later - HOUR / 2) as standin:
        standin.most_per_page = 4
        moved: list[str] = []

        def move_on(object_key: str) -> None:
            if object_key == "opportunity" and len(moved) < 12:
                moved.append(object_key)
                standin.now += HOUR / 6

        standin.before_page = move_on
        at = later - HOUR / 2
        for _ in range(3):
            run(standin, landing, at)
            at += DAY
        assert len(moved) == 12
        assert newest(landing, SOURCE, "opportunities") == there(standin, "opportunities")
        gone = {
            id_
            for id_, deleted in landed(landing, SOURCE, "opportunities", "id, is_deleted")
            if deleted
        }
        assert gone == {str(id_of(deals[2])), str(id_of(deals[3]))}


def test_what_is_shown_again_without_a_change_comes_back(tmp_path: Path) -> None:
    """As after a wider right, or out of the recycle bin."""
    story = new_story()
    deals = [story.deal(BEGIN, "needs", owner=3) for _ in range(30)]
    landing = Landing(tmp_path)
    with Neocrm(story.truth(), FIRST) as standin:
        standin.most_per_page = 4
        standin.hidden_records = {deals[3], deals[29]}
        run(standin, landing, FIRST)
        standin.hidden_records = {deals[8], deals[29]}
        done = run(standin, landing, FIRST + DAY)["opportunities"]
        assert (done.rows_landed, done.rows_deleted) == (1, 1)
        standin.hidden_records = set()
        done = run(standin, landing, FIRST + 2 * DAY)["opportunities"]
        assert (done.rows_landed, done.rows_deleted) == (2, 0)
        assert newest(landing, SOURCE, "opportunities") == there(standin, "opportunities")
        assert run(standin, landing, FIRST + 3 * DAY)["opportunities"].state == "unchanged"


def test_answers_of_another_kind_take_nothing_away(tmp_path: Path) -> None:
    story = new_story()
    for _ in range(6):
        story.deal(BEGIN, "needs", owner=3)
    landing = Landing(tmp_path)
    with Neocrm(story.truth(), FIRST) as standin:
        run(standin, landing, FIRST)
        before = {table: newest(landing, SOURCE, table) for table in ("stages", "fields", "users")}
        standin.hidden_objects |= {"lead", "department"}
        standin.hides_data = True
        done = run(standin, landing, FIRST + DAY)
        assert {name: result.state for name, result in done.items()} == {
            "stages": "failed",
            "fields": "failed",
            "departments": "absent",
            "users": "failed",
            "leads": "failed",
            "opportunities": "failed",
        }
        assert "权限" in done["leads"].message
        assert "owners have no team" in done["departments"].message
        assert before == {table: newest(landing, SOURCE, table) for table in before}
        standin.hides_data = False
        standin.hidden_objects.clear()
        assert run(standin, landing, FIRST + 2 * DAY)["opportunities"].state == "unchanged"


def test_records_out_of_order_are_refused(tmp_path: Path) -> None:
    story = new_story()
    for _ in range(20):
        story.deal(BEGIN, "needs", owner=3)
    with Neocrm(story.truth(), FIRST) as standin:
        standin.keeps_order = False
        done = run(standin, Landing(tmp_path), FIRST)
    assert done["opportunities"].state == "failed"
    assert "order of id" in done["opportunities"].message


def test_records_land_as_they_came_with_every_field(tmp_path: Path) -> None:
    story = new_story()
    story.deal(BEGIN, "needs", owner=3)
    landing = Landing(tmp_path)
    with Neocrm(story.truth(), FIRST) as standin:
        extract = extracting(left_out_fields=["lockStatus"])
        extract_night(standin, landing, night_at(FIRST), extract)
    ((payload,),) = landed(landing, SOURCE, "opportunities", "payload")
    assert '"customItem1__c":"自定义"' in payload
    assert f'"id":{id_of(story.refs("deal")[0])},' in payload
    assert "lockStatus" not in payload


def test_throttles_within_a_page_are_waited_out(tmp_path: Path) -> None:
    story = new_story()
    story.deal(BEGIN, "needs", owner=3)
    plan = ScriptedFaults(dict.fromkeys(range(3, 12), "throttled"))
    with Neocrm(story.truth(), FIRST, plan) as standin:
        done = run(standin, Landing(tmp_path), FIRST)
    assert plan.total == 9
    assert {result.state for result in done.values()} <= {"landed", "unchanged"}
